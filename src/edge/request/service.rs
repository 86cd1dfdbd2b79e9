//! One request, from its head to its response.

use http::header::CONNECTION;
use http::{Request, Response, Version, request};
use http_body::Body as _;

use super::context::{RequestContext, Requester, RouteFacts};
use super::worker::Worker;
use super::{error_page, test_mode, transfer_coding, trusted_proxies};
use crate::access::prechecks::Rejection;
use crate::access::{Arrival, Decided, Decision, Framing, Received, decide};
use crate::clock;
use crate::distribution::Route;
use crate::edge::dev::{cookie_link, demo_forms};
use crate::edge::facts::header_fields;
use crate::edge::facts::peer::{Peer, ViewerAddress};
use crate::edge::facts::protocol::Protocol;
use crate::edge::io::body::{self, Body};
use crate::edge::limits::request_slots::RequestSlot;
use crate::edge::observe::request_log::RequestLogEntry;
use crate::edge::response::local_response::LocalResponse;
use crate::edge::response::outcome::Outcome;
use crate::edge::response::response_headers::AppliedPolicy;
use crate::edge::upstream::forward::ForwardPlan;
use crate::edge::upstream::thread_snapshot::ThreadSnapshot;
use crate::epoch::EpochSeconds;
use crate::redact::redacted;
use crate::viewer::{Host, ViewerRequest};

impl Worker {
    /// Responds to one request. Whatever happens is a response.
    pub async fn respond(&self, request: Request<Body>, peer: &Peer, slot: &RequestSlot) -> Response<Body> {
        let snapshot = self.snapshot();
        let (mut context, body) = self.begin(request, peer, slot, &snapshot);
        let mut outcome = self.serve(&mut context, body).await;
        if let Some(page) = error_page::page_for(&context, &outcome) {
            // On the heap: it is rare, and every request would keep place for it.
            outcome = Box::pin(error_page::show(page, &mut context, outcome)).await;
        }
        context.finish(outcome, self.edge().test_mode)
    }

    /// The steps of a request. The first one that has a response ends it.
    async fn serve(&self, context: &mut RequestContext<'_>, body: Body) -> Result<Outcome, LocalResponse> {
        transfer_coding::check(&context.parts.headers)?;
        let body = match self.demo_form(context, body).await {
            Ok(response) => return Ok(Outcome::of_dev(response)),
            Err(body) => body,
        };
        let now = self.apply_test_headers(context)?;
        context.log.comes_from(&context.requester.viewer);
        let body = context.log.count_body(body);
        match self.admit(context, now)? {
            Step::Respond(response) => Ok(Outcome::of_dev(response)),
            // A cache of responses belongs here: it knows the route, and may respond in the origin's place.
            Step::Fetch(plan, route) => context.fetch(plan, route, body).await,
        }
    }

