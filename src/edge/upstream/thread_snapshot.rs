//! The configuration as one thread uses it, with the thread's own connections to origins.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use crate::distribution::Distribution;
use crate::distribution::origin::Origin;
use crate::edge::control::by_ids::ByIds;
use crate::edge::control::snapshot::Snapshot;
use crate::edge::control::version::ConfigVersion;
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
    origins: RefCell<ByIds<Rc<ThreadOrigin>>>,
}

/// This thread's connections to an origin.
#[derive(Debug)]
pub struct ThreadOrigin {
    /// The version that defined the origin.
    defined_in: ConfigVersion,
    /// What sends requests to it.
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
        Rc::new(Self {
            secrets: secrets(&snapshot, own_files),
            snapshot,
            origin_requests,
            origins: RefCell::default(),
            labels: LabelCache::default(),
        })
    }

    /// The same for another version: origins that it defines alike keep their connections, and what it still has keeps
    /// its labels.
    #[must_use]
    pub fn next(&self, snapshot: Arc<Snapshot>, own_files: &[PathBuf]) -> Rc<Self> {
        let versions = &snapshot.origin_versions;
        let origins = self.origins.borrow().filtered(|distribution, id, origin| {
            versions.of_origin(distribution, id) == Some(origin.defined_in)
        });
        Rc::new(Self {
            secrets: secrets(&snapshot, own_files),
            labels: self.labels.still_in(&snapshot.distributions),
            origins: RefCell::new(origins),
            origin_requests: self.origin_requests.clone(),
            snapshot,
        })
    }

    /// The connections to an origin of a distribution; made for its first request.
    ///
    /// # Errors
    /// [`OriginError::Connect`] for a folder that can't be opened.
    pub fn origin(
        &self,
        distribution: &Distribution,
        origin: &Origin,
    ) -> Result<Rc<ThreadOrigin>, OriginError> {
        let (distribution, id) = (distribution.id.as_str(), origin.id.as_str());
        if let Some(known) = self.origins.borrow().get(distribution, id) {
            return Ok(Rc::clone(known));
        }
        let client = OriginClient::new(origin, &self.secrets, self.snapshot.handler.as_ref())
            .map_err(OriginError::Connect)?;
        let versions = &self.snapshot.origin_versions;
        let defined_in = versions.of_origin(distribution, id).unwrap_or(self.snapshot.version);
        let new = Rc::new(ThreadOrigin { defined_in, client });
        self.origins.borrow_mut().insert(distribution, id, Rc::clone(&new));
        Ok(new)
    }

    /// Ends origin connections that are no longer used.
    pub fn sweep(&self) {
        for origin in self.origins.borrow().values() {
            origin.client.sweep();
        }
    }
}

fn secrets(snapshot: &Snapshot, own_files: &[PathBuf]) -> Vec<PathBuf> {
    snapshot.secrets.iter().chain(own_files).cloned().collect()
}
