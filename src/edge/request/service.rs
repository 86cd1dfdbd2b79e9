//! One request, from its head to its response.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use http::header::{CONNECTION, HeaderValue};
use http::{Method, Request, Response, StatusCode, Version, request};
use http_body::Body as _;

use super::error_page;
use super::worker::Worker;
use super::{test_mode, transfer_coding, trusted_proxies};
use crate::access::prechecks::Rejection;
use crate::access::warning::Warning;
use crate::access::{Arrival, Decided, Decision, Framing, Received, decide};
use crate::clock;
use crate::distribution::{Distribution, Route};
use crate::edge::dev::{cookie_link, demo_forms};
use crate::edge::facts::header_fields;
use crate::edge::facts::peer::{Peer, Viewer, ViewerAddress};
use crate::edge::io::body::{self, Body};
use crate::edge::limits::request_slots::RequestSlot;
use crate::edge::observe::request_log::RequestLogEntry;
use crate::edge::response::reply::Reply;
use crate::edge::response::response_headers::Shaping;
use crate::edge::upstream::cloudfront_headers::Whereabouts;
use crate::edge::upstream::forward::{Forwarding, Plan};
use crate::edge::upstream::thread_snapshot::ThreadSnapshot;
use crate::edge::upstream::websocket;
use crate::epoch::EpochSeconds;
use crate::identity::RequestIdentity;
use crate::redact::redacted;
use crate::viewer::{Country, Host, ViewerRequest};

/// What is known of a request that has come, and what becomes known of it on its way.
struct Exchange<'u> {
    asker: Asker<'u>,
    entry: RequestLogEntry,
    /// Who answers for its host; none until that is found.
    distribution: Option<&'u Arc<Distribution>>,
    /// What its behavior does to responses.
    shaping: Shaping<'u>,
    /// In test mode: what is allowed and isn't meant.
    warnings: Vec<Warning>,
}

/// Who asks, and what runs while it does.
struct Asker<'u> {
    in_use: &'u ThreadSnapshot,
    identity: RequestIdentity,
    viewer: Viewer,
    /// What a test says of the viewer's country.
    country: Option<Country>,
    /// Whether it came through a balancer: then it sets no test header (contract 5).
    is_remote: bool,
    /// Whether this machine sent it, and no proxy or tunnel brought it.
    is_local: bool,
    /// Where it takes its place among the requests that origins answer.
    slot: &'u RequestSlot,
}

impl Worker {
    /// Answers one request. Whatever happens is a response.
    pub async fn respond(&self, request: Request<Body>, peer: &Peer, slot: &RequestSlot) -> Response<Body> {
        let (mut parts, incoming) = request.into_parts();
        let in_use = self.in_use();
        let identity = self.identify();
        let mut exchange = Exchange {
            entry: RequestLogEntry::begin(self.observer(), &parts, peer, &identity),
            asker: Asker {
                in_use: &in_use,
                identity,
                viewer: trusted_proxies::viewer(peer, &parts.headers, &in_use.snapshot.trusted_proxies),
                country: None,
                is_remote: peer.is_remote(),
                is_local: peer.is_local() && header_fields::came_through(&parts.headers).is_none(),
                slot,
            },
            distribution: None,
            shaping: Shaping::default(),
            warnings: Vec::new(),
        };
        // hyper closes a connection on which a body was left unread, and so must the answer say; HTTP/2 has no such word.
        let is_http_1 = parts.version < Version::HTTP_2;
        let closes = is_http_1.then(|| !incoming.is_end_stream() || ends_after(&parts));
        let answered = self.answer(&mut parts, incoming, &mut exchange).await;
        let status = answered.as_ref().map_or_else(Reply::status, Response::status);
        let page = exchange.distribution.and_then(|one| Some((one, one.error_page(status.as_u16())?)));
        let (answered, cause) = match page {
            None => (answered, None),
            Some((distribution, page)) => {
                let (is_own, cause) = (answered.is_err(), answered.err().map(|reply| reply.cause));
                let forwarding = exchange.asker.forwarding(&parts);
                let entry = &mut exchange.entry;
                entry.shows_error_page();
                let shown = error_page::fetch(page, distribution, forwarding, &parts.headers, entry);
                // On the heap: it is rare, and every request would keep place for it.
                let mut shown = Box::pin(shown).await;
                if let Ok(shown) = &mut shown {
                    exchange.shaping.apply_to_page(shown.headers_mut(), is_own, &exchange.asker.identity);
                }
                (shown, cause)
            }
        };
        let Exchange { asker: Asker { identity, .. }, mut entry, shaping, warnings, .. } = exchange;
        let (mut response, cause) = match answered {
            Ok(response) => (response, cause),
            Err(reply) => {
                let cause = cause.unwrap_or_else(|| reply.cause.clone());
                let response = own_answer(reply, &parts.method, closes, &identity, &shaping);
                (response, Some(cause))
            }
        };
        if self.edge().test_mode {
            let reason = cause.as_ref().map(|cause| cause.name);
            test_mode::tell(response.headers_mut(), reason, &warnings);
        }
        if let Some(cause) = cause {
            entry.answered_for(cause);
        }
        entry.attach(response)
    }

    /// Where a redirect leads: to the configured port, else to the HTTPS listener's where the viewer named a port.
    fn with_port(&self, rejection: Rejection, host: &Host<'_>) -> Rejection {
        let configured = self.edge().snapshot.load().redirect_port;
        let by_listener = host.port().and(self.edge().https_port);
        match configured.or(by_listener) {
            Some(port) => rejection.on_port(port),
            None => rejection,
        }
    }

