//! What is judged before the credentials: length, host, country, protocol, method, body. Cloudfront 8.1, 8.2, 9.1 and 9.3.
//!
//! CloudFront answers these with its HTML pages or a redirect, never with the XML of a signature denial.

use http::Method;

use super::framing::Framing;
use crate::distribution::Route;
use crate::distribution::behavior::{AllowedMethods, ViewerProtocolPolicy};
use crate::viewer::readings::{MAX_READING_BYTES, MAX_READINGS};
use crate::viewer::{Country, InvalidHost, Scheme, Target, ViewerRequest};

/// Why a request doesn't get as far as its credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// A URL beyond CloudFront's quota.
    #[error("the URL has {found} bytes, more than {MAX_URL}")]
    UrlTooLong {
        /// Bytes of path and query.
        found: usize,
    },
    /// A request line and headers beyond CloudFront's quota.
    #[error("the request line and headers have {found} bytes, more than {MAX_HEAD}")]
    HeadTooLong {
        /// Bytes, as they were written.
        found: usize,
    },
    /// No host that can be told.
    #[error(transparent)]
    Host(#[from] InvalidHost),
    /// A target that is neither a path nor a URL.
    #[error("the request's target is not a path")]
    Target,
    /// A path that leaves the origin's own path, and may come back past the behaviors.
    #[error("the path climbs above the root, and with it out of the origin's own path")]
    ClimbsOut,
    /// A path that origins may read in more ways than are looked at, in a distribution with a private behavior.
    #[error(
        "the path may be read in too many ways: expected at most {MAX_READINGS} forms of together {MAX_READING_BYTES} bytes"
    )]
    TooManyReadings,
    /// A host that no distribution answers for (the body `[INFER]`).
    #[error("no distribution has the host {host:?}")]
    UnknownHost {
        /// The host that was sent.
        host: String,
    },
    /// A viewer in a country that the distribution isn't shown to (cloudfront 8.3). Before the signature, `[ASSUMED]`, and
    /// before everything that belongs to a behavior.
    #[error("the distribution is not shown in {country}")]
    GeoBlocked {
        /// The viewer's.
        country: Country,
    },
    /// Plain HTTP where only HTTPS is served (the body `[UNKNOWN]`).
    #[error("the behavior is https-only and the viewer spoke http")]
    HttpsRequired,
    /// Plain HTTP that is sent to HTTPS.
    #[error("the behavior is redirect-to-https and the viewer spoke http")]
    RedirectToHttps {
        /// The same URL on HTTPS.
        location: String,
        /// Whether the method lets the viewer change it to GET: 301, else 307.
        is_read: bool,
    },
    /// A method outside the behavior's set.
    #[error("{method} is not among the allowed methods {}", .allowed.names().join(", "))]
    MethodNotAllowed {
        /// The method.
        method: String,
        /// The behavior's set.
        allowed: AllowedMethods,
    },
    /// GET or HEAD with a body.
    #[error("a GET or HEAD request has a body")]
    UnexpectedBody,
    /// A preflight that needs no credentials on a private path, with a body.
    #[error("expected a preflight without a body")]
    PreflightBody,
}

impl Rejection {
    /// The reason's name in logs, `explain` and the test-mode header (reference 4).
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::UrlTooLong { .. } | Self::HeadTooLong { .. } => "too-large",
            Self::Host(_)
            | Self::Target
            | Self::ClimbsOut
            | Self::TooManyReadings
            | Self::UnexpectedBody
            | Self::PreflightBody => "bad-request",
            Self::UnknownHost { .. } => "unknown-host",
            Self::GeoBlocked { .. } => "geo-blocked",
            Self::HttpsRequired => "https-required",
            Self::RedirectToHttps { .. } => "redirect-to-https",
            Self::MethodNotAllowed { .. } => "method-not-allowed",
        }
    }

    /// The status that the viewer gets.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::UrlTooLong { .. } | Self::HeadTooLong { .. } => 413,
            Self::Host(_) | Self::Target | Self::ClimbsOut | Self::TooManyReadings | Self::PreflightBody => {
                400
            }
            Self::RedirectToHttps { is_read: true, .. } => 301,
            Self::RedirectToHttps { is_read: false, .. } => 307,
            Self::UnknownHost { .. }
            | Self::GeoBlocked { .. }
            | Self::HttpsRequired
            | Self::MethodNotAllowed { .. }
            | Self::UnexpectedBody => 403,
        }
    }
}

