//! Custom error responses: the page that a viewer gets in place of an error. Cloudfront 8.4.

use http::{Method, StatusCode};

use super::context::{RequestContext, headers_for_page};
use crate::access::cache_result::CacheResult;
use crate::distribution::custom_error_response::ErrorPage;
use crate::edge::io::body;
use crate::edge::response::local_response::LocalResponse;
use crate::edge::response::outcome::Outcome;
use crate::edge::upstream::forward::ForwardPlan;
use crate::edge::upstream::headers::ForwardParams;

/// The page that the request's distribution shows for a status.
pub(super) fn page_for<'s>(
    context: &RequestContext<'s>,
    outcome: &Result<Outcome, LocalResponse>,
) -> Option<&'s ErrorPage> {
    let status = outcome.as_ref().map_or_else(LocalResponse::status, Outcome::status);
    context.route?.distribution.error_page(status.as_u16())
}

/// Fetches the page, for whatever reason it is shown.
///
/// # Errors
/// A [`LocalResponse`] where the page can't be fetched: the viewer then gets that failure instead (`[DOC]`).
pub(super) async fn show(
    page: &ErrorPage,
    context: &mut RequestContext<'_>,
    outcome: Result<Outcome, LocalResponse>,
) -> Result<Outcome, LocalResponse> {
    let reason = outcome.err().map(|local| local.reason);
    match (fetch(page, context).await, reason) {
        (Ok(outcome), reason) => Ok(Outcome { reason, ..outcome }),
        (Err(mut local), Some(reason)) => {
            local.reason = reason;
            Err(local)
        }
        (failed, None) => failed,
    }
}

/// From the origin of the behavior that the page matches, as ourselves: nothing of the viewer's but how its browser names
/// itself goes along, and no credentials are checked (`[ASSUMED]`).
async fn fetch(page: &ErrorPage, context: &mut RequestContext<'_>) -> Result<Outcome, LocalResponse> {
    let undefined = || LocalResponse::bad_request("the error page's origin is not defined");
    let distribution = context.route.ok_or_else(undefined)?.distribution;
    let behavior = distribution.behavior_for(&page.path);
    let plan = ForwardPlan::of_page(
        distribution.target(&behavior.target_origin).ok_or_else(undefined)?,
        &page.path,
    )?;
    let headers = headers_for_page(&context.parts.headers);
    let (params, log) = context.forward_params(behavior);
    let method = if params.method == Method::HEAD { Method::HEAD } else { Method::GET };
    let fetched = ForwardParams { method, ..params }.fetch(plan, headers, body::empty(), log).await;
    let mut response = fetched.map_err(|error| LocalResponse::origin_failed(&error))?;
    // One that fails itself is shown as it is.
    if response.status().is_success() {
        *response.status_mut() = StatusCode::from_u16(page.response_code).unwrap_or(StatusCode::FORBIDDEN);
    }
    Ok(Outcome { response, result: Some(CacheResult::Error), reason: None })
}
