//! Public keys, and the groups that behaviors trust.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use rsa::BoxedUint;
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::PublicKeyParts;
use sha2::{Digest, Sha256};

#[doc(hidden)]
pub mod conversion;
mod format;
#[doc(hidden)]
pub mod half;
mod kind;
#[doc(hidden)]
pub mod pem;
mod spki;
#[doc(hidden)]
pub mod unfit;

pub use crate::hash_algorithm::HashAlgorithm;
use kind::RSA_BITS;
pub use kind::{KeyKind, KeyTolerance};
pub use spki::InvalidPublicKey;
use spki::{kind_of, spki_from_pem};
pub(crate) use spki::{unsupported_algorithm, unsupported_sec1_curve};
pub use unfit::UnfitKey;

/// The id under which a key was uploaded: `Key-Pair-Id` in URLs and cookies.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKeyId(Arc<str>);

impl PublicKeyId {
    /// Takes an id as it is written in the configuration; [`PublicKeyId::is_well_formed`] says whether AWS makes such.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a text could be an id of AWS's: letters and digits only, not empty.
    ///
    /// `K` and 13 characters, or `APKA` and 16 for keys of old accounts (cloudfront 6, `[DOC example]`, `[OBS]`); the
    /// AWS CLI checks for letters and digits only (`[SDK CLI-SRC]`).
    #[must_use]
    pub fn is_well_formed(text: &str) -> bool {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }
}

impl fmt::Display for PublicKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One public key, parsed once, ready to verify.
pub struct PublicKey {
    id: PublicKeyId,
    kind: KeyKind,
    identity: [u8; 32],
    is_pkcs1: bool,
    sha1: ParsedPublicKey,
    sha256: ParsedPublicKey,
}

impl PublicKey {
    /// Reads a PEM file's text: `PUBLIC KEY` (SPKI), or `RSA PUBLIC KEY` (PKCS#1, [`PublicKey::is_pkcs1`]). Line ends may have
    /// become `\n` as two characters, or spaces, as environment variables have them; text around the block doesn't count.
    ///
    /// # Errors
    /// [`InvalidPublicKey`] when the text doesn't hold one public key that CloudFront would take, or holds a private one.
    pub fn from_pem(id: PublicKeyId, pem: &str, tolerance: KeyTolerance) -> Result<Self, InvalidPublicKey> {
        let (spki, is_pkcs1) = spki_from_pem(pem)?;
        let kind = kind_of(&spki, tolerance)?;
        let (sha1, sha256) = algorithms(kind);
        let parse =
            |algorithm| ParsedPublicKey::new(algorithm, &spki).map_err(|_| InvalidPublicKey::Rejected);
        Ok(Self {
            id,
            kind,
            identity: Sha256::digest(&spki).into(),
            is_pkcs1,
            sha1: parse(sha1)?,
            sha256: parse(sha256)?,
        })
    }

    /// The id that requests name it by.
    #[must_use]
    pub fn id(&self) -> &PublicKeyId {
        &self.id
    }

    /// Its kind and size.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The SHA-256 of the key's SPKI: two keys with the same identity are the same key, whatever their ids.
    #[must_use]
    pub fn identity(&self) -> &[u8; 32] {
        &self.identity
    }

    /// Whether it came as PKCS#1, which CloudFront isn't known to take (cloudfront 6: accept with a warning).
    #[must_use]
    pub fn is_pkcs1(&self) -> bool {
        self.is_pkcs1
    }

    /// Whether `signature` is this key's over `message`: PKCS#1 v1.5 for RSA, ASN.1 DER for ECDSA.
    #[must_use]
    pub fn verifies(&self, hash: HashAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        let key = match hash {
            HashAlgorithm::Sha1 => &self.sha1,
            HashAlgorithm::Sha256 => &self.sha256,
        };
        key.verify_sig(message, signature).is_ok()
    }

    /// Whether an ECDSA signature is this key's over a digest of whatever hash. It decides nothing, and serves `explain` alone.
    #[must_use]
    pub fn verifies_digest(&self, digest: &[u8], signature: &[u8]) -> bool {
        use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
        use p256::pkcs8::DecodePublicKey as _;
        let key = p256::ecdsa::VerifyingKey::from_public_key_der(self.sha1.as_ref());
        let signature = p256::ecdsa::Signature::from_der(signature);
        key.is_ok_and(|key| signature.is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok()))
    }

    /// The signature raised to the public exponent: what an RSA key signed, padding included, as long as the modulus. None
    /// for another kind of key, or for a signature of another length. It decides nothing, and serves `explain` alone.
    #[must_use]
    pub fn raised(&self, signature: &[u8]) -> Option<Vec<u8>> {
        let KeyKind::Rsa { bits } = self.kind else { return None };
        let length = bits.div_ceil(8);
        if signature.len() != length {
            return None;
        }
        let key = rsa::PublicKey::from_public_key_der(self.sha1.as_ref()).ok()?;
        let number = BoxedUint::from_be_slice(signature, u32::try_from(bits).ok()?).ok()?;
        if number >= **key.n() {
            return None;
        }
        let raised = rsa::hazmat::rsa_encrypt(&key, &number).ok()?.to_be_bytes();
        let surplus = raised.len().checked_sub(length)?;
        raised[..surplus].iter().all(|byte| *byte == 0).then(|| raised[surplus..].to_vec())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}, {})", self.id, self.kind)
    }
}

/// Keys that are trusted together; a behavior trusts one or more groups.
#[derive(Clone, Debug)]
pub struct KeyGroup {
    /// The group's id (at AWS a UUID).
    pub id: String,
    /// Its keys; never empty once a configuration has loaded.
    pub keys: Vec<Arc<PublicKey>>,
}

/// The two algorithms of a kind of key: with SHA-1, and with SHA-256.
fn algorithms(kind: KeyKind) -> (&'static dyn VerificationAlgorithm, &'static dyn VerificationAlgorithm) {
    match kind {
        KeyKind::Rsa { bits: RSA_BITS } => {
            (&signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, &signature::RSA_PKCS1_2048_8192_SHA256)
        }
        KeyKind::Rsa { .. } => (
            &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
            &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        ),
        KeyKind::EcdsaP256 => (&signature::ECDSA_P256_SHA1_ASN1, &signature::ECDSA_P256_SHA256_ASN1),
    }
}
