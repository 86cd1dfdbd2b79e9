//! `[server.limits]`: what one viewer may cost, so that it costs the others nothing.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::{Fault, Faults, KeyPath};
use crate::config::declared::{self, Time};
use crate::epoch::parse_duration;

/// Bounds on viewers' connections. Times are for standing still, never for a whole download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections that one worker serves at a time; more wait in the system's queue.
    pub connections: usize,
    /// Requests that origins answer at a time for one worker, each with a connection or a file; more wait.
    pub origin_connections: usize,
    /// The same for one viewer's connection.
    pub origin_connections_per_viewer: usize,
    /// For a TLS handshake, whole.
    pub handshake: Duration,
    /// For the PROXY protocol's header, whole.
    pub proxy_header: Duration,
    /// For a request's head, whole.
    pub head: Duration,
    /// For the next request on a connection.
    pub idle: Duration,
    /// For the next part of a request's body.
    pub body: Duration,
    /// For a viewer to take anything of what waits for it.
    pub write: Duration,
    /// For the next byte of a WebSocket, in either direction.
    pub tunnel: Duration,
    /// Streams of one HTTP/2 connection at a time.
    pub streams: u32,
    /// Streams that a viewer may reset before they are begun on, until the connection ends (CVE-2023-44487).
    pub resets: usize,
    /// Frames of HTTP/2 in a second that cost a turn and carry nothing, beyond those that requests and responses account for.
    pub idle_frames: u32,
    /// Bytes of a request's head that are read at all; CloudFront's quota of 32,768 is counted within it.
    pub head_size: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            origin_connections: 4_096,
            origin_connections_per_viewer: 64,
            handshake: Duration::from_secs(10),
            proxy_header: Duration::from_secs(5),
            head: Duration::from_secs(30),
            idle: Duration::from_secs(30),
            body: Duration::from_secs(60),
            write: Duration::from_secs(60),
            tunnel: Duration::from_secs(600),
            streams: 128,
            resets: 20,
            idle_frames: 2_000,
            head_size: 128 << 10,
        }
    }
}

/// Resolves `[server.limits]`.
pub(super) fn limits(path: &KeyPath, declared: &declared::Limits, faults: &mut Faults) -> Limits {
    let standard = Limits::default();
    let mut time = |key: &str, text: &Time, or: Duration| {
        faults.parsed(&path.key(key), &text.0, time_limit).unwrap_or(or)
    };
    let handshake = time("handshake-timeout", &declared.handshake_timeout, standard.handshake);
    let proxy_header = time("proxy-header-timeout", &declared.proxy_header_timeout, standard.proxy_header);
    let head = time("head-timeout", &declared.head_timeout, standard.head);
    let idle = time("idle-timeout", &declared.idle_timeout, standard.idle);
    let body = time("body-timeout", &declared.body_timeout, standard.body);
    let write = time("write-timeout", &declared.write_timeout, standard.write);
    let tunnel = time("websocket-idle-timeout", &declared.websocket_idle_timeout, standard.tunnel);
    let head_size =
        faults.parsed(&path.key("max-head-size"), &declared.max_head_size.0, super::sizes::parse_size);
    let head_size = head_size.unwrap_or(128 << 10);
    let mut within = |key: &str, number: u64, least: u64, most: u64| {
        within(&path.key(key), key, number, least..=most, faults)
    };
    Limits {
        connections: within("connections-per-worker", declared.connections_per_worker, 1, 1 << 20),
        origin_connections: within(
            "origin-connections-per-worker",
            declared.origin_connections_per_worker,
            4,
            1 << 20,
        ),
        origin_connections_per_viewer: within(
            "origin-connections-per-viewer",
            declared.origin_connections_per_viewer,
            1,
            1024,
        ),
        handshake,
        proxy_header,
        head,
        idle,
        body,
        write,
        tunnel,
        streams: narrow(within("streams-per-connection", declared.streams_per_connection, 1, 1024)),
        resets: within("early-resets", declared.early_resets, 1, 10_000),
        idle_frames: narrow(within("idle-frames-per-second", declared.idle_frames_per_second, 10, 1_000_000)),
        head_size: within("max-head-size", head_size, 8 << 10, 1 << 20),
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn within(
    path: &KeyPath,
    key: &str,
    number: u64,
    allowed: RangeInclusive<u64>,
    faults: &mut Faults,
) -> usize {
    let (least, most) = allowed.into_inner();
    if !(least..=most).contains(&number) {
        let fault = Fault::at(path, format!("`{key}` is out of range"));
        faults.error(fault.found(number).expected(format!("{least} to {most}")));
    }
    usize::try_from(number.clamp(least, most)).unwrap_or(usize::MAX)
}

fn time_limit(text: &str) -> Result<Duration, impl Display + use<>> {
    match parse_duration(text) {
        Ok(time) if (MIN..=MAX).contains(&time) => Ok(time),
        Ok(_) => Err("100ms to 1h".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Less would cut viewers that are merely far away.
const MIN: Duration = Duration::from_millis(100);
const MAX: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declared_defaults_are_the_defaults() {
        let mut faults = Faults::default();
        let resolved = limits(&KeyPath::root(), &declared::Limits::default(), &mut faults);
        assert_eq!((resolved, faults.errors), (Limits::default(), vec![]));
    }
}
