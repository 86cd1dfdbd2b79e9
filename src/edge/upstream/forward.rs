//! From the decision to the origin's response: the request as an origin gets it, sent on, and within a group of origins
//! sent again.

use std::sync::Arc;

use bytes::Bytes;
use http::header::HeaderMap;
use http::uri::{Authority, PathAndQuery};
use http::{Method, Request, Response, Uri, Version};

use super::cloudfront_headers::Whereabouts;
use super::headers::{self, Passage};
use super::thread_snapshot::ThreadSnapshot;
use super::websocket;
use crate::access::credentials::without_signing_parameters;
use crate::distribution::behavior::CacheBehavior;
use crate::distribution::origin::Origin;
use crate::distribution::origin_group::OriginGroup;
use crate::distribution::origin_request_policy::Asked;
use crate::distribution::{self, Route};
use crate::edge::facts::peer::Viewer;
use crate::edge::io::body::{self, Body};
use crate::edge::limits::request_slots::RequestSlot;
use crate::edge::observe::request_log::RequestLogEntry;
use crate::edge::origin::AsksForWebSocket;
use crate::edge::origin::error::OriginError;
use crate::edge::origin::s3::{QueryIsListed, RefusedSignature};
use crate::edge::response::reply::Reply;
use crate::identity::RequestIdentity;
use crate::viewer::{Target, ViewerRequest};

/// What is the same for every origin that is asked for one request.
#[derive(Debug)]
pub struct Forwarding<'a> {
    /// This thread's way to the origins.
    pub in_use: &'a ThreadSnapshot,
    /// Whether the request had to show credentials.
    pub is_private: bool,
    /// Where it takes its place among the requests that origins answer.
    pub slot: &'a RequestSlot,
    /// Who asks.
    pub viewer: &'a Viewer,
    /// The marks of the request.
    pub identity: &'a RequestIdentity,
    /// What is asked.
    pub method: Method,
    /// The version of HTTP that the viewer speaks.
    pub version: Version,
    /// The host that the target names, if it does.
    pub authority: Option<&'a Authority>,
    /// Where the viewer is.
    pub whereabouts: Whereabouts<'a>,
    /// Whether it is the handshake of a WebSocket.
    pub asks_for_websocket: bool,
}

/// An origin, and what it is asked for.
#[derive(Clone, Debug)]
pub struct Ahead<'d> {
    /// Who is asked.
    pub origin: &'d Arc<Origin>,
    /// The path and the query, the origin's own path before them.
    pub target: PathAndQuery,
}

/// Who helps out where the first one fails.
#[derive(Clone, Debug)]
pub struct Spare<'d> {
    /// By which rules.
    pub group: &'d OriginGroup,
    /// The other one.
    pub ahead: Ahead<'d>,
}

/// Everyone who may be asked for a request.
#[derive(Clone, Debug)]
pub struct Plan<'d> {
    first: Ahead<'d>,
    spare: Option<Spare<'d>>,
}

impl<'d> Plan<'d> {
    /// Looks up a route's origins, and what each of them is to be asked.
    ///
    /// # Errors
    /// A [`Reply`] for a target that can't be written down.
    pub fn of(
        sent: &Uri,
        viewer: &ViewerRequest<'_>,
        route: &Route<'d, '_>,
        has_body: bool,
    ) -> Result<Self, Reply> {
        let target = route.distribution.target(&route.behavior.target_origin);
        let target = target.ok_or_else(|| Reply::bad_request("the behavior's origin is not defined"))?;
        let ahead = |origin: &'d Arc<Origin>| -> Result<Ahead<'d>, Reply> {
            Ok(Ahead { origin, target: origin_target(sent, viewer, route, &origin.path)? })
        };
        let may_ask_again = OriginGroup::covers(viewer.method) && !has_body;
        Self::with(
            distribution::TargetOrigins { secondary: target.secondary.filter(|_| may_ask_again), ..target },
            ahead,
        )
    }

    /// For a page that nobody asked for: its path, before it the origin's own.
    ///
    /// # Errors
    /// A [`Reply`] for a path that can't be written down.
    pub fn of_page(target: distribution::TargetOrigins<'d>, path: &str) -> Result<Self, Reply> {
        let ahead = |origin: &'d Arc<Origin>| -> Result<Ahead<'d>, Reply> {
            let target = PathAndQuery::try_from(format!("{}{path}", origin.path));
            Ok(Ahead { origin, target: target.map_err(Reply::bad_request)? })
        };
        Self::with(target, ahead)
    }

