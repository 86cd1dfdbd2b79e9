//! One viewer's connection, its whole life.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::conversation::{Call, Conversation, LastOf};
use super::service::Worker;
use super::stall::StallGuard;
use super::viewer::Peer;
use crate::small_writes::SmallWrites;

/// Serves requests until the viewer or the end comes; at the end, the request in flight is finished. Its place among
/// the connections is given back then.
pub async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    worker: Rc<Worker>,
    stop: CancellationToken,
    _place: OwnedSemaphorePermit,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let peer_facts = Peer::plain(peer);
    let _open = worker.observer().connection(peer_facts.scheme.as_str());
    let viewer = Rc::new((worker, peer_facts));
    let mut parked = Parked { unread: Bytes::new(), stream: SmallWrites(stream) };
    while let Some(again) = on_the_heap(parked, peer, Rc::clone(&viewer)).await {
        if again.unread.is_empty() && !comes_back(&again.stream.0, &stop).await {
            return;
        }
        parked = again;
    }
}

/// Made in a function of its own, so that a parked connection keeps no place for it.
fn on_the_heap(
    parked: Parked,
    peer: SocketAddr,
    viewer: Rc<(Rc<Worker>, Peer)>,
) -> Pin<Box<dyn Future<Output = Option<Parked>>>> {
    Box::pin(converse(parked, peer, viewer))
}

/// Waits for a parked connection's viewer.
async fn comes_back(stream: &TcpStream, stop: &CancellationToken) -> bool {
    tokio::select! {
        readable = tokio::time::timeout(HEADER_TIMEOUT, stream.readable()) => matches!(readable, Ok(Ok(()))),
        () = stop.cancelled() => false,
    }
}

/// Lets hyper serve requests until the connection ends, or has been idle for so long that it is parked.
async fn converse(parked: Parked, peer: SocketAddr, viewer: Rc<(Rc<Worker>, Peer)>) -> Option<Parked> {
    let conversation = viewer.0.conversations().begin();
    let io = Conversing { parked, conversation: Rc::clone(&conversation) };
    let called = Rc::clone(&conversation);
    let worker = Rc::clone(&viewer.0);
    let service = service_fn(move |request| {
        let (viewer, in_flight) = (Rc::clone(&viewer), conversation.request());
        async move {
            let response = viewer.0.respond(request, &viewer.1).await;
            Ok::<_, Infallible>(response.map(|body| LastOf { body, request: in_flight }))
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).title_case_headers(true);
    builder.max_buf_size(MAX_BUFFER);
    let io = TokioIo::new(StallGuard::new(io, STALL_LIMIT));
    let mut connection = builder.serve_connection(io, service);
    let event = poll_fn(|cx| match Pin::new(&mut connection).poll(cx) {
        Poll::Ready(ended) => Poll::Ready(Err(ended)),
        Poll::Pending => called.poll_called(cx).map(Ok),
    });
    let ended = match event.await {
        Err(ended) => ended,
        Ok(Call::Stop) => {
            Pin::new(&mut connection).graceful_shutdown();
            connection.await
        }
        Ok(Call::Park) => {
            Pin::new(&mut connection).graceful_shutdown();
            match connection.without_shutdown().await {
                Ok(parts) => {
                    let Conversing { parked, .. } = parts.io.into_inner().into_inner();
                    // What hyper took and didn't use comes before what it hasn't taken yet.
                    let unread = Bytes::from([parts.read_buf, parked.unread].concat());
                    return Some(Parked { unread, ..parked });
                }
                Err(error) => Err(error),
            }
        }
    };
    match ended {
        // hyper has answered this by itself: the only trace of such a request is here.
        Err(error) if error.is_parse() => {
            worker.observer().not_http();
            tracing::info!(%peer, %error, "a request that is not HTTP was refused");
        }
        Err(error) => tracing::debug!(%peer, %error, "a viewer's connection ended with an error"),
        Ok(()) => {}
    }
    None
}

/// The viewer's socket, and what was read from it but not used.
#[derive(Debug)]
struct Parked {
    unread: Bytes,
    stream: SmallWrites<TcpStream>,
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
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.parked.stream).poll_shutdown(cx)
    }
}

/// For the whole head of a request, and for the first byte of it between two requests.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// For a viewer to take at least one byte of what waits for it.
const STALL_LIMIT: Duration = Duration::from_secs(60);
/// Larger than CloudFront's quota of 32,768 bytes, which the service counts itself to answer 413.
const MAX_BUFFER: usize = 128 << 10;
