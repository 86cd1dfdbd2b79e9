//! Two texts one above the other, with the part marked in which they differ.

/// Shows `signed` above `requested` and marks what differs between their common beginning and their common end.
pub(crate) fn diff(signed: &str, requested: &str) -> String {
    let (a, b): (Vec<char>, Vec<char>) = (signed.chars().collect(), requested.chars().collect());
    let begin = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let most = a.len().min(b.len()) - begin;
    let end = a.iter().rev().zip(b.iter().rev()).take(most).take_while(|(x, y)| x == y).count();
    let marks = |len: usize| format!("{}{}", " ".repeat(begin), "^".repeat((len - begin - end).max(1)));
    let (above, below) = (marks(a.len()), marks(b.len()));
    format!("signed:    {signed}\n           {above}\nrequested: {requested}\n           {below}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_that_differs_is_marked_in_both() {
        assert_eq!(
            diff("http://a/x?b=1", "https://a/x?b=1"),
            "signed:    http://a/x?b=1\n               ^\nrequested: https://a/x?b=1\n               ^"
        );
        assert_eq!(
            diff("https://a/x", "https://a/x?utm=1"),
            "signed:    https://a/x\n                      ^\nrequested: https://a/x?utm=1\n                      ^^^^^^"
        );
    }
}
