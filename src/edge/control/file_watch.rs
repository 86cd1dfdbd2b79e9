//! Notices that one of the configuration's files has changed.
//!
//! Folders are watched, not files: editors and orchestrators put a new file in the old one's place. What happened there
//! doesn't count, only whether the files are others afterwards: so a change through links (Kubernetes) is one, and a log
//! in the same folder is none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use crate::config::{Identity, WatchedFile, identity};

/// A watch on the folders of some files.
#[derive(Debug)]
pub(super) struct FileWatch {
    watcher: RecommendedWatcher,
    /// With what they were when the watch began: one that was replaced has lost it.
    folders: BTreeMap<PathBuf, Identity>,
    events: Arc<Notify>,
}

impl FileWatch {
    /// A watch on nothing yet; none where the system has none left.
    pub(super) fn start() -> Option<Self> {
        let events = Arc::new(Notify::new());
        let told = Arc::clone(&events);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading the files is an event, too.
            if !matches!(event, Ok(notify::Event { kind: EventKind::Access(_), .. })) {
                told.notify_one();
            }
        });
        match watcher {
            Ok(watcher) => Some(Self { watcher, folders: BTreeMap::new(), events }),
            Err(error) => {
                tracing::warn!(%error, "the configuration's files can't be watched; SIGHUP reloads");
                None
            }
        }
    }

    /// Watches the folders of these files, and of those that they are links to, and no others.
    pub(super) fn follow(&mut self, files: &[WatchedFile]) {
        let wanted: BTreeMap<PathBuf, Identity> = files
            .iter()
            .flat_map(|file| [Some(file.path.clone()), file.path.canonicalize().ok()])
            .flatten()
            // In full: the system has one watch for a folder, whatever it was called when it was asked for.
            .filter_map(|file| folder_of(&file).canonicalize().ok())
            .filter_map(|folder| identity(&folder).map(|identity| (folder, identity)))
            .collect();
        let (watcher, stays) = (&mut self.watcher, &wanted);
        self.folders.retain(|folder, identity| {
            let keeps = stays.get(folder) == Some(identity);
            if !keeps {
                let _ = watcher.unwatch(folder);
            }
            keeps
        });
        for (folder, identity) in wanted {
            if self.folders.contains_key(&folder) {
                continue;
            }
            match self.watcher.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => drop(self.folders.insert(folder, identity)),
                Err(error) => {
                    tracing::debug!(folder = %folder.display(), %error, "a folder can't be watched");
                }
            }
        }
    }

    /// Waits until the files are others than they were, and then until they stay as they are: one that is
    /// being written isn't read, unless it is written for long.
    pub(super) async fn changed(&self, seen: &[WatchedFile]) {
        loop {
            // First of all: what happened before the watch began has no event.
            let mut now = look(seen);
            if now == seen {
                sleep(CALM).await;
                // The timeout finds what no event told: a folder that came back, a file system without events.
                let _ = timeout(LOOK_INTERVAL, self.events.notified()).await;
                continue;
            }
            let begun = Instant::now();
            loop {
                sleep(PAUSE).await;
                let later = look(seen);
                if later == now || begun.elapsed() > LONGEST_WRITE {
                    return;
                }
                now = later;
            }
        }
    }
}

fn look(seen: &[WatchedFile]) -> Vec<WatchedFile> {
    seen.iter().map(WatchedFile::now).collect()
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Unchanged for so long, a file is taken to be written.
const PAUSE: Duration = Duration::from_millis(200);
/// A file that is always being written must not put a reload off for ever.
const LONGEST_WRITE: Duration = Duration::from_secs(2);
/// Between two looks, in a folder in which something always happens.
const CALM: Duration = Duration::from_millis(50);
/// How long a change may go unnoticed of which the system doesn't tell.
const LOOK_INTERVAL: Duration = Duration::from_secs(10);
