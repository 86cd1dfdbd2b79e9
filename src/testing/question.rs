//! What somebody wants explained of an edge.

use std::net::IpAddr;

use http::Method;

use crate::epoch::EpochSeconds;
use crate::viewer::Country;

/// What is to be explained: a URL, or path and query alone, and how it is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExplainRequest {
    /// The URL.
    pub(crate) url: String,
    /// GET where none is given.
    pub(crate) method: Option<Method>,
    /// Now where none is given.
    pub(crate) at: Option<EpochSeconds>,
    /// This machine where none is given.
    pub(crate) ip: Option<IpAddr>,
    /// The country.
    pub(crate) country: Option<Country>,
    /// The value of a `Cookie` header.
    pub(crate) cookies: Option<String>,
}
