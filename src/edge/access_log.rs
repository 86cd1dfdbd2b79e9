//! What is known of one request, and told when its response has ended, however it ended: to the log on stderr, to the
//! access log, to the counts.

use std::fmt;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Instant;

use http::header::HOST;
use http::{HeaderValue, Method, Response, Uri, Version, request};
use http_body::Body as _;

use super::identity::RequestIdentity;
use super::observer::{Key, Names, Observer, OriginName, Place, Told};
use super::redact::redacted;
use super::reply::Cause;
use super::viewer::{Peer, TlsFacts, Viewer};
use crate::body::{self, Body};
use crate::distribution::Route;
use crate::distribution::key::PublicKeyId;
use crate::distribution::origin::Origin;
use crate::viewer::Scheme;

mod bodies;
mod facts;
mod format;
mod outcome;
mod writer;

use bodies::{CountedBody, LoggedBody};
use facts::{RequestFacts, ResponseFacts};
pub(crate) use format::HEAD;
use outcome::Outcome;
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
    origin: Option<(Rc<OriginName>, Instant)>,
    /// Why Frontgate answered by itself.
    cause: Option<Cause>,
    /// Whether a page stands in place of an error, whatever its status says.
    shows_error_page: bool,
    status: u16,
    sent: u64,
    ending: Ending,
}

/// How a response ended.
enum Ending {
    Complete,
    /// The origin's body could not be read on.
    Broken(String),
    /// The viewer has gone, or never got a response.
    Aborted,
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
            cause: None,
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

    /// Where it belongs.
    pub fn belongs_to(&mut self, names: &Names, route: &Route<'_, '_>) {
        if let Some(line) = &mut self.0 {
            line.place = Some(names.place(&line.observer, route));
        }
    }

    /// Whose signature opened the door, and whether it was remembered.
    pub fn signed_by(&mut self, names: &Names, key_pair_id: &PublicKeyId, remembered: bool) {
        if let Some(line) = &mut self.0
            && let Some(place) = &line.place
        {
            line.key = Some((names.key(&line.observer, place, key_pair_id), remembered));
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
            && let (Some(place), true) = (&line.place, line.observer.counts())
        {
            line.origin = Some((names.origin(&line.observer, place, origin), Instant::now()));
        }
    }

    /// The head of its response is there, or it has failed, by CloudFront's name for that.
    pub fn origin_answered(&mut self, failure: Option<&'static str>) {
        if let Some(line) = &mut self.0
            && let Some((origin, asked)) = line.origin.take()
        {
            line.observer.origin_answered(&origin, asked.elapsed(), failure);
        }
    }

    /// Why Frontgate answered by itself.
    pub fn answered_for(&mut self, cause: Cause) {
        if let Some(line) = &mut self.0 {
            line.cause = Some(cause);
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
    /// The host that the viewer named.
    fn host(&self) -> String {
        let field = self.host.as_ref().map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
        field.or_else(|| self.uri.authority().map(ToString::to_string)).unwrap_or_default()
    }

    fn target(&self) -> &str {
        self.uri.path_and_query().map_or("", |target| target.as_str())
    }

    /// One line on stderr.
    fn say(&self) {
        macro_rules! say {
            ($level:ident) => {
                tracing::$level!(
                    target: "access",
                    viewer = %self.viewer,
                    method = self.method.as_str(),
                    host = &*redacted(&self.host()),
                    path = &*redacted(self.target()),
                    status = self.status,
                    bytes = self.sent,
                    millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
                    key = self.key.as_ref().map(|(key, _)| key.id.as_str()),
                    reason = self.cause.as_ref().map(|cause| cause.name),
                    detail = self.cause.as_ref().map(|cause| redacted(&cause.detail)).as_deref(),
                    origin_error = self.broke().as_deref(),
                    aborted = matches!(self.ending, Ending::Aborted).then_some(true),
                )
            };
        }
        match self.is_notable() {
            true => say!(info),
            false => say!(debug),
        }
    }

    /// Whether Frontgate answered by itself, or the response isn't whole.
    fn is_notable(&self) -> bool {
        self.cause.is_some() || !matches!(self.ending, Ending::Complete)
    }

    fn broke(&self) -> Option<String> {
        match &self.ending {
            Ending::Broken(error) => Some(redacted(error).into_owned()),
            Ending::Complete | Ending::Aborted => None,
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let outcome = Outcome::of(self);
        if let (Some(log), Some(request)) = (self.observer.access_log(), &self.request) {
            log.write(format::line(self, request, &outcome, log.settings()));
        }
        self.observer.request_ended(&Told {
            place: self.place.as_deref(),
            method: &self.method,
            status: self.status,
            result: outcome.result,
            key: self.key.as_ref().map(|(key, _)| &**key),
            cause: self.cause.as_ref(),
            sent: self.sent,
            interrupted: match self.ending {
                Ending::Complete => None,
                Ending::Broken(_) => Some("origin"),
                Ending::Aborted => Some("viewer"),
            },
        });
        if self.observer.says(self.is_notable()) {
            self.say();
        }
    }
}
