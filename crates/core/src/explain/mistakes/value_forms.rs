//! Forms that a signing value takes on its way: quotes around it, wrapped lines, bytes taken for text, base64 of base64.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::access::encoding;

/// Without the quotes around it: Python's `http.cookies` and servlets write them, and so do shells and JSON.
pub(in crate::explain) fn unquoted(value: &[u8]) -> Option<&[u8]> {
    let trimmed = value.trim_ascii();
    QUOTES.into_iter().find_map(|quote| {
        let quote = quote.as_bytes();
        let inner = trimmed.strip_prefix(quote).map(|rest| rest.strip_suffix(quote).unwrap_or(rest));
        let inner = inner.or_else(|| trimmed.strip_suffix(quote));
        inner.filter(|inner| !inner.is_empty())
    })
}

/// Whether blanks or line ends part it at a fixed width, as encoders break base64 into lines.
pub(in crate::explain) fn is_wrapped(value: &[u8]) -> bool {
    let lines: Vec<usize> = value
        .split(|byte| b" \r\n\t".contains(byte))
        .filter(|line| !line.is_empty())
        .map(<[u8]>::len)
        .collect();
    let Some((last, full)) = lines.split_last() else { return false };
    let Some(first) = full.first() else { return false };
    // openssl and PEM break after 64 characters, MIME after 76; no chance puts every `+` at such a distance.
    let is_regular = *first >= MIN_LINE && full.iter().all(|line| line == first) && last <= first;
    is_regular && (full.len() > 1 || USUAL_LINES.contains(first))
}

/// The bytes that a text of Latin-1 stands for; none where it is plain ASCII or no such text.
pub(in crate::explain) fn as_latin1(text: &[u8]) -> Option<Vec<u8>> {
    if text.is_ascii() {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

/// What base64 of base64 holds.
pub(in crate::explain) fn base64_within(value: &[u8]) -> Option<Vec<u8>> {
    let outer = decoded(value)?;
    let text = outer.trim_ascii();
    if text.len() < MIN_INNER {
        return None;
    }
    // Lines of the inner encoder are usual: they are what the outer one was meant to hide.
    let inner: Vec<u8> = text.iter().copied().filter(|byte| !b"\r\n".contains(byte)).collect();
    decoded(&inner).filter(|bytes| !bytes.is_empty())
}

/// CloudFront's base64, or the standard one, or RFC 4648's for URLs.
pub(super) fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let any = encoding::decode(text).ok().map(|bytes| bytes.to_vec());
    any.or_else(|| STANDARD.decode(text).ok()).or_else(|| URL_SAFE.decode(text).ok())
}

/// As they are, escaped, percent-encoded, or of a word processor.
const QUOTES: [&str; 8] = ["\\\"", "\"", "'", "%22", "%27", "&quot;", "`", "\u{201c}"];

/// Shorter texts are base64 by chance.
const MIN_INNER: usize = 40;

/// The shortest line that an encoder breaks at.
const MIN_LINE: usize = 32;

const USUAL_LINES: [usize; 5] = [60, 64, 72, 75, 76];

const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
pub(super) const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
pub(super) const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);
