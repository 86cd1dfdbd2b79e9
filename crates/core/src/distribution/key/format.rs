//! The formats that keys come in: by a label, by a text's beginning, by the structure of bytes.

use std::fmt;

use super::half::Half;
use rsa::pkcs8::der::asn1::AnyRef;
use rsa::pkcs8::der::{Decode, Reader, SliceReader, Tag, Tagged};

/// What keys come as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// DER alone, or in a block under another label.
    Der(Structure),
    /// A private key under a passphrase.
    Encrypted,
    Pkcs12,
    JavaKeystore,
    Pgp,
    Putty,
    OpenSshPrivate(SshAlgorithm),
    OpenSshPublic(SshAlgorithm),
    /// RFC 4716, what `ssh-keygen -e` writes.
    Ssh2Public,
    JsonWebKey,
    XmlKey,
    Base64OfPem,
    BareBase64,
    /// A `BEGIN` line with other dashes than five hyphens, as autocorrection leaves it.
    OtherDashes,
    Utf16,
    Html,
    Empty,
    UnknownText,
    UnknownBytes,
}

/// The ASN.1 structures that keys and certificates have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Structure {
    Spki,
    Pkcs1Public,
    Pkcs8,
    Pkcs1Private,
    Sec1,
    Certificate,
    Request,
    Pkcs7,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SshAlgorithm {
    Rsa,
    P256,
    /// One that CloudFront doesn't take, whatever its format.
    Other(&'static str),
    Unknown,
}

impl Structure {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Spki => "PUBLIC KEY",
            Self::Pkcs1Public => "RSA PUBLIC KEY",
            Self::Pkcs8 => "PRIVATE KEY",
            Self::Pkcs1Private => "RSA PRIVATE KEY",
            Self::Sec1 => "EC PRIVATE KEY",
            Self::Certificate => "CERTIFICATE",
            Self::Request => "CERTIFICATE REQUEST",
            Self::Pkcs7 => "PKCS7",
        }
    }

    /// Whether it is this half of a pair.
    pub(super) fn is(self, half: Half) -> bool {
        match self {
            Self::Spki | Self::Pkcs1Public => half == Half::Public,
            Self::Pkcs8 | Self::Pkcs1Private | Self::Sec1 => half == Half::Private,
            Self::Certificate | Self::Request | Self::Pkcs7 => false,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Spki => "a public key (SPKI)",
            Self::Pkcs1Public => "an RSA public key (PKCS#1)",
            Self::Pkcs8 => "a private key (PKCS#8)",
            Self::Pkcs1Private => "an RSA private key (PKCS#1)",
            Self::Sec1 => "an EC private key (SEC1)",
            Self::Certificate => "a certificate",
            Self::Request => "a certificate request",
            Self::Pkcs7 => "certificates in PKCS#7",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Der(structure) => return f.write_str(structure.name()),
            Self::Encrypted => "an encrypted private key",
            Self::Pkcs12 => "a PKCS#12 file (.p12, .pfx)",
            Self::JavaKeystore => "a Java keystore",
            Self::Pgp => "a PGP key",
            Self::Putty => "a PuTTY key (.ppk)",
            Self::OpenSshPrivate(algorithm) => return write!(f, "an OpenSSH private key{algorithm}"),
            Self::OpenSshPublic(algorithm) => return write!(f, "an OpenSSH public key{algorithm}"),
            Self::Ssh2Public => "an SSH2 public key (RFC 4716)",
            Self::JsonWebKey => "a JSON Web Key",
            Self::XmlKey => "an RSA key as XML",
            Self::Base64OfPem => "a PEM file that was encoded in base64 once more",
            Self::BareBase64 => "base64 without its `-----BEGIN` and `-----END` lines",
            Self::OtherDashes => "a `BEGIN` line without its five hyphens on both sides",
            Self::Utf16 => "UTF-16 text",
            Self::Html => "an HTML page",
            Self::Empty => "nothing: it is empty",
            Self::UnknownText => "text without `-----BEGIN`",
            Self::UnknownBytes => "bytes that are neither text nor a known format of keys",
        })
    }
}

impl fmt::Display for SshAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa => f.write_str(" (RSA)"),
            Self::P256 => f.write_str(" (ECDSA P-256)"),
            Self::Other(name) => write!(f, " ({name})"),
            Self::Unknown => Ok(()),
        }
    }
}

/// What a label promises.
pub(super) fn of_label(label: &str) -> Option<Format> {
    Some(match label {
        "PUBLIC KEY" => Format::Der(Structure::Spki),
        "RSA PUBLIC KEY" => Format::Der(Structure::Pkcs1Public),
        "PRIVATE KEY" => Format::Der(Structure::Pkcs8),
        "RSA PRIVATE KEY" => Format::Der(Structure::Pkcs1Private),
        "EC PRIVATE KEY" => Format::Der(Structure::Sec1),
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => Format::Der(Structure::Certificate),
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Format::Der(Structure::Request),
        "PKCS7" | "CMS" => Format::Der(Structure::Pkcs7),
        "OPENSSH PRIVATE KEY" => Format::OpenSshPrivate(SshAlgorithm::Unknown),
        "ENCRYPTED PRIVATE KEY" => Format::Encrypted,
        label if label.starts_with("PGP") => Format::Pgp,
        _ => return None,
    })
}

