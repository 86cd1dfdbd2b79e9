//! Where allowed requests go: as data. `crate::origin` does the talking.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

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
#[derive(Clone, Debug)]
pub struct Origin {
    /// Its name.
    pub id: OriginId,
    /// What answers there.
    pub location: OriginLocation,
    /// Put before the path of every request; empty, or begins with `/` and doesn't end with it.
    pub path: String,
    /// Sent with every request; they replace the viewer's headers of the same name (semantics 9.2).
    pub custom_headers: Vec<(HeaderName, HeaderValue)>,
    /// How often, and how long, is waited for it.
    pub timeouts: OriginTimeouts,
}

/// What answers at an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginLocation {
    /// An HTTP/1.1 server.
    Http {
        /// `host[:port]` as the URL has it: the Host header.
        authority: HeaderValue,
        /// A name or an address, without brackets.
        host: String,
        /// The port to connect to.
        port: u16,
    },
    /// A folder, served by Frontgate itself.
    Directory(PathBuf),
    /// The site that is embedded in the binary.
    Demo,
}

/// How long is waited for an origin (semantics 9.3).
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
