//! TLS as viewers meet it: CloudFront's security policies, certificates chosen by name, sessions that are resumed.

use std::sync::{Arc, LazyLock};

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{
    ClientHello, NoServerSessionStorage, ProducesTickets, ResolvesServerCert, ServerConfig,
};
use rustls::sign::CertifiedKey;
use rustls::{CipherSuite, SupportedProtocolVersion, version};

mod certificate;

pub use certificate::{Certificate, InvalidCertificate, Validity};

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
        Some(usable.unwrap_or(first).certified_key())
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

static FROM_TLS_12: &[&SupportedProtocolVersion] = &[&version::TLS13, &version::TLS12];
static FROM_TLS_13: &[&SupportedProtocolVersion] = &[&version::TLS13];
/// HTTP/2 in ALPN.
pub const HTTP_2: &[u8] = b"h2";
const EXPECTED_POLICY: &str =
    "\"TLSv1.2_2018\", \"TLSv1.2_2019\", \"TLSv1.2_2021\", \"TLSv1.2_2025\" or \"TLSv1.3_2025\"";
