//! What each step of the readings does to a path, or to a pattern in the same way.

use super::super::path::{decoded_escape, is_unreserved};
use super::Step;
use crate::effort;

/// A byte of a path, or of a pattern, which has wildcards, too.
pub(crate) trait Symbol: Copy + PartialEq {
    /// The byte that it stands for; none for a wildcard.
    fn byte(self) -> Option<u8>;
    /// What stands for a byte.
    fn literal(byte: u8) -> Self;
    /// Whether it is that byte.
    fn is(self, byte: u8) -> bool {
        self.byte() == Some(byte)
    }
    /// Where a byte stands first.
    fn find(text: &[Self], byte: u8) -> Option<usize> {
        text.iter().position(|symbol| symbol.is(byte))
    }
    /// Where two slashes stand first.
    fn find_slashes(text: &[Self]) -> Option<usize> {
        text.windows(2).position(|pair| pair.iter().all(|symbol| symbol.is(b'/')))
    }
}

impl Symbol for u8 {
    fn byte(self) -> Option<u8> {
        Some(self)
    }

    fn literal(byte: u8) -> Self {
        byte
    }

    fn find(text: &[Self], byte: u8) -> Option<usize> {
        memchr::memchr(byte, text)
    }

    fn find_slashes(text: &[Self]) -> Option<usize> {
        memchr::memmem::find(text, b"//")
    }
}

/// What a step makes of a text; none where that is the same.
pub(super) fn rewritten<S: Symbol>(text: &[S], step: Step) -> Option<Vec<S>> {
    effort::spend(text.len());
    let new = match step {
        Step::TurnBackslashes => turn_backslashes(text),
        Step::DropParameters => drop_parameters(text),
        Step::MergeSlashes => merge_slashes(text),
        Step::DropAuthority => drop_authority(text)?,
        Step::ResolveDots => resolve_dots(text)?,
        Step::CutOff => text.iter().copied().take_while(|symbol| !is_end(*symbol)).collect(),
        Step::StripBlanks => strip_blanks(text),
        Step::Decode => decode(text, |_| true),
        Step::DecodeButSlashes => decode(text, |byte| byte != b'/'),
    };
    (new != text).then_some(new)
}

fn is_end<S: Symbol>(symbol: S) -> bool {
    matches!(symbol.byte(), Some(0 | b'?' | b'#'))
}

fn strip_blanks<S: Symbol>(text: &[S]) -> Vec<S> {
    let is_blank = |symbol: &S| symbol.byte().is_some_and(|byte| byte <= b' ');
    let end = text.iter().rposition(|symbol| !is_blank(symbol)).map_or(0, |last| last + 1);
    let is_kept = |symbol: &S| !matches!(symbol.byte(), Some(b'\t' | b'\n' | b'\r'));
    text[..end].iter().copied().filter(is_kept).collect()
}

fn turn_backslashes<S: Symbol>(text: &[S]) -> Vec<S> {
    text.iter().map(|&symbol| if symbol.is(b'\\') { S::literal(b'/') } else { symbol }).collect()
}

fn drop_parameters<S: Symbol>(text: &[S]) -> Vec<S> {
    let mut kept = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = S::find(rest, b';') {
        kept.extend_from_slice(&rest[..at]);
        let end = S::find(&rest[at..], b'/').map_or(rest.len(), |length| at + length);
        rest = &rest[end..];
    }
    kept.extend_from_slice(rest);
    kept
}

fn merge_slashes<S: Symbol>(text: &[S]) -> Vec<S> {
    let mut merged = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = S::find_slashes(rest) {
        merged.extend_from_slice(&rest[..=at]);
        let slashes = rest[at..].iter().take_while(|symbol| symbol.is(b'/')).count();
        rest = &rest[at + slashes..];
    }
    merged.extend_from_slice(rest);
    merged
}

/// None where it doesn't begin with two slashes. How many begin it makes no difference to `new URL()`.
fn drop_authority<S: Symbol>(text: &[S]) -> Option<Vec<S>> {
    let slashes = text.iter().take_while(|symbol| symbol.is(b'/')).count();
    if slashes < 2 {
        return None;
    }
    let authority = text[slashes..].iter().position(|symbol| symbol.is(b'/'));
    Some(authority.map_or_else(|| vec![S::literal(b'/')], |at| text[slashes + at..].to_vec()))
}

/// RFC 3986 section 5.2.4 for a path that begins with `/`; none without dot segments.
pub(in crate::viewer) fn resolve_dots<S: Symbol>(text: &[S]) -> Option<Vec<S>> {
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

/// Decodes the escapes of the bytes that it is to decode, once.
fn decode<S: Symbol>(text: &[S], decodes: impl Fn(u8) -> bool) -> Vec<S> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = S::find(rest, b'%') {
        decoded.extend_from_slice(&rest[..at]);
        let escape = escape_at(&rest[at..]).filter(|byte| decodes(*byte));
        decoded.push(escape.map_or(rest[at], S::literal));
        rest = &rest[at + if escape.is_some() { 3 } else { 1 }..];
    }
    decoded.extend_from_slice(rest);
    decoded
}

/// The byte whose escape a text begins with.
fn escape_at<S: Symbol>(text: &[S]) -> Option<u8> {
    let [percent, high, low, ..] = text else { return None };
    percent.is(b'%').then(|| decoded_escape([high.byte()?, low.byte()?])).flatten()
}

/// As `normalise_escapes`, for a pattern.
pub(super) fn normalised_symbols<S: Symbol>(text: &[S]) -> Vec<S> {
    let mut normalised = decode(text, is_unreserved);
    for at in 0..normalised.len() {
        if escape_at(&normalised[at..]).is_some() {
            for symbol in &mut normalised[at + 1..at + 3] {
                *symbol = symbol.byte().map_or(*symbol, |byte| S::literal(byte.to_ascii_uppercase()));
            }
        }
    }
    normalised
}
