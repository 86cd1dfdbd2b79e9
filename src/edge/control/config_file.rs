//! The configuration file as a source of configurations: read again at a signal and when one of its files changes.

use std::path::PathBuf;

use super::file_watch::FileWatch;
use super::store::{ConfigStore, Published, ReloadError};
use crate::config::{self, InvalidConfig, ReloadOn, Settings, WatchedFile};

/// The file, and every other one that it names.
#[derive(Debug)]
pub struct ConfigFile {
    /// None for `dev`, which has no file.
    path: Option<PathBuf>,
    test_mode: bool,
    /// As they were before they were read: what was written since is a change.
    seen: Vec<WatchedFile>,
    watch: Option<FileWatch>,
}

impl ConfigFile {
    /// The file that these settings were read from. Its files are watched from now on, if the settings say so.
    #[must_use]
    pub fn new(path: Option<PathBuf>, settings: &Settings, test_mode: bool) -> Self {
        let is_watching = path.is_some() && settings.server.reload == ReloadOn::Watch;
        let watch = is_watching.then(FileWatch::start).flatten();
        let mut file = Self { path, test_mode, seen: settings.watched.clone(), watch };
        file.follow();
        file
    }

    /// Waits until files have changed and stay as they are. Forever where none are watched.
    pub async fn changed(&self) {
        match &self.watch {
            Some(watch) => watch.changed(&self.seen).await,
            None => std::future::pending().await,
        }
    }

    /// Reads the file again and runs what it says, or keeps what runs. Logs which.
    pub fn reload(&mut self, store: &ConfigStore) {
        let Some(path) = &self.path else {
            return tracing::warn!("reload ignored: no configuration file is in use");
        };
        let (test_mode, seen) = (self.test_mode, &mut self.seen);
        let outcome = store.reload(|| {
            let read = config::load(path).and_then(|settings| settings.fit_for(test_mode));
            seen.clone_from(match &read {
                Ok(settings) => &settings.watched,
                Err(invalid) => &invalid.watched,
            });
            read
        });
        match outcome {
            Ok(published) => log_success(&published),
            Err(error) => log_failure(&error, store),
        }
        self.follow();
    }

    fn follow(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.follow(&self.seen);
        }
    }
}

fn log_success(Published { version, changed_origins, settings }: &Published) {
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    tracing::info!(%version, changed_origins, "the configuration was reloaded");
}

fn log_failure(error: &ReloadError<InvalidConfig>, store: &ConfigStore) {
    let version = store.load().version;
    match error {
        ReloadError::Invalid(invalid) => {
            for error in &invalid.errors {
                tracing::error!("{error}");
            }
            tracing::error!(%version, "the reload failed; keeping the current configuration");
        }
        ReloadError::NeedsRestart(changes) => {
            for change in changes {
                tracing::error!("{change}: a restart is needed");
            }
            tracing::error!(%version, "the reload was refused; keeping the current configuration");
        }
    }
}
