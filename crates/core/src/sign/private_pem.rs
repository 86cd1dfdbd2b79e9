//! Private keys as files and environment variables have them: PKCS#8, PKCS#1 or SEC1 in PEM.

use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::{DecodePrivateKey, PrivateKeyInfoRef};

use super::error::SignError;
use super::private_key::PrivateKey;
use crate::distribution::key::UnfitKey;
use crate::distribution::key::conversion::NEW_PAIR;
use crate::distribution::key::half::Half;
use crate::distribution::key::pem::{self, Block, Content};
use crate::distribution::key::{unsupported_algorithm, unsupported_sec1_curve};

impl PrivateKey {
    /// Reads PKCS#8, or the older forms `RSA PRIVATE KEY` and `EC PRIVATE KEY`. Line ends may have become `\n` as two
    /// characters, or spaces, as environment variables have them; text around the key doesn't count.
    ///
    /// # Errors
    /// [`SignError::Format`] for anything else, an encrypted key included.
    pub fn from_pem(pem: &str) -> Result<Self, SignError> {
        read(pem)
    }
}

/// The one private key of a text; certificates and parameters beside it don't count.
fn read(text: &str) -> Result<PrivateKey, SignError> {
    let unfit = SignError::Format;
    let blocks = pem::blocks(text).map_err(|broken| unfit(UnfitKey::broken(Half::Private, &broken)))?;
    let private: Vec<_> = blocks.iter().filter(|block| block.label.ends_with("PRIVATE KEY")).collect();
    match private[..] {
        [block] => key(block).map_err(unfit),
        [] => Err(unfit(match blocks.first() {
            Some(other) => UnfitKey::block(Half::Private, other),
            None => UnfitKey::without_block(Half::Private, text),
        })),
        _ => Err(unfit(UnfitKey::several(Half::Private, private.len()))),
    }
}

fn key(block: &Block) -> Result<PrivateKey, UnfitKey> {
    let Content::Der(der) = &block.content else { return Err(UnfitKey::block(Half::Private, block)) };
    if let Some(kind) = unsupported_kind(block, der) {
        let found = format!("a private key of the kind {kind}");
        return Err(UnfitKey::new(Half::Private, found, NEW_PAIR.to_owned()));
    }
    let rsa = |key| PrivateKey::Rsa(Box::new(key));
    let read = match block.label.as_str() {
        "PRIVATE KEY" => {
            let key = rsa::PrivateKey::from_pkcs8_der(der).map(rsa).ok();
            key.or_else(|| p256::SecretKey::from_pkcs8_der(der).map(PrivateKey::Ecdsa).ok())
        }
        "RSA PRIVATE KEY" => rsa::PrivateKey::from_pkcs1_der(der).map(rsa).ok(),
        "EC PRIVATE KEY" => p256::SecretKey::from_sec1_der(der).map(PrivateKey::Ecdsa).ok(),
        _ => None,
    };
    read.ok_or_else(|| UnfitKey::block(Half::Private, block))
}

/// The algorithm or the curve of a readable key that CloudFront doesn't take.
fn unsupported_kind(block: &Block, der: &[u8]) -> Option<String> {
    match block.label.as_str() {
        "PRIVATE KEY" => unsupported_algorithm(&PrivateKeyInfoRef::try_from(der).ok()?.algorithm),
        "EC PRIVATE KEY" => unsupported_sec1_curve(der),
        _ => None,
    }
}
