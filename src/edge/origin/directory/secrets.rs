//! Files that are never shown whatever they are called: private keys, by what is in them, and copies of the files that
//! Frontgate itself is run with.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

/// Whether a file must not be shown.
///
/// # Errors
/// When it can't be read.
pub(super) fn is_secret(file: &File, len: u64, secrets: &[PathBuf]) -> io::Result<bool> {
    Ok(is_private_key(file, len)? || is_copy(file, len, secrets)?)
}

/// Whether a file is PEM with a private key in it. It is PEM where its first bytes, blanks and a byte order mark apart, begin a
/// PEM block or what openssl writes before one: a page that quotes a key begins otherwise.
fn is_private_key(file: &File, len: u64) -> io::Result<bool> {
    let mut begin = [0; 64];
    let mut at = 0;
    // Most files are known by their first bytes; only blanks are read on.
    let first = loop {
        let read = file.read_at(&mut begin, at)?;
        let found = begin[..read].iter().position(|byte| !is_blank(*byte));
        match found {
            Some(found) => break at + found as u64,
            None if read == 0 => return Ok(false),
            // No page begins with so many blanks; what follows them isn't read.
            None if at > MAX_BLANKS => return Ok(true),
            None => at += read as u64,
        }
    };
    let read = file.read_at(&mut begin, first)?;
    if !PEM_BEGINNINGS.iter().any(|text| begin[..read].starts_with(text)) {
        return Ok(false);
    }
    if begin[..read].starts_with(PUTTY) {
        return Ok(true);
    }
    let text = read_up_to(file, first, MAX_PEM.min(len))?;
    let mut lines = text.split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::trim_ascii);
    Ok(lines.any(|line| line.starts_with(b"-----BEGIN ") && line.windows(KEY.len()).any(|part| part == KEY)))
}

/// The bytes of the mark count as blanks.
fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, 0x0b | 0xef | 0xbb | 0xbf)
}

/// Whether a file holds the same bytes as one of the secret files, such as the configuration.
fn is_copy(file: &File, len: u64, secrets: &[PathBuf]) -> io::Result<bool> {
    if !(1..=MAX_COPY).contains(&len) {
        return Ok(false);
    }
    for secret in secrets {
        let is_as_long = fs::metadata(secret).is_ok_and(|found| found.is_file() && found.len() == len);
        // One that can't be read can't be shown either.
        let Some(bytes) = is_as_long.then(|| fs::read(secret).ok()).flatten() else { continue };
        if bytes == read_up_to(file, 0, len)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn read_up_to(file: &File, from: u64, len: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], from + filled as u64)? {
            0 => break,
            read => filled += read,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

const PEM_BEGINNINGS: [&[u8]; 4] = [b"-----BEGIN ", b"Bag Attributes", b"Private-Key:", PUTTY];
const PUTTY: &[u8] = b"PuTTY-User-Key-File-";
/// Of RSA, EC, encrypted, OpenSSH and PGP keys alike.
const KEY: &[u8] = b"PRIVATE KEY";
const MAX_BLANKS: u64 = 1 << 20;
/// A bundle of certificates with a key behind them.
const MAX_PEM: u64 = 1 << 20;
/// The longest configuration that is looked for.
const MAX_COPY: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> File {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(bytes, 0).unwrap();
        file
    }

    #[test]
    fn a_private_key_is_known_by_its_first_bytes_and_a_page_that_quotes_one_is_not() {
        let long = "\n".repeat(5000) + "-----BEGIN PRIVATE KEY-----\n";
        for (text, expected) in [
            ("-----BEGIN PRIVATE KEY-----\nMII", true),
            ("-----BEGIN RSA PRIVATE KEY-----\r\nMII", true),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII", true),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3B", true),
            ("-----BEGIN PGP PRIVATE KEY BLOCK-----\n", true),
            ("\u{feff}-----BEGIN EC PRIVATE KEY-----\n", true),
            ("\u{feff}\r\n \t\n-----BEGIN EC PRIVATE KEY-----", true),
            (&long, true),
            (
                "-----BEGIN EC PARAMETERS-----\nBggqhk\n-----END EC PARAMETERS-----\n-----BEGIN EC PRIVATE KEY-----\n",
                true,
            ),
            (
                "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n",
                true,
            ),
            ("Bag Attributes\n  friendlyName: x\n-----BEGIN PRIVATE KEY-----\n", true),
            ("-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n", false),
            ("-----BEGIN PUBLIC KEY-----\nMII\n", false),
            ("<pre>\n-----BEGIN PRIVATE KEY-----\n</pre>", false),
            ("# A key looks so:\n\n-----BEGIN PRIVATE KEY-----\n", false),
            ("-----BEGIN", false),
            ("", false),
            ("  \n", false),
        ] {
            assert_eq!(
                is_secret(&file(text.as_bytes()), text.len() as u64, &[]).unwrap(),
                expected,
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_copy_of_a_secret_file_is_secret_and_another_file_of_its_length_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let secret = dir.path().join("config.toml");
        fs::write(&secret, "token = 1\n").unwrap();
        let secrets = [dir.path().to_owned(), dir.path().join("none"), secret];
        for (text, expected) in [("token = 1\n", true), ("token = 2\n", false), ("token = 1", false)] {
            assert_eq!(is_secret(&file(text.as_bytes()), text.len() as u64, &secrets).unwrap(), expected);
        }
    }
}
