//! `[server.limits]`: what one viewer may cost, so that it costs the others nothing.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::{Fault, Faults, KeyPath};
use crate::config::declared::{self, Time};
use crate::config::settings::Limits;
use crate::epoch::parse_duration;

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
