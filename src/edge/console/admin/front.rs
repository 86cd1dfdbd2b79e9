//! The thread that accepts the admin listener's connections. It answers health by itself and hands everything else over to
//! the thread of the pages, so that a probe is answered whatever those are busy with, and however many connections say
//! nothing.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener, TcpStream as StdStream};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::page::plain;
use crate::edge::io::body::Body;
use crate::edge::state::shared::Edge;

/// A connection for the pages, with what was read from it.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) stream: StdStream,
    pub(super) peer: SocketAddr,
    pub(super) begin: Bytes,
}

/// What probes ask for: one bit, which needs no token.
#[derive(Clone, Debug)]
pub(super) struct Health {
    pub(super) edge: Arc<Edge>,
    pub(super) stop: CancellationToken,
}

impl Health {
    /// The answer for a path; none where it is another page's.
    pub(super) fn answer(&self, method: &Method, path: &str) -> Option<Response<Body>> {
        let is_read = matches!(*method, Method::GET | Method::HEAD);
        match path {
            "/health/live" if is_read => Some(plain(StatusCode::OK, "alive\n")),
            "/health/ready" if is_read => Some(self.ready()),
            _ => None,
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
}

/// Accepts until the process ends. Where too many connections have said nothing yet, the oldest of them makes room.
pub(super) async fn accept(
    listener: StdListener,
    health: Health,
    pages: mpsc::Sender<Arrival>,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let open: RefCell<VecDeque<AbortHandle>> = RefCell::default();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let mut open = open.borrow_mut();
                open.retain(|task| !task.is_finished());
                if open.len() >= MAX_OPEN
                    && let Some(oldest) = open.pop_front()
                {
                    oldest.abort();
                }
                let receiving = receive(stream, peer, health.clone(), pages.clone());
                open.push_back(tokio::task::spawn_local(receiving).abort_handle());
            }
            Err(error) => {
                tracing::debug!(%error, "an admin connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Reads as much as decides which thread answers the first request.
async fn receive(mut stream: TcpStream, peer: SocketAddr, health: Health, pages: mpsc::Sender<Arrival>) {
    let mut begin = BytesMut::with_capacity(64);
    let is_health = loop {
        if let Some(is_health) = is_for_health(&begin) {
            break is_health;
        }
        match timeout(HEADER_TIMEOUT, stream.read_buf(&mut begin)).await {
            Ok(Ok(1..)) => {}
            Ok(Ok(0) | Err(_)) | Err(_) => return,
        }
    };
    let begin = begin.freeze();
    if is_health {
        return answer(Begun { begin, stream }, Rc::new(health)).await;
    }
    let Ok(stream) = stream.into_std() else { return };
    // It waits for its turn: a flood of connections must not close the owner's. `accept` limits how many wait.
    if !matches!(timeout(HEADER_TIMEOUT, pages.send(Arrival { stream, peer, begin })).await, Ok(Ok(()))) {
        tracing::debug!(%peer, "an admin connection was closed: the console is busy");
    }
}

/// Whether a request that begins so is for health; none where more has to be read.
fn is_for_health(begin: &[u8]) -> Option<bool> {
    let wanted = [&b"GET /health/"[..], b"HEAD /health/"];
    if wanted.iter().any(|wanted| begin.starts_with(wanted)) {
        return Some(true);
    }
    let may_become = wanted.iter().any(|wanted| wanted.starts_with(begin));
    if may_become { None } else { Some(false) }
}

async fn answer(stream: Begun, health: Rc<Health>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = health.answer(request.method(), request.uri().path());
        let answer = answer.unwrap_or_else(|| plain(StatusCode::NOT_FOUND, "no such page\n"));
        std::future::ready(Ok::<_, Infallible>(answer))
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(MAX_BUFFER);
    let served = builder.keep_alive(false).serve_connection(TokioIo::new(stream), service);
    if let Ok(Err(error)) = timeout(ANSWER_TIMEOUT, served).await {
        tracing::debug!(%error, "an admin connection ended with an error");
    }
}

/// A connection of which the beginning has been read.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) begin: Bytes,
    pub(super) stream: TcpStream,
}

impl AsyncRead for Begun {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.begin.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let len = self.begin.len().min(buf.remaining());
        buf.put_slice(&self.begin.split_to(len));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Begun {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Connections that have sent nothing yet, or whose probe is being answered.
const MAX_OPEN: usize = 64;
/// For a probe, whole.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// For a request's head, and between two requests.
pub(super) const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// A request here has no long head.
pub(super) const MAX_BUFFER: usize = 16 << 10;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_for_whom_a_request_is() {
        for (begin, expected) in [
            ("", None),
            ("G", None),
            ("GET /health", None),
            ("GET /health/", Some(true)),
            ("HEAD /health/ready HTTP/1.1", Some(true)),
            ("HEAD ", None),
            ("GET /metrics", Some(false)),
            ("POST /health/live", Some(false)),
            ("\r\nGET /health/live", Some(false)),
        ] {
            assert_eq!(is_for_health(begin.as_bytes()), expected, "{begin:?}");
        }
    }
}
