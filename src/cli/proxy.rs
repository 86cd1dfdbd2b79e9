//! What running a proxy takes around the edge: binding, announcing, the ready file, signals, reloads. Contract 5 and 6.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use crate::config::{self, Door, Settings};
use crate::edge::{self, Edge, Listeners};

/// A proxy that is about to run.
pub(super) struct Proxy {
    pub(super) listen: Vec<(SocketAddr, Door)>,
    /// Threads; 0 is one for each core.
    pub(super) workers: usize,
    pub(super) shutdown_grace: Duration,
    pub(super) reload_from: Option<PathBuf>,
    pub(super) ready_file: Option<PathBuf>,
    pub(super) test_mode: bool,
    pub(super) test_mode_on_any_address: bool,
}

/// A proxy whose sockets are bound: their ports are known, nothing is accepted yet.
pub(super) struct Bound {
    proxy: Proxy,
    listeners: Listeners,
}

impl Proxy {
    /// Binds every listener, or none.
    pub(super) fn bind(self) -> anyhow::Result<Bound> {
        if self.test_mode && !self.test_mode_on_any_address {
            refuse_strangers(&self.listen)?;
        }
        let workers = match self.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
        };
        raise_file_limit();
        let listeners = Listeners::bind(&self.listen, workers)?;
        Ok(Bound { proxy: self, listeners })
    }
}

impl Bound {
    pub(super) fn addresses(&self) -> &[(SocketAddr, Door)] {
        &self.listeners.addresses
    }

    /// Announces, and serves until a signal.
    pub(super) fn serve(
        self,
        settings: &Settings,
        announce: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<ExitCode> {
        let Self { proxy, listeners } = self;
        let edge = Arc::new(Edge::new(settings, proxy.test_mode));
        let stop = CancellationToken::new();
        signals(&edge, &stop, proxy.reload_from, proxy.ready_file.clone())?;
        let addresses = listeners.addresses.clone();
        for (address, door) in &addresses {
            let tls = door.tls.is_some();
            tracing::info!(%address, tls, workers = listeners.per_worker.len(), "listening");
        }
        if proxy.test_mode {
            // Also under -q: nobody is to run like this without knowing.
            tell!(
                "test mode: X-Frontgate-Now, X-Frontgate-Viewer-Ip and X-Frontgate-Viewer-Country are believed; \
                 not for production"
            );
        }
        announce()?;
        if let Some(file) = &proxy.ready_file {
            write_ready_file(file, &addresses)?;
        }
        let served = edge::run(listeners, &edge, proxy.shutdown_grace, &stop);
        if let Some(file) = &proxy.ready_file {
            remove_if_there(file)?;
        }
        let verified = &edge.verified;
        tracing::info!(
            hits = verified.hits(),
            misses = verified.misses(),
            entries = verified.entries(),
            "verified policies"
        );
        served.context("the proxy could not run")?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A connection is a file, and most systems allow a process 1,024 until it asks for what it may have.
#[cfg(unix)]
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::debug!(%error, "the limit of open files could not be raised");
    }
}

#[cfg(not(unix))]
fn raise_file_limit() {}

fn refuse_strangers(addresses: &[(SocketAddr, Door)]) -> anyhow::Result<()> {
    match addresses.iter().find(|(address, _)| !address.ip().is_loopback()) {
        Some((address, _)) => anyhow::bail!(
            "test mode lets requests choose their time and address, but {address} is not a loopback address; \
             --test-mode-on-any-address allows it"
        ),
        None => Ok(()),
    }
}

/// By rename, so that whoever waits for the file reads it whole.
fn write_ready_file(file: &Path, addresses: &[(SocketAddr, Door)]) -> anyhow::Result<()> {
    let of = |tls: bool| -> Vec<String> {
        let fit = addresses.iter().filter(|(_, door)| door.tls.is_some() == tls);
        fit.map(|(address, _)| address.to_string()).collect()
    };
    let ready =
        serde_json::json!({"pid": std::process::id(), "http": of(false), "https": of(true), "admin": null});
    let text = ready.to_string();
    let mut partial = file.as_os_str().to_owned();
    partial.push(format!(".{}.tmp", std::process::id()));
    let written = fs::write(&partial, text + "\n").and_then(|()| fs::rename(&partial, file));
    written.with_context(|| format!("the ready file {} can't be written", file.display()))
}

/// Removes a stale ready file, and makes sure that a new one can be written.
pub(super) fn prepare_ready_file(file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        anyhow::bail!(
            "the ready file {} can't be written: {} is no folder",
            file.display(),
            folder.display()
        );
    }
    remove_if_there(file)
}

fn remove_if_there(file: &Path) -> anyhow::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("the ready file {} can't be removed", file.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// SIGTERM and SIGINT end the proxy, a second one at once; SIGHUP reloads. On a thread of its own.
fn signals(
    edge: &Arc<Edge>,
    stop: &CancellationToken,
    reload_from: Option<PathBuf>,
    ready_file: Option<PathBuf>,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (edge, stop) = (Arc::clone(edge), stop.clone());
    let (ready, registered) = std::sync::mpsc::channel();
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let Some(status) = runtime.block_on(watch(&edge, &stop, reload_from, &ready)) else { return };
        // A second signal: what is in flight is cut, but nothing is left behind.
        if let Some(file) = ready_file {
            let _ = remove_if_there(&file);
        }
        super::log::flush();
        std::process::exit(status);
    })?;
    registered.recv_timeout(Duration::from_secs(5)).context("signals can't be watched")??;
    Ok(())
}

#[cfg(unix)]
async fn watch(
    edge: &Edge,
    stop: &CancellationToken,
    reload_from: Option<PathBuf>,
    ready: &std::sync::mpsc::Sender<std::io::Result<()>>,
) -> Option<i32> {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()].map(signal);
    let [Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)] = kinds else {
        let _ = ready.send(Err(std::io::Error::other("a signal can't be watched")));
        return None;
    };
    let _ = ready.send(Ok(()));
    loop {
        let status = tokio::select! {
            _ = terminate.recv() => 143,
            _ = interrupt.recv() => 130,
            _ = hangup.recv() => {
                reload(edge, reload_from.as_deref());
                continue;
            }
        };
        if stop.is_cancelled() {
            return Some(status);
        }
        tracing::info!("stopping: no new connections, what is in flight may finish");
        stop.cancel();
    }
}

#[cfg(not(unix))]
async fn watch(
    _: &Edge,
    stop: &CancellationToken,
    _: Option<PathBuf>,
    ready: &std::sync::mpsc::Sender<std::io::Result<()>>,
) -> Option<i32> {
    let _ = ready.send(Ok(()));
    while tokio::signal::ctrl_c().await.is_ok() {
        if stop.is_cancelled() {
            return Some(130);
        }
        stop.cancel();
    }
    None
}

/// A reload that fails keeps what runs (contract 2). Listeners, workers and the cache's size stay as they are.
fn reload(edge: &Edge, file: Option<&Path>) {
    let Some(file) = file else { return tracing::warn!("there is no file to reload") };
    match config::load(file).and_then(|settings| settings.fit_for(edge.test_mode)) {
        Ok(settings) => {
            for warning in &settings.warnings {
                tracing::warn!("{warning}");
            }
            edge.reload(&settings);
            tracing::info!(
                "the configuration was reloaded; listeners, workers and the cache's size stay as they were"
            );
        }
        Err(invalid) => {
            for error in &invalid.errors {
                tracing::error!("{error}");
            }
            tracing::error!("the reload failed; the configuration from before goes on");
        }
    }
}
