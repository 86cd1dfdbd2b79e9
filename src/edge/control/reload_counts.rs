//! How often the configuration was read again, and with which success.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock;

/// What came of a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReloadOutcome {
    /// It runs.
    Ok,
    /// A file has faults.
    Failed,
    /// It would change what is fixed at the start.
    Refused,
}

/// The counts. Written by the one thread that reloads.
#[derive(Debug)]
pub struct Reloads {
    ok: AtomicU64,
    failed: AtomicU64,
    refused: AtomicU64,
    last_ok: AtomicU64,
    last_was_ok: AtomicU64,
}

impl Default for Reloads {
    /// The start is the first success; it isn't counted as a reload.
    fn default() -> Self {
        let [ok, failed, refused] = [0; 3].map(AtomicU64::new);
        Self { ok, failed, refused, last_ok: clock::now().0.into(), last_was_ok: 1.into() }
    }
}

impl Reloads {
    /// One more.
    pub fn count(&self, outcome: ReloadOutcome) {
        let counter = match outcome {
            ReloadOutcome::Ok => &self.ok,
            ReloadOutcome::Failed => &self.failed,
            ReloadOutcome::Refused => &self.refused,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        let is_ok = outcome == ReloadOutcome::Ok;
        self.last_was_ok.store(is_ok.into(), Ordering::Relaxed);
        if is_ok {
            self.last_ok.store(clock::now().0, Ordering::Relaxed);
        }
    }

    /// By outcome.
    pub(in crate::edge) fn by_outcome(&self) -> [(&'static str, u64); 3] {
        [("ok", &self.ok), ("failed", &self.failed), ("refused", &self.refused)]
            .map(|(name, counter)| (name, counter.load(Ordering::Relaxed)))
    }

    /// When what runs was read, in epoch seconds; and 1 unless something was tried in vain since.
    pub(in crate::edge) fn last(&self) -> (u64, u64) {
        (self.last_ok.load(Ordering::Relaxed), self.last_was_ok.load(Ordering::Relaxed))
    }
}
