//! TLS as viewers meet it: CloudFront's security policies, certificates chosen by name, sessions that are resumed.

use std::io;
use std::sync::{Arc, LazyLock};

use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{
    ClientHello, NoServerSessionStorage, ParsedCertificate, ProducesTickets, ResolvesServerCert, ServerConfig,
};
use rustls::sign::CertifiedKey;
use rustls::{CipherSuite, SupportedProtocolVersion, version};

/// The least that a viewer must speak, under CloudFront's names.
///
/// The names are `[RECALL]` of AWS's table of security policies. That all those of TLS 1.2 are the same six suites here is
/// ours: rustls has no others (no CBC, no RSA key exchange).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecurityPolicy {
    /// TLS 1.2 and 1.3.
    #[default]
    Tls12,
    /// TLS 1.3 alone.
    Tls13,
}

impl SecurityPolicy {
    /// Reads one of CloudFront's names.
    ///
    /// # Errors
    /// What is expected instead: those that allow what is broken (SSLv3 to TLS 1.1) are not understood.
    pub fn parse(name: &str) -> Result<Self, String> {
        match name {
            "TLSv1.2_2018" | "TLSv1.2_2019" | "TLSv1.2_2021" | "TLSv1.2_2025" => Ok(Self::Tls12),
            "TLSv1.3_2025" => Ok(Self::Tls13),
            "SSLv3" | "TLSv1" | "TLSv1_2016" | "TLSv1.1_2016" => {
                Err(format!("{EXPECTED_POLICY} (nothing below TLS 1.2 is spoken here)"))
            }
            _ => Err(EXPECTED_POLICY.to_owned()),
        }
    }

    fn versions(self) -> &'static [&'static SupportedProtocolVersion] {
        match self {
            Self::Tls12 => FROM_TLS_12,
            Self::Tls13 => FROM_TLS_13,
        }
    }
}

/// A certificate chain with its key, ready to be presented.
#[derive(Clone, Debug)]
pub struct Certificate(Arc<CertifiedKey>);

impl Certificate {
    /// Reads a chain, the viewer's own certificate first, and its key: PKCS#8, PKCS#1 or SEC1. Both are PEM.
    ///
    /// # Errors
    /// [`InvalidCertificate`] for what isn't PEM, a key of an unknown kind, and a key of another certificate.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, InvalidCertificate> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
        let certificates = certificates.map_err(|error| InvalidCertificate::Chain(error.to_string()))?;
        if certificates.is_empty() {
            return Err(InvalidCertificate::Chain("it holds no certificate".to_owned()));
        }
        let key =
            PrivateKeyDer::from_pem_slice(key).map_err(|error| InvalidCertificate::Key(error.to_string()))?;
        let key = CertifiedKey::from_der(certificates, key, &provider()).map_err(|error| {
            if let rustls::Error::InconsistentKeys(_) = error {
                InvalidCertificate::Strangers
            } else if let rustls::Error::InvalidCertificate(_) = error {
                InvalidCertificate::Chain(error.to_string())
            } else {
                InvalidCertificate::Key(error.to_string())
            }
        })?;
        Ok(Self(Arc::new(key)))
    }

    /// As rustls presents it.
    #[must_use]
    pub fn certified_key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0)
    }

    /// Whether it is good for a name that a viewer asks for.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        let Ok(name) = ServerName::try_from(name) else { return false };
        let parsed = self.0.end_entity_cert().and_then(ParsedCertificate::try_from);
        parsed.is_ok_and(|certificate| verify_server_name(&certificate, &name).is_ok())
    }

    fn can_sign(&self, hello: &ClientHello<'_>) -> bool {
        self.0.key.choose_scheme(hello.signature_schemes()).is_some()
    }
}

/// Why a certificate can't be presented.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCertificate {
    /// The chain.
    #[error("the certificate can't be read: {0}")]
    Chain(String),
    /// The key.
    #[error("the private key can't be read: {0}")]
    Key(String),
    /// A key that doesn't belong to the certificate.
    #[error("the private key belongs to another certificate")]
    Strangers,
}

/// What a listener presents: HTTP/2 and HTTP/1.1 by ALPN, sessions resumed by tickets.
///
/// # Errors
/// When the provider can't make tickets, or knows no suite of the policy.
pub fn server_config(
    certificates: Vec<Certificate>,
    policy: SecurityPolicy,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    server_config_by(Arc::new(ByName(certificates)), policy)
}

