//! Public keys as SPKI or PKCS#1, and which of them CloudFront takes.

use rsa::pkcs8::der::asn1::{AnyRef, ObjectIdentifier};
use rsa::pkcs8::der::{Decode, SliceReader, Tag, Tagged};
use rsa::pkcs8::{AlgorithmIdentifierRef, EncodePublicKey, SubjectPublicKeyInfoRef};

use super::conversion::NEW_PAIR;
use super::half::Half;
use super::kind::{KeyKind, KeyTolerance, RSA_BITS, SHORT_RSA_BITS};
use super::pem::{self, Content};
use super::unfit::UnfitKey;

/// Why a public key can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPublicKey {
    /// Another format, another half, or damage.
    #[error("{0}")]
    Format(UnfitKey),
    /// Another algorithm, such as Ed25519.
    #[error("expected an RSA or ECDSA P-256 key, found algorithm {oid}")]
    Algorithm {
        /// The algorithm's name where it is known, else its object identifier.
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

impl InvalidPublicKey {
    /// How to get a key that fits, mostly a command; `KEY` stands for the file.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Format(unfit) => unfit.help(),
            Self::Algorithm { .. } | Self::Curve { .. } | Self::Size { .. } => Some(NEW_PAIR),
            Self::Rejected => None,
        }
    }
}

fn short_hint(bits: usize) -> &'static str {
    if (SHORT_RSA_BITS..RSA_BITS).contains(&bits) {
        " (`allow-short = true` takes it, for old fixtures only)"
    } else {
        ""
    }
}

/// The DER of the SPKI, and whether it was PKCS#1. Of one public key: a text that also has a private one is refused, and
/// so are two.
pub(super) fn spki_from_pem(text: &str) -> Result<(Vec<u8>, bool), InvalidPublicKey> {
    let unfit = |unfit| InvalidPublicKey::Format(unfit);
    let blocks = pem::blocks(text).map_err(|broken| unfit(UnfitKey::broken(Half::Public, &broken)))?;
    if let Some(private) = blocks.iter().find(|block| block.label.ends_with("PRIVATE KEY")) {
        return Err(unfit(UnfitKey::block(Half::Public, private)));
    }
    let public: Vec<_> = blocks.iter().filter(|block| block.label.ends_with("PUBLIC KEY")).collect();
    let block = match public[..] {
        [block] => block,
        [] => {
            return Err(unfit(match blocks.first() {
                Some(other) => UnfitKey::block(Half::Public, other),
                None => UnfitKey::without_block(Half::Public, text),
            }));
        }
        _ => return Err(unfit(UnfitKey::several(Half::Public, public.len()))),
    };
    let spki = match (&block.content, block.label.as_str()) {
        (Content::Der(der), "PUBLIC KEY") if SubjectPublicKeyInfoRef::try_from(&der[..]).is_ok() => {
            Some((der.clone(), false))
        }
        (Content::Der(der), "RSA PUBLIC KEY") => spki_of_pkcs1(der).map(|spki| (spki, true)),
        _ => None,
    };
    spki.ok_or_else(|| unfit(UnfitKey::block(Half::Public, block)))
}

fn spki_of_pkcs1(der: &[u8]) -> Option<Vec<u8>> {
    use rsa::pkcs1::DecodeRsaPublicKey;
    let key = rsa::PublicKey::from_pkcs1_der(der).ok()?;
    Some(key.to_public_key_der().ok()?.as_bytes().to_vec())
}

pub(super) fn kind_of(spki: &[u8], tolerance: KeyTolerance) -> Result<KeyKind, InvalidPublicKey> {
    let parsed = SubjectPublicKeyInfoRef::try_from(spki).map_err(|_| InvalidPublicKey::Rejected)?;
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
        EC_OID => match parsed.algorithm.parameters_oid().map_err(|_| InvalidPublicKey::Rejected)? {
            P256_OID => Ok(KeyKind::EcdsaP256),
            other => Err(InvalidPublicKey::Curve { curve: curve_name(other) }),
        },
        other => Err(InvalidPublicKey::Algorithm { oid: algorithm_name(other) }),
    }
}

/// The name of an algorithm, or of its curve, that CloudFront has no keys of; none for RSA and P-256.
pub(crate) fn unsupported_algorithm(algorithm: &AlgorithmIdentifierRef<'_>) -> Option<String> {
    match algorithm.oid {
        RSA_OID => None,
        EC_OID => algorithm.parameters_oid().ok().filter(|curve| *curve != P256_OID).map(curve_name),
        other => Some(algorithm_name(other)),
    }
}

/// The same of a SEC1 key, which names its curve in the element `[0]`.
pub(crate) fn unsupported_sec1_curve(der: &[u8]) -> Option<String> {
    let outer = AnyRef::from_der(der).ok()?;
    let mut elements = SliceReader::new(outer.value()).ok()?;
    while let Ok(element) = AnyRef::decode(&mut elements) {
        if matches!(element.tag(), Tag::ContextSpecific { .. }) {
            let curve = ObjectIdentifier::from_der(element.value()).ok()?;
            return Some(curve).filter(|curve| *curve != P256_OID).map(curve_name);
        }
    }
    None
}

fn modulus_bits(spki: &[u8]) -> Result<usize, InvalidPublicKey> {
    use rsa::pkcs1::der::Decode;
    // The rsa crate refuses some sizes before it tells them, so the modulus is measured in the DER itself.
    let info = SubjectPublicKeyInfoRef::try_from(spki).map_err(|_| InvalidPublicKey::Rejected)?;
    let bytes = info.subject_public_key.as_bytes().ok_or(InvalidPublicKey::Rejected)?;
    let key = rsa::pkcs1::RsaPublicKey::<rsa::pkcs1::UintRef<'_>>::from_der(bytes)
        .map_err(|_| InvalidPublicKey::Rejected)?;
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
        "1.3.101.113" => "Ed448".to_owned(),
        "1.3.101.110" => "X25519".to_owned(),
        "1.2.840.10040.4.1" => "DSA".to_owned(),
        "1.2.840.113549.1.1.10" => "RSASSA-PSS".to_owned(),
        other => other.to_owned(),
    }
}

const RSA_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
