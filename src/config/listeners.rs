//! Where to listen, across tables: each address for one listener.

use std::net::SocketAddr;

use super::Loader;
use super::reader::Placed;

impl Loader<'_, '_> {
    /// What can't be bound twice is said here, with its place, and not only when `serve` tries.
    pub(super) fn addresses_are_distinct(&mut self) {
        let mut listeners: Vec<Placed<SocketAddr>> = std::mem::take(&mut self.listeners);
        listeners.sort_by_key(|one| one.span.start);
        for (place, one) in listeners.iter().enumerate() {
            // Port 0 takes another one each time.
            if one.value.port() != 0 && listeners[..place].iter().any(|other| other.value == one.value) {
                let fault = self.faults.at(&one.span, "two listeners have the same address");
                let fault = fault.found(format!("\"{}\"", one.value)).expected("each address once");
                self.faults.error(fault.help("[server], [[server.https]] and [admin] each have their own"));
            }
        }
    }
}
