//! The two bodies of one exchange with an origin: what is still to be sent, and what comes back.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Request;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

use super::idle::IdleLinks;
use super::pooled_connection::Link;
use crate::edge::io::body::{self, Body, BoxError};

/// How far a request's body has come.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) last: Cell<Instant>,
    ended: Cell<bool>,
    pub(super) failed: Cell<bool>,
}

impl Progress {
    pub(super) fn new(request: &Request<Body>) -> Self {
        let ended = body::is_empty(request.body());
        Self { last: Cell::new(Instant::now()), ended: Cell::new(ended), failed: Cell::new(false) }
    }
}

/// A request's body that tells when it last moved, and when it has ended.
pub(super) fn watched(body: Body, progress: &Rc<Progress>) -> Body {
    if progress.ended.get() {
        return body;
    }
    body::boxed(WatchedBody { body, progress: Rc::clone(progress) })
}

struct WatchedBody {
    body: Body,
    progress: Rc<Progress>,
}

impl HttpBody for WatchedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(self.body.as_mut().poll_frame(cx));
        self.progress.last.set(Instant::now());
        self.progress.ended.set(frame.is_none() || self.body.is_end_stream());
        self.progress.failed.set(matches!(frame, Some(Err(_))));
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A response's body, which moves its connection on, gives it back when the exchange has ended well, and bounds each
/// wait.
pub(super) struct PooledBody {
    incoming: Incoming,
    /// None once it has been given back.
    link: Option<Box<Link>>,
    pool: Weak<IdleLinks>,
    request: Rc<Progress>,
}

impl PooledBody {
    pub(super) fn new(
        incoming: Incoming,
        link: Box<Link>,
        pool: &Rc<IdleLinks>,
        request: Rc<Progress>,
    ) -> Self {
        let mut body = Self { incoming, link: Some(link), pool: Rc::downgrade(pool), request };
        if body.incoming.is_end_stream() {
            body.give_back();
        }
        body
    }

    /// Not while the request's own body is still on its way: whoever took the connection would wait for a stranger.
    fn give_back(&mut self) {
        if let (Some(link), Some(pool), true) =
            (self.link.take(), self.pool.upgrade(), self.request.ended.get())
        {
            pool.checkin(link);
        }
    }
}

impl HttpBody for PooledBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let incoming = &mut this.incoming;
        let frame = match &mut this.link {
            Some(link) => match link.poll_driven(cx, |cx| Pin::new(&mut *incoming).poll_frame(cx)) {
                Poll::Ready(frame) => {
                    link.timer.moved();
                    frame
                }
                Poll::Pending => {
                    ready!(link.timer.poll_idle(cx));
                    let error = io::Error::new(
                        io::ErrorKind::TimedOut,
                        "no more data of the body within the timeout",
                    );
                    return Poll::Ready(Some(Err(error.into())));
                }
            },
            None => ready!(Pin::new(incoming).poll_frame(cx)),
        };
        if frame.is_none() || this.incoming.is_end_stream() {
            this.give_back();
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
