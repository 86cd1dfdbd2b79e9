//! The stream to an origin, on which the head of each response is looked at: a line that ends without CR breaks it.
//!
//! hyper takes a bare LF for the end of a line, where another reader takes it for a part of a value. So it becomes a NUL,
//! which hyper refuses.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use smallvec::SmallVec;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::stream::OriginStream;
use crate::edge::io::head_lines::{End, Lines};

/// A stream with its watch.
#[derive(Debug)]
pub(super) struct HeadWatchedStream {
    pub(super) stream: OriginStream,
    pub(super) watch: Rc<HeadWatch>,
}

/// Whether a head is awaited, and what has come of it.
#[derive(Debug, Default)]
pub(super) struct HeadWatch(RefCell<Option<Head>>);

#[derive(Debug, Default)]
struct Head {
    lines: Lines,
    /// Its beginning, up to the status.
    begin: SmallVec<[u8; STATUS_END]>,
}

impl HeadWatch {
    /// A request is sent: what comes next is a head.
    pub(super) fn expect(&self) {
        self.0.replace(Some(Head::default()));
    }

    fn look(&self, mut bytes: &mut [u8]) {
        let mut head = self.0.borrow_mut();
        while let Some(Head { lines, begin }) = &mut *head {
            let room = STATUS_END - begin.len();
            begin.extend_from_slice(&bytes[..room.min(bytes.len())]);
            match lines.end(bytes) {
                End::Later => return,
                End::BareLf(at) => {
                    bytes[at] = 0;
                    *head = None;
                }
                // Another head follows an interim response, but for the one that changes the protocol.
                End::At(at) if begin.get(9) == Some(&b'1') && !begin.ends_with(b"101") => {
                    *head = Some(Head::default());
                    bytes = &mut bytes[at..];
                }
                End::At(_) => *head = None,
            }
        }
    }
}

impl AsyncRead for HeadWatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        self.watch.look(&mut buf.filled_mut()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for HeadWatchedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Of `HTTP/1.1 200`.
const STATUS_END: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_heads_are_looked_at_and_interim_ones_too() {
        for (sent, seen) in [
            ("HTTP/1.1 200 OK\r\n\r\na\nb", "HTTP/1.1 200 OK\r\n\r\na\nb"),
            ("HTTP/1.1 200 OK\nX: y\r\n\r\n", "HTTP/1.1 200 OK\0X: y\r\n\r\n"),
            ("HTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\n\r\n", "HTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\0\r\n"),
            ("HTTP/1.1 101 S\r\n\r\n\n", "HTTP/1.1 101 S\r\n\r\n\n"),
        ] {
            for size in 1..40 {
                let watch = HeadWatch::default();
                watch.expect();
                let mut bytes = sent.as_bytes().to_vec();
                bytes.chunks_mut(size).for_each(|chunk| watch.look(chunk));
                assert_eq!(bytes, seen.as_bytes(), "{sent:?} {size}");
            }
        }
        let watch = HeadWatch::default();
        let mut late = *b"\n";
        watch.look(&mut late);
        assert_eq!(late, *b"\n");
    }
}
