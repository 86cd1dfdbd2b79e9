//! Two texts one above the other, with the parts marked in which they differ.

/// Shows `signed` above `requested` and marks the words and characters that only one of them has.
pub(crate) fn diff(signed: &str, requested: &str) -> String {
    let (above, below) = marks(signed, requested);
    format!("signed:    {signed}\n           {above}\nrequested: {requested}\n           {below}")
}

/// What stands below each text. Where one has nothing of its own, the place is marked at which the other one has.
pub(crate) fn marks(signed: &str, requested: &str) -> (String, String) {
    let (a, b) = (tokens(signed), tokens(requested));
    let begin = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let most = a.len().min(b.len()) - begin;
    let end = a.iter().rev().zip(b.iter().rev()).take(most).take_while(|(x, y)| x == y).count();
    let (own_a, own_b) = (&a[begin..a.len() - end], &b[begin..b.len() - end]);
    let (kept_a, kept_b) = common(own_a, own_b);
    let before: usize = a[..begin].iter().map(|token| token.chars().count()).sum();
    (marked(before, own_a, &kept_a), marked(before, own_b, &kept_b))
}

/// Words, and everything else by itself.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let len = match first.is_alphanumeric() {
            true => rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        let (token, after) = rest.split_at(len);
        tokens.push(token);
        rest = after;
    }
    tokens
}

/// Which tokens belong to the longest sequence that both have; none where that would take too long.
fn common(a: &[&str], b: &[&str]) -> (Vec<bool>, Vec<bool>) {
    let (mut kept_a, mut kept_b) = (vec![false; a.len()], vec![false; b.len()]);
    if a.len().saturating_mul(b.len()) > MAX_CELLS {
        return (kept_a, kept_b);
    }
    let width = b.len() + 1;
    let mut longest = vec![0u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i * width + j] = match a[i] == b[j] {
                true => longest[(i + 1) * width + j + 1] + 1,
                false => longest[(i + 1) * width + j].max(longest[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            (kept_a[i], kept_b[j]) = (true, true);
            (i, j) = (i + 1, j + 1);
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    (kept_a, kept_b)
}

fn marked(before: usize, own: &[&str], kept: &[bool]) -> String {
    let mut line = " ".repeat(before);
    for (token, is_kept) in own.iter().zip(kept) {
        let mark = if *is_kept { " " } else { "^" };
        line.push_str(&mark.repeat(token.chars().count()));
    }
    if kept.iter().all(|is_kept| *is_kept) {
        line.truncate(before);
        line.push('^');
    }
    line.truncate(line.trim_end().len());
    line
}

/// A table of a megabyte.
const MAX_CELLS: usize = 1 << 18;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_that_differs_is_marked_in_both() {
        assert_eq!(
            diff("http://a/x?b=1", "https://a/x?b=1"),
            "signed:    http://a/x?b=1\n           ^^^^\nrequested: https://a/x?b=1\n           ^^^^^"
        );
        assert_eq!(
            diff("https://a/x", "https://a/x?utm=1"),
            "signed:    https://a/x\n                      ^\nrequested: https://a/x?utm=1\n                      ^^^^^^"
        );
    }

    #[test]
    fn each_space_is_marked_and_nothing_between() {
        let (above, below) = marks(r#"{"a": [1, 2]}"#, r#"{"a":[1,2]}"#);
        assert_eq!((above.as_str(), below.as_str()), ("     ^   ^", "     ^"));
    }

    #[test]
    fn texts_of_any_size_are_compared() {
        let long = "a/".repeat(100_000);
        let (above, below) = marks(&long, &format!("b{long}"));
        assert!(above.contains('^') && below.contains('^'));
    }
}
