//! Where an origin is: `url` and the keys that say how it is spoken to, or `s3`.

use std::path::Path;
use std::sync::Arc;

use http::HeaderValue;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::origins::{self, servable};
use super::{Fault, Faults, KeyPath, Material, port, s3, unix_socket};
use crate::config::declared;
use crate::config::material::MAX_PEM;
use crate::config::material::files::{self, FileError};
use crate::distribution::origin::{Authorities, Endpoint, HttpServer, OriginLocation, OriginProtocol};
use crate::viewer::{Host, Scheme};

/// The keys beside `url` and `s3` that say how a server is spoken to.
struct Manner<'d> {
    /// The path of the origin.
    path: &'d KeyPath,
    declared: &'d declared::Origin,
    authorities: Option<Authorities>,
}

/// What responds at an origin, and what comes before the origin's own path.
pub(super) fn location(
    path: &KeyPath,
    declared: &declared::Origin,
    material: &mut Material,
    faults: &mut Faults,
) -> Option<(OriginLocation, String)> {
    let authorities = certificate_authority(path, declared, material, faults);
    let manner = Manner { path, declared, authorities };
    let at_url = path.key("url");
    if let Some(bucket) = &declared.s3 {
        if declared.url.is_some() {
            let fault = Fault::at(&at_url, "an origin has a `url` or an `s3`, not both");
            faults.error(fault.help("where the storage listens is `endpoint` of `s3`"));
        }
        let (mut bucket, prefix) = s3::bucket(&path.key("s3"), bucket, material, faults)?;
        manner.only_certificates(&bucket.server, faults);
        bucket.server.authorities = manner.authorities;
        return Some((OriginLocation::S3(bucket), prefix));
    }
    let Some(url) = &declared.url else {
        let fault = Fault::at(path, "[[distributions.origins]] lacks `url`");
        faults.error(fault.expected("url = \"…\""));
        return None;
    };
    let found = faults.parsed(&at_url, url, |text| {
        origins::location(text, material.folder()).and_then(|found| servable(found, &material.secrets))
    })?;
    match &found {
        OriginLocation::Http(HttpServer { socket: Some(socket), .. }) => {
            unix_socket::warn_of_missing(&at_url, socket, faults);
        }
        OriginLocation::Directory(folder) => folder_is_readable(&at_url, folder, faults),
        OriginLocation::Http(_)
        | OriginLocation::S3(_)
        | OriginLocation::Demo(_)
        | OriginLocation::Handler => {}
    }
    Some((manner.spoken_to(found, faults), String::new()))
}

/// Warns of a folder whose files can't be served.
fn folder_is_readable(path: &KeyPath, folder: &Path, faults: &mut Faults) {
    if let Err(error) = std::fs::read_dir(folder) {
        let error = FileError::of(folder, &error);
        let fault = Fault::at(path, format!("the origin's folder can't be read: {}", error.message));
        let fault = fault.found(folder.display()).expected("a folder that this user may read");
        faults.warning(fault.maybe_help(error.help));
    }
}

