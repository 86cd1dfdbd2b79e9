//! Signatures of exact bytes by the crates `rsa` and `p256`: for texts that no SDK signs. The product verifies with aws-lc.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use rsa::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use super::keys::{private_key, public_key};

/// What is to be signed: bytes, by a key, with a hash and a scheme.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    pub(crate) key: String,
    pub(crate) hash: String,
    /// `pkcs1v15` (the default of RSA), `pss`, `ecdsa-der` (the default of ECDSA), `ecdsa-raw`.
    pub(crate) scheme: Option<String>,
    pub(crate) message: Vec<u8>,
}

impl Raw {
    pub(crate) fn new(key: &str, hash: &str, message: impl Into<Vec<u8>>) -> Self {
        Self { key: key.to_owned(), hash: hash.to_owned(), scheme: None, message: message.into() }
    }
}

enum Key {
    Rsa(Box<rsa::PrivateKey>),
    Ecdsa(p256::ecdsa::SigningKey),
}

/// A signature of each.
pub(crate) fn sign_raw(jobs: &[Raw]) -> Vec<Vec<u8>> {
    jobs.iter().map(sign).collect()
}

/// A signature with SHA-1 by a key's PEM, in the default scheme.
pub(crate) fn sign_with(pem: &str, message: &str) -> Vec<u8> {
    sign_by(&read(pem), &Raw::new("", "SHA1", message))
}

fn sign(job: &Raw) -> Vec<u8> {
    sign_by(&key(&job.key), job)
}

fn sign_by(key: &Key, job: &Raw) -> Vec<u8> {
    let digest = match job.hash.as_str() {
        "SHA1" => Sha1::digest(&job.message).to_vec(),
        "SHA256" => Sha256::digest(&job.message).to_vec(),
        other => panic!("unknown hash {other}"),
    };
    match (key, job.scheme.as_deref(), job.hash.as_str()) {
        (Key::Rsa(key), None | Some("pkcs1v15"), "SHA1") => {
            key.sign(rsa::Pkcs1v15Sign::new::<Sha1>(), &digest).expect("a signature")
        }
        (Key::Rsa(key), None | Some("pkcs1v15"), _) => {
            key.sign(rsa::Pkcs1v15Sign::new::<Sha256>(), &digest).expect("a signature")
        }
        (Key::Rsa(key), Some("pss"), "SHA1") => {
            key.sign_with_rng(&mut rng(), rsa::Pss::<Sha1>::new(), &digest).expect("a signature")
        }
        (Key::Rsa(key), Some("pss"), _) => {
            key.sign_with_rng(&mut rng(), rsa::Pss::<Sha256>::new(), &digest).expect("a signature")
        }
        (Key::Ecdsa(key), scheme, _) => {
            let signature: p256::ecdsa::Signature = key.sign_prehash(&digest).expect("a signature");
            match scheme {
                None | Some("ecdsa-der") => signature.to_der().as_bytes().to_vec(),
                Some("ecdsa-raw") => signature.to_bytes().to_vec(),
                Some(other) => panic!("{other} is no scheme of ECDSA"),
            }
        }
        (Key::Rsa(_), Some(other), _) => panic!("{other} is no scheme of RSA"),
    }
}

/// Randomness that can't fail.
pub(crate) fn rng() -> rsa::rand_core::UnwrapErr<rand::rngs::SysRng> {
    rsa::rand_core::UnwrapErr(rand::rngs::SysRng)
}

fn key(name: &str) -> Arc<Key> {
    static READ: LazyLock<Mutex<HashMap<String, Arc<Key>>>> = LazyLock::new(Mutex::default);
    let mut known = READ.lock().expect("a lock");
    let entry = known.entry(name.to_owned()).or_insert_with(|| {
        Arc::new(read(&std::fs::read_to_string(private_key(name)).expect("a key's file")))
    });
    Arc::clone(entry)
}

fn read(pem: &str) -> Key {
    match rsa::PrivateKey::from_pkcs8_pem(pem) {
        Ok(key) => Key::Rsa(Box::new(key)),
        Err(_) => Key::Ecdsa(p256::ecdsa::SigningKey::from_pkcs8_pem(pem).expect("a key")),
    }
}

/// Whether an RSA key's signature with SHA-1 fits.
pub(crate) fn verifies(key: &str, message: &[u8], signature: &[u8]) -> bool {
    let pem = std::fs::read_to_string(public_key(key)).expect("a key's file");
    let key = rsa::PublicKey::from_public_key_pem(&pem).expect("a key");
    key.verify(rsa::Pkcs1v15Sign::new::<Sha1>(), &Sha1::digest(message), signature).is_ok()
}
