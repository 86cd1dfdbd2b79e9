/** What went wrong outside of an assertion: what was found, what was expected, and the remedy. */
export class FrontgateError extends Error {
  override readonly name = "FrontgateError";
}

/** What a caught value says, in one line where it is an error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** How a wrong argument is named in a message: its type, and its value where that is short and harmless. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === "number" || typeof value === "boolean" || value == null) return String(value);
  if (isThenable(value)) return "a promise (is an `await` missing?)";
  const name = (value as object).constructor?.name;
  return name ? `a value of type ${name}` : `a value of type ${typeof value}`;
}

function isThenable(value: unknown): boolean {
  return typeof (value as { then?: unknown }).then === "function";
}
