//! Where allowed requests go: as data. `crate::origin` does the talking.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use crate::viewer::Scheme;

/// An origin's name within its distribution.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OriginId(Arc<str>);

impl OriginId {
    /// Takes an id as the configuration has it.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OriginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One origin with everything that a request to it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its name.
    pub id: OriginId,
    /// What answers there.
    pub location: OriginLocation,
    /// Put before the path of every request; empty, or begins with `/` and doesn't end with it.
    pub path: String,
    /// Sent with every request; they replace the viewer's headers of the same name (cloudfront 9.2).
    pub custom_headers: Vec<(HeaderName, HeaderValue)>,
    /// How often, and how long, is waited for it.
    pub timeouts: OriginTimeouts,
}

impl Origin {
    /// Whether a path that climbs above the root would get at what isn't this origin's: out of its own path, or into
    /// another bucket that the same credentials open.
    #[must_use]
    pub fn has_outside(&self) -> bool {
        !self.path.is_empty() || matches!(self.location, OriginLocation::S3(_))
    }
}

/// What answers at an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginLocation {
    /// An HTTP/1.1 server.
    Http(HttpServer),
    /// A bucket of S3, or of what speaks like it. Where the bucket is named by the path and not by the host, it is the
    /// beginning of [`Origin::path`].
    S3(S3Bucket),
    /// A folder, served by Frontgate itself.
    Directory(PathBuf),
    /// The site that is embedded in the binary; in `dev` with what it can say of the proxy in front of it.
    Demo(Option<Arc<DemoGuide>>),
    /// A function in this process, which the settings have.
    Handler,
}

/// What the demo site says of the `dev` in front of it, so that its commands and links work as they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoGuide {
    /// What links begin with, such as `http://127.0.0.1:8080`.
    pub base: String,
    /// The id of the key that signs.
    pub key_pair_id: String,
    /// The file of its private half.
    pub key_file: PathBuf,
    /// The folder that it lies in.
    pub key_folder: PathBuf,
    /// The console's URL without a slash at its end, where there is one.
    pub console: Option<String>,
}

impl OriginLocation {
    /// Whether requests are signed with a key of ours, so that they can do whatever that key can.
    #[must_use]
    pub fn is_signed_for(&self) -> bool {
        let Self::S3(bucket) = self else { return false };
        matches!(bucket.signing, Signing::Always(_) | Signing::NoOverride(_))
    }

    /// The server that is connected to, where there is one.
    #[must_use]
    pub fn server(&self) -> Option<&HttpServer> {
        match self {
            Self::Http(server) | Self::S3(S3Bucket { server, .. }) => Some(server),
            Self::Directory(_) | Self::Demo(_) | Self::Handler => None,
        }
    }
}

/// An HTTP/1.1 server, over TLS or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpServer {
    /// A name or an address, without brackets; `localhost` behind a Unix socket.
    pub host: String,
    /// The Unix socket that it listens on, always over plain HTTP; none where it is reached by its host and port.
    pub socket: Option<PathBuf>,
    /// How it is spoken to.
    pub protocol: OriginProtocol,
    /// By whom its certificate may have been issued; none for those that the system trusts.
    pub authorities: Option<Authorities>,
}

impl HttpServer {
    /// How, and where, it is spoken to for a viewer that came in this way.
    #[must_use]
    pub fn endpoint(&self, viewer: Scheme) -> (Scheme, &Endpoint) {
        match (&self.protocol, viewer) {
            (OriginProtocol::HttpOnly(http) | OriginProtocol::MatchViewer { http, .. }, Scheme::Http)
            | (OriginProtocol::HttpOnly(http), Scheme::Https) => (Scheme::Http, http),
            (OriginProtocol::HttpsOnly(https) | OriginProtocol::MatchViewer { https, .. }, Scheme::Https)
            | (OriginProtocol::HttpsOnly(https), Scheme::Http) => (Scheme::Https, https),
        }
    }

    /// Whether it may ever be spoken to over TLS.
    #[must_use]
    pub fn uses_tls(&self) -> bool {
        !matches!(self.protocol, OriginProtocol::HttpOnly(_))
    }
}

/// CloudFront's origin protocol policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginProtocol {
    /// Plain HTTP.
    HttpOnly(Endpoint),
    /// HTTP over TLS.
    HttpsOnly(Endpoint),
    /// As the viewer speaks to us.
    MatchViewer {
        /// For viewers over plain HTTP.
        http: Endpoint,
        /// For viewers over TLS.
        https: Endpoint,
    },
}

/// One port of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `host[:port]`: the Host header.
    pub authority: HeaderValue,
    /// The port to connect to.
    pub port: u16,
}

/// Certificates of authorities, each as DER.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorities(pub Arc<[Vec<u8>]>);

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorities({} certificates)", self.0.len())
    }
}

/// A bucket of objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Bucket {
    /// Where its requests go.
    pub server: HttpServer,
    /// Whether the bucket is named by the path, and not by the host.
    pub is_named_by_path: bool,
    /// The region that is signed for.
    pub region: String,
    /// Which requests are signed.
    pub signing: Signing,
}

/// Which requests to a bucket are signed: an origin access control's signing behavior.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signing {
    /// All; what the viewer signed is removed.
    Always(AwsCredentialSource),
    /// All but those that bring an `Authorization` of their own.
    NoOverride(AwsCredentialSource),
    /// None.
    Never,
}

/// Where the keys lie that requests are signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AwsCredentialSource {
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
    Environment,
    /// One profile of a shared credentials file, which is read again when it changes.
    File {
        /// The file.
        path: PathBuf,
        /// The section of it.
        profile: String,
    },
}

/// How long is waited for an origin (cloudfront 9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginTimeouts {
    /// Connections that are tried, 1 to 3.
    pub connection_attempts: u32,
    /// For each attempt, 1 to 10 seconds.
    pub connection: Duration,
    /// For the response's first byte, and between two reads of its body, 1 to 120 seconds.
    pub response: Duration,
    /// How long an idle connection is kept for the next request, 1 to 120 seconds.
    pub keep_alive: Duration,
}

impl Default for OriginTimeouts {
    /// CloudFront's own defaults.
    fn default() -> Self {
        Self {
            connection_attempts: 3,
            connection: Duration::from_secs(10),
            response: Duration::from_secs(30),
            keep_alive: Duration::from_secs(5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_and_the_viewer_decide_how_a_server_is_spoken_to() {
        let endpoint = |port| Endpoint { authority: HeaderValue::from_static("o"), port };
        let both = OriginProtocol::MatchViewer { http: endpoint(1), https: endpoint(2) };
        for (protocol, viewer, scheme, port) in [
            (OriginProtocol::HttpOnly(endpoint(1)), Scheme::Http, Scheme::Http, 1),
            (OriginProtocol::HttpOnly(endpoint(1)), Scheme::Https, Scheme::Http, 1),
            (OriginProtocol::HttpsOnly(endpoint(2)), Scheme::Http, Scheme::Https, 2),
            (OriginProtocol::HttpsOnly(endpoint(2)), Scheme::Https, Scheme::Https, 2),
            (both.clone(), Scheme::Http, Scheme::Http, 1),
            (both, Scheme::Https, Scheme::Https, 2),
        ] {
            let server = HttpServer { host: "o".to_owned(), socket: None, protocol, authorities: None };
            let (found, at) = server.endpoint(viewer);
            assert_eq!((found, at.port), (scheme, port), "{:?} for {viewer}", server.protocol);
        }
    }
}
