//! `[[server.https]]`: TLS listeners and the certificates that they present.

use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use ipnet::IpNet;
use rustls::ServerConfig;

use super::files;
use super::reader::{Placed, Reader};
use super::{Fault, Loader};
use crate::clock;
use crate::epoch::EpochSeconds;
use crate::tls::{self, Certificate, InvalidCertificate, SecurityPolicy, Validity};

/// One `[[server.https]]`.
#[derive(Clone, Debug)]
pub struct HttpsListener {
    /// Its addresses.
    pub listen: Vec<SocketAddr>,
    /// Whether every connection begins with a PROXY header, before TLS.
    pub proxy_protocol: bool,
    /// What it presents.
    pub tls: Arc<ServerConfig>,
    /// The certificates among that, for messages and metrics.
    pub certificates: Vec<PresentedCertificate>,
}

/// A certificate as metrics name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentedCertificate {
    /// Its file, as the configuration names it.
    pub file: String,
    /// Until when it is good, in epoch seconds.
    pub not_after: i64,
}

/// A certificate that was read.
struct Read {
    certificate: Certificate,
    presented: PresentedCertificate,
}

impl Loader<'_, '_> {
    pub(super) fn https(&mut self, server: &mut Reader<'_, '_>, trusted: &[IpNet]) -> Vec<HttpsListener> {
        let tables = server.tables(self.faults, "https", "[[server.https]]");
        tables.into_iter().filter_map(|table| self.https_listener(table, trusted)).collect()
    }

    fn https_listener(&mut self, mut table: Reader<'_, '_>, trusted: &[IpNet]) -> Option<HttpsListener> {
        let span = table.span();
        if !table.has("listen") {
            let fault = self.faults.at(&span, "[[server.https]] lacks `listen`");
            self.faults.error(fault.expected("listen = [\"127.0.0.1:8443\"]"));
        }
        let listen = self.addresses(&mut table, false);
        let policy = table.parsed(self.faults, "minimum-protocol-version", SecurityPolicy::parse);
        let policy = policy.map_or_else(SecurityPolicy::default, |policy| policy.value);
        let proxy_protocol = self.proxy_protocol(&mut table, trusted);
        let given = table.tables(self.faults, "certificates", "a certificate");
        if given.is_empty() {
            let fault = self.faults.at(&span, "[[server.https]] has no certificate");
            let fault = fault.expected(
                "certificates = [{ certificate = \"tls/cert.pem\", private-key = \"tls/key.pem\" }]",
            );
            self.faults.error(fault.help("`frontgate dev --tls` makes one for localhost"));
        }
        let errors = self.faults.errors.len();
        let certificates: Vec<_> = given.into_iter().filter_map(|one| self.certificate(one)).collect();
        table.finish(self.faults, SERVER_KEYS);
        if self.faults.errors.len() > errors {
            return None;
        }
        let presented = certificates.iter().map(|one| one.presented.clone()).collect();
        let ready = certificates.into_iter().map(|one| one.certificate).collect();
        match tls::server_config(ready, policy) {
            Ok(tls) => Some(HttpsListener { listen: listen?, proxy_protocol, tls, certificates: presented }),
            Err(error) => {
                let fault = self.faults.at(&span, format!("TLS can't be set up: {error}"));
                self.faults.error(fault);
                None
            }
        }
    }

    fn certificate(&mut self, mut table: Reader<'_, '_>) -> Option<Read> {
        let chain = table.required(self.faults, "certificate");
        let key = table.required(self.faults, "private-key");
        table.finish(self.faults, &["listen", "minimum-protocol-version", "proxy-protocol"]);
        let (chain, key) = (chain?, key?);
        let (chain_pem, key_pem) = (self.read_pem(&chain)?, self.read_pem(&key)?);
        match Certificate::from_pem(&chain_pem, &key_pem) {
            Ok(certificate) => {
                self.is_good_now(certificate.validity(), &chain);
                self.presented.push(certificate.clone());
                let not_after = certificate.validity().not_after;
                let presented = PresentedCertificate { file: chain.value.to_owned(), not_after };
                Some(Read { certificate, presented })
            }
            Err(error) => {
                let span = match error {
                    InvalidCertificate::Chain { .. } => &chain.span,
                    InvalidCertificate::Key { .. } | InvalidCertificate::Strangers => &key.span,
                };
                let fault = self.faults.at(span, format!("a certificate can't be used: {error}"));
                let expected =
                    "the chain as PEM, the viewer's own first, and its key (PKCS#8, PKCS#1 or SEC1)";
                let found = format!("{:?}, {:?}", chain.value, key.value);
                let fault = fault.found(found).expected(expected);
                self.faults.error(match error.help() {
                    Some(help) => fault.help(help),
                    None => fault,
                });
                None
            }
        }
    }

