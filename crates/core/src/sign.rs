//! Makes what `access` judges: keys, policies, signed URLs and cookies. For the command line and local development.
//!
//! Signing uses `rsa` and `p256`, since aws-lc-rs doesn't sign with SHA-1, CloudFront's default.

use std::fmt;

use ipnet::Ipv4Net;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use rand::rngs::SysRng;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::access::encoding;
use crate::access::policy::canned_for;
use crate::distribution::key::{HashAlgorithm, UnfitKey};
use crate::epoch::EpochSeconds;

mod private_pem;
mod url;

pub use url::{check_url, check_url_below, wildcard_in_canned};

/// A private key of either kind.
pub enum PrivateKey {
    /// RSA; signatures are PKCS#1 v1.5.
    Rsa(Box<rsa::PrivateKey>),
    /// ECDSA on P-256; signatures are DER.
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

    /// Reads PKCS#8, or the older forms `RSA PRIVATE KEY` and `EC PRIVATE KEY`. Line ends may have become `\n` as two
    /// characters, or spaces, as environment variables have them; text around the key doesn't count.
    ///
    /// # Errors
    /// [`SignError::Format`] for anything else, an encrypted key included.
    pub fn from_pem(pem: &str) -> Result<Self, SignError> {
        private_pem::read(pem)
    }

    /// Why CloudFront takes no signature of this key, where it doesn't: RSA keys have 2048 bits there (semantics 6, `[DOC]`).
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

/// What is allowed, as a user asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terms {
    /// The URL itself until a time.
    Canned {
        /// The end.
        expires: EpochSeconds,
    },
    /// Whatever a policy's text says; the bytes are signed as they are.
    Custom {
        /// The text, byte for byte.
        policy: Vec<u8>,
        /// The end that it states, where it is known.
        expires: Option<EpochSeconds>,
    },
}

impl Terms {
    /// Canned where an end is all that is asked for, else a custom policy.
    #[must_use]
    pub fn new(
        url: &str,
        expires: EpochSeconds,
        not_before: Option<EpochSeconds>,
        ip: Option<Ipv4Net>,
        resource: Option<&str>,
    ) -> Self {
        if not_before.is_none() && ip.is_none() && resource.is_none() {
            return Self::Canned { expires };
        }
        let mut condition = serde_json::json!({"DateLessThan": {"AWS:EpochTime": expires.0}});
        if let Some(not_before) = not_before {
            condition["DateGreaterThan"] = serde_json::json!({"AWS:EpochTime": not_before.0});
        }
        if let Some(ip) = ip {
            condition["IpAddress"] = serde_json::json!({"AWS:SourceIp": ip.to_string()});
        }
        let resource = resource.unwrap_or(url);
        let policy = serde_json::json!({"Statement": [{"Resource": resource, "Condition": condition}]});
        Self::Custom { policy: policy.to_string().into_bytes(), expires: Some(expires) }
    }

    /// The bytes to sign.
    #[must_use]
    pub fn policy(&self, url: &str) -> Vec<u8> {
        match self {
            Self::Canned { expires } => canned_for(url, &expires.0.to_string()),
            Self::Custom { policy, .. } => policy.clone(),
        }
    }

    /// The end, where it is known.
    #[must_use]
    pub fn expires(&self) -> Option<EpochSeconds> {
        match self {
            Self::Canned { expires } => Some(*expires),
            Self::Custom { expires, .. } => *expires,
        }
    }
}

/// Names and values of the signing parameters, in the order in which AWS's signers write them.
///
/// # Errors
/// As [`PrivateKey::sign`].
pub fn signing_values(
    url: &str,
    terms: &Terms,
    key: &PrivateKey,
    key_pair_id: &str,
    hash: HashAlgorithm,
) -> Result<Vec<(&'static str, String)>, SignError> {
    let text = terms.policy(url);
    let signature = key.sign(hash, &text)?;
    let mut values = vec![match terms {
        Terms::Canned { expires } => ("Expires", expires.0.to_string()),
        Terms::Custom { .. } => ("Policy", encoding::encode(&text)),
    }];
    values.push(("Signature", encoding::encode(&signature)));
    values.push(("Key-Pair-Id", key_pair_id.to_owned()));
    if hash == HashAlgorithm::Sha256 {
        values.push(("Hash-Algorithm", hash.as_parameter().to_owned()));
    }
    Ok(values)
}

/// A URL with its signing parameters.
#[must_use]
pub fn signed_url(url: &str, values: &[(&'static str, String)]) -> String {
    let pairs: Vec<String> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{url}{}{}", if url.contains('?') { '&' } else { '?' }, pairs.join("&"))
}

/// Why something can't be signed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The private key.
    #[error("the private key can't be used: {0}")]
    Key(&'static str),
    /// A text that isn't a private key.
    #[error("the private key can't be used: {0}")]
    Format(UnfitKey),
    /// The URL.
    #[error("this URL can't be signed: {problem}; sign instead: {instead}")]
    Url {
        /// What is wrong.
        problem: &'static str,
        /// What would work.
        instead: String,
    },
    /// The system.
    #[error("the system gave no randomness")]
    Randomness,
}

impl SignError {
    /// How to get what would work, mostly a command; `KEY` stands for the file.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Format(unfit) => unfit.help(),
            Self::Key(_) | Self::Url { .. } | Self::Randomness => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::key::{KeyTolerance, PublicKey, PublicKeyId};

    #[test]
    fn what_is_signed_verifies_with_the_other_library() {
        for key in [PrivateKey::generate_rsa().unwrap(), PrivateKey::generate_ecdsa().unwrap()] {
            let key = PrivateKey::from_pem(&key.to_pem().unwrap()).unwrap();
            let pem = key.public_pem().unwrap();
            let public = PublicKey::from_pem(PublicKeyId::new("K"), &pem, KeyTolerance::default()).unwrap();
            for hash in [HashAlgorithm::Sha1, HashAlgorithm::Sha256] {
                let signature = key.sign(hash, b"message").unwrap();
                assert!(public.verifies(hash, b"message", &signature), "{key:?} {hash:?}");
                assert!(!public.verifies(hash, b"messagf", &signature), "{key:?} {hash:?}");
            }
        }
    }
}
