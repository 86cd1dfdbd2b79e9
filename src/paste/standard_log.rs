//! TextLines of CloudFront's standard logs, and of our own: each denied request.

use std::borrow::Cow;
use std::ops::ControlFlow;

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::input::{TextForm, TextLine, TextLines};
use super::link::{Link, LinkSink, Problem, beginning, problem};
use super::log_line::{fields_of, is_standard_line};
use super::place::{MAX_URL, too_long};
use super::real_time_log;
use crate::epoch::EpochSeconds;

/// Reports every line whose status is 403.
pub(super) fn read(mut lines: TextLines, form: TextForm, sink: &mut dyn LinkSink) -> ControlFlow<()> {
    let mut names: Vec<String> = Vec::new();
    let (mut requests, mut denied) = (0_u64, 0_u64);
    while let Some(line) = lines.next_or_tell(sink) {
        if let Some(fields) = line.text.strip_prefix("#Fields:") {
            names = fields.split_whitespace().map(str::to_owned).collect();
            continue;
        }
        if line.text.trim().is_empty() || line.text.starts_with('#') {
            continue;
        }
        requests += 1;
        let Some(record) = LogRecord::of(&line, form, &names) else {
            sink.problem(Box::new(
                problem(lines.name(), line.number, "this is not a line of a standard log")
                    .found(beginning(&line.text))
                    .expected("fields separated by tabs, named by `#Fields:`; or a JSON object")
                    .help("without the file's `#Fields:` the fields of version 1 are taken"),
            ));
            continue;
        };
        if !record.is_denied() {
            continue;
        }
        denied += 1;
        let link = record.into_link(format!("line {} of {}", line.number, lines.name()));
        match link {
            Ok(link) if link.url.len() > MAX_URL => {
                sink.problem(too_long(lines.name(), line.number, link.url.len()));
            }
            Ok(link) => sink.link(link)?,
            Err(missing) => sink.problem(incomplete(lines.name(), line.number, missing)),
        }
    }
    sink.note(&format!("{}: a log of {requests} requests, {denied} of them denied with 403", lines.name()));
    ControlFlow::Continue(())
}

/// A request by the names of its fields, as the documentation of standard logs writes them.
pub(super) struct LogRecord<'l> {
    fields: Vec<(Cow<'l, str>, Cow<'l, str>)>,
    /// Whether values are percent-encoded once more, as CloudFront writes them.
    is_encoded: bool,
}

/// The record of a line that stands alone among other text.
pub(super) fn lone_line(text: &str) -> Option<LogRecord<'_>> {
    let fields: Vec<&str> = fields_of(text);
    if is_standard_line(text.as_bytes()) {
        let names = STANDARD_FIELDS.split_whitespace();
        return Some(LogRecord::of_fields(
            names.zip(fields).map(|(name, value)| (name.into(), value.into())).collect(),
        ));
    }
    real_time_log::fields(&fields).map(LogRecord::of_fields)
}

/// A line that lacks a field.
pub(super) fn incomplete(name: &str, line: usize, missing: &str) -> Problem {
    let fault = problem(name, line, format!("the record has no {missing}"));
    Box::new(fault.expected("the fields cs-protocol, x-host-header or cs(Host), cs-uri-stem, cs-uri-query"))
}

impl<'l> LogRecord<'l> {
    fn of(line: &'l TextLine, form: TextForm, names: &'l [String]) -> Option<Self> {
        if form == TextForm::JsonLog {
            let fields: Map<String, Value> = serde_json::from_str(&line.text).ok()?;
            return Some(Self::of_json(&fields));
        }
        let values = fields_of(&line.text);
        if names.is_empty() {
            return lone_line(&line.text);
        }
        let fields: Vec<(Cow<'_, str>, Cow<'_, str>)> =
            names.iter().zip(values).map(|(name, value)| (name.as_str().into(), value.into())).collect();
        (fields.len() >= MIN_FIELDS).then(|| Self::of_fields(fields))
    }

    fn of_fields(fields: Vec<(Cow<'l, str>, Cow<'l, str>)>) -> Self {
        Self { fields, is_encoded: true }
    }

