//! Which of a thread's connections are in the middle of something, and how they are called to an end.
//!
//! hyper keeps some 16 KiB of buffers for a connection, also while its viewer only reads what it got. One that has asked
//! nothing for a while is therefore called to park: it gives up hyper's part and keeps its socket (docs/performance.md).

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;

use super::head_scan::Framing;
use crate::edge::io::body::{Body, BoxError};
use crate::edge::limits::connections::{Connections, ManagedConnection};
use crate::edge::limits::request_slots::{RequestSlot, SlotPermit};
use crate::edge::origin::Upgraded;

/// What a connection is called to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Finish the request in flight, and end.
    Stop,
    /// Nothing is in flight: keep the socket and nothing else.
    Park,
    /// The viewer takes nothing, and others wait for its place: end at once.
    Shed,
}

/// One connection while hyper drives it.
#[derive(Debug, Default)]
pub struct ConnectionState {
    in_flight: Cell<bool>,
    /// Whether a part of the last request's body hasn't been read: what the viewer sends next is body, not a request.
    body_is_open: Cell<bool>,
    /// Whether the connection ends with the request in flight, because either side said so.
    is_last: Cell<bool>,
    has_read: Cell<bool>,
    /// Whether the last response has left hyper's buffer. Its body is over before: hyper drops it once it is buffered.
    flushed: Cell<bool>,
    served: Cell<u64>,
    /// What `served` was when it was looked at last.
    seen: Cell<Option<u64>>,
    call: Cell<Option<Signal>>,
    task: RefCell<Option<Waker>>,
    /// What goes on once the response has left, where it says that the protocol changes.
    switched: RefCell<Option<PendingTunnel>>,
    /// How the body of the last request is framed.
    framing: Cell<Framing>,
    /// The place of the request in flight.
    slot: RequestSlot,
    /// Since when the viewer has taken nothing of what waits for it.
    stalled: Cell<Option<Instant>>,
}

/// A connection whose protocol changes, and what is kept until it ends: the response's body, with which its line of the
/// log is written.
pub struct PendingTunnel {
    /// The other end.
    pub origin: Upgraded,
    /// Of the response that said so.
    pub _log: Body,
    /// The connection to the origin counts as long as it is there.
    pub _place: Option<SlotPermit>,
}

impl std::fmt::Debug for PendingTunnel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PendingTunnel").finish_non_exhaustive()
    }
}

impl ConnectionState {
    /// One of a thread, whose requests take their place in the slot.
    #[must_use]
    pub fn new(slot: RequestSlot, connections: &Connections) -> Rc<Self> {
        let state = Rc::new(Self { slot, ..Self::default() });
        connections.add(&state);
        state
    }

    /// A request has come; it is over when its response's body, wrapped in what this returns, is dropped.
    pub fn request(self: &Rc<Self>) -> InFlight {
        self.in_flight.set(true);
        // hyper reads a head only once the body before it has been read to its end.
        self.body_is_open.set(false);
        self.flushed.set(false);
        self.served.set(self.served.get() + 1);
        InFlight(Rc::clone(self))
    }

    /// Something of the viewer's has been read.
    pub fn has_read(&self) {
        self.has_read.set(true);
    }

    /// Whether a request is being answered.
    pub fn is_in_flight(&self) -> bool {
        self.in_flight.get()
    }

    /// The request has a body, which is still to be read.
    pub fn body_began(&self) {
        self.body_is_open.set(true);
    }

    /// The request's body has been read to its end.
    pub fn body_ended(&self) {
        self.body_is_open.set(false);
    }

    /// The connection ends with the request in flight: the request or its response says `Connection: close`.
    pub fn is_last(&self) {
        self.is_last.set(true);
    }

    /// hyper's buffer is empty.
    pub fn has_flushed(&self) {
        if !self.in_flight.get() {
            self.flushed.set(true);
        }
    }

