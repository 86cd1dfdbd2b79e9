//! The one body type that every response has, and the ways to make one.
//!
//! Bodies stream: nothing here collects. One concrete type keeps type parameters out of the services.

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};

/// What can go wrong in the middle of a body: an origin that dies, a file that can't be read on.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of every response that the proxy sends, and of every request that it forwards.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// A body without a byte.
pub fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// A body that is known whole, such as one of CloudFront's own pages.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}
