//! An HTTP/1.1 origin, over TLS or not: a pool of connections that belongs to one thread, and one exchange over one of them.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use http::header::{HOST, TRANSFER_ENCODING};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use super::connect::Connector;
use super::exchange::{PooledBody, Progress, watched};
use super::idle::IdleLinks;
use super::pooled_connection::Link;
use super::stream::OriginStream;
use super::watched_head::{HeadWatch, HeadWatchedStream};
use crate::access::prechecks::MAX_HEAD;
use crate::distribution::origin::{HttpServer, OriginTimeouts};
use crate::edge::io::body::{self, Body};
use crate::edge::origin::error::OriginError;
use crate::edge::origin::upgraded::AsksForWebSocket;
use crate::viewer::Scheme;

/// The connections of one thread to one origin.
#[derive(Debug)]
pub struct HttpOrigin {
    server: HttpServer,
    timeouts: OriginTimeouts,
    connector: Connector,
    idle: Rc<IdleLinks>,
    /// When the log last told of a refused certificate.
    refused: Cell<Option<Instant>>,
}

impl HttpOrigin {
    /// An origin without connections yet.
    #[must_use]
    pub fn new(server: &HttpServer, timeouts: OriginTimeouts) -> Rc<Self> {
        Rc::new(Self {
            server: server.clone(),
            timeouts,
            connector: Connector::new(server, timeouts.connection),
            idle: Rc::default(),
            refused: Cell::new(None),
        })
    }

    /// Sends one request and waits for the head of its response. `viewer` is how the viewer came in, which counts where
    /// the origin is spoken to likewise. Over TLS the origin is asked for as its request's Host names it.
    ///
    /// A connection that was kept may have been closed by the origin in the meantime: such a request goes out again on
    /// a fresh one where that is safe, because nothing of it was sent, or it is a GET or HEAD without a body. Such a GET
    /// or HEAD is also asked again when no response comes, as often as connections are attempted (cloudfront 9.3,
    /// `[DOC]`).
    ///
    /// # Errors
    /// [`OriginError`] when no connection could be made or no response came in time.
    pub async fn send(
        self: &Rc<Self>,
        request: Request<Body>,
        viewer: Scheme,
    ) -> Result<Response<Body>, OriginError> {
        let mut request = request;
        let (scheme, endpoint) = self.server.endpoint(viewer);
        let secured_for = match scheme {
            Scheme::Http => None,
            Scheme::Https => Some(request.headers().get(HOST).unwrap_or(&endpoint.authority).clone()),
        };
        // A connection that was kept may have been closed meanwhile; one that may change its protocol is not to be.
        let may_switch = request.extensions().get::<AsksForWebSocket>().is_some();
        let mut kept = if may_switch {
            None
        } else {
            self.idle.checkout(secured_for.as_ref(), self.timeouts.keep_alive)
        };
        let mut attempts_left = self.timeouts.connection_attempts;
        loop {
            let was_kept = kept.is_some();
            let link = match kept.take() {
                Some(link) => link,
                None => self.connect(endpoint.port, secured_for.as_ref(), &mut attempts_left).await?,
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
        link.may_switch = may_switch;
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
                check_coding(&response)?;
                if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                    return Err(OriginError::Upgrade.into());
                }
                if has_body {
                    link.hand_over();
                }
                let (parts, incoming) = response.into_parts();
                let kept = PooledBody::new(incoming, link, &self.idle, progress);
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

    /// Ends the connections that nobody used for the keep-alive time.
    pub fn sweep(&self) {
        self.idle.sweep(self.timeouts.keep_alive);
    }

    /// Tries to connect, each time for the connection timeout, as often as attempts are left.
    async fn connect(
        &self,
        port: u16,
        secured_for: Option<&HeaderValue>,
        attempts_left: &mut u32,
    ) -> Result<Box<Link>, OriginError> {
        let mut last = OriginError::ConnectTimeout;
        while let Some(left) = attempts_left.checked_sub(1) {
            *attempts_left = left;
            match self.connector.attempt(port, secured_for).await {
                Ok(stream) => return self.handshake(stream, secured_for.cloned()).await,
                // It would present the same one again.
                Err(error @ OriginError::Certificate(_)) => {
                    self.tell_of_refusal(&error);
                    return Err(error);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn handshake(
        &self,
        stream: OriginStream,
        secured_for: Option<HeaderValue>,
    ) -> Result<Box<Link>, OriginError> {
        let watch = Rc::<HeadWatch>::default();
        let stream = HeadWatchedStream { stream, watch: Rc::clone(&watch) };
        let (sender, connection) = http1::Builder::new()
            .title_case_headers(true)
            .max_buf_size(MAX_BUFFER)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(OriginError::of_hyper)?;
        Ok(Box::new(Link::new(sender, connection, watch, self.timeouts.response, secured_for)))
    }

    /// Nothing but a person mends a certificate: one line says so, and not one for each request.
    fn tell_of_refusal(&self, error: &OriginError) {
        if self.refused.get().is_none_or(|told| told.elapsed() > TELL_AGAIN) {
            self.refused.set(Some(Instant::now()));
            tracing::warn!(origin = self.server.host, "{error}");
        }
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

/// Refuses a transfer coding that hyper leaves as it is: to the viewer the body would be something else.
fn check_coding(response: &Response<Incoming>) -> Result<(), OriginError> {
    let mut codings = response.headers().get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(only), None) if only.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked") => Ok(()),
        (Some(_), _) => Err(OriginError::Coding),
    }
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

/// Bytes that are read ahead of the viewer, of a response that comes fast. Room for a head beyond CloudFront's quota.
const MAX_BUFFER: usize = 128 << 10;
/// For a certificate that stays refused.
const TELL_AGAIN: Duration = Duration::from_secs(60);
