//! Why an origin gave no response.

use std::error::Error as _;
use std::io;

use crate::edge::io::body::BoxError;

/// Why an origin gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum OriginError {
    /// It can't be reached.
    #[error("no connection to the origin: {0}")]
    Connect(#[source] io::Error),
    /// It didn't answer the connection in time.
    #[error("no connection to the origin within the timeout")]
    ConnectTimeout,
    /// TLS with it failed.
    #[error("no TLS connection to the origin: {0}")]
    Tls(#[source] io::Error),
    /// Its certificate isn't one to trust.
    #[error("the origin's certificate is refused: {0}")]
    Certificate(String),
    /// There is nothing to sign its requests with.
    #[error("the origin's requests can't be signed: there are no credentials")]
    NoCredentials,
    /// The request can't be signed.
    #[error("the request to the origin can't be signed: {0}")]
    Signing(#[source] BoxError),
    /// As many requests are being answered as may be, and none of them ended in time.
    #[error(
        "too many requests wait for origins (origin-connections-per-worker, origin-connections-per-viewer)"
    )]
    Busy,
    /// It took too long.
    #[error("the origin did not respond in time")]
    ResponseTimeout,
    /// It closed the connection instead.
    #[error("the origin closed the connection without a response")]
    Closed(#[source] hyper::Error),
    /// What it said isn't HTTP.
    #[error("the origin's response is not HTTP: {}", cause(.0))]
    Garbage(#[source] hyper::Error),
    /// The viewer stopped in the middle of what it sent, or sent no valid body.
    #[error("the viewer's request body ended early")]
    ViewerBody,
    /// 101 without having been asked.
    #[error("the origin sent an unexpected 101 (Switching Protocols)")]
    Upgrade,
    /// A body in a form that isn't known here.
    #[error("the origin's response has a transfer coding other than chunked")]
    Coding,
    /// Beyond CloudFront's quota (cloudfront 9.3).
    #[error(
        "the origin's response has a head of {len} bytes, more than {}",
        crate::access::prechecks::MAX_HEAD
    )]
    HeadTooLarge {
        /// Its length.
        len: usize,
    },
    /// Anything else on the way.
    #[error("the exchange with the origin failed: {}", cause(.0))]
    Exchange(#[source] hyper::Error),
}

impl OriginError {
    pub(super) fn of_hyper(error: hyper::Error) -> Self {
        if error.is_parse() || error.is_parse_too_large() || error.is_parse_status() {
            Self::Garbage(error)
        } else if error.is_closed() || error.is_incomplete_message() {
            Self::Closed(error)
        } else {
            Self::Exchange(error)
        }
    }

    /// `x-edge-detailed-result-type` of the access log (cloudfront 9.7).
    #[must_use]
    pub fn logged_as(&self) -> &'static str {
        match self {
            Self::Connect(_) | Self::ConnectTimeout | Self::Tls(_) | Self::Certificate(_) => {
                "OriginConnectError"
            }
            Self::Busy => "CapacityExceeded",
            Self::NoCredentials | Self::Signing(_) => "OriginError",
            Self::ResponseTimeout | Self::Closed(_) | Self::Exchange(_) => "OriginCommError",
            Self::Garbage(_) | Self::Upgrade | Self::Coding => "OriginInvalidResponseError",
            Self::HeadTooLarge { .. } => "OriginHeaderTooBigError",
            Self::ViewerBody => "ClientCommError",
        }
    }

    /// Whether the origin was too slow (504) or wrong (502).
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::ConnectTimeout | Self::ResponseTimeout)
    }
}

fn cause(error: &hyper::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
