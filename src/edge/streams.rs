//! The streams of one HTTP/2 connection: which are open, and which of them wait for a viewer that takes nothing.

use std::cell::{Cell, RefCell};
use std::pin::{Pin, pin};
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::rt::Executor;
use tokio::time::Instant;

use super::conversation::Talk;
use crate::body::idle::IdleTimer;
use crate::body::{Body, BoxError};

/// One connection's streams.
#[derive(Debug)]
pub struct Streams {
    /// For a connection without streams.
    idle_limit: Duration,
    /// For a stream whose viewer takes nothing.
    write_limit: Duration,
    open: Cell<usize>,
    idle_since: Cell<Instant>,
    /// The one whose task is being polled.
    current: RefCell<Option<Rc<Stream>>>,
    is_called: Cell<bool>,
    task: RefCell<Option<Waker>>,
}

impl Streams {
    /// Of a connection that has just begun.
    #[must_use]
    pub fn new(idle_limit: Duration, write_limit: Duration) -> Rc<Self> {
        Rc::new(Self {
            idle_limit,
            write_limit,
            open: Cell::new(0),
            idle_since: Cell::new(Instant::now()),
            current: RefCell::default(),
            is_called: Cell::new(false),
            task: RefCell::default(),
        })
    }

    /// The stream whose task asks.
    #[must_use]
    pub fn current(&self) -> Option<Rc<Stream>> {
        self.current.borrow().clone()
    }

    /// Ready once the connection is called to its end.
    pub fn poll_called(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_called.get() {
            return Poll::Ready(());
        }
        let mut task = self.task.borrow_mut();
        if !task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
            *task = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl Talk for Streams {
    fn look(&self) {
        if self.open.get() == 0 && self.idle_since.get().elapsed() >= self.idle_limit {
            self.stop();
        }
    }

    fn stop(&self) {
        self.is_called.set(true);
        if let Some(task) = self.task.borrow_mut().take() {
            task.wake();
        }
    }
}

/// One stream.
#[derive(Debug)]
pub struct Stream {
    /// Whether what was given to hyper last waits for the viewer.
    waits_for_viewer: Cell<bool>,
    /// Of the response's body.
    frames: Cell<u64>,
    streams: Weak<Streams>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(streams) = self.streams.upgrade() {
            streams.open.set(streams.open.get() - 1);
            streams.idle_since.set(Instant::now());
        }
    }
}

/// Gives each stream a task, in which it is watched.
#[derive(Clone, Debug)]
pub struct Spawner(pub Rc<Streams>);

impl<F: Future + 'static> Executor<F> for Spawner {
    fn execute(&self, task: F) {
        let streams = &self.0;
        streams.open.set(streams.open.get() + 1);
        let stream = Rc::new(Stream {
            waits_for_viewer: Cell::new(false),
            frames: Cell::new(0),
            streams: Rc::downgrade(streams),
        });
        tokio::task::spawn_local(run(task, stream, Rc::clone(streams)));
    }
}

/// Polls a stream's task until it is done, or its viewer has taken nothing for too long: dropped, it resets its stream,
/// and the connection's others go on.
async fn run(task: impl Future, stream: Rc<Stream>, streams: Rc<Streams>) {
    let mut task = pin!(task);
    let mut timer = IdleTimer::new(streams.write_limit);
    let mut seen = 0;
    std::future::poll_fn(move |cx| {
        let before = streams.current.replace(Some(Rc::clone(&stream)));
        let polled = task.as_mut().poll(cx);
        streams.current.replace(before);
        if polled.is_ready() {
            return Poll::Ready(());
        }
        if seen != stream.frames.get() || !stream.waits_for_viewer.get() {
            seen = stream.frames.get();
            timer.moved();
        }
        if !stream.waits_for_viewer.get() {
            return Poll::Pending;
        }
        timer.poll_idle(cx)
    })
    .await;
}

/// A response's body that tells its stream whom it waits for.
pub struct StreamBody {
    body: Body,
    stream: Option<Rc<Stream>>,
}

impl StreamBody {
    /// Of a response whose head is ready.
    #[must_use]
    pub fn new(body: Body, stream: Option<Rc<Stream>>) -> Self {
        let body = Self { body, stream };
        body.waits_for_viewer(true);
        body
    }

    fn waits_for_viewer(&self, waits: bool) {
        if let Some(stream) = &self.stream {
            stream.waits_for_viewer.set(waits);
            stream.frames.set(stream.frames.get() + 1);
        }
    }
}

impl HttpBody for StreamBody {
    type Data = Bytes;
    type Error = BoxError;

    /// hyper asks only once the viewer's window has room.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = self.body.as_mut().poll_frame(cx);
        self.waits_for_viewer(polled.is_ready());
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
