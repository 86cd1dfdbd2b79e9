//! Public keys, and the groups that behaviors trust.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use rsa::pkcs8::der::asn1::ObjectIdentifier;
use rsa::pkcs8::{EncodePublicKey, SubjectPublicKeyInfoRef};
use sha2::{Digest, Sha256};

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
    /// `K` and 13 characters, or `APKA` and 16 for keys of old accounts (semantics 6, `[DOC example]`, `[OBS]`); the
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

/// The hash of a signature, as `Hash-Algorithm` announces it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// What CloudFront takes where nothing is announced, for RSA and ECDSA keys alike.
    #[default]
    Sha1,
    /// Since April 2026, announced by `Hash-Algorithm=SHA256`.
    Sha256,
}

impl HashAlgorithm {
    /// Reads a parameter's or a cookie's value. Letters' case counts: semantics 1.2, `[UNKNOWN]`, taken as documented.
    #[must_use]
    pub fn from_parameter(value: &str) -> Option<Self> {
        match value {
            "SHA1" => Some(Self::Sha1),
            "SHA256" => Some(Self::Sha256),
            _ => None,
        }
    }

    /// The value of the parameter.
    #[must_use]
    pub fn as_parameter(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }
}

/// The two kinds of key that CloudFront takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA, with the modulus' length.
    Rsa {
        /// Bits of the modulus.
        bits: usize,
    },
    /// ECDSA on P-256 (prime256v1, secp256r1).
    EcdsaP256,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA-{bits}"),
            Self::EcdsaP256 => f.write_str("ECDSA P-256"),
        }
    }
}

/// What a key may be beside what CloudFront itself accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyTolerance {
    /// RSA of 1024 to 2047 bits too, for old fixtures only (contract 2).
    pub allow_short: bool,
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
    /// Reads a PEM file's text: `PUBLIC KEY` (SPKI), or `RSA PUBLIC KEY` (PKCS#1, [`PublicKey::is_pkcs1`]).
    ///
    /// # Errors
    /// [`InvalidPublicKey`] when the text isn't one PEM block of a key that CloudFront would take.
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

    /// Whether it came as PKCS#1, which CloudFront isn't known to take (semantics 6: accept with a warning).
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

/// Why a public key can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPublicKey {
    /// No PEM block, or a broken one.
    #[error("not PEM: expected a block that begins with `-----BEGIN PUBLIC KEY-----`")]
    NotPem,
    /// A private key where the public one belongs.
    #[error(
        "this is a private key (`{label}`); the configuration takes the public one (openssl pkey -in KEY -pubout)"
    )]
    Private {
        /// The block's label.
        label: String,
    },
    /// Another kind of PEM block.
    #[error("expected a PEM block `PUBLIC KEY`, found `{label}`")]
    Label {
        /// The block's label.
        label: String,
    },
    /// The DER inside isn't a public key.
    #[error("the PEM block holds no readable public key")]
    NotSpki,
    /// Another algorithm, such as Ed25519.
    #[error("expected an RSA or ECDSA P-256 key, found algorithm {oid}")]
    Algorithm {
        /// The algorithm's object identifier.
        oid: String,
    },
    /// Another curve.
    #[error("expected the curve P-256 (prime256v1), found {curve}")]
    Curve {
        /// The curve's name where it is known, else its object identifier.
        curve: String,
    },
    /// Another modulus size.
    #[error("expected an RSA key of 2048 bits, found {bits}{}", short_hint(*.bits))]
    Size {
        /// Bits of the modulus.
        bits: usize,
    },
    /// The cryptographic library refuses the key's values.
    #[error("the key's values are not those of a valid key")]
    Rejected,
}

fn short_hint(bits: usize) -> &'static str {
    if (SHORT_RSA_BITS..RSA_BITS).contains(&bits) {
        " (`allow-short = true` takes it, for old fixtures only)"
    } else {
        ""
    }
}

