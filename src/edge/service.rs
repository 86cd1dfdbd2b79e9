//! One request, from its head to its response.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use http::header::{CONNECTION, COOKIE, HOST, HeaderValue};
use http::{Request, Response, StatusCode, Uri, Version, request};
use hyper::body::{Body as _, Incoming};

use super::access_log::AccessLogEntry;
use super::identity::RequestIdentity;
use super::redact::redacted;
use super::reply::Reply;
use super::{Edge, headers, test_mode};
use crate::access::credentials::without_signing_parameters;
use crate::access::gate::{self, Barrier};
use crate::access::{Admission, Decision, authorize};
use crate::body::idle::IdleBody;
use crate::body::{self, Body};
use crate::clock;
use crate::distribution::origin::Origin;
use crate::distribution::{Distributions, Route};
use crate::epoch::EpochSeconds;
use crate::origin::OriginClient;
use crate::viewer::{Host, Scheme, Target, ViewerRequest};

/// What one thread needs to answer requests: the shared edge, and its own connections to the origins.
#[derive(Debug)]
pub struct Worker {
    edge: Arc<Edge>,
    origins: RefCell<HashMap<usize, (Arc<Origin>, OriginClient)>>,
    generation: Cell<u64>,
}

impl Worker {
    /// A worker without connections.
    #[must_use]
    pub fn new(edge: Arc<Edge>) -> Self {
        Self { edge, origins: RefCell::default(), generation: Cell::new(0) }
    }

