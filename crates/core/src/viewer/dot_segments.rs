//! The segments of a path, and what `.` and `..` mean among them (RFC 3986, section 5.2.4).

use super::symbol::Symbol;

/// RFC 3986 section 5.2.4 for a path that begins with `/`; none without dot segments.
pub(super) fn resolve_dots<S: Symbol>(text: &[S]) -> Option<Vec<S>> {
    if !segments(text).any(is_dot_segment) {
        return None;
    }
    let mut resolved: Vec<S> = Vec::with_capacity(text.len());
    let mut ends_open = false;
    for segment in segments(text) {
        ends_open = is_dot_segment(segment);
        match (ends_open, segment.len()) {
            (true, 2) => {
                let last = resolved.iter().rposition(|symbol| symbol.is(b'/')).unwrap_or(0);
                resolved.truncate(last);
            }
            (true, _) => {}
            (false, _) => {
                resolved.push(S::literal(b'/'));
                resolved.extend_from_slice(segment);
            }
        }
    }
    if ends_open || resolved.is_empty() {
        resolved.push(S::literal(b'/'));
    }
    Some(resolved)
}

/// The segments of a path that begins with `/`.
fn segments<S: Symbol>(text: &[S]) -> impl Iterator<Item = &[S]> {
    let mut rest = text.get(1..);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = S::find(text, b'/');
        rest = end.map(|end| &text[end + 1..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

fn is_dot_segment<S: Symbol>(segment: &[S]) -> bool {
    matches!(segment.len(), 1 | 2) && segment.iter().all(|symbol| symbol.is(b'.'))
}

pub(super) fn climbs_above_root(path: &[u8]) -> bool {
    let mut depth = 0_usize;
    segments(path).any(|segment| {
        match segment {
            b"." => {}
            b".." => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return true,
            },
            _ => depth += 1,
        }
        false
    })
}
