//! `frontgate serve`: the proxy from a configuration file, and what running a proxy takes.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tokio_util::sync::CancellationToken;

use super::WRONG;
use crate::config::{self, InvalidConfig, Settings};
use crate::edge::{self, Edge, Listeners};

#[derive(Args, Debug)]
pub(super) struct Serve {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "config.toml")]
    config: PathBuf,
    /// Listen here instead of where the file says (repeatable; port 0 takes a free one)
    #[arg(long, value_name = "ADDR")]
    listen: Vec<SocketAddr>,
    /// Written once every listener accepts: pid and addresses as JSON
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Heed the request headers X-Frontgate-Now and X-Frontgate-Viewer-Ip
    #[arg(long)]
    test_mode: bool,
    /// Test mode also on listeners that others can reach
    #[arg(long, requires = "test_mode")]
    test_mode_on_any_address: bool,
}

impl Serve {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let mut settings = match config::load(&self.config) {
            Ok(settings) => settings,
            Err(invalid) => return Ok(refuse(&invalid)),
        };
        for warning in &settings.warnings {
            eprintln!("warning: {warning}");
        }
        if !self.listen.is_empty() {
            settings.server.listen = self.listen;
        }
        let proxy = Proxy {
            settings,
            reload_from: Some(self.config),
            ready_file: self.ready_file,
            test_mode: self.test_mode,
            on_any_address: self.test_mode_on_any_address,
        };
        proxy.run(|_| Ok(()))
    }
}

/// Tells every fault of a configuration.
pub(super) fn refuse(invalid: &InvalidConfig) -> ExitCode {
    for warning in &invalid.warnings {
        eprintln!("warning: {warning}");
    }
    for error in &invalid.errors {
        eprintln!("error: {error}");
    }
    eprintln!("error: {invalid}; nothing was started");
    ExitCode::from(WRONG)
}

/// A proxy that is about to run.
pub(super) struct Proxy {
    pub(super) settings: Settings,
    pub(super) reload_from: Option<PathBuf>,
    pub(super) ready_file: Option<PathBuf>,
    pub(super) test_mode: bool,
    pub(super) on_any_address: bool,
}

impl Proxy {
    /// Binds, announces, and serves until a signal.
    pub(super) fn run(
        self,
        announce: impl FnOnce(&[SocketAddr]) -> anyhow::Result<()>,
    ) -> anyhow::Result<ExitCode> {
        if self.test_mode && !self.on_any_address {
            refuse_strangers(&self.settings.server.listen)?;
        }
        if let Some(file) = &self.ready_file {
            remove_if_there(file)?;
        }
        let workers = match self.settings.server.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
        };
        let listeners = Listeners::bind(&self.settings.server.listen, workers)?;
        let addresses = listeners.addresses.clone();
        let edge = Arc::new(Edge::new(&self.settings, self.test_mode));
        let stop = CancellationToken::new();
        signals(&edge, &stop, self.reload_from.clone())?;
        for address in &addresses {
            tracing::info!(%address, workers, "listening");
        }
        if self.test_mode {
            tracing::warn!(
                "test mode: X-Frontgate-Now and X-Frontgate-Viewer-Ip are believed; not for production"
            );
        }
        announce(&addresses)?;
        if let Some(file) = &self.ready_file {
            write_ready_file(file, &addresses)?;
        }
        let served = edge::run(listeners, &edge, self.settings.server.shutdown_grace, &stop);
        if let Some(file) = &self.ready_file {
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

fn refuse_strangers(addresses: &[SocketAddr]) -> anyhow::Result<()> {
    match addresses.iter().find(|address| !address.ip().is_loopback()) {
        Some(address) => anyhow::bail!(
            "test mode lets requests choose their time and address, but {address} is not a loopback address; \
             --test-mode-on-any-address allows it"
        ),
        None => Ok(()),
    }
}

/// By rename, so that whoever waits for the file reads it whole.
fn write_ready_file(file: &Path, addresses: &[SocketAddr]) -> anyhow::Result<()> {
    let http: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let text =
        serde_json::json!({"pid": std::process::id(), "http": http, "https": [], "admin": null}).to_string();
    let mut partial = file.as_os_str().to_owned();
    partial.push(format!(".{}.tmp", std::process::id()));
    let written = fs::write(&partial, text + "\n").and_then(|()| fs::rename(&partial, file));
    written.with_context(|| format!("the ready file {} can't be written", file.display()))
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
fn signals(edge: &Arc<Edge>, stop: &CancellationToken, reload_from: Option<PathBuf>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (edge, stop) = (Arc::clone(edge), stop.clone());
    let (ready, registered) = std::sync::mpsc::channel();
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(watch(&edge, &stop, reload_from, &ready));
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
) {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()].map(signal);
    let [Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)] = kinds else {
        let _ = ready.send(Err(std::io::Error::other("a signal can't be watched")));
        return;
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
            std::process::exit(status);
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
) {
    let _ = ready.send(Ok(()));
    while tokio::signal::ctrl_c().await.is_ok() {
        if stop.is_cancelled() {
            std::process::exit(130);
        }
        stop.cancel();
    }
}

/// A reload that fails keeps what runs (contract 2). Listeners, workers and the cache's size stay as they are.
fn reload(edge: &Edge, file: Option<&Path>) {
    let Some(file) = file else { return tracing::warn!("there is no file to reload") };
    match config::load(file) {
        Ok(settings) => {
            for warning in &settings.warnings {
                tracing::warn!("{warning}");
            }
            edge.reload(&settings);
            tracing::info!("the configuration was reloaded");
        }
        Err(invalid) => {
            for error in &invalid.errors {
                tracing::error!("{error}");
            }
            tracing::error!("the reload failed; the configuration from before goes on");
        }
    }
}
