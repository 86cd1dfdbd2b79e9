//! A request as the `http` crate has it, read as the decision sees it.

use std::net::IpAddr;

use http::header::{CONTENT_LENGTH, COOKIE, HOST, HeaderValue, TRANSFER_ENCODING};
use http::{Version, request};

use super::prechecks::{self, Rejection};
use crate::distribution::response_headers_policy::is_preflight;
use crate::epoch::EpochSeconds;
use crate::viewer::{Host, Scheme, Target, ViewerRequest};

/// The request as the decision sees it. Its country is left open.
///
/// # Errors
/// [`Rejection::Host`] where no one host can be told, [`Rejection::Target`] for a target without a path.
pub fn viewer_request(
    parts: &request::Parts,
    scheme: Scheme,
    address: IpAddr,
    now: EpochSeconds,
) -> Result<ViewerRequest<'_>, Rejection> {
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    let fields = parts.headers.get_all(HOST).iter().map(HeaderValue::as_bytes);
    // Only in HTTP/2 is the authority enough.
    let host = match (authority, parts.version) {
        (Some(own), Version::HTTP_2) if !parts.headers.contains_key(HOST) => Host::parse(own)?,
        _ => Host::of_request(authority, fields, scheme)?,
    };
    let target = parts.uri.path_and_query().and_then(|target| Target::parse(target.as_str()));
    Ok(ViewerRequest {
        method: &parts.method,
        scheme,
        host,
        target: target.ok_or(Rejection::Target)?,
        cookies: parts.headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect(),
        address,
        country: None,
        is_preflight: is_preflight(&parts.method, &parts.headers),
        now,
    })
}

/// CloudFront's quotas, counted as the request was written.
///
/// # Errors
/// [`Rejection::UrlTooLong`], [`Rejection::HeadTooLong`].
pub fn within_quotas(parts: &request::Parts) -> Result<(), Rejection> {
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let line = parts.method.as_str().len() + target + "  HTTP/1.1\r\n".len();
    let fields: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    prechecks::check_quotas(target, line + fields + "\r\n".len())
}

/// Whether the headers announce a body.
#[must_use]
pub fn announces_body(parts: &request::Parts) -> bool {
    let length = parts.headers.get(CONTENT_LENGTH).map(HeaderValue::as_bytes);
    length.is_some_and(|length| length != b"0") || parts.headers.contains_key(TRANSFER_ENCODING)
}
