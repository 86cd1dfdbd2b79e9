//! The body of a viewer's request: bounded in time, and its end reported to the connection that it came on.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;

use super::keep_alive::ConnectionState;
use crate::edge::io::body::{self, Body, BoxError};
use crate::edge::io::idle_timeout::IdleBody;

/// The body of a request over HTTP/2; most have none.
pub fn of_stream(incoming: Incoming, limit: Duration) -> Body {
    if incoming.is_end_stream() {
        return body::empty();
    }
    body::boxed(IdleBody::new(incoming, limit))
}

/// The body of a request over HTTP/1.1, where the next request begins behind it.
pub fn of_conversation(incoming: Incoming, limit: Duration, conversation: &Rc<ConnectionState>) -> Body {
    if incoming.is_end_stream() {
        return body::empty();
    }
    conversation.body_began();
    let body = IdleBody::new(incoming, limit);
    body::boxed(ReportingBody { body, conversation: Rc::clone(conversation) })
}

/// Reports its end to the conversation, and only a whole one: a body that is dropped or breaks off before never ends there.
struct ReportingBody {
    body: IdleBody<Incoming>,
    conversation: Rc<ConnectionState>,
}

impl HttpBody for ReportingBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_none() || frame.as_ref().is_some_and(Result::is_ok) && self.body.is_end_stream() {
            self.conversation.body_ended();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
