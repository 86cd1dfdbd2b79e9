//! What each step of the readings does to a path, or to a pattern in the same way.

use super::step::RewriteStep;
use crate::effort;
use crate::viewer::dot_segments::resolve_dots;
use crate::viewer::path::{decoded_escape, is_unreserved};
use crate::viewer::symbol::Symbol;

/// What a step makes of a text; none where that is the same.
pub(super) fn rewritten<S: Symbol>(text: &[S], step: RewriteStep) -> Option<Vec<S>> {
    effort::spend(text.len());
    let new = match step {
        RewriteStep::TurnBackslashes => turn_backslashes(text),
        RewriteStep::DropParameters => drop_parameters(text),
        RewriteStep::MergeSlashes => merge_slashes(text),
        RewriteStep::DropAuthority => drop_authority(text)?,
        RewriteStep::ResolveDots => resolve_dots(text)?,
        RewriteStep::CutOff => text.iter().copied().take_while(|symbol| !is_end(*symbol)).collect(),
        RewriteStep::StripBlanks => strip_blanks(text),
        RewriteStep::Decode => decode(text, |_| true),
        RewriteStep::DecodeButSlashes => decode(text, |byte| byte != b'/'),
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
