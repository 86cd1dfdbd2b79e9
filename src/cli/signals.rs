//! SIGTERM and SIGINT end the proxy, a second one at once; SIGHUP and changed files reload. On a thread of its own.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use super::service_manager::{self, ServiceState};
use crate::edge::Edge;
use crate::edge::control::config_file::ConfigFile;

/// Begins to watch for signals and changes.
pub(super) fn start(
    edge: &Arc<Edge>,
    stop: &CancellationToken,
    config_file: ConfigFile,
    at_once: impl FnOnce() + Send + 'static,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (edge, stop) = (Arc::clone(edge), stop.clone());
    let (ready, registered) = std::sync::mpsc::channel();
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let Some(status) = runtime.block_on(watch(&edge, &stop, config_file, &ready)) else { return };
        // A second signal: what is in flight is cut, but nothing is left behind.
        at_once();
        flush(&edge);
        std::process::exit(status);
    })?;
    registered.recv_timeout(Duration::from_secs(5)).context("signals can't be watched")??;
    Ok(())
}

/// Waits until what was logged is written; denials that wait for their cause are told without one.
pub(super) fn flush(edge: &Edge) {
    if let Some(explainer) = &edge.explainer {
        explainer.stop();
    }
    if let Some(log) = &edge.access_log {
        log.flush();
    }
    super::log::flush();
}

/// The status of a second signal.
#[cfg(unix)]
async fn watch(
    edge: &Edge,
    stop: &CancellationToken,
    mut config_file: ConfigFile,
    ready: &Sender<std::io::Result<()>>,
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
                service_manager::tell(ServiceState::Reloading);
                if let Some(log) = &edge.access_log {
                    log.reopen();
                }
                config_file.reload(&edge.config);
                service_manager::tell(ServiceState::Ready);
                continue;
            }
            () = config_file.changed() => {
                config_file.reload(&edge.config);
                continue;
            }
        };
        if !ends(stop) {
            return Some(status);
        }
    }
}

#[cfg(not(unix))]
async fn watch(
    edge: &Edge,
    stop: &CancellationToken,
    mut config_file: ConfigFile,
    ready: &Sender<std::io::Result<()>>,
) -> Option<i32> {
    let _ = ready.send(Ok(()));
    loop {
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => {
                if pressed.is_err() || !ends(stop) {
                    return Some(130);
                }
            }
            () = config_file.changed() => config_file.reload(&edge.config),
        }
    }
}

/// Begins the end; false where it has begun already.
fn ends(stop: &CancellationToken) -> bool {
    if stop.is_cancelled() {
        return false;
    }
    tracing::info!(
        "stopping: no new connections, requests in flight may finish; press Ctrl-C again to stop at once"
    );
    service_manager::tell(ServiceState::Stopping);
    stop.cancel();
    true
}
