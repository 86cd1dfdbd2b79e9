//! An origin's connection that has changed its protocol.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::Response;

use super::http::stream::OriginStream;
use crate::edge::io::body::Body;

/// A request that asks for a WebSocket, as an origin's client must know it: else a 101 is an error.
#[derive(Clone, Copy, Debug)]
pub struct AsksForWebSocket;

/// The connection, and what was read from it already.
#[derive(Debug)]
pub struct Upgraded {
    /// The other end.
    pub stream: OriginStream,
    /// Comes before what is read next.
    pub unread: Bytes,
}

/// Rides on the response to whoever tells the viewer. An extension must be clonable, a connection isn't.
#[derive(Clone)]
struct UpgradeSlot(Arc<Mutex<Option<Upgraded>>>);

impl Upgraded {
    /// Puts it on the response that says so.
    pub(super) fn put(self, response: &mut Response<Body>) {
        response.extensions_mut().insert(UpgradeSlot(Arc::new(Mutex::new(Some(self)))));
    }

    /// Takes it off again.
    pub fn take(response: &mut Response<Body>) -> Option<Self> {
        let UpgradeSlot(slot) = response.extensions_mut().remove::<UpgradeSlot>()?;
        slot.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
