//! Reading the configuration again: all or nothing, and only what may change while the proxy runs.

use std::path::PathBuf;
use std::sync::Arc;

use super::file_watch::FileWatch;
use crate::config::{self, ReloadOn, ServerSettings, Settings, WatchedFile};
use crate::edge::Edge;
use crate::edge::control::reload_counts::ReloadOutcome;

/// What reads the configuration again.
pub struct Reloader {
    edge: Arc<Edge>,
    /// None for `dev`, which has no file.
    file: Option<PathBuf>,
    listen_is_given: bool,
    fixed: Fixed,
    /// As they were before they were read: what was written since is a change.
    seen: Vec<WatchedFile>,
    watch: Option<FileWatch>,
}

impl Reloader {
    /// Of what runs; from now on its files are watched, if they are to be.
    pub fn new(edge: Arc<Edge>, file: Option<PathBuf>, settings: &Settings, listen_is_given: bool) -> Self {
        let is_watching = file.is_some() && settings.server.reload == ReloadOn::Watch;
        let mut reloader = Self {
            edge,
            file,
            listen_is_given,
            fixed: Fixed::of(settings, listen_is_given),
            seen: settings.watched.clone(),
            watch: is_watching.then(FileWatch::start).flatten(),
        };
        reloader.follow();
        reloader
    }

    /// SIGHUP: the access log's file anew, and the configuration in any case.
    pub fn hang_up(&mut self) {
        if let Some(log) = &self.edge.access_log {
            log.reopen();
        }
        self.reload();
    }

    /// Waits until files have changed and stay as they are. Forever where none are watched.
    pub async fn changed(&self) {
        match &self.watch {
            Some(watch) => watch.changed(&self.seen).await,
            None => std::future::pending().await,
        }
    }

    /// All or nothing: a reload that fails keeps what runs (contract 2).
    pub fn reload(&mut self) {
        let Some(file) = &self.file else { return tracing::warn!("there is no file to reload") };
        let outcome = match config::load(file).and_then(|settings| settings.fit_for(self.edge.test_mode)) {
            Ok(settings) => {
                self.seen.clone_from(&settings.watched);
                self.replace(&settings)
            }
            Err(invalid) => {
                for error in &invalid.errors {
                    tracing::error!("{error}");
                }
                tracing::error!("the reload failed; the configuration from before goes on");
                self.seen = invalid.watched;
                ReloadOutcome::Failed
            }
        };
        self.edge.reloads.count(outcome);
        self.follow();
    }

    fn replace(&self, settings: &Settings) -> ReloadOutcome {
        let changes = self.fixed.changes(&Fixed::of(settings, self.listen_is_given));
        for change in &changes {
            tracing::error!("{}: a restart is needed", settings.variables.hidden(change));
        }
        if !changes.is_empty() {
            tracing::error!("the reload was refused; the configuration from before goes on");
            return ReloadOutcome::Refused;
        }
        for warning in &settings.warnings {
            tracing::warn!("{warning}");
        }
        self.edge.reload(settings);
        tracing::info!("the configuration was reloaded");
        ReloadOutcome::Ok
    }

    fn follow(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.follow(&self.seen);
        }
    }
}

/// What is fixed when the proxy starts, each by the name of its key.
struct Fixed(Vec<(&'static str, String)>);

impl Fixed {
    fn of(settings: &Settings, listen_is_given: bool) -> Self {
        let server = &settings.server;
        let mut keys = vec![
            ("[server] workers", server.workers.to_string()),
            ("[server] shutdown-grace", format!("{:?}", server.shutdown_grace)),
            ("[server] reload", format!("{:?}", server.reload)),
            ("[server.limits] connections-per-worker", server.limits.connections.to_string()),
            ("[server.limits] origin-connections-per-worker", server.limits.origin_connections.to_string()),
            ("[verified-policy-cache] max-size", settings.verified_policies_size.to_string()),
            ("[[server.https]] listen", https_listeners(server)),
            ("[access-log]", settings.access_log.as_ref().map_or("off".to_owned(), |log| format!("{log:?}"))),
            ("[admin] listen", settings.admin.as_ref().map_or("none".to_owned(), |a| a.listen.to_string())),
            // Without the table nothing is said of it twice.
            ("[admin] console", settings.admin.as_ref().is_none_or(|admin| admin.console).to_string()),
        ];
        // `--listen` stands in place of the file's.
        if !listen_is_given {
            keys.push(("[server] listen", format!("{:?}", server.listen)));
            keys.push(("[server] proxy-protocol", server.proxy_protocol.to_string()));
        }
        Self(keys)
    }

    fn changes(&self, new: &Self) -> Vec<String> {
        let pairs = self.0.iter().zip(&new.0).filter(|((_, old), (_, new))| old != new);
        pairs
            .map(|((name, old), (_, new))| {
                format!("{name} is fixed at the start; {old} runs, the file says {new}")
            })
            .collect()
    }
}

/// Where they listen; what they present may change.
fn https_listeners(server: &ServerSettings) -> String {
    let doors = server.https.iter().map(|https| format!("{:?} {}", https.listen, https.proxy_protocol));
    doors.collect::<Vec<_>>().join(", ")
}
