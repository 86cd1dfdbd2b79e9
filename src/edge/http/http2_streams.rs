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

use crate::edge::io::body::{Body, BoxError};
use crate::edge::io::idle_timeout::IdleTimer;
use crate::edge::limits::connections::ManagedConnection;
use crate::edge::limits::request_slots::{RequestSlot, ViewerShare};

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
    share: Rc<ViewerShare>,
    all: RefCell<Vec<Weak<Stream>>>,
}

impl Streams {
    /// Of a connection that has just begun.
    #[must_use]
    pub fn new(idle_limit: Duration, write_limit: Duration, share: Rc<ViewerShare>) -> Rc<Self> {
        Rc::new(Self {
            idle_limit,
            write_limit,
            open: Cell::new(0),
            idle_since: Cell::new(Instant::now()),
            current: RefCell::default(),
            is_called: Cell::new(false),
            task: RefCell::default(),
            share,
            all: RefCell::default(),
        })
    }

    /// Whether none is open.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.open.get() == 0
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

impl ManagedConnection for Streams {
    fn look(&self) {
        self.all.borrow_mut().retain(|stream| stream.strong_count() > 0);
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

    fn shed(&self, limit: Duration, most: usize) -> usize {
        let all = self.all.borrow();
        let stalled = all.iter().filter_map(Weak::upgrade).filter(|stream| stream.has_stalled(limit));
        stalled.take(most).map(|stream| stream.shed()).count()
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
    /// The place of its request.
    slot: RequestSlot,
    /// Since when its viewer has taken nothing of what waits for it, and the task that waits.
    stalled: RefCell<Option<(Instant, Waker)>>,
    is_shed: Cell<bool>,
}

impl Stream {
    /// The place of its request.
    #[must_use]
    pub fn slot(&self) -> &RequestSlot {
        &self.slot
    }

    fn has_stalled(&self, limit: Duration) -> bool {
        !self.is_shed.get()
            && self.stalled.borrow().as_ref().is_some_and(|(since, _)| since.elapsed() >= limit)
    }

    fn shed(&self) {
        self.is_shed.set(true);
        if let Some((_, task)) = self.stalled.borrow_mut().take() {
            task.wake();
        }
    }

    fn stalls(&self, task: &Waker) {
        let mut stalled = self.stalled.borrow_mut();
        match &mut *stalled {
            Some((_, known)) => known.clone_from(task),
            None => *stalled = Some((Instant::now(), task.clone())),
        }
    }

    fn moves(&self) {
        if self.stalled.borrow().is_some() {
            self.stalled.replace(None);
        }
    }
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
            slot: RequestSlot::new(Rc::clone(&streams.share)),
            stalled: RefCell::default(),
            is_shed: Cell::new(false),
        });
        streams.all.borrow_mut().push(Rc::downgrade(&stream));
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
        if polled.is_ready() || stream.is_shed.get() {
            return Poll::Ready(());
        }
        if seen != stream.frames.get() || !stream.waits_for_viewer.get() {
            seen = stream.frames.get();
            timer.moved();
            stream.moves();
        }
        if !stream.waits_for_viewer.get() {
            return Poll::Pending;
        }
        stream.stalls(cx.waker());
        timer.poll_idle(cx)
    })
    .await;
}

/// A response's body that tells its stream whom it waits for, in pieces of which each is progress.
///
/// hyper takes the next piece while the viewer's window has room for one byte of it, and lets a stream's task end once it
/// has the last: what h2 then still holds, nobody would watch. So a piece is small, and a body of some length ends after
/// its last piece, not with it.
pub struct StreamBody {
    body: Body,
    /// What is left of the body's last frame.
    rest: Bytes,
    given: usize,
    stream: Option<Rc<Stream>>,
}

impl StreamBody {
    /// Of a response whose head is ready.
    #[must_use]
    pub fn new(body: Body, stream: Option<Rc<Stream>>) -> Self {
        let body = Self { body, rest: Bytes::new(), given: 0, stream };
        body.waits_for_viewer(true);
        body
    }

    fn waits_for_viewer(&self, waits: bool) {
        if let Some(stream) = &self.stream {
            stream.waits_for_viewer.set(waits);
            stream.frames.set(stream.frames.get() + 1);
        }
    }

    fn piece(&mut self) -> Frame<Bytes> {
        let piece = self.rest.split_to(self.rest.len().min(PIECE));
        self.given = self.given.saturating_add(piece.len());
        Frame::data(piece)
    }
}

impl HttpBody for StreamBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if !self.rest.is_empty() {
            self.waits_for_viewer(true);
            return Poll::Ready(Some(Ok(self.piece())));
        }
        let polled = self.body.as_mut().poll_frame(cx);
        self.waits_for_viewer(polled.is_ready());
        polled.map(|frame| {
            frame.map(|frame| match frame?.into_data() {
                Ok(data) => {
                    self.rest = data;
                    Ok(self.piece())
                }
                Err(other) => Ok(other),
            })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.given <= UNWATCHED && self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.body.size_hint();
        if self.rest.is_empty() {
            return hint;
        }
        let rest = self.rest.len() as u64;
        match hint.exact() {
            Some(exact) => hint.set_exact(exact + rest),
            None => hint.set_lower(hint.lower() + rest),
        }
        hint
    }
}

/// Bytes of one piece: a frame of HTTP/2, and what a viewer has to take within the limit.
const PIECE: usize = 16 << 10;
/// Bytes of a body that may end with its last piece: most pages, which are spared an empty frame.
const UNWATCHED: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;
    use crate::edge::io::body;

    #[tokio::test]
    async fn a_body_comes_whole_in_pieces_and_a_long_one_ends_after_the_last() {
        for (len, pieces, ends_with_the_last) in [
            (0, 0, true),
            (1, 1, true),
            (UNWATCHED, 1, true),
            (UNWATCHED + 1, 1, false),
            (3 * PIECE + 1, 4, false),
        ] {
            let sent: Vec<u8> = (0..len).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let mut body = StreamBody::new(body::full(sent.clone()), None);
            let mut got = Vec::new();
            for _ in 0..pieces {
                assert_eq!(body.size_hint().exact(), Some((len - got.len()) as u64), "{len}");
                got.extend_from_slice(&body.frame().await.unwrap().unwrap().into_data().unwrap());
            }
            assert_eq!((got == sent, body.is_end_stream()), (true, ends_with_the_last), "{len}");
            assert!(body.frame().await.is_none());
        }
    }
}