impl Rejection {
    /// A redirect to HTTPS on another port than 443 (configuration: `redirect-port`); every other rejection as it is. CloudFront has no other
    /// port; where viewers name one, HTTPS has one of its own.
    #[must_use]
    pub fn on_port(self, port: u16) -> Self {
        let Self::RedirectToHttps { location, is_read } = self else { return self };
        if port == Scheme::Https.default_port() {
            return Self::RedirectToHttps { location, is_read };
        }
        let after_scheme = "https://".len();
        let path = location.get(after_scheme..).and_then(|rest| rest.find('/'));
        let (address, target) = location.split_at(path.map_or(location.len(), |path| after_scheme + path));
        Self::RedirectToHttps { location: format!("{address}:{port}{target}"), is_read }
    }
}

/// Compares the size of a request's head with CloudFront's quotas.
///
/// # Errors
/// [`Rejection::UrlTooLong`], [`Rejection::HeadTooLong`].
pub(super) fn check_quotas(framing: Framing) -> Result<(), Rejection> {
    if framing.url_len > MAX_URL {
        return Err(Rejection::UrlTooLong { found: framing.url_len });
    }
    if framing.head_len > MAX_HEAD {
        return Err(Rejection::HeadTooLong { found: framing.head_len });
    }
    Ok(())
}

/// Judges country, path, protocol, method and body by the rules of the path's behaviors. Redirect before signature: cloudfront 8.2, `[ASSUMED]`.
///
/// # Errors
/// The first [`Rejection`] in the request's way.
pub(super) fn admit(
    request: &ViewerRequest<'_>,
    route: &Route<'_, '_>,
    has_body: bool,
) -> Result<(), Rejection> {
    if let (Some(restriction), Some(country)) = (&route.distribution.geo_restriction, request.country)
        && !restriction.admits(Some(country))
    {
        return Err(Rejection::GeoBlocked { country });
    }
    if route.climbs_out {
        return Err(Rejection::ClimbsOut);
    }
    if route.has_too_many_readings() {
        return Err(Rejection::TooManyReadings);
    }
    if request.scheme == Scheme::Http {
        match route.viewer_protocol_policy {
            ViewerProtocolPolicy::AllowAll => {}
            ViewerProtocolPolicy::HttpsOnly => return Err(Rejection::HttpsRequired),
            ViewerProtocolPolicy::RedirectToHttps => {
                return Err(Rejection::RedirectToHttps {
                    location: on_https(request),
                    is_read: is_read(request.method),
                });
            }
        }
    }
    if !route.allowed_methods.allows(request.method) {
        let method = request.method.to_string();
        return Err(Rejection::MethodNotAllowed { method, allowed: route.allowed_methods });
    }
    if has_body && is_read(request.method) {
        return Err(Rejection::UnexpectedBody);
    }
    Ok(())
}

/// The Location of a redirect keeps path and query, signature included (cloudfront 8.2).
fn on_https(request: &ViewerRequest<'_>) -> String {
    let Target { path, query } = request.target;
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("https://{}{path}{query}", request.host.name())
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// CloudFront's quota for a URL, in bytes (cloudfront 9.3, `[DOC D26:quotas]`).
pub const MAX_URL: usize = 8_192;
/// CloudFront's quota for the request line and the headers, in bytes (cloudfront 9.3, `[DOC D26:quotas]`).
pub const MAX_HEAD: usize = 32_768;
