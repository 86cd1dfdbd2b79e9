//! The link of `dev` that opens the site with cookies: a signed URL below `/.frontgate/`, which is never forwarded.
//!
//! It grants more than the URL that was signed: cookies for the whole site. So it is answered only where a person at this
//! machine follows it, and only for a canned signature of exactly this URL.

use cookie::{Cookie, SameSite};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, LOCATION, SET_COOKIE};
use http::{Response, StatusCode};

use crate::access::credentials::{CredentialSource, Credentials};
use crate::access::policy;
use crate::distribution::Route;
use crate::distribution::key::HashAlgorithm;
use crate::edge::io::body::{self, Body};
use crate::edge::state::dev_signer::DevSigner;
use crate::epoch::EpochSeconds;
use crate::sign::{SignError, Terms, signing_values};
use crate::viewer::{Scheme, ViewerRequest};

/// What is for `dev` itself: its first behavior has this pattern.
pub const PATTERN: &str = "/.frontgate/*";
/// The link's path.
pub const PATH: &str = "/.frontgate/open";

/// Whether any reading of a request's path is for `dev` itself.
#[must_use]
pub fn is_meant(route: &Route<'_, '_>) -> bool {
    route.private.iter().chain([&route.behavior]).any(|behavior| behavior.pattern() == PATTERN)
}

/// The response to a request that [`is_meant`] and whose signature was found good; `is_local` where a viewer on this machine
/// sent it, and no proxy brought it.
#[must_use]
pub fn respond(signer: &DevSigner, request: &ViewerRequest<'_>, is_local: bool) -> Response<Body> {
    let mut response = match end_of(request) {
        Some(end) if request.target.path == PATH && is_local => {
            opened(signer, request, end).unwrap_or_else(|error| {
                tracing::warn!(%error, "cookies can't be signed");
                sentence(StatusCode::INTERNAL_SERVER_ERROR, "The cookies can't be signed.\n")
            })
        }
        Some(_) if request.target.path == PATH => sentence(
            StatusCode::FORBIDDEN,
            "This link works only on the machine that runs `frontgate dev`.\n",
        ),
        Some(_) | None => {
            sentence(StatusCode::NOT_FOUND, "Not found: /.frontgate/ is reserved for `frontgate dev`.\n")
        }
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The end of a canned signature in the URL; none for cookies, and for a custom policy, which may be for many paths.
fn end_of(request: &ViewerRequest<'_>) -> Option<EpochSeconds> {
    let sent = Credentials::extract(request);
    let is_canned = sent.source == Some(CredentialSource::Query) && sent.policy.is_none();
    let (_, end) = policy::parse_expires(sent.expires.as_deref().filter(|_| is_canned)?).ok()?;
    Some(end)
}

fn opened(
    signer: &DevSigner,
    request: &ViewerRequest<'_>,
    end: EpochSeconds,
) -> Result<Response<Body>, SignError> {
    let resource = format!("{}://{}/*", request.scheme, request.host.in_url(request.scheme));
    let terms = Terms::new(&resource, end, None, None, Some(&resource));
    let values = signing_values(&resource, &terms, &signer.key, &signer.key_pair_id, HashAlgorithm::Sha1)?;
    let mut response = Response::new(body::empty());
    *response.status_mut() = StatusCode::FOUND;
    let headers = response.headers_mut();
    headers.insert(LOCATION, HeaderValue::from_static("/"));
    for (name, value) in values {
        let cookie = Cookie::build((format!("CloudFront-{name}"), value))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(request.scheme == Scheme::Https)
            .build();
        // Base64 and ids: a header may hold any of it.
        if let Ok(value) = HeaderValue::try_from(cookie.to_string()) {
            headers.append(SET_COOKIE, value);
        }
    }
    Ok(response)
}

fn sentence(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(body::full(text.to_owned()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
