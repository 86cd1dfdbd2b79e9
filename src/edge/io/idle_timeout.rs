//! A limit on standing still: of a body that brings nothing, of a peer that takes nothing.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::body::BoxError;

/// Counts how long something has been waited for without a break.
#[derive(Debug)]
pub struct IdleTimer {
    limit: Duration,
    /// Kept between waits: a download flips between ready and pending many times.
    sleep: Option<Pin<Box<Sleep>>>,
    waits: bool,
}

impl IdleTimer {
    /// A timer for waits of at most `limit`.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Self { limit, sleep: None, waits: false }
    }

    /// What is waited for has moved.
    pub fn moved(&mut self) {
        self.waits = false;
    }

    /// What is waited for last moved then: ready from the limit after it on.
    pub fn poll_since(&mut self, last: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = last + self.limit;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }

    /// What is waited for hasn't moved: ready when that has been so for the limit.
    pub fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let limit = self.limit;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep(limit)));
        if !self.waits {
            self.waits = true;
            sleep.as_mut().reset(Instant::now() + limit);
        }
        sleep.as_mut().poll(cx)
    }
}

/// A body that fails when it brings nothing for too long.
#[derive(Debug)]
pub struct IdleBody<B> {
    body: B,
    timer: IdleTimer,
}

impl<B> IdleBody<B> {
    /// Bounds a body.
    #[must_use]
    pub fn new(body: B, limit: Duration) -> Self {
        Self { body, timer: IdleTimer::new(limit) }
    }
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin> Body for IdleBody<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(frame) => {
                this.timer.moved();
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => {
                ready!(this.timer.poll_idle(cx));
                let error =
                    io::Error::new(io::ErrorKind::TimedOut, "no more data of the body within the timeout");
                Poll::Ready(Some(Err(error.into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use tokio::time::{Interval, interval_at};

    use super::*;

    /// Brings three bytes at an interval, then nothing.
    struct Slow(Interval, u8);

    impl Body for Slow {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            if self.1 == 3 {
                return Poll::Pending;
            }
            ready!(self.0.poll_tick(cx));
            self.1 += 1;
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_may_be_slow_but_not_silent() {
        let period = Duration::from_secs(29);
        let slow = Slow(interval_at(Instant::now() + period, period), 0);
        let mut body = IdleBody::new(slow, Duration::from_secs(30));
        for _ in 0..3 {
            assert!(body.frame().await.unwrap().is_ok());
        }
        let begun = Instant::now();
        assert!(body.frame().await.unwrap().is_err());
        assert_eq!(begun.elapsed().as_secs(), 30);
    }
}
