//! What the proxy runs on: a configuration with everything looked up, parsed and read.

use std::path::PathBuf;
use std::sync::Arc;

use super::declared::Configuration;
use super::fault::Fault;
use super::material::{Handler, WatchedFile};
use super::variables::Variables;
use crate::access::signature_cache::SignatureCache;
use crate::distribution::{Distribution, Distributions, UnknownHost};
use crate::locations::Locations;

mod limits;
mod observability;
mod server;

pub use limits::Limits;
pub use observability::{AccessLogFormat, AccessLogSettings, AdminSettings, AdminToken, ReloadOn};
pub use server::{HttpsListener, ListenerKind, PresentedCertificate, ServerSettings};

/// Everything that `serve` needs.
#[derive(Debug)]
pub struct Settings {
    /// Where to listen, which proxies are trusted, what a viewer may cost.
    pub server: ServerSettings,
    /// Bytes of the cache of verified policies; 0 is off.
    pub verified_policies_size: u64,
    /// What is served.
    pub distributions: Arc<Distributions>,
    /// What is not wrong, but may not be intended.
    pub warnings: Vec<Fault>,
    /// Folders with keys, and the file itself: what directory origins never serve.
    pub secrets: Vec<PathBuf>,
    /// What responds at origins that are a function of this process.
    pub handler: Option<Handler>,
    /// Countries and places of addresses.
    pub locations: Option<Arc<Locations>>,
    /// What is an error unless test headers count.
    pub unless_test_mode: Vec<Fault>,
    /// Every file that it was read from, as it was right before: the configuration, and those that it names.
    pub watched: Vec<WatchedFile>,
    /// What is logged of each request; nothing where it is off.
    pub access_log: Option<AccessLogSettings>,
    /// Where metrics and health are served.
    pub admin: Option<AdminSettings>,
    /// The environment variables that were replaced, so that messages don't show their values.
    pub variables: Variables,
    /// What it was resolved from, with variables as they are written.
    pub declared: Arc<Configuration>,
}

impl Settings {
    /// Of one distribution without a declared form, which responds for every host.
    #[must_use]
    pub fn of_one(distribution: Distribution) -> Self {
        let list = vec![Arc::new(distribution)];
        Self::of(Distributions { list, unknown_host: UnknownHost::Only, ..Distributions::default() })
    }

    /// Of distributions without a declared form.
    #[must_use]
    pub fn of(distributions: Distributions) -> Self {
        Self {
            server: ServerSettings::default(),
            verified_policies_size: DEFAULT_VERIFIED_POLICIES_SIZE,
            distributions: Arc::new(distributions),
            warnings: Vec::new(),
            secrets: Vec::new(),
            handler: None,
            locations: None,
            unless_test_mode: Vec::new(),
            watched: Vec::new(),
            access_log: None,
            admin: None,
            variables: Variables::default(),
            declared: Arc::default(),
        }
    }

    /// The settings, if they can run in test mode or without it.
    ///
    /// # Errors
    /// [`InvalidConfig`] for what only a test could make work, such as a restriction by countries without a database.
    pub fn fit_for(mut self, test_mode: bool) -> Result<Self, InvalidConfig> {
        let faults = std::mem::take(&mut self.unless_test_mode);
        if test_mode || faults.is_empty() {
            return Ok(self);
        }
        Err(InvalidConfig { errors: faults, warnings: self.warnings, watched: self.watched })
    }
}

/// A configuration that can't be used, with all its faults.
#[derive(Debug, thiserror::Error)]
#[error("the configuration has {} fault{}", .errors.len(), if .errors.len() == 1 { "" } else { "s" })]
pub struct InvalidConfig {
    /// At least one.
    pub errors: Vec<Fault>,
    /// What else was noticed.
    pub warnings: Vec<Fault>,
    /// Every file that was looked for: a change of one of them may fix it.
    pub watched: Vec<WatchedFile>,
}

/// Bytes of the cache of verified policies without a configuration.
pub(super) const DEFAULT_VERIFIED_POLICIES_SIZE: u64 = SignatureCache::DEFAULT_MAX_SIZE;
