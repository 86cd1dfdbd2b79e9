//! A request as it would be without a mistake, and what would become of it: the proof that it was this mistake.

use crate::access::authorize;
use crate::access::credentials::SIGNING_PARAMETERS;
use crate::access::deny_reason::DenyReason;
use crate::access::signature_cache::SignatureCache;
use crate::distribution::{Distributions, Route};
use crate::explain::request::parsed_request::ParsedRequest;
use crate::viewer::query::segments;
use crate::viewer::{Target, ViewerRequest};

/// A request as it would be without a mistake.
pub(in crate::explain) struct Corrected {
    pub(in crate::explain) path: Option<String>,
    pub(in crate::explain) query: Option<String>,
    pub(in crate::explain) cookies: Option<Vec<Vec<u8>>>,
}

impl Corrected {
    /// The other request.
    pub(in crate::explain) fn as_request<'r>(&'r self, of: &ViewerRequest<'r>) -> ViewerRequest<'r> {
        let target = Target {
            path: self.path.as_deref().unwrap_or(of.target.path),
            query: self.query.as_deref().or(of.target.query),
        };
        let cookies = self.cookies.as_ref().map(|all| all.iter().map(Vec::as_slice).collect());
        ViewerRequest { target, cookies: cookies.unwrap_or_else(|| of.cookies.clone()), ..of.clone() }
    }
}

/// Every signing name in the letters that count.
pub(in crate::explain) fn right_names(request: &ViewerRequest<'_>) -> Corrected {
    let right = |name: &str| {
        let bare = name.get(..COOKIE_PREFIX.len()).filter(|begin| begin.eq_ignore_ascii_case(COOKIE_PREFIX));
        let (prefix, bare) = bare.map_or(("", name), |begin| (COOKIE_PREFIX, &name[begin.len()..]));
        let known = SIGNING_PARAMETERS.iter().find(|known| known.eq_ignore_ascii_case(bare));
        known.map_or_else(|| name.to_owned(), |known| format!("{prefix}{known}"))
    };
    let renamed = |pair: &str| match pair.split_once('=') {
        Some((name, value)) => format!("{}={value}", right(name.trim())),
        None => pair.to_owned(),
    };
    let query = request.target.query.map(|query| segments(query).map(renamed).collect::<Vec<_>>().join("&"));
    let field = |field: &&[u8]| {
        let text = String::from_utf8_lossy(field);
        text.split(';').map(renamed).collect::<Vec<_>>().join("; ").into_bytes()
    };
    Corrected { path: None, query, cookies: Some(request.cookies.iter().map(field).collect()) }
}

/// Whether another request would have been allowed.
pub(in crate::explain) fn opens(request: &ViewerRequest<'_>, parsed: &ParsedRequest<'_, '_>) -> bool {
    matches!(decision(request, parsed.distributions), Some(Ok(())))
}

/// Whether the signature of another request is good, whatever its conditions say: it is what was signed.
pub(in crate::explain) fn is_understood(request: &ViewerRequest<'_>, parsed: &ParsedRequest<'_, '_>) -> bool {
    match decision(request, parsed.distributions) {
        Some(Ok(())) => true,
        Some(Err(reason)) => matches!(
            reason,
            DenyReason::Expired { .. } | DenyReason::NotYetValid { .. } | DenyReason::IpMismatch { .. }
        ),
        None => false,
    }
}

/// None where nothing has to be signed.
fn decision(request: &ViewerRequest<'_>, distributions: &Distributions) -> Option<Result<(), DenyReason>> {
    let route = distributions.route(request).filter(Route::is_private)?;
    Some(authorize(request, &route, &SignatureCache::new(0)).map(drop))
}

const COOKIE_PREFIX: &str = "CloudFront-";
