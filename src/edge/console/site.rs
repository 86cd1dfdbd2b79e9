//! The console: which page answers a request, and how. Pages read without a script; whatever changes something is posted
//! from one of them.

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use http::header::{ACCEPT, HOST, REFERER};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use tokio_util::sync::CancellationToken;

use super::assets::Assets;
use super::events::{Admission, Streams};
use super::explain::{self, Pasted};
use super::guesses::Guesses;
use super::html::Html;
use super::login::{self, Login};
use super::page::{Frame, NOT_OURS, Page, not_that_method, plain};
use super::place::Place;
use super::{clock_switch, guard, keys, paths, request, requests, sign, standing};
use crate::edge::io::body::Body;
use crate::edge::io::form::Form;
use crate::edge::observe::recent_requests::Recorder;
use crate::edge::state::shared::Edge;

/// The console of one edge.
pub(super) struct Console {
    edge: Arc<Edge>,
    recorder: Arc<Recorder>,
    stop: CancellationToken,
    assets: Assets,
    login: Login,
    streams: Streams,
    pasted: Pasted,
}

/// How a client has shown that it is authorized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admitted {
    /// There is no token, and they ask on this machine.
    Locally,
    /// With the token in a header.
    ByToken,
    /// With the cookie of a browser that has shown the token.
    BySession,
}

impl Console {
    /// The console, where requests are kept for it.
    pub(super) fn of(edge: &Arc<Edge>, stop: &CancellationToken) -> Option<Self> {
        Some(Self {
            recorder: Arc::clone(edge.recorder.as_ref()?),
            edge: Arc::clone(edge),
            stop: stop.clone(),
            assets: Assets::new(),
            login: Login::new(edge),
            streams: Streams::default(),
            pasted: Pasted::default(),
        })
    }

    /// Whether a request comes from a browser that has shown the token.
    pub(super) fn knows(&self, headers: &HeaderMap) -> bool {
        let snapshot = self.edge.config.load();
        let token = snapshot.admin_token.as_ref();
        token.is_some_and(|token| self.login.sessions().borrow().hold(headers, token, Instant::now()))
    }

    /// Whether a path is for anybody: the files of the pages, and the page that asks for the token.
    pub(super) fn is_for_anybody(&self, path: &str) -> bool {
        self.assets.at(path).is_some() || path == LOGIN && self.edge.config.load().admin_token.is_some()
    }

    /// Answers one of those.
    pub(super) async fn answer_anybody(
        &self,
        request: Request<Incoming>,
        guesses: &Guesses,
        from: IpAddr,
    ) -> Response<Body> {
        let Some(asset) = self.assets.at(request.uri().path()) else {
            return self.login.respond(request, guesses, from, &self.assets).await;
        };
        match *request.method() {
            Method::GET | Method::HEAD => asset.response(),
            _ => not_that_method("GET, HEAD"),
        }
    }

    /// The response to a browser that hasn't sent the token: where to enter it. Programs get one line of text.
    pub(super) fn ask_for_token(&self, headers: &HeaderMap, path: &str) -> Option<Response<Body>> {
        let accepts = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let is_person = accepts.contains("text/html") && Place::of(path, &self.edge).is_some();
        is_person.then(|| self.login.page(StatusCode::UNAUTHORIZED, path, None, &self.assets))
    }

    /// Whether a path is one of the console's.
    pub(super) fn has(&self, path: &str) -> bool {
        Place::of(path, &self.edge).is_some()
    }

    /// Answers for one of those.
    pub(super) async fn answer(&self, request: Request<Incoming>, admitted: Admitted) -> Response<Body> {
        let Some(place) = Place::of(request.uri().path(), &self.edge) else {
            return plain(StatusCode::NOT_FOUND, "no such page\n");
        };
        if guard::is_embedded(&request) {
            return plain(StatusCode::FORBIDDEN, "requests from another site are not allowed\n");
        }
        let is_post = *request.method() == Method::POST;
        if !place.methods().split(", ").any(|method| *request.method() == method) {
            return not_that_method(place.methods());
        }
        if is_post && !guard::is_same_origin(request.headers(), admitted == Admitted::ByToken) {
            return plain(StatusCode::FORBIDDEN, NOT_OURS);
        }
        self.at(place, request, is_post, admitted).await
    }

