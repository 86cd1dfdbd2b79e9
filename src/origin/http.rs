//! An HTTP/1.1 origin: a pool of connections that belongs to one thread, and one exchange over one of them.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::{Pin, pin};
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep, timeout};

use super::OriginError;
use crate::body::{self, Body, BoxError};
use crate::distribution::origin::OriginTimeouts;

type Sender = SendRequest<Body>;

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
    sender: Sender,
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
    /// another one where that is safe, because nothing of it was sent, or it is a GET or HEAD without a body. A GET or
    /// HEAD that got no response in time is asked again as often as connections are attempted (semantics 9.3, `[DOC]`).
    ///
    /// # Errors
    /// [`OriginError`] when no connection could be made or no response came in time.
    pub async fn send(self: &Rc<Self>, request: Request<Body>) -> Result<Response<Body>, OriginError> {
        let mut request = request;
        let mut attempts = 1;
        loop {
            let (sender, was_kept) = match self.checkout().await {
                Some(sender) => (sender, true),
                None => (self.connect().await?, false),
            };
            let Failed { error, again } = match self.exchange(sender, request).await {
                Ok(response) => return Ok(response),
                Err(failed) => failed,
            };
            let was_stale = was_kept && !error.is_timeout();
            let Some(again) = again.filter(|_| was_stale || attempts < self.timeouts.connection_attempts)
            else {
                return Err(error);
            };
            attempts += u32::from(!was_stale);
            request = *again;
        }
    }

    async fn exchange(
        self: &Rc<Self>,
        mut sender: Sender,
        request: Request<Body>,
    ) -> Result<Response<Body>, Failed> {
        let again = repeatable(&request);
        let progress = Rc::new(Cell::new(Instant::now()));
        let request = request.map(|body| watched(body, &progress));
        let sent = self.in_time(&progress, sender.try_send_request(request)).await;
        match sent {
            None => Err(Failed { error: OriginError::ResponseTimeout, again: again.map(Box::new) }),
            Some(Ok(response)) => {
                let (parts, incoming) = response.into_parts();
                let kept = PooledBody::new(incoming, sender, self);
                Ok(Response::from_parts(parts, body::boxed(kept)))
            }
            Some(Err(mut failure)) => {
                let unsent = failure.take_message();
                let error = failure.into_error();
                let closed = error.is_closed()
                    || error.is_canceled()
                    || error.is_incomplete_message()
                    || is_io(&error);
                let again = unsent.or(again.filter(|_| closed)).map(Box::new);
                Err(Failed { error: OriginError::of_hyper(error), again })
            }
        }
    }

    /// Waits for a response as long as the request's body moves, and then for the response timeout.
    async fn in_time<T>(&self, progress: &Cell<Instant>, response: impl Future<Output = T>) -> Option<T> {
        let mut response = pin!(response);
        loop {
            let last = progress.get();
            let left = self.timeouts.response.saturating_sub(last.elapsed());
            match timeout(left, response.as_mut()).await {
                Ok(response) => return Some(response),
                Err(_) if progress.get() > last => {}
                Err(_) => return None,
            }
        }
    }

    /// The connection that was used last, if it still stands; waits until it is done with its last exchange.
    async fn checkout(&self) -> Option<Sender> {
        loop {
            let idle = self.idle.borrow_mut().pop()?;
            let mut sender = idle.sender;
            if idle.since.elapsed() < self.timeouts.keep_alive
                && !sender.is_closed()
                && sender.ready().await.is_ok()
            {
                return Some(sender);
            }
        }
    }

    fn checkin(&self, sender: Sender) {
        let mut idle = self.idle.borrow_mut();
        if !sender.is_closed() && idle.len() < MAX_IDLE {
            idle.push(Idle { sender, since: Instant::now() });
        }
    }

    /// Ends the connections that nobody used for the keep-alive time.
    pub fn sweep(&self) {
        let keep_alive = self.timeouts.keep_alive;
        self.idle.borrow_mut().retain(|idle| idle.since.elapsed() < keep_alive && !idle.sender.is_closed());
    }

    /// Tries every address of the origin's name, as often as configured.
    async fn connect(&self) -> Result<Sender, OriginError> {
        let mut last = OriginError::ConnectTimeout;
        for _ in 0..self.timeouts.connection_attempts {
            match timeout(self.timeouts.connection, TcpStream::connect((self.host.as_str(), self.port))).await
            {
                Ok(Ok(stream)) => return self.handshake(stream).await,
                Ok(Err(error)) => last = OriginError::Connect(error),
                Err(_) => last = OriginError::ConnectTimeout,
            }
        }
        Err(last)
    }

    async fn handshake(&self, stream: TcpStream) -> Result<Sender, OriginError> {
        stream.set_nodelay(true).map_err(OriginError::Connect)?;
        let (sender, connection) = http1::Builder::new()
            .title_case_headers(true)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(OriginError::of_hyper)?;
        tokio::task::spawn_local(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection to origin ended");
            }
        });
        Ok(sender)
    }
}

/// An exchange without a response, and the request where it may be sent again.
struct Failed {
    error: OriginError,
    again: Option<Box<Request<Body>>>,
}

/// A request's body that tells when it last moved.
fn watched(body: Body, progress: &Rc<Cell<Instant>>) -> Body {
    if body::is_empty(&body) {
        return body;
    }
    let progress = Rc::clone(progress);
    body::boxed(body.map_frame(move |frame| {
        progress.set(Instant::now());
        frame
    }))
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
    Some(copy)
}

fn is_io(error: &hyper::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<io::Error>())
}

/// A response's body, which gives its connection back when it has ended well and bounds each wait.
struct PooledBody {
    incoming: Incoming,
    sender: Option<Sender>,
    origin: Weak<HttpOrigin>,
    idle_limit: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl PooledBody {
    fn new(incoming: Incoming, sender: Sender, origin: &Rc<HttpOrigin>) -> Self {
        let mut body = Self {
            incoming,
            sender: Some(sender),
            origin: Rc::downgrade(origin),
            idle_limit: origin.timeouts.response,
            waiting: None,
        };
        if body.incoming.is_end_stream() {
            body.give_back();
        }
        body
    }

    fn give_back(&mut self) {
        if let (Some(sender), Some(origin)) = (self.sender.take(), self.origin.upgrade()) {
            origin.checkin(sender);
        }
    }
}

impl HttpBody for PooledBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let Poll::Ready(frame) = Pin::new(&mut this.incoming).poll_frame(cx) else {
            let limit = this.idle_limit;
            let waiting = this.waiting.get_or_insert_with(|| Box::pin(sleep(limit)));
            ready!(waiting.as_mut().poll(cx));
            return Poll::Ready(Some(Err(Box::new(OriginError::ResponseTimeout))));
        };
        this.waiting = None;
        if frame.is_none() || this.incoming.is_end_stream() {
            this.give_back();
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// Idle connections that one thread keeps to one origin: as many as nginx's documentation suggests, times eight.
const MAX_IDLE: usize = 256;
