//! What is known of a request on its way to its response.

use std::sync::Arc;

use http::header::{HOST, HeaderMap, USER_AGENT};
use http::request;

use crate::access::Framing;
use crate::access::warning::Warning;
use crate::distribution::Distribution;
use crate::distribution::behavior::CacheBehavior;
use crate::edge::facts::peer::Viewer;
use crate::edge::io::body::Body;
use crate::edge::limits::request_slots::RequestSlot;
use crate::edge::observe::request_log::RequestLogEntry;
use crate::edge::response::local_response::LocalResponse;
use crate::edge::response::outcome::Outcome;
use crate::edge::response::response_headers::AppliedPolicy;
use crate::edge::upstream::cloudfront_headers::GeoLookup;
use crate::edge::upstream::forward::ForwardPlan;
use crate::edge::upstream::headers::ForwardParams;
use crate::edge::upstream::thread_snapshot::ThreadSnapshot;
use crate::edge::upstream::websocket;
use crate::identity::RequestIdentity;
use crate::viewer::Country;

/// One request. Of the request it owns everything; of the configuration it borrows, from the snapshot that the request's
/// task holds to its end.
pub(super) struct RequestContext<'s> {
    /// The configuration under which the request is served, whatever is reloaded meanwhile.
    pub(super) snapshot: &'s ThreadSnapshot,
    /// The head as it was sent, without what test mode has taken out. Its fields go to the origin.
    pub(super) parts: request::Parts,
    /// Its lengths as it arrived.
    pub(super) framing: Framing,
    /// Whether the response says that the connection ends (HTTP/1), or says nothing of it (HTTP/2).
    pub(super) closes: Option<bool>,
    pub(super) requester: Requester<'s>,
    pub(super) identity: RequestIdentity,
    pub(super) log: RequestLogEntry,
    /// Where it belongs; none until that is found.
    pub(super) route: Option<RouteFacts<'s>>,
    /// What its behavior does to responses.
    pub(super) policy: AppliedPolicy<'s>,
    /// In test mode: what is allowed and isn't meant.
    pub(super) warnings: Vec<Warning>,
}

/// Who sent a request, and how it came.
pub(super) struct Requester<'s> {
    pub(super) viewer: Viewer,
    /// The viewer's country, where a test gives one.
    pub(super) country: Option<Country>,
    /// Whether it came through a balancer: then it sets no test header (reference 5).
    pub(super) is_remote: bool,
    /// Whether this machine sent it, and no proxy or tunnel brought it.
    pub(super) is_local: bool,
    /// Where it holds its place among the requests that origins respond to.
    pub(super) slot: &'s RequestSlot,
}

/// Where a request belongs, as long as its response is made.
#[derive(Clone, Copy)]
pub(super) struct RouteFacts<'s> {
    pub(super) distribution: &'s Arc<Distribution>,
    pub(super) behavior: &'s CacheBehavior,
    /// Whether it had to show credentials.
    pub(super) is_private: bool,
}

impl<'s> RequestContext<'s> {
    /// The origin's response to the request, by a plan.
    pub(super) async fn fetch(
        &mut self,
        plan: ForwardPlan<'_>,
        route: RouteFacts<'s>,
        body: Body,
    ) -> Result<Outcome, LocalResponse> {
        let headers = self.take_headers(route);
        let asks_for_websocket = websocket::is_asked_for(&self.parts.method, self.parts.version, &headers);
        self.policy.origin_requested();
        let (params, log) = self.forward_params(route.behavior);
        let params = ForwardParams { is_private: route.is_private, asks_for_websocket, ..params };
        let fetched = params.fetch(plan, headers, body, log).await;
        let response = fetched.map_err(|error| LocalResponse::origin_failed(&error))?;
        self.policy.origin_responded();
        Ok(Outcome::fetched(response))
    }

    /// What a request to an origin needs that is public, unless said otherwise, and the log that it reports to.
    pub(super) fn forward_params<'a>(
        &'a mut self,
        behavior: &'a CacheBehavior,
    ) -> (ForwardParams<'a>, &'a mut RequestLogEntry) {
        let params = ForwardParams {
            snapshot: self.snapshot,
            slot: self.requester.slot,
            viewer: &self.requester.viewer,
            identity: &self.identity,
            behavior,
            is_private: false,
            method: self.parts.method.clone(),
            version: self.parts.version,
            authority: self.parts.uri.authority(),
            geo: self.requester.geo(self.snapshot),
            asks_for_websocket: false,
        };
        (params, &mut self.log)
    }

    /// The headers for the origin; those that an error page may need stay.
    fn take_headers(&mut self, route: RouteFacts<'_>) -> HeaderMap {
        let headers = std::mem::take(&mut self.parts.headers);
        if !route.distribution.error_responses.is_empty() {
            self.parts.headers = headers_for_page(&headers);
        }
        headers
    }
}

impl Requester<'_> {
    /// Where the viewer is.
    pub(super) fn geo<'l>(&self, snapshot: &'l ThreadSnapshot) -> GeoLookup<'l> {
        GeoLookup { given: self.country, locations: snapshot.snapshot.locations.as_deref() }
    }
}

/// What of a viewer's headers an error page's origin may need: the host, where its policy forwards that, and the browser.
pub(super) fn headers_for_page(headers: &HeaderMap) -> HeaderMap {
    let wanted =
        [HOST, USER_AGENT].into_iter().filter_map(|name| Some((name.clone(), headers.get(name)?.clone())));
    wanted.collect()
}
