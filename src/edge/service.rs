//! One request, from its head to its response.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use http::header::{CONNECTION, COOKIE, HOST, HeaderValue};
use http::{Request, Response, StatusCode, Version, request};
use hyper::body::{Body as _, Incoming};

use super::access_log::AccessLogEntry;
use super::cloudfront_headers::Whereabouts;
use super::conversation::Conversations;
use super::headers::Passage;
use super::identity::{RequestIdentity, RequestIds};
use super::redact::redacted;
use super::reply::Reply;
use super::response_headers::Shaping;
use super::viewer::{Peer, Viewer, ViewerAddress};
use super::{Edge, Running, headers, origin_request, test_mode};
use crate::access::gate::{self, Barrier};
use crate::access::{Admission, Decision, authorize};
use crate::body::idle::IdleBody;
use crate::body::{self, Body};
use crate::clock;
use crate::distribution::origin::Origin;
use crate::distribution::response_headers_policy::is_preflight;
use crate::distribution::{Distributions, Route};
use crate::epoch::EpochSeconds;
use crate::origin::{OriginClient, OriginError};
use crate::viewer::{Host, Target, ViewerRequest};

/// What one thread needs to answer requests: the shared edge, and its own view of what runs.
#[derive(Debug)]
pub struct Worker {
    edge: Arc<Edge>,
    in_use: RefCell<Rc<InUse>>,
    ids: RefCell<RequestIds>,
    conversations: Conversations,
}

/// The configuration as one thread uses it, with its own connections to the origins. Counted by this thread alone: a
/// reference count that all cores write to on every request would be passed from one to the other.
#[derive(Debug)]
struct InUse {
    running: Arc<Running>,
    origins: RefCell<HashMap<usize, Rc<OriginInUse>>>,
}

/// An origin and this thread's way to it.
#[derive(Debug)]
struct OriginInUse {
    origin: Arc<Origin>,
    client: OriginClient,
}

/// What is known of a request from its beginning.
#[derive(Clone, Copy, Debug)]
struct Begun<'u> {
    in_use: &'u InUse,
    peer: &'u Peer,
    identity: &'u RequestIdentity,
}

impl InUse {
    fn new(running: Arc<Running>) -> Rc<Self> {
        Rc::new(Self { running, origins: RefCell::default() })
    }

    fn origin(&self, origin: &Arc<Origin>) -> Result<Rc<OriginInUse>, OriginError> {
        // No two origins of one configuration have one address.
        let place = Arc::as_ptr(origin) as usize;
        if let Some(known) = self.origins.borrow().get(&place) {
            return Ok(Rc::clone(known));
        }
        let client = OriginClient::new(origin, &self.running.secrets).map_err(OriginError::Connect)?;
        let new = Rc::new(OriginInUse { origin: Arc::clone(origin), client });
        self.origins.borrow_mut().insert(place, Rc::clone(&new));
        Ok(new)
    }
}

impl Worker {
    /// A worker without connections.
    #[must_use]
    pub fn new(edge: Arc<Edge>) -> Self {
        let in_use = RefCell::new(InUse::new(edge.running.load_full()));
        Self { edge, in_use, ids: RefCell::default(), conversations: Conversations::default() }
    }

    /// Answers one request. Whatever happens is a response.
    pub async fn respond(&self, request: Request<Incoming>, peer: &Peer) -> Response<Body> {
        let identity = RequestIdentity::new(self.ids.borrow_mut().next_id(), self.edge.via.clone());
        let (mut parts, incoming) = request.into_parts();
        let mut entry = AccessLogEntry::begin(&parts, peer.address.ip());
        let in_use = self.in_use();
        let mut shaping = Shaping::default();
        // hyper closes a connection on which a body was left unread, and so must the answer say.
        let closes = !incoming.is_end_stream() || ends_after(&parts);
        let begun = Begun { in_use: &in_use, peer, identity: &identity };
        let reply = match self.answer(&mut parts, incoming, begun, &mut shaping, &mut entry).await {
            Ok(response) => return entry.attach(response),
            Err(reply) => reply,
        };
        let (cause, is_redirect) = (reply.cause.clone(), reply.is_redirect());
        let closes = closes || reply.status() == StatusCode::PAYLOAD_TOO_LARGE;
        let mut response = reply.into_response(&identity, http_date(), closes);
        shaping.apply_to_own(response.headers_mut(), is_redirect, &identity);
        if self.edge.test_mode
            && let Ok(name) = HeaderValue::from_str(cause.name)
        {
            response.headers_mut().insert(test_mode::X_FRONTGATE_REASON, name);
        }
        entry.answered_for(cause);
        entry.attach(response)
    }

