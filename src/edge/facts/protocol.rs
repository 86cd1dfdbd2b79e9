//! The protocols that viewers speak.

/// How the requests of a connection are told apart, once TLS has agreed on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.0 and HTTP/1.1, one request after the other.
    Http1,
    /// HTTP/2, on streams.
    Http2,
}
