//! A path as sent and as normalised. What else an origin may read in it: [`super::readings`].
//!
//! Only behaviors and a policy's Resource look at other forms than the one that was sent; what is signed and what is
//! forwarded is always the raw path.

use std::borrow::Cow;

use super::dot_segments::resolve_dots;

/// The path as RFC 3986 normalises it: unreserved characters decoded, hexadecimal digits in upper case, dot segments
/// removed. Behaviors are chosen by this form (cloudfront 9.1, `[RECALL]`).
#[must_use]
pub fn normalised(path: &str) -> Cow<'_, str> {
    if !path.contains('%') && !path.contains("/.") {
        return Cow::Borrowed(path);
    }
    let normal = normalise_escapes(path);
    // Whole segments are removed, so text stays text.
    let resolved = resolve_dots(normal.as_bytes()).and_then(|path| String::from_utf8(path).ok());
    Cow::Owned(resolved.unwrap_or(normal))
}

/// Decodes escapes of unreserved characters and writes the others in upper case; leaves broken ones alone.
#[must_use]
pub fn normalise_escapes(path: &str) -> String {
    replace_escapes(path, is_unreserved)
}

pub(super) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// The byte that two hexadecimal digits stand for.
pub(super) fn decoded_escape(digits: [u8; 2]) -> Option<u8> {
    let [high, low] =
        digits.map(|digit| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok()));
    Some(high? << 4 | low?)
}

/// Whether a path has one reading only: it has no escape, backslash, parameter, repeated slash, dot after a slash or
/// character outside ASCII.
#[must_use]
pub fn can_only_mean_itself(path: &str) -> bool {
    let mut after_slash = false;
    path.bytes().all(|byte| {
        let is_plain = match byte {
            b'%' | b'\\' | b';' => false,
            b'/' | b'.' => !after_slash,
            byte => byte.is_ascii(),
        };
        after_slash = byte == b'/';
        is_plain
    })
}

fn replace_escapes(path: &str, decode: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.get(..2).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            Some(hex) => {
                let byte = u8::from_str_radix(hex, 16).unwrap_or(b'%');
                if byte.is_ascii() && decode(byte) {
                    out.push(char::from(byte));
                } else {
                    out.push('%');
                    out.push_str(&hex.to_ascii_uppercase());
                }
                rest = &rest[2..];
            }
            None => out.push('%'),
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_as_rfc_3986_does() {
        for (path, expected) in [
            ("/a/b", "/a/b"),
            ("/%70ublic/x", "/public/x"),
            ("/a%2fb", "/a%2Fb"),
            ("/a/../b", "/b"),
            ("/a/%2e%2E/b", "/b"),
            ("/../../b", "/b"),
            ("/a/..", "/"),
            ("/a/.", "/a/"),
            ("/a//../b", "/a/b"),
            ("/a%zz%", "/a%zz%"),
            ("/é%C3%a9", "/é%C3%A9"),
            ("/.hidden/...", "/.hidden/..."),
        ] {
            assert_eq!(normalised(path), expected, "{path}");
        }
    }
}
