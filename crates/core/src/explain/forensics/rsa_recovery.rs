//! What an RSA signature shows to whoever has the public key: raised to the public exponent, it is the padding, the name
//! of the hash and the digest that were really signed (RFC 8017, section 8.2.2).

use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use crate::distribution::key::PublicKey;

/// A signature that a key has opened. A well-formed padding proves that the key made it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::explain) enum RecoveredSignature {
    /// PKCS#1 v1.5, as it has to be.
    Hashed { hash: Hash, digest: Vec<u8> },
    /// PKCS#1 v1.5 around a digest without the name of its hash.
    RawDigest { digest: Vec<u8> },
    /// RSASSA-PSS, where its padding proves it.
    Pss(Vec<Pss>),
    /// What may be RSASSA-PSS: with the longest salt only a message that fits proves it.
    PerhapsPss(Vec<Pss>),
}

/// What an RSASSA-PSS signature says of its message (RFC 8017, section 9.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::explain) struct Pss {
    pub(in crate::explain) hash: Hash,
    salt: Vec<u8>,
    own: Vec<u8>,
    zeros: usize,
}

impl Pss {
    /// Whether it was made over that message.
    pub(in crate::explain) fn fits(&self, message: &[u8]) -> bool {
        let digest = self.hash.digest(message);
        self.hash.digest(&[&[0; 8][..], &digest, &self.salt].concat()) == self.own
    }
}

/// The hashes that signers use, taken by CloudFront or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explain) enum Hash {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub(in crate::explain) fn name(self) -> &'static str {
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
    pub(in crate::explain) fn of_length(length: usize) -> impl Iterator<Item = Self> {
        DIGEST_INFOS.into_iter().filter(move |(_, _, len)| *len == length).map(|(hash, _, _)| hash)
    }

    /// Whether the message has this digest. Never for MD5, which isn't computed here: its name is fault enough.
    pub(in crate::explain) fn gives(self, message: &[u8], digest: &[u8]) -> bool {
        match self {
            Self::Md5 => false,
            Self::Sha1 => Sha1::digest(message).as_slice() == digest,
            Self::Sha224 => Sha224::digest(message).as_slice() == digest,
            Self::Sha256 => Sha256::digest(message).as_slice() == digest,
            Self::Sha384 => Sha384::digest(message).as_slice() == digest,
            Self::Sha512 => Sha512::digest(message).as_slice() == digest,
        }
    }

    /// The message's digest; nothing for MD5.
    pub(in crate::explain) fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Md5 => Vec::new(),
            Self::Sha1 => Sha1::digest(message).to_vec(),
            Self::Sha224 => Sha224::digest(message).to_vec(),
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }
}

/// Opens a signature; none where the key didn't make it, or isn't RSA.
pub(in crate::explain) fn open(key: &PublicKey, signature: &[u8]) -> Option<RecoveredSignature> {
    let encoded = key.raised(signature)?;
    pkcs1(&encoded).or_else(|| {
        let (proven, perhaps): (Vec<Pss>, Vec<Pss>) =
            pss_shapes(&encoded).into_iter().partition(|shape| shape.zeros >= MIN_FILLING);
        match (proven.is_empty(), perhaps.is_empty()) {
            (false, _) => Some(RecoveredSignature::Pss(proven)),
            (true, false) => Some(RecoveredSignature::PerhapsPss(perhaps)),
            (true, true) => None,
        }
    })
}

/// `00 01 FF … FF 00`, then what was signed.
fn pkcs1(encoded: &[u8]) -> Option<RecoveredSignature> {
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
            return Some(RecoveredSignature::Hashed { hash, digest: digest.to_vec() });
        }
    }
    let is_digest = DIGEST_INFOS.iter().any(|(_, _, length)| content.len() == *length);
    is_digest.then(|| RecoveredSignature::RawDigest { digest: content.to_vec() })
}

fn pss_shapes(encoded: &[u8]) -> Vec<Pss> {
    if encoded.last() != Some(&0xBC) {
        return Vec::new();
    }
    let shapes = [
        unmasked::<Sha1>(encoded, Hash::Sha1),
        unmasked::<Sha256>(encoded, Hash::Sha256),
        unmasked::<Sha384>(encoded, Hash::Sha384),
        unmasked::<Sha512>(encoded, Hash::Sha512),
    ];
    shapes.into_iter().flatten().collect()
}

/// Takes the mask off: zeros, a one and the salt, where it is one.
fn unmasked<D: Digest>(encoded: &[u8], hash: Hash) -> Option<Pss> {
    let length = <D as Digest>::output_size();
    let (masked, rest) = encoded.split_at(encoded.len().checked_sub(length + 1)?);
    let own = &rest[..length];
    let mask = (0u32..).flat_map(|count| {
        let block = D::new().chain_update(own).chain_update(count.to_be_bytes()).finalize();
        block.to_vec()
    });
    let mut plain: Vec<u8> = masked.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    if let Some(first) = plain.first_mut() {
        *first &= 0x7F;
    }
    let zeros = plain.iter().take_while(|byte| **byte == 0).count();
    let salt = plain[zeros..].strip_prefix(&[1])?.to_vec();
    Some(Pss { hash, salt, own: own.to_vec(), zeros })
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