/// As [`server_config`], with what chooses the certificate of each handshake.
///
/// # Errors
/// As [`server_config`].
pub fn server_config_by(
    certificates: Arc<dyn ResolvesServerCert>,
    policy: SecurityPolicy,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let builder =
        ServerConfig::builder_with_provider(provider()).with_protocol_versions(policy.versions())?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(certificates);
    config.alpn_protocols = vec![HTTP_2.to_vec(), b"http/1.1".to_vec()];
    config.ticketer = tickets()?;
    // One: a viewer with several connections resumes each from the same, or from the newest.
    config.send_tls13_tickets = 1;
    // Tickets carry a session with the viewer: a memory of sessions would be a lock that all threads share.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(Arc::new(config))
}

/// One for the process, so that a reload, or another thread, resumes what was begun before.
fn tickets() -> Result<Arc<dyn ProducesTickets>, rustls::Error> {
    static TICKETS: LazyLock<Result<Arc<dyn ProducesTickets>, rustls::Error>> =
        LazyLock::new(aws_lc_rs::Ticketer::new);
    TICKETS.clone()
}

/// The one provider of cryptography.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> =
        LazyLock::new(|| Arc::new(aws_lc_rs::default_provider()));
    Arc::clone(&PROVIDER)
}

/// Presents the first certificate that covers the name and whose key the viewer can verify; the first one to a viewer
/// without a name, or with one that none covers, as CloudFront presents its own.
#[derive(Debug)]
struct ByName(Vec<Certificate>);

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let first = self.0.first()?;
        let named = match (hello.server_name(), self.0.len()) {
            (Some(name), 2..) => self.0.iter().find(|one| one.can_sign(&hello) && one.covers(name)),
            (Some(_) | None, _) => None,
        };
        let usable = named.or_else(|| self.0.iter().find(|one| one.can_sign(&hello)));
        Some(Arc::clone(&usable.unwrap_or(first).0))
    }
}

/// A version as CloudFront's log names it.
#[must_use]
pub fn protocol_name(version: Option<rustls::ProtocolVersion>) -> &'static str {
    match version {
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLSv1.3",
        _ => "TLSv1.2",
    }
}

/// A suite as CloudFront's log names it: OpenSSL's names for TLS 1.2.
#[must_use]
pub fn cipher_name(suite: Option<CipherSuite>) -> &'static str {
    match suite {
        Some(CipherSuite::TLS13_AES_128_GCM_SHA256) => "TLS_AES_128_GCM_SHA256",
        Some(CipherSuite::TLS13_AES_256_GCM_SHA384) => "TLS_AES_256_GCM_SHA384",
        Some(CipherSuite::TLS13_CHACHA20_POLY1305_SHA256) => "TLS_CHACHA20_POLY1305_SHA256",
        Some(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256) => "ECDHE-ECDSA-AES128-GCM-SHA256",
        Some(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384) => "ECDHE-ECDSA-AES256-GCM-SHA384",
        Some(CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256) => "ECDHE-ECDSA-CHACHA20-POLY1305",
        Some(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256) => "ECDHE-RSA-AES128-GCM-SHA256",
        Some(CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) => "ECDHE-RSA-AES256-GCM-SHA384",
        Some(CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256) => "ECDHE-RSA-CHACHA20-POLY1305",
        _ => "-",
    }
}

/// Reads a PEM file of a sensible size.
///
/// # Errors
/// As the system says, or what the file is instead.
pub fn read_pem(file: &std::path::Path) -> io::Result<Vec<u8>> {
    let meta = std::fs::metadata(file)?;
    if !meta.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    if meta.len() > MAX_PEM {
        return Err(io::Error::other(format!("it has {} bytes, more than {MAX_PEM}", meta.len())));
    }
    std::fs::read(file)
}

static FROM_TLS_12: &[&SupportedProtocolVersion] = &[&version::TLS13, &version::TLS12];
static FROM_TLS_13: &[&SupportedProtocolVersion] = &[&version::TLS13];
/// HTTP/2 in ALPN.
pub const HTTP_2: &[u8] = b"h2";
const EXPECTED_POLICY: &str =
    "\"TLSv1.2_2018\", \"TLSv1.2_2019\", \"TLSv1.2_2021\", \"TLSv1.2_2025\" or \"TLSv1.3_2025\"";
/// A chain has some thousand bytes; a bundle of authorities some hundred thousand.
const MAX_PEM: u64 = 4 << 20;
