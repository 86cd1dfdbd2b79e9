//! What one thread needs to answer requests, and what it keeps between them.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;

use super::trusted_proxies;
use crate::config::Limits;
use crate::edge::limits::capacity::Capacity;
use crate::edge::limits::connections::Connections;
use crate::edge::limits::request_slots::OriginSlots;
use crate::edge::observe::observer::Observer;
use crate::edge::origin::http;
use crate::edge::state::shared::Edge;
use crate::edge::upstream::thread_snapshot::ThreadSnapshot;
use crate::identity::{RequestIdentity, RequestIds};

/// What one thread needs to answer requests: the shared edge, and its own view of what runs.
#[derive(Debug)]
pub struct Worker {
    edge: Arc<Edge>,
    in_use: RefCell<Rc<ThreadSnapshot>>,
    ids: RefCell<RequestIds>,
    connections: Connections,
    places: Rc<OriginSlots>,
    observer: Rc<Observer>,
}

impl Worker {
    /// A worker without connections.
    #[must_use]
    pub fn new(edge: Arc<Edge>, capacity: Capacity) -> Self {
        http::keep_idle(capacity.idle);
        let places = OriginSlots::new(capacity.origins);
        let snapshot = edge.config.load_full();
        let in_use = ThreadSnapshot::new(snapshot, &edge.own_files, edge.origin_requests.clone());
        let in_use = RefCell::new(in_use);
        let observer = edge.observer();
        Self { edge, in_use, ids: RefCell::default(), connections: Connections::default(), places, observer }
    }

    /// What records this thread's requests.
    #[must_use]
    pub fn observer(&self) -> &Rc<Observer> {
        &self.observer
    }

    /// The marks of a request that has just come.
    #[must_use]
    pub fn identify(&self) -> RequestIdentity {
        RequestIdentity::new(self.ids.borrow_mut().next_id(), self.edge.via.clone())
    }

    /// What all threads share.
    #[must_use]
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// What runs now, which a reload may have replaced.
    #[must_use]
    pub fn snapshot(&self) -> Rc<ThreadSnapshot> {
        let mut in_use = self.in_use.borrow_mut();
        let snapshot = self.edge.config.load();
        if snapshot.version != in_use.snapshot.version {
            let next = in_use.next(Arc::clone(&snapshot), &self.edge.own_files);
            *in_use = next;
        }
        Rc::clone(&in_use)
    }

    /// What a viewer may cost.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.snapshot().snapshot.limits
    }

    /// What a TLS listener presents; none after a reload that has fewer, which isn't taken.
    #[must_use]
    pub fn tls(&self, listener: usize) -> Option<Arc<ServerConfig>> {
        self.snapshot().snapshot.tls.get(listener).cloned()
    }

    /// Whether a PROXY header from that address counts: where proxies are named, only theirs (configuration: `proxy-protocol`).
    #[must_use]
    pub fn may_send_proxy_header(&self, address: IpAddr) -> bool {
        let trusted = &self.snapshot().snapshot.trusted_proxies;
        trusted.is_empty() || trusted_proxies::is_trusted(address.to_canonical(), trusted)
    }

    /// This thread's places for requests that origins answer.
    #[must_use]
    pub fn places(&self) -> &Rc<OriginSlots> {
        &self.places
    }

    /// This thread's connections to viewers.
    #[must_use]
    pub fn connections(&self) -> &Connections {
        &self.connections
    }

    /// Where requests wait for a place, ends responses that stand still because their viewers take nothing.
    pub fn shed(&self) {
        let waiting = self.places.waiting();
        if waiting > 0 {
            self.connections.shed(STALLED, waiting);
        }
    }

    /// Ends origin connections that are no longer used.
    pub fn sweep(&self) {
        self.snapshot().sweep();
    }
}

/// A viewer that takes nothing for so long has to give way where others wait.
const STALLED: Duration = Duration::from_secs(1);
