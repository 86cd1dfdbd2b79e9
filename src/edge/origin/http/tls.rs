//! TLS to an origin: whom it trusts, which name it asks for, and what it says of a certificate that it refuses.
//!
//! As CloudFront does: TLS 1.2 or 1.3; SNI is the Host that is sent, which is the origin's own unless a policy forwards
//! the viewer's; the certificate must be for that name or for the origin's own.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::HeaderValue;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificate_text::presented;
use crate::clock;
use crate::distribution::origin::Authorities;
use crate::edge::origin::error::OriginError;
use crate::viewer::Host;

/// TLS with one origin; sessions are resumed by it.
#[derive(Debug)]
pub(super) struct Tls {
    host: String,
    authorities: Option<Authorities>,
    /// Made when it is needed first: reading the system's authorities takes its time.
    config: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    pub(super) fn new(host: &str, authorities: Option<Authorities>) -> Self {
        Self { host: host.to_owned(), authorities, config: OnceCell::new() }
    }

    /// Secures a connection on which requests for `host`, a Host header, are sent.
    pub(super) async fn handshake(
        &self,
        stream: TcpStream,
        host: &HeaderValue,
    ) -> Result<TlsStream<TcpStream>, OriginError> {
        let config = self.config.get_or_try_init(|| self.configure()).await.map_err(OriginError::Tls)?;
        let name = host.to_str().ok().and_then(|host| Host::parse(host).ok().map(|host| host.name()));
        let name = name.map_or_else(|| server_name(&self.host), server_name).map_err(OriginError::Tls)?;
        TlsConnector::from(Arc::clone(config)).connect(name, stream).await.map_err(failed)
    }

    async fn configure(&self) -> io::Result<Arc<ClientConfig>> {
        let roots = match &self.authorities {
            Some(authorities) => Arc::new(given_roots(authorities)),
            None => tokio::task::spawn_blocking(system_roots).await.map_err(io::Error::other)??,
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let inner = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build();
        let verifier =
            OriginVerifier { inner: inner.map_err(io::Error::other)?, origin: server_name(&self.host)? };
        let mut config = ClientConfig::builder_with_details(provider, Arc::new(Clock))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn server_name(host: &str) -> io::Result<ServerName<'static>> {
    let bare = host.trim_matches(['[', ']']).trim_end_matches('.').to_owned();
    ServerName::try_from(bare)
        .map_err(|_| io::Error::other(format!("{host:?} is not the name of a TLS server")))
}

fn given_roots(authorities: &Authorities) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(authorities.0.iter().map(|der| CertificateDer::from(der.as_slice())));
    roots
}

/// Whom the system trusts, read once for all origins and threads; a reading without a result is tried again.
fn system_roots() -> io::Result<Arc<RootCertStore>> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    if let Some(roots) = ROOTS.get() {
        return Ok(Arc::clone(roots));
    }
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map_or_else(String::new, |error| format!(" ({error})"));
        return Err(io::Error::other(format!(
            "the system has no certificate authorities{why}; install ca-certificates, or name a file by \
             `certificate-authority`"
        )));
    }
    Ok(Arc::clone(ROOTS.get_or_init(|| Arc::new(roots))))
}

fn failed(error: io::Error) -> OriginError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(CertificateError::Other(refused))) => {
            OriginError::Certificate(refused.to_string())
        }
        Some(_) | None => OriginError::Tls(error),
    }
}

/// Certificates are judged by the one clock.
#[derive(Debug)]
struct Clock;

impl rustls::time_provider::TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(clock::system().0)))
    }
}

/// webpki's verdict, for either of two names.
#[derive(Debug)]
struct OriginVerifier {
    inner: Arc<WebPkiServerVerifier>,
    origin: ServerName<'static>,
}

