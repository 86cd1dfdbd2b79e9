//! The admin listener: metrics, health and the console, on threads and an address of their own, so that a busy edge still
//! tells how it is and no client reaches it through the edge.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr, TcpListener as StdListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use std::{io, thread};

use http::header::{ACCEPT, ALLOW, AUTHORIZATION, HOST, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::guesses::Guesses;
use super::site::{Admitted, Console};
use crate::edge::http::keep_alive::{ConnectionState, TrackedBody};
use crate::edge::io::body::{Body, boxed};
use crate::edge::io::write_timeout::WriteTimeout;
use crate::edge::listen::listener::{BindError, Listener};
use crate::edge::state::shared::Edge;
use crate::viewer::Host;

mod exposition;
mod families;
mod front;
mod page;

use exposition::{Scrape, TextFormat};
use front::{Arrival, Begun, HEADER_TIMEOUT, Health, MAX_BUFFER};
use page::{page, plain};

/// A bound admin listener that answers nobody yet.
#[derive(Debug)]
pub struct Admin {
    listener: StdListener,
    /// What it is bound to, the port filled in.
    pub address: SocketAddr,
}

impl Admin {
    /// Binds the address, alone.
    ///
    /// # Errors
    /// [`BindError`] for one that is taken or isn't this machine's.
    pub fn bind(address: SocketAddr) -> Result<Self, BindError> {
        Self::bind_as(Listener::Admin, address)
    }

    /// The same for `dev`, where the command line says where.
    ///
    /// # Errors
    /// As [`Admin::bind`].
    pub fn bind_console(address: SocketAddr) -> Result<Self, BindError> {
        Self::bind_as(Listener::Console, address)
    }

    fn bind_as(of: Listener, address: SocketAddr) -> Result<Self, BindError> {
        let bind = || {
            let listener = StdListener::bind(address)?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address })
        };
        bind().map_err(|source| BindError { address, of, source })
    }

    /// Answers from now on, until the process ends: also while the edge drains, so that its clients learn of it.
    ///
    /// # Errors
    /// When no thread or runtime can be made.
    pub fn start(self, edge: &Arc<Edge>, stop: &CancellationToken) -> io::Result<()> {
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build();
        let (of_pages, of_health) = (runtime()?, runtime()?);
        let (hand_over, arrivals) = mpsc::channel(MAX_CONNECTIONS);
        let health = Health { edge: Arc::clone(edge), stop: stop.clone() };
        let serve = {
            let health = health.clone();
            move || {
                let console = Console::of(&health.edge, &health.stop);
                let scrape = Scrape::new(Arc::clone(&health.edge));
                let pages = Rc::new(Pages { scrape, console, health, guesses: Guesses::default() });
                tokio::task::LocalSet::new().block_on(&of_pages, serve_pages(arrivals, pages));
            }
        };
        thread::Builder::new().name("admin".to_owned()).spawn(serve)?;
        let accept = move || {
            let accepting = front::accept(self.listener, health, hand_over);
            if let Err(error) = tokio::task::LocalSet::new().block_on(&of_health, accepting) {
                tracing::error!(%error, "the admin listener has ended");
            }
        };
        thread::Builder::new().name("health".to_owned()).spawn(accept).map(|_| ())
    }
}

/// Serves connections as they are handed over. Where there are too many, the oldest on which no request that was let in is
/// answered makes room; where all are answered, the new one is closed.
async fn serve_pages(mut arrivals: mpsc::Receiver<Arrival>, pages: Rc<Pages>) {
    let open: RefCell<VecDeque<(AbortHandle, Rc<ConnectionState>)>> = RefCell::default();
    while let Some(arrival) = arrivals.recv().await {
        let mut open = open.borrow_mut();
        open.retain(|(task, _)| !task.is_finished());
        if open.len() >= MAX_CONNECTIONS {
            let idle = open.iter().position(|(_, conversation)| !conversation.is_in_flight());
            let Some((task, _)) = idle.and_then(|at| open.remove(at)) else { continue };
            task.abort();
        }
        let conversation = Rc::<ConnectionState>::default();
        let conversing = converse(arrival, Rc::clone(&pages), Rc::clone(&conversation));
        open.push_back((tokio::task::spawn_local(conversing).abort_handle(), conversation));
    }
}

