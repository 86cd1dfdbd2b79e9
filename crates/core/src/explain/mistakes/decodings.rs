//! What a signing value may stand for, when it isn't written as CloudFront's signers write: each other reading undoes one
//! habit and names it.

use base64::Engine as _;

use super::mistake::Mistake;
use super::value_forms::{STANDARD, URL_SAFE, as_latin1, base64_within, is_wrapped, unquoted};
use crate::access::encoding;

/// One way to read a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::explain) struct Decoding {
    pub(in crate::explain) bytes: Vec<u8>,
    /// What was undone; nothing where CloudFront reads it so.
    pub(in crate::explain) undone: Vec<Mistake>,
}

/// Every reading of a value, CloudFront's first.
pub(in crate::explain) fn all_decodings(value: &[u8]) -> Vec<Decoding> {
    let mut found = Vec::new();
    if value.is_empty() || value.len() > MAX_LEN {
        return found;
    }
    let mut plain = value.to_vec();
    let mut undone = Vec::new();
    decodings(&plain, &undone, &mut found);
    unquote(&mut plain, &mut undone, &mut found);
    // Each layer may lie under the one before.
    if plain.contains(&b'%') {
        for _ in 0..MAX_LAYERS {
            plain = percent_encoding::percent_decode(&plain).collect();
        }
        undone.push(Mistake::PercentEncodedTwice);
        decodings(&plain, &undone, &mut found);
        unquote(&mut plain, &mut undone, &mut found);
    }
    if plain.starts_with(b" ") || plain.ends_with(b" ") {
        plain = plain.trim_ascii().to_vec();
        undone.push(Mistake::TrailingSpace);
        decodings(&plain, &undone, &mut found);
    }
    // One blank in the place where a line may end may also have been a `+`.
    let blanks = plain.iter().filter(|byte| **byte == b' ').count();
    if blanks == 1 && is_wrapped(&plain) {
        let joined: Vec<u8> = plain.iter().copied().filter(|byte| *byte != b' ').collect();
        decodings(&joined, &[&undone[..], &[Mistake::LineBreaks]].concat(), &mut found);
    }
    if plain.iter().any(|byte| b"\r\n\t".contains(byte)) || blanks > 1 && is_wrapped(&plain) {
        plain.retain(|byte| !b"\r\n\t ".contains(byte));
        undone.push(Mistake::LineBreaks);
        decodings(&plain, &undone, &mut found);
    } else if plain.contains(&b' ') {
        plain.iter_mut().filter(|byte| **byte == b' ').for_each(|byte| *byte = b'+');
        undone.push(Mistake::PlusBecameSpace);
        decodings(&plain, &undone, &mut found);
    }
    within(value, &mut found);
    found
}

/// Takes quotes off, where there are any.
fn unquote(plain: &mut Vec<u8>, undone: &mut Vec<Mistake>, found: &mut Vec<Decoding>) {
    if let Some(inner) = unquoted(plain) {
        *plain = inner.to_vec();
        undone.push(Mistake::QuotedValue);
        decodings(plain, undone, found);
    }
}

/// What lies under a second layer: base64 of base64, and bytes that were taken for text.
fn within(value: &[u8], found: &mut Vec<Decoding>) {
    let outer: Vec<Decoding> = found.clone();
    let mut add = |bytes: Vec<u8>, mistake, undone: &[Mistake]| {
        if !bytes.is_empty() && found.iter().all(|reading| reading.bytes != bytes) {
            found.push(Decoding { bytes, undone: undone.iter().copied().chain([mistake]).collect() });
        }
    };
    for reading in &outer {
        if let Some(bytes) = as_latin1(&reading.bytes) {
            add(bytes, Mistake::BinaryAsText, &reading.undone);
        }
    }
    if let Some(bytes) = base64_within(value) {
        add(bytes, Mistake::Base64Twice, &[]);
    }
}

/// The alphabets.
fn decodings(text: &[u8], undone: &[Mistake], found: &mut Vec<Decoding>) {
    let mut add = |bytes: Option<Vec<u8>>, mistake: Option<Mistake>| {
        let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) else { return };
        if found.iter().all(|reading| reading.bytes != bytes) {
            found.push(Decoding { bytes, undone: undone.iter().copied().chain(mistake).collect() });
        }
    };
    add(encoding::decode(text).ok().map(|bytes| bytes.to_vec()), None);
    add(URL_SAFE.decode(text).ok(), Some(Mistake::Base64url));
    for (from, to) in SWAPS {
        let exchanged: Vec<u8> = text
            .iter()
            .map(|byte| from.iter().position(|foreign| foreign == byte).map_or(*byte, |at| to[at]))
            .collect();
        add(STANDARD.decode(exchanged).ok(), Some(Mistake::SwappedAlphabet));
    }
    add(unhexed(text), Some(Mistake::Hex));
}

fn unhexed(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.chunks_exact(2).map(|pair| Some(digit(&pair[0])? << 4 | digit(&pair[1])?)).collect()
}

/// Which mistake the characters alone point at, where no reading was proven; none where they are not those of base64.
pub(in crate::explain) fn by_its_characters(value: &[u8]) -> Option<Mistake> {
    let body = &value[..value.len() - value.iter().rev().take_while(|byte| b"_=".contains(byte)).count()];
    let is_known = |byte: &u8| byte.is_ascii_alphanumeric() || b"-~_+/= \r\n\t%".contains(byte);
    if !value.iter().all(is_known) {
        return None;
    }
    let has = |bytes: &[u8]| value.iter().any(|byte| bytes.contains(byte));
    if value.contains(&b'%') {
        let plain: Vec<u8> = percent_encoding::percent_decode(value).collect();
        plain.iter().all(is_known).then_some(Mistake::PercentEncodedTwice)
    } else if has(b"\r\n") {
        Some(Mistake::LineBreaks)
    } else if value.starts_with(b" ") || value.ends_with(b" ") {
        Some(Mistake::TrailingSpace)
    } else if has(b" ") {
        Some(Mistake::PlusBecameSpace)
    } else if body.contains(&b'_') {
        Some(Mistake::Base64url)
    } else if value.len() >= MIN_HEX && unhexed(value).is_some() {
        Some(Mistake::Hex)
    } else {
        (body.len() % 4 == 1).then_some(Mistake::Truncated)
    }
}

/// CloudFront's three characters, each set exchanged for another one than it has to be; and what standard base64 would have.
const SWAPS: [(&[u8; 3], &[u8; 3]); 6] = [
    (b"-~_", b"/+="),
    (b"-~_", b"=/+"),
    (b"-~_", b"+=/"),
    (b"-~_", b"/=+"),
    (b"-~_", b"=+/"),
    (b"~_-", b"+/="),
];
/// Longer than any request can carry.
const MAX_LEN: usize = 64 << 10;
const MAX_LAYERS: usize = 3;
/// A hash in hexadecimal is no signature.
const MIN_HEX: usize = 128;
