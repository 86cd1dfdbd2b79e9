//! A viewer's socket: plain or under TLS, with what was read from it and not used yet.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use super::small_writes::SmallWrites;

/// Either kind.
#[derive(Debug)]
pub enum Socket {
    /// Plain HTTP.
    Plain(TcpStream),
    /// HTTP under TLS; boxed, since a plain one is much smaller.
    Tls(Box<TlsStream<SmallWrites<TcpStream>>>),
}

impl Socket {
    /// Waits until the viewer sends something, and gives what had to be read to know. None where it ends, or says
    /// nothing within the limit, or everything stops.
    pub async fn wait_readable(&mut self, limit: Duration, stop: &CancellationToken) -> Option<Bytes> {
        let first = async {
            match self {
                Self::Plain(stream) => stream.readable().await.ok().map(|()| Bytes::new()),
                // Its readability says nothing of its content: records may be incomplete, or none of ours.
                Self::Tls(stream) => match stream.read_u8().await {
                    Ok(first) => Some(Bytes::copy_from_slice(&[first])),
                    Err(_) => None,
                },
            }
        };
        let found = tokio::select! {
            found = timeout(limit, first) => found.ok().flatten(),
            () = stop.cancelled() => None,
        };
        if found.is_none() {
            self.shutdown_tls().await;
        }
        found
    }

    /// Ends it as its protocol wants it: a viewer under TLS is told that nothing was cut off.
    pub async fn shutdown_tls(&mut self) {
        if let Self::Tls(stream) = self {
            let _ = timeout(GOODBYE, stream.shutdown()).await;
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// For a viewer that takes nothing any more.
const GOODBYE: Duration = Duration::from_secs(1);
