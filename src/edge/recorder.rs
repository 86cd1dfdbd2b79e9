//! The last requests, for the console: how each was judged and what became of it. Bounded, in memory alone, and nothing
//! where the console is off.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use crate::explain::Inquiry;

/// The last requests of all threads, oldest first.
#[derive(Debug)]
pub struct Recorder {
    kept: Mutex<VecDeque<Arc<Record>>>,
    newest: watch::Sender<u64>,
}

/// A request that has ended.
pub struct Record {
    /// Counts up from 1; filled in by the recorder.
    pub number: u64,
    /// When it came.
    pub came: SystemTime,
    /// What was asked, signature and cookies included, so that it can be explained again. Never shown.
    pub inquiry: Inquiry,
    /// Path and query with everything cut out that opens a door.
    pub shown_target: String,
    /// The distribution that answered.
    pub distribution: Option<Arc<str>>,
    /// The pattern of the behavior that counted.
    pub behavior: Option<Arc<str>>,
    /// The key whose signature opened the door, and whether that was remembered.
    pub key: Option<(Arc<str>, bool)>,
    /// The origin that was asked last.
    pub origin: Option<Arc<str>>,
    /// The response's status; 0 without one.
    pub status: u16,
    /// Why Frontgate answered by itself: contract 4's name, and the compared values with secrets cut out.
    pub reason: Option<(&'static str, String)>,
    /// How many bytes of the body went out.
    pub sent: u64,
    /// From its coming to the decision, to the origin's head, and to the end.
    pub times: Times,
    /// The cause in one sentence, once it has been searched for.
    pub cause: OnceLock<String>,
}

/// Spans of time since a request came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// Until it was allowed or denied.
    pub decided: Option<Duration>,
    /// Until the head of the origin's response was there.
    pub origin_head: Option<Duration>,
    /// Until the last byte was handed on.
    pub ended: Duration,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({} {:?} {})", self.number, self.inquiry, self.status)
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self { kept: Mutex::new(VecDeque::with_capacity(KEPT)), newest: watch::Sender::new(0) }
    }
}

impl Recorder {
    /// Keeps a request in place of the oldest one.
    pub fn keep(&self, mut record: Record) -> Arc<Record> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        record.number = kept.back().map_or(1, |last| last.number + 1);
        let record = Arc::new(record);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(Arc::clone(&record));
        drop(kept);
        self.newest.send_replace(record.number);
        record
    }

    /// Those after a number, oldest first; all that are kept after 0.
    #[must_use]
    pub fn after(&self, number: u64) -> Vec<Arc<Record>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().filter(|record| record.number > number).cloned().collect()
    }

    /// One of them.
    #[must_use]
    pub fn find(&self, number: u64) -> Option<Arc<Record>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|record| record.number == number).cloned()
    }

    /// Tells of each new one, by its number.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }
}

/// Requests that are kept.
pub const KEPT: usize = 1_000;
