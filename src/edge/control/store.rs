//! The owner of the configuration that runs: every source of configurations publishes here, one at a time.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};

use super::fixed_keys::FixedKeys;
use super::reload_counts::{ReloadOutcome, Reloads};
use super::snapshot::Snapshot;
use super::version::ConfigVersion;
use crate::config::Settings;

/// The configuration that runs, and the only way to replace it.
#[derive(Debug)]
pub struct ConfigStore {
    current: ArcSwap<Snapshot>,
    /// What no reload may change. None where the configuration doesn't decide such things, as in a test.
    fixed: Option<FixedKeys>,
    /// Held from the reading of a configuration until it runs, so that no writer publishes over another's changes.
    writer: Mutex<()>,
    counts: Reloads,
}

/// A configuration that was accepted.
#[derive(Debug)]
pub struct Published {
    /// Its number.
    pub version: ConfigVersion,
    /// How many origins are new or defined in another way. Connections to all others are kept.
    pub changed_origins: usize,
    /// What it was made from.
    pub settings: Settings,
}

/// Why a configuration does not run. The one before still does.
#[derive(Debug)]
pub enum ReloadError<E> {
    /// It could not be read or has faults.
    Invalid(E),
    /// It changes what is fixed at the start, with a sentence for each such key.
    NeedsRestart(Vec<String>),
}

impl ConfigStore {
    /// Runs the configuration of the start, as version 1.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            current: ArcSwap::from_pointee(Snapshot::first(settings)),
            fixed: None,
            writer: Mutex::default(),
            counts: Reloads::default(),
        }
    }

    /// Refuses every configuration that would change one of these keys.
    pub fn fix(&mut self, keys: FixedKeys) {
        self.fixed = Some(keys);
    }

    /// The configuration that runs, for a short look.
    #[must_use]
    pub fn load(&self) -> Guard<Arc<Snapshot>> {
        self.current.load()
    }

    /// The configuration that runs, to keep.
    #[must_use]
    pub fn load_full(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// How often it was replaced, and with which success.
    #[must_use]
    pub fn counts(&self) -> &Reloads {
        &self.counts
    }

    /// Reads another configuration and runs it from the next request on; requests in flight keep theirs. Writers wait for
    /// each other, so that `read` may start from what runs.
    ///
    /// # Errors
    /// [`ReloadError`]; then what ran before still runs, under its number.
    pub fn reload<E>(&self, read: impl FnOnce() -> Result<Settings, E>) -> Result<Published, ReloadError<E>> {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = read().map_err(ReloadError::Invalid).and_then(|settings| self.publish(settings));
        self.counts.count(match &outcome {
            Ok(_) => ReloadOutcome::Ok,
            Err(ReloadError::Invalid(_)) => ReloadOutcome::Failed,
            Err(ReloadError::NeedsRestart(_)) => ReloadOutcome::Refused,
        });
        outcome
    }

    fn publish<E>(&self, settings: Settings) -> Result<Published, ReloadError<E>> {
        let changes = self.fixed.as_ref().map(|fixed| fixed.changes(&settings)).unwrap_or_default();
        if !changes.is_empty() {
            return Err(ReloadError::NeedsRestart(changes));
        }
        let next = self.load().next(&settings);
        let version = next.version;
        let changed_origins = next.origin_versions.defined_in(version);
        self.current.store(Arc::new(next));
        Ok(Published { version, changed_origins, settings })
    }
}
