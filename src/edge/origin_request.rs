//! The request that goes to the origin in place of the viewer's.

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Request, Uri, request};

use super::headers::{self, Passage};
use super::identity::RequestIdentity;
use super::reply::Reply;
use super::viewer::Viewer;
use crate::access::credentials::without_signing_parameters;
use crate::body::Body;
use crate::distribution::Route;
use crate::viewer::{Target, ViewerRequest};

/// A request made of the viewer's, whose headers it takes.
#[must_use]
pub fn build(
    parts: &mut request::Parts,
    target: PathAndQuery,
    passage: &Passage<'_>,
    viewer: &Viewer,
    identity: &RequestIdentity,
    body: Body,
) -> Request<Body> {
    let mut request = Request::new(body);
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = Uri::from(target);
    *request.headers_mut() = std::mem::take(&mut parts.headers);
    headers::to_origin(&mut request, parts, passage, viewer, identity);
    request
}

/// The target for the origin: its own path, then what was sent without what was for us or isn't forwarded, byte for byte.
///
/// # Errors
/// A reply to what can't be a target.
pub fn target(
    sent: &Uri,
    viewer: &ViewerRequest<'_>,
    route: &Route<'_, '_>,
    prefix: &str,
) -> Result<PathAndQuery, Reply> {
    let Target { path, query } = viewer.target;
    let kept = match query {
        Some(query) if route.is_private() && !query.is_empty() => without_signing_parameters(query),
        other => other.map(Into::into),
    };
    let kept = kept.and_then(|kept| route.behavior.origin_request_policy.forwarded_query(kept));
    if let (true, Some(same)) =
        (prefix.is_empty() && route.origin_path == path && kept.as_deref() == query, sent.path_and_query())
    {
        return Ok(same.clone());
    }
    let mut target = String::with_capacity(prefix.len() + route.origin_path.len() + viewer.target.len());
    target.push_str(prefix);
    target.push_str(&route.origin_path);
    if let Some(kept) = kept {
        target.push('?');
        target.push_str(&kept);
    }
    PathAndQuery::from_maybe_shared(Bytes::from(target)).map_err(Reply::bad_request)
}
