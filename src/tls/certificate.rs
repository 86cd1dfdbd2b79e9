//! Certificates that listeners present: read, with the names and the time that they are good for.

use std::sync::Arc;

use rustls::client::verify_server_name;
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer, ServerName,
};
use rustls::server::{ClientHello, ParsedCertificate};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Version};

use super::provider;
use crate::distribution::key::pem::{self, Block, Content};
use crate::distribution::key::{UnfitKey, half::Half};

/// A certificate chain with its key, ready to be presented.
#[derive(Clone, Debug)]
pub struct Certificate {
    key: Arc<CertifiedKey>,
    validity: Validity,
    names: Arc<[String]>,
}

/// When a certificate is good, in epoch seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// From here on.
    pub not_before: i64,
    /// Until here.
    pub not_after: i64,
}

impl Certificate {
    /// Reads a chain, the viewer's own certificate first, and its key: PKCS#8, PKCS#1 or SEC1. Both are PEM.
    ///
    /// # Errors
    /// [`InvalidCertificate`] for what isn't PEM, a key of an unknown kind, and a key of another certificate.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, InvalidCertificate> {
        let chain = certificates(chain)?;
        let first =
            chain.first().ok_or_else(|| InvalidCertificate::chain("it holds no certificate", None))?;
        let (validity, names) = facts(first)?;
        let key = CertifiedKey::from_der(chain, private_key(key)?, &provider()).map_err(unusable)?;
        Ok(Self { key: Arc::new(key), validity, names: names.into() })
    }

    /// As rustls presents it.
    #[must_use]
    pub fn certified_key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.key)
    }

    /// Whether it is good for a name that a viewer asks for.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        let Ok(name) = ServerName::try_from(name) else { return false };
        let parsed = self.key.end_entity_cert().and_then(ParsedCertificate::try_from);
        parsed.is_ok_and(|certificate| verify_server_name(&certificate, &name).is_ok())
    }

    /// When it is good.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// The names that it states.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn can_sign(&self, hello: &ClientHello<'_>) -> bool {
        self.key.key.choose_scheme(hello.signature_schemes()).is_some()
    }
}

/// Why a certificate can't be presented.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCertificate {
    /// The chain.
    #[error("the certificate can't be read: {problem}")]
    Chain {
        /// What is wrong.
        problem: String,
        /// How to fix it.
        help: Option<&'static str>,
    },
    /// The key.
    #[error("the private key can't be read: {problem}")]
    Key {
        /// What is wrong.
        problem: String,
        /// How to fix it; `KEY` stands for the file.
        help: Option<String>,
    },
    /// A key that doesn't belong to the certificate.
    #[error("the private key belongs to another certificate")]
    Strangers,
}

impl InvalidCertificate {
    fn chain(problem: impl Into<String>, help: impl Into<Option<&'static str>>) -> Self {
        Self::Chain { problem: problem.into(), help: help.into() }
    }

    /// How to fix it, mostly a command.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Chain { help, .. } => *help,
            Self::Key { help, .. } => help.as_deref(),
            Self::Strangers => {
                Some("compare: openssl x509 -in CERTIFICATE -noout -pubkey; openssl pkey -in KEY -pubout")
            }
        }
    }
}

fn unusable(error: rustls::Error) -> InvalidCertificate {
    if let rustls::Error::InconsistentKeys(_) = error {
        InvalidCertificate::Strangers
    } else if let rustls::Error::InvalidCertificate(_) = error {
        InvalidCertificate::chain(UNREADABLE, None)
    } else {
        let problem =
            "expected RSA of 2048 bits or more, ECDSA or Ed25519, found another kind of key".to_owned();
        InvalidCertificate::Key { problem, help: None }
    }
}

