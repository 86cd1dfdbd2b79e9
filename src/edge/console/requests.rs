//! `/`: the last requests, the newest first.

use std::sync::Arc;

use super::filter::Filter;
use super::html::{Html, html};
use super::page::{Entry, Page};
use super::when;
use crate::edge::dev::cookie_link;
use crate::edge::io::form::Form;
use crate::edge::observe::recent_requests::{KEPT, Record, Recorder};
use crate::edge::state::shared::Edge;
use crate::redact::redacted_by_shape;

/// The page.
pub(super) fn page(edge: &Edge, recorder: &Recorder, query: Option<&str>) -> Page {
    let snapshot = edge.config.load();
    let form = Form::of_query(query);
    let filter = Filter::of(&form);
    let before: u64 = form.get("before").parse().unwrap_or(u64::MAX);
    // Read before the records are, so that none falls between the page and the events after it.
    let version = *recorder.subscribe().borrow();
    let all = recorder.after(0);
    let mut reasons: Vec<&'static str> =
        all.iter().filter_map(|record| Some(record.reason.as_ref()?.0)).collect();
    reasons.sort_unstable();
    reasons.dedup();
    let admits = |one: &&Arc<Record>| one.number < before && filter.admits(one, &snapshot.distributions);
    let mut fitting = all.iter().rev().filter(admits);
    let shown: Vec<&Arc<Record>> = fitting.by_ref().take(PER_PAGE).collect();
    let older = fitting.next().and_then(|_| shown.last()).map(|record| record.number);

    let mut main = Html::default();
    html!(main; "<div class=\"title\"><h1>Requests</h1><p class=\"live\" id=\"live\" hidden>"
        "<span class=\"dot\" aria-hidden=\"true\"></span><span id=\"live-state\">Live</span>"
        "<button type=\"button\" id=\"pause\">Pause</button></p></div>");
    filter.show(&mut main, &reasons);
    // Later ones are added where the page shows the newest ones; what to request stands beside the table.
    let live = if before == u64::MAX { "yes" } else { "no" };
    html!(main;
        "<div id=\"list\"><table class=\"requests\" id=\"requests\" data-live=\"" (live) "\" data-version=\"" (version)
        "\" data-filter=\"" (filter.query()) "\">"
        "<caption class=\"unseen\">The last requests, the newest first</caption><thead><tr>"
        "<th scope=\"col\">Time (UTC)</th><th scope=\"col\">Status</th><th scope=\"col\">Method</th>"
        "<th scope=\"col\">Host and path</th><th scope=\"col\" class=\"number\">ms</th></tr></thead><tbody>"
    );
    for record in &shown {
        row(&mut main, record);
    }
    html!(main; "</tbody></table>");
    match (shown.is_empty(), all.is_empty()) {
        (false, _) => {}
        (true, true) => nothing_yet(&mut main, edge),
        (true, false) => html!(main; "<div class=\"empty\" id=\"empty\"><p>None of the " (all.len())
            " requests in memory fits the filter. <a href=\"/\">Show all</a></p></div>"),
    }
    if let Some(number) = older {
        let query = filter.query();
        let joint = if query.is_empty() { "" } else { "&" };
        html!(main; "<p class=\"older\"><a href=\"/?" (query) (joint) "before=" (number) "\">Older requests</a></p>");
    }
    html!(main; "</div>");
    Page::new("Requests", Some(Entry::Requests), main)
}

/// What to do first: open a link.
fn nothing_yet(out: &mut Html, edge: &Edge) {
    html!(out; "<div class=\"empty\" id=\"empty\"><h2>No request yet</h2>");
    let with_cookies = edge.dev_signer.as_ref().and_then(|signer| signer.link(cookie_link::PATH));
    match edge.dev_signer.as_ref().and_then(|signer| signer.link("/")) {
        Some(link) => html!(out;
            "<p>Open this link, signed for one hour, and watch it arrive here:</p><div class=\"copied\">"
            "<p class=\"url\"><a href=\"" (link) "\" target=\"_blank\" rel=\"noopener\"><code id=\"first\">" (link) "</code></a></p>"
            "<button type=\"button\" class=\"copy\" data-copy=\"first\" hidden>Copy<span class=\"unseen\"> the link</span></button></div>"
        ),
        None => {
            html!(out; "<p>Requests appear here as they end, the last " (KEPT) " of them. To test one link, "
            "<a href=\"/explain\">paste it into Explain</a>.</p>");
        }
    }
    if let Some(link) = with_cookies {
        html!(out; "<p>For a page and all that it loads, <a id=\"first-with-cookies\" href=\"" (link)
            "\" target=\"_blank\" rel=\"noopener\">open it with signed cookies</a>.</p>");
    }
    html!(out; "</div>");
}

/// One of them; also sent to pages that are open.
pub(super) fn row(out: &mut Html, record: &Record) {
    let number = record.number;
    let is_noise = record.is_icon_noise();
    html!(out; "<tr id=\"r" (number) "\"" );
    if is_noise {
        html!(out; " class=\"noise\"");
    }
    html!(out; "><td class=\"time\">");
    when::of_day(out, record.came);
    html!(out; "</td><td class=\"status\">");
    status(out, record.status);
    html!(out;
        "</td><td class=\"method\">" (record.inquiry.method) "</td><td class=\"target\"><a href=\"/requests/"
        (number) "\"><span class=\"host\">" (redacted_by_shape(&record.inquiry.authority)) "</span>"
        (record.shown_target()) "</a>"
    );
    if is_noise {
        html!(out; "<p class=\"why\">Browsers request this icon by themselves.</p>");
    } else if let Some((reason, _)) = &record.reason {
        html!(out; "<p class=\"why\"><code class=\"reason\">" (reason) "</code>");
        if let Some(cause) = record.cause.get() {
            html!(out; " <span class=\"cause\">" (redacted_by_shape(cause)) "</span>");
        }
        html!(out; "</p>");
    }
    html!(out; "</td><td class=\"number\">" (when::millis(record.times.ended)) "<span class=\"unit\"> ms</span></td></tr>");
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
