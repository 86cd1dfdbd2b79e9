//! An HTTP/1.1 origin: a pool of connections that belongs to one thread, and one exchange over one of them.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};

use super::{AsksForWebSocket, OriginError};
use crate::access::gate::MAX_HEAD;
use crate::body::{self, Body};
use crate::distribution::origin::OriginTimeouts;
use crate::small_writes::SmallWrites;

mod exchange;
mod link;

use exchange::{PooledBody, Progress, watched};
use link::Link;

/// What is connected to an origin.
pub type OriginStream = TcpStream;

/// The connections of one thread to one origin.
#[derive(Debug)]
pub struct HttpOrigin {
    host: String,
    port: u16,
    timeouts: OriginTimeouts,
    idle: RefCell<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    link: Box<Link>,
    since: Instant,
}

impl HttpOrigin {
    /// An origin without connections yet.
    #[must_use]
    pub fn new(host: &str, port: u16, timeouts: OriginTimeouts) -> Rc<Self> {
        Rc::new(Self { host: host.to_owned(), port, timeouts, idle: RefCell::new(Vec::new()) })
    }

    /// Sends one request and waits for the head of its response.
    ///
    /// A connection that was kept may have been closed by the origin in the meantime: such a request goes out again on
    /// a fresh one where that is safe, because nothing of it was sent, or it is a GET or HEAD without a body. Such a GET
    /// or HEAD is also asked again when no response comes, as often as connections are attempted (semantics 9.3,
    /// `[DOC]`).
    ///
    /// # Errors
    /// [`OriginError`] when no connection could be made or no response came in time.
    pub async fn send(self: &Rc<Self>, request: Request<Body>) -> Result<Response<Body>, OriginError> {
        let mut request = request;
        let mut kept = self.checkout();
        let mut attempts_left = self.timeouts.connection_attempts;
        loop {
            let was_kept = kept.is_some();
            let link = match kept.take() {
                Some(link) => link,
                None => self.connect(&mut attempts_left).await?,
            };
            let Failed { error, again } = match self.exchange(link, request).await {
                Ok(response) => return Ok(response),
                Err(failed) => failed,
            };
            if was_kept && error.is_timeout() {
                attempts_left = attempts_left.saturating_sub(1);
            }
            match again {
                Some(again) if attempts_left > 0 => request = *again,
                Some(_) | None => return Err(error),
            }
        }
    }

    async fn exchange(
        self: &Rc<Self>,
        mut link: Box<Link>,
        request: Request<Body>,
    ) -> Result<Response<Body>, Failed> {
        let again = repeatable(&request);
        let may_switch = request.extensions().get::<AsksForWebSocket>().is_some();
        let progress = Rc::new(Progress::new(&request));
        let has_body = !body::is_empty(request.body());
        let request = request.map(|body| watched(body, &progress));
        // For a response as long as the request's body moves, and then for the response timeout.
        match link.send(request, || progress.last.get()).await {
            None => Err(Failed { error: OriginError::ResponseTimeout, again: again.map(Box::new) }),
            Some(Ok(response)) if may_switch && response.status() == StatusCode::SWITCHING_PROTOCOLS => {
                check_head(&response)?;
                let upgraded = link.upgraded().await.ok_or(OriginError::Upgrade)?;
                let mut response = response.map(|_| body::empty());
                upgraded.put(&mut response);
                Ok(response)
            }
            Some(Ok(response)) => {
                check_head(&response)?;
                if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                    return Err(OriginError::Upgrade.into());
                }
                if has_body {
                    link.hand_over();
                }
                let (parts, incoming) = response.into_parts();
                let kept = PooledBody::new(incoming, link, self, progress);
                Ok(Response::from_parts(parts, body::boxed(kept)))
            }
            Some(Err(mut failure)) => {
                let unsent = failure.take_message();
                let error = failure.into_error();
                if progress.failed.get() {
                    return Err(OriginError::ViewerBody.into());
                }
                let closed = error.is_closed()
                    || error.is_canceled()
                    || error.is_incomplete_message()
                    || is_io(&error);
                let again = unsent.or(again.filter(|_| closed)).map(Box::new);
                Err(Failed { error: OriginError::of_hyper(error), again })
            }
        }
    }

    /// The connection that was used last, if it still stands. Only those whose exchange is over are kept.
    fn checkout(&self) -> Option<Box<Link>> {
        loop {
            let Idle { mut link, since } = self.idle.borrow_mut().pop()?;
            if since.elapsed() < self.timeouts.keep_alive && link.is_ready() {
                return Some(link);
            }
        }
    }

    fn checkin(&self, link: Box<Link>) {
        let mut idle = self.idle.borrow_mut();
        if !link.has_ended() && idle.len() < MAX_IDLE {
            idle.push(Idle { link, since: Instant::now() });
        }
    }

    /// Ends the connections that nobody used for the keep-alive time.
    pub fn sweep(&self) {
        let keep_alive = self.timeouts.keep_alive;
        self.idle
            .borrow_mut()
            .retain_mut(|idle| idle.since.elapsed() < keep_alive && idle.link.still_stands());
    }

    /// Tries every address of the origin's name, each for the connection timeout, as often as attempts are left.
    async fn connect(&self, attempts_left: &mut u32) -> Result<Box<Link>, OriginError> {
        let mut last = OriginError::ConnectTimeout;
        while let Some(left) = attempts_left.checked_sub(1) {
            *attempts_left = left;
            match self.connect_once().await {
                Ok(stream) => return self.handshake(stream).await,
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn connect_once(&self) -> Result<TcpStream, OriginError> {
        let limit = self.timeouts.connection;
        let addresses = timeout(limit, lookup_host((self.host.as_str(), self.port))).await;
        let addresses = addresses.map_err(|_| OriginError::ConnectTimeout)?.map_err(OriginError::Connect)?;
        let mut last = OriginError::Connect(io::Error::other("the origin's name has no address"));
        for address in addresses {
            match timeout(limit, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = OriginError::Connect(error),
                Err(_) => last = OriginError::ConnectTimeout,
            }
        }
        Err(last)
    }

    async fn handshake(&self, stream: TcpStream) -> Result<Box<Link>, OriginError> {
        stream.set_nodelay(true).map_err(OriginError::Connect)?;
        let (sender, connection) = http1::Builder::new()
            .title_case_headers(true)
            .handshake(TokioIo::new(SmallWrites(stream)))
            .await
            .map_err(OriginError::of_hyper)?;
        Ok(Box::new(Link::new(sender, connection, self.timeouts.response)))
    }
}

/// An exchange without a response, and the request where it may be sent again.
struct Failed {
    error: OriginError,
    again: Option<Box<Request<Body>>>,
}

impl From<OriginError> for Failed {
    fn from(error: OriginError) -> Self {
        Self { error, again: None }
    }
}

/// Refuses a head beyond CloudFront's quota.
fn check_head(response: &Response<Incoming>) -> Result<(), OriginError> {
    let fields = response.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    let len = "HTTP/1.1 200 \r\n\r\n".len() + fields.sum::<usize>();
    if len > MAX_HEAD { Err(OriginError::HeadTooLarge { len }) } else { Ok(()) }
}

/// A copy of a request that may be sent twice.
fn repeatable(request: &Request<Body>) -> Option<Request<Body>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) || !body::is_empty(request.body()) {
        return None;
    }
    let mut copy = Request::new(body::empty());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    Some(copy)
}

fn is_io(error: &hyper::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<io::Error>())
}

/// Idle connections that one thread keeps to one origin: as many as nginx's documentation suggests, times eight.
const MAX_IDLE: usize = 256;
