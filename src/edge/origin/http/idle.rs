//! Connections to origins that are kept for the next request, as many as a thread may keep to all of its origins together.

use std::cell::Cell;

use tokio::time::Instant;

use super::pooled_connection::Link;

/// A connection that is kept, and since when.
#[derive(Debug)]
pub(super) struct Idle {
    pub(super) link: Box<Link>,
    pub(super) since: Instant,
    _counted: Counted,
}

impl Idle {
    /// Keeps a connection, unless this thread keeps as many as it may.
    pub(super) fn new(link: Box<Link>) -> Option<Self> {
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
