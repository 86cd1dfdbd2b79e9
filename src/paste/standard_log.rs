//! Lines of CloudFront's standard logs, and of our own: each denied request.

use std::borrow::Cow;
use std::ops::ControlFlow;

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::input::{Form, Line, Lines};
use super::lines::{MAX_URL, too_long};
use super::link::{Link, Sink, beginning, problem};
use crate::epoch::EpochSeconds;

/// Reports every line whose status is 403.
pub(super) fn read(mut lines: Lines, form: Form, sink: &mut dyn Sink) -> ControlFlow<()> {
    let mut names: Vec<String> = STANDARD_FIELDS.split_whitespace().map(str::to_owned).collect();
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
        let Some(request) = Request::of(&line, form, &names) else {
            sink.problem(Box::new(
                problem(lines.name(), line.number, "this is no line of a standard log")
                    .found(beginning(&line.text))
                    .expected("fields separated by tabs, named by `#Fields:`; or a JSON object")
                    .help("without the file's `#Fields:` the fields of version 1 are taken"),
            ));
            continue;
        };
        if request.get("sc-status").as_deref() != Some("403") {
            continue;
        }
        denied += 1;
        let link = request.into_link(format!("line {} of {}", line.number, lines.name()));
        match link {
            Ok(link) if link.url.len() > MAX_URL => {
                sink.problem(too_long(lines.name(), line.number, link.url.len()));
            }
            Ok(link) => sink.link(link)?,
            Err(missing) => sink.problem(Box::new(
                problem(lines.name(), line.number, format!("the line has no {missing}"))
                    .expected("the fields cs-protocol, x-host-header or cs(Host), cs-uri-stem, cs-uri-query"),
            )),
        }
    }
    sink.note(&format!("{}: a log of {requests} requests, {denied} of them denied with 403", lines.name()));
    ControlFlow::Continue(())
}

/// A line by its fields' names.
struct Request<'l> {
    fields: Vec<(Cow<'l, str>, Cow<'l, str>)>,
    /// Whether values are percent-encoded once more, as CloudFront writes them.
    is_encoded: bool,
}

impl<'l> Request<'l> {
    fn of(line: &'l Line, form: Form, names: &'l [String]) -> Option<Self> {
        if form == Form::JsonLog {
            let fields: Map<String, Value> = serde_json::from_str(&line.text).ok()?;
            // Ours tells the behavior, and has the bytes as they were sent.
            let is_encoded = !fields.contains_key("behavior");
            let text = |value: Value| match value {
                Value::String(text) => text,
                Value::Null => "-".to_owned(),
                other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                    other.to_string()
                }
            };
            let fields = fields.into_iter().map(|(name, value)| (name.into(), text(value).into()));
            return Some(Self { fields: fields.collect(), is_encoded });
        }
        // Terminals make spaces of tabs; no field holds one.
        let values: Vec<&str> = match line.text.contains('\t') {
            true => line.text.split('\t').collect(),
            false => line.text.split_whitespace().collect(),
        };
        let fields = names.iter().zip(values).map(|(name, value)| (name.as_str().into(), value.into()));
        let fields: Vec<(Cow<'_, str>, Cow<'_, str>)> = fields.collect();
        (fields.len() > 10).then_some(Self { fields, is_encoded: true })
    }

    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        let (_, value) = self.fields.iter().find(|(known, _)| known == name)?;
        match value.trim() {
            "" | "-" => None,
            value if self.is_encoded => Some(percent_decode_str(value).decode_utf8_lossy()),
            value => Some(Cow::Borrowed(value)),
        }
    }

    /// # Errors
    /// The field that is missing.
    fn into_link(self, place: String) -> Result<Link, &'static str> {
        let scheme = match self.get("cs-protocol").as_deref() {
            Some("http" | "ws") => "http",
            Some("https" | "wss") => "https",
            Some(_) | None => return Err("cs-protocol"),
        };
        let host = self.get("x-host-header").or_else(|| self.get("cs(Host)")).ok_or("host")?;
        let stem = self.get("cs-uri-stem").ok_or("cs-uri-stem")?;
        let query = self.get("cs-uri-query").map(|query| format!("?{query}")).unwrap_or_default();
        let cookies = self.get("cs(Cookie)").map(Cow::into_owned);
        let mut notes = Vec::new();
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
        let (date, time) = (self.get("date")?, self.get("time")?);
        EpochSeconds::parse(&format!("{date}T{time}Z"), EpochSeconds(0)).ok()
    }
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
