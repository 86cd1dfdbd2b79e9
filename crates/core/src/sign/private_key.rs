//! A private key of either kind: made, encoded, and signed with.
//!
//! Signing uses `rsa` and `p256`, since aws-lc-rs doesn't sign with SHA-1, CloudFront's default.

use std::fmt;

use p256::ecdsa::signature::hazmat::PrehashSigner;
use rand::rngs::SysRng;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::error::SignError;
use crate::distribution::key::HashAlgorithm;

/// A private key: RSA, which signs with PKCS#1 v1.5, or ECDSA on P-256, whose signatures are DER. Its `Debug` shows the kind
/// alone.
pub enum PrivateKey {
    /// RSA; signatures are PKCS#1 v1.5.
    #[doc(hidden)]
    Rsa(Box<rsa::PrivateKey>),
    /// ECDSA on P-256; signatures are DER.
    #[doc(hidden)]
    Ecdsa(p256::SecretKey),
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa(_) => "PrivateKey(RSA)",
            Self::Ecdsa(_) => "PrivateKey(ECDSA P-256)",
        })
    }
}

impl PrivateKey {
    /// A fresh RSA key of 2048 bits, the size that CloudFront takes.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn generate_rsa() -> Result<Self, SignError> {
        rsa::PrivateKey::new(&mut SysRng, 2048)
            .map(|key| Self::Rsa(Box::new(key)))
            .map_err(|_| SignError::Randomness)
    }

    /// A fresh P-256 key.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn generate_ecdsa() -> Result<Self, SignError> {
        use p256::elliptic_curve::Generate;
        p256::SecretKey::try_generate_from_rng(&mut SysRng)
            .map(Self::Ecdsa)
            .map_err(|_| SignError::Randomness)
    }

    /// Why CloudFront takes no signature of this key, where it doesn't: RSA keys have 2048 bits there (cloudfront 6, `[DOC]`).
    /// Of curves there is P-256 alone, which CloudFront takes.
    #[must_use]
    pub fn unfit(&self) -> Option<String> {
        match self {
            Self::Rsa(key) => {
                let bits = key.n().bit_width();
                (bits != 2048).then(|| {
                    format!("it is an RSA key of {bits} bits; CloudFront takes RSA keys of 2048 bits only")
                })
            }
            Self::Ecdsa(_) => None,
        }
    }

    /// PKCS#8 PEM.
    ///
    /// # Errors
    /// When the key can't be encoded.
    pub fn to_pem(&self) -> Result<String, SignError> {
        let pem = match self {
            Self::Rsa(key) => key.to_pkcs8_pem(LineEnding::LF),
            Self::Ecdsa(key) => key.to_pkcs8_pem(LineEnding::LF),
        };
        pem.map(|pem| pem.to_string()).map_err(|_| SignError::Key("it can't be encoded"))
    }

    /// The older PEM of RSA keys, `RSA PRIVATE KEY`; none for another key.
    #[must_use]
    pub fn to_pkcs1_pem(&self) -> Option<String> {
        match self {
            Self::Rsa(key) => key.to_pkcs1_pem(LineEnding::LF).ok().map(|pem| pem.to_string()),
            Self::Ecdsa(_) => None,
        }
    }

    /// The public half as SPKI PEM, the form that CloudFront takes.
    ///
    /// # Errors
    /// When the key can't be encoded.
    pub fn public_pem(&self) -> Result<String, SignError> {
        let pem = match self {
            Self::Rsa(key) => key.to_public_key().to_public_key_pem(LineEnding::LF),
            Self::Ecdsa(key) => key.public_key().to_public_key_pem(LineEnding::LF),
        };
        pem.map_err(|_| SignError::Key("its public half can't be encoded"))
    }

    /// Signs as CloudFront verifies.
    ///
    /// # Errors
    /// When the key is too small for its signature or the system has no randomness.
    pub fn sign(&self, hash: HashAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match self {
            Self::Rsa(key) => match hash {
                HashAlgorithm::Sha1 => {
                    key.sign_with_rng(&mut SysRng, Pkcs1v15Sign::new::<Sha1>(), &Sha1::digest(message))
                }
                HashAlgorithm::Sha256 => {
                    key.sign_with_rng(&mut SysRng, Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message))
                }
            }
            .map_err(|_| SignError::Key("it can't make a signature")),
            Self::Ecdsa(key) => {
                let signer = p256::ecdsa::SigningKey::from(key);
                let signature: Result<p256::ecdsa::DerSignature, _> = match hash {
                    HashAlgorithm::Sha1 => signer.sign_prehash(&Sha1::digest(message)),
                    HashAlgorithm::Sha256 => signer.sign_prehash(&Sha256::digest(message)),
                };
                signature
                    .map(|der| der.as_bytes().to_vec())
                    .map_err(|_| SignError::Key("it can't make a signature"))
            }
        }
    }
}
