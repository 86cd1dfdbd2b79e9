//! A viewer's connection over HTTP/1.1, its whole life.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderMap, Request, Version};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::CancellationToken;

use super::connection::Connected;
use super::conversation::{Call, Conversation, LastOf, Switched};
use super::socket::Socket;
use super::stall::StallGuard;
use super::{headers, tunnel, viewer_body};
use crate::body;
use crate::origin::Upgraded;
use crate::small_writes::SmallWrites;

/// Serves requests until the viewer or the end comes; at the end, the request in flight is finished.
pub async fn serve(socket: Socket, viewer: Connected, stop: &CancellationToken) {
    let mut parked = Parked { unread: Bytes::new(), stream: SmallWrites(socket) };
    let idle = viewer.limits.idle;
    let viewer = Rc::new(viewer);
    while let Some(again) = on_the_heap(parked, Rc::clone(&viewer)).await {
        parked = again;
        if parked.unread.is_empty() {
            let Some(first) = parked.stream.0.comes_back(idle, stop).await else { return };
            parked.unread = first;
        }
    }
}

/// Made in a function of its own, so that a parked connection keeps no place for it.
fn on_the_heap(parked: Parked, viewer: Rc<Connected>) -> Pin<Box<dyn Future<Output = Option<Parked>>>> {
    Box::pin(converse(parked, viewer))
}

/// Lets hyper serve requests until the connection ends, or has been idle for so long that it is parked.
async fn converse(parked: Parked, viewer: Rc<Connected>) -> Option<Parked> {
    let Connected { limits, address, .. } = *viewer;
    let conversation = viewer.worker.conversations().begin();
    let io = Conversing { parked, conversation: Rc::clone(&conversation) };
    let called = Rc::clone(&conversation);
    let observer = Rc::clone(viewer.worker.observer());
    let service = service_fn(move |request: Request<Incoming>| {
        let (viewer, in_flight) = (Rc::clone(&viewer), conversation.request());
        // hyper never keeps a connection to a viewer of HTTP/1.0.
        if request.version() < Version::HTTP_11 || says_close(request.headers()) {
            conversation.is_last();
        }
        let request =
            request.map(|incoming| viewer_body::of_conversation(incoming, viewer.limits.body, &conversation));
        let conversation = Rc::clone(&conversation);
        async move {
            let mut response = viewer.worker.respond(request, &viewer.peer).await;
            if says_close(response.headers()) {
                conversation.is_last();
            }
            if let Some(origin) = Upgraded::take(&mut response) {
                let body = std::mem::replace(response.body_mut(), body::empty());
                in_flight.switches(Switched { origin, _log: body });
            }
            Ok::<_, Infallible>(response.map(|body| LastOf { body, request: in_flight }))
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head).title_case_headers(true);
    builder.max_buf_size(limits.head_size);
    let io = TokioIo::new(StallGuard::new(io, limits.write));
    let mut connection = builder.serve_connection(io, service);
    let event = poll_fn(|cx| match Pin::new(&mut connection).poll(cx) {
        Poll::Ready(ended) => Poll::Ready(Err(ended)),
        Poll::Pending => called.poll_called(cx).map(Ok),
    });
    let ended = match event.await {
        Err(ended) => ended,
        Ok(Call::Stop) => {
            Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
        Ok(Call::Park) => {
            Pin::new(&mut connection).graceful_shutdown();
            return match connection.without_shutdown().await {
                Ok(parts) if called.is_between() => Some(taken_back(parts)),
                Ok(parts) => {
                    taken_back(parts).stream.0.say_goodbye().await;
                    None
                }
                Err(error) => {
                    tracing::debug!(peer = %address, %error, "a viewer's connection ended with an error");
                    None
                }
            };
        }
    };
    match (ended, called.switched()) {
        (Ok(()), Some(Switched { origin, _log })) => {
            let Parked { unread, stream } = taken_back(connection.into_parts());
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

fn says_close(fields: &HeaderMap) -> bool {
    headers::lists(fields, &CONNECTION, "close")
}

/// What hyper took and didn't use comes before what it hasn't taken yet.
fn taken_back<S>(parts: http1::Parts<TokioIo<StallGuard<Conversing>>, S>) -> Parked {
    let Conversing { parked, .. } = parts.io.into_inner().into_inner();
    Parked { unread: Bytes::from([parts.read_buf, parked.unread].concat()), ..parked }
}

/// The viewer's socket, and what was read from it but not used.
#[derive(Debug)]
struct Parked {
    unread: Bytes,
    stream: SmallWrites<Socket>,
}

/// The same while hyper reads and writes it.
#[derive(Debug)]
struct Conversing {
    parked: Parked,
    conversation: Rc<Conversation>,
}

impl AsyncRead for Conversing {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { parked: Parked { unread, stream }, conversation } = &mut *self;
        if unread.is_empty() {
            ready!(Pin::new(stream).poll_read(cx, buf))?;
        } else {
            let len = unread.len().min(buf.remaining());
            buf.put_slice(&unread.split_to(len));
        }
        conversation.has_read();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Conversing {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.parked.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.parked.stream).poll_write_vectored(cx, bufs)
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
