//! `[server.limits]`: what one viewer may cost, so that it costs the others nothing.

use std::fmt::Display;
use std::time::Duration;

use super::Loader;
use super::reader::Reader;
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

impl Loader<'_, '_> {
    pub(super) fn limits(&mut self, server: &mut Reader<'_, '_>) -> Limits {
        let mut limits = Limits::default();
        let Some(mut table) = server.table(self.faults, "limits", "[server.limits]") else { return limits };
        let mut time = |key, slot: &mut Duration| {
            if let Some(time) = table.time(self.faults, key, time_limit) {
                *slot = time.value;
            }
        };
        time("handshake-timeout", &mut limits.handshake);
        time("proxy-header-timeout", &mut limits.proxy_header);
        time("head-timeout", &mut limits.head);
        time("idle-timeout", &mut limits.idle);
        time("body-timeout", &mut limits.body);
        time("write-timeout", &mut limits.write);
        time("websocket-idle-timeout", &mut limits.tunnel);
        if let Some(size) = table.size(self.faults, "max-head-size", super::cache::parse_size) {
            limits.head_size = self.within("max-head-size", &size, 8 << 10, 1 << 20);
        }
        for (key, slot, least, most) in [
            ("connections-per-worker", &mut limits.connections, 1, 1 << 20),
            ("origin-connections-per-worker", &mut limits.origin_connections, 4, 1 << 20),
            ("origin-connections-per-viewer", &mut limits.origin_connections_per_viewer, 1, 1024),
            ("early-resets", &mut limits.resets, 1, 10_000),
        ] {
            if let Some(number) = table.integer(self.faults, key) {
                *slot = self.within(key, &number, least, most);
            }
        }
        for (key, slot, least, most) in [
            ("streams-per-connection", &mut limits.streams, 1, 1024),
            ("idle-frames-per-second", &mut limits.idle_frames, 10, 1_000_000),
        ] {
            if let Some(number) = table.integer(self.faults, key) {
                *slot = u32::try_from(self.within(key, &number, least, most)).unwrap_or(u32::MAX);
            }
        }
        table.finish(self.faults, &[]);
        limits
    }

    fn within(&mut self, key: &str, number: &super::Placed<u64>, least: u64, most: u64) -> usize {
        if !(least..=most).contains(&number.value) {
            let fault = self.faults.at(&number.span, format!("`{key}` is out of range"));
            self.faults.error(fault.found(number.value).expected(format!("{least} to {most}")));
        }
        usize::try_from(number.value.clamp(least, most)).unwrap_or(usize::MAX)
    }
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
