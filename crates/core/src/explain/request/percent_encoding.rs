//! How encoders of different languages write the path and the query of a URL.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub(in crate::explain) fn decoded(text: &str) -> String {
    ::percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// `\u00e9`: what encoders of JSON make of characters beyond ASCII by themselves. Such a URL can't be sent, so that it is a
/// mistake of the URL and not of the encoder.
pub(in crate::explain) fn json_ascii(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_ascii() {
            true => written.push(c),
            false => c
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| written.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    written
}

pub(in crate::explain) fn encoded(text: &str, set: &'static AsciiSet) -> String {
    utf8_percent_encode(text, set).to_string()
}

/// `%2f` for `%2F`.
pub(in crate::explain) fn lower_escapes(text: &str) -> String {
    with_escapes(text, |digits| digits.to_ascii_lowercase())
}

pub(in crate::explain) fn upper_escapes(text: &str) -> String {
    with_escapes(text, |digits| digits.to_ascii_uppercase())
}

fn with_escapes(text: &str, change: fn(&str) -> String) -> String {
    let mut changed = String::with_capacity(text.len());
    let mut parts = text.split('%');
    changed.push_str(parts.next().unwrap_or_default());
    for part in parts {
        changed.push('%');
        match (part.get(..2), part.get(2..)) {
            (Some(digits), Some(rest)) => {
                changed.push_str(&change(digits));
                changed.push_str(rest);
            }
            _ => changed.push_str(part),
        }
    }
    changed
}

/// Characters beyond ASCII as one byte each, as old encoders write them.
pub(in crate::explain) fn latin1(path: &str) -> String {
    let plain = decoded(path);
    if plain.is_ascii() || plain.chars().any(|c| u32::from(c) > 0xFF) {
        return path.to_owned();
    }
    plain.chars().fold(String::new(), |mut text, c| {
        match (c.is_ascii(), u8::try_from(u32::from(c))) {
            (true, _) | (_, Err(_)) => text.push_str(&encoded(c.encode_utf8(&mut [0; 4]), RFC_3986_PATH)),
            (false, Ok(byte)) => text.push_str(&format!("%{byte:02X}")),
        }
        text
    })
}

/// Unreserved characters and slashes stay: Python's `quote`, Ruby's and the strict reading of RFC 3986.
pub(in crate::explain) const RFC_3986_PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
/// JavaScript's `encodeURI`.
pub(in crate::explain) const ENCODE_URI: &AsciiSet = &RFC_3986_PATH
    .remove(b';')
    .remove(b',')
    .remove(b'?')
    .remove(b':')
    .remove(b'@')
    .remove(b'&')
    .remove(b'=')
    .remove(b'+')
    .remove(b'$')
    .remove(b'!')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'#');
/// JavaScript's `encodeURIComponent`, once for each segment.
pub(in crate::explain) const ENCODE_URI_COMPONENT_SEGMENTS: &AsciiSet =
    &RFC_3986_PATH.remove(b'!').remove(b'*').remove(b'\'').remove(b'(').remove(b')');
/// The same over the whole.
pub(in crate::explain) const ENCODE_URI_COMPONENT: &AsciiSet = &ENCODE_URI_COMPONENT_SEGMENTS.add(b'/');
/// Go's `url.URL.EscapedPath`.
pub(in crate::explain) const GO_PATH: &AsciiSet = &RFC_3986_PATH
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b',')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'@');
/// The path of the URL standard: what browsers and `new URL()` write.
pub(in crate::explain) const BROWSER_PATH: &AsciiSet = &::percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');
/// PHP's `urlencode`.
pub(in crate::explain) const PHP_URLENCODE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

pub(in crate::explain) fn merged(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    for c in path.chars() {
        if !(c == '/' && plain.ends_with('/')) {
            plain.push(c);
        }
    }
    plain
}