impl ServerCertVerifier for OriginVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verify = |name: &ServerName<'_>| {
            self.inner.verify_server_cert(end_entity, intermediates, name, ocsp_response, now)
        };
        let verdict = match verify(server_name) {
            Err(error) if is_for_another_name(&error) && *server_name != self.origin => verify(&self.origin),
            verdict => verdict,
        };
        verdict.map_err(|error| {
            let rustls::Error::InvalidCertificate(why) = &error else { return error };
            let refused = rustls::OtherError(Arc::new(RejectedCertificate::new(end_entity, why)));
            rustls::Error::InvalidCertificate(CertificateError::Other(refused))
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

fn is_for_another_name(error: &rustls::Error) -> bool {
    let rustls::Error::InvalidCertificate(why) = error else { return false };
    matches!(why, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })
}

/// What was presented, why it is refused, and what helps.
#[derive(Debug, thiserror::Error)]
#[error("it presents {presented}; {why}; {help}")]
struct RejectedCertificate {
    presented: String,
    why: String,
    help: &'static str,
}

impl RejectedCertificate {
    #[expect(clippy::wildcard_enum_match_arm, reason = "rustls adds reasons; all have a text of their own")]
    fn new(certificate: &[u8], why: &CertificateError) -> Self {
        let help = match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the origin needs a new certificate"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "one of the two clocks is wrong"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "it must be for the origin's name, or for the Host that is sent"
            }
            _ => {
                "`certificate-authority` on the origin names a PEM file of whom to trust; a server must also send \
                 the certificates between its own and the authority's"
            }
        };
        Self { presented: presented(certificate), why: why.to_string(), help }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use rustls::ServerConfig;
    use rustls::pki_types::PrivateKeyDer;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// An authority, and the settings of a server whose certificate it issued for a name.
    fn server_for(name: &str) -> (Authorities, TlsAcceptor) {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let root = authority.self_signed(&key).unwrap().der().to_vec();
        let issuer = Issuer::new(authority, key);
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![leaf.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            );
        (Authorities(Arc::from([root])), TlsAcceptor::from(Arc::new(config.unwrap())))
    }

    #[tokio::test]
    async fn sni_is_the_host_that_is_sent_and_the_certificate_for_it_or_for_the_origin() {
        for (certificate, origin, host, sni) in [
            (
                "origin.example.com",
                "origin.example.com",
                "origin.example.com",
                Ok(Some("origin.example.com")),
            ),
            (
                "media.example.com",
                "origin.example.com",
                "media.example.com:8443",
                Ok(Some("media.example.com")),
            ),
            ("origin.example.com", "origin.example.com", "media.example.com", Ok(Some("media.example.com"))),
            ("other.example.com", "origin.example.com", "media.example.com", Err(())),
            ("media.example.com", "origin.example.com", "origin.example.com", Err(())),
            ("192.0.2.1", "192.0.2.1", "192.0.2.1:443", Ok(None)),
            ("192.0.2.2", "192.0.2.1", "192.0.2.1:443", Err(())),
            ("2001:db8::1", "2001:db8::1", "[2001:db8::1]:443", Ok(None)),
        ] {
            let (authorities, acceptor) = server_for(certificate);
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let accepting = tokio::spawn(async move {
                let stream = acceptor.accept(listener.accept().await.unwrap().0).await;
                stream.map(|stream| stream.get_ref().1.server_name().map(str::to_owned)).map_err(|_| ())
            });
            let tls = Tls::new(origin, Some(authorities));
            let secured = tls.handshake(stream, &HeaderValue::from_static(host)).await;
            let what = format!("{certificate} for {origin}, asked for {host}");
            match sni {
                Ok(sni) => {
                    assert!(secured.is_ok(), "{what}: {secured:?}");
                    assert_eq!(accepting.await.unwrap().unwrap().as_deref(), sni, "{what}");
                }
                Err(()) => assert!(matches!(secured, Err(OriginError::Certificate(_))), "{what}"),
            }
        }
    }
}