/// The certificates of a text, however its line ends changed; keys and parameters beside them don't count.
fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, InvalidCertificate> {
    let text = std::str::from_utf8(text).map_err(|_| match X509Certificate::from_der(text) {
        Ok(_) => InvalidCertificate::chain("expected PEM, found a certificate in DER", DER_HELP),
        Err(_) => {
            InvalidCertificate::chain("expected PEM, found bytes that are not text (PKCS#12?)", PKCS12_HELP)
        }
    })?;
    let blocks = pem::blocks(text)
        .map_err(|_| InvalidCertificate::chain("a PEM block is damaged or cut short", COPY_AGAIN))?;
    let mut found = Vec::new();
    for block in &blocks {
        match (block.label.as_str(), &block.content) {
            ("CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE", Content::Der(der)) => {
                found.push(CertificateDer::from(der.clone()));
            }
            ("PKCS7", _) => {
                return Err(InvalidCertificate::chain("expected certificates, found PKCS#7", PKCS7_HELP));
            }
            _ => {}
        }
    }
    match (found.is_empty(), blocks.first()) {
        (true, Some(other)) => {
            let problem = format!("expected a block `CERTIFICATE`, found `{}`", other.label);
            Err(InvalidCertificate::chain(problem, None))
        }
        _ => Ok(found),
    }
}

/// The one private key of a text.
fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, InvalidCertificate> {
    let unfit = |unfit: UnfitKey| InvalidCertificate::Key {
        problem: unfit.to_string(),
        help: unfit.help().map(str::to_owned),
    };
    let text = std::str::from_utf8(text).map_err(|_| unfit(UnfitKey::binary(Half::Private, text)))?;
    let blocks = pem::blocks(text).map_err(|broken| unfit(UnfitKey::broken(Half::Private, &broken)))?;
    let private: Vec<&Block> = blocks.iter().filter(|block| block.label.ends_with("PRIVATE KEY")).collect();
    match private[..] {
        [] => Err(unfit(match blocks.first() {
            Some(other) => UnfitKey::block(Half::Private, other),
            None => UnfitKey::without_block(Half::Private, text),
        })),
        [block] => match (block.label.as_str(), &block.content) {
            ("PRIVATE KEY", Content::Der(der)) => Ok(PrivatePkcs8KeyDer::from(der.clone()).into()),
            ("RSA PRIVATE KEY", Content::Der(der)) => Ok(PrivatePkcs1KeyDer::from(der.clone()).into()),
            ("EC PRIVATE KEY", Content::Der(der)) => Ok(PrivateSec1KeyDer::from(der.clone()).into()),
            _ => Err(unfit(UnfitKey::block(Half::Private, block))),
        },
        _ => Err(unfit(UnfitKey::several(Half::Private, private.len()))),
    }
}

/// Validity and names of a viewer's certificate.
fn facts(der: &CertificateDer<'_>) -> Result<(Validity, Vec<String>), InvalidCertificate> {
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|_| InvalidCertificate::chain(UNREADABLE, COPY_AGAIN))?;
    if certificate.version() != X509Version::V3 {
        let found = certificate.version().0 + 1;
        let problem =
            format!("expected X.509 version 3 with its names in subjectAltName, found version {found}");
        return Err(InvalidCertificate::chain(problem, V3_HELP));
    }
    let validity = certificate.validity();
    let validity =
        Validity { not_before: validity.not_before.timestamp(), not_after: validity.not_after.timestamp() };
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names.iter().flat_map(|names| &names.value.general_names).filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match **bytes {
            [a, b, c, d] => Some(std::net::Ipv4Addr::from([a, b, c, d]).to_string()),
            _ => <[u8; 16]>::try_from(*bytes).ok().map(|bytes| std::net::Ipv6Addr::from(bytes).to_string()),
        },
        GeneralName::OtherName(..)
        | GeneralName::RFC822Name(_)
        | GeneralName::X400Address(_)
        | GeneralName::DirectoryName(_)
        | GeneralName::EDIPartyName(_)
        | GeneralName::URI(_)
        | GeneralName::RegisteredID(_)
        | GeneralName::Invalid(..) => None,
    });
    Ok((validity, names.collect()))
}

const UNREADABLE: &str = "it is damaged or no X.509 certificate";
const COPY_AGAIN: &str = "copy the whole file again, from `-----BEGIN` to the end of the `-----END` line";
const DER_HELP: &str = "openssl x509 -inform DER -in CERTIFICATE -out NEW";
const PKCS7_HELP: &str = "openssl pkcs7 -in CERTIFICATE -print_certs -out NEW";
const PKCS12_HELP: &str =
    "openssl pkcs12 -in FILE -nokeys -out CERTIFICATE; openssl pkcs12 -in FILE -nocerts -nodes -out KEY";
const V3_HELP: &str = "issue it with its names: openssl req -x509 … -addext subjectAltName=DNS:media.example.com, or openssl x509 -req … -extfile";
