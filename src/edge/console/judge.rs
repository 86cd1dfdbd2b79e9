//! Judging a request again, at another time and from another address: the form, and what it asks for.

use std::sync::Arc;

use super::answer::window;
use super::html::{Html, html};
use super::when;
use crate::clock;
use crate::edge::io::form::Form;
use crate::edge::observe::denial_explainer::{NotExplained, Question};
use crate::edge::state::shared::Edge;
use crate::epoch::{EpochSeconds, LAST_DATED_SECOND};
use crate::explain::{Budget, Explanation, OwnedRequest};

/// Has a request explained by the configuration that runs, on the thread that does nothing else.
///
/// Where it is busy, the checks are told all the same: they cost next to nothing, and only the search for a cause has to wait.
pub(super) async fn explained(edge: &Edge, mut inquiry: OwnedRequest) -> Result<Explanation, NotExplained> {
    let Some(explainer) = &edge.explainer else { return Err(NotExplained::Stopping) };
    let snapshot = edge.config.load_full();
    if inquiry.country.is_none() {
        let locations = snapshot.locations.as_ref();
        inquiry.country = locations.and_then(|locations| locations.country(inquiry.address));
    }
    let question = Question { inquiry: inquiry.clone(), distributions: Arc::clone(&snapshot.distributions) };
    match explainer.asked(question).await {
        Err(NotExplained::Busy) => {
            let none = Budget { candidates: 0, is_out_of_time: &|| true };
            Ok(inquiry.explain(&snapshot.distributions, &none))
        }
        answer => answer,
    }
}

/// What the form's two fields hold, as they were typed.
#[derive(Clone, Default)]
pub(super) struct JudgeInput {
    pub(super) at: String,
    pub(super) address: String,
}

impl JudgeInput {
    pub(super) fn of(form: &Form) -> Self {
        Self { at: form.short("at").to_owned(), address: form.short("address").to_owned() }
    }

    /// What an inquiry itself says.
    pub(super) fn as_it_was(inquiry: &OwnedRequest) -> Self {
        Self { at: inquiry.at.to_string(), address: inquiry.address.to_canonical().to_string() }
    }

    /// The inquiry at that time and from that address; an empty field changes nothing.
    ///
    /// # Errors
    /// The field's name, and a sentence.
    pub(super) fn change(&self, inquiry: &OwnedRequest) -> Result<OwnedRequest, (&'static str, String)> {
        let mut changed = inquiry.clone();
        if !self.at.is_empty() {
            changed.at =
                EpochSeconds::parse(&self.at, clock::now()).map_err(|error| ("at", error.to_string()))?;
        }
        if !self.address.is_empty() {
            changed.address = self.address.parse().map_err(|_| {
                ("address", "expected an IPv4 or IPv6 address, such as 203.0.113.9".to_owned())
            })?;
            // Another address may be in another country, which is looked up anew.
            if changed.address != inquiry.address {
                changed.country = None;
            }
        }
        Ok(changed)
    }
}

