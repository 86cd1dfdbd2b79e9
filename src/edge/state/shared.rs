//! What all threads share.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use http::HeaderValue;

use super::dev_signer::DevSigner;
use crate::access::signature_cache::SignatureCache;
use crate::config::Settings;
use crate::edge::control::store::ConfigStore;
use crate::edge::observe::access_log::AccessLog;
use crate::edge::observe::denial_explainer::Explainer;
use crate::edge::observe::metrics::Metrics;
use crate::edge::observe::observer::{Observer, Sinks};
use crate::edge::observe::origin_requests::OriginRequestLog;
use crate::edge::observe::recent_requests::Recorder;
use crate::identity;

/// What all threads share.
#[derive(Debug)]
pub struct Edge {
    /// The configuration that runs.
    pub config: ConfigStore,
    /// The memo of good signatures; survives reloads, since an entry names its key's material.
    pub verified: SignatureCache,
    /// The port of the first HTTPS listener.
    pub https_port: Option<u16>,
    /// Whether the test headers count.
    pub test_mode: bool,
    /// `Via` of this edge.
    pub via: HeaderValue,
    /// The access log, if there is one.
    pub access_log: Option<AccessLog>,
    /// What is counted; nothing where no listener serves it.
    pub metrics: Option<Metrics>,
    /// The last requests; nothing where the console is off.
    pub recorder: Option<Arc<Recorder>>,
    /// What explains denials: in test mode, or with the console.
    pub explainer: Option<Arc<Explainer>>,
    /// The file that the configuration was read from; none in `dev`.
    pub config_file: Option<PathBuf>,
    /// What the console signs links with; `dev` has it.
    pub dev_signer: Option<DevSigner>,
    /// What the origins were asked, where a test wants to know.
    pub origin_requests: Option<Arc<OriginRequestLog>>,
    /// Files that this process writes for others, which directory origins never show: the ready file.
    pub own_files: Vec<PathBuf>,
    /// Whether every thread takes connections.
    pub is_accepting: AtomicBool,
}

impl Edge {
    /// An edge that runs a configuration.
    #[must_use]
    pub fn new(settings: &Settings, test_mode: bool) -> Self {
        Self {
            config: ConfigStore::new(settings),
            verified: SignatureCache::new(settings.verified_policies_size),
            https_port: None,
            test_mode,
            via: identity::via(),
            access_log: None,
            metrics: settings.admin.is_some().then(Metrics::default),
            recorder: settings.admin.as_ref().is_some_and(|admin| admin.console).then(Arc::default),
            explainer: None,
            config_file: None,
            dev_signer: None,
            origin_requests: None,
            own_files: Vec::new(),
            is_accepting: AtomicBool::new(false),
        }
    }

    /// What one thread reports its requests to.
    #[must_use]
    pub fn observer(&self) -> Rc<Observer> {
        let sinks = Sinks {
            access_log: self.access_log.clone(),
            counts: self.metrics.as_ref().map(Metrics::thread),
            recorder: self.recorder.clone(),
            explainer: self.explainer.clone(),
        };
        Observer::new(sinks, self.test_mode)
    }
}
