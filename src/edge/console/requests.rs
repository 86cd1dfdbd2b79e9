//! `/`: the last requests, the newest first.

use std::sync::Arc;

use super::filter::Filter;
use super::form::Form;
use super::html::{Html, html};
use super::page::{Entry, Page};
use super::when;
use crate::distribution::Distributions;
use crate::edge::recorder::{KEPT, Record, Recorder};
use crate::redact::redacted_by_shape;

/// The page.
pub(super) fn page(recorder: &Recorder, distributions: &Distributions, query: Option<&str>) -> Page {
    let form = Form::of_query(query);
    let filter = Filter::of(&form);
    let before: u64 = form.get("before").parse().unwrap_or(u64::MAX);
    // Read before the records are, so that none falls between the page and what it is told later.
    let version = *recorder.subscribe().borrow();
    let all = recorder.after(0);
    let mut reasons: Vec<&'static str> =
        all.iter().filter_map(|record| Some(record.reason.as_ref()?.0)).collect();
    reasons.sort_unstable();
    reasons.dedup();
    let mut fitting = all.iter().rev().filter(|one| one.number < before && filter.admits(one, distributions));
    let shown: Vec<&Arc<Record>> = fitting.by_ref().take(PER_PAGE).collect();
    let older = fitting.next().and_then(|_| shown.last()).map(|record| record.number);

    let mut main = Html::default();
    html!(main; "<div class=\"title\"><h1>Requests</h1><p class=\"live\" id=\"live\" hidden>"
        "<span class=\"dot\" aria-hidden=\"true\"></span><span id=\"live-state\">Live</span>"
        "<button type=\"button\" id=\"pause\">Pause</button></p></div>");
    filter.show(&mut main, &reasons);
    // Later ones are added where the page shows the newest ones; what to ask for stands beside the table.
    let live = if before == u64::MAX { "yes" } else { "no" };
    html!(main;
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" " "aria-label=\"The requests\">"
        "<table class=\"requests\" id=\"requests\" data-live=\"" (live) "\" data-version=\"" (version)
        "\" data-filter=\"" (filter.query()) "\">"
        "<caption class=\"unseen\">The last requests, the newest first</caption><thead><tr>"
        "<th scope=\"col\">Time (UTC)</th><th scope=\"col\">Method</th><th scope=\"col\">Host and path</th>"
        "<th scope=\"col\">Status</th><th scope=\"col\">Reason</th><th scope=\"col\">Cause</th>"
        "<th scope=\"col\" class=\"number\">ms</th></tr></thead><tbody>"
    );
    for record in &shown {
        row(&mut main, record);
    }
    html!(main; "</tbody></table></div>");
    if shown.is_empty() {
        html!(main; "<p class=\"empty\" id=\"empty\">No request fits, of the last " (KEPT)
            " at most that are kept in memory. They appear here as they come.</p>");
    }
    if let Some(number) = older {
        let query = filter.query();
        let joint = if query.is_empty() { "" } else { "&" };
        html!(main; "<p class=\"older\"><a href=\"/?" (query) (joint) "before=" (number) "\">Older requests</a></p>");
    }
    Page::new("Requests", Some(Entry::Requests), main)
}

/// One of them; also sent to pages that are open.
pub(super) fn row(out: &mut Html, record: &Record) {
    let number = record.number;
    html!(out; "<tr id=\"r" (number) "\"><td class=\"time\">");
    when::of_day(out, record.came);
    html!(out;
        "</td><td>" (record.inquiry.method) "</td><th scope=\"row\" class=\"target\"><a href=\"/requests/"
        (number) "\"><span class=\"host\">" (redacted_by_shape(&record.inquiry.authority)) "</span>"
        (record.shown_target()) "</a></th><td>"
    );
    status(out, record.status);
    html!(out;
        "</td><td class=\"reason\">" (record.reason.as_ref().map_or("", |(name, _)| name))
        "</td><td class=\"cause\">"
    );
    if let Some(cause) = record.cause.get() {
        html!(out; "<span>" (redacted_by_shape(cause)) "</span>");
    }
    html!(out; "</td><td class=\"number\">" (when::millis(record.times.ended)) "</td></tr>");
}

/// A status; the colour says no more than its number.
pub(super) fn status(out: &mut Html, status: u16) {
    match status {
        0 => {
            html!(out; "<span class=\"badge s0\" title=\"the viewer left before there was a response\">left</span>");
        }
        _ => html!(out; "<span class=\"badge s" (status / 100) "\">" (status) "</span>"),
    }
}

/// What fits on some screens, and loads at once.
const PER_PAGE: usize = 50;