/// The DER of the SPKI, and whether it was PKCS#1.
fn spki_from_pem(pem: &str) -> Result<(Vec<u8>, bool), InvalidPublicKey> {
    let label = pem_label(pem).ok_or(InvalidPublicKey::NotPem)?;
    match label {
        "PUBLIC KEY" => {
            let (_, document) =
                rsa::pkcs8::Document::from_pem(pem.trim()).map_err(|_| InvalidPublicKey::NotPem)?;
            Ok((document.as_bytes().to_vec(), false))
        }
        "RSA PUBLIC KEY" => {
            use rsa::pkcs1::DecodeRsaPublicKey;
            let key = rsa::PublicKey::from_pkcs1_pem(pem.trim()).map_err(|_| InvalidPublicKey::NotSpki)?;
            let document = key.to_public_key_der().map_err(|_| InvalidPublicKey::NotSpki)?;
            Ok((document.as_bytes().to_vec(), true))
        }
        label if label.ends_with("PRIVATE KEY") => Err(InvalidPublicKey::Private { label: label.to_owned() }),
        label => Err(InvalidPublicKey::Label { label: label.to_owned() }),
    }
}

fn pem_label(pem: &str) -> Option<&str> {
    let after = pem.trim().strip_prefix("-----BEGIN ")?;
    after.split_once("-----").map(|(label, _)| label).filter(|label| !label.contains('\n'))
}

fn kind_of(spki: &[u8], tolerance: KeyTolerance) -> Result<KeyKind, InvalidPublicKey> {
    let parsed = SubjectPublicKeyInfoRef::try_from(spki).map_err(|_| InvalidPublicKey::NotSpki)?;
    match parsed.algorithm.oid {
        RSA_OID => {
            let bits = modulus_bits(spki)?;
            let enough = if tolerance.allow_short { SHORT_RSA_BITS..=RSA_BITS } else { RSA_BITS..=RSA_BITS };
            if enough.contains(&bits) {
                Ok(KeyKind::Rsa { bits })
            } else {
                Err(InvalidPublicKey::Size { bits })
            }
        }
        EC_OID => match parsed.algorithm.parameters_oid().map_err(|_| InvalidPublicKey::NotSpki)? {
            P256_OID => Ok(KeyKind::EcdsaP256),
            other => Err(InvalidPublicKey::Curve { curve: curve_name(other) }),
        },
        other => Err(InvalidPublicKey::Algorithm { oid: algorithm_name(other) }),
    }
}

fn modulus_bits(spki: &[u8]) -> Result<usize, InvalidPublicKey> {
    use rsa::pkcs1::der::Decode;
    // The rsa crate refuses some sizes before it tells them, so the modulus is measured in the DER itself.
    let info = SubjectPublicKeyInfoRef::try_from(spki).map_err(|_| InvalidPublicKey::NotSpki)?;
    let bytes = info.subject_public_key.as_bytes().ok_or(InvalidPublicKey::NotSpki)?;
    let key = rsa::pkcs1::RsaPublicKey::<rsa::pkcs1::UintRef<'_>>::from_der(bytes)
        .map_err(|_| InvalidPublicKey::NotSpki)?;
    let modulus = key.modulus.as_bytes();
    let leading = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    Ok(modulus.len() * 8 - leading)
}

fn curve_name(oid: ObjectIdentifier) -> String {
    match oid.to_string().as_str() {
        "1.3.132.0.34" => "P-384".to_owned(),
        "1.3.132.0.35" => "P-521".to_owned(),
        "1.3.132.0.10" => "secp256k1".to_owned(),
        other => other.to_owned(),
    }
}

fn algorithm_name(oid: ObjectIdentifier) -> String {
    match oid.to_string().as_str() {
        "1.3.101.112" => "Ed25519".to_owned(),
        "1.2.840.113549.1.1.10" => "RSASSA-PSS".to_owned(),
        other => other.to_owned(),
    }
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

/// CloudFront takes RSA keys of this size only (semantics 6, `[DOC D23]`).
const RSA_BITS: usize = 2048;
/// The smallest key that `allow-short` admits: the size of AWS's own signing fixtures (semantics 1.4).
const SHORT_RSA_BITS: usize = 1024;

const RSA_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
