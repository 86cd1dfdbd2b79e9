/** Returns the name in `known` that is most similar to `wanted`, if any is similar. */
export function nearest(wanted: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((name) => ({ name, distance: unlikeness(wanted.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(2, best.name.length / 2) ? best.name : undefined;
}

/** Returns `; did you mean …?`, or an empty string. */
export function didYouMean(wanted: string, known: readonly string[]): string {
  const name = nearest(wanted, known);
  return name === undefined ? "" : `; did you mean \`${name}\`?`;
}

/** Compares words in any order. */
function unlikeness(a: string, b: string): number {
  return Math.min(distance(a, b), 1 + distance(sortedWords(a), sortedWords(b)));
}

function sortedWords(text: string): string {
  return text.split("-").sort().join("-");
}

/** The Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
