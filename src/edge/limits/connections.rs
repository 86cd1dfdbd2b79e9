//! All connections of one thread, and how they are called to an end.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

/// A connection that a protocol drives, of whichever version.
pub trait ManagedConnection: std::fmt::Debug {
    /// Is there anything to be said of its idleness?
    fn look(&self);
    /// Finish what is in flight, and end.
    fn stop(&self);
    /// End responses of which the viewer has taken nothing for the limit, at most so many; how many those were.
    fn shed(&self, limit: Duration, most: usize) -> usize;
}

/// All connections of one thread.
#[derive(Debug, Default)]
pub struct Connections {
    all: RefCell<Vec<Weak<dyn ManagedConnection>>>,
    stopping: Cell<bool>,
}

impl Connections {
    /// Adds one that has just begun.
    pub fn add<T: ManagedConnection + 'static>(&self, one: &Rc<T>) {
        if self.stopping.get() {
            one.stop();
        }
        let one: Weak<T> = Rc::downgrade(one);
        self.all.borrow_mut().push(one);
    }

    /// Looks at all: those that were idle since the last time are called to park, or to their end.
    pub fn look(&self) {
        self.all.borrow_mut().retain(|one| one.upgrade().inspect(|one| one.look()).is_some());
    }

    /// Ends responses that stand still because their viewers take nothing, at most so many.
    pub fn shed(&self, limit: Duration, most: usize) {
        let mut left = most;
        for one in self.all.borrow().iter().filter_map(Weak::upgrade) {
            left = left.saturating_sub(one.shed(limit, left));
            if left == 0 {
                break;
            }
        }
        if left < most {
            tracing::info!(
                ended = most - left,
                "stalled responses were ended to free places for waiting requests"
            );
        }
    }

    /// Calls all to stop, also those that begin later.
    pub fn stop(&self) {
        self.stopping.set(true);
        self.all.borrow().iter().filter_map(Weak::upgrade).for_each(|one| one.stop());
    }
}
