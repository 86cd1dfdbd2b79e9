//! Writes the metrics in the text formats of Prometheus and OpenMetrics. `docs/operation.md` has a line for each metric.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::families::{Families, labelled};
use crate::edge::observe::access_log::AccessLog;
use crate::edge::observe::metrics::Totals;
use crate::edge::observe::metrics::process::Process;
use crate::edge::observe::metrics::totals::Sums;
use crate::edge::state::shared::Edge;

/// How the text is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextFormat {
    /// Prometheus' own, 0.0.4.
    Prometheus,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl TextFormat {
    /// The format that an `Accept` header requests.
    #[must_use]
    pub(super) fn requested_by(accept: Option<&str>) -> Self {
        match accept {
            Some(accept) if accept.contains("application/openmetrics-text") => Self::OpenMetrics,
            Some(_) | None => Self::Prometheus,
        }
    }

    /// `Content-Type` of the answer.
    #[must_use]
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// What `/metrics` shows of an edge.
#[derive(Debug)]
pub(super) struct Scrape(Registry);

impl Scrape {
    /// Of this edge.
    #[must_use]
    pub(super) fn new(edge: Arc<Edge>) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Observed(edge)));
        Self(registry)
    }

    /// The text as of now.
    ///
    /// # Errors
    /// None that can happen: a text grows as it must.
    pub(super) fn text(&self, format: TextFormat) -> Result<String, fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.0)?;
        Ok(match format {
            TextFormat::OpenMetrics => text,
            TextFormat::Prometheus => plain(&text),
        })
    }
}

/// OpenMetrics names a counter without `_total` in its head; the older format names it as its samples do, and has no end.
fn plain(text: &str) -> String {
    let counters: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let mut plain = String::with_capacity(text.len());
    for line in text.lines().filter(|line| *line != "# EOF") {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next()) {
            (Some("#"), Some(kind @ ("HELP" | "TYPE")), Some(name)) if counters.contains(&name) => {
                let rest = words.next().unwrap_or("");
                plain.push_str(&format!("# {kind} {name}_total {rest}\n"));
            }
            _ => {
                plain.push_str(line);
                plain.push('\n');
            }
        }
    }
    plain
}

const CERTIFICATE_END: &str = "frontgate_certificate_not_after_timestamp_seconds";

#[derive(Debug)]
struct Observed(Arc<Edge>);

impl Collector for Observed {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let edge = &*self.0;
        let Some(metrics) = &edge.metrics else { return Ok(()) };
        let mut totals = metrics.totals();
        configured_keys(edge, &mut totals);
        let mut out = Families(&mut encoder);
        requests(&mut out, &totals)?;
        keys(&mut out, &totals)?;
        origins(&mut out, &totals)?;
        connections(&mut out, &totals)?;
        verifications(&mut out, edge)?;
        reloads(&mut out, edge)?;
        let certificates = &edge.config.load().certificates;
        let ends = certificates.iter().map(|one| ([("certificate", one.file.as_str())], one.not_after));
        out.gauges(CERTIFICATE_END, "When a listener's certificate expires", ends)?;
        let lost = edge.access_log.as_ref().map_or(0, AccessLog::lost);
        out.counter(
            "frontgate_access_log_lost_lines",
            "Lines of the access log that could not be written",
            lost,
        )?;
        let build = [("version", env!("CARGO_PKG_VERSION"))];
        out.gauges("frontgate_build_info", "1, labelled with the running version", [(build, 1u64)])?;
        process(&mut out, metrics.begun.0)
    }
}

/// Adds an unused key with 0, so that a missing key is one that isn't trusted.
fn configured_keys(edge: &Edge, totals: &mut Totals) {
    for distribution in &edge.config.load().distributions.list {
        for key in distribution.all_behaviors().flat_map(|behavior| behavior.restriction.keys()) {
            totals.keys.entry([distribution.id.clone(), key.id().as_str().to_owned()]).or_default();
        }
    }
}

fn requests(out: &mut Families<'_, '_>, totals: &Totals) -> fmt::Result {
    out.counters(
        "frontgate_requests",
        "Requests that have ended, by x-edge-result-type; status 000 is a viewer that left before the response",
        ["distribution", "behavior", "method", "status", "result"],
        &totals.requests,
    )?;
    out.counters(
        "frontgate_denials",
        "Requests that were denied, by the reason in the log",
        ["distribution", "behavior", "reason"],
        &totals.denials,
    )?;
    out.counters(
        "frontgate_interrupted_responses",
        "Responses that ended too early, by who ended them",
        ["by"],
        &totals.interrupted,
    )?;
    out.counters(
        "frontgate_sent_bytes",
        "Bytes of response bodies",
        ["distribution", "behavior"],
        &totals.sent,
    )?;
    out.counter("frontgate_malformed_requests", "Requests that are not valid HTTP", totals.not_http)
}

