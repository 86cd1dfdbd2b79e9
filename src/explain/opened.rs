//! What an RSA signature shows to whoever has the public key: raised to the public exponent, it is the padding, the name
//! of the hash and the digest that were really signed (RFC 8017, section 8.2.2).

use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use crate::distribution::key::PublicKey;

/// A signature that a key has opened. A well-formed padding proves that the key made it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opened {
    /// PKCS#1 v1.5, as it has to be.
    Hashed { hash: Hash, digest: Vec<u8> },
    /// PKCS#1 v1.5 around a digest without the name of its hash.
    RawDigest { digest: Vec<u8> },
    /// RSASSA-PSS.
    Pss,
}

/// The hashes that signers use, taken by CloudFront or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    /// The hashes whose digests are that long.
    pub(super) fn of_length(length: usize) -> impl Iterator<Item = Self> {
        DIGEST_INFOS.into_iter().filter(move |(_, _, len)| *len == length).map(|(hash, _, _)| hash)
    }

    /// Whether the message has this digest. Never for MD5, which isn't computed here: its name is fault enough.
    pub(super) fn gives(self, message: &[u8], digest: &[u8]) -> bool {
        match self {
            Self::Md5 => false,
            Self::Sha1 => Sha1::digest(message).as_slice() == digest,
            Self::Sha224 => Sha224::digest(message).as_slice() == digest,
            Self::Sha256 => Sha256::digest(message).as_slice() == digest,
            Self::Sha384 => Sha384::digest(message).as_slice() == digest,
            Self::Sha512 => Sha512::digest(message).as_slice() == digest,
        }
    }
}

/// Opens a signature; none where the key didn't make it, or isn't RSA.
pub(super) fn open(key: &PublicKey, signature: &[u8]) -> Option<Opened> {
    let encoded = key.raised(signature)?;
    pkcs1(&encoded).or_else(|| is_pss(&encoded).then_some(Opened::Pss))
}

/// `00 01 FF … FF 00`, then what was signed.
fn pkcs1(encoded: &[u8]) -> Option<Opened> {
    let padded = encoded.strip_prefix(&[0, 1])?;
    let filled = padded.iter().take_while(|byte| **byte == 0xFF).count();
    if filled < MIN_FILLING {
        return None;
    }
    let content = padded[filled..].strip_prefix(&[0])?;
    for (hash, prefix, length) in DIGEST_INFOS {
        if let Some(digest) = content.strip_prefix(prefix)
            && digest.len() == length
        {
            return Some(Opened::Hashed { hash, digest: digest.to_vec() });
        }
    }
    let is_digest = DIGEST_INFOS.iter().any(|(_, _, length)| content.len() == *length);
    is_digest.then(|| Opened::RawDigest { digest: content.to_vec() })
}

/// Whether the masked part is zeros, a one and a salt under some hash (RFC 8017, section 9.1.2). With the longest salt
/// there are no zeros, and nothing that would prove it.
fn is_pss(encoded: &[u8]) -> bool {
    encoded.last() == Some(&0xBC)
        && (unmasks::<Sha1>(encoded)
            || unmasks::<Sha256>(encoded)
            || unmasks::<Sha384>(encoded)
            || unmasks::<Sha512>(encoded))
}

fn unmasks<D: Digest>(encoded: &[u8]) -> bool {
    let Some(plain) = unmasked::<D>(encoded) else { return false };
    let zeros = plain.iter().take_while(|byte| **byte == 0).count();
    zeros >= MIN_FILLING && plain.get(zeros) == Some(&1)
}

/// The masked part of a PSS encoding: zeros, a one and the salt, where it is one.
fn unmasked<D: Digest>(encoded: &[u8]) -> Option<Vec<u8>> {
    let length = <D as Digest>::output_size();
    let (masked, rest) = encoded.split_at(encoded.len().checked_sub(length + 1)?);
    let seed = &rest[..length];
    let mask = (0u32..).flat_map(|count| {
        let block = D::new().chain_update(seed).chain_update(count.to_be_bytes()).finalize();
        block.to_vec()
    });
    let mut plain: Vec<u8> = masked.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    if let Some(first) = plain.first_mut() {
        *first &= 0x7F;
    }
    Some(plain)
}

/// Whether a key made an RSASSA-PSS signature over that very message, with any length of salt: with the longest one the
/// padding alone would prove nothing.
pub(super) fn is_pss_over(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let Some(encoded) = key.raised(signature).filter(|encoded| encoded.last() == Some(&0xBC)) else {
        return false;
    };
    pss_fits::<Sha1>(&encoded, message)
        || pss_fits::<Sha256>(&encoded, message)
        || pss_fits::<Sha384>(&encoded, message)
        || pss_fits::<Sha512>(&encoded, message)
}

/// RFC 8017, section 9.1.2, steps 10 to 14.
fn pss_fits<D: Digest>(encoded: &[u8], message: &[u8]) -> bool {
    let Some(plain) = unmasked::<D>(encoded) else { return false };
    let zeros = plain.iter().take_while(|byte| **byte == 0).count();
    let Some(salt) = plain[zeros..].strip_prefix(&[1]) else { return false };
    let own = D::new().chain_update([0; 8]).chain_update(D::digest(message)).chain_update(salt).finalize();
    encoded[plain.len()..].starts_with(&own)
}

/// Bytes that a chance would have to hit: one in 2^64. PKCS#1 v1.5 asks for as many.
const MIN_FILLING: usize = 8;
/// The DER before a digest (RFC 8017, section 9.2, note 1), and the digest's length.
const DIGEST_INFOS: [(Hash, &[u8], usize); 6] = [
    (Hash::Md5, b"\x30\x20\x30\x0c\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05\x05\x00\x04\x10", 16),
    (Hash::Sha1, b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14", 20),
    (Hash::Sha224, b"\x30\x2d\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x04\x05\x00\x04\x1c", 28),
    (Hash::Sha256, b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20", 32),
    (Hash::Sha384, b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30", 48),
    (Hash::Sha512, b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40", 64),
];