async fn converse(arrival: Arrival, pages: Rc<Pages>, conversation: Rc<ConnectionState>) {
    let Arrival { stream, peer, begin } = arrival;
    let Ok(stream) = TcpStream::from_std(stream) else { return };
    let service = service_fn(move |request| {
        let (pages, conversation) = (Rc::clone(&pages), Rc::clone(&conversation));
        async move { Ok::<_, Infallible>(pages.answer(request, peer.ip(), &conversation).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(MAX_BUFFER);
    let io = TokioIo::new(WriteTimeout::new(Begun { begin, stream }, STALL_LIMIT));
    if let Err(error) = builder.serve_connection(io, service).await {
        tracing::debug!(%error, "an admin connection ended with an error");
    }
}

/// Why somebody is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AccessRejection {
    /// By a name that others can have point here.
    NotLocal,
    /// Without the token.
    NoToken,
}

/// What can be asked for.
struct Pages {
    health: Health,
    scrape: Scrape,
    console: Option<Console>,
    guesses: Guesses,
}

impl Pages {
    async fn answer(
        &self,
        request: Request<Incoming>,
        from: IpAddr,
        conversation: &Rc<ConnectionState>,
    ) -> Response<Body> {
        let path = request.uri().path();
        if let Some(answer) = self.health.answer(request.method(), path) {
            return answer;
        }
        // No client sends two, and two readers may take either.
        if request.headers().get_all(HOST).iter().nth(1).is_some() {
            return plain(StatusCode::BAD_REQUEST, "expected one Host\n");
        }
        if let Some(console) = self.console.as_ref().filter(|console| console.is_for_anybody(path)) {
            return console.answer_anybody(request, &self.guesses, from).await;
        }
        match self.admit(request.headers(), request.uri(), from).await {
            Ok(admitted) => {
                // Its connection keeps its place until the answer has been read.
                let in_flight = conversation.request();
                let response = self.answer_admitted(request, admitted).await;
                response.map(|body| boxed(TrackedBody { body, request: in_flight }))
            }
            Err(refused) => self.refuse(request.headers(), path, refused),
        }
    }

    async fn answer_admitted(&self, request: Request<Incoming>, admitted: Admitted) -> Response<Body> {
        let path = request.uri().path();
        if let Some(console) = self.console.as_ref().filter(|console| console.has(path)) {
            return console.answer(request, admitted).await;
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "GET and HEAD only\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match path {
            "/metrics" => self.metrics(request.headers()),
            "/" => page(StatusCode::OK, "text/html; charset=utf-8", INDEX),
            _ => plain(StatusCode::NOT_FOUND, NO_SUCH_PAGE),
        }
    }

    /// With a token, whoever brings it, or the cookie of having shown it; without one, whoever asks by an address or as
    /// localhost: a page in this machine's browser may have a name point here. With one, any name will do: under a name of
    /// theirs, others have neither the token nor the cookie.
    async fn admit(&self, headers: &HeaderMap, uri: &Uri, from: IpAddr) -> Result<Admitted, AccessRejection> {
        let Some(token) = self.health.edge.config.load().admin_token.clone() else {
            let is_local = |host: &str| Host::parse(host).is_ok_and(|host| host.is_local_or_address());
            let field = headers.get(HOST).and_then(|host| host.to_str().ok());
            // A target that names a host counts before the field (RFC 9112, 3.2.2), and both must be local.
            let is_target_local = uri.authority().is_none_or(|named| is_local(named.as_str()));
            return match field.is_some_and(is_local) && is_target_local {
                true => Ok(Admitted::Locally),
                false => Err(AccessRejection::NotLocal),
            };
        };
        let brought = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).and_then(bearer);
        let has_session = || self.console.as_ref().is_some_and(|console| console.knows(headers));
        match brought {
            // A browser that has shown the token makes no guess by what else it brings.
            Some(brought) if !token.is(brought) && has_session() => Ok(Admitted::BySession),
            Some(brought) if self.guesses.is_right(&token, brought, from).await => Ok(Admitted::ByToken),
            None if has_session() => Ok(Admitted::BySession),
            Some(_) | None => Err(AccessRejection::NoToken),
        }
    }

    fn refuse(&self, headers: &HeaderMap, path: &str, refused: AccessRejection) -> Response<Body> {
        if refused == AccessRejection::NotLocal {
            return plain(StatusCode::FORBIDDEN, "expected an IP address or localhost as the host\n");
        }
        let page = self.console.as_ref().and_then(|console| console.ask_for_token(headers, path));
        page.unwrap_or_else(|| {
            let mut response = plain(StatusCode::UNAUTHORIZED, "the token is missing or wrong\n");
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        })
    }

    fn metrics(&self, headers: &HeaderMap) -> Response<Body> {
        let format = TextFormat::requested_by(headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()));
        match self.scrape.text(format) {
            Ok(text) => page(StatusCode::OK, format.content_type(), text),
            Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
        }
    }
}

/// The token of `Bearer TOKEN`; the scheme's letters' case doesn't count (RFC 7235).
fn bearer(field: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = field.split_at_checked(b"Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

const INDEX: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<title>Frontgate</title>
<h1>Frontgate</h1>
<ul>
<li><a href=\"/metrics\">/metrics</a>: what was counted, for Prometheus
<li><a href=\"/health/ready\">/health/ready</a>: 200 while it takes requests
<li><a href=\"/health/live\">/health/live</a>: 200 while it runs
</ul>
";
const NO_SUCH_PAGE: &str = "no such page; there are /, /metrics, /health/ready (200 while it takes requests) and /health/live (200 while it runs)\n";
/// Prometheus and a few people with their live pages.
const MAX_CONNECTIONS: usize = 64;
/// For a reader that takes nothing.
const STALL_LIMIT: Duration = Duration::from_secs(30);