    /// Whether all that the viewer will ever get has left, while its upload is still on its way to the origin. hyper ends
    /// the connection only after the upload; the viewer, who was promised the end, waits for it.
    pub fn has_only_upload_left(&self) -> bool {
        self.is_last.get() && self.flushed.get() && self.body_is_open.get()
    }

    /// How the body of the last request is framed.
    pub fn framing(&self) -> Framing {
        self.framing.get()
    }

    /// A request has come whose body is framed so.
    pub fn is_framed(&self, framing: Framing) {
        self.framing.set(framing);
    }

    /// Whether what is written waits for the viewer.
    pub fn waits_for_viewer(&self, waits: bool) {
        if waits != self.stalled.get().is_some() {
            self.stalled.set(waits.then(Instant::now));
        }
    }

    /// What goes on after the response, once.
    pub fn switched(&self) -> Option<PendingTunnel> {
        self.switched.take()
    }

    /// Whether hyper can give the connection up and lose nothing: between two requests, and before the first one has
    /// begun. A head that has begun is so also bounded in time: hyper's timer begins anew once at the most.
    ///
    /// Between two requests means that the first one's body has been read to its end. Otherwise the rest of it would be
    /// read as the next request. A connection that is to end has no next request.
    pub fn is_between(&self) -> bool {
        let has_served = self.served.get() > 0;
        let is_over = !self.in_flight.get() && !self.body_is_open.get() && !self.is_last.get();
        is_over && if has_served { self.flushed.get() } else { !self.has_read.get() }
    }

    /// Ready once it is called.
    pub fn poll_called(&self, cx: &mut Context<'_>) -> Poll<Signal> {
        match self.call.get() {
            // It has asked again before it heard, or begun to.
            Some(Signal::Park) if !self.is_between() => self.call.set(None),
            Some(call) => return Poll::Ready(call),
            None => {}
        }
        let mut task = self.task.borrow_mut();
        if !task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
            *task = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    fn call(&self, call: Signal) {
        self.call.set(Some(call));
        if let Some(task) = self.task.borrow_mut().take() {
            task.wake();
        }
    }
}

impl ManagedConnection for ConnectionState {
    /// Calls it to park where it has asked nothing since the last look.
    fn look(&self) {
        let served = Some(self.served.get());
        let is_silent = self.seen.replace(served) == served;
        if is_silent && self.is_between() && self.call.get().is_none() {
            self.call(Signal::Park);
        }
    }

    fn stop(&self) {
        self.is_last();
        self.call(Signal::Stop);
    }

    fn shed(&self, limit: Duration, _: usize) -> usize {
        let is_stalled =
            self.in_flight.get() && self.stalled.get().is_some_and(|since| since.elapsed() >= limit);
        if is_stalled {
            self.call(Signal::Shed);
        }
        usize::from(is_stalled)
    }
}

/// A request that isn't over.
#[derive(Debug)]
pub struct InFlight(Rc<ConnectionState>);

impl InFlight {
    /// The place that it takes.
    pub fn slot(&self) -> &RequestSlot {
        &self.0.slot
    }

    /// Its response changes the protocol.
    pub fn switches(&self, switched: PendingTunnel) {
        self.0.switched.replace(Some(switched));
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.set(false);
        drop(self.0.slot.empty());
    }
}

/// A response's body, with which its request ends.
pub struct TrackedBody {
    /// The body.
    pub body: Body,
    /// The request.
    pub request: InFlight,
}

impl HttpBody for TrackedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.body.as_mut().poll_frame(cx)
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
    use super::*;
    use crate::edge::limits::connections::Connections;

    fn called(conversation: &ConnectionState) -> Option<Signal> {
        match conversation.poll_called(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(call) => Some(call),
            Poll::Pending => None,
        }
    }

    /// A request that is answered, and the answer sent.
    fn ask(conversation: &Rc<ConnectionState>) {
        conversation.has_read();
        drop(conversation.request());
        conversation.has_flushed();
    }

