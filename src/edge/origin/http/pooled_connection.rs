//! One connection to an origin, driven by whoever waits for its exchange.
//!
//! hyper's connection is a future that moves bytes whenever it is polled. The usual way is a task of its own for each;
//! here the viewer's task polls it, so that a request passes from socket to socket without a turn of the scheduler
//! (docs/performance.md has the figures). While nobody waits, nothing is polled: that the origin has closed a kept
//! connection is seen when a request is sent on it, which then goes out again on another one, and by the sweep.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use super::watched_head::{HeadWatch, HeadWatchedStream};
use crate::edge::io::body::Body;
use crate::edge::io::idle_timeout::IdleTimer;
use crate::edge::origin::upgraded::Upgraded;

type OriginConnection = Connection<TokioIo<HeadWatchedStream>, Body>;

/// A connection and the way to send on it. Large: it is kept in a box, since it moves between the pool and the bodies.
#[derive(Debug)]
pub(super) struct Link {
    /// The Host for whose name the origin was checked; none over plain HTTP.
    pub(super) secured_for: Option<HeaderValue>,
    sender: SendRequest<Body>,
    /// Told of each request, since a head follows it.
    watch: Rc<HeadWatch>,
    connection: Driven,
    relay: Arc<Relay>,
    waker: Waker,
    /// Whether the origin may change the protocol, so that the connection is needed when hyper is done with it.
    pub(super) may_switch: bool,
    /// Kept from exchange to exchange: putting off a timer is cheaper than making one.
    pub(super) timer: IdleTimer,
}

/// Who moves a connection's bytes.
#[derive(Debug)]
enum Driven {
    /// Whoever waits for the exchange.
    Here(Box<OriginConnection>),
    /// A task of its own.
    ByTask,
    /// It has ended; kept where hyper has let go of what it read and wrote, which may be something else from now on.
    Ended(Option<Box<OriginConnection>>),
}

impl Link {
    /// Of a connection that has just been made; `limit` is for each wait on it.
    pub(super) fn new(
        sender: SendRequest<Body>,
        connection: OriginConnection,
        watch: Rc<HeadWatch>,
        limit: Duration,
        secured_for: Option<HeaderValue>,
    ) -> Self {
        let relay = Arc::new(Relay::default());
        let waker = Waker::from(Arc::clone(&relay));
        Self {
            secured_for,
            sender,
            watch,
            connection: Driven::Here(Box::new(connection)),
            relay,
            waker,
            may_switch: false,
            timer: IdleTimer::new(limit),
        }
    }

    /// Whether it can take a request, as far as is known: that the origin has closed it is seen when it is driven.
    pub(super) fn is_ready(&mut self) -> bool {
        self.sender.is_ready() || (self.still_stands() && self.sender.is_ready())
    }

    /// Looks at what has come of it since it was driven last.
    pub(super) fn still_stands(&mut self) -> bool {
        self.relay.begin();
        self.drive();
        self.relay.rest();
        !self.has_ended()
    }

    /// Whether it is known to have ended.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.connection, Driven::Ended(_)) || self.sender.is_closed()
    }

    /// Lets a task drive it from now on: where a request's body is still on its way while the response comes, whoever
    /// takes the response may stand still, or be done, before the body is sent.
    pub(super) fn hand_over(&mut self) {
        if let Driven::Here(connection) = std::mem::replace(&mut self.connection, Driven::ByTask) {
            tokio::task::spawn_local(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "connection to origin ended");
                }
            });
        }
    }

    /// The connection itself, once the origin has said that it changes its protocol.
    pub(super) async fn upgraded(self: Box<Self>) -> Option<Upgraded> {
        let connection = match self.connection {
            Driven::Here(mut connection) => {
                // hyper has read the head; all that is left is that it lets go.
                poll_fn(|cx| connection.poll_without_shutdown(cx)).await.ok()?;
                connection
            }
            Driven::Ended(connection) => connection?,
            Driven::ByTask => return None,
        };
        let parts = connection.into_parts();
        Some(Upgraded { stream: parts.io.into_inner().stream, unread: parts.read_buf })
    }

    /// Sends a request and waits for the head of its response; none where it doesn't come within the limit after what
    /// last moved.
    pub(super) async fn send(
        &mut self,
        request: Request<Body>,
        last_moved: impl Fn() -> Instant,
    ) -> Option<Result<Response<Incoming>, TrySendError<Request<Body>>>> {
        self.watch.expect();
        let mut response = pin!(self.sender.try_send_request(request));
        poll_fn(|cx| {
            let polled = self.poll_driven(cx, |aside| response.as_mut().poll(aside));
            match polled {
                Poll::Ready(response) => Poll::Ready(Some(response)),
                Poll::Pending => self.timer.poll_since(last_moved(), cx).map(|()| None),
            }
        })
        .await
    }

    /// Polls what this connection alone brings on, and the connection itself.
    pub(super) fn poll_driven<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut wanted: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        for _ in 0..MAX_TURNS {
            self.relay.begin();
            let waker = self.waker.clone();
            let mut aside = Context::from_waker(&waker);
            let mut polled = wanted(&mut aside);
            if polled.is_pending() {
                self.drive();
                polled = wanted(&mut aside);
            }
            if polled.is_ready() {
                self.relay.rest();
                return polled;
            }
            if self.relay.wait(cx.waker()) {
                return Poll::Pending;
            }
        }
        // As when the runtime wants others to have their turn.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn drive(&mut self) {
        let Driven::Here(connection) = &mut self.connection else { return };
        match Pin::new(connection.as_mut()).poll(&mut Context::from_waker(&self.waker)) {
            Poll::Pending => {}
            Poll::Ready(ended) => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection to origin ended");
                }
                // Dropped where it isn't needed: only so is a request that waits in it given back.
                let ended = std::mem::replace(&mut self.connection, Driven::Ended(None));
                if let (Driven::Here(connection), true) = (ended, self.may_switch) {
                    self.connection = Driven::Ended(Some(connection));
                }
            }
        }
    }
}

/// Passes wakes on to the task that waits, but not to the one that is polling right now, nor to one that has gone on:
/// hyper's parts wake each other within one poll, each of which would cost the task another turn.
#[derive(Debug, Default)]
struct Relay(Mutex<RelayWaiter>);

#[derive(Debug, Default)]
enum RelayWaiter {
    #[default]
    None,
    /// It will look again by itself where there was a wake.
    Polling {
        woken: bool,
    },
    Task(Waker),
}

impl Relay {
    fn begin(&self) {
        self.set(RelayWaiter::Polling { woken: false });
    }

    fn rest(&self) {
        self.set(RelayWaiter::None);
    }

    /// False where something has moved since [`Relay::begin`], so that it must be looked at again.
    fn wait(&self, task: &Waker) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*waiting, RelayWaiter::Polling { woken: true }) {
            return false;
        }
        *waiting = RelayWaiter::Task(task.clone());
        true
    }

    fn set(&self, waiting: RelayWaiter) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = waiting;
    }
}

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *waiting {
            RelayWaiter::None => {}
            RelayWaiter::Polling { woken } => *woken = true,
            RelayWaiter::Task(task) => task.wake_by_ref(),
        }
    }
}

/// Turns within one poll; hyper comes to rest in one or two.
const MAX_TURNS: usize = 4;
