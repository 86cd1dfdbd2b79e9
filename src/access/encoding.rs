//! How signing values are written: CloudFront's base64, and percent-encoding around it.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::{Alphabet, Symbol};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use smallvec::SmallVec;

/// Decodes CloudFront's base64: the standard alphabet with `-` for `+`, `~` for `/` and `_` for the padding `=`.
///
/// Missing padding is taken, as the guide's own example of a policy lacks it (semantics 3.1, `[INFER]`; for signatures
/// `[UNKNOWN]`, the same). Bits left over at the end must be zero, so that each value has one spelling.
///
/// # Errors
/// [`InvalidEncoding`] with the first character that doesn't belong.
pub fn decode(text: &[u8]) -> Result<Decoded, InvalidEncoding> {
    let mut bytes = Decoded::new();
    bytes.resize(base64::decoded_len_estimate(text.len()), 0);
    let len = CLOUDFRONT.decode_slice(text, &mut bytes).map_err(|_| InvalidEncoding::of(text))?;
    bytes.truncate(len);
    Ok(bytes)
}

/// What a signing value stands for: a signature has 256 bytes at the most, a policy seldom more than twice as many.
pub type Decoded = SmallVec<[u8; 512]>;

/// Encodes as CloudFront's signers do, with padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    CLOUDFRONT.encode(bytes)
}

/// Percent-decodes a signing value once. `+` stays `+`: it is no space here (contract 3).
#[must_use]
pub fn percent_decoded(value: &[u8]) -> Cow<'_, [u8]> {
    // Most values have no escape, and a search for one byte is quicker than a decoder that finds nothing.
    match memchr::memchr(b'%', value) {
        Some(_) => percent_encoding::percent_decode(value).into(),
        None => Cow::Borrowed(value),
    }
}

/// A value that isn't CloudFront's base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEncoding {
    /// `+`, `/` or `=` of plain base64.
    #[error("`{found}` belongs to plain base64; CloudFront writes `-` for `+`, `~` for `/` and `_` for `=`")]
    PlainBase64 {
        /// The character.
        found: char,
    },
    /// Some other character, by its place.
    #[error("byte {at} (0x{byte:02x}) is none of A-Z, a-z, 0-9, `-`, `~` and the padding `_`")]
    Character {
        /// The byte.
        byte: u8,
        /// Its offset.
        at: usize,
    },
    /// The right characters in an impossible number, padding in the wrong place, or bits left over.
    #[error("its length or its last characters are not those of base64")]
    Length,
}

impl InvalidEncoding {
    fn of(text: &[u8]) -> Self {
        let foreign = text.iter().position(|byte| !byte.is_ascii_alphanumeric() && !b"-~_".contains(byte));
        match foreign.map(|at| (at, text[at])) {
            Some((_, byte @ (b'+' | b'/' | b'='))) => Self::PlainBase64 { found: char::from(byte) },
            Some((at, byte)) => Self::Character { byte, at },
            None => Self::Length,
        }
    }
}

const CLOUDFRONT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const ALPHABET: Alphabet =
    match (Symbol::new(b'_'), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-~") {
        (Some(padding), symbols) => match Alphabet::new_with_padding(symbols, padding) {
            Ok(alphabet) => alphabet,
            Err(_) => panic!("64 distinct symbols"),
        },
        (None, _) => panic!("an underscore is a symbol"),
    };

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_alphabet_is_cloudfronts() {
        assert_eq!(encode(&[0xfb, 0xff, 0xfe, 0x00]), "-~~-AA__");
        assert_eq!(decode(b"-~~-AA__"), Ok(Decoded::from_slice(&[0xfb, 0xff, 0xfe, 0x00])));
        assert_eq!(decode(b"-~~-AA"), Ok(Decoded::from_slice(&[0xfb, 0xff, 0xfe, 0x00])));
        assert_eq!(decode(b""), Ok(Decoded::new()));
    }

    #[test]
    fn what_is_wrong_with_a_value_is_named() {
        for (text, expected) in [
            ("ab+d", InvalidEncoding::PlainBase64 { found: '+' }),
            ("abc=", InvalidEncoding::PlainBase64 { found: '=' }),
            ("ab d", InvalidEncoding::Character { byte: b' ', at: 2 }),
            ("abcde", InvalidEncoding::Length),
            ("AB", InvalidEncoding::Length),
            ("a_b_", InvalidEncoding::Length),
            ("____", InvalidEncoding::Length),
        ] {
            assert_eq!(decode(text.as_bytes()), Err(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn bytes_survive_the_round_trip(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(decode(encode(&bytes).as_bytes()), Ok(Decoded::from_vec(bytes)));
        }

        #[test]
        fn each_value_has_one_spelling_up_to_padding(text in "[A-Za-z0-9~_-]{0,12}") {
            if let Ok(bytes) = decode(text.as_bytes()) {
                let (encoded, sent) = (encode(&bytes), text.trim_end_matches('_'));
                prop_assert_eq!(encoded.trim_end_matches('_'), sent);
            }
        }
    }
}
