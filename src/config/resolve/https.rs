//! `[[server.https]]`: TLS listeners and the certificates that they present.

use ipnet::IpNet;

use super::{Fault, Faults, KeyPath, Material, server, uniqueness};
use crate::clock;
use crate::config::declared::{self, CertificateFiles, Configuration};
use crate::config::settings::{HttpsListener, PresentedCertificate};
use crate::epoch::EpochSeconds;
use crate::tls::{self, Certificate, InvalidCertificate, SecurityPolicy, Validity};

/// Resolves every `[[server.https]]`; the second are all the certificates that were read.
pub(super) fn listeners(
    server: &KeyPath,
    declared: &[declared::HttpsListener],
    trusted: &[IpNet],
    material: &mut Material,
    faults: &mut Faults,
) -> (Vec<HttpsListener>, Vec<Certificate>) {
    let mut listeners = Vec::new();
    let mut certificates = Vec::new();
    for (number, one) in declared.iter().enumerate() {
        let path = server.key("https").item(number);
        let at_listen = path.key("listen");
        let listen = server::addresses(&at_listen, &one.listen, faults);
        if one.listen.is_empty() {
            let fault = Fault::at(&at_listen, "`listen` has no address");
            faults.error(fault.expected("listen = [\"127.0.0.1:8080\"]"));
        }
        let proxy_protocol = server::proxy_protocol(&path, one.proxy_protocol, trusted, faults);
        let Some(presented) = presented(&path, one, &mut certificates, material, faults) else { continue };
        listeners.push(HttpsListener { listen, proxy_protocol, ..presented });
    }
    (listeners, certificates)
}

/// What a listener presents, without its addresses.
fn presented(
    path: &KeyPath,
    declared: &declared::HttpsListener,
    all: &mut Vec<Certificate>,
    material: &mut Material,
    faults: &mut Faults,
) -> Option<HttpsListener> {
    let policy = &declared.minimum_protocol_version;
    let policy = faults.parsed(&path.key("minimum-protocol-version"), policy, SecurityPolicy::parse);
    if declared.certificates.is_empty() {
        let fault = Fault::at(path, "[[server.https]] has no certificate");
        let fault = fault
            .expected("certificates = [{ certificate = \"tls/cert.pem\", private-key = \"tls/key.pem\" }]");
        faults.error(fault.help("`frontgate dev --tls` makes one for localhost"));
    }
    let mut read = Vec::new();
    for (number, files) in declared.certificates.iter().enumerate() {
        let path = path.key("certificates").item(number);
        read.extend(certificate(&path, files, material, faults).map(|one| (one, files)));
    }
    all.extend(read.iter().map(|(certificate, _)| certificate.clone()));
    if read.len() < declared.certificates.len() {
        return None;
    }
    let named = |(certificate, files): &(Certificate, &CertificateFiles)| PresentedCertificate {
        file: files.certificate.clone(),
        not_after: certificate.validity().not_after,
    };
    let certificates = read.iter().map(named).collect();
    match tls::server_config(read.into_iter().map(|(certificate, _)| certificate).collect(), policy?) {
        Ok(tls) => Some(HttpsListener { listen: Vec::new(), proxy_protocol: false, tls, certificates }),
        Err(error) => {
            faults.error(Fault::at(path, format!("TLS can't be set up: {error}")));
            None
        }
    }
}

fn certificate(
    path: &KeyPath,
    files: &CertificateFiles,
    material: &mut Material,
    faults: &mut Faults,
) -> Option<Certificate> {
    let (at_chain, at_key) = (path.key("certificate"), path.key("private-key"));
    faults.known(&at_key, &files.private_key)?;
    let chain = material.read_pem(&at_chain, &files.certificate, faults)?;
    let key = material.read_pem(&at_key, &files.private_key, faults)?;
    match Certificate::from_pem(&chain, &key) {
        Ok(certificate) => {
            warn_of_expiry(&at_chain, &files.certificate, certificate.validity(), faults);
            Some(certificate)
        }
        Err(error) => {
            let at = match error {
                InvalidCertificate::Chain { .. } => at_chain,
                InvalidCertificate::Key { .. } | InvalidCertificate::Strangers => at_key,
            };
            let fault = Fault::at(&at, format!("a certificate can't be used: {error}"));
            let expected = "the chain as PEM, the viewer's own first, and its key (PKCS#8, PKCS#1 or SEC1)";
            let found = format!("{:?}, {:?}", files.certificate, files.private_key);
            faults.error(fault.found(found).expected(expected).maybe_help(error.help()));
            None
        }
    }
}

/// Warns of a certificate that viewers refuse now, or will soon.
fn warn_of_expiry(path: &KeyPath, file: &str, validity: Validity, faults: &mut Faults) {
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
    faults.warning(Fault::at(path, message).found_text(file).help(help));
}

/// Warns of names of distributions that no certificate is for: viewers get one that they refuse.
pub(super) fn names_have_certificates(
    declared: &Configuration,
    certificates: &[Certificate],
    faults: &mut Faults,
) {
    if certificates.is_empty() {
        return;
    }
    // Only AWS has certificates for names below `cloudfront.net`.
    let names = uniqueness::names(declared).into_iter().filter(|one| !one.name.ends_with(".cloudfront.net"));
    for one in names.filter(|one| !is_covered(one.name, certificates)) {
        let name = one.name;
        let fault = Fault::at(&one.path, format!("no certificate of [[server.https]] is for `{name}`"));
        let mut names: Vec<&str> =
            certificates.iter().flat_map(Certificate::names).map(String::as_str).collect();
        names.dedup();
        let found = if names.is_empty() { "none with names".to_owned() } else { names.join(", ") };
        let fault = fault.found(found).expected(format!("one whose subjectAltName has `{name}`"));
        faults.warning(fault.help("viewers of this name get another one's certificate, which they refuse"));
    }
}

/// Whether a certificate is for a name. One of `*.` is covered where a name below it is.
fn is_covered(name: &str, certificates: &[Certificate]) -> bool {
    let below =
        name.strip_prefix("*.").map_or_else(|| name.to_owned(), |parent| format!("any-name.{parent}"));
    certificates.iter().any(|certificate| certificate.covers(&below))
}

/// RFC 3339, where it is a time that can be written so.
fn time(seconds: i64) -> String {
    u64::try_from(seconds)
        .map_or_else(|_| format!("{seconds} s before 1970"), |seconds| EpochSeconds(seconds).to_string())
}

const DAY: i64 = 86_400;
/// Time to renew: certbot and others begin 30 days before the end.
const SOON: i64 = 14 * DAY;