    #[test]
    fn only_who_asks_nothing_between_two_looks_is_parked() {
        let all = Connections::default();
        let (busy, idle, silent) = (
            ConnectionState::new(RequestSlot::default(), &all),
            ConnectionState::new(RequestSlot::default(), &all),
            ConnectionState::new(RequestSlot::default(), &all),
        );
        let request = busy.request();
        ask(&idle);
        all.look();
        assert_eq!((called(&busy), called(&idle), called(&silent)), (None, None, None));
        all.look();
        assert_eq!(
            (called(&busy), called(&idle), called(&silent)),
            (None, Some(Signal::Park), Some(Signal::Park))
        );
        drop(request);
        ask(&busy);
        all.look();
        assert_eq!(called(&busy), None);
        all.look();
        assert_eq!(called(&busy), Some(Signal::Park));
    }

    #[test]
    fn who_asks_before_it_hears_the_call_is_not_parked() {
        let all = Connections::default();
        let one = ConnectionState::new(RequestSlot::default(), &all);
        all.look();
        all.look();
        // The beginning of a head is enough.
        one.has_read();
        assert_eq!(called(&one), None);
        ask(&one);
        assert_eq!(called(&one), None);
    }

    #[test]
    fn a_response_that_is_not_sent_yet_is_waited_for() {
        let all = Connections::default();
        let one = ConnectionState::new(RequestSlot::default(), &all);
        ask(&one);
        // A flush while the response is still made says nothing.
        let request = one.request();
        one.has_flushed();
        drop(request);
        all.look();
        all.look();
        assert_eq!(called(&one), None);
        one.has_flushed();
        all.look();
        assert_eq!(called(&one), Some(Signal::Park));
    }

    #[test]
    fn who_has_begun_a_head_is_not_parked_before_it_has_asked() {
        let all = Connections::default();
        let slow = ConnectionState::new(RequestSlot::default(), &all);
        slow.has_read();
        all.look();
        all.look();
        assert_eq!(called(&slow), None);
        ask(&slow);
        all.look();
        all.look();
        assert_eq!(called(&slow), Some(Signal::Park));
    }

    #[test]
    fn a_connection_whose_upload_is_not_read_to_its_end_or_that_is_to_close_is_never_parked() {
        let all = Connections::default();
        let (uploading, closing) = (
            ConnectionState::new(RequestSlot::default(), &all),
            ConnectionState::new(RequestSlot::default(), &all),
        );
        let request = uploading.request();
        uploading.body_began();
        drop(request);
        uploading.has_flushed();
        let request = closing.request();
        closing.is_last();
        drop(request);
        closing.has_flushed();
        for _ in 0..3 {
            all.look();
            assert_eq!((called(&uploading), called(&closing)), (None, None));
        }
        assert!(!uploading.has_only_upload_left() && !closing.has_only_upload_left());
        uploading.body_ended();
        all.look();
        assert_eq!((called(&uploading), called(&closing)), (Some(Signal::Park), None));
    }

    #[test]
    fn a_response_that_its_viewer_does_not_take_makes_room_for_others() {
        let all = Connections::default();
        let (stalled, moving, idle) = (
            ConnectionState::new(RequestSlot::default(), &all),
            ConnectionState::new(RequestSlot::default(), &all),
            ConnectionState::new(RequestSlot::default(), &all),
        );
        let _requests = (stalled.request(), moving.request());
        stalled.waits_for_viewer(true);
        moving.waits_for_viewer(true);
        moving.waits_for_viewer(false);
        idle.waits_for_viewer(true);
        all.shed(Duration::from_secs(60), 9);
        assert_eq!(called(&stalled), None);
        all.shed(Duration::ZERO, 9);
        assert_eq!((called(&stalled), called(&moving), called(&idle)), (Some(Signal::Shed), None, None));
    }

    #[test]
    fn a_stop_reaches_those_that_are_and_those_that_come() {
        let all = Connections::default();
        let before = ConnectionState::new(RequestSlot::default(), &all);
        all.stop();
        assert_eq!(
            (called(&before), called(&ConnectionState::new(RequestSlot::default(), &all))),
            (Some(Signal::Stop), Some(Signal::Stop))
        );
    }
}
