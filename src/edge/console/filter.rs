//! Which of the last requests somebody wants to see: what the form above the table says, also for live rows.

use super::html::{Html, html};
use super::request_name::RequestName;
use crate::distribution::Distributions;
use crate::edge::io::form::Form;
use crate::edge::observe::recent_requests::Record;
use crate::redact::redacted_by_shape;

/// The form's fields.
#[derive(Default)]
pub(super) struct Filter {
    /// A status, or a class of them such as `4xx`.
    status: String,
    reason: String,
    /// `private` or `public`.
    access: String,
    /// A part of host and path, reason, or cause; or the whole `X-Amz-Cf-Id`.
    text: String,
}

impl Filter {
    pub(super) fn of(form: &Form) -> Self {
        // As targets are shown, also where somebody looks for a whole link.
        let field =
            |name: &str| -> String { redacted_by_shape(form.get(name)).chars().take(MAX_FIELD).collect() };
        let is_id =
            |text: &str| matches!(RequestName::parse(text), Some(RequestName::Id(_))) && text.len() == ID_LEN;
        Self {
            status: field("status"),
            reason: field("reason"),
            access: field("access"),
            // An id looks like a signature, and is none; a signature is longer.
            text: if is_id(form.get("text")) { form.get("text").to_owned() } else { field("text") },
        }
    }

    /// Whether it leaves anything out.
    pub(super) fn is_set(&self) -> bool {
        self.fields().iter().any(|(_, value)| !value.is_empty())
    }

    fn fields(&self) -> [(&'static str, &str); 4] {
        [("status", &self.status), ("reason", &self.reason), ("access", &self.access), ("text", &self.text)]
    }

    /// The query that says the same, without what says nothing.
    pub(super) fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.fields().into_iter().filter(|(_, value)| !value.is_empty()));
        query.finish()
    }

    pub(super) fn admits(&self, record: &Record, distributions: &Distributions) -> bool {
        let fits_status = match self.status.strip_suffix("xx") {
            Some(class) => (record.status / 100).to_string() == class,
            None => self.status.is_empty() || record.status.to_string() == self.status,
        };
        let reason = record.reason.as_ref().map_or("none", |(name, _)| name);
        let access = if is_private(record, distributions) { "private" } else { "public" };
        let text = || {
            let cause = record.cause.get().map_or("", String::as_str);
            let target = record.shown_target();
            let text = format!("{}{target} {reason} {cause}", record.inquiry.authority);
            text.to_lowercase().contains(&self.text.to_lowercase()) || record.id() == Some(&self.text)
        };
        fits_status
            && (self.reason.is_empty() || self.reason == reason)
            && (self.access.is_empty() || self.access == access)
            && (self.text.is_empty() || text())
    }

    /// The form; its reasons are those that there are.
    pub(super) fn show(&self, out: &mut Html, reasons: &[&'static str]) {
        html!(out;
            "<form class=\"filter\" method=\"get\" action=\"/\" role=\"search\" "
            "aria-label=\"Filter the requests\">"
        );
        select(
            out,
            "status",
            "Status",
            &self.status,
            &[("2xx", "2xx"), ("3xx", "3xx"), ("4xx", "4xx"), ("5xx", "5xx")],
        );
        let mut named: Vec<(&str, &str)> = reasons.iter().map(|reason| (*reason, *reason)).collect();
        named.push(("none", "none: the origin responded"));
        select(out, "reason", "Reason", &self.reason, &named);
        select(out, "access", "Access", &self.access, &[("private", "private"), ("public", "public")]);
        html!(out; "<p class=\"field grows\"><label for=\"text\">Contains</label>"
            "<input id=\"text\" name=\"text\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\" "
            "placeholder=\"host, path, cause, X-Amz-Cf-Id\" value=\"" (self.text) "\"></p>"
            "<p class=\"field\"><button id=\"apply\">Filter</button></p>");
        html!(out; "<p class=\"field\" id=\"show-all\"");
        if !self.is_set() {
            html!(out; " hidden");
        }
        html!(out; "><a href=\"/\">Show all</a></p>");
        html!(out; "</form>");
    }
}

/// A value that the list doesn't have is kept, so that the form says what holds.
fn select(out: &mut Html, name: &'static str, label: &'static str, chosen: &str, values: &[(&str, &str)]) {
    html!(out; "<p class=\"field\"><label for=\"" (name) "\">" (label) "</label>"
        "<select id=\"" (name) "\" name=\"" (name) "\"><option value=\"\">any</option>");
    let unlisted =
        (!chosen.is_empty() && !values.iter().any(|(value, _)| *value == chosen)).then_some((chosen, chosen));
    for (value, text) in values.iter().copied().chain(unlisted) {
        html!(out; "<option value=\"" (value) "\"");
        if value == chosen {
            html!(out; " selected");
        }
        html!(out; ">" (text) "</option>");
    }
    html!(out; "</select></p>");
}

/// Whether the behavior that counted asks for credentials, by the configuration that runs now.
pub(super) fn is_private(record: &Record, distributions: &Distributions) -> bool {
    let (Some(id), Some(pattern)) = (&record.distribution, &record.behavior) else { return false };
    let distribution = distributions.list.iter().find(|one| *one.id == **id);
    let behavior = distribution.and_then(|one| one.all_behaviors().find(|one| *one.pattern() == **pattern));
    behavior.is_some_and(|behavior| behavior.is_private())
}

/// Characters of an `X-Amz-Cf-Id`.
const ID_LEN: usize = 56;
/// Characters of a field.
const MAX_FIELD: usize = 200;
