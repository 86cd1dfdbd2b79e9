//! The key pairs of the tests: made once, then kept in `target/test-keys`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use p256::elliptic_curve::Generate as _;
use rsa::pkcs1::{EncodeRsaPrivateKey as _, EncodeRsaPublicKey as _};
use rsa::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _, LineEnding};

use super::root;
use super::signatures::rng;

/// The folder of the key pairs, `NAME.private.pem` and `NAME.public.pem`.
pub(crate) fn keys() -> &'static Path {
    static KEYS: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = root().join("target/test-keys");
        std::fs::create_dir_all(&folder).expect("a folder");
        // Other test binaries may run at the same time.
        let lock = File::create(folder.join(".lock")).expect("a file");
        lock.lock().expect("a lock");
        make(&folder);
        folder
    });
    &KEYS
}

/// The file of a private key.
pub(crate) fn private_key(name: &str) -> String {
    keys().join(format!("{name}.private.pem")).display().to_string()
}

/// The file of a public key.
pub(crate) fn public_key(name: &str) -> String {
    keys().join(format!("{name}.public.pem")).display().to_string()
}

fn make(folder: &Path) {
    for (name, bits) in [("rsa", 2048), ("rsa2", 2048), ("rsa1024", 1024), ("rsa4096", 4096)] {
        pair(folder, name, || {
            let key = rsa::PrivateKey::new(&mut rng(), bits).expect("a key");
            [pkcs8(&key), key.to_public_key().to_public_key_pem(LineEnding::LF).expect("PEM")]
        });
    }
    for name in ["ecdsa", "ecdsa2"] {
        pair(folder, name, || {
            let key = p256::SecretKey::generate_from_rng(&mut rng());
            [pkcs8(&key), key.public_key().to_public_key_pem(LineEnding::LF).expect("PEM")]
        });
    }
    for (name, algorithm) in [("p384", &rcgen::PKCS_ECDSA_P384_SHA384), ("ed25519", &rcgen::PKCS_ED25519)] {
        pair(folder, name, || {
            let key = rcgen::KeyPair::generate_for(algorithm).expect("a key");
            [key.serialize_pem(), key.public_key_pem()]
        });
    }
    older_forms(folder);
}

/// The RSA key as PKCS#1, the ECDSA key as SEC1.
fn older_forms(folder: &Path) {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a file");
    let key = || rsa::PrivateKey::from_pkcs8_pem(&read("rsa.private.pem")).expect("a key");
    write(folder, "rsa-pkcs1.private.pem", || key().to_pkcs1_pem(LineEnding::LF).expect("PEM").to_string());
    write(folder, "rsa-pkcs1.public.pem", || {
        key().to_public_key().to_pkcs1_pem(LineEnding::LF).expect("PEM")
    });
    write(folder, "ecdsa-sec1.private.pem", || {
        let key = p256::SecretKey::from_pkcs8_pem(&read("ecdsa.private.pem")).expect("a key");
        key.to_sec1_pem(LineEnding::LF).expect("PEM").to_string()
    });
}

fn pkcs8(key: &impl rsa::pkcs8::EncodePrivateKey) -> String {
    key.to_pkcs8_pem(LineEnding::LF).expect("PEM").to_string()
}

/// Writes both halves unless they are there.
fn pair(folder: &Path, name: &str, make: impl Fn() -> [String; 2]) {
    let (private, public) = (format!("{name}.private.pem"), format!("{name}.public.pem"));
    if folder.join(&private).exists() && folder.join(&public).exists() {
        return;
    }
    let [private_pem, public_pem] = make();
    let _ = std::fs::remove_file(folder.join(&private));
    write(folder, &private, || private_pem.clone());
    let _ = std::fs::remove_file(folder.join(&public));
    write(folder, &public, || public_pem.clone());
}

/// Never half a file: the name appears with its content.
fn write(folder: &Path, name: &str, text: impl Fn() -> String) {
    let file = folder.join(name);
    if !file.exists() {
        let part = folder.join(format!("{name}.part"));
        std::fs::write(&part, text()).expect("a file");
        std::fs::rename(part, file).expect("a file");
    }
}
