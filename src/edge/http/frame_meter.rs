//! Counts the frames of HTTP/2 that cost a turn and carry nothing, such as PING, and ends a connection that sends too many.
//!
//! h2 reads on while there is input, and answers each of them. So they are counted where they are read, by their headers
//! alone.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// A viewer's stream whose reads fail once it has sent too many frames that carry nothing.
#[derive(Debug)]
pub struct FrameMeter<S> {
    stream: S,
    frames: Frames,
    budget: Budget,
}

impl<S> FrameMeter<S> {
    /// Allows `per_second` frames a second, beyond those that what is sent and requested accounts for.
    #[must_use]
    pub fn new(stream: S, per_second: u32) -> Self {
        Self { stream, frames: Frames::default(), budget: Budget::new(per_second) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FrameMeter<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let Self { frames, budget, .. } = &mut *self;
        let (idle, requests) = frames.read(&buf.filled()[before..]);
        budget.earn(requests.saturating_mul(FRAMES_OF_A_REQUEST));
        if !budget.spend(idle) {
            let message =
                format!("more than {} idle frames a second (idle-frames-per-second)", budget.per_second);
            return Poll::Ready(Err(io::Error::other(message)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> FrameMeter<S> {
    /// A viewer that takes much says so in many WINDOW_UPDATEs.
    fn sent(&mut self, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(len)) = polled {
            self.budget.sent(len);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FrameMeter<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.sent(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.sent(polled)
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

/// Where in a stream of frames the reading is.
#[derive(Debug)]
struct Frames {
    /// Bytes of the preface or of a payload that are still to come.
    skipped: usize,
    header: [u8; HEADER],
    filled: usize,
}

impl Default for Frames {
    fn default() -> Self {
        Self { skipped: PREFACE, header: [0; HEADER], filled: 0 }
    }
}

impl Frames {
    /// How many frames that carry nothing, and how many requests, begin in some bytes.
    fn read(&mut self, mut bytes: &[u8]) -> (u32, u32) {
        let (mut idle, mut requests) = (0_u32, 0_u32);
        while !bytes.is_empty() {
            if self.skipped > 0 {
                let len = self.skipped.min(bytes.len());
                (self.skipped, bytes) = (self.skipped - len, &bytes[len..]);
                continue;
            }
            let len = (HEADER - self.filled).min(bytes.len());
            self.header[self.filled..self.filled + len].copy_from_slice(&bytes[..len]);
            (self.filled, bytes) = (self.filled + len, &bytes[len..]);
            if self.filled < HEADER {
                break;
            }
            self.filled = 0;
            let [a, b, c, kind, ..] = self.header;
            self.skipped = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
            match kind {
                HEADERS => requests = requests.saturating_add(1),
                DATA if self.skipped > LITTLE_DATA => {}
                _ => idle = idle.saturating_add(1),
            }
        }
        (idle, requests)
    }
}

/// How many frames a viewer may send now.
#[derive(Debug)]
struct Budget {
    per_second: u32,
    left: u32,
    since: Instant,
    /// Bytes sent that don't yet make a frame.
    sent: usize,
}

impl Budget {
    fn new(per_second: u32) -> Self {
        Self { per_second, left: per_second, since: Instant::now(), sent: 0 }
    }

    fn earn(&mut self, frames: u32) {
        self.left = self.left.saturating_add(frames).min(self.per_second.saturating_mul(2));
    }

    fn sent(&mut self, len: usize) {
        self.sent += len;
        if self.sent >= BYTES_OF_A_FRAME {
            self.earn(u32::try_from(self.sent / BYTES_OF_A_FRAME).unwrap_or(u32::MAX));
            self.sent %= BYTES_OF_A_FRAME;
        }
    }

    fn spend(&mut self, frames: u32) -> bool {
        if frames > self.left {
            let millis = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
            let earned = millis.saturating_mul(u64::from(self.per_second)) / 1000;
            if earned > 0 {
                self.since = Instant::now();
                self.earn(u32::try_from(earned).unwrap_or(u32::MAX));
            }
        }
        match self.left.checked_sub(frames) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

const PREFACE: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();
const HEADER: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
/// Bytes of a DATA frame that is hardly more than its header.
const LITTLE_DATA: usize = 16;
/// What belongs to a request: the end of its body, windows for its response, its reset.
const FRAMES_OF_A_REQUEST: u32 = 4;
/// Some viewers give a window for each piece that they read, for its stream and for the connection.
const BYTES_OF_A_FRAME: usize = 512;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn frame(kind: u8, len: usize) -> Vec<u8> {
        let len_bytes = u32::try_from(len).unwrap().to_be_bytes();
        let mut frame = len_bytes[1..].to_vec();
        frame.extend([kind, 0, 0, 0, 0, 1]);
        frame.resize(HEADER + len, kind);
        frame
    }

    #[test]
    fn frames_are_told_apart_however_they_are_cut() {
        let mut bytes = vec![0; PREFACE];
        for (kind, len) in [(4, 30), (1, 70_000), (0, 0), (0, 16), (0, 17), (6, 8), (8, 4), (2, 5), (99, 300)]
        {
            bytes.extend(frame(kind, len));
        }
        for size in [1, 2, 7, 9, 24, 1000, bytes.len()] {
            let mut frames = Frames::default();
            let counted = bytes.chunks(size).map(|chunk| frames.read(chunk));
            let sum = counted.fold((0, 0), |(idle, requests), (a, b)| (idle + a, requests + b));
            assert_eq!(sum, (7, 1), "{size}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_budget_grows_with_time_and_with_what_is_sent() {
        let mut budget = Budget::new(100);
        assert!(budget.spend(100) && !budget.spend(1));
        tokio::time::advance(Duration::from_millis(500)).await;
        assert!(budget.spend(50) && !budget.spend(1));
        // A download of any speed: two frames for each KiB.
        for _ in 0..1000 {
            budget.sent(1024);
            assert!(budget.spend(2));
        }
        // Saved up for two seconds at the most.
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert!(budget.spend(200) && !budget.spend(1));
    }
}
