//! OriginSlots for requests that origins answer: how many there are on one thread, and how many of them one viewer's connection may
//! take. A request holds its place until its response has been taken, and with it the descriptor of a connection or file, and
//! the memory of what waits for the viewer.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::config::Limits;

/// The places of one thread.
#[derive(Debug)]
pub struct OriginSlots {
    free: Semaphore,
    /// For connections that hold none: those that take many can't take the last ones from the others.
    reserved: Semaphore,
    waiting: Cell<usize>,
}

impl OriginSlots {
    /// So many places.
    #[must_use]
    pub fn new(count: usize) -> Rc<Self> {
        let reserved = count / RESERVED;
        Rc::new(Self {
            free: Semaphore::new(count - reserved),
            reserved: Semaphore::new(reserved),
            waiting: Cell::new(0),
        })
    }

    /// How many requests wait for one.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.get()
    }

    /// A place now, where there is one.
    fn now(&self, holds_none: bool) -> Option<(SemaphorePermit<'_>, PermitKind)> {
        if let Ok(permit) = self.free.try_acquire() {
            return Some((permit, PermitKind::Free));
        }
        let reserved = holds_none.then(|| self.reserved.try_acquire().ok()).flatten();
        reserved.map(|permit| (permit, PermitKind::Reserved))
    }

    async fn later(&self, holds_none: bool) -> Option<(SemaphorePermit<'_>, PermitKind)> {
        let _waiting = WaitCount::new(&self.waiting);
        tokio::select! {
            permit = self.free.acquire() => Some((permit.ok()?, PermitKind::Free)),
            permit = self.reserved.acquire(), if holds_none => Some((permit.ok()?, PermitKind::Reserved)),
        }
    }
}

struct WaitCount<'c>(&'c Cell<usize>);

impl<'c> WaitCount<'c> {
    fn new(count: &'c Cell<usize>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for WaitCount<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PermitKind {
    Free,
    Reserved,
}

/// What one viewer's connection may take of the places.
#[derive(Debug)]
pub struct ViewerShare {
    places: Rc<OriginSlots>,
    own: Semaphore,
    held: Cell<usize>,
}

impl ViewerShare {
    /// Of a connection that holds none.
    #[must_use]
    pub fn new(places: &Rc<OriginSlots>, limits: &Limits) -> Rc<Self> {
        let own = Semaphore::new(limits.origin_connections_per_viewer);
        Rc::new(Self { places: Rc::clone(places), own, held: Cell::new(0) })
    }

    /// Takes a place, or waits for one, for as long as given.
    async fn take(self: &Rc<Self>, limit: Duration) -> Option<SlotPermit> {
        let own = match self.own.try_acquire() {
            Ok(permit) => permit,
            Err(_) => timeout(limit, self.own.acquire()).await.ok()?.ok()?,
        };
        let holds_none = self.held.get() == 0;
        let (place, kind) = match self.places.now(holds_none) {
            Some(taken) => taken,
            None => timeout(limit, self.places.later(holds_none)).await.ok()??,
        };
        // Given back by `SlotPermit`, which outlives this borrow.
        own.forget();
        place.forget();
        self.held.set(self.held.get() + 1);
        Some(SlotPermit { share: Rc::clone(self), kind })
    }
}

/// A place that is taken.
#[derive(Debug)]
pub struct SlotPermit {
    share: Rc<ViewerShare>,
    kind: PermitKind,
}

impl Drop for SlotPermit {
    fn drop(&mut self) {
        let ViewerShare { places, own, held } = &*self.share;
        held.set(held.get() - 1);
        own.add_permits(1);
        match self.kind {
            PermitKind::Free => places.free.add_permits(1),
            PermitKind::Reserved => places.reserved.add_permits(1),
        }
    }
}

/// Where a request keeps its place.
#[derive(Debug, Default)]
pub struct RequestSlot {
    /// None for requests that take none, such as those of the admin listener.
    share: Option<Rc<ViewerShare>>,
    held: RefCell<Option<SlotPermit>>,
}

impl RequestSlot {
    /// Of a request on a connection.
    #[must_use]
    pub fn new(share: Rc<ViewerShare>) -> Self {
        Self { share: Some(share), held: RefCell::default() }
    }

    /// Takes a place for the request, once. False where none became free in time.
    pub async fn fill(&self, limit: Duration) -> bool {
        let Some(share) = &self.share else { return true };
        if self.held.borrow().is_some() {
            return true;
        }
        let taken = share.take(limit).await;
        let is_filled = taken.is_some();
        self.held.replace(taken);
        is_filled
    }

    /// What it holds, which is given back when that is dropped.
    pub fn empty(&self) -> Option<SlotPermit> {
        self.held.take()
    }
}

/// One of so many places is for connections that hold none.
const RESERVED: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    fn share(places: &Rc<OriginSlots>, per_viewer: usize) -> Rc<ViewerShare> {
        ViewerShare::new(places, &Limits { origin_connections_per_viewer: per_viewer, ..Limits::default() })
    }

    async fn filled(share: &Rc<ViewerShare>) -> Option<RequestSlot> {
        let slot = RequestSlot::new(Rc::clone(share));
        slot.fill(LIMIT).await.then_some(slot)
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_takes_much_leaves_places_to_those_that_hold_none() {
        let places = OriginSlots::new(8);
        let (greedy, modest) = (share(&places, 100), share(&places, 100));
        let mut taken = Vec::new();
        while let Some(slot) = filled(&greedy).await {
            taken.push(slot);
        }
        assert_eq!(taken.len(), 6);
        let first = filled(&modest).await.unwrap();
        assert!(filled(&modest).await.is_none());
        drop(first);
        taken.pop();
        assert!(filled(&greedy).await.is_some() && filled(&modest).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_has_a_bound_of_its_own_and_waits_within_it() {
        let places = OriginSlots::new(100);
        let viewer = share(&places, 2);
        let (one, two) = (filled(&viewer).await.unwrap(), filled(&viewer).await.unwrap());
        // Filled twice, it holds one place.
        assert!(one.fill(LIMIT).await);
        assert!(filled(&viewer).await.is_none());
        let (third, ()) = tokio::join!(filled(&viewer), async {
            tokio::time::sleep(LIMIT / 2).await;
            drop(one);
        });
        assert!(third.is_some() && places.waiting() == 0);
        drop((two, third));
        assert_eq!((viewer.held.get(), places.free.available_permits()), (0, 75));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_counted_and_a_request_without_a_share_takes_nothing() {
        let places = OriginSlots::new(1);
        let (one, two) = (share(&places, 1), share(&places, 1));
        let held = filled(&one).await.unwrap();
        let (found, ()) = tokio::join!(filled(&two), async {
            tokio::task::yield_now().await;
            assert_eq!(places.waiting(), 1);
        });
        assert!(found.is_none() && places.waiting() == 0);
        drop(held);
        assert!(RequestSlot::default().fill(LIMIT).await);
    }
}
