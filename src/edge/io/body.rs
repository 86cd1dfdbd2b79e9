//! The one body type that every response has, and the ways to make one.
//!
//! Bodies stream: nothing here collects. One concrete type keeps type parameters out of the services. A body stays on
//! the thread that made it, as everything of a request does, so it needs no `Send`.

use std::pin::Pin;

use bytes::Bytes;
use http_body::Body as _;
use http_body_util::{BodyExt, Empty, Full};

/// What can go wrong in the middle of a body: an origin that dies, a file that can't be read on.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of every response that the proxy sends, and of every request that it forwards.
pub type Body = Pin<Box<dyn http_body::Body<Data = Bytes, Error = BoxError>>>;

/// A body without a byte.
pub fn empty() -> Body {
    boxed(Empty::new().map_err(|never: std::convert::Infallible| match never {}))
}

/// A body that is known whole, such as one of CloudFront's own pages.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    boxed(Full::new(bytes.into()).map_err(|never| match never {}))
}

/// Any other body.
pub fn boxed(body: impl http_body::Body<Data = Bytes, Error = BoxError> + 'static) -> Body {
    Box::pin(body)
}

/// Whether a body is known to have no byte.
#[must_use]
pub fn is_empty(body: &Body) -> bool {
    body.is_end_stream() || body.size_hint().exact() == Some(0)
}