    /// Answers one request. Whatever happens is a response.
    pub async fn respond(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Body> {
        let identity = RequestIdentity::new(self.edge.via.clone());
        let (mut parts, incoming) = request.into_parts();
        let mut entry = log_entry(&parts, peer.ip());
        // hyper closes a connection on which a body was left unread, and so must the answer say.
        let closes = !incoming.is_end_stream() || ends_after(&parts);
        let reply = match self.answer(&mut parts, incoming, peer.ip(), &identity, &mut entry).await {
            Ok(response) => return entry.attach(response),
            Err(reply) => reply,
        };
        let cause = reply.cause.clone();
        let closes = closes || reply.status() == StatusCode::PAYLOAD_TOO_LARGE;
        let mut response = reply.into_response(&identity, http_date(), closes);
        if self.edge.test_mode
            && let Ok(name) = HeaderValue::from_str(cause.name)
        {
            response.headers_mut().insert(test_mode::X_FRONTGATE_REASON, name);
        }
        entry.cause = Some(cause);
        entry.attach(response)
    }

    /// The request, top to bottom: each step may answer in the origin's place.
    async fn answer(
        &self,
        parts: &mut request::Parts,
        incoming: Incoming,
        peer: IpAddr,
        identity: &RequestIdentity,
        entry: &mut AccessLogEntry,
    ) -> Result<Response<Body>, Reply> {
        within_quotas(parts)?;
        let now = clock::now();
        let test = match self.edge.test_mode {
            true => test_mode::take(&mut parts.headers, now).map_err(Reply::bad_test_header)?,
            false => test_mode::TestOverrides::default(),
        };
        let running = self.edge.running.load_full();
        self.forget_replaced_origins(running.generation);
        let body = body::boxed(IdleBody::new(incoming, VIEWER_IDLE_LIMIT));
        let (address, now) = (test.viewer.unwrap_or(peer).to_canonical(), test.now.unwrap_or(now));
        entry.viewer = address;
        let (origin, target, is_private) = {
            let viewer = viewer_request(parts, address, now).map_err(|barrier| Reply::barred(&barrier))?;
            let route = admitted(&viewer, &running.distributions, &body)?;
            match authorize(&viewer, &route, &self.edge.verified) {
                Decision::Allow(Admission::Signed { key_pair_id, .. }) => {
                    entry.key_pair_id = Some(key_pair_id.to_string());
                }
                Decision::Allow(Admission::Public) => {}
                Decision::Deny(reason) => return Err(Reply::denied(&reason)),
            }
            let origin = route.distribution.origin(&route.behavior.target_origin).cloned();
            let origin = origin.ok_or_else(|| Reply::bad_request("the behavior's origin is not defined"))?;
            let target = origin_target(&viewer, &route, &origin.path);
            (origin, target, route.is_private())
        };
        let request = origin_request(parts, &origin, &target, entry.viewer, identity, is_private, body)?;
        let sent = match self.client(&origin, &running.secrets) {
            Ok(client) => client.send(request).await,
            Err(error) => Err(crate::origin::OriginError::Connect(error)),
        };
        let mut response = sent.map_err(|error| Reply::origin_failed(&error))?;
        *response.version_mut() = Version::HTTP_11;
        let is_error = response.status().is_client_error() || response.status().is_server_error();
        headers::to_viewer(response.headers_mut(), is_error, identity);
        Ok(response)
    }

    fn client(&self, origin: &Arc<Origin>, secrets: &[PathBuf]) -> std::io::Result<OriginClient> {
        let place = Arc::as_ptr(origin) as usize;
        let mut origins = self.origins.borrow_mut();
        if let Some((_, client)) = origins.get(&place) {
            return Ok(client.clone());
        }
        let client = OriginClient::new(origin, secrets)?;
        origins.insert(place, (Arc::clone(origin), client.clone()));
        Ok(client)
    }

    fn forget_replaced_origins(&self, generation: u64) {
        if self.generation.replace(generation) != generation {
            self.origins.borrow_mut().clear();
        }
    }

    /// Ends origin connections that nobody uses any more.
    pub fn sweep(&self) {
        for (_, client) in self.origins.borrow().values() {
            client.sweep();
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
fn viewer_request(
    parts: &request::Parts,
    address: IpAddr,
    now: EpochSeconds,
) -> Result<ViewerRequest<'_>, Barrier> {
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    let fields = parts.headers.get_all(HOST).iter().map(HeaderValue::as_bytes);
    let host = Host::of_request(authority, fields, Scheme::Http)?;
    let target = parts.uri.path_and_query().and_then(|target| Target::parse(target.as_str()));
    Ok(ViewerRequest {
        method: &parts.method,
        scheme: Scheme::Http,
        host,
        target: target.ok_or(Barrier::Target)?,
        cookies: parts.headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect(),
        address,
        now,
    })
}

/// Where the request belongs, if nothing stands before its credentials.
fn admitted<'d>(
    viewer: &ViewerRequest<'_>,
    distributions: &'d Distributions,
    body: &Body,
) -> Result<Route<'d>, Reply> {
    let barred = |barrier: Barrier| Reply::barred(&barrier);
    let unknown = || barred(Barrier::UnknownHost { host: viewer.host.name().to_owned() });
    let route = distributions.route(viewer).ok_or_else(unknown)?;
    if route.forms_disagree {
        let path = redacted(viewer.target.path);
        tracing::warn!(path, "the path as sent and its normalised form have different behaviors");
    }
    gate::admit(viewer, &route, !body::is_empty(body)).map_err(barred)?;
    Ok(route)
}

/// The target for the origin: its own path, then what was sent without what was for us, byte for byte.
fn origin_target(viewer: &ViewerRequest<'_>, route: &Route<'_>, prefix: &str) -> String {
    let mut target = format!("{prefix}{}", route.origin_path);
    let query = match viewer.target.query {
        Some(query) if route.is_private() && !query.is_empty() => without_signing_parameters(query),
        other => other.map(Into::into),
    };
    if let Some(query) = query {
        target.push('?');
        target.push_str(&query);
    }
    target
}

fn origin_request(
    parts: &mut request::Parts,
    origin: &Origin,
    target: &str,
    viewer: IpAddr,
    identity: &RequestIdentity,
    is_private: bool,
    body: Body,
) -> Result<Request<Body>, Reply> {
    let mut request = Request::new(body);
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = target.parse::<Uri>().map_err(Reply::bad_request)?;
    *request.version_mut() = Version::HTTP_11;
    *request.headers_mut() = std::mem::take(&mut parts.headers);
    headers::to_origin(request.headers_mut(), origin, viewer, identity, is_private);
    Ok(request)
}

/// Only the target without signing values: a log must not hold what opens a door.
fn log_entry(parts: &request::Parts, viewer: IpAddr) -> AccessLogEntry {
    if !tracing::enabled!(target: "access", tracing::Level::INFO) {
        return AccessLogEntry::new(viewer, parts.method.to_string(), String::new(), String::new());
    }
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let host = parts.headers.get(HOST).map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
    AccessLogEntry::new(
        viewer,
        parts.method.to_string(),
        redacted(&host.unwrap_or_default()),
        redacted(target),
    )
}

fn http_date() -> HeaderValue {
    let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(clock::now().0));
    HeaderValue::from_str(&date).unwrap_or(HeaderValue::from_static(""))
}

/// For the next part of what a viewer uploads.
const VIEWER_IDLE_LIMIT: Duration = Duration::from_secs(60);
