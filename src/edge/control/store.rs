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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::path::Path;

    use super::*;
    use crate::config;

    fn settings(origins: &[(&str, &str)]) -> Settings {
        let mut text = "[[distributions]]\nid = \"E\"\ndomain-name = \"a.example.com\"\n\
                        [distributions.default-cache-behavior]\ntarget-origin = \"a\"\n"
            .to_owned();
        for (id, lines) in origins {
            text += &format!("[[distributions.origins]]\nid = \"{id}\"\n{lines}\n");
        }
        config::parse(Path::new("config.toml"), &text).unwrap()
    }

    fn publish(store: &ConfigStore, settings: Settings) -> Published {
        store.reload(|| Ok::<_, Infallible>(settings)).unwrap()
    }

    fn versions(store: &ConfigStore) -> [Option<u64>; 2] {
        let snapshot = store.load();
        ["a", "b"].map(|id| snapshot.origin_versions.of_origin("E", id).map(ConfigVersion::number))
    }

    const A: &str = "url = \"http://127.0.0.1:9001\"";
    const B: &str = "url = \"https://b.example.com\"";

    #[test]
    fn an_origin_has_the_version_that_defined_it_last() {
        let store = ConfigStore::new(&settings(&[("a", A), ("b", B)]));
        assert_eq!(versions(&store), [Some(1), Some(1)]);
        let published = publish(&store, settings(&[("b", B), ("a", A)]));
        assert_eq!((published.version.number(), published.changed_origins), (2, 0), "the order is no change");
        assert_eq!(versions(&store), [Some(1), Some(1)]);
        let mut version = 2;
        for change in [
            "custom-headers = { X-A = \"1\" }",
            "origin-path = \"/b\"",
            "connection-attempts = 2",
            "keep-alive-timeout = \"6s\"",
            "",
        ] {
            version += 1;
            let published = publish(&store, settings(&[("a", A), ("b", &format!("{B}\n{change}"))]));
            assert_eq!((published.version.number(), published.changed_origins), (version, 1), "{change}");
            assert_eq!(versions(&store), [Some(1), Some(version)], "{change}");
        }
        publish(&store, settings(&[("a", A)]));
        assert_eq!(versions(&store), [Some(1), None]);
        // An origin that comes back is a new one: its connections are gone.
        publish(&store, settings(&[("a", A), ("b", B)]));
        assert_eq!(versions(&store), [Some(1), Some(version + 2)]);
    }

    #[test]
    fn a_directory_changes_with_what_it_must_not_show_and_a_server_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let directory = format!("url = \"file:{}\"", folder.path().display());
        let new = || settings(&[("a", A), ("b", &directory)]);
        let store = ConfigStore::new(&new());
        assert_eq!(publish(&store, new()).changed_origins, 0);
        let mut hidden = new();
        hidden.secrets.push(folder.path().join("keys"));
        assert_eq!(publish(&store, hidden).changed_origins, 1);
        assert_eq!(versions(&store), [Some(1), Some(3)]);
    }

    #[test]
    fn the_same_origin_of_another_distribution_is_another_origin() {
        let store = ConfigStore::new(&settings(&[("a", A)]));
        let mut moved = settings(&[("a", A)]);
        let list = &Arc::get_mut(&mut moved.distributions).unwrap().list;
        let one = crate::distribution::Distribution { id: "F".to_owned(), ..(*list[0]).clone() };
        moved.distributions =
            Arc::new(crate::distribution::Distributions { list: vec![Arc::new(one)], ..Default::default() });
        assert_eq!(publish(&store, moved).changed_origins, 1);
        assert_eq!(versions(&store), [None, None]);
    }

    #[test]
    fn a_rejected_configuration_changes_nothing() {
        let mut store = ConfigStore::new(&settings(&[("a", A)]));
        store.fix(FixedKeys::of(&settings(&[("a", A)]), false));
        let before = store.load_full();
        let failed = store.reload(|| Err("no file"));
        assert!(matches!(failed, Err(ReloadError::Invalid("no file"))), "{failed:?}");
        let mut other = settings(&[("a", B)]);
        other.server.workers = 7;
        let refused = store.reload(|| Ok::<_, Infallible>(other));
        let Err(ReloadError::NeedsRestart(changes)) = refused else { panic!("{refused:?}") };
        assert_eq!(changes, ["[server] workers is fixed at the start; running 0, found 7"]);
        assert!(Arc::ptr_eq(&before, &store.load_full()));
        assert_eq!(store.counts().by_outcome(), [("ok", 0), ("failed", 1), ("refused", 1)]);
    }

    #[test]
    fn writers_wait_for_each_other() {
        let store = ConfigStore::new(&settings(&[("a", A)]));
        let edit = || {
            store.reload(|| {
                let (running, before) = (&store, store.load().version);
                std::thread::yield_now();
                assert_eq!(running.load().version, before, "another writer published meanwhile");
                Ok::<_, Infallible>(settings(&[("a", A)]))
            })
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10).for_each(|_| drop(edit().unwrap())));
            }
        });
        assert_eq!(store.load().version.number(), 41);
        assert_eq!(versions(&store), [Some(1), None]);
    }
}
