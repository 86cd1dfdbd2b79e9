//! The record of one request, as the steps of the request fill it in.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use http::header::HOST;
use http::{Method, Response, request};
use http_body::Body as _;

use crate::access::cache_result::CacheResult;
use crate::access::{Admission, Decided, Decision, Framing};
use crate::distribution::Distributions;
use crate::distribution::origin::Origin;
use crate::edge::facts::header_fields::is_cross_origin;
use crate::edge::facts::peer::{Peer, Viewer};
use crate::edge::io::body::{self, Body};
use crate::edge::observe::label_cache::{self, LabelCache};
use crate::edge::observe::observer::Observer;
use crate::edge::observe::recent_requests::{Fields, Times};
use crate::identity::RequestIdentity;
use crate::viewer::ViewerRequest;

use super::bodies::{CountedBody, LoggedBody};
use super::facts::{RequestFacts, ResponseFacts};
use super::line::{Ending, Line};
use super::recorded;
use crate::edge::facts::reply_reason::ReplyReason;

/// What is known of a request; nothing where no sink is enabled.
pub struct RequestLogEntry(Option<Box<Line>>);

impl fmt::Debug for RequestLogEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestLogEntry(…)")
    }
}

impl RequestLogEntry {
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
            is_cross_origin: is_cross_origin(&parts.headers),
            is_refused_by_storage: false,
            result: None,
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
        labels: &LabelCache,
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
                let place = line.place.insert(labels.place(&line.observer, route));
                match decision {
                    Decision::Allow(Admission::Signed { key_pair_id, remembered }) => {
                        line.key = Some((label_cache::key(&line.observer, place, key_pair_id), *remembered));
                    }
                    Decision::Deny(_) => line.denied(request, framing, distributions),
                    Decision::Allow(Admission::Public) | Decision::Reject(_) => {}
                }
            }
        }
    }

    /// Counts the bytes of the viewer's body.
    #[must_use]
    pub fn count_body(&self, body: Body) -> Body {
        match self.0.as_ref().and_then(|line| line.request.as_ref()) {
            Some(request) if !body::is_empty(&body) => {
                body::boxed(CountedBody { body, count: Rc::clone(&request.received) })
            }
            Some(_) | None => body,
        }
    }

    /// An origin is asked now; of several, each in turn.
    pub fn origin_requested(&mut self, origin: &Origin) {
        if let Some(line) = &mut self.0
            && let (Some(place), true) = (&line.place, line.observer.wants_origins())
        {
            line.origin = Some(label_cache::origin(&line.observer, place, origin));
            line.asked = Some(Instant::now());
        }
    }

    /// The head of its response is there, or it has failed, by CloudFront's name for that.
    pub fn origin_responded(&mut self, failure: Option<&'static str>) {
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

    /// Rides with the response's body to its end.
    #[must_use]
    pub fn attach(
        self,
        response: Response<Body>,
        result: CacheResult,
        reason: Option<ReplyReason>,
    ) -> Response<Body> {
        let Some(mut line) = self.0 else { return response };
        if reason.is_some() && line.observer.recorder().is_some() {
            line.times.decided.get_or_insert_with(|| line.began.elapsed());
        }
        (line.result, line.cause) = (Some(result), reason);
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
}