pub(super) fn of_text(text: &str) -> Format {
    let text = text.trim_start_matches('\u{feff}').trim();
    let starts =
        |prefix: &str| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let squeezed: String = text.split_whitespace().collect();
    let is_base64 = squeezed.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
    if text.is_empty() {
        Format::Empty
    } else if text.starts_with('{') && (text.contains("\"kty\"") || text.contains("\"keys\"")) {
        Format::JsonWebKey
    } else if text.starts_with("PuTTY-User-Key-File") {
        Format::Putty
    } else if text.starts_with("---- BEGIN SSH2") {
        Format::Ssh2Public
    } else if starts("<!doctype html") || starts("<html") {
        Format::Html
    } else if starts("<RSAKeyValue") || text.contains("<RSAKeyValue>") {
        Format::XmlKey
    } else if let Some(algorithm) = openssh_line(text) {
        Format::OpenSshPublic(algorithm)
    } else if squeezed.contains("LS0tLS1CRUdJTi") {
        Format::Base64OfPem
    } else if is_base64 && squeezed.starts_with("MI") && squeezed.len() > 64 {
        Format::BareBase64
    } else if text.contains("BEGIN") && text.contains("KEY") {
        Format::OtherDashes
    } else {
        Format::UnknownText
    }
}

/// A line of `id_rsa.pub` or of `authorized_keys`.
fn openssh_line(text: &str) -> Option<SshAlgorithm> {
    let mut words = text.split_whitespace();
    let name = words.find(|word| {
        word.starts_with("ssh-") || word.starts_with("ecdsa-sha2-") || word.starts_with("sk-")
    })?;
    words.next().filter(|word| word.starts_with("AAAA"))?;
    Some(ssh_algorithm(name.as_bytes()))
}

pub(super) fn of_bytes(bytes: &[u8]) -> Format {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Format::Utf16;
    }
    if bytes.starts_with(&[0xfe, 0xed, 0xfe, 0xed]) {
        return Format::JavaKeystore;
    }
    of_der(bytes).unwrap_or(Format::UnknownBytes)
}

/// The structure of DER, by the tags of its first elements.
pub(super) fn of_der(der: &[u8]) -> Option<Format> {
    let outer = AnyRef::from_der(der).ok().filter(|any| any.tag() == Tag::Sequence)?;
    let tags = tags(outer.value());
    Some(match tags.as_slice() {
        [Tag::Sequence, Tag::BitString] => Format::Der(Structure::Spki),
        [Tag::Integer, Tag::Integer] => Format::Der(Structure::Pkcs1Public),
        [Tag::Integer, Tag::Sequence, Tag::OctetString, ..] => Format::Der(Structure::Pkcs8),
        [Tag::Integer, Tag::OctetString, ..] => Format::Der(Structure::Sec1),
        [Tag::Integer, Tag::Integer, Tag::Integer, Tag::Integer, ..] => Format::Der(Structure::Pkcs1Private),
        [Tag::Sequence, Tag::OctetString] => Format::Encrypted,
        [Tag::Integer, Tag::Sequence, ..] => Format::Pkcs12,
        [Tag::ObjectIdentifier, ..] => Format::Der(Structure::Pkcs7),
        [Tag::Sequence, Tag::Sequence, Tag::BitString] => match is_request(outer.value()) {
            true => Format::Der(Structure::Request),
            false => Format::Der(Structure::Certificate),
        },
        _ => return None,
    })
}

/// A request has its version, a name, a key and `[0]`; a certificate a serial number and more.
fn is_request(signed: &[u8]) -> bool {
    let first = SliceReader::new(signed).and_then(|mut reader| AnyRef::decode(&mut reader));
    let Ok(first) = first else { return false };
    matches!(
        tags(first.value()).as_slice(),
        [Tag::Integer, Tag::Sequence, Tag::Sequence, Tag::ContextSpecific { .. }]
    )
}

/// The tags of a sequence's elements, at most as many as any known structure has.
fn tags(content: &[u8]) -> Vec<Tag> {
    let mut tags = Vec::new();
    let Ok(mut reader) = SliceReader::new(content) else { return tags };
    while tags.len() < 10 && !reader.is_finished() {
        match AnyRef::decode(&mut reader) {
            Ok(element) => tags.push(element.tag()),
            Err(_) => break,
        }
    }
    tags
}

/// What is inside OpenSSH's own format, whose public half is never encrypted.
pub(super) fn openssh_algorithm(content: &[u8]) -> SshAlgorithm {
    ssh_algorithm(content.get(..MAX_OPENSSH_HEAD).unwrap_or(content))
}

fn ssh_algorithm(text: &[u8]) -> SshAlgorithm {
    let has = |name: &str| memchr::memmem::find(text, name.as_bytes()).is_some();
    if has("ssh-rsa") {
        SshAlgorithm::Rsa
    } else if has("nistp256") && !has("sk-") {
        SshAlgorithm::P256
    } else {
        let other = OTHER_SSH.iter().find(|(name, _)| has(name));
        other.map_or(SshAlgorithm::Unknown, |(_, name)| SshAlgorithm::Other(name))
    }
}

const OTHER_SSH: [(&str, &str); 6] = [
    ("sk-", "of a security key, which can't leave it"),
    ("ed25519", "Ed25519, which CloudFront doesn't take"),
    ("ed448", "Ed448, which CloudFront doesn't take"),
    ("nistp384", "ECDSA P-384, which CloudFront doesn't take"),
    ("nistp521", "ECDSA P-521, which CloudFront doesn't take"),
    ("ssh-dss", "DSA, which CloudFront doesn't take"),
];
/// Name, cipher, derivation and the algorithm of the public half.
const MAX_OPENSSH_HEAD: usize = 256;
