//! Links and keys, judged by OpenSSL.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::configs;
use crate::support::{canned, frontgate, private_key, public_key, run, stderr, stdout};

const URL: &str = "https://media.example.com/a%20b.mp4?x=1";

fn in_folder(folder: &Path, args: &[&str]) -> Output {
    frontgate().current_dir(folder).args(args).output().unwrap()
}

fn sign(what: &str, key: &str, more: &[&str]) -> Output {
    let key_file = private_key(key);
    let mut args = vec!["sign", what, URL, "--key-pair-id", configs::id(key), "--private-key", &key_file];
    args.extend(more);
    run(&args)
}

/// A signing value out of a URL, decoded by hand.
fn value(url: &str, name: &str) -> Option<Vec<u8>> {
    use base64::prelude::{BASE64_STANDARD, Engine};
    let (_, query) = url.split_once('?')?;
    let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    BASE64_STANDARD.decode(value.trim().replace('-', "+").replace('_', "=").replace('~', "/")).ok()
}

/// Whether OpenSSL takes a signature.
fn openssl_verifies(key: &str, hash: &str, message: &[u8], signature: &[u8]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let (message_file, signature_file) = (dir.path().join("message"), dir.path().join("signature"));
    std::fs::write(&message_file, message).unwrap();
    std::fs::write(&signature_file, signature).unwrap();
    let output = Command::new("openssl")
        .args(["dgst", &format!("-{hash}"), "-verify", &public_key(key), "-signature"])
        .args([&signature_file, &message_file])
        .output()
        .expect("openssl is installed");
    output.status.success()
}

#[test]
fn canned_links_verify_with_openssl_in_every_combination() {
    for key in ["rsa", "ecdsa"] {
        for hash in ["sha1", "sha256"] {
            let output = sign("url", key, &["--expires", "1990000000", "--hash", hash]);
            assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
            let url = stdout(&output);
            let message = canned(URL, "1990000000");
            assert!(url.starts_with(&format!("{URL}&Expires=1990000000&Signature=")), "{url}");
            assert_eq!(url.contains("&Hash-Algorithm=SHA256"), hash == "sha256");
            let signature = value(&url, "Signature").unwrap();
            assert!(openssl_verifies(key, hash, message.as_bytes(), &signature), "{key} {hash}");
            assert!(!openssl_verifies(key, hash, b"other", &signature));
        }
    }
}

#[test]
fn keygen_makes_keys_that_openssl_reads_and_never_overwrites() {
    let dir = tempfile::tempdir().unwrap();
    for (kind, words) in [("rsa", "2048 bit"), ("ecdsa", "prime256v1")] {
        let output = in_folder(dir.path(), &["keygen", "--type", kind, "--out", "keys"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let text = stdout(&output);
        let id = text.lines().next().unwrap();
        assert!(
            id.len() == 14
                && id.starts_with('K')
                && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        );
        assert!(
            text.contains("[[public-keys]]") && text.contains(&format!("keys/{id}.public.pem")),
            "{text}"
        );
        let private = dir.path().join(format!("keys/{id}.private.pem"));
        assert_eq!(private.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        for (file, more) in [("private", vec![]), ("public", vec!["-pubin"])] {
            let path = dir.path().join(format!("keys/{id}.{file}.pem"));
            let read = Command::new("openssl")
                .args(["pkey", "-noout", "-text", "-in"])
                .arg(&path)
                .args(more)
                .output();
            let read = read.unwrap();
            assert!(
                read.status.success() && stdout(&read).contains(words),
                "{kind} {file}: {}",
                stdout(&read)
            );
        }
        assert!(std::fs::read_to_string(&private).unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));
        let before = std::fs::read(&private).unwrap();
        let again = in_folder(dir.path(), &["keygen", "--out", "keys", "--id", id]);
        assert!(again.status.code() == Some(2) && stderr(&again).contains("never overwritten"));
        assert_eq!(std::fs::read(&private).unwrap(), before);
    }
    let odd = in_folder(dir.path(), &["keygen", "--id", "../x"]);
    assert_eq!(odd.status.code(), Some(2));
}
