//! `/keys`: the keys, who trusts them, and how often each has opened a door.

use std::collections::BTreeMap;

use super::html::{Html, html};
use super::page::{Entry, Page};
use crate::distribution::Distributions;
use crate::distribution::behavior::Restriction;
use crate::edge::observe::recent_requests::Recorder;
use crate::edge::state::shared::Edge;
use crate::epoch::EpochSeconds;

/// A key that a distribution trusts.
#[derive(Default)]
struct Known {
    kind: String,
    groups: Vec<String>,
    patterns: Vec<String>,
    /// Requests that it opened a door for, since the start.
    used: u64,
    last: u64,
    /// Of the requests that are kept.
    kept: usize,
}

/// The page.
pub(super) fn page(edge: &Edge, recorder: &Recorder) -> Page {
    let mut keys = trusted(&edge.config.load().distributions);
    if let Some(metrics) = &edge.metrics {
        for ([distribution, key], (used, last)) in metrics.key_uses() {
            // A key that was trusted before a reload is listed, too, by what it did.
            let known = keys.entry((distribution, key)).or_default();
            (known.used, known.last) = (used, last);
        }
    }
    for record in recorder.after(0) {
        if let (Some(distribution), Some((key, _))) = (&record.distribution, &record.key)
            && let Some(known) = keys.get_mut(&(distribution.to_string(), key.to_string()))
        {
            known.kept += 1;
        }
    }
    let mut main = Html::default();
    html!(main; "<h1>Keys</h1><p>How many requests each key’s signature has allowed since the start. "
        "Private keys are not here: Frontgate needs the public halves.</p>");
    if keys.is_empty() {
        html!(main; "<p class=\"empty\">No key is trusted: every path is public.</p>");
        return Page::new("Keys", Some(Entry::Keys), main);
    }
    html!(main;
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"The keys\"><table class=\"cards\">"
        "<caption class=\"unseen\">" "Keys and their use</caption><thead><tr><th scope=\"col\">Key</th>"
        "<th scope=\"col\">Kind</th><th scope=\"col\">Distribution</th><th scope=\"col\">Key groups</th>"
        "<th scope=\"col\">Trusted by</th><th scope=\"col\" class=\"number\">Allowed</th>"
        "<th scope=\"col\" class=\"number\">Of the last 1,000</th><th scope=\"col\">Last</th></tr></thead>"
        "<tbody>"
    );
    for ((distribution, key), known) in &keys {
        row(&mut main, distribution, key, known);
    }
    html!(main; "</tbody></table></div>");
    Page::new("Keys", Some(Entry::Keys), main)
}

fn trusted(distributions: &Distributions) -> BTreeMap<(String, String), Known> {
    let mut keys: BTreeMap<(String, String), Known> = BTreeMap::new();
    for distribution in &distributions.list {
        for behavior in distribution.all_behaviors() {
            let Restriction::Signed(groups) = &behavior.restriction else { continue };
            for (group, key) in groups.iter().flat_map(|group| group.keys.iter().map(move |key| (group, key)))
            {
                let known = keys.entry((distribution.id.clone(), key.id().to_string())).or_default();
                known.kind = key.kind().to_string();
                add(&mut known.groups, &group.id);
                add(&mut known.patterns, behavior.pattern());
            }
        }
    }
    keys
}

fn add(list: &mut Vec<String>, name: &str) {
    if !list.iter().any(|known| known == name) {
        list.push(name.to_owned());
    }
}

fn row(out: &mut Html, distribution: &str, key: &str, known: &Known) {
    let kind = if known.kind.is_empty() { "not trusted any more" } else { &known.kind };
    html!(out;
        "<tr><th scope=\"row\"><code>" (key) "</code></th><td data-label=\"Kind\">" (kind) "</td><td data-label=\"Distribution\">" (distribution)
        "</td><td data-label=\"Key groups\">" (known.groups.join(", ")) "</td><td data-label=\"Trusted by\"><code>"
        (known.patterns.join(" ")) "</code></td><td class=\"number\" data-label=\"Allowed\">" (known.used)
        "</td><td class=\"number\" data-label=\"Of the last 1,000\">" (known.kept) "</td><td data-label=\"Last\">"
    );
    match known.last {
        0 => html!(out; "never"),
        last => super::when::second(out, EpochSeconds(last)),
    }
    html!(out; "</td></tr>");
}
