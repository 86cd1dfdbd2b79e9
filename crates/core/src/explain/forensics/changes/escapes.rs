//! Percent-encoding in part: some characters are escaped on one side alone.

use super::change::{Change, Dimension};
use crate::explain::mistakes::mistake::Mistake;
use crate::explain::request::parsed_request::ParsedRequest;

/// The query with some of its escapes undone, or some of its characters escaped.
pub(in crate::explain) fn of_query<'c>(parsed: &ParsedRequest<'_, '_>) -> Dimension<'c> {
    let query = parsed.tried.query().unwrap_or_default().to_owned();
    let to = |(cost, pairs): (u8, Pairs)| {
        Change::of_query(Mistake::QueryEncoding, cost, move |query| Some(replaced(query, &pairs)))
    };
    let mut changes: Dimension<'c> = partial(&query).into_iter().map(to).collect();
    changes.push(Change::of_query(Mistake::QueryEncoding, 2, |query| {
        let one = |part: &str| match part.split_once('=') {
            Some((name, value)) => format!("{name}={}", value.replace('=', "%3D")),
            None => part.to_owned(),
        };
        Some(query.split('&').map(one).collect::<Vec<_>>().join("&"))
    }));
    changes
}

/// The path, likewise.
pub(in crate::explain) fn of_path<'c>(parsed: &ParsedRequest<'_, '_>) -> Dimension<'c> {
    let to = |(cost, pairs): (u8, Pairs)| {
        Change::of_path(Mistake::PathEncoding, cost, move |path| replaced(path, &pairs))
    };
    partial(parsed.request.target.path).into_iter().map(to).collect()
}

/// What is replaced by what.
type Pairs = Vec<(String, String)>;

fn replaced(text: &str, pairs: &[(String, String)]) -> String {
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// The choices of characters: the five that only strict encoders escape, each one, and every choice of a few.
fn partial(text: &str) -> Vec<(u8, Pairs)> {
    let escape = |c: char| format!("%{:02X}", u32::from(c));
    let escaped: Vec<(String, String)> = escapes_in(text);
    let plain: Vec<(String, String)> = PLAIN
        .chars()
        .filter(|c| text.contains(*c))
        .map(|c| (c.to_string(), escape(c)))
        .take(MAX_KINDS)
        .collect();
    let of_strict = |pairs: &[(String, String)], is_plain: bool| -> Pairs {
        let is = |(from, to): &&(String, String)| STRICT.contains(if is_plain { from } else { to }.as_str());
        pairs.iter().filter(is).cloned().collect()
    };
    let mut found = vec![(1, of_strict(&plain, true)), (1, of_strict(&escaped, false))];
    for pairs in [&escaped, &plain] {
        for choice in 1u32..1 << pairs.len() {
            let chosen = pairs.iter().enumerate().filter(|(place, _)| choice & (1 << place) != 0);
            let cost = if choice.count_ones() == 1 { 2 } else { 3 };
            found.push((cost, chosen.map(|(_, pair)| pair.clone()).collect()));
        }
    }
    found.retain(|(_, pairs): &(u8, Pairs)| !pairs.is_empty());
    found
}

/// Each escape of a printable character that occurs, with the character.
fn escapes_in(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for (at, _) in text.match_indices('%') {
        let Some(digits) = text.get(at + 1..at + 3) else { continue };
        let Ok(byte) = u8::from_str_radix(digits, 16) else { continue };
        let escape = format!("%{digits}");
        // `%25` begins other escapes: undone alone, it would make two of one.
        let is_plain = (byte.is_ascii_graphic() || byte == b' ') && byte != b'%';
        if is_plain && found.iter().all(|(known, _)| *known != escape) && found.len() < MAX_KINDS {
            found.push((escape, char::from(byte).to_string()));
        }
    }
    found
}

/// What encoders escape or don't, but for `%`, `&`, `=` and `#`, which part a URL.
const PLAIN: &str = "!'()*,:;@/?$[]+~|\"<>\\^`{}";
/// RFC 3986 reserves them, and JavaScript's `encodeURIComponent` lets them be.
const STRICT: &str = "!'()*";
/// Kinds of characters of which every choice is tried.
const MAX_KINDS: usize = 5;
