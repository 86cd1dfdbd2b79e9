//! Writes that are put off: what HTTP/2 says in one turn, of however many streams, goes out in one record and one send.
//!
//! h2 flushes after nearly every DATA frame. With eight streams at a time that would be eight records and eight sends
//! where one does (docs/performance.md).

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream whose writes wait for [`CoalescedWriter::poll_send`]. Both halves are this thread's.
#[derive(Debug)]
pub struct CoalescedWriter<S>(Rc<RefCell<Inner<S>>>);

#[derive(Debug)]
struct Inner<S> {
    stream: S,
    waiting: Vec<u8>,
    /// Bytes of those that are sent already.
    sent: usize,
}

impl<S> Clone for CoalescedWriter<S> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<S: AsyncWrite + Unpin> CoalescedWriter<S> {
    /// Puts off a stream's writes.
    #[must_use]
    pub fn new(stream: S) -> Self {
        Self(Rc::new(RefCell::new(Inner { stream, waiting: Vec::new(), sent: 0 })))
    }

    /// Sends what waits. Ready once nothing does.
    ///
    /// # Errors
    /// The stream's.
    pub fn poll_send(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.borrow_mut().poll_send(cx)
    }
}

impl<S: AsyncWrite + Unpin> Inner<S> {
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.waiting.len() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.waiting[self.sent..]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += written;
        }
        if self.sent > 0 {
            // Given back: an idle connection keeps nothing.
            (self.waiting, self.sent) = (Vec::new(), 0);
            return Pin::new(&mut self.stream).poll_flush(cx);
        }
        Poll::Ready(Ok(()))
    }

    /// Room for so many bytes more, after sending what is in their way.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.waiting.len() >= MOST {
            ready!(self.poll_send(cx))?;
        }
        if self.waiting.capacity() == 0 {
            self.waiting.reserve(MOST);
        }
        Poll::Ready(Ok(MOST - self.waiting.len()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for CoalescedWriter<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.borrow_mut().stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for CoalescedWriter<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let mut inner = self.0.borrow_mut();
        let taken = ready!(inner.poll_room(cx))?.min(buf.len());
        inner.waiting.extend_from_slice(&buf[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut inner = self.0.borrow_mut();
        let mut room = ready!(inner.poll_room(cx))?;
        let mut taken = 0;
        for buf in bufs {
            let part = room.min(buf.len());
            inner.waiting.extend_from_slice(&buf[..part]);
            (room, taken) = (room - part, taken + part);
        }
        Poll::Ready(Ok(taken))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Put off: whoever polls the connection sends when it has come to rest.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.0.borrow_mut();
        ready!(inner.poll_send(cx))?;
        Pin::new(&mut inner.stream).poll_shutdown(cx)
    }
}

/// Bytes of one record of TLS.
const MOST: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn what_is_written_waits_until_it_is_sent_and_arrives_whole() {
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        let mut stream = CoalescedWriter::new(ours);
        let sender = stream.clone();
        stream.write_all(b"one ").await.unwrap();
        stream.flush().await.unwrap();
        stream.write_all(b"two").await.unwrap();
        let mut nothing = [0; 1];
        let reading = tokio::time::timeout(std::time::Duration::from_millis(10), theirs.read(&mut nothing));
        assert!(reading.await.is_err(), "nothing is sent yet");
        std::future::poll_fn(|cx| sender.poll_send(cx)).await.unwrap();
        let mut both = [0; 7];
        theirs.read_exact(&mut both).await.unwrap();
        assert_eq!(&both, b"one two");
        // More than fits is sent as it comes; the rest with the end.
        let long = vec![b'x'; 5 * MOST + 1];
        stream.write_all(&long).await.unwrap();
        stream.shutdown().await.unwrap();
        drop((stream, sender));
        let mut all = Vec::new();
        theirs.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, long);
    }
}
