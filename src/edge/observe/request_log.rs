//! What is known of one request, and told when its response has ended, however it ended: to the log on stderr, to the
//! access log, to the counts, to the console.

use std::fmt;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use http::header::HOST;
use http::{HeaderValue, Method, Response, Uri, Version, request};
use http_body::Body as _;

use super::observer::{Key, Names, Observer, OriginName, Place};
use super::recent_requests::{Fields, Times};
use crate::access::{Admission, Decided, Decision, Framing};
use crate::distribution::Distributions;
use crate::distribution::origin::Origin;
use crate::edge::facts::peer::{Peer, TlsFacts, Viewer};
use crate::edge::io::body::{self, Body};
use crate::edge::response::reply::Cause;
use crate::edge::upstream::headers;
use crate::explain::OwnedRequest;
use crate::identity::RequestIdentity;
use crate::viewer::{Scheme, ViewerRequest};

mod bodies;
mod diagnostic;
mod ending;
mod facts;
mod format;
mod outcome;
mod recorded;
mod writer;

use bodies::{CountedBody, LoggedBody};
use ending::Ending;
use facts::{RequestFacts, ResponseFacts};
pub use writer::AccessLog;

/// What is known of a request; nothing where nobody wants to know.
pub struct AccessLogEntry(Option<Box<Line>>);

impl fmt::Debug for AccessLogEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessLogEntry(…)")
    }
}

/// Holds the URL as it was sent, signature included, and therefore has no `Debug`: whoever writes a part of it down cuts
/// out what opens a door.
struct Line {
    observer: Rc<Observer>,
    began: Instant,
    viewer: IpAddr,
    port: Option<u16>,
    scheme: Scheme,
    tls: Option<TlsFacts>,
    method: Method,
    version: Version,
    uri: Uri,
    host: Option<HeaderValue>,
    /// What the access log wants beside; nothing without one.
    request: Option<Box<RequestFacts>>,
    place: Option<Rc<Place>>,
    /// Whose signature opened the door, and whether it was remembered.
    key: Option<(Rc<Key>, bool)>,
    /// The origin that was asked last, and when, until it answers.
    origin: Option<Rc<OriginName>>,
    asked: Option<Instant>,
    /// What is judged, where the console keeps it or a denial is explained.
    inquiry: Option<Box<OwnedRequest>>,
    /// By what the signature check denied it, where somebody wants to know why.
    denied_by: Option<Arc<Distributions>>,
    /// For the console: the header fields of request and response.
    fields: Option<Box<[Fields; 2]>>,
    /// For the console; the end is filled in there.
    times: Times,
    /// Why Frontgate answered by itself.
    cause: Option<Cause>,
    /// Whether a script of another origin sent it.
    is_cross_origin: bool,
    /// Whether a bucket refused the request that we had signed.
    is_refused_by_storage: bool,
    /// Whether a page stands in place of an error, whatever its status says.
    shows_error_page: bool,
    status: u16,
    sent: u64,
    ending: Ending,
}

impl AccessLogEntry {
    /// Of a request that has just come.
    #[must_use]
    pub fn begin(
        observer: &Rc<Observer>,
        parts: &request::Parts,
        peer: &Peer,
        identity: &RequestIdentity,
    ) -> Self {
        if !observer.wants_requests() {
            return Self(None);
        }
        let request = observer.access_log().is_some().then(|| Box::new(RequestFacts::of(parts, identity)));
        let fields = observer.recorder().map(|_| Box::new([Fields::of(&parts.headers), Fields::default()]));
        Self(Some(Box::new(Line {
            observer: Rc::clone(observer),
            began: Instant::now(),
            viewer: peer.address.ip(),
            port: Some(peer.port),
            scheme: peer.scheme,
            tls: peer.tls,
            method: parts.method.clone(),
            version: parts.version,
            uri: parts.uri.clone(),
            host: parts.headers.get(HOST).cloned(),
            request,
            place: None,
            key: None,
            origin: None,
            asked: None,
            inquiry: None,
            denied_by: None,
            fields,
            times: Times::default(),
            cause: None,
            is_cross_origin: headers::is_cross_origin(&parts.headers),
            is_refused_by_storage: false,
            shows_error_page: false,
            status: 0,
            sent: 0,
            ending: Ending::Aborted,
        })))
    }

    /// The viewer as the request is judged by.
    pub fn comes_from(&mut self, viewer: &Viewer) {
        if let Some(line) = &mut self.0 {
            line.viewer = viewer.address.ip();
            (line.port, line.scheme, line.tls) = (viewer.port, viewer.scheme, viewer.tls);
        }
    }