    /// Everyone of a target, each with what it is to be asked.
    fn with(
        target: distribution::TargetOrigins<'d>,
        ahead: impl Fn(&'d Arc<Origin>) -> Result<Ahead<'d>, Reply>,
    ) -> Result<Self, Reply> {
        let spare =
            target.secondary.map(|(origin, group)| Ok::<_, Reply>(Spare { group, ahead: ahead(origin)? }));
        Ok(Self { first: ahead(target.primary)?, spare: spare.transpose()? })
    }
}

impl Forwarding<'_> {
    /// Asks by a behavior's rules, and asks the spare origin where the first one fails. The response is the viewer's but for its headers.
    ///
    /// # Errors
    /// [`OriginError`] of whoever was asked last.
    pub async fn send(
        &self,
        plan: Plan<'_>,
        behavior: &CacheBehavior,
        headers: HeaderMap,
        body: Body,
        entry: &mut RequestLogEntry,
    ) -> Result<Response<Body>, OriginError> {
        let Plan { first, spare } = plan;
        let Some(Spare { group, ahead }) = spare else {
            return self.ask(first, behavior, headers, body, entry).await;
        };
        let answered = self.ask(first.clone(), behavior, headers.clone(), body, entry).await;
        let failure = match &answered {
            Ok(response) if !group.failover_on.contains(&response.status().as_u16()) => return answered,
            Ok(response) => response.status().to_string(),
            // Nobody else could answer it: the fault is the request's own.
            Err(OriginError::ViewerBody | OriginError::Signing(_) | OriginError::Busy) => return answered,
            Err(error) => error.to_string(),
        };
        let (from, to) = (first.origin.id.as_str(), ahead.origin.id.as_str());
        tracing::debug!(
            group = group.id.as_str(),
            from,
            to,
            failure,
            "an origin failed; the other one is asked"
        );
        Box::pin(self.ask(ahead, behavior, headers, body::empty(), entry)).await
    }

    async fn ask(
        &self,
        Ahead { origin, target }: Ahead<'_>,
        behavior: &CacheBehavior,
        mut headers: HeaderMap,
        body: Body,
        entry: &mut RequestLogEntry,
    ) -> Result<Response<Body>, OriginError> {
        let passage = Passage {
            origin,
            behavior,
            is_private: self.is_private,
            asked: Asked { method: &self.method, has_body: !body::is_empty(&body) },
            version: self.version,
            authority: self.authority,
            whereabouts: self.whereabouts,
        };
        headers::to_origin(&mut headers, &passage, self.viewer, self.identity);
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = Uri::from(target);
        *request.headers_mut() = headers;
        if self.asks_for_websocket {
            websocket::ask(request.headers_mut());
            request.extensions_mut().insert(AsksForWebSocket);
        }
        if origin.location.is_signed_for() && behavior.origin_request_policy.names_query_strings() {
            request.extensions_mut().insert(QueryIsListed);
        }
        if let Some(asked) = &self.in_use.origin_requests {
            let target = request.uri().path_and_query().map_or("", PathAndQuery::as_str);
            asked.keep(request.method(), target, request.headers());
        }
        entry.asks(&self.in_use.labels, origin);
        let has_place = self.slot.fill(origin.timeouts.connection).await;
        let sent = match self.in_use.origin(origin) {
            _ if !has_place => Err(OriginError::Busy),
            Ok(origin) => origin.client.send(request, self.viewer.scheme).await,
            Err(error) => Err(error),
        };
        entry.origin_answered(sent.as_ref().err().map(OriginError::logged_as));
        let mut response = sent?;
        if response.extensions_mut().remove::<RefusedSignature>().is_some() {
            entry.refused_by_storage();
        }
        let switches = websocket::check_answer(&response)?;
        *response.version_mut() = Version::HTTP_11;
        let is_error = response.status().is_client_error() || response.status().is_server_error();
        headers::to_viewer(response.headers_mut(), is_error, self.identity);
        if switches {
            websocket::ask(response.headers_mut());
        }
        Ok(response)
    }
}

/// The target for the origin: its own path, then what was sent without what was for us or isn't forwarded, byte for byte.
fn origin_target(
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
