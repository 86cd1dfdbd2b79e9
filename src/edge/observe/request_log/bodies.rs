//! The bodies that tell a line what went through them.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::line::{Ending, Line};
use crate::edge::io::body::{Body, BoxError};

/// A response's body, with which its line goes to the end.
pub(super) struct LoggedBody {
    pub(super) body: Body,
    pub(super) line: Box<Line>,
}

impl http_body::Body for LoggedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = self.body.as_mut().poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.line.sent += frame.data_ref().map_or(0, |data| data.len() as u64);
                // Trailers come last, and hyper doesn't ask for what comes after them.
                if frame.is_trailers() || self.body.is_end_stream() {
                    self.line.ending = Ending::Complete;
                }
            }
            Poll::Ready(Some(Err(error))) => self.line.ending = Ending::Broken(error.to_string()),
            Poll::Ready(None) => self.line.ending = Ending::Complete,
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A viewer's body, whose bytes are counted.
pub(super) struct CountedBody {
    pub(super) body: Body,
    pub(super) count: Rc<Cell<u64>>,
}

impl http_body::Body for CountedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = self.body.as_mut().poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.count.set(self.count.get() + frame.data_ref().map_or(0, |data| data.len() as u64));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