    /// The decision, with what was found on the way.
    pub fn decided(
        &mut self,
        decided: &Decided<'_, '_>,
        framing: Framing,
        names: &Names,
        distributions: &Arc<Distributions>,
    ) {
        let Some(line) = &mut self.0 else { return };
        match decided {
            Decided::Unrouted { request, .. } => {
                if let Some(request) = request {
                    line.asks_for(request, framing);
                }
            }
            Decided::Routed { request, route, decision } => {
                line.asks_for(request, framing);
                let place = line.place.insert(names.place(&line.observer, route));
                match decision {
                    Decision::Allow(Admission::Signed { key_pair_id, remembered }) => {
                        line.key = Some((names.key(&line.observer, place, key_pair_id), *remembered));
                    }
                    Decision::Deny(_) => line.denied(request, framing, distributions),
                    Decision::Allow(Admission::Public) | Decision::Reject(_) => {}
                }
            }
        }
    }

    /// Counts the bytes of the viewer's body.
    #[must_use]
    pub fn watches(&self, body: Body) -> Body {
        match self.0.as_ref().and_then(|line| line.request.as_ref()) {
            Some(request) if !body::is_empty(&body) => {
                body::boxed(CountedBody { body, count: Rc::clone(&request.received) })
            }
            Some(_) | None => body,
        }
    }

    /// An origin is asked now; of several, each in turn.
    pub fn asks(&mut self, names: &Names, origin: &Origin) {
        if let Some(line) = &mut self.0
            && let (Some(place), true) = (&line.place, line.observer.wants_origins())
        {
            line.origin = Some(names.origin(&line.observer, place, origin));
            line.asked = Some(Instant::now());
        }
    }

    /// The head of its response is there, or it has failed, by CloudFront's name for that.
    pub fn origin_answered(&mut self, failure: Option<&'static str>) {
        if let Some(line) = &mut self.0
            && let (Some(origin), Some(asked)) = (&line.origin, line.asked.take())
        {
            line.observer.origin_answered(origin, asked.elapsed(), failure);
            line.times.origin_head = failure.is_none().then(|| line.began.elapsed());
        }
    }

    /// The bucket that was asked answered 403 to what we had signed.
    pub fn refused_by_storage(&mut self) {
        if let Some(line) = &mut self.0 {
            line.is_refused_by_storage = true;
        }
    }

    /// Why Frontgate answered by itself.
    pub fn answered_for(&mut self, cause: Cause) {
        if let Some(line) = &mut self.0 {
            line.cause = Some(cause);
            if line.observer.recorder().is_some() {
                line.times.decided.get_or_insert_with(|| line.began.elapsed());
            }
        }
    }

    /// A page is shown in place of an error.
    pub fn shows_error_page(&mut self) {
        if let Some(line) = &mut self.0 {
            line.shows_error_page = true;
        }
    }

    /// Rides with the response's body to its end.
    #[must_use]
    pub fn attach(self, response: Response<Body>) -> Response<Body> {
        let Some(mut line) = self.0 else { return response };
        line.status = response.status().as_u16();
        if let Some(request) = &mut line.request {
            request.response = ResponseFacts::of(&response, line.began.elapsed());
        }
        if let Some(fields) = &mut line.fields {
            fields[1] = Fields::of(response.headers());
        }
        response.map(|body| {
            // hyper never asks for the body of an answer to HEAD.
            if body.is_end_stream() || line.method == Method::HEAD {
                line.ending = Ending::Complete;
            }
            body::boxed(LoggedBody { body, line })
        })
    }
}

impl Line {
    /// What was decided on, for the console.
    fn asks_for(&mut self, request: &ViewerRequest<'_>, framing: Framing) {
        if self.observer.recorder().is_some() {
            self.inquiry = Some(Box::new(recorded::inquiry(request, framing)));
            self.times.decided = Some(self.began.elapsed());
        }
    }

    /// The credentials don't grant access.
    fn denied(&mut self, request: &ViewerRequest<'_>, framing: Framing, distributions: &Arc<Distributions>) {
        if self.observer.explainer().is_some() {
            self.inquiry.get_or_insert_with(|| Box::new(recorded::inquiry(request, framing)));
            self.denied_by = Some(Arc::clone(distributions));
        }
    }

    /// The host that the viewer named.
    fn host(&self) -> String {
        let field = self.host.as_ref().map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
        field.or_else(|| self.uri.authority().map(ToString::to_string)).unwrap_or_default()
    }

    fn target(&self) -> &str {
        self.uri.path_and_query().map_or("", |target| target.as_str())
    }
}
