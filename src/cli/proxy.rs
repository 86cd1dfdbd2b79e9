//! What running a proxy takes around the edge: binding, announcing, the ready file, the listener for
//! its operator. Reference 5 and 6.

use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use super::service_manager::{self, ServiceState};
use super::signals;
use crate::config::{AccessLogSettings, ListenerKind, Settings};
use crate::edge::console::admin::Admin;
use crate::edge::control::config_file::ConfigFile;
use crate::edge::control::fixed_keys::FixedKeys;
use crate::edge::observe::access_log::AccessLog;
use crate::edge::observe::denial_explainer::Explainer;
use crate::edge::state::dev_signer::DevSigner;
use crate::edge::{self, Edge, Listeners};

/// A proxy that is about to run.
pub(super) struct Proxy {
    pub(super) listen: Vec<(SocketAddr, ListenerKind)>,
    /// Threads; 0 is one for each core.
    pub(super) workers: usize,
    pub(super) shutdown_grace: Duration,
    /// Whether the command line said where to listen, in place of the file.
    pub(super) listen_is_given: bool,
    pub(super) reload_from: Option<PathBuf>,
    pub(super) ready_file: Option<PathBuf>,
    pub(super) test_mode: bool,
    pub(super) test_mode_on_any_address: bool,
    /// Whether its own announcement says what is usually logged at the start and at the end.
    pub(super) is_dev: bool,
}

/// A proxy whose sockets are bound: their ports are known, nothing is accepted yet.
pub(super) struct Bound {
    proxy: Proxy,
    listeners: Listeners,
    /// Where the settings name an address that isn't bound yet, none.
    pub(super) admin: Option<Admin>,
    /// What the console signs with.
    pub(super) dev_signer: Option<DevSigner>,
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
        Ok(Bound { proxy: self, listeners, admin: None, dev_signer: None })
    }

    /// Logs where it listens, and whether it is in test mode; `dev` announces that itself.
    fn log_listeners(&self, addresses: &[(SocketAddr, ListenerKind)], workers: usize) {
        if self.is_dev {
            return;
        }
        for (address, kind) in addresses {
            tracing::info!(%address, tls = kind.tls.is_some(), workers, "listening");
        }
        if self.test_mode {
            tracing::warn!(
                "test mode: X-Frontgate-Now, X-Frontgate-Viewer-Ip, X-Frontgate-Viewer-Country and \
                 X-Frontgate-Viewer-Proto are believed; not for production"
            );
        }
    }
}

impl Bound {
    pub(super) fn addresses(&self) -> &[(SocketAddr, ListenerKind)] {
        &self.listeners.addresses
    }

