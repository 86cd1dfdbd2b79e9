//! What one thread counts, behind a lock of its own.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Method, StatusCode};

use crate::clock;
use crate::edge::facts::events::RequestEvent;
use crate::edge::facts::reply_reason::ORIGIN_ERROR;

/// What one thread has counted.
#[derive(Debug, Default)]
pub struct ThreadCounts(Mutex<Counts>);

/// The counts behind the lock.
#[derive(Debug, Default)]
pub(in crate::edge) struct Counts {
    pub(super) places: Interned,
    pub(super) keys: Interned,
    pub(super) origins: Interned,
    pub(super) requests: Table<RequestLabels, u64>,
    /// By place and reason.
    pub(super) denials: Table<(u32, &'static str), u64>,
    pub(super) key_uses: Table<u32, KeyUse>,
    pub(super) latencies: Table<u32, Latency>,
    /// By origin and CloudFront's name for the failure.
    pub(super) origin_failures: Table<(u32, &'static str), u64>,
    pub(super) connections: Table<&'static str, ConnectionCounts>,
    /// By who did it.
    pub(super) interrupted: Table<&'static str, u64>,
    /// Bytes of bodies, by place.
    pub(super) sent: Table<u32, u64>,
    pub(super) not_http: u64,
}

pub(super) type Table<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// The labels by which requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct RequestLabels {
    pub(super) place: u32,
    pub(super) method: &'static str,
    pub(super) status: u16,
    pub(super) result: &'static str,
}

/// How a key was used.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KeyUse {
    pub(super) allowed: u64,
    pub(super) last: u64,
}

/// How long an origin took for the heads of its responses.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Latency {
    /// One more than there are bounds: the last is for what took longer.
    pub(super) buckets: [u64; LATENCY_BOUNDS.len() + 1],
    pub(super) sum: Duration,
}

/// Viewers' connections.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ConnectionCounts {
    pub(super) opened: u64,
    pub(super) open: u64,
}

impl ThreadCounts {
    pub(super) fn locked(&self) -> MutexGuard<'_, Counts> {
        locked(&self.0)
    }

    /// The number of a behavior.
    #[must_use]
    pub fn place(&self, distribution: &str, behavior: &str) -> u32 {
        self.locked().places.number(distribution, behavior)
    }

    /// The number of a key.
    #[must_use]
    pub fn key(&self, distribution: &str, key: &str) -> u32 {
        self.locked().keys.number(distribution, key)
    }

    /// The number of an origin.
    #[must_use]
    pub fn origin(&self, distribution: &str, origin: &str) -> u32 {
        self.locked().origins.number(distribution, origin)
    }

    /// A request has ended.
    pub(in crate::edge) fn request(&self, event: &RequestEvent<'_>) {
        let mut counts = self.locked();
        let place = event.place.map_or(0, |place| place.number);
        let request = RequestLabels {
            place,
            method: method(event.method),
            status: status(event.status),
            result: event.result,
        };
        *counts.requests.entry(request).or_default() += 1;
        *counts.sent.entry(place).or_default() += event.sent;
        if let Some(by) = event.interrupted {
            *counts.interrupted.entry(by).or_default() += 1;
        }
        if let Some(key) = event.key {
            let usage = counts.key_uses.entry(key.number).or_default();
            usage.allowed += 1;
            usage.last = usage.last.max(clock::now().0);
        }
        match event.cause {
            Some(cause) if cause.name != REDIRECT && cause.name != ORIGIN_ERROR => {
                *counts.denials.entry((place, cause.name)).or_default() += 1;
            }
            Some(_) | None => {}
        }
    }

    /// An origin gave no response, by CloudFront's name for that; a group may have had another one.
    pub fn origin_failed(&self, origin: u32, failure: &'static str) {
        *self.locked().origin_failures.entry((origin, failure)).or_default() += 1;
    }

    /// The head of an origin's response has come.
    pub fn origin_answered(&self, origin: u32, after: Duration) {
        let mut counts = self.locked();
        let latency = counts.latencies.entry(origin).or_default();
        let seconds = after.as_secs_f64();
        let bucket = LATENCY_BOUNDS.iter().position(|bound| seconds <= *bound);
        latency.buckets[bucket.unwrap_or(LATENCY_BOUNDS.len())] += 1;
        latency.sum += after;
    }

    /// A viewer has connected.
    pub fn connected(&self, protocol: &'static str) {
        let mut counts = self.locked();
        let connections = counts.connections.entry(protocol).or_default();
        connections.opened += 1;
        connections.open += 1;
    }

    /// A viewer's connection has ended.
    pub fn disconnected(&self, protocol: &'static str) {
        if let Some(connections) = self.locked().connections.get_mut(protocol) {
            connections.open = connections.open.saturating_sub(1);
        }
    }

    /// Something came that isn't HTTP.
    pub fn not_http(&self) {
        self.locked().not_http += 1;
    }
}

/// Pairs of names, each with a number from 1; 0 is for what has no name.
#[derive(Debug, Default)]
pub(super) struct Interned {
    numbers: HashMap<(String, String), u32>,
    names: Vec<(String, String)>,
}

impl Interned {
    fn number(&mut self, distribution: &str, name: &str) -> u32 {
        let pair = (distribution.to_owned(), name.to_owned());
        if let Some(number) = self.numbers.get(&pair) {
            return *number;
        }
        self.names.push(pair.clone());
        let number = u32::try_from(self.names.len()).unwrap_or(0);
        self.numbers.insert(pair, number);
        number
    }

    pub(super) fn name(&self, number: u32) -> (String, String) {
        let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        at.and_then(|at| self.names.get(at)).cloned().unwrap_or_else(|| (NONE.to_owned(), NONE.to_owned()))
    }
}

/// No label is a viewer's choice.
fn method(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

/// Nor is it an origin's: a status that no standard has counts as 0, as does no response at all.
fn status(status: u16) -> u16 {
    let known = StatusCode::from_u16(status).is_ok_and(|status| status.canonical_reason().is_some());
    if known { status } else { 0 }
}

/// What a thread that panicked has counted still holds.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Label of a request that belongs to no distribution.
const NONE: &str = "-";
/// Not a denial: the viewer is asked to retry.
const REDIRECT: &str = "redirect-to-https";
/// Seconds; from a cache in the same rack to CloudFront's longest response timeout.
pub(in crate::edge) const LATENCY_BOUNDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_never_a_strangers_choice() {
        assert_eq!(method(&Method::from_bytes(b"EVIL").unwrap()), "other");
        assert_eq!((method(&Method::PATCH), status(404), status(799), status(0)), ("PATCH", 404, 0, 0));
    }
}
