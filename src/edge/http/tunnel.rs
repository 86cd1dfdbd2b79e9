//! A WebSocket after its handshake: bytes in both directions, until one end closes or both are silent for too long.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf, copy_bidirectional_with_sizes};
use tokio::time::{Instant, sleep_until};

use crate::edge::io::socket::Socket;
use crate::edge::origin::Upgraded;

/// Carries bytes between the viewer, of whom some may be read already, and the origin. Its end is the connection's, so
/// that a drain waits for it (within its grace).
pub async fn run(viewer: Socket, unread: Bytes, origin: Upgraded, idle: Duration) {
    let Upgraded { stream, unread: from_origin } = origin;
    let last = std::cell::Cell::new(Instant::now());
    let mut viewer = ActivityStream { stream: viewer, last: &last };
    let mut origin = ActivityStream { stream, last: &last };
    let carried = async {
        origin.write_all(&unread).await?;
        origin.flush().await?;
        viewer.write_all(&from_origin).await?;
        viewer.flush().await?;
        copy_bidirectional_with_sizes(&mut viewer, &mut origin, BUFFER, BUFFER).await
    };
    let ended = tokio::select! {
        ended = carried => ended.map(|_| ()),
        () = silence(&last, idle) => Err(io::Error::new(io::ErrorKind::TimedOut, "no data in either direction within the idle timeout")),
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a WebSocket ended with an error");
    }
}

async fn silence(last: &std::cell::Cell<Instant>, idle: Duration) {
    loop {
        let deadline = last.get() + idle;
        sleep_until(deadline).await;
        if last.get() + idle <= Instant::now() {
            return;
        }
    }
}

/// A stream that notes when it last brought something.
struct ActivityStream<'l, S> {
    stream: S,
    last: &'l std::cell::Cell<Instant>,
}

impl<S: AsyncRead + Unpin> AsyncRead for ActivityStream<'_, S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if polled.is_ready() {
            self.last.set(Instant::now());
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ActivityStream<'_, S> {
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

/// For each direction.
const BUFFER: usize = 16 << 10;