    /// What is known at once.
    fn begin<'s>(
        &self,
        request: Request<Body>,
        peer: &Peer,
        slot: &'s RequestSlot,
        snapshot: &'s ThreadSnapshot,
    ) -> (RequestContext<'s>, Body) {
        let (parts, body) = request.into_parts();
        let identity = self.identify();
        // hyper closes a connection on which a body was left unread, and so must the response say; HTTP/2 has no such word.
        let closes = match Protocol::of(parts.version) {
            Protocol::Http1 => Some(!body.is_end_stream() || ends_after(&parts)),
            Protocol::Http2 => None,
        };
        let context = RequestContext {
            requester: Requester {
                viewer: trusted_proxies::viewer(peer, &parts.headers, &snapshot.snapshot.trusted_proxies),
                country: None,
                is_remote: peer.is_remote(),
                is_local: peer.is_local() && header_fields::came_through(&parts.headers).is_none(),
                slot,
            },
            log: RequestLogEntry::begin(self.observer(), &parts, peer, &identity),
            // As it arrived: test mode takes its own headers out.
            framing: Framing::counted(&parts, !body::is_empty(&body)),
            snapshot,
            parts,
            closes,
            identity,
            route: None,
            policy: AppliedPolicy::default(),
            warnings: Vec::new(),
        };
        (context, body)
    }

    /// In `dev`, the response to a form of the demo page; else the body again.
    async fn demo_form(&self, context: &RequestContext<'_>, body: Body) -> Result<Response<Body>, Body> {
        let distributions = &context.snapshot.snapshot.distributions;
        let Some(signer) =
            self.edge().dev_signer.as_ref().filter(|_| demo_forms::is_meant(&context.parts, distributions))
        else {
            return Err(body);
        };
        let requester = &context.requester;
        let sender = demo_forms::Sender { is_local: requester.is_local, scheme: requester.viewer.scheme };
        Ok(demo_forms::respond(signer, distributions, &context.parts, body, sender).await)
    }

    /// The time at which the request is judged; in test mode a test may set it, and the viewer as well.
    fn apply_test_headers(&self, context: &mut RequestContext<'_>) -> Result<EpochSeconds, LocalResponse> {
        let now = clock::now();
        if !self.edge().test_mode {
            return Ok(now);
        }
        let requester = &mut context.requester;
        let test = test_mode::take(&mut context.parts.headers, now, requester.is_remote)
            .map_err(LocalResponse::bad_test_header)?;
        if let Some(address) = test.viewer {
            requester.viewer.address = ViewerAddress::new(address);
            requester.viewer.forwarder = requester.viewer.address.clone();
        }
        requester.country = test.country;
        requester.viewer.scheme = test.scheme.unwrap_or(requester.viewer.scheme);
        Ok(test.now.unwrap_or(now))
    }

    /// Decides on the request; where it is allowed, what comes next.
    fn admit<'s>(
        &self,
        context: &mut RequestContext<'s>,
        now: EpochSeconds,
    ) -> Result<Step<'s>, LocalResponse> {
        let RequestContext { snapshot, ref parts, framing, ref requester, .. } = *context;
        let distributions = &snapshot.snapshot.distributions;
        let arrival =
            Arrival { scheme: requester.viewer.scheme, address: requester.viewer.address.ip(), now };
        let country = |address| requester.geo(snapshot).country(address);
        let received = Received::of(parts, framing, arrival);
        let decided = decide(received, distributions, country, &self.edge().verified);
        context.log.decided(&decided, framing, &snapshot.labels, distributions);
        let (request, route, decision) = match decided {
            Decided::Unrouted { rejection, .. } => return Err(LocalResponse::rejected(&rejection)),
            Decided::Routed { request, route, decision } => (request, route, decision),
        };
        let facts = RouteFacts {
            distribution: route.distribution,
            behavior: route.behavior,
            is_private: route.is_private(),
        };
        context.route = Some(facts);
        context.policy = AppliedPolicy::of(route.behavior, parts);
        warn_of_forms(&request, &route);
        if self.edge().test_mode && route.is_private() && !matches!(decision, Decision::Reject(_)) {
            context.warnings = test_mode::warnings(&request);
        }
        match decision {
            Decision::Allow(_) => {}
            Decision::Reject(rejection) => {
                return Err(LocalResponse::rejected(&self.with_port(rejection, &request.host)));
            }
            Decision::Deny(reason) => return Err(LocalResponse::denied(&reason)),
        }
        if let Some(signer) = self.edge().dev_signer.as_ref().filter(|_| cookie_link::is_meant(&route)) {
            return Ok(Step::Respond(cookie_link::respond(signer, &request, requester.is_local)));
        }
        Ok(Step::Fetch(ForwardPlan::of(&parts.uri, &request, &route, framing.has_body)?, facts))
    }

    /// Where a redirect leads: to the configured port, else to the HTTPS listener's where the viewer named a port.
    fn with_port(&self, rejection: Rejection, host: &Host<'_>) -> Rejection {
        let configured = self.edge().config.load().redirect_port;
        let by_listener = host.port().and(self.edge().https_port);
        match configured.or(by_listener) {
            Some(port) => rejection.on_port(port),
            None => rejection,
        }
    }
}

/// What follows the decision that a request is allowed.
enum Step<'s> {
    /// A page of `dev`.
    Respond(Response<Body>),
    /// The origin's response.
    Fetch(ForwardPlan<'s>, RouteFacts<'s>),
}

/// Whether the viewer's connection ends with this request whatever the response is.
fn ends_after(parts: &request::Parts) -> bool {
    parts.version < Version::HTTP_11 || header_fields::lists(&parts.headers, &CONNECTION, "close")
}

/// Logs a path of which the behavior depends on how it is read.
fn warn_of_forms(request: &ViewerRequest<'_>, route: &Route<'_, '_>) {
    if route.forms_disagree {
        let path = redacted(request.target.path);
        tracing::warn!(path = &*path, "the path as sent and its normalised form have different behaviors");
    }
}