    /// A record as JSON, of version 2 or of our own log.
    pub(super) fn of_json(fields: &Map<String, Value>) -> Self {
        // Ours tells the behavior, and has the bytes as they were sent.
        let is_encoded = !fields.contains_key("behavior");
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Null => "-".to_owned(),
            other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                other.to_string()
            }
        };
        let fields = fields.iter().map(|(name, value)| (name.clone().into(), text(value).into()));
        Self { fields: fields.collect(), is_encoded }
    }

    /// Whether an object is a record of a log.
    pub(super) fn is_one(fields: &Map<String, Value>) -> bool {
        let has = |name: &str| fields.keys().any(|known| same_name(known, name));
        has("cs-uri-stem") && (has("sc-status") || has("x-host-header") || has("cs-host"))
    }

    pub(super) fn is_denied(&self) -> bool {
        self.get("sc-status").as_deref() == Some("403")
    }

    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        let (_, value) = self.fields.iter().find(|(known, _)| same_name(known, name))?;
        match value.trim() {
            "" | "-" => None,
            value if self.is_encoded => Some(percent_decode_str(value).decode_utf8_lossy()),
            value => Some(Cow::Borrowed(value)),
        }
    }

    /// # Errors
    /// The field that is missing.
    pub(super) fn into_link(self, place: String) -> Result<Link, &'static str> {
        let mut notes = Vec::new();
        let scheme = match self.get("cs-protocol").as_deref() {
            Some("http" | "ws") => "http",
            Some("https" | "wss") => "https",
            Some(_) => return Err("cs-protocol"),
            // Logs before 2014 don't have the field.
            None => {
                notes.push("the record has no cs-protocol: https was taken".to_owned());
                "https"
            }
        };
        let host = self.get("x-host-header").or_else(|| self.get("cs(Host)")).ok_or("x-host-header")?;
        let stem = self.get("cs-uri-stem").ok_or("cs-uri-stem")?;
        let query = self.get("cs-uri-query").map(|query| format!("?{query}")).unwrap_or_default();
        let cookies = self.get("cs(Cookie)").map(Cow::into_owned);
        let at = self.time();
        if at.is_none() {
            notes.push("the line has no date and time that can be read: judged as of now".to_owned());
        }
        match self.get("x-edge-detailed-result-type").as_deref() {
            None | Some("Error") => {}
            Some(word) => notes.push(format!("CloudFront's own word for it: {word}{}", meaning(word))),
        }
        if let Some(reason) = self.get("reason") {
            notes.push(format!("the log's own reason: {reason}"));
        }
        Ok(Link {
            is_as_sent: true,
            hides_cookies: cookies.is_none(),
            cookies: cookies.into_iter().collect(),
            method: self.get("cs-method").and_then(|method| Method::from_bytes(method.as_bytes()).ok()),
            at,
            address: self.get("c-ip").and_then(|address| address.parse().ok()),
            status: Some(403),
            notes,
            ..Link::found_at(place, format!("{scheme}://{host}{stem}{query}"))
        })
    }

    fn time(&self) -> Option<EpochSeconds> {
        if let (Some(date), Some(time)) = (self.get("date"), self.get("time")) {
            return EpochSeconds::parse(&format!("{date}T{time}Z"), EpochSeconds(0)).ok();
        }
        // Real-time logs have seconds with milliseconds, version 2 also milliseconds alone.
        let timestamp = self.get("timestamp").or_else(|| self.get("timestamp(ms)"))?;
        let seconds = timestamp.split('.').next().unwrap_or_default();
        let seconds = if seconds.len() == 13 { &seconds[..10] } else { seconds };
        EpochSeconds::parse(seconds, EpochSeconds(0)).ok()
    }
}

/// `https`, or `http` for whatever else.
pub(super) fn lowercase_https(scheme: &str) -> &'static str {
    if scheme.trim().eq_ignore_ascii_case("https") { "https" } else { "http" }
}

/// `cs(Host)` in one kind of log is `cs-host` in another, and `cs_host` in a table.
fn same_name(known: &str, name: &str) -> bool {
    let plain = |text: &str| {
        let text = text.to_ascii_lowercase().replace(['_', '('], "-");
        text.trim_end_matches(')').to_owned()
    };
    known == name || plain(known) == plain(name)
}

fn meaning(word: &str) -> &'static str {
    match word {
        "ClientGeoBlocked" => " (the viewer's country is blocked; no signature is looked at)",
        "InvalidRequestMethod" => " (the method isn't allowed; no signature is looked at)",
        "OriginError" => " (the 403 came from the origin, so the signature was good)",
        _ => "",
    }
}

/// The fields of version 1, in the order of CloudFront's documentation.
pub(crate) const STANDARD_FIELDS: &str = "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status \
    cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol \
    cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status \
    fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len \
    sc-range-start sc-range-end";
/// The shortest lines, of 2008, have twelve.
const MIN_FIELDS: usize = 8;
