//! What is counted, for `/metrics`. Each thread counts for itself, behind a lock that only a scrape also takes, which
//! adds the threads up; names become numbers once for each configuration.

use std::sync::{Arc, Mutex};

use crate::clock;
use crate::epoch::EpochSeconds;

pub(in crate::edge) mod counts;
pub(in crate::edge) mod process;
pub(in crate::edge) mod totals;

use counts::{ThreadCounts, locked};
pub(in crate::edge) use totals::Totals;

/// The counts of all threads.
#[derive(Debug)]
pub struct Metrics {
    pub(in crate::edge) begun: EpochSeconds,
    threads: Mutex<Vec<Arc<ThreadCounts>>>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { begun: clock::now(), threads: Mutex::default() }
    }
}

impl Metrics {
    /// A place for one thread more to count in.
    #[must_use]
    pub fn thread(&self) -> Arc<ThreadCounts> {
        let counts: Arc<ThreadCounts> = Arc::default();
        locked(&self.threads).push(Arc::clone(&counts));
        counts
    }

    /// How often each key's signature has let a request pass, and when last, in Unix seconds; by distribution and key.
    pub(in crate::edge) fn key_uses(&self) -> Vec<([String; 2], (u64, u64))> {
        self.totals().keys.into_iter().collect()
    }

    /// What all threads have counted.
    pub(in crate::edge) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for thread in locked(&self.threads).iter() {
            totals.add(&thread.locked());
        }
        totals
    }
}
