//! Public keys as files have them: PEM, SPKI or PKCS#1, and which of them CloudFront takes.

use rsa::pkcs8::der::asn1::ObjectIdentifier;
use rsa::pkcs8::{EncodePublicKey, SubjectPublicKeyInfoRef};

use super::{KeyKind, KeyTolerance, RSA_BITS, SHORT_RSA_BITS};

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
pub(super) fn spki_from_pem(pem: &str) -> Result<(Vec<u8>, bool), InvalidPublicKey> {
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

pub(super) fn kind_of(spki: &[u8], tolerance: KeyTolerance) -> Result<KeyKind, InvalidPublicKey> {
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

const RSA_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