impl Manner<'_> {
    fn spoken_to(self, found: OriginLocation, faults: &mut Faults) -> OriginLocation {
        let mut server = match found {
            OriginLocation::Http(server) if server.socket.is_none() => server,
            other @ (OriginLocation::Http(_)
            | OriginLocation::S3(_)
            | OriginLocation::Directory(_)
            | OriginLocation::Demo(_)
            | OriginLocation::Handler) => {
                let kind = match &other {
                    OriginLocation::Http(_) => "a Unix socket, over which plain HTTP is spoken",
                    OriginLocation::S3(_)
                    | OriginLocation::Directory(_)
                    | OriginLocation::Demo(_)
                    | OriginLocation::Handler => "an origin that is not a server",
                };
                self.no_meaning("protocol-policy", self.declared.protocol_policy.is_some(), kind, faults);
                self.no_meaning("certificate-authority", self.authorities.is_some(), kind, faults);
                for (_, key, number) in self.ports() {
                    self.no_meaning(key, number.is_some(), kind, faults);
                }
                return other;
            }
        };
        if self.declared.protocol_policy.as_deref() == Some("match-viewer") {
            server.protocol = self.both(&server, faults);
        } else {
            self.only_certificates(&server, faults);
        }
        server.authorities = self.authorities;
        OriginLocation::Http(server)
    }

    /// The ports by scheme, with their keys.
    fn ports(&self) -> [(Scheme, &'static str, Option<u64>); 2] {
        [
            (Scheme::Http, "http-port", self.declared.http_port),
            (Scheme::Https, "https-port", self.declared.https_port),
        ]
    }

    /// The scheme and port of the URL, and the other ones.
    fn both(&self, server: &HttpServer, faults: &mut Faults) -> OriginProtocol {
        let (scheme, given) = server.endpoint(Scheme::Http);
        let mut other = None;
        for (port_scheme, key, number) in self.ports() {
            if port_scheme == scheme {
                let kind = "this origin: its `url` has that port";
                self.no_meaning(key, number.is_some(), kind, faults);
            } else {
                let port = number.and_then(|number| port(&self.path.key(key), number, faults));
                other = endpoint(&server.host, port_scheme, port.unwrap_or(port_scheme.default_port()));
            }
        }
        // A host that is in a URL fits a header.
        let other = other.unwrap_or_else(|| given.clone());
        match scheme {
            Scheme::Http => OriginProtocol::MatchViewer { http: given.clone(), https: other },
            Scheme::Https => OriginProtocol::MatchViewer { http: other, https: given.clone() },
        }
    }

    /// Where the scheme of the URL decides: no other policy than that, no ports beside its own.
    fn only_certificates(&self, server: &HttpServer, faults: &mut Faults) {
        let (scheme, _) = server.endpoint(Scheme::Http);
        let policy = match scheme {
            Scheme::Http => "http-only",
            Scheme::Https => "https-only",
        };
        if let Some(named) = self.declared.protocol_policy.as_ref().filter(|named| *named != policy) {
            let path = self.path.key("protocol-policy");
            let fault = Fault::at(&path, "`protocol-policy` can't be used").found_text(named);
            let fault =
                fault.expected(format!("\"{policy}\", as the URL says, or \"match-viewer\" with a `url`"));
            faults.error(fault.help(
                "the scheme of the URL decides; \"match-viewer\" speaks to the origin as the viewer speaks to us",
            ));
        }
        for (_, key, number) in self.ports() {
            let kind = "an origin without `protocol-policy = \"match-viewer\"`";
            self.no_meaning(key, number.is_some(), kind, faults);
        }
        if scheme == Scheme::Http {
            let is_given = self.authorities.is_some();
            self.no_meaning("certificate-authority", is_given, "an origin over plain HTTP", faults);
        }
    }

    fn no_meaning(&self, key: &str, is_given: bool, kind: &str, faults: &mut Faults) {
        if is_given {
            no_meaning(&self.path.key(key), key, kind, faults);
        }
    }
}

/// A key that would change nothing was meant to.
pub(super) fn no_meaning(path: &KeyPath, key: &str, kind: &str, faults: &mut Faults) {
    let fault = Fault::at(path, format!("`{key}` has no meaning for {kind}"));
    faults.error(fault.help("leave it out"));
}

fn certificate_authority(
    origin: &KeyPath,
    declared: &declared::Origin,
    material: &mut Material,
    faults: &mut Faults,
) -> Option<Authorities> {
    let file = declared.certificate_authority.as_ref()?;
    faults.parsed(&origin.key("certificate-authority"), file, |file| {
        let file = material.path(file);
        material.watch(&file);
        authorities(&file)
    })
}

/// Reads the certificates of a PEM file, each of which must be one to trust by.
fn authorities(file: &Path) -> Result<Authorities, String> {
    let pem = files::read(file, MAX_PEM)
        .map_err(|error| format!("a PEM file; {}: {}", file.display(), error.message))?;
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate =
            certificate.map_err(|error| format!("certificates; {} has broken ones: {error}", file.display()));
        let certificate = certificate?;
        RootCertStore::empty()
            .add(certificate.clone())
            .map_err(|error| format!("certificates of authorities; {}: {error}", file.display()))?;
        found.push(certificate.to_vec());
    }
    match found.is_empty() {
        true => Err(format!("a PEM file with certificates; {} has none", file.display())),
        false => Ok(Authorities(Arc::from(found))),
    }
}

/// Reads `http://host[:port]` or `https://host[:port]`; none where it is something else.
pub(super) fn server(text: &str) -> Option<HttpServer> {
    let (scheme, authority) = text.split_once("://")?;
    let scheme = [Scheme::Http, Scheme::Https].into_iter().find(|known| known.as_str() == scheme)?;
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    let host = Host::parse(authority).ok()?;
    let endpoint = Endpoint {
        authority: HeaderValue::from_str(authority).ok()?,
        port: host.port().unwrap_or(scheme.default_port()),
    };
    let protocol = match scheme {
        Scheme::Http => OriginProtocol::HttpOnly(endpoint),
        Scheme::Https => OriginProtocol::HttpsOnly(endpoint),
    };
    let host = host.name().trim_matches(['[', ']']).to_owned();
    Some(HttpServer { host, socket: None, protocol, authorities: None })
}

fn endpoint(host: &str, scheme: Scheme, port: u16) -> Option<Endpoint> {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let authority = if port == scheme.default_port() { host } else { format!("{host}:{port}") };
    Some(Endpoint { authority: HeaderValue::from_str(&authority).ok()?, port })
}