/// The form, posted to where the page is; `hidden` names what is judged where the path doesn't.
pub(super) fn form(
    out: &mut Html,
    action: &str,
    hidden: Option<(&'static str, u64)>,
    asked: &JudgeInput,
    explanation: Option<&Explanation>,
    fault: Option<&(&'static str, String)>,
) {
    html!(out;
        "<form class=\"judge\" id=\"judge\" method=\"post\" action=\"" (action)
        "\" aria-labelledby=\"judge-title\"><h2 id=\"judge-title\">At another time, from another address</h2>"
    );
    if let Some((name, value)) = hidden {
        html!(out; "<input type=\"hidden\" name=\"" (name) "\" value=\"" (value) "\">");
    }
    html!(out; "<div class=\"fields\">");
    field(out, "at", "Time", &asked.at, "RFC 3339, a date, Unix seconds, now, +2h, -5m", fault);
    field(out, "address", "Viewer’s address", &asked.address, "IPv4 or IPv6", fault);
    html!(out; "<p class=\"field\"><button>Judge again</button></p></div>");
    if let Some(explanation) = explanation {
        slider(out, explanation);
    }
    html!(out; "</form>");
}

/// A field with a hint, and what is wrong with what was typed.
pub(super) fn field(
    out: &mut Html,
    name: &'static str,
    label: &'static str,
    value: &str,
    hint: &'static str,
    fault: Option<&(&'static str, String)>,
) {
    let fault = fault.filter(|(at, _)| *at == name);
    html!(out; "<p class=\"field\"><label for=\"" (name) "\">" (label) "</label><input id=\"" (name) "\" name=\"" (name)
        "\" value=\"" (value) "\" autocomplete=\"off\" spellcheck=\"false\" aria-describedby=\"" (name) "-hint\"");
    if fault.is_some() {
        html!(out; " aria-invalid=\"true\"");
    }
    html!(out; "><span class=\"hint\" id=\"" (name) "-hint\">");
    match fault {
        Some((_, fault)) => html!(out; "<strong class=\"fault\" role=\"alert\">" (fault) "</strong>"),
        None => html!(out; (hint)),
    }
    html!(out; "</span></p>");
}

/// For scripts alone: a slider over the time in which the answer changes, with marks where the link opens and closes.
fn slider(out: &mut Html, explanation: &Explanation) {
    let (at, now) = (explanation.at.0.min(LAST_DATED_SECOND), clock::now().0);
    let (opens, closes) = match window(explanation) {
        Some((opens, closes)) => {
            (opens.map(|opens| opens.0.min(LAST_DATED_SECOND)), Some(closes.0.min(LAST_DATED_SECOND)))
        }
        None => (None, None),
    };
    // A browser's dates end with the calendar; milliseconds, taken for seconds, lie beyond it.
    let all = [Some(at), Some(now), opens, closes];
    let moments = || all.iter().flatten().copied();
    let (from, until) = (moments().min().unwrap_or(now), moments().max().unwrap_or(now));
    let margin = ((until - from) / 10).max(300);
    let (from, until) = (from.saturating_sub(margin), until.saturating_add(margin));
    // Parts in a thousand of the slider's way.
    let place = |moment: u64| (moment.saturating_sub(from)) as f64 / (until - from).max(1) as f64 * 1000.0;
    html!(out;
        "<div class=\"field slider\" id=\"slider\" hidden><label for=\"moment\">Move the time</label>"
        "<input id=\"moment\" type=\"range\" min=\"" (from) "\" max=\"" (until) "\" value=\"" (at) "\" step=\"1\">"
        "<svg viewBox=\"0 0 1000 14\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
    );
    if let Some(closes) = closes {
        let begin = opens.map_or(0.0, place);
        html!(out; "<rect class=\"good\" id=\"window\" y=\"4\" height=\"6\" x=\"" (format!("{begin:.1}")) "\" width=\""
            (format!("{:.1}", (place(closes) - begin).max(1.0))) "\"/>");
    }
    for (class, moment) in [("opens", opens), ("closes", closes), ("now", Some(now))] {
        if let Some(moment) = moment {
            html!(out; "<rect class=\"" (class) "\" height=\"14\" width=\"3\" x=\"" (format!("{:.1}", place(moment) - 1.5)) "\"/>");
        }
    }
    html!(out; "</svg><p class=\"moments\">");
    for (word, class, moment) in
        [("Opens", "opens", opens), ("Closes", "closes", closes), ("Now", "now", Some(now))]
    {
        if let Some(moment) = moment {
            html!(out; "<button type=\"button\" class=\"moment\" data-moment=\"" (moment) "\"><span class=\"swatch "
                (class) "\" aria-hidden=\"true\"></span>" (word) " ");
            if word != "Now" {
                when::second(out, EpochSeconds(moment));
            }
            html!(out; "</button>");
        }
    }
    html!(out; "</p></div>");
}
