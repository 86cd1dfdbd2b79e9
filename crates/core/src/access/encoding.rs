//! How signing values are written: CloudFront's base64, and percent-encoding around it.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::{Alphabet, Symbol};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use smallvec::SmallVec;

/// Decodes CloudFront's base64 (the standard alphabet with `-` for `+`, `~` for `/` and `_` for the padding `=`), the
/// standard one, and any mixture of the two.
///
/// Five services ran for years on links in standard base64, whole or in part (cloudfront 3.1, `[INFER, strong]`).
/// Missing padding is taken, as the guide's own example of a policy lacks it (`[INFER]`; for signatures `[UNKNOWN]`, the
/// same). Bits left over at the end must be zero, so that each value has one spelling apart from these characters.
///
/// # Errors
/// [`InvalidEncoding`] with the first character that doesn't belong.
pub fn decode(text: &[u8]) -> Result<Decoded, InvalidEncoding> {
    // Nearly all values are in the documented form: they are neither searched nor copied.
    match decode_documented(text) {
        Err(_) if has_standard_characters(text) => {
            let documented: SmallVec<[u8; 1024]> = text.iter().map(|byte| documented(*byte)).collect();
            decode_documented(&documented).map_err(|_| InvalidEncoding::of(text))
        }
        decoded => decoded,
    }
}

/// Whether a value has one of the three characters that CloudFront documents others for.
#[must_use]
pub fn has_standard_characters(text: &[u8]) -> bool {
    memchr::memchr3(b'+', b'/', b'=', text).is_some()
}

fn documented(byte: u8) -> u8 {
    match byte {
        b'+' => b'-',
        b'/' => b'~',
        b'=' => b'_',
        other => other,
    }
}

fn decode_documented(text: &[u8]) -> Result<Decoded, InvalidEncoding> {
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

/// Percent-decodes a signing value once. `+` stays `+`: it is no space here (reference 3).
#[must_use]
pub fn percent_decoded(value: &[u8]) -> Cow<'_, [u8]> {
    // Most values have no escape, and a search for one byte is quicker than a decoder that finds nothing.
    match memchr::memchr(b'%', value) {
        Some(_) => percent_encoding::percent_decode(value).into(),
        None => Cow::Borrowed(value),
    }
}

/// A value that is neither CloudFront's base64 nor the standard one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEncoding {
    /// A character that belongs to neither, by its place.
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
        let foreign = text.iter().position(|byte| !byte.is_ascii_alphanumeric() && !b"-~_+/=".contains(byte));
        match foreign.map(|at| (at, text[at])) {
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

    /// Cloudfront 3.1: links of five services, some with only the first of each character replaced.
    #[test]
    fn standard_base64_is_decoded_too_whole_or_in_part() {
        let bytes = Decoded::from_slice(&[0xfb, 0xff, 0xfe, 0x00]);
        for text in
            ["+//+AA==", "-//+AA==", "+~/+AA_=", "+//+AA=_", "-~~-AA==", "+//+AA__", "+//+AA", "-~/+AA="]
        {
            assert_eq!(decode(text.as_bytes()), Ok(bytes.clone()), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_value_is_named() {
        for (text, expected) in [
            ("ab d", InvalidEncoding::Character { byte: b' ', at: 2 }),
            // A `+` that became a space.
            ("ab+/ d==", InvalidEncoding::Character { byte: b' ', at: 4 }),
            ("abc%3D", InvalidEncoding::Character { byte: b'%', at: 3 }),
            ("AB==CD", InvalidEncoding::Length),
            ("ab=c", InvalidEncoding::Length),
            ("====", InvalidEncoding::Length),
            ("AB+", InvalidEncoding::Length),
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
        fn each_value_has_one_spelling_up_to_padding_and_alphabet(text in "[A-Za-z0-9~_+/=-]{0,12}") {
            if let Ok(bytes) = decode(text.as_bytes()) {
                let encoded = encode(&bytes);
                let sent: String = text.bytes().map(|byte| char::from(documented(byte))).collect();
                prop_assert_eq!(encoded.trim_end_matches('_'), sent.trim_end_matches('_'));
            }
        }

        /// Each character by itself in either alphabet, with all, some or no padding.
        #[test]
        fn any_mixture_stands_for_the_same_bytes(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            choices in proptest::collection::vec(any::<bool>(), 600),
            lacking in 0_usize..3,
        ) {
            let encoded = encode(&bytes);
            let mixed: String = encoded.chars().zip(choices).map(|(c, standard)| match (c, standard) {
                ('-', true) => '+',
                ('~', true) => '/',
                ('_', true) => '=',
                _ => c,
            }).collect();
            let padding = mixed.chars().rev().take_while(|c| "_=".contains(*c)).count();
            let sent = &mixed[..mixed.len() - lacking.min(padding)];
            prop_assert_eq!(decode(sent.as_bytes()), Ok(Decoded::from_vec(bytes)));
        }

        #[test]
        fn a_plus_that_became_a_space_stays_a_fault(bytes in proptest::collection::vec(any::<u8>(), 1..100)) {
            let standard = encode(&bytes).replace('-', "+").replace('~', "/").replace('_', "=");
            prop_assume!(standard.contains('+'));
            let spaced = standard.replace('+', " ");
            let is_space = matches!(decode(spaced.as_bytes()), Err(InvalidEncoding::Character { byte: b' ', .. }));
            prop_assert!(is_space);
        }
    }
}
