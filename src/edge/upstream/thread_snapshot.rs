//! The configuration as one thread uses it, with the thread's own connections to origins.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use crate::distribution::origin::Origin;
use crate::edge::control::snapshot::Snapshot;
use crate::edge::observe::label_cache::LabelCache;
use crate::edge::observe::origin_requests::OriginRequestLog;
use crate::edge::origin::OriginClient;
use crate::edge::origin::error::OriginError;

/// The configuration as one thread uses it, with its own connections to the origins. Counted by this thread alone: a
/// reference count that all cores write to on every request would be passed from one to the other.
#[derive(Debug)]
pub struct ThreadSnapshot {
    /// What runs.
    pub snapshot: Arc<Snapshot>,
    /// The labels of its parts.
    pub labels: LabelCache,
    /// Keeps the requests to origins, for tests.
    pub origin_requests: Option<Arc<OriginRequestLog>>,
    /// What directory origins never show.
    secrets: Vec<PathBuf>,
    origins: RefCell<HashMap<usize, Rc<ThreadOrigin>>>,
}

/// An origin and this thread's way to it.
#[derive(Debug)]
pub struct ThreadOrigin {
    /// What it is.
    pub origin: Arc<Origin>,
    /// The way.
    pub client: OriginClient,
}

impl ThreadSnapshot {
    /// Without connections to origins yet.
    #[must_use]
    pub fn new(
        snapshot: Arc<Snapshot>,
        own_files: &[PathBuf],
        origin_requests: Option<Arc<OriginRequestLog>>,
    ) -> Rc<Self> {
        let secrets = snapshot.secrets.iter().chain(own_files).cloned().collect();
        Rc::new(Self {
            snapshot,
            secrets,
            origin_requests,
            origins: RefCell::default(),
            labels: LabelCache::default(),
        })
    }

    /// The way to an origin, made when it is asked for first.
    ///
    /// # Errors
    /// [`OriginError::Connect`] for a folder that can't be opened.
    pub fn origin(&self, origin: &Arc<Origin>) -> Result<Rc<ThreadOrigin>, OriginError> {
        // No two origins of one configuration have one address.
        let place = Arc::as_ptr(origin) as usize;
        if let Some(known) = self.origins.borrow().get(&place) {
            return Ok(Rc::clone(known));
        }
        let client = OriginClient::new(origin, &self.secrets).map_err(OriginError::Connect)?;
        let new = Rc::new(ThreadOrigin { origin: Arc::clone(origin), client });
        self.origins.borrow_mut().insert(place, Rc::clone(&new));
        Ok(new)
    }

    /// Ends origin connections that nobody uses any more.
    pub fn sweep(&self) {
        for origin in self.origins.borrow().values() {
            origin.client.sweep();
        }
    }
}
