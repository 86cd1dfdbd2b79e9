//! What all threads have counted, by names.

use std::collections::BTreeMap;
use std::time::Duration;

use super::counts::{Counts, LATENCY_BOUNDS};

/// By labels, in their order.
pub(in crate::edge) type Sums<const N: usize, V = u64> = BTreeMap<[String; N], V>;

/// The sums of all threads.
#[derive(Debug, Default)]
pub(in crate::edge) struct Totals {
    /// By distribution, behavior, method, status, result.
    pub(in crate::edge) requests: Sums<5>,
    /// By distribution, behavior, reason.
    pub(in crate::edge) denials: Sums<3>,
    /// By distribution, key: how often, and when last.
    pub(in crate::edge) keys: Sums<2, (u64, u64)>,
    /// By distribution, origin.
    pub(in crate::edge) latencies: Sums<2, LatencyTotal>,
    /// By distribution, origin, failure.
    pub(in crate::edge) origin_failures: Sums<3>,
    /// By protocol: opened, open.
    pub(in crate::edge) connections: Sums<1, (u64, u64)>,
    /// By who did it.
    pub(in crate::edge) interrupted: Sums<1>,
    /// By distribution, behavior.
    pub(in crate::edge) sent: Sums<2>,
    pub(in crate::edge) not_http: u64,
}

/// A histogram.
#[derive(Debug, Default)]
pub(in crate::edge) struct LatencyTotal {
    pub(in crate::edge) buckets: [u64; LATENCY_BOUNDS.len() + 1],
    pub(in crate::edge) sum: Duration,
}

impl Totals {
    /// Adds one thread's.
    pub(in crate::edge) fn add(&mut self, counts: &Counts) {
        let text = |text: &str| text.to_owned();
        for (request, count) in &counts.requests {
            let (distribution, behavior) = counts.places.name(request.place);
            let labels =
                [distribution, behavior, text(request.method), status(request.status), text(request.result)];
            *self.requests.entry(labels).or_default() += count;
        }
        for ((place, reason), count) in &counts.denials {
            let (distribution, behavior) = counts.places.name(*place);
            *self.denials.entry([distribution, behavior, text(reason)]).or_default() += count;
        }
        for (key, usage) in &counts.key_uses {
            let (distribution, key) = counts.keys.name(*key);
            let (allowed, last) = self.keys.entry([distribution, key]).or_default();
            *allowed += usage.allowed;
            *last = (*last).max(usage.last);
        }
        for (origin, latency) in &counts.latencies {
            let (distribution, origin) = counts.origins.name(*origin);
            let total = self.latencies.entry([distribution, origin]).or_default();
            total.sum += latency.sum;
            total.buckets.iter_mut().zip(latency.buckets).for_each(|(sum, count)| *sum += count);
        }
        for ((origin, failure), count) in &counts.origin_failures {
            let (distribution, origin) = counts.origins.name(*origin);
            *self.origin_failures.entry([distribution, origin, text(failure)]).or_default() += count;
        }
        for (protocol, connections) in &counts.connections {
            let (opened, open) = self.connections.entry([text(protocol)]).or_default();
            *opened += connections.opened;
            *open += connections.open;
        }
        for (by, count) in &counts.interrupted {
            *self.interrupted.entry([text(by)]).or_default() += count;
        }
        for (place, bytes) in &counts.sent {
            let (distribution, behavior) = counts.places.name(*place);
            *self.sent.entry([distribution, behavior]).or_default() += bytes;
        }
        self.not_http += counts.not_http;
    }
}

/// `000` where there was none, or none that a standard has.
fn status(status: u16) -> String {
    format!("{status:03}")
}
