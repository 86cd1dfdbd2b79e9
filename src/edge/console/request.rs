//! `/requests/N`: one request, opened into its way through the stages.

use http::StatusCode;

use super::answer::{VerdictView, verdict};
use super::html::{Html, html};
use super::judge::{self, JudgeInput, explained};
use super::page::{Entry, Page};
use super::request_name::RequestName;
use super::{requests, tools, when};
use crate::edge::dev::demo_forms;
use crate::edge::facts::reply_reason::ORIGIN_ERROR;
use crate::edge::io::form::Form;
use crate::edge::observe::recent_requests::{KEPT, Record, Recorder};
use crate::edge::state::shared::Edge;
use crate::redact::redacted_by_shape;

/// The page; with a form, as judged by what it says.
pub(super) async fn page(edge: &Edge, recorder: &Recorder, named: &RequestName, form: Option<&Form>) -> Page {
    let found = match named {
        RequestName::Number(number) => recorder.find(*number),
        RequestName::Id(id) => recorder.find_id(id),
    };
    let Some(record) = found else {
        let sentence = format!("No ended request with this number is kept; at most the last {KEPT} are.");
        return Page::of_sentence(StatusCode::NOT_FOUND, "No such request", &sentence);
    };
    let number = record.number;
    let signer = edge.dev_signer.as_ref();
    let mut main = Html::default();
    head(&mut main, recorder, &record);
    let is_own = record.inquiry.target == demo_forms::PATH && record.status != 403;
    if let Some(inquiry) = record.explainable().filter(|_| !is_own) {
        tools::buttons(&mut main, inquiry, signer);
    }
    let Some(inquiry) = record.explainable().filter(|_| !is_own) else {
        let why = match is_own {
            true => "A form of the demo page: it is handled before any signature is checked.",
            false => "It was too long to be kept, so it can't be judged again.",
        };
        html!(main; "<p class=\"note\">" (why) "</p>");
        times(&mut main, &record);
        tools::fields(&mut main, &record);
        return Page::new(format!("Request {number}"), Some(Entry::Requests), main);
    };
    let asked = form.map_or_else(|| JudgeInput::as_it_was(inquiry), JudgeInput::of);
    let changed = asked.change(inquiry);
    let fault = changed.as_ref().err().cloned();
    let judged = changed.unwrap_or_else(|_| inquiry.clone());
    // Shown with what became of it only as it came: at another time it would have had another origin's answer, or none.
    let of_then = (form.is_none() || fault.is_some()).then_some(&*record);
    let found = explained(edge, judged.clone()).await;
    html!(main; "<div class=\"columns\"><div id=\"answer\">");
    match &found {
        Ok(explanation) => {
            let before = outcome(&record);
            let before = (of_then.is_none() || before != verdict(explanation)).then_some(before);
            VerdictView { inquiry: &judged, explanation, record: of_then, before }.show(&mut main);
        }
        Err(why) => {
            html!(main; "<p class=\"note\" role=\"alert\">" (redacted_by_shape(&why.to_string())) ". Try again.</p>");
        }
    }
    html!(main; "</div><div class=\"aside\">");
    let action = format!("/requests/{number}");
    judge::form(&mut main, &action, None, &asked, found.as_ref().ok(), fault.as_ref());
    times(&mut main, &record);
    tools::fields(&mut main, &record);
    if let Ok(explanation) = &found {
        tools::texts(&mut main, &record, &judged, explanation, signer);
    }
    html!(main; "</div></div>");
    Page::new(format!("Request {number}"), Some(Entry::Requests), main)
}

/// What became of it then, in the words of [`verdict`].
fn outcome(record: &Record) -> String {
    match &record.reason {
        Some((name, _)) if *name != ORIGIN_ERROR => format!("denied, {name}"),
        Some(_) | None => "allowed".to_owned(),
    }
}

fn head(out: &mut Html, recorder: &Recorder, record: &Record) {
    let inquiry = &record.inquiry;
    html!(out; "<p class=\"back\"><a href=\"/\">All requests</a>");
    // Keys `j` and `k` follow them.
    for (step, id, name) in [(-1, "older", "Older"), (1, "newer", "Newer")] {
        let number = record.number.saturating_add_signed(step);
        if recorder.find(number).is_some() {
            html!(out; " · <a id=\"" (id) "\" href=\"/requests/" (number) "\">" (name) "</a>");
        }
    }
    html!(out; "</p><div class=\"title\"><h1>Request " (record.number)
        "</h1>");
    requests::status(out, record.status);
    html!(out;
        "</div><p class=\"url\"><code>" (inquiry.method) " " (inquiry.scheme) "://" (redacted_by_shape(&inquiry.authority))
        (record.shown_target()) "</code></p><dl class=\"facts\"><div><dt>Came</dt><dd>"
    );
    when::in_full(out, record.came);
    html!(out; "</dd></div>");
    let key = record.key.as_ref().map(|(key, remembered)| {
        format!("{key}, {}", if *remembered { "verified before" } else { "verified for this request" })
    });
    for (name, value) in [
        ("Viewer", Some(inquiry.address.to_canonical().to_string())),
        ("Distribution", record.distribution.as_deref().map(str::to_owned)),
        ("Behavior", record.behavior.as_deref().map(str::to_owned)),
        ("Key", key),
        ("Origin", record.origin.as_deref().map(str::to_owned)),
        ("Sent", Some(when::bytes(record.sent))),
        ("Reason", record.reason.as_ref().map(|(name, _)| (*name).to_owned())),
    ] {
        if let Some(value) = value {
            html!(out; "<div><dt>" (name) "</dt><dd>" (value) "</dd></div>");
        }
    }
    html!(out; "</dl>");
}

/// How long it took, as numbers and as a bar.
fn times(out: &mut Html, record: &Record) {
    let times = record.times;
    let spans = [
        ("Until it was decided", "decided", times.decided),
        ("Until the origin’s head", "head", times.origin_head),
        ("Until its end", "ended", Some(times.ended)),
    ];
    html!(out; "<section class=\"times\" aria-labelledby=\"times-title\"><h2 id=\"times-title\">Times</h2>"
        "<svg viewBox=\"0 0 1000 12\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    let whole = times.ended.as_secs_f64().max(1e-9);
    for (_, class, span) in spans.iter().rev() {
        if let Some(span) = span {
            let width = (span.as_secs_f64() / whole * 1000.0).clamp(3.0, 1000.0);
            html!(out; "<rect class=\"" (class) "\" height=\"12\" width=\"" (format!("{width:.0}")) "\"/>");
        }
    }
    html!(out;
        "</svg><table><thead class=\"unseen\"><tr><th scope=\"col\">What</th>"
        "<th scope=\"col\">ms</th></tr></thead><tbody>"
    );
    for (name, class, span) in spans {
        html!(out;
            "<tr><th scope=\"row\"><span class=\"swatch " (class) "\" aria-hidden=\"true\"></span>" (name)
            "</th><td class=\"number\">"
            (span.map_or_else(|| "–".to_owned(), |span| format!("{} ms", when::millis(span)))) "</td></tr>"
        );
    }
    html!(out; "</tbody></table></section>");
}