    async fn at(
        &self,
        place: Place,
        request: Request<Incoming>,
        is_post: bool,
        admitted: Admitted,
    ) -> Response<Body> {
        let (head, body) = request.into_parts();
        match place {
            Place::Events => return self.events(&head, admitted),
            Place::Logout => return self.login.logout(&head.headers),
            Place::Requests
            | Place::Request(_)
            | Place::Explain
            | Place::Paths
            | Place::Keys
            | Place::Clock
            | Place::Sign => {}
        }
        let form = match is_post {
            false => None,
            true => match Form::read(&head.headers, body, place.max_body()).await {
                Ok(form) => Some(form),
                Err((status, text)) => return plain(status, text),
            },
        };
        let page = if matches!(place, Place::Clock) {
            match clock_switch::cookie(&form.unwrap_or_default()) {
                Ok(cookie) => return login::see_other(own_referer(&head.headers), &cookie),
                Err(sentence) => Page::of_sentence(StatusCode::BAD_REQUEST, "Not a valid time", &sentence),
            }
        } else {
            self.page(&place, &head, form.as_ref()).await
        };
        let strip = standing::strip(&self.edge, &head.headers);
        page.into_response(self.frame(admitted == Admitted::BySession, &strip))
    }

    async fn page(&self, place: &Place, head: &Parts, form: Option<&Form>) -> Page {
        let query = head.uri.query();
        match place {
            Place::Requests => requests::page(&self.edge, &self.recorder, query),
            Place::Request(named) => request::page(&self.edge, &self.recorder, named, form).await,
            Place::Explain => explain::page(&self.edge, &self.pasted, form).await,
            Place::Paths => paths::page(&self.edge.config.load_full().distributions, query),
            Place::Keys => keys::page(&self.edge, &self.recorder),
            Place::Sign | Place::Clock | Place::Events | Place::Logout => match &self.edge.dev_signer {
                Some(signer) => {
                    let host = head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
                    sign::page(signer, form, host)
                }
                None => Page::of_sentence(
                    StatusCode::NOT_FOUND,
                    "No such page",
                    "Only `frontgate dev` signs links here.",
                ),
            },
        }
    }

    /// The list of requests as a stream that grows.
    fn events(&self, head: &Parts, admitted: Admitted) -> Response<Body> {
        if head.method == Method::HEAD {
            return plain(StatusCode::OK, "");
        }
        let admission = self.admission(&head.headers, admitted);
        self.streams.open(&self.edge, &self.recorder, &head.headers, head.uri.query(), admission, &self.stop)
    }

    /// Whether an authorized client still is: a stream stays open when its session has ended or the token has changed.
    fn admission(&self, headers: &HeaderMap, admitted: Admitted) -> Admission {
        let (edge, sessions) = (Arc::clone(&self.edge), Rc::clone(self.login.sessions()));
        let (shown, headers) = (self.edge.config.load().admin_token.clone(), headers.clone());
        Box::new(move || {
            let snapshot = edge.config.load();
            match (admitted, &snapshot.admin_token) {
                (Admitted::Locally, token) => token.is_none(),
                (Admitted::ByToken, token) => *token == shown,
                (Admitted::BySession, Some(token)) => sessions.borrow().hold(&headers, token, Instant::now()),
                (Admitted::BySession, None) => false,
            }
        })
    }

    fn frame<'f>(&'f self, has_session: bool, strip: &'f Html) -> Frame<'f> {
        let signs = self.edge.dev_signer.is_some();
        Frame { assets: &self.assets, signs, has_session, strip: Some(strip) }
    }
}

/// The path of the page on which a form was; another site's is never sent (`Referrer-Policy`), and only paths of ours are kept.
fn own_referer(headers: &HeaderMap) -> &str {
    let referer = headers.get(REFERER).and_then(|referer| referer.to_str().ok()).unwrap_or_default();
    let path = referer.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    path.and_then(|path| path.split(['?', '#']).next()).unwrap_or("/")
}

const LOGIN: &str = "/login";
