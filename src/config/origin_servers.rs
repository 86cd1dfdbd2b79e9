//! Where an origin is: `url` and the keys that say how it is spoken to, or `s3`.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use http::HeaderValue;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::files::{self, FileError};
use super::reader::{Placed, Reader};
use super::{Fault, Loader, WatchedFile, location, servable};
use crate::distribution::origin::{Authorities, Endpoint, HttpServer, OriginLocation, OriginProtocol};
use crate::viewer::{Host, Scheme};

/// The keys beside `url` and `s3` that say how a server is spoken to.
struct Manner<'a> {
    policy: Option<Placed<&'a str>>,
    /// By scheme.
    ports: [(Scheme, &'static str, Option<Placed<u16>>); 2],
    authorities: Option<Placed<Authorities>>,
}

impl Loader<'_, '_> {
    /// What answers at an origin, and what comes before the origin's own path.
    pub(super) fn origin_location(&mut self, table: &mut Reader<'_, '_>) -> Option<(OriginLocation, String)> {
        let manner = Manner {
            policy: table.string(self.faults, "protocol-policy"),
            ports: [
                (Scheme::Http, "http-port", self.port(table, "http-port")),
                (Scheme::Https, "https-port", self.port(table, "https-port")),
            ],
            authorities: self.certificate_authority(table),
        };
        let bucket = table.table(self.faults, "s3", "s3");
        if let Some(bucket) = bucket {
            if table.has("url") {
                let url = table.string(self.faults, "url");
                let span = url.map_or(table.span(), |url| url.span);
                let fault = self.faults.at(&span, "an origin has a `url` or an `s3`, not both");
                self.faults.error(fault.help("where the storage listens is `endpoint` of `s3`"));
            }
            let (mut bucket, prefix) = self.bucket(bucket)?;
            self.only_certificates(&manner, &bucket.server);
            bucket.server.authorities = manner.authorities.map(|placed| placed.value);
            return Some((OriginLocation::S3(bucket), prefix));
        }
        table.required(self.faults, "url")?;
        let (folder, secrets) = (self.folder, &self.secrets);
        let found = table.parsed(self.faults, "url", |text| {
            location(text, folder).and_then(|found| servable(found, secrets))
        })?;
        match &found.value {
            OriginLocation::Http(HttpServer { socket: Some(path), .. }) => {
                self.socket_is_there(path, &found.span);
            }
            OriginLocation::Directory(folder) => self.folder_is_readable(folder, &found.span),
            OriginLocation::Http(_)
            | OriginLocation::S3(_)
            | OriginLocation::Demo(_)
            | OriginLocation::Handler(_) => {}
        }
        Some((self.spoken_to(found, manner)?, String::new()))
    }

    /// Warns of a folder whose files can't be served.
    fn folder_is_readable(&mut self, folder: &Path, span: &Range<usize>) {
        if let Err(error) = std::fs::read_dir(folder) {
            let error = FileError::of(folder, &error);
            let fault = self.faults.at(span, format!("the origin's folder can't be read: {}", error.message));
            let fault = fault.found(folder.display()).expected("a folder that this user may read");
            self.faults.warning(Fault { help: error.help, ..fault });
        }
    }

    fn spoken_to(&mut self, found: Placed<OriginLocation>, manner: Manner<'_>) -> Option<OriginLocation> {
        let mut server = match found.value {
            OriginLocation::Http(server) if server.socket.is_none() => server,
            other @ (OriginLocation::Http(_)
            | OriginLocation::S3(_)
            | OriginLocation::Directory(_)
            | OriginLocation::Demo(_)
            | OriginLocation::Handler(_)) => {
                let kind = match &other {
                    OriginLocation::Http(_) => "a Unix socket, over which plain HTTP is spoken",
                    OriginLocation::S3(_)
                    | OriginLocation::Directory(_)
                    | OriginLocation::Demo(_)
                    | OriginLocation::Handler(_) => "an origin that is not a server",
                };
                self.no_meaning(manner.policy.map(|policy| policy.span), "protocol-policy", kind);
                self.no_meaning(manner.authorities.map(|one| one.span), "certificate-authority", kind);
                for (_, key, port) in manner.ports {
                    self.no_meaning(port.map(|port| port.span), key, kind);
                }
                return Some(other);
            }
        };
        if manner.policy.as_ref().is_some_and(|policy| policy.value == "match-viewer") {
            server.protocol = self.both(&server, manner.ports);
        } else {
            self.only_certificates(&manner, &server);
        }
        server.authorities = manner.authorities.map(|placed| placed.value);
        Some(OriginLocation::Http(server))
    }

    /// The scheme and port of the URL, and the other ones.
    fn both(
        &mut self,
        server: &HttpServer,
        ports: [(Scheme, &'static str, Option<Placed<u16>>); 2],
    ) -> OriginProtocol {
        let (scheme, given) = server.endpoint(Scheme::Http);
        let mut other = None;
        for (port_scheme, key, port) in ports {
            if port_scheme == scheme {
                self.no_meaning(port.map(|port| port.span), key, "this origin: its `url` has that port");
            } else {
                let port = port.map_or(port_scheme.default_port(), |port| port.value);
                other = endpoint(&server.host, port_scheme, port);
            }
        }
        // A host that is in a URL fits a header.
        let other = other.unwrap_or_else(|| given.clone());
        match scheme {
            Scheme::Http => OriginProtocol::MatchViewer { http: given.clone(), https: other },
            Scheme::Https => OriginProtocol::MatchViewer { http: other, https: given.clone() },
        }
    }

    /// Where the scheme that is written down decides: no other policy than that, no ports beside its own.
    fn only_certificates(&mut self, manner: &Manner<'_>, server: &HttpServer) {
        let (scheme, _) = server.endpoint(Scheme::Http);
        let policy = match scheme {
            Scheme::Http => "http-only",
            Scheme::Https => "https-only",
        };
        if let Some(named) = manner.policy.as_ref().filter(|named| named.value != policy) {
            let fault = self.faults.at(&named.span, "`protocol-policy` can't be used");
            let fault = fault.found(format!("{:?}", named.value));
            self.faults.error(
                fault
                    .expected(format!("\"{policy}\", as the URL says, or \"match-viewer\" with a `url`"))
                    .help(
                        "the scheme of the URL decides; \"match-viewer\" speaks to the origin as the viewer speaks to us",
                    ),
            );
        }
        for (_, key, port) in &manner.ports {
            let span = port.as_ref().map(|port| port.span.clone());
            self.no_meaning(span, key, "an origin without `protocol-policy = \"match-viewer\"`");
        }
        if scheme == Scheme::Http {
            let span = manner.authorities.as_ref().map(|one| one.span.clone());
            self.no_meaning(span, "certificate-authority", "an origin over plain HTTP");
        }
    }

    /// A key that would change nothing was meant to.
    pub(super) fn no_meaning(&mut self, span: Option<Range<usize>>, key: &str, kind: &str) {
        if let Some(span) = span {
            let fault = self.faults.at(&span, format!("`{key}` has no meaning for {kind}"));
            self.faults.error(fault.help("leave it out"));
        }
    }

    pub(super) fn port(&mut self, table: &mut Reader<'_, '_>, key: &'static str) -> Option<Placed<u16>> {
        let number = table.integer(self.faults, key)?;
        match u16::try_from(number.value) {
            Ok(port @ 1..) => Some(Placed { value: port, span: number.span }),
            Ok(0) | Err(_) => {
                let fault = self.faults.at(&number.span, format!("`{key}` is not a port"));
                self.faults.error(fault.found(number.value).expected("1 to 65535"));
                None
            }
        }
    }

    fn certificate_authority(&mut self, table: &mut Reader<'_, '_>) -> Option<Placed<Authorities>> {
        let (folder, watched) = (self.folder, &mut self.watched);
        table.parsed(self.faults, "certificate-authority", |file| {
            watched.push(WatchedFile::look(folder.join(file)));
            authorities(&folder.join(file))
        })
    }
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

/// A bundle of all public authorities has some hundred thousand bytes.
const MAX_PEM: u64 = 4 << 20;
