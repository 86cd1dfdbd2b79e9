//! A request as it was received, before anything of it is judged.

use std::net::IpAddr;

use http::header::{COOKIE, HOST, HeaderValue};
use http::{Method, Version, request};

use super::framing::Framing;
use super::prechecks::Rejection;
use crate::distribution::cors_request::is_preflight;
use crate::epoch::EpochSeconds;
use crate::viewer::{Country, Host, InvalidHost, Scheme, Target, ViewerRequest};

/// A request as it was received. Host and target are read, and an unreadable one is kept as what it is, so that
/// `decide` rejects it when its turn comes.
#[derive(Clone, Debug)]
pub struct Received<'r> {
    /// The size of its head, and whether a body follows.
    pub framing: Framing,
    /// The method.
    pub method: &'r Method,
    /// The scheme of the connection, or the one that a trusted proxy reports.
    pub scheme: Scheme,
    /// The host that it names, or why it names none.
    pub host: Result<Host<'r>, InvalidHost>,
    /// Path and query, byte for byte. None for a target without a path, such as `*`.
    pub target: Option<Target<'r>>,
    /// The values of every `Cookie` field, in order.
    pub cookies: Vec<&'r [u8]>,
    /// The viewer's address.
    pub address: IpAddr,
    /// The viewer's country, where the caller knows it. Else `decide` looks it up where a distribution depends on it.
    pub country: Option<Country>,
    /// Whether it is a CORS preflight: OPTIONS with `Origin` and `Access-Control-Request-Method`.
    pub is_preflight: bool,
    /// The time at which it is judged.
    pub now: EpochSeconds,
}

/// How a request arrived: what its own bytes don't say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The scheme of the connection, or the one that a trusted proxy reports.
    pub scheme: Scheme,
    /// The viewer's address.
    pub address: IpAddr,
    /// The time at which it is judged.
    pub now: EpochSeconds,
}

impl<'r> Received<'r> {
    /// Reads the parts of a request.
    #[must_use]
    pub fn of(parts: &'r request::Parts, framing: Framing, arrival: Arrival) -> Self {
        let Arrival { scheme, address, now } = arrival;
        Self {
            framing,
            method: &parts.method,
            scheme,
            host: host_of(parts, scheme),
            target: parts.uri.path_and_query().and_then(|target| Target::parse(target.as_str())),
            cookies: parts.headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect(),
            address,
            country: None,
            is_preflight: is_preflight(&parts.method, &parts.headers),
            now,
        }
    }

    /// The request as the checks see it.
    ///
    /// # Errors
    /// [`Rejection::Host`], then [`Rejection::Target`].
    pub fn read(self) -> Result<ViewerRequest<'r>, Rejection> {
        let Self { framing: _, method, scheme, host, target, cookies, address, country, is_preflight, now } =
            self;
        Ok(ViewerRequest {
            method,
            scheme,
            host: host?,
            target: target.ok_or(Rejection::Target)?,
            cookies,
            address,
            country,
            is_preflight,
            now,
        })
    }
}

/// The one host that a request names.
///
/// # Errors
/// [`InvalidHost`] where it names none, several, or one that can't be a host.
pub fn host_of(parts: &request::Parts, scheme: Scheme) -> Result<Host<'_>, InvalidHost> {
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    let fields = parts.headers.get_all(HOST).iter().map(HeaderValue::as_bytes);
    // Only in HTTP/2 is the authority enough.
    match (authority, parts.version) {
        (Some(own), Version::HTTP_2) if !parts.headers.contains_key(HOST) => Host::parse(own),
        _ => Host::of_request(authority, fields, scheme),
    }
}
