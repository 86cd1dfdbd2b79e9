//! What of a request the headers of its response depend on: its origin, and whether it is a preflight.

use http::header::{ACCESS_CONTROL_REQUEST_HEADERS, HeaderMap, HeaderValue, ORIGIN, PRAGMA};
use http::{Method, request};

/// What of a request the headers of its response depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CorsRequest {
    /// `Origin`.
    pub origin: Option<HeaderValue>,
    /// Whether it is a preflight.
    pub is_preflight: bool,
    /// `Access-Control-Request-Headers`.
    pub requested_headers: Option<HeaderValue>,
    /// `Pragma: server-timing`, which asks for the header whatever the sampling (AWS's guide).
    pub wants_timing: bool,
}

impl CorsRequest {
    /// Of a viewer's request.
    #[must_use]
    pub fn of(parts: &request::Parts) -> Self {
        let pragma = parts.headers.get_all(PRAGMA).iter().filter_map(|value| value.to_str().ok());
        let is_timing = |word: &str| word.trim().eq_ignore_ascii_case("server-timing");
        Self {
            origin: parts.headers.get(ORIGIN).cloned(),
            is_preflight: is_preflight(&parts.method, &parts.headers),
            requested_headers: parts.headers.get(ACCESS_CONTROL_REQUEST_HEADERS).cloned(),
            wants_timing: pragma.flat_map(|line| line.split(',')).any(is_timing),
        }
    }
}

/// A browser's question before a request across origins.
#[must_use]
pub fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(http::header::ACCESS_CONTROL_REQUEST_METHOD)
}