    /// Announces, and serves until a signal.
    pub(super) fn serve(
        self,
        settings: &Settings,
        announce: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<ExitCode> {
        let Self { proxy, listeners, admin, dev_signer } = self;
        let admin = match (admin, &settings.admin) {
            (None, Some(settings)) => Some(Admin::bind(settings.listen)?),
            (bound, _) => bound,
        };
        let mut edge = edge_of(settings, proxy.test_mode, dev_signer)?;
        edge.own_files.extend(proxy.ready_file.clone());
        let mut secure = listeners.addresses.iter().filter(|(_, kind)| kind.tls.is_some());
        edge.https_port = secure.next().map(|(address, _)| address.port());
        edge.config_file.clone_from(&proxy.reload_from);
        edge.config.fix(FixedKeys::of(settings, proxy.listen_is_given));
        let edge = Arc::new(edge);
        let stop = CancellationToken::new();
        let config_file = ConfigFile::new(proxy.reload_from.clone(), settings, proxy.test_mode);
        let at_once = proxy.ready_file.clone();
        signals::start(&edge, &stop, config_file, move || {
            let _ = at_once.as_deref().map(remove_if_there);
        })?;
        let addresses = listeners.addresses.clone();
        proxy.log_listeners(&addresses, listeners.per_worker.len());
        let admin_address = admin.as_ref().map(|admin| admin.address);
        if let Some(admin) = admin {
            if !proxy.is_dev {
                tracing::info!(address = %admin.address, "the admin listener is ready");
            }
            admin.start(&edge, &stop)?;
        }
        // Whatever needs a file is there before the first connection takes one.
        let ready_file = proxy.ready_file.as_deref();
        let ready = ready_file.map(|file| ReadyFile::write(file, &addresses, admin_address)).transpose()?;
        let workers = edge::start(listeners, &edge, proxy.shutdown_grace, &stop);
        let workers = workers.context("the proxy could not begin")?;
        announce()?;
        if let Some(ready) = ready {
            ready.appear()?;
        }
        service_manager::tell(ServiceState::Ready);
        let served = workers.join();
        if let Some(file) = &proxy.ready_file {
            remove_if_there(file)?;
        }
        signals::flush(&edge);
        let verified = &edge.verified;
        let (hits, misses, entries) = (verified.hits(), verified.misses(), verified.entries());
        match proxy.is_dev {
            true => tracing::debug!(hits, misses, entries, "verified policies"),
            false => tracing::info!(hits, misses, entries, "verified policies"),
        }
        served.context("the proxy could not run")?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The edge with the threads that serve beside it.
fn edge_of(settings: &Settings, test_mode: bool, dev_signer: Option<DevSigner>) -> anyhow::Result<Edge> {
    let mut edge = Edge::new(settings, test_mode);
    edge.access_log = settings.access_log.as_ref().map(start_access_log).transpose()?;
    edge.dev_signer = dev_signer;
    if edge.test_mode || edge.recorder.is_some() {
        edge.explainer =
            Some(Arc::new(Explainer::start(edge.recorder.clone()).context("causes can't be searched for")?));
    }
    Ok(edge)
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

fn refuse_strangers(addresses: &[(SocketAddr, ListenerKind)]) -> anyhow::Result<()> {
    match addresses.iter().find(|(address, _)| !address.ip().is_loopback()) {
        Some((address, _)) => anyhow::bail!(
            "test mode lets requests choose their time and address, but {address} is not a loopback address; \
             --test-mode-on-any-address allows it"
        ),
        None => Ok(()),
    }
}

fn start_access_log(settings: &AccessLogSettings) -> anyhow::Result<AccessLog> {
    AccessLog::start(settings).with_context(|| match &settings.file {
        Some(file) => format!("the access log {} can't be written", file.display()),
        None => "the access log can't be written".to_owned(),
    })
}

/// A ready file that is written, but not yet where others look for it: it appears by rename, so that whoever waits for it
/// reads it whole.
struct ReadyFile<'a> {
    file: &'a Path,
    partial: OsString,
}

impl<'a> ReadyFile<'a> {
    fn write(
        file: &'a Path,
        addresses: &[(SocketAddr, ListenerKind)],
        admin: Option<SocketAddr>,
    ) -> anyhow::Result<Self> {
        let of = |tls: bool| -> Vec<String> {
            let fit = addresses.iter().filter(|(_, kind)| kind.tls.is_some() == tls);
            fit.map(|(address, _)| address.to_string()).collect()
        };
        let admin = admin.map(|address| address.to_string());
        let ready = serde_json::json!({"pid": std::process::id(), "http": of(false), "https": of(true), "admin": admin});
        let text = ready.to_string();
        let mut partial = file.as_os_str().to_owned();
        partial.push(format!(".{}.tmp", std::process::id()));
        let ready = Self { file, partial };
        fs::write(&ready.partial, text + "\n").with_context(|| ready.cannot_be_written())?;
        Ok(ready)
    }

    fn appear(self) -> anyhow::Result<()> {
        fs::rename(&self.partial, self.file).with_context(|| self.cannot_be_written())
    }

    fn cannot_be_written(&self) -> String {
        format!("the ready file {} can't be written", self.file.display())
    }
}

impl Drop for ReadyFile<'_> {
    /// What never appeared is not left behind.
    fn drop(&mut self) {
        let _ = remove_if_there(Path::new(&self.partial));
    }
}

/// Removes a stale ready file, and makes sure that a new one can be written.
pub(super) fn prepare_ready_file(file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        anyhow::bail!(
            "the ready file {} can't be written: {} is not a folder",
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
