//! The protocols that viewers speak.

use http::Version;

/// How the requests of a connection are separated, once TLS has agreed on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.0 and HTTP/1.1, one request after the other.
    Http1,
    /// HTTP/2, on streams.
    Http2,
}

impl Protocol {
    /// Of a request.
    #[must_use]
    pub fn of(version: Version) -> Self {
        if version < Version::HTTP_2 { Self::Http1 } else { Self::Http2 }
    }
}
