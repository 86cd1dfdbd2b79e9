//! A socket on which a short message goes out in one plain send.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use smallvec::SmallVec;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream whose vectored writes are copied together where they are short: a head with a small body. The system takes
/// one buffer for less than a list of them, and the copy of a kilobyte costs less still. What is long is passed on.
#[derive(Debug)]
pub struct SmallWrites<S>(pub S);

impl<S: AsyncRead + Unpin> AsyncRead for SmallWrites<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for SmallWrites<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = bufs {
            return Pin::new(&mut self.0).poll_write(cx, only);
        }
        if bufs.iter().map(|buf| buf.len()).sum::<usize>() > MAX_COPIED {
            return Pin::new(&mut self.0).poll_write_vectored(cx, bufs);
        }
        let mut together: SmallVec<[u8; MAX_COPIED]> = SmallVec::new();
        bufs.iter().for_each(|buf| together.extend_from_slice(buf));
        Pin::new(&mut self.0).poll_write(cx, &together)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Bytes; beyond this, copying costs what it saves.
const MAX_COPIED: usize = 4096;

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn what_is_written_arrives_whole_and_in_order() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let reading = tokio::spawn(async move {
            let mut all = Vec::new();
            theirs.read_to_end(&mut all).await.unwrap();
            all
        });
        let mut stream = SmallWrites(ours);
        let long = vec![b'c'; 2 * MAX_COPIED];
        let mut expected = Vec::new();
        for parts in [[&b"a"[..], &b"b"[..]], [&b"d"[..], &long[..]], [&b""[..], &b"e"[..]]] {
            let mut slices = parts.map(IoSlice::new);
            let mut left = &mut slices[..];
            while left.iter().any(|slice| !slice.is_empty()) {
                let written = stream.write_vectored(left).await.unwrap();
                IoSlice::advance_slices(&mut left, written);
            }
            expected.extend(parts.concat());
        }
        drop(stream);
        assert_eq!(reading.await.unwrap(), expected);
    }
}