    /// Warns of a certificate that viewers refuse now, or will soon.
    fn is_good_now(&mut self, validity: Validity, file: &Placed<&str>) {
        let now = i64::try_from(clock::now().0).unwrap_or(i64::MAX);
        let Validity { not_before, not_after } = validity;
        let renew = "renew it; the file is read again when it changes (docs/certificates.md)";
        let (message, help) = if not_after < now {
            (format!("the certificate expired at {}", time(not_after)), renew)
        } else if now < not_before {
            let help = "viewers refuse it until then; is the clock of this machine right?";
            (format!("the certificate isn't valid before {}", time(not_before)), help)
        } else if not_after.saturating_sub(now) < SOON {
            let days = not_after.saturating_sub(now) / DAY;
            let within = match days {
                0 => "in less than a day".to_owned(),
                1 => "in 1 day".to_owned(),
                days => format!("in {days} days"),
            };
            (format!("the certificate expires {within}, at {}", time(not_after)), renew)
        } else {
            return;
        };
        let fault = self.faults.at(&file.span, message).found(format!("{:?}", file.value));
        self.faults.warning(fault.help(help));
    }

    /// Warns of names of distributions that no certificate is for: viewers get one that they refuse.
    pub(super) fn names_have_certificates(&mut self) {
        if self.presented.is_empty() {
            return;
        }
        let certificates = std::mem::take(&mut self.presented);
        let warnings: Vec<_> = self
            .names
            .to_secure()
            .into_iter()
            .filter_map(|(name, span)| uncovered(name, span, &certificates))
            .collect();
        for (name, span) in warnings {
            let fault = self.faults.at(&span, format!("no certificate of [[server.https]] is for `{name}`"));
            let mut names: Vec<&str> =
                certificates.iter().flat_map(Certificate::names).map(String::as_str).collect();
            names.dedup();
            let found = if names.is_empty() { "none with names".to_owned() } else { names.join(", ") };
            let fault = fault.found(found).expected(format!("one whose subjectAltName has `{name}`"));
            self.faults
                .warning(fault.help("viewers of this name get another one's certificate, which they refuse"));
        }
    }

    /// Reads a PEM file, whose folder no directory origin shows from now on.
    pub(super) fn read_pem(&mut self, file: &Placed<&str>) -> Option<Vec<u8>> {
        let path = self.folder.join(file.value);
        self.secrets.extend(path.parent().map(Path::to_owned));
        self.watch(&path);
        match files::read(&path, MAX_PEM) {
            Ok(pem) => Some(pem),
            Err(error) => {
                let fault =
                    self.faults.at(&file.span, format!("a PEM file can't be read: {}", error.message));
                let fault = fault.found(files::shown(&path)).expected("a readable PEM file");
                self.faults.error(Fault { help: error.help, ..fault });
                None
            }
        }
    }
}

/// A name that none of the certificates is for. One of `*.` is covered where a name below it is.
fn uncovered(
    name: String,
    span: Range<usize>,
    certificates: &[Certificate],
) -> Option<(String, Range<usize>)> {
    let asked = name.strip_prefix("*.").map_or_else(|| name.clone(), |parent| format!("any-name.{parent}"));
    let covered = certificates.iter().any(|certificate| certificate.covers(&asked));
    (!covered).then_some((name, span))
}

/// RFC 3339, where it is a time that can be written so.
fn time(seconds: i64) -> String {
    u64::try_from(seconds)
        .map_or_else(|_| format!("{seconds} s before 1970"), |seconds| EpochSeconds(seconds).to_string())
}

const DAY: i64 = 86_400;
/// Time to renew: certbot and others begin 30 days before the end.
const SOON: i64 = 14 * DAY;
/// A chain has some thousand bytes; a bundle of authorities some hundred thousand.
const MAX_PEM: u64 = 4 << 20;
/// What may have been meant for the table around `[[server.https]]`.
const SERVER_KEYS: &[&str] = &[
    "workers",
    "shutdown-grace",
    "unknown-host",
    "trusted-proxies",
    "redirect-port",
    "limits",
    "country-database",
];
