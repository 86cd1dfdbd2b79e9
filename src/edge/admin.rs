//! The admin listener: metrics, health and the console, on a thread and an address of their own, so that a busy edge still
//! tells how it is and nobody reaches it through the edge.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::{io, thread};

use bytes::Bytes;
use http::header::{ACCEPT, ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::Edge;
use super::console::{self, Admitted, Console};
use super::listener::{BindError, Listener};
use super::metrics::{Scrape, TextFormat};
use super::stall::StallGuard;
use crate::body::{Body, full};
use crate::viewer::Host;

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

    /// Answers from now on, until the process ends: also while the edge drains, so that whoever asks learns of it.
    ///
    /// # Errors
    /// When no thread or runtime can be made.
    pub fn start(self, edge: &Arc<Edge>, stop: &CancellationToken) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (edge, stop) = (Arc::clone(edge), stop.clone());
        let serve = move || {
            let console = Console::of(&edge, &stop);
            let pages = Rc::new(Pages { scrape: Scrape::new(Arc::clone(&edge)), console, edge, stop });
            let local = tokio::task::LocalSet::new();
            if let Err(error) = local.block_on(&runtime, accept(self.listener, pages)) {
                tracing::error!(%error, "the admin listener has ended");
            }
        };
        thread::Builder::new().name("admin".to_owned()).spawn(serve).map(|_| ())
    }
}

async fn accept(listener: StdListener, pages: Rc<Pages>) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return Ok(()) };
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::task::spawn_local(converse(stream, Rc::clone(&pages), place))),
            Err(error) => {
                tracing::debug!(%error, "an admin connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn converse(stream: TcpStream, pages: Rc<Pages>, _place: OwnedSemaphorePermit) {
    let service = service_fn(move |request| {
        let pages = Rc::clone(&pages);
        async move { Ok::<_, Infallible>(pages.answer(request).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(MAX_BUFFER);
    let io = TokioIo::new(StallGuard::new(stream, STALL_LIMIT));
    if let Err(error) = builder.serve_connection(io, service).await {
        tracing::debug!(%error, "an admin connection ended with an error");
    }
}

/// Why somebody is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// By a name that others can have point here.
    NotLocal,
    /// Without the token.
    NoToken,
}

/// What can be asked for.
struct Pages {
    edge: Arc<Edge>,
    stop: CancellationToken,
    scrape: Scrape,
    console: Option<Console>,
}

impl Pages {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        // Open to whoever probes: they tell one bit.
        match request.uri().path() {
            "/health/live" if is_read => return plain(StatusCode::OK, "alive\n"),
            "/health/ready" if is_read => return self.ready(),
            _ => {}
        }
        let path = request.uri().path();
        if let Some(console) = self.console.as_ref().filter(|console| console.is_for_anybody(path)) {
            return console.answer_anybody(request).await;
        }
        let admitted = match self.admit(request.headers()) {
            Ok(admitted) => admitted,
            Err(refused) => return self.refuse(request.headers(), path, refused),
        };
        if let Some(console) = self.console.as_ref().filter(|console| console.has(path)) {
            return console.answer(request, admitted).await;
        }
        if !is_read {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "GET and HEAD only\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match path {
            "/metrics" => self.metrics(request.headers()),
            "/" => page(StatusCode::OK, "text/html; charset=utf-8", INDEX),
            _ => plain(StatusCode::NOT_FOUND, "no such page\n"),
        }
    }

    fn ready(&self) -> Response<Body> {
        if self.stop.is_cancelled() {
            return plain(StatusCode::SERVICE_UNAVAILABLE, "draining\n");
        }
        match self.edge.is_accepting.load(Ordering::Acquire) {
            true => plain(StatusCode::OK, "ready\n"),
            false => plain(StatusCode::SERVICE_UNAVAILABLE, "starting\n"),
        }
    }

    /// With a token, whoever brings it, or the cookie of having shown it; without one, whoever asks by an address or as
    /// localhost: a page in this machine's browser may have a name point here. With one, any name will do: under a name of
    /// theirs, others have neither the token nor the cookie.
    fn admit(&self, headers: &HeaderMap) -> Result<Admitted, Refused> {
        let running = self.edge.running.load();
        let Some(token) = &running.admin_token else {
            let host = headers.get(HOST).and_then(|host| host.to_str().ok());
            let is_local =
                host.and_then(|host| Host::parse(host).ok()).is_some_and(|host| host.is_local_or_address());
            return if is_local { Ok(Admitted::Locally) } else { Err(Refused::NotLocal) };
        };
        let brought = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).and_then(bearer);
        if brought.is_some_and(|brought| token.is(brought)) {
            return Ok(Admitted::ByToken);
        }
        if self.console.as_ref().is_some_and(|console| console.knows(headers)) {
            return Ok(Admitted::BySession);
        }
        Err(Refused::NoToken)
    }

    fn refuse(&self, headers: &HeaderMap, path: &str, refused: Refused) -> Response<Body> {
        if refused == Refused::NotLocal {
            return plain(StatusCode::FORBIDDEN, "ask by an address or as localhost\n");
        }
        let page = self.console.as_ref().and_then(|console| console.ask_for_token(headers, path));
        page.unwrap_or_else(|| {
            let mut response = plain(StatusCode::UNAUTHORIZED, "the token is missing or wrong\n");
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        })
    }

    fn metrics(&self, headers: &HeaderMap) -> Response<Body> {
        let format = TextFormat::asked_for(headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()));
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

fn plain(status: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    page(status, "text/plain; charset=utf-8", text)
}

fn page(status: StatusCode, content_type: &'static str, text: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(full(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    console::protect(&mut response);
    response
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
/// Prometheus, some probes and a few people with their live pages.
const MAX_CONNECTIONS: usize = 64;
/// For a request's head, and between two requests.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// For a reader that takes nothing.
const STALL_LIMIT: Duration = Duration::from_secs(30);
/// A request here has no long head.
const MAX_BUFFER: usize = 16 << 10;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
