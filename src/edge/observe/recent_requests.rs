//! The last requests, for the console: how each was judged and what became of it. Bounded, in memory alone, and nothing
//! where the console is off.

use std::borrow::Cow;
use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use crate::explain::OwnedRequest;
use crate::redact::redacted_by_shape;

mod fields;

pub use fields::Fields;

/// The last requests of all threads, oldest first.
#[derive(Debug)]
pub struct Recorder {
    kept: Mutex<RecordStore>,
    /// The last version, by which whoever shows the records learns that some are new or changed.
    version: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct RecordStore {
    records: VecDeque<Arc<Record>>,
    /// What they hold, by [`Record::weight`].
    bytes: usize,
    last_number: u64,
    version: u64,
}

/// A request that has ended.
pub struct Record {
    /// Counts up from 1; filled in by the recorder.
    pub number: u64,
    /// The version that it changed with last; filled in by the recorder.
    pub changed: AtomicU64,
    /// When it came.
    pub came: SystemTime,
    /// What was asked, signature and signing cookies included, so that it can be explained again
    /// ([`Record::explainable`]). Never shown.
    pub inquiry: OwnedRequest,
    /// Of one that is too long to be kept, what is shown of its target; the inquiry then lacks target and cookies.
    pub beginning: Option<String>,
    /// The distribution that answered.
    pub distribution: Option<Arc<str>>,
    /// The pattern of the behavior that counted.
    pub behavior: Option<Arc<str>>,
    /// The key whose signature opened the door, and whether that was remembered.
    pub key: Option<(Arc<str>, bool)>,
    /// The origin that was asked last.
    pub origin: Option<Arc<str>>,
    /// The request's header fields as the viewer sent them, and the response's, without secrets.
    pub fields: [Fields; 2],
    /// The response's status; 0 without one.
    pub status: u16,
    /// Why Frontgate answered by itself: the name of reference 4, and the compared values with secrets cut out.
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

impl Record {
    /// The request, where it was kept whole.
    #[must_use]
    pub fn explainable(&self) -> Option<&OwnedRequest> {
        self.beginning.is_none().then_some(&self.inquiry)
    }

    /// Path and query with everything cut out that opens a door. Found when it is asked for: that is work, and most records
    /// are never looked at.
    #[must_use]
    pub fn shown_target(&self) -> Cow<'_, str> {
        self.beginning.as_deref().map_or_else(|| redacted_by_shape(&self.inquiry.target), Cow::Borrowed)
    }

    /// `X-Amz-Cf-Id` of the response: what a viewer can name a request by.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.fields[1].get("x-amz-cf-id")
    }

    /// Whether it is a browser's own request for an icon, made for no link.
    #[must_use]
    pub fn is_icon_noise(&self) -> bool {
        let path = self.inquiry.target.split('?').next().unwrap_or_default();
        path == "/favicon.ico" && matches!(self.status, 403 | 404)
    }

    /// Bytes of what a viewer chose, and of the record itself.
    fn weight(&self) -> usize {
        let inquiry = &self.inquiry;
        let cookies: usize = inquiry.cookies.iter().map(Vec::len).sum();
        let reason = self.reason.as_ref().map_or(0, |(_, detail)| detail.len());
        let cause = self.cause.get().map_or(0, String::len);
        let beginning = self.beginning.as_ref().map_or(0, String::len);
        let fields: usize = self.fields.iter().map(Fields::len).sum();
        let texts = inquiry.authority.len() + inquiry.target.len() + beginning + fields;
        size_of::<Self>() + texts + cookies + reason + cause
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self { kept: Mutex::default(), version: watch::Sender::new(0) }
    }
}

impl Recorder {
    /// Keeps a request, in place of the oldest ones where there are too many.
    pub fn keep(&self, mut record: Record) -> Arc<Record> {
        let mut kept = self.lock();
        kept.last_number += 1;
        record.number = kept.last_number;
        kept.bytes += record.weight();
        let record = Arc::new(record);
        kept.records.push_back(Arc::clone(&record));
        self.changed(kept, &record);
        record
    }

    /// The cause of a denial has been found; the first one counts.
    pub fn explained(&self, record: &Record, cause: String) {
        let mut kept = self.lock();
        let len = cause.len();
        if record.cause.set(cause).is_ok()
            && kept.records.front().is_some_and(|oldest| oldest.number <= record.number)
        {
            kept.bytes += len;
            self.changed(kept, record);
        }
    }

    /// The one whose response had this `X-Amz-Cf-Id`.
    #[must_use]
    pub fn find_id(&self, id: &str) -> Option<Arc<Record>> {
        self.lock().records.iter().rev().find(|record| record.id() == Some(id)).cloned()
    }

    /// Gives the record the next version, lets the oldest go where there are too many, and tells.
    fn changed(&self, mut kept: MutexGuard<'_, RecordStore>, record: &Record) {
        kept.version += 1;
        let version = kept.version;
        record.changed.store(version, Ordering::Relaxed);
        let mut gone = Vec::new();
        while kept.records.len() > KEPT || (kept.bytes > MAX_BYTES && kept.records.len() > 1) {
            let Some(oldest) = kept.records.pop_front() else { break };
            kept.bytes = kept.bytes.saturating_sub(oldest.weight());
            gone.push(oldest);
        }
        drop(kept);
        // Two threads may come here in the other order.
        self.version.send_if_modified(|last| {
            let is_newer = version > *last;
            *last = version.max(*last);
            is_newer
        });
    }

