//! The keys that the code under test signs with.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread;

use rand::TryRng;
use rand::rngs::SysRng;

use super::StartError;
use crate::config;
use crate::distribution::key::half::Half;
use crate::distribution::key::{KeyTolerance, PublicKey, PublicKeyId};
use crate::sign::{PrivateKey, SignError};

/// Which kind of key is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyType {
    /// RSA of 2048 bits, which every signer knows.
    #[default]
    Rsa,
    /// ECDSA on P-256.
    Ecdsa,
}

/// A key pair that an [`Edge`](super::Edge) trusts: as id, as PEM and as files. The files go with the edge.
#[derive(Clone)]
pub struct KeyPair {
    id: String,
    private_pem: String,
    public_pem: String,
    private_file: PathBuf,
    public_file: PathBuf,
    pub(super) trusted: Arc<PublicKey>,
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair({})", self.id)
    }
}

impl KeyPair {
    pub(super) fn generate(kind: KeyType, id: Option<&str>, folder: &Path) -> Result<Self, StartError> {
        let key = match kind {
            KeyType::Rsa => rsa_soon(),
            KeyType::Ecdsa => PrivateKey::generate_ecdsa(),
        };
        Self::write(&key.map_err(StartError::key("a fresh key"))?, id, folder)
    }

    /// Takes a key that is there.
    pub(super) fn read(file: &Path, id: Option<&str>, folder: &Path) -> Result<Self, StartError> {
        // Whoever gives the key itself is not to find it in a log.
        if file.to_string_lossy().contains("-----BEGIN") {
            return Err(StartError::Key(
                "a private key is given by its file: found the text of one".to_owned(),
            ));
        }
        let name = || format!("the private key {}", file.display());
        let pem = config::read_key_file(file, Half::Private)
            .map_err(|error| StartError::Key(format!("{} can't be read: {error}", name())))?;
        let key = PrivateKey::from_pem(&pem).map_err(|error| {
            let help = error.help().map(|help| format!("\n  help      {help}")).unwrap_or_default();
            StartError::Key(format!("{}: {error}{help}", name()))
        })?;
        Self::write(&key, id, folder)
    }

    fn write(key: &PrivateKey, id: Option<&str>, folder: &Path) -> Result<Self, StartError> {
        let id =
            id.map_or_else(|| fresh_id().map_err(StartError::key("a fresh key")), |id| Ok(id.to_owned()))?;
        if !PublicKeyId::is_well_formed(&id) {
            return Err(StartError::Key(format!(
                "{id:?} can't be a key pair's id: expected letters and digits"
            )));
        }
        let failed = StartError::key(&id);
        let (private_pem, public_pem) = (key.to_pem().map_err(&failed)?, key.public_pem().map_err(&failed)?);
        let trusted = PublicKey::from_pem(PublicKeyId::new(&id), &public_pem, KeyTolerance::default())
            .map_err(|error| StartError::Key(format!("{id}: {error}")))?;
        let private_file = folder.join(format!("{id}.private.pem"));
        let public_file = folder.join(format!("{id}.public.pem"));
        write(&private_file, &private_pem)?;
        write(&public_file, &public_pem)?;
        Ok(Self { id, private_pem, public_pem, private_file, public_file, trusted: Arc::new(trusted) })
    }

    /// The id that goes into links, as in `K2JCJMDEHXQW5F`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The private half as PKCS#8 PEM.
    #[must_use]
    pub fn private_pem(&self) -> &str {
        &self.private_pem
    }

    /// The private half as PKCS#1 PEM, for signers that read nothing else, such as version 1 of the AWS CLI. None of an ECDSA
    /// key, which has no such form.
    #[must_use]
    pub fn private_pem_pkcs1(&self) -> Option<String> {
        PrivateKey::from_pem(&self.private_pem).ok()?.to_pkcs1_pem()
    }

    /// The public half as SPKI PEM, the form that CloudFront takes.
    #[must_use]
    pub fn public_pem(&self) -> &str {
        &self.public_pem
    }

    /// Where the private half lies, readable by this user alone.
    #[must_use]
    pub fn private_file(&self) -> &Path {
        &self.private_file
    }

    /// Where the public half lies.
    #[must_use]
    pub fn public_file(&self) -> &Path {
        &self.public_file
    }
}

/// A fresh RSA key, from the first of two threads that has one. How long it takes is chance, and it is nearly all that a
/// start takes: the quicker of two is rarely slow (docs/performance.md has figures).
fn rsa_soon() -> Result<PrivateKey, SignError> {
    let (found, first) = mpsc::channel();
    for _ in 0..2 {
        let found = found.clone();
        // Nobody waits any longer for the second one.
        let search = move || drop(found.send(PrivateKey::generate_rsa()));
        thread::Builder::new().name("key".to_owned()).spawn(search).map_err(|_| SignError::Randomness)?;
    }
    drop(found);
    first.recv().unwrap_or(Err(SignError::Randomness))
}

/// A fresh id in AWS's form: `K` and 13 characters of A–Z and 0–9.
pub(crate) fn fresh_id() -> Result<String, SignError> {
    let mut id = String::from("K");
    while id.len() < 14 {
        let mut random = [0; 1];
        SysRng.try_fill_bytes(&mut random).map_err(|_| SignError::Randomness)?;
        // 252 is the largest multiple of 36 in a byte: larger ones would favour some characters.
        if random[0] < 252 {
            id.push(char::from(ID_CHARACTERS[usize::from(random[0]) % ID_CHARACTERS.len()]));
        }
    }
    Ok(id)
}

fn write(file: &Path, text: &str) -> Result<(), StartError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(file).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() == std::io::ErrorKind::AlreadyExists {
        true => StartError::Key(format!(
            "the id {} is taken: expected one that no key of this edge has had",
            file.file_stem().and_then(|name| name.to_str()).unwrap_or_default().trim_end_matches(".private")
        )),
        false => StartError::System(format!("{} can't be written: {error}", file.display())),
    })
}

const ID_CHARACTERS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
