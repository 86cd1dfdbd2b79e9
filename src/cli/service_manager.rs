//! What systemd is told (`Type=notify` and `notify-reload`); nothing where nobody listens.

/// How far the proxy is.
#[derive(Clone, Copy, Debug)]
pub(super) enum ServiceState {
    Ready,
    Reloading,
    Stopping,
}

/// Tells it. One that can't be told is no reason to stop.
#[cfg(target_os = "linux")]
pub(super) fn tell(state: ServiceState) {
    use sd_notify::NotifyState;
    let told = match state {
        ServiceState::Ready => sd_notify::notify(&[NotifyState::Ready]),
        ServiceState::Stopping => sd_notify::notify(&[NotifyState::Stopping]),
        // With the time, so that systemd knows which request this answers.
        ServiceState::Reloading => NotifyState::monotonic_usec_now()
            .and_then(|now| sd_notify::notify(&[NotifyState::Reloading, now])),
    };
    if let Err(error) = told {
        tracing::debug!(%error, "the service manager could not be notified");
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn tell(_: ServiceState) {}