    /// The request, top to bottom: each step may answer in the origin's place.
    async fn answer(
        &self,
        parts: &mut request::Parts,
        incoming: Body,
        exchange: &mut Exchange<'_>,
    ) -> Result<Response<Body>, Reply> {
        // As it arrived: test mode takes its own headers out.
        let framing = Framing::counted(parts, !body::is_empty(&incoming));
        transfer_coding::check(&parts.headers)?;
        let Exchange { asker, entry, .. } = exchange;
        let in_use = asker.in_use;
        if let Some(signer) = &self.edge().dev_signer
            && demo_forms::is_meant(parts, &in_use.snapshot.distributions)
        {
            let sender = demo_forms::Sender { is_local: asker.is_local, scheme: asker.viewer.scheme };
            let distributions = &in_use.snapshot.distributions;
            let identity = &asker.identity;
            return Ok(demo_forms::answer(signer, distributions, parts, incoming, sender, identity).await);
        }
        let now = self.heed_test_headers(parts, asker)?;
        let body = entry.watches(incoming);
        entry.comes_from(&asker.viewer);
        let (plan, behavior, is_private) = {
            let Viewer { scheme, ref address, .. } = asker.viewer;
            let received = Received::of(parts, framing, Arrival { scheme, address: address.ip(), now });
            let country = |address| asker.whereabouts().country(address);
            let decided = decide(received, &in_use.snapshot.distributions, country, &self.edge().verified);
            entry.decided(&decided, framing, &in_use.labels, &in_use.snapshot.distributions);
            let (request, route, decision) = match decided {
                Decided::Unrouted { rejection, .. } => return Err(Reply::barred(&rejection)),
                Decided::Routed { request, route, decision } => (request, route, decision),
            };
            exchange.distribution = Some(route.distribution);
            exchange.shaping = Shaping::of(route.behavior, parts);
            warn_of_forms(&request, &route);
            if self.edge().test_mode && route.is_private() && !matches!(decision, Decision::Reject(_)) {
                exchange.warnings = test_mode::warnings(&request);
            }
            match decision {
                Decision::Allow(_) => {}
                Decision::Reject(rejection) => {
                    return Err(Reply::barred(&self.with_port(rejection, &request.host)));
                }
                Decision::Deny(reason) => return Err(Reply::denied(&reason)),
            }
            if let Some(signer) = self.edge().dev_signer.as_ref().filter(|_| cookie_link::is_meant(&route)) {
                return Ok(cookie_link::answer(signer, &request, asker.is_local, &asker.identity));
            }
            (Plan::of(&parts.uri, &request, &route, framing.has_body)?, route.behavior, route.is_private())
        };
        let headers = std::mem::take(&mut parts.headers);
        if exchange.distribution.is_some_and(|one| !one.error_responses.is_empty()) {
            parts.headers = error_page::kept(&headers);
        }
        exchange.shaping.asks_origin();
        let asks_for_websocket = websocket::is_asked_for(&parts.method, parts.version, &headers);
        let forwarding = Forwarding { is_private, asks_for_websocket, ..asker.forwarding(parts) };
        let response = forwarding.send(plan, behavior, headers, body, entry).await;
        let mut response = response.map_err(|error| Reply::origin_failed(&error))?;
        exchange.shaping.apply(response.headers_mut(), &asker.identity);
        Ok(response)
    }

    /// The time at which the request is judged; in test mode a test may say, as it may say who asks.
    fn heed_test_headers(
        &self,
        parts: &mut request::Parts,
        asker: &mut Asker<'_>,
    ) -> Result<EpochSeconds, Reply> {
        let now = clock::now();
        if !self.edge().test_mode {
            return Ok(now);
        }
        let test =
            test_mode::take(&mut parts.headers, now, asker.is_remote).map_err(Reply::bad_test_header)?;
        if let Some(address) = test.viewer {
            asker.viewer.address = ViewerAddress::new(address);
            asker.viewer.forwarder = asker.viewer.address.clone();
        }
        asker.country = test.country;
        asker.viewer.scheme = test.scheme.unwrap_or(asker.viewer.scheme);
        Ok(test.now.unwrap_or(now))
    }
}

impl<'u> Asker<'u> {
    /// What every origin has to know of a request that is public, unless said otherwise.
    fn forwarding<'a>(&'a self, parts: &'a request::Parts) -> Forwarding<'a> {
        Forwarding {
            in_use: self.in_use,
            is_private: false,
            slot: self.slot,
            viewer: &self.viewer,
            identity: &self.identity,
            method: parts.method.clone(),
            version: parts.version,
            authority: parts.uri.authority(),
            whereabouts: self.whereabouts(),
            asks_for_websocket: false,
        }
    }

    fn whereabouts(&self) -> Whereabouts<'u> {
        Whereabouts { given: self.country, locations: self.in_use.snapshot.locations.as_deref() }
    }
}

/// An answer of our own, as the viewer gets it.
fn own_answer(
    reply: Reply,
    method: &Method,
    closes: Option<bool>,
    identity: &RequestIdentity,
    shaping: &Shaping<'_>,
) -> Response<Body> {
    let is_redirect = reply.is_redirect();
    let closes = closes.map(|closes| closes || reply.status() == StatusCode::PAYLOAD_TOO_LARGE);
    let mut response = reply.into_response(identity, http_date(), closes);
    if *method == Method::HEAD {
        // hyper leaves a body away for HTTP/1.1 alone.
        *response.body_mut() = body::empty();
    }
    shaping.apply_to_own(response.headers_mut(), is_redirect, identity);
    response
}

/// Whether the viewer's connection ends with this request whatever is answered.
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

fn http_date() -> HeaderValue {
    let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(clock::now().0));
    HeaderValue::from_str(&date).unwrap_or(HeaderValue::from_static(""))
}
