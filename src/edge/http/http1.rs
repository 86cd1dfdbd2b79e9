//! A viewer's connection over HTTP/1.1, its whole life.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, Request, Response, Version};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::CancellationToken;

use super::connected::Connected;
use super::head_scan::{Framing, HeadScan};
use super::keep_alive::{ConnectionState, InFlight, PendingTunnel, Signal, TrackedBody};
use super::{tunnel, viewer_body};
use crate::edge::facts::header_fields::lists;
use crate::edge::io::body::{self, Body};
use crate::edge::io::small_writes::SmallWrites;
use crate::edge::io::socket::Socket;
use crate::edge::io::write_timeout::WriteTimeout;
use crate::edge::limits::request_slots::RequestSlot;
use crate::edge::origin::Upgraded;

/// Serves requests until the viewer or the end comes; at the end, the request in flight is finished.
pub async fn serve(socket: Socket, viewer: Connected, stop: &CancellationToken) {
    let mut parked = IdleConnection { unread: Bytes::new(), stream: SmallWrites(socket) };
    let idle = viewer.limits.idle;
    let viewer = Rc::new(viewer);
    while let Some(again) = on_the_heap(parked, Rc::clone(&viewer)).await {
        parked = again;
        if parked.unread.is_empty() {
            let Some(first) = parked.stream.0.wait_readable(idle, stop).await else { return };
            parked.unread = first;
        }
    }
}

/// Made in a function of its own, so that a parked connection keeps no place for it.
fn on_the_heap(
    parked: IdleConnection,
    viewer: Rc<Connected>,
) -> Pin<Box<dyn Future<Output = Option<IdleConnection>>>> {
    Box::pin(converse(parked, viewer))
}

