//! Custom error responses: the page that a viewer gets in place of an error. Semantics 8.4.

use std::sync::Arc;

use http::header::{HOST, HeaderMap, HeaderValue, USER_AGENT};
use http::{Method, Response, StatusCode};

use crate::distribution::Distribution;
use crate::distribution::custom_error_response::ErrorPage;
use crate::edge::io::body::{self, Body};
use crate::edge::observe::request_log::RequestLogEntry;
use crate::edge::response::reply::Reply;
use crate::edge::upstream::forward::{Forwarding, Plan};
use crate::edge::upstream::headers::X_CACHE;

/// Fetches the page from the origin of the behavior that it matches, as ourselves: nothing of the viewer's but how its
/// browser names itself goes along, and no credentials are asked for (`[ASSUMED]`).
///
/// # Errors
/// A [`Reply`] where the origin can't be asked: the viewer then gets that failure instead (`[DOC]`).
pub async fn fetch(
    page: &ErrorPage,
    distribution: &Arc<Distribution>,
    forwarding: Forwarding<'_>,
    viewer_headers: &HeaderMap,
    entry: &mut RequestLogEntry,
) -> Result<Response<Body>, Reply> {
    let behavior = distribution.behavior_for(&page.path);
    let target = distribution.target(&behavior.target_origin);
    let target = target.ok_or_else(|| Reply::bad_request("the error page's origin is not defined"))?;
    let plan = Plan::of_page(target, &page.path)?;
    let method = if forwarding.method == Method::HEAD { Method::HEAD } else { Method::GET };
    let forwarding = Forwarding { method, ..forwarding };
    let mut response = forwarding
        .send(plan, behavior, kept(viewer_headers), body::empty(), entry)
        .await
        .map_err(|error| Reply::origin_failed(&error))?;
    // One that fails itself is shown as it is.
    if response.status().is_success() {
        *response.status_mut() = StatusCode::from_u16(page.response_code).unwrap_or(StatusCode::FORBIDDEN);
        response.headers_mut().insert(X_CACHE, HeaderValue::from_static("Error from cloudfront"));
    }
    Ok(response)
}

/// What of a viewer's headers the page's origin may need: the host, where its policy forwards that, and the browser.
#[must_use]
pub fn kept(headers: &HeaderMap) -> HeaderMap {
    let wanted =
        [HOST, USER_AGENT].into_iter().filter_map(|name| Some((name.clone(), headers.get(name)?.clone())));
    wanted.collect()
}
