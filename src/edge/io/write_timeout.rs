//! A connection that ends when its peer takes nothing for too long. hyper bounds the reading of heads, not writing.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::idle_timeout::IdleTimer;

/// A stream whose writes fail with [`io::ErrorKind::TimedOut`] after waiting for `limit` without a byte accepted.
#[derive(Debug)]
pub struct WriteTimeout<S> {
    stream: S,
    timer: IdleTimer,
}

impl<S> WriteTimeout<S> {
    /// Guards a stream.
    #[must_use]
    pub fn new(stream: S, limit: Duration) -> Self {
        Self { stream, timer: IdleTimer::new(limit) }
    }

    /// The stream alone.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.stream
    }

    /// Passes what is ready; counts the time of what isn't.
    fn bounded<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.timer.moved();
            return polled;
        }
        ready!(self.timer.poll_idle(cx));
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the viewer accepted no data within the timeout",
        )))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WriteTimeout<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WriteTimeout<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.bounded(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.bounded(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        self.bounded(cx, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.bounded(cx, polled)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_ends_the_connection_and_a_slow_one_does_not() {
        let (ours, mut theirs) = tokio::io::duplex(8);
        let mut guarded = WriteTimeout::new(ours, Duration::from_secs(60));
        let reading = tokio::spawn(async move {
            let mut byte = [0; 1];
            for _ in 0..10 {
                tokio::time::sleep(Duration::from_secs(59)).await;
                theirs.read_exact(&mut byte).await.unwrap();
            }
            theirs
        });
        // Ten bytes a minute apart: slow, but it moves.
        guarded.write_all(&[0; 18]).await.unwrap();
        let _theirs = reading.await.unwrap();
        let begun = tokio::time::Instant::now();
        let error = guarded.write_all(&[0; 18]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), 60);
    }
}
