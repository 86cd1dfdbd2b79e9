//! From the decision to the origin's response: the request as an origin gets it, forwarded, and within a group of origins
//! sent again.

use std::sync::Arc;

use bytes::Bytes;
use http::header::HeaderMap;
use http::uri::PathAndQuery;
use http::{Request, Response, Uri, Version};

use super::headers::{self, ForwardParams};
use super::websocket;
use crate::access::credentials::without_signing_parameters;
use crate::distribution::origin::Origin;
use crate::distribution::origin_group::OriginGroup;
use crate::distribution::{self, Distribution, Route};
use crate::edge::io::body::{self, Body};
use crate::edge::observe::request_log::RequestLogEntry;
use crate::edge::origin::AsksForWebSocket;
use crate::edge::origin::error::OriginError;
use crate::edge::origin::s3::{QueryIsListed, RefusedSignature};
use crate::edge::response::local_response::LocalResponse;
use crate::viewer::{Target, ViewerRequest};

/// An origin, and the target to request from it.
#[derive(Clone, Debug)]
pub struct OriginTarget<'d> {
    /// The distribution that has the origin.
    pub distribution: &'d Distribution,
    /// The origin.
    pub origin: &'d Arc<Origin>,
    /// The path and the query, the origin's own path before them.
    pub target: PathAndQuery,
}

/// The second origin of a group.
#[derive(Clone, Debug)]
pub struct Failover<'d> {
    /// When it is used.
    pub group: &'d OriginGroup,
    /// The origin and the target.
    pub target: OriginTarget<'d>,
}

/// Every origin that one request may be forwarded to.
#[derive(Clone, Debug)]
pub struct ForwardPlan<'d> {
    first: OriginTarget<'d>,
    failover: Option<Failover<'d>>,
}

impl<'d> ForwardPlan<'d> {
    /// Looks up a route's origins, and what to request from each of them.
    ///
    /// # Errors
    /// A [`LocalResponse`] for a target that can't be written down.
    pub fn of(
        sent: &Uri,
        viewer: &ViewerRequest<'_>,
        route: &Route<'d, '_>,
        has_body: bool,
    ) -> Result<Self, LocalResponse> {
        let target = route.distribution.target(&route.behavior.target_origin);
        let target =
            target.ok_or_else(|| LocalResponse::bad_request("the behavior's origin is not defined"))?;
        let origin_target_of = |origin: &'d Arc<Origin>| -> Result<OriginTarget<'d>, LocalResponse> {
            let path = target_for(sent, viewer, route, &origin.path)?;
            Ok(OriginTarget { distribution: route.distribution, origin, target: path })
        };
        let may_repeat = OriginGroup::covers(viewer.method) && !has_body;
        Self::with(
            distribution::TargetOrigins { secondary: target.secondary.filter(|_| may_repeat), ..target },
            origin_target_of,
        )
    }

    /// For an error page: its path, before it the origin's own.
    ///
    /// # Errors
    /// A [`LocalResponse`] for a path that can't be written down.
    pub fn of_page(target: distribution::TargetOrigins<'d>, path: &str) -> Result<Self, LocalResponse> {
        let distribution = target.distribution;
        let origin_target_of = |origin: &'d Arc<Origin>| -> Result<OriginTarget<'d>, LocalResponse> {
            let target = PathAndQuery::try_from(format!("{}{path}", origin.path));
            Ok(OriginTarget { distribution, origin, target: target.map_err(LocalResponse::bad_request)? })
        };
        Self::with(target, origin_target_of)
    }

