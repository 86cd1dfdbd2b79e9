//! Connections to origins that are kept for the next request, as many as a thread may keep to all of its origins together.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use http::HeaderValue;
use tokio::time::Instant;

use super::pooled_connection::Link;

/// The connections to one origin that are kept.
#[derive(Debug, Default)]
pub(super) struct IdleLinks(RefCell<Vec<Idle>>);

impl IdleLinks {
    /// The connection of this kind that was used last, if it still stands. Only those whose exchange is over are kept.
    pub(super) fn checkout(
        &self,
        secured_for: Option<&HeaderValue>,
        keep_alive: Duration,
    ) -> Option<Box<Link>> {
        loop {
            let Idle { mut link, since, .. } = {
                let mut idle = self.0.borrow_mut();
                let at = idle.iter().rposition(|idle| idle.link.secured_for.as_ref() == secured_for)?;
                idle.remove(at)
            };
            if since.elapsed() < keep_alive && link.is_ready() {
                return Some(link);
            }
        }
    }

    /// Keeps a connection whose exchange is over.
    pub(super) fn checkin(&self, link: Box<Link>) {
        let mut idle = self.0.borrow_mut();
        if link.has_ended() {
            return;
        }
        idle.extend(Idle::new(link));
    }

    /// Ends the connections that were idle for the keep-alive time.
    pub(super) fn sweep(&self, keep_alive: Duration) {
        self.0.borrow_mut().retain_mut(|idle| idle.since.elapsed() < keep_alive && idle.link.still_stands());
    }
}

/// A connection that is kept, and since when.
#[derive(Debug)]
struct Idle {
    link: Box<Link>,
    since: Instant,
    _counted: Counted,
}

impl Idle {
    /// Keeps a connection, unless this thread keeps as many as it may.
    fn new(link: Box<Link>) -> Option<Self> {
        Counted::new().map(|counted| Self { link, since: Instant::now(), _counted: counted })
    }
}

thread_local! {
    /// Idle connections of this thread to all origins, and how many it may keep.
    static IDLE: Cell<(usize, usize)> = const { Cell::new((0, MAX_IDLE)) };
}

/// Lets this thread keep so many idle connections to all of its origins.
pub fn keep_idle(most: usize) {
    IDLE.set((IDLE.get().0, most));
}

/// One of the thread's idle connections.
#[derive(Debug)]
struct Counted(());

impl Counted {
    fn new() -> Option<Self> {
        let (count, most) = IDLE.get();
        IDLE.set((count + usize::from(count < most), most));
        (count < most).then_some(Self(()))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let (count, most) = IDLE.get();
        IDLE.set((count.saturating_sub(1), most));
    }
}

/// Idle connections that one thread keeps to its origins: as many as nginx's documentation suggests for one, times eight.
pub const MAX_IDLE: usize = 256;