fn keys(out: &mut Families<'_, '_>, totals: &Totals) -> fmt::Result {
    let labels = ["distribution", "key"];
    let allowed: Sums<2> =
        totals.keys.iter().map(|(names, (allowed, _))| (names.clone(), *allowed)).collect();
    out.counters(
        "frontgate_key_requests",
        "Requests that were allowed by a key's signature",
        labels,
        &allowed,
    )?;
    let last = totals.keys.iter().map(|(names, (_, last))| (labelled(labels, names), *last));
    out.gauges(
        "frontgate_key_last_used_timestamp_seconds",
        "Time at which a key last allowed a request; 0: never",
        last,
    )
}

fn origins(out: &mut Families<'_, '_>, totals: &Totals) -> fmt::Result {
    let name = "frontgate_origin_response_seconds";
    let help = "Time from sending a request to an origin to the head of its response";
    out.histograms(name, help, ["distribution", "origin"], &totals.latencies)?;
    out.counters(
        "frontgate_origin_failures",
        "Requests that an origin did not respond to, by x-edge-detailed-result-type",
        ["distribution", "origin", "failure"],
        &totals.origin_failures,
    )
}

fn connections(out: &mut Families<'_, '_>, totals: &Totals) -> fmt::Result {
    let opened: Sums<1> = totals.connections.iter().map(|(name, (all, _))| (name.clone(), *all)).collect();
    out.counters("frontgate_connections", "Connections of viewers", ["protocol"], &opened)?;
    let open = totals.connections.iter().map(|(name, (_, open))| (labelled(["protocol"], name), *open));
    out.gauges("frontgate_open_connections", "Connections of viewers that are open", open)
}

fn verifications(out: &mut Families<'_, '_>, edge: &Edge) -> fmt::Result {
    let memo = &edge.verified;
    let help = "Signatures that had to be verified, good or bad";
    out.counter("frontgate_signature_verifications", help, memo.misses())?;
    let help = "Signatures found in the cache of verified policies";
    out.counter("frontgate_verified_policy_cache_hits", help, memo.hits())?;
    let help = "Signatures in the cache of verified policies";
    out.gauge("frontgate_verified_policy_cache_entries", help, memo.entries())
}

fn reloads(out: &mut Families<'_, '_>, edge: &Edge) -> fmt::Result {
    let counts = edge.config.counts();
    let by_outcome: Sums<1> =
        counts.by_outcome().into_iter().map(|(name, count)| ([name.to_owned()], count)).collect();
    out.counters("frontgate_reloads", "Reloads of the configuration", ["outcome"], &by_outcome)?;
    let help = "Number of the running configuration: 1 at the start, one more after each successful reload";
    out.gauge("frontgate_config_version", help, edge.config.load().version.number())?;
    let (last, is_ok) = counts.last();
    let help = "Whether the last reload succeeded: 0 after a reload that failed or was rejected";
    out.gauge("frontgate_config_last_reload_successful", help, is_ok)?;
    let help = "Time at which the running configuration was read";
    out.gauge("frontgate_config_last_reload_success_timestamp_seconds", help, last)
}

fn process(out: &mut Families<'_, '_>, begun: u64) -> fmt::Result {
    let now = Process::now();
    let help = "Start time of the process";
    out.gauge("process_start_time_seconds", help, begun)?;
    if let Some(seconds) = now.cpu_seconds {
        let mut family =
            out.0.encode_descriptor("process_cpu_seconds", "CPU time", None, MetricType::Counter)?;
        family.encode_counter::<NoLabelSet, _, u64>(&seconds, None)?;
    }
    for (name, help, value) in [
        ("process_resident_memory_bytes", "Resident memory", now.resident_bytes),
        ("process_virtual_memory_bytes", "Virtual memory", now.virtual_bytes),
        ("process_open_fds", "Open files, connections included", now.open_files),
        ("process_max_fds", "Files that may be open", now.max_files),
        ("process_threads", "Threads", now.threads),
    ] {
        if let Some(value) = value {
            out.gauge(name, help, value)?;
        }
    }
    Ok(())
}
