//! What one thread needs to answer requests, and what it keeps between them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;

use super::trusted_proxies;
use crate::config::Limits;
use crate::distribution::origin::Origin;
use crate::edge::limits::capacity::Capacity;
use crate::edge::limits::connections::Connections;
use crate::edge::limits::request_slots::OriginSlots;
use crate::edge::observe::label_cache::LabelCache;
use crate::edge::observe::observer::Observer;
use crate::edge::observe::origin_requests::Asked;
use crate::edge::origin::error::OriginError;
use crate::edge::origin::{OriginClient, http};
use crate::edge::state::shared::Edge;
use crate::edge::state::snapshot::Running;
use crate::identity::{RequestIdentity, RequestIds};

/// What one thread needs to answer requests: the shared edge, and its own view of what runs.
#[derive(Debug)]
pub struct Worker {
    edge: Arc<Edge>,
    in_use: RefCell<Rc<InUse>>,
    ids: RefCell<RequestIds>,
    connections: Connections,
    places: Rc<OriginSlots>,
    observer: Rc<Observer>,
}

/// The configuration as one thread uses it, with its own connections to the origins. Counted by this thread alone: a
/// reference count that all cores write to on every request would be passed from one to the other.
#[derive(Debug)]
pub struct InUse {
    /// What runs.
    pub running: Arc<Running>,
    /// What the observer calls its parts.
    pub labels: LabelCache,
    /// Where it is written down what the origins are asked.
    pub asked: Option<Arc<Asked>>,
    /// What directory origins never show.
    secrets: Vec<PathBuf>,
    origins: RefCell<HashMap<usize, Rc<OriginInUse>>>,
}

/// An origin and this thread's way to it.
#[derive(Debug)]
pub struct OriginInUse {
    /// What it is.
    pub origin: Arc<Origin>,
    /// The way.
    pub client: OriginClient,
}

impl InUse {
    fn new(running: Arc<Running>, edge: &Edge) -> Rc<Self> {
        let secrets = running.secrets.iter().chain(&edge.own_files).cloned().collect();
        Rc::new(Self {
            running,
            secrets,
            asked: edge.asked.clone(),
            origins: RefCell::default(),
            labels: LabelCache::default(),
        })
    }

    /// The way to an origin, made when it is asked for first.
    ///
    /// # Errors
    /// [`OriginError::Connect`] for a folder that can't be opened.
    pub fn origin(&self, origin: &Arc<Origin>) -> Result<Rc<OriginInUse>, OriginError> {
        // No two origins of one configuration have one address.
        let place = Arc::as_ptr(origin) as usize;
        if let Some(known) = self.origins.borrow().get(&place) {
            return Ok(Rc::clone(known));
        }
        let client = OriginClient::new(origin, &self.secrets).map_err(OriginError::Connect)?;
        let new = Rc::new(OriginInUse { origin: Arc::clone(origin), client });
        self.origins.borrow_mut().insert(place, Rc::clone(&new));
        Ok(new)
    }
}

impl Worker {
    /// A worker without connections.
    #[must_use]
    pub fn new(edge: Arc<Edge>, capacity: Capacity) -> Self {
        http::keep_idle(capacity.idle);
        let places = OriginSlots::new(capacity.origins);
        let in_use = RefCell::new(InUse::new(edge.running.load_full(), &edge));
        let observer = edge.observer();
        Self { edge, in_use, ids: RefCell::default(), connections: Connections::default(), places, observer }
    }

    /// Who is told of this thread's requests.
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
    pub fn in_use(&self) -> Rc<InUse> {
        let mut in_use = self.in_use.borrow_mut();
        let running = self.edge.running.load();
        if !Arc::ptr_eq(&running, &in_use.running) {
            *in_use = InUse::new(Arc::clone(&running), &self.edge);
        }
        Rc::clone(&in_use)
    }

    /// What a viewer may cost.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.in_use().running.limits
    }

    /// What a TLS listener presents; none after a reload that has fewer, which isn't taken.
    #[must_use]
    pub fn tls(&self, listener: usize) -> Option<Arc<ServerConfig>> {
        self.in_use().running.tls.get(listener).cloned()
    }

    /// Whether a PROXY header from that address counts: where proxies are named, only theirs (contract 8).
    #[must_use]
    pub fn may_send_proxy_header(&self, address: IpAddr) -> bool {
        let trusted = &self.in_use().running.trusted_proxies;
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

    /// Ends origin connections that nobody uses any more.
    pub fn sweep(&self) {
        for origin in self.in_use().origins.borrow().values() {
            origin.client.sweep();
        }
    }
}

/// A viewer that takes nothing for so long has to give way where others wait.
const STALLED: Duration = Duration::from_secs(1);
