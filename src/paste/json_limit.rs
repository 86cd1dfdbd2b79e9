//! Keeps a JSON document that is read as a stream within bounds: long strings are cut, deep nesting ends it.

use std::io::{self, BufRead, Read};

use super::input::MAX_INPUT;

/// Hands on JSON with the end of every long string left out, such as a body in a HAR file; what remains is JSON.
pub(super) struct Shortened<R> {
    inner: R,
    within: Within,
    /// Bytes that an escape still has: one behind `\`, four more behind `\u`.
    escape: u8,
    depth: usize,
    total: u64,
}

#[derive(Clone, Copy)]
enum Within {
    Structure,
    /// A string of which so many bytes were handed on.
    String(usize),
    /// A string whose end is left out.
    Cut,
}

impl<R: BufRead> Shortened<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, within: Within::Structure, escape: 0, depth: 0, total: 0 }
    }

    /// Looks at one byte; says whether it is handed on.
    fn keeps(&mut self, byte: u8) -> io::Result<bool> {
        match self.within {
            Within::Structure => {
                match byte {
                    b'"' => self.within = Within::String(0),
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
                if self.depth > MAX_DEPTH {
                    return Err(io::Error::other(format!(
                        "its values are nested more than {MAX_DEPTH} deep"
                    )));
                }
                return Ok(true);
            }
            // Between two letters, so that no character and no escape is halved; a text of escapes alone ends later.
            Within::String(len) => {
                let is_letter = byte.is_ascii() && byte != b'\\' && byte != b'"';
                let is_too_long = (len >= MAX_STRING && is_letter) || len >= 2 * MAX_STRING;
                let begins = self.escape == 0 && !matches!(byte, 0x80..=0xbf);
                self.within =
                    if is_too_long && begins && byte != b'"' { Within::Cut } else { Within::String(len + 1) };
            }
            Within::Cut => {}
        }
        let is_kept = matches!(self.within, Within::String(_));
        match (self.escape, byte) {
            (0, b'"') => {
                self.within = Within::Structure;
                return Ok(true);
            }
            (0, b'\\') => self.escape = 1,
            (0, _) => {}
            (1, b'u') => self.escape = IN_UNICODE + 4,
            (left, _) => self.escape = if left == IN_UNICODE + 1 { 0 } else { left - 1 },
        }
        Ok(is_kept)
    }
}

impl<R: BufRead> Read for Shortened<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while written == 0 && !out.is_empty() {
            let available = self.inner.fill_buf()?.len();
            if available == 0 {
                return Ok(0);
            }
            let mut used = 0;
            while used < available && written < out.len() {
                if matches!(self.within, Within::Cut) && self.escape == 0 {
                    let rest = &self.inner.fill_buf()?[used..];
                    used += memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                }
                let Some(&byte) = self.inner.fill_buf()?.get(used) else { break };
                used += 1;
                if self.keeps(byte)? {
                    out[written] = byte;
                    written += 1;
                }
            }
            self.inner.consume(used);
            self.total += used as u64;
            if self.total > MAX_INPUT {
                return Err(io::Error::other("it has more than 1 GiB"));
            }
        }
        Ok(written)
    }
}

/// More than the longest URL that is explained, so that one which was cut is too long.
pub(super) const MAX_STRING: usize = 128 << 10;
/// Real ones have a dozen.
const MAX_DEPTH: usize = 100;
/// Added to the count of an escape's bytes within `\uXXXX`.
const IN_UNICODE: u8 = 8;

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn shortened(text: &str, buffer: usize) -> io::Result<String> {
        let mut out = String::new();
        Shortened::new(BufReader::with_capacity(buffer, text.as_bytes()))
            .read_to_string(&mut out)
            .map(|_| out)
    }

    #[test]
    fn long_strings_are_cut_and_the_rest_is_still_json() {
        for unit in ["x", "\\\"", "\\\\", "\\u00e9", "é", "\\ud83d\\ude00x", "😀"] {
            let long = unit.repeat(MAX_STRING);
            let text = format!("{{\"a\":\"{long}\",\"b\":[\"{unit}\",1]}}");
            let json: Value = serde_json::from_str(&shortened(&text, 4096).unwrap()).unwrap();
            assert!(json["a"].as_str().unwrap().len() <= 2 * MAX_STRING + 16, "{unit}");
            assert_eq!(json["b"][1], 1, "{unit}");
        }
    }

    #[test]
    fn deep_nesting_ends_it() {
        assert!(shortened(&"[".repeat(MAX_DEPTH + 1), 16).unwrap_err().to_string().contains("nested"));
        assert!(shortened(&"[]".repeat(MAX_DEPTH + 1), 16).is_ok());
    }

    proptest! {
        #[test]
        fn what_is_short_stays_as_it_is(text in "\\PC{0,200}", quoted in "[\"\\\\u{}a-f0-9]{0,50}", buffer in 1_usize..64) {
            let json = serde_json::to_string(&[&text, &quoted]).unwrap();
            prop_assert_eq!(&shortened(&json, buffer).unwrap(), &json);
            prop_assert_eq!(&shortened(&quoted, buffer).unwrap(), &quoted);
        }
    }
}