/// Lets hyper serve requests until the connection ends, or has been idle for so long that it is parked.
async fn converse(parked: IdleConnection, viewer: Rc<Connected>) -> Option<IdleConnection> {
    let Connected { limits, address, .. } = *viewer;
    let slot = RequestSlot::new(Rc::clone(&viewer.share));
    let conversation = ConnectionState::new(slot, viewer.worker.connections());
    let io = Http1Stream { parked, conversation: Rc::clone(&conversation), scan: HeadScan::default() };
    let called = Rc::clone(&conversation);
    let observer = Rc::clone(viewer.worker.observer());
    let service = service_fn(move |request: Request<Incoming>| {
        let in_flight = begun(&request, &conversation);
        let limit = viewer.limits.body;
        let request = request.map(|incoming| viewer_body::of_conversation(incoming, limit, &conversation));
        answered(request, in_flight, Rc::clone(&viewer), Rc::clone(&conversation))
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head).title_case_headers(true);
    builder.max_buf_size(limits.head_size);
    let io = TokioIo::new(WriteTimeout::new(io, limits.write));
    let mut connection = builder.serve_connection(io, service);
    let event = poll_fn(|cx| match Pin::new(&mut connection).poll(cx) {
        Poll::Ready(ended) => Poll::Ready(Err(ended)),
        Poll::Pending => called.poll_called(cx).map(Ok),
    });
    let ended = match event.await {
        Err(ended) => ended,
        Ok(Signal::Stop) => {
            Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
        Ok(Signal::Shed) => return None,
        Ok(Signal::Park) => {
            Pin::new(&mut connection).graceful_shutdown();
            let parts = connection.without_shutdown().await;
            return parked_or_ended(parts.map(taken_back), called.is_between(), address).await;
        }
    };
    match (ended, called.switched()) {
        (Ok(()), Some(PendingTunnel { origin, _log, _place })) => {
            let IdleConnection { unread, stream } = taken_back(connection.into_parts());
            tunnel::run(stream.0, unread, origin, limits.tunnel).await;
        }
        // hyper has answered this by itself: the only trace of such a request is here.
        (Err(error), _) if error.is_parse() => {
            observer.not_http();
            tracing::info!(peer = %address, %error, "a request that is not HTTP was refused");
        }
        (Err(error), _) => {
            tracing::debug!(peer = %address, %error, "a viewer's connection ended with an error");
        }
        (Ok(()), None) => {}
    }
    None
}

/// What is known of a request before its body: whether another one may follow, and where.
fn begun(request: &Request<Incoming>, conversation: &Rc<ConnectionState>) -> InFlight {
    let in_flight = conversation.request();
    // hyper never keeps a connection to a viewer of HTTP/1.0.
    if request.version() < Version::HTTP_11 || says_close(request.headers()) {
        conversation.is_last();
    }
    conversation.is_framed(framing(request));
    in_flight
}

async fn answered(
    request: Request<Body>,
    in_flight: InFlight,
    viewer: Rc<Connected>,
    conversation: Rc<ConnectionState>,
) -> Result<Response<TrackedBody>, Infallible> {
    let mut response = viewer.worker.respond(request, &viewer.peer, in_flight.slot()).await;
    if says_close(response.headers()) {
        conversation.is_last();
    }
    if let Some(origin) = Upgraded::take(&mut response) {
        let body = std::mem::replace(response.body_mut(), body::empty());
        let place = in_flight.slot().empty();
        in_flight.switches(PendingTunnel { origin, _log: body, _place: place });
    }
    Ok(response.map(|body| TrackedBody { body, request: in_flight }))
}

/// What hyper has given back, unless the connection is to end after all.
async fn parked_or_ended(
    given_back: hyper::Result<IdleConnection>,
    is_between: bool,
    address: SocketAddr,
) -> Option<IdleConnection> {
    match given_back {
        Ok(parked) if is_between => Some(parked),
        Ok(mut parked) => {
            parked.stream.0.shutdown_tls().await;
            None
        }
        Err(error) => {
            tracing::debug!(peer = %address, %error, "a viewer's connection ended with an error");
            None
        }
    }
}

/// How hyper reads the body of a request.
fn framing(request: &Request<Incoming>) -> Framing {
    let body = request.body();
    match body.size_hint().exact() {
        // A WebSocket may follow.
        _ if body.is_end_stream() && request.headers().contains_key(UPGRADE) => Framing::Unknown,
        _ if body.is_end_stream() => Framing::Empty,
        Some(length) => Framing::Length(length),
        None => Framing::Chunked,
    }
}

fn says_close(fields: &HeaderMap) -> bool {
    lists(fields, &CONNECTION, "close")
}

/// What hyper took and didn't use comes before what it hasn't taken yet.
fn taken_back<S>(parts: http1::Parts<TokioIo<WriteTimeout<Http1Stream>>, S>) -> IdleConnection {
    let Http1Stream { parked, .. } = parts.io.into_inner().into_inner();
    IdleConnection { unread: Bytes::from([parts.read_buf, parked.unread].concat()), ..parked }
}

/// The viewer's socket, and what was read from it but not used.
#[derive(Debug)]
struct IdleConnection {
    unread: Bytes,
    stream: SmallWrites<Socket>,
}

/// The same while hyper reads and writes it.
#[derive(Debug)]
struct Http1Stream {
    parked: IdleConnection,
    conversation: Rc<ConnectionState>,
    scan: HeadScan,
}

impl AsyncRead for Http1Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { parked: IdleConnection { unread, stream }, conversation, scan } = &mut *self;
        let before = buf.filled().len();
        if unread.is_empty() {
            ready!(Pin::new(stream).poll_read(cx, buf))?;
        } else {
            let len = unread.len().min(buf.remaining());
            buf.put_slice(&unread[..len]);
        }
        let new = &mut buf.filled_mut()[before..];
        let passed = scan.pass(new, conversation.framing(), !conversation.is_in_flight());
        let kept = &buf.filled()[before + passed..];
        if unread.is_empty() && !kept.is_empty() {
            *unread = Bytes::copy_from_slice(kept);
        } else if !unread.is_empty() {
            unread.advance(passed);
        }
        buf.set_filled(before + passed);
        conversation.has_read();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Http1Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.parked.stream).poll_write(cx, buf);
        self.conversation.waits_for_viewer(polled.is_pending());
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.parked.stream).poll_write_vectored(cx, bufs);
        self.conversation.waits_for_viewer(polled.is_pending());
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.parked.stream.is_write_vectored()
    }

    /// hyper calls this once its own buffer is empty.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.parked.stream).poll_flush(cx))?;
        self.conversation.has_flushed();
        if self.conversation.has_only_upload_left() {
            // Our side ends as promised; the viewer's goes on for as long as the origin takes the upload (RFC 9112, 9.6).
            return Pin::new(&mut self.parked.stream).poll_shutdown(cx);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.parked.stream).poll_shutdown(cx)
    }
}
