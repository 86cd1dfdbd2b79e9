//! The log of `dev`, for people: a line for each request, and under a denial its cause and how to fix it.

use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

use crate::access::credentials::SIGNING_PARAMETERS;
use crate::clock;
use crate::explain::report::Paint;
use crate::viewer::query::retained;

/// Writes events of requests as people read them, and every other event in one line.
#[derive(Default)]
pub(super) struct ForPeople {
    /// Whether a denied request that browsers send by themselves was logged.
    knows_browser: AtomicBool,
}

impl<S, N> FormatEvent<S, N> for ForPeople
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = EventFields::default();
        event.record(&mut fields);
        let paint = Paint(out.has_ansi_escapes());
        let text = match event.metadata().target() {
            "access" => self.request(&fields, paint),
            _ => Some(other(&fields, *event.metadata().level())),
        };
        text.map_or(Ok(()), |text| writeln!(out, "{} {text}", time()))
    }
}

impl ForPeople {
    /// None for what was logged often enough.
    fn request(&self, fields: &EventFields, paint: Paint) -> Option<String> {
        let get = |name| fields.get(name);
        let (method, path, status) = (get("method")?, bare(get("path")?), get("status")?);
        let is_aborted = get("aborted").is_some();
        let status = match status {
            "0" => "---",
            status => status,
        };
        let shown = if status.starts_with('2') || status.starts_with('3') {
            paint.green(status).to_string()
        } else {
            paint.bold(status).to_string()
        };
        let mut text = format!("{shown} {method} {path}");
        if is_sent_by_browsers(&path) && matches!(status, "403" | "404") {
            let is_first = !self.knows_browser.swap(true, Ordering::Relaxed);
            return is_first.then(|| text + " (browsers request this by themselves; logged once)");
        }
        if let Some(reason) = get("reason") {
            let _ = write!(text, " {reason}");
        }
        if let Some(detail) = get("detail") {
            let _ = write!(text, ": {}", short(detail));
        }
        if let Some(error) = get("origin_error") {
            let _ = write!(text, " the origin's response broke off: {error}");
        }
        if is_aborted {
            text.push_str(" (the viewer closed the connection)");
        }
        let cause = get("cause").filter(|cause| get("detail") != Some(cause));
        let further: Vec<&str> = cause.into_iter().chain(get("note")).collect();
        if !further.is_empty() {
            let _ = write!(text, "\n{INDENT}{}", further.join("; "));
        }
        Some(text)
    }
}

/// Anything else that is logged: its message, then its fields.
fn other(fields: &EventFields, level: Level) -> String {
    let mut text = match level {
        Level::ERROR => "error: ".to_owned(),
        Level::WARN => "warning: ".to_owned(),
        _ => String::new(),
    };
    text.push_str(fields.get("message").unwrap_or_default());
    for (name, value) in fields.0.iter().filter(|(name, _)| *name != "message") {
        let _ = write!(text, " {name}={value}");
    }
    text
}

/// The path without the signing parameters, which say nothing to a reader.
fn bare(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    match retained(query, |name| !SIGNING_PARAMETERS.contains(&name)) {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

fn short(detail: &str) -> &str {
    if detail == NOTHING_SENT { "no signature was sent" } else { detail }
}

/// What a browser requests of each site that it shows, whatever the page says.
fn is_sent_by_browsers(path: &str) -> bool {
    path == "/favicon.ico"
        || path.starts_with("/apple-touch-icon")
        || path.starts_with("/.well-known/appspecific/")
}

/// The time of day by the clock that requests are judged by, in the reader's time zone.
fn time() -> String {
    let now = i64::try_from(clock::now().0).ok().and_then(|now| Timestamp::from_second(now).ok());
    let now = now.unwrap_or(Timestamp::UNIX_EPOCH).to_zoned_datetime(TimeZone::system());
    now.strftime("%H:%M:%S").to_string()
}

/// An event's fields as text, in order.
#[derive(Default)]
struct EventFields(Vec<(&'static str, String)>);

impl EventFields {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

impl Visit for EventFields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), one_line(value)));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push((field.name(), one_line(&format!("{value:?}"))));
    }
}

/// Control characters of a request can't begin a line of their own, or colour one.
fn one_line(text: &str) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escaped).collect()
}

/// How the decision says that nothing was sent.
const NOTHING_SENT: &str = "the request has no signing parameters and no signing cookies";
/// Under the status of the line above.
const INDENT: &str = "         ";

#[cfg(test)]
mod tests {
    use super::*;

    fn line(log: &ForPeople, fields: &[(&'static str, &str)]) -> Option<String> {
        let fields = EventFields(fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect());
        log.request(&fields, Paint(false))
    }

    #[test]
    fn a_denial_has_its_cause_and_fix_on_a_second_line() {
        let log = ForPeople::default();
        let denied = [
            ("method", "GET"),
            ("path", "/x?a=1&Expires=1&Signature=…&Key-Pair-Id=K"),
            ("status", "403"),
            ("reason", "missing-key-pair-id"),
            ("detail", NOTHING_SENT),
            ("cause", "not-sent (proven): send all of it"),
        ];
        assert_eq!(
            line(&log, &denied).unwrap(),
            "403 GET /x?a=1 missing-key-pair-id: no signature was sent\n         not-sent (proven): send all of it"
        );
        let allowed = [("method", "GET"), ("path", "/x?Expires=1"), ("status", "200"), ("key", "K")];
        assert_eq!(line(&log, &allowed).unwrap(), "200 GET /x");
    }

    #[test]
    fn what_browsers_request_by_themselves_is_logged_once() {
        let log = ForPeople::default();
        let icon =
            [("method", "GET"), ("path", "/favicon.ico"), ("status", "403"), ("reason", "x"), ("cause", "y")];
        assert!(line(&log, &icon).is_some_and(|line| !line.contains('\n')));
        assert_eq!(line(&log, &icon), None);
        let served = [("method", "GET"), ("path", "/favicon.ico"), ("status", "200")];
        assert_eq!(line(&log, &served).unwrap(), "200 GET /favicon.ico");
    }

    #[test]
    fn no_request_writes_a_line_of_its_own() {
        assert_eq!(one_line("/a\n00:00:00 200 GET /\u{1b}[31m"), "/a\\n00:00:00 200 GET /\\u{1b}[31m");
    }
}