    /// Those after a number, oldest first; all that are kept after 0.
    #[must_use]
    pub fn after(&self, number: u64) -> Vec<Arc<Record>> {
        self.those(|record| record.number > number)
    }

    /// Those that are new or changed since a version of [`Recorder::subscribe`], oldest first.
    #[must_use]
    pub fn changed_since(&self, version: u64) -> Vec<Arc<Record>> {
        self.those(|record| record.changed.load(Ordering::Relaxed) > version)
    }

    /// One of them.
    #[must_use]
    pub fn find(&self, number: u64) -> Option<Arc<Record>> {
        self.lock().records.iter().find(|record| record.number == number).cloned()
    }

    /// Tells of each that is new, and of each cause that was found, by the version that [`Recorder::changed_since`] takes.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Paths that were requested of a host, the newest first, each once.
    #[must_use]
    pub fn paths_of(&self, authority: &str, most: usize) -> Vec<String> {
        let records: Vec<Arc<Record>> = self.lock().records.iter().rev().cloned().collect();
        let of_host = records.iter().filter(|record| record.inquiry.authority == authority);
        let mut seen = HashSet::new();
        let paths = of_host.filter_map(|record| record.explainable()).map(|inquiry| path_of(&inquiry.target));
        paths.filter(|path| seen.insert(*path)).take(most).map(str::to_owned).collect()
    }

    fn those(&self, fits: impl Fn(&Record) -> bool) -> Vec<Arc<Record>> {
        self.lock().records.iter().filter(|record| fits(record)).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, RecordStore> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Requests that are kept.
pub const KEPT: usize = 1_000;
/// Of all of them together: ordinary ones, with a policy in the URL and a browser's headers, take two thirds of it.
const MAX_BYTES: usize = 8 << 20;

/// A target without its query.
pub(in crate::edge) fn path_of(target: &str) -> &str {
    target.split_once('?').map_or(target, |(path, _)| path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epoch::EpochSeconds;

    fn record(target: &str) -> Record {
        let url = format!("http://a.example.com{target}");
        Record {
            number: 0,
            changed: AtomicU64::new(0),
            came: SystemTime::UNIX_EPOCH,
            inquiry: OwnedRequest::of_url(&url, EpochSeconds(0)).unwrap().0,
            beginning: None,
            distribution: None,
            behavior: None,
            key: None,
            origin: None,
            fields: Default::default(),
            status: 200,
            reason: None,
            sent: 0,
            times: Times::default(),
            cause: OnceLock::new(),
        }
    }

    fn numbers(records: &[Arc<Record>]) -> Vec<u64> {
        records.iter().map(|record| record.number).collect()
    }

    #[test]
    fn the_last_thousand_are_kept() {
        let recorder = Recorder::default();
        for _ in 0..KEPT + 5 {
            recorder.keep(record("/x"));
        }
        let kept = numbers(&recorder.after(0));
        assert_eq!((kept.len(), kept[0], kept[KEPT - 1]), (KEPT, 6, 1_005));
        assert_eq!(numbers(&recorder.after(1_003)), [1_004, 1_005]);
        assert!(recorder.find(5).is_none() && recorder.find(6).is_some());
    }

    #[test]
    fn paths_of_one_host_are_listed_newest_first_and_once() {
        let recorder = Recorder::default();
        for target in ["/a?x=1", "/b", "/a?x=2", "/c"] {
            recorder.keep(record(target));
        }
        let authority = record("/").inquiry.authority;
        assert_eq!(recorder.paths_of(&authority, 2), ["/c", "/a"]);
        assert_eq!(recorder.paths_of(&authority, 9), ["/c", "/a", "/b"]);
        assert!(recorder.paths_of("elsewhere.example", 9).is_empty());
    }

    #[test]
    fn fewer_are_kept_where_they_are_large_and_causes_count_too() {
        let recorder = Recorder::default();
        let target = format!("/{}", "x".repeat(50_000));
        let first = recorder.keep(record(&target));
        for _ in 0..300 {
            let record = recorder.keep(record(&target));
            recorder.explained(&record, "x".repeat(10_000));
        }
        let holds =
            |recorder: &Recorder| recorder.after(0).iter().map(|record| record.weight()).sum::<usize>();
        assert!(holds(&recorder) <= MAX_BYTES && recorder.after(0).len() > 50);
        // Of what is gone nothing is counted.
        recorder.explained(&first, "x".repeat(10_000));
        let counted = recorder.lock().bytes;
        assert_eq!(counted, holds(&recorder));
    }

    #[test]
    fn who_subscribes_learns_of_new_ones_and_of_causes() {
        let recorder = Recorder::default();
        let mut versions = recorder.subscribe();
        let first = recorder.keep(record("/1"));
        let _second = recorder.keep(record("/2"));
        let seen = *versions.borrow_and_update();
        assert_eq!(numbers(&recorder.changed_since(0)), [1, 2]);
        assert!(recorder.changed_since(seen).is_empty() && !versions.has_changed().unwrap());
        recorder.explained(&first, "why".to_owned());
        assert!(versions.has_changed().unwrap());
        assert_eq!(numbers(&recorder.changed_since(seen)), [1]);
        let seen = *versions.borrow_and_update();
        recorder.explained(&first, "another".to_owned());
        assert!(recorder.changed_since(seen).is_empty() && first.cause.get().unwrap() == "why");
    }
}
