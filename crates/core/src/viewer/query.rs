//! A query as the parameters between its `&`, byte for byte.

use std::borrow::Cow;
use std::ops::Range;

/// The parameters that are kept, byte for byte and in their order; none where nothing is left.
///
/// Split at `&`, drop, join again; empty segments and repeated names stay, and where nothing remains there is no `?`.
#[must_use]
pub fn retained(query: &str, keeps: impl Fn(&str) -> bool) -> Option<Cow<'_, str>> {
    // What is left is one piece of the query, most of the time: borrowed until a second one is found.
    let mut left: Option<Cow<'_, str>> = None;
    let mut left_end = 0;
    for Range { start, end } in pieces(query.as_bytes(), b'&') {
        let segment = &query[start..end];
        if keeps(parameter_name(segment)) {
            left = Some(match left {
                None => Cow::Borrowed(segment),
                Some(Cow::Borrowed(piece)) if start == left_end + 1 => {
                    Cow::Borrowed(&query[left_end - piece.len()..end])
                }
                Some(pieces) => {
                    let mut pieces = pieces.into_owned();
                    pieces.push('&');
                    pieces.push_str(segment);
                    Cow::Owned(pieces)
                }
            });
            left_end = end;
        }
    }
    left.filter(|left| !left.is_empty())
}

/// The parameters of a query.
pub fn segments(query: &str) -> impl Iterator<Item = &str> {
    pieces(query.as_bytes(), b'&').map(|piece| &query[piece])
}

/// What stands before the first `=`.
#[must_use]
pub fn parameter_name(segment: &str) -> &str {
    match segment.bytes().position(|byte| byte == b'=') {
        Some(at) => &segment[..at],
        None => segment,
    }
}

/// Where the pieces between separators stand: one more than there are separators.
pub fn pieces(text: &[u8], separator: u8) -> impl Iterator<Item = Range<usize>> {
    let mut begin = 0;
    let ends = memchr::memchr_iter(separator, text).chain([text.len()]);
    ends.map(move |end| std::mem::replace(&mut begin, end + 1)..end)
}
