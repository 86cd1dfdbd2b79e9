//! What was sent as the id of the key, when it isn't one that is known.

use super::mistake::{Diagnosis, Mistake};
use super::value_forms::unquoted;
use super::value_shape::framework_of;
use crate::distribution::key::PublicKey;
use crate::explain::checks::key_hints;
use crate::explain::forensics::signing_key::known_keys;
use crate::explain::request::parsed_request::ParsedRequest;

/// The cause, if what was sent shows one.
pub(in crate::explain) fn cause(parsed: &ParsedRequest<'_, '_>) -> Option<Diagnosis> {
    let sent = String::from_utf8_lossy(parsed.sent.key_pair_id.as_deref()?).into_owned();
    if sent.is_empty() {
        return None;
    }
    if let Some(hint) = key_hints::key_group(&sent, parsed.distributions) {
        return Some(Diagnosis::proven(Mistake::KeyIdIsKeyGroup, hint));
    }
    if sent.contains("BEGIN ") || sent.contains("BEGIN+") || sent.contains("-----BEGIN") {
        return Some(Mistake::KeyIdIsPem.proven());
    }
    if sent.starts_with("MII") && sent.len() >= MIN_KEY_LEN {
        return Some(Mistake::KeyIdIsPem.proven());
    }
    let ids: Vec<String> = known_keys(parsed, None).iter().map(|key| key.id().to_string()).collect();
    if ids.contains(&sent) {
        return None;
    }
    if let Some(cause) = surrounded(&sent, &ids) {
        return Some(cause);
    }
    if let Some(cause) = framework_of(sent.as_bytes()) {
        return Some(cause);
    }
    if key_hints::is_uuid(&sent) {
        return Some(Mistake::KeyIdIsKeyGroup.likely());
    }
    if sent.len() == ACCESS_KEY_LENGTH && ["AKIA", "ASIA"].iter().any(|prefix| sent.starts_with(prefix)) {
        return Some(Mistake::KeyIdIsAccessKey.proven());
    }
    if crate::explain::request::unset_word::unset_word(sent.as_bytes()).is_some() || is_id(&sent) {
        return None;
    }
    if ids.iter().any(|id| id.eq_ignore_ascii_case(&sent)) {
        return None;
    }
    Some(Mistake::KeyIdIsName.likely())
}

/// The key that this path trusts and whose id was sent with something around it.
pub(in crate::explain) fn meant<'e>(parsed: &ParsedRequest<'_, 'e>) -> Option<&'e PublicKey> {
    let sent = String::from_utf8_lossy(parsed.sent.key_pair_id.as_deref()?).into_owned();
    let inner = unquoted(sent.as_bytes()).map(|inner| String::from_utf8_lossy(inner).into_owned());
    let decoded = percent_encoding::percent_decode_str(&sent).decode_utf8_lossy().into_owned();
    let forms = [Some(sent), inner, Some(decoded)];
    let mut ids = forms.iter().flatten().map(|form| trim(form));
    ids.find_map(|id| parsed.route.trusted_keys().into_iter().find(|key| key.id().as_str() == id))
        .map(|key| &**key)
}

/// A known id, or what looks like one, with something around it.
fn surrounded(sent: &str, ids: &[String]) -> Option<Diagnosis> {
    let of = |mistake, id: &str, what: &str| {
        let is_known = ids.iter().any(|known| known == id);
        let fix = format!("{what} around the id: send Key-Pair-Id={id}");
        (is_known || is_id(id)).then(|| Diagnosis { proven: is_known, ..Diagnosis::proven(mistake, fix) })
    };
    let trimmed = trim(sent);
    if trimmed != sent {
        return of(Mistake::KeyIdWhitespace, trimmed, "white space or line ends");
    }
    if let Some(inner) = unquoted(sent.as_bytes()).and_then(|inner| std::str::from_utf8(inner).ok()) {
        return of(Mistake::QuotedValue, trim(inner), "quotes");
    }
    let decoded = percent_encoding::percent_decode_str(sent).decode_utf8_lossy();
    if *decoded != *sent {
        return of(Mistake::KeyIdWhitespace, trim(&decoded), "percent-encoded characters");
    }
    // `name (K…)`, `public-key/K…`, `K…-production`.
    let word =
        sent.split(|c: char| !c.is_ascii_alphanumeric()).find(|word| ids.iter().any(|id| id == word))?;
    of(Mistake::KeyIdIsName, word, "other characters")
}

/// White space, line ends that were written as escapes, marks without a width.
fn trim(text: &str) -> &str {
    let blank = |c: char| c.is_whitespace() || c.is_control() || "\u{feff}\u{200b}\u{a0},;".contains(c);
    let mut plain = text;
    loop {
        let next = plain.trim_matches(blank);
        let next =
            ["\\n", "\\r", "\\t"].into_iter().fold(next, |text, end| text.strip_suffix(end).unwrap_or(text));
        if next == plain {
            return plain;
        }
        plain = next;
    }
}

/// `K` and 13 letters or digits, or an old key pair of the account (cloudfront 6).
fn is_id(text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    is_plain
        && (text.starts_with('K') && (10..=20).contains(&text.len())
            || text.starts_with("APKA") && text.len() >= 16)
}

const ACCESS_KEY_LENGTH: usize = 20;
/// What follows `MII` in the DER of a key is far longer than any id.
const MIN_KEY_LEN: usize = 100;
