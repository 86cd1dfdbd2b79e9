//! A viewer's connection as its protocol takes it over.

use std::net::SocketAddr;
use std::rc::Rc;

use crate::config::Limits;
use crate::edge::facts::peer::Peer;
use crate::edge::limits::request_slots::ViewerShare;
use crate::edge::request::worker::Worker;

/// A viewer that is connected, and who serves it.
#[derive(Debug)]
pub struct Connected {
    /// This thread's.
    pub worker: Rc<Worker>,
    /// Who asks.
    pub peer: Peer,
    /// The connection's other end, which a PROXY header may have replaced in `peer`.
    pub address: SocketAddr,
    /// What it may cost.
    pub limits: Limits,
    /// What it may take of the places for requests.
    pub share: Rc<ViewerShare>,
}
