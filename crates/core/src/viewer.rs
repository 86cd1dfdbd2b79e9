//! What a viewer asked, as raw bytes, and the URLs that it may have been signed as.

use std::fmt;
use std::net::IpAddr;

use http::Method;

use crate::epoch::EpochSeconds;

pub mod device;
mod dot_segments;
pub mod host;
pub mod path;
pub mod query;
pub mod readings;
pub(crate) mod symbol;

pub use crate::country::Country;
pub use crate::scheme::Scheme;
pub use host::{Host, InvalidHost};

/// Everything of a request that the decision depends on. Times and addresses are arguments, never looked up.
#[derive(Clone, Debug)]
pub struct ViewerRequest<'a> {
    /// The method, which only the allowed methods look at: a policy has no condition on it (cloudfront 8.1).
    pub method: &'a Method,
    /// How the viewer spoke to us.
    pub scheme: Scheme,
    /// The host that the viewer named.
    pub host: Host<'a>,
    /// The path and the query, as they were sent.
    pub target: Target<'a>,
    /// The values of every `Cookie` header field, in order; several count as one.
    pub cookies: Vec<&'a [u8]>,
    /// The viewer's own address.
    pub address: IpAddr,
    /// The country that it is in, where that is known.
    pub country: Option<Country>,
    /// Whether a browser asks whether it may ask: OPTIONS with `Origin` and `Access-Control-Request-Method`.
    pub is_preflight: bool,
    /// The time at which the request is judged.
    pub now: EpochSeconds,
}

/// The path and the query of a request, byte for byte as they were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// Begins with `/`.
    pub path: &'a str,
    /// What follows the first `?`; none where there is no `?`.
    pub query: Option<&'a str>,
}

impl<'a> Target<'a> {
    /// Splits a target in origin form.
    ///
    /// None where it doesn't begin with `/`, as `*` of `OPTIONS *`.
    #[must_use]
    pub fn parse(target: &'a str) -> Option<Self> {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        path.starts_with('/').then_some(Self { path, query })
    }

    /// Its length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.path.len() + self.query.map_or(0, |query| query.len() + 1)
    }

    /// Never: a target has at least its `/`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }
}

/// `scheme://host[:port]`: what a URL begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base<'a> {
    /// What stands before `://`.
    pub scheme: &'a str,
    /// What follows it: the host, and the port where it isn't the scheme's own.
    pub authority: &'a str,
}

impl fmt::Display for Base<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

/// A URL that the request may have been signed as: one base, and the path and query that were sent.
///
/// Cloudfront 1.3: nothing is decoded, encoded, sorted or normalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedUrl<'a> {
    /// Scheme, host and port.
    pub base: Base<'a>,
    /// As sent.
    pub path: &'a str,
    /// Without the signing parameters; none where nothing is left (cloudfront 1.3).
    pub query: Option<&'a str>,
}

impl SignedUrl<'_> {
    /// Its text in pieces, whose concatenation is what [`fmt::Display`] writes.
    pub fn pieces(&self) -> impl Iterator<Item = &str> {
        let query = self.query.into_iter().flat_map(|query| ["?", query]);
        [self.base.scheme, "://", self.base.authority, self.path].into_iter().chain(query)
    }
}

impl fmt::Display for SignedUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces().try_for_each(|piece| f.write_str(piece))
    }
}