    /// The request, top to bottom: each step may answer in the origin's place.
    async fn answer<'u>(
        &self,
        parts: &mut request::Parts,
        incoming: Incoming,
        Begun { in_use, peer, identity }: Begun<'u>,
        shaping: &mut Shaping<'u>,
        entry: &mut AccessLogEntry,
    ) -> Result<Response<Body>, Reply> {
        within_quotas(parts)?;
        let now = clock::now();
        let test = match self.edge.test_mode {
            true => test_mode::take(&mut parts.headers, now).map_err(Reply::bad_test_header)?,
            false => test_mode::TestOverrides::default(),
        };
        let body = viewer_body(incoming);
        let now = test.now.unwrap_or(now);
        let mut viewer = peer.viewer();
        if let Some(address) = test.viewer {
            viewer.address = ViewerAddress::new(address);
        }
        entry.comes_from(viewer.address.ip());
        let whereabouts = Whereabouts { given: test.country, locations: in_use.running.locations.as_deref() };
        let (origin, target, behavior, is_private) = {
            let mut request =
                viewer_request(parts, &viewer, now).map_err(|barrier| Reply::barred(&barrier))?;
            if in_use.running.restricts_countries {
                request.country = whereabouts.country(request.address);
            }
            let route = routed(&request, &in_use.running.distributions)?;
            *shaping = Shaping::of(route.behavior, parts);
            gate::admit(&request, &route, !body::is_empty(&body))
                .map_err(|barrier| Reply::barred(&barrier))?;
            match authorize(&request, &route, &self.edge.verified) {
                Decision::Allow(Admission::Signed { key_pair_id, .. }) => entry.signed_by(key_pair_id),
                Decision::Allow(Admission::Public) => {}
                Decision::Deny(reason) => return Err(Reply::denied(&reason)),
            }
            let origin = route.distribution.origin(&route.behavior.target_origin);
            let origin = origin.ok_or_else(|| Reply::bad_request("the behavior's origin is not defined"))?;
            let origin = in_use.origin(origin).map_err(|error| Reply::origin_failed(&error))?;
            let target = origin_request::target(&parts.uri, &request, &route, &origin.origin.path)?;
            (origin, target, route.behavior, route.is_private())
        };
        let passage = Passage { origin: &origin.origin, behavior, is_private, whereabouts };
        let request = origin_request::build(parts, target, &passage, &viewer, identity, body);
        shaping.asks_origin();
        let mut response = origin.client.send(request).await.map_err(|error| Reply::origin_failed(&error))?;
        *response.version_mut() = Version::HTTP_11;
        let is_error = response.status().is_client_error() || response.status().is_server_error();
        headers::to_viewer(response.headers_mut(), is_error, identity);
        shaping.apply(response.headers_mut(), identity);
        Ok(response)
    }

    /// What runs now, which a reload may have replaced.
    fn in_use(&self) -> Rc<InUse> {
        let mut in_use = self.in_use.borrow_mut();
        let running = self.edge.running.load();
        if !Arc::ptr_eq(&running, &in_use.running) {
            *in_use = InUse::new(Arc::clone(&running));
        }
        Rc::clone(&in_use)
    }

    /// This thread's connections to viewers.
    #[must_use]
    pub fn conversations(&self) -> &Conversations {
        &self.conversations
    }

    /// Ends origin connections that nobody uses any more.
    pub fn sweep(&self) {
        for origin in self.in_use().origins.borrow().values() {
            origin.client.sweep();
        }
    }
}

/// Whether the viewer's connection ends with this request whatever is answered.
fn ends_after(parts: &request::Parts) -> bool {
    let lines = parts.headers.get_all(CONNECTION).iter().filter_map(|line| line.to_str().ok());
    let close = |option: &str| option.trim().eq_ignore_ascii_case("close");
    parts.version < Version::HTTP_11 || lines.flat_map(|line| line.split(',')).any(close)
}

/// CloudFront's quotas, counted as the request was written.
fn within_quotas(parts: &request::Parts) -> Result<(), Reply> {
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let line = parts.method.as_str().len() + target + "  HTTP/1.1\r\n".len();
    let fields: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    gate::check_quotas(target, line + fields + "\r\n".len()).map_err(|barrier| Reply::barred(&barrier))
}

/// The request as the decision sees it.
fn viewer_request<'a>(
    parts: &'a request::Parts,
    viewer: &Viewer,
    now: EpochSeconds,
) -> Result<ViewerRequest<'a>, Barrier> {
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    let fields = parts.headers.get_all(HOST).iter().map(HeaderValue::as_bytes);
    let host = Host::of_request(authority, fields, viewer.scheme)?;
    let target = parts.uri.path_and_query().and_then(|target| Target::parse(target.as_str()));
    Ok(ViewerRequest {
        method: &parts.method,
        scheme: viewer.scheme,
        host,
        target: target.ok_or(Barrier::Target)?,
        cookies: parts.headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect(),
        address: viewer.address.ip(),
        country: None,
        is_preflight: is_preflight(&parts.method, &parts.headers),
        now,
    })
}

/// Where the request belongs.
fn routed<'d: 'r, 'r>(
    viewer: &ViewerRequest<'r>,
    distributions: &'d Distributions,
) -> Result<Route<'d, 'r>, Reply> {
    let unknown = || Reply::barred(&Barrier::UnknownHost { host: viewer.host.name().to_owned() });
    let route = distributions.route(viewer).ok_or_else(unknown)?;
    if route.forms_disagree {
        let path = redacted(viewer.target.path);
        tracing::warn!(path = &*path, "the path as sent and its normalised form have different behaviors");
    }
    Ok(route)
}

/// The viewer's body; most have none.
fn viewer_body(incoming: Incoming) -> Body {
    if incoming.is_end_stream() {
        return body::empty();
    }
    body::boxed(IdleBody::new(incoming, VIEWER_IDLE_LIMIT))
}

fn http_date() -> HeaderValue {
    let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(clock::now().0));
    HeaderValue::from_str(&date).unwrap_or(HeaderValue::from_static(""))
}

/// For the next part of what a viewer uploads.
const VIEWER_IDLE_LIMIT: Duration = Duration::from_secs(60);