    /// Every origin of a behavior's target, each with what to request from it.
    fn with(
        target: distribution::TargetOrigins<'d>,
        origin_target: impl Fn(&'d Arc<Origin>) -> Result<OriginTarget<'d>, LocalResponse>,
    ) -> Result<Self, LocalResponse> {
        let failover = target.secondary.map(|(origin, group)| {
            Ok::<_, LocalResponse>(Failover { group, target: origin_target(origin)? })
        });
        Ok(Self { first: origin_target(target.primary)?, failover: failover.transpose()? })
    }
}

impl ForwardParams<'_> {
    /// Fetches a response by a plan, from the second origin of a group where the first one fails. The response is the origin's
    /// own without its hop-by-hop headers: nothing in it belongs to one viewer.
    ///
    /// # Errors
    /// [`OriginError`] of the origin that was requested last.
    pub async fn fetch(
        &self,
        plan: ForwardPlan<'_>,
        headers: HeaderMap,
        body: Body,
        log: &mut RequestLogEntry,
    ) -> Result<Response<Body>, OriginError> {
        let ForwardPlan { first, failover } = plan;
        let Some(Failover { group, target }) = failover else {
            return self.fetch_from(first, headers, body, log).await;
        };
        let fetched = self.fetch_from(first.clone(), headers.clone(), body, log).await;
        let failure = match &fetched {
            Ok(response) if !group.failover_on.contains(&response.status().as_u16()) => return fetched,
            Ok(response) => response.status().to_string(),
            // No other origin could respond: the fault is the request's own.
            Err(OriginError::ViewerBody | OriginError::Signing(_) | OriginError::Busy) => return fetched,
            Err(error) => error.to_string(),
        };
        let (from, to) = (first.origin.id.as_str(), target.origin.id.as_str());
        tracing::debug!(
            group = group.id.as_str(),
            from,
            to,
            failure,
            "an origin failed; the request is sent to the other one"
        );
        Box::pin(self.fetch_from(target, headers, body::empty(), log)).await
    }

    async fn fetch_from(
        &self,
        OriginTarget { distribution, origin, target }: OriginTarget<'_>,
        headers: HeaderMap,
        body: Body,
        log: &mut RequestLogEntry,
    ) -> Result<Response<Body>, OriginError> {
        let request = self.request(origin, target, headers, body);
        if let Some(kept) = &self.snapshot.origin_requests {
            let target = request.uri().path_and_query().map_or("", PathAndQuery::as_str);
            kept.keep(request.method(), target, request.headers());
        }
        log.origin_requested(origin);
        let has_slot = self.slot.fill(origin.timeouts.connection).await;
        let sent = match self.snapshot.origin(distribution, origin) {
            _ if !has_slot => Err(OriginError::Busy),
            Ok(origin) => origin.client.send(request, self.viewer.scheme).await,
            Err(error) => Err(error),
        };
        log.origin_responded(sent.as_ref().err().map(OriginError::logged_as));
        let mut response = sent?;
        if response.extensions_mut().remove::<RefusedSignature>().is_some() {
            log.refused_by_storage();
        }
        websocket::check_upgrade(&response)?;
        *response.version_mut() = Version::HTTP_11;
        headers::strip_hop_by_hop(response.headers_mut());
        Ok(response)
    }

    fn request(
        &self,
        origin: &Origin,
        target: PathAndQuery,
        headers: HeaderMap,
        body: Body,
    ) -> Request<Body> {
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = Uri::from(target);
        *request.headers_mut() = headers;
        let has_body = !body::is_empty(request.body());
        self.write_headers(request.headers_mut(), origin, has_body);
        if self.asks_for_websocket {
            websocket::write_upgrade(request.headers_mut());
            request.extensions_mut().insert(AsksForWebSocket);
        }
        if origin.location.is_signed_for() && self.behavior.origin_request_policy.names_query_strings() {
            request.extensions_mut().insert(QueryIsListed);
        }
        request
    }
}

/// The target for the origin: its own path, then what was sent without what was for us or isn't forwarded, byte for byte.
fn target_for(
    sent: &Uri,
    viewer: &ViewerRequest<'_>,
    route: &Route<'_, '_>,
    prefix: &str,
) -> Result<PathAndQuery, LocalResponse> {
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
    PathAndQuery::from_maybe_shared(Bytes::from(target)).map_err(LocalResponse::bad_request)
}
