//! Requests in any JSON: an API's answer, an error of a player, exported cookies, events of Lambda, records of logs.

use std::ops::ControlFlow;

use serde_json::{Map, Value};

use super::browser_cookie::{BrowserCookie, has_attributes, is_signing, of_header, of_joined};
use super::cookies::CookieLine;
use super::embedded_url;
use super::lines::Reading;
use super::link::Link;
use super::place::{MAX_URL, place, too_long};
use super::standard_log::{self, LogRecord};
use super::{events, har, policy_text, url};

/// What a document names.
#[derive(Debug, Default)]
pub(super) struct Document {
    place: String,
    /// Whole requests.
    pub(super) links: Vec<Link>,
    signed: Vec<String>,
    /// URLs without signing parameters.
    plain: Vec<String>,
    /// Those of them under a name such as `url`.
    named: Vec<String>,
    cookies: Vec<String>,
    stored: Vec<BrowserCookie>,
    policy: Option<String>,
    records: usize,
    denied: usize,
    is_cookie_export: bool,
    /// Values that may still be looked at.
    budget: usize,
}

impl Document {
    /// Looks through a document.
    pub(super) fn of(value: &Value, place: &str) -> Self {
        let mut document = Self { place: place.to_owned(), budget: MAX_VALUES, ..Self::default() };
        document.walk(value, "", 0);
        document
    }

    /// Whether nothing was found.
    pub(super) fn is_empty(&self) -> bool {
        self.links.is_empty()
            && self.signed.is_empty()
            && self.plain.is_empty()
            && self.named.is_empty()
            && self.cookies.is_empty()
            && self.stored.is_empty()
            && self.policy.is_none()
            && self.records == 0
            && !self.is_cookie_export
    }

    fn walk(&mut self, value: &Value, key: &str, depth: usize) {
        if depth > MAX_DEPTH || self.budget == 0 {
            return;
        }
        self.budget -= 1;
        match value {
            Value::Object(object) => self.object(object, depth),
            Value::Array(list) => {
                // `["CloudFront-Policy", "…"]`.
                if let [Value::String(name), Value::String(_)] = list.as_slice()
                    && is_signing(name)
                    && !name.contains('=')
                {
                    return self.member(name, &list[1], depth);
                }
                if is_cookie_list(list) {
                    self.is_cookie_export = true;
                }
                for value in list {
                    self.walk(value, key, depth + 1);
                }
            }
            Value::String(text) => self.text(text, key, depth),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn object(&mut self, object: &Map<String, Value>, depth: usize) {
        if LogRecord::is_one(object) {
            return self.record(LogRecord::of_json(object));
        }
        if object.contains_key("Statement") {
            self.policy =
                policy_text::of_json(&Value::Object(object.clone()).to_string()).or(self.policy.take());
            return;
        }
        let link = har::entry(object, &self.place).or_else(|| events::request(object, &self.place));
        if let Some(link) = link {
            self.links.push(link);
            return;
        }
        if let Some(cookie) = exported_cookie(object) {
            self.is_cookie_export = true;
            if is_signing(&cookie.name) {
                self.stored.push(cookie);
            }
            return;
        }
        for (name, value) in object {
            self.member(name, value, depth);
        }
    }

    fn member(&mut self, name: &str, value: &Value, depth: usize) {
        if is_signing(name) && !value.is_object() && !value.is_array() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            return self.cookies.push(format!("{name}={value}"));
        }
        // `{"CloudFront-Policy": {"value": "…"}}`.
        if is_signing(name)
            && let Some(inner) = value.get("value").and_then(Value::as_str)
        {
            return self.cookies.push(format!("{name}={inner}"));
        }
        let values = || match value {
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>(),
            Value::String(text) => vec![text.as_str()],
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
        };
        match name.to_ascii_lowercase().as_str() {
            "cookie" => self.cookies.extend(values().iter().map(|text| (*text).to_owned())),
            "set-cookie" if value.is_array() => {
                self.stored.extend(values().iter().flat_map(|text| of_header(text)));
            }
            // One text of several headers was joined by a program.
            "set-cookie" => self.stored.extend(values().iter().flat_map(|text| of_joined(text))),
            "cookies" if value.is_string() => {
                self.cookies.extend(values().iter().map(|text| (*text).to_owned()));
            }
            _ => self.walk(value, name, depth + 1),
        }
    }

    fn text(&mut self, text: &str, key: &str, depth: usize) {
        let text = text.trim();
        if NO_REQUEST.iter().any(|name| key.eq_ignore_ascii_case(name)) {
            return;
        }
        // JSON and lines of logs within JSON, as CloudWatch has them.
        if text.starts_with(['{', '[']) && depth < MAX_DEPTH / 2 && text.len() <= self.budget {
            self.budget -= text.len();
            if let Ok(inner) = serde_json::from_str::<Value>(text) {
                return self.walk(&inner, key, MAX_DEPTH / 2);
            }
        }
        if let Some(record) = standard_log::lone_line(text) {
            return self.record(record);
        }
        if is_signing(text) && text.contains('=') {
            match has_attributes(text) {
                true => self.stored.extend(of_joined(text)),
                false => self.cookies.push(text.to_owned()),
            }
            return;
        }
        for found in url::in_line(text) {
            let is_named = URL_NAMES.iter().any(|name| key.eq_ignore_ascii_case(name));
            let urls = match (embedded_url::is_signed(&found.url), is_named) {
                (true, _) => &mut self.signed,
                (false, true) => &mut self.named,
                (false, false) => &mut self.plain,
            };
            if !urls.contains(&found.url) && urls.len() < MAX_URLS {
                urls.push(found.url);
            }
        }
    }

    fn record(&mut self, record: LogRecord<'_>) {
        self.records += 1;
        if !record.is_denied() {
            return;
        }
        self.denied += 1;
        if let Ok(link) = record.into_link(self.place.clone()) {
            self.links.push(link);
        }
    }

    /// Gives what was found to the reading; `line` is the document's first one.
    pub(super) fn give(self, to: &mut Reading<'_>, line: usize) -> ControlFlow<()> {
        let at = place(to.name, line);
        to.sink.note(&format!("{at}: {}", self.kind()));
        for link in self.links {
            to.link(link)?;
        }
        let has_signed = !self.signed.is_empty();
        // A plain URL beside signed ones is a page or a host; alone it is what the cookies are for.
        let urls =
            if has_signed { self.signed } else { self.named.into_iter().chain(self.plain).take(1).collect() };
        for url in urls {
            if url.len() > MAX_URL {
                to.sink.problem(too_long(to.name, line, url.len()));
            } else {
                to.link(Link::found_at(at.clone(), url))?;
            }
        }
        if has_signed {
            return ControlFlow::Continue(());
        }
        if !self.cookies.is_empty() {
            to.cookies(line, CookieLine::Sent(self.cookies.join("; ")));
        }
        if !self.stored.is_empty() || self.is_cookie_export && self.cookies.is_empty() {
            to.cookies(line, CookieLine::Stored(self.stored));
        }
        if let Some(encoded) = self.policy {
            to.policy(line, &encoded);
        }
        ControlFlow::Continue(())
    }

    fn kind(&self) -> String {
        if self.records > 0 {
            return format!("a log of {} requests, {} of them denied with 403", self.records, self.denied);
        }
        match (self.is_cookie_export, self.cookies.is_empty() && self.stored.is_empty()) {
            (true, _) => "an export of cookies".to_owned(),
            (false, false) if self.signed.is_empty() && self.plain.is_empty() && self.named.is_empty() => {
                "an object of cookies".to_owned()
            }
            (false, _) => "JSON".to_owned(),
        }
    }
}

/// A cookie of Playwright's `storageState`, of a browser's extension or of its developer tools.
fn exported_cookie(object: &Map<String, Value>) -> Option<BrowserCookie> {
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let name = text("name").or_else(|| text("Name raw")).or_else(|| text("Name"))?;
    let value = text("value").or_else(|| text("Content raw")).or_else(|| text("Value"))?;
    let is_cookie =
        ["domain", "path", "secure", "httpOnly", "expires", "expirationDate", "Host raw", "sameSite", "url"]
            .iter()
            .any(|name| object.contains_key(*name));
    if !is_cookie && !is_signing(name) {
        return None;
    }
    let domain = text("domain").or_else(|| text("Domain")).unwrap_or_default();
    let flag = |name: &str| object.get(name).and_then(Value::as_bool);
    let is_for_host = flag("hostOnly").unwrap_or(!domain.starts_with('.'));
    let mut cookie = BrowserCookie::exported(name, value, domain, !is_for_host);
    cookie.path = text("path").or_else(|| text("Path")).map(str::to_owned);
    cookie.is_secure = flag("secure").unwrap_or(false);
    // What a browser keeps it has taken.
    cookie.same_site = text("sameSite").map(str::to_owned).filter(|_| cookie.is_secure);
    let end = object.get("expires").or_else(|| object.get("expirationDate"));
    let end = end.and_then(|end| end.as_f64().or_else(|| end.as_str()?.parse().ok()));
    // Some write milliseconds.
    let end = end.map(|end| if end > 1e11 { end / 1000.0 } else { end });
    Some(cookie.ending_at(end))
}

fn is_cookie_list(list: &[Value]) -> bool {
    list.first().and_then(Value::as_object).is_some_and(|first| exported_cookie(first).is_some())
}

/// Names of the URL that is requested, before any other.
const URL_NAMES: [&str; 6] = ["url", "uri", "raw", "href", "src", "link"];
/// Names of URLs that aren't requested.
const NO_REQUEST: [&str; 12] = [
    "referer",
    "referrer",
    "origin",
    "user-agent",
    "useragent",
    "$schema",
    "schema",
    "$id",
    "documentation",
    "docs",
    "stack",
    "origins",
];
const MAX_DEPTH: usize = 100;
/// Values, and bytes of texts that are read as JSON again.
const MAX_VALUES: usize = 16 << 20;
const MAX_URLS: usize = 1_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(value: &Value) -> Document {
        Document::of(value, "x")
    }

    #[test]
    fn requests_are_found_in_whatever_holds_them() {
        let signed = "https://a.com/x?Expires=1&Signature=b&Key-Pair-Id=K";
        let plain = "https://a.com/x";
        for value in [
            json!({"url": signed, "response": {"code": 403, "url": signed}}),
            json!([{"deep": [{"text": format!("see {signed} there")}]}]),
            json!({"body": json!({"url": signed}).to_string()}),
        ] {
            assert_eq!(document(&value).signed, [signed], "{value}");
        }
        for value in [
            json!({"url": plain, "cookies": {"CloudFront-Policy": "p"}}),
            json!({"url": plain, "headers": {"Cookie": "CloudFront-Policy=p"}}),
            json!({"url": plain, "cookies": {"CloudFront-Policy": {"value": "p"}}}),
            json!({"url": plain, "cookies": [["CloudFront-Policy", "p"], ["other"]]}),
        ] {
            let found = document(&value);
            assert_eq!(
                (found.named, found.cookies),
                (vec![plain.to_owned()], vec!["CloudFront-Policy=p".to_owned()])
            );
        }
        let state = json!({"cookies": [
            {"name": "CloudFront-Policy", "value": "p", "domain": ".a.com", "path": "/", "expires": -1, "secure": true},
            {"name": "other", "value": "x", "domain": "b.com", "path": "/"},
        ], "origins": [{"origin": "https://b.com", "localStorage": []}]});
        let found = document(&state);
        assert_eq!((found.stored.len(), found.plain.len()), (1, 0));
        assert_eq!(found.stored[0].domain.as_deref(), Some("a.com"));
        assert!(document(&json!({"a": 1})).is_empty());
        let collection = json!({"info": {"schema": "https://b.com/v2.json"}, "a": "https://b.com/",
            "request": {"header": [{"key": "Cookie", "value": "CloudFront-Policy=p"}], "url": {"raw": plain}}});
        let found = document(&collection);
        assert_eq!((found.named, found.plain), (vec![plain.to_owned()], vec!["https://b.com/".to_owned()]));
    }

    #[test]
    fn records_of_logs_are_found_also_as_text_within_json() {
        let record = json!({"date": "2026-09-21", "time": "13:33:20", "cs-method": "GET", "cs-uri-stem": "/x",
            "sc-status": 403, "x-host-header": "a.com", "cs-protocol": "https", "cs-uri-query": "-"});
        let mut allowed = record.clone();
        allowed["sc-status"] = 200.into();
        for value in [
            record.clone(),
            json!([record, allowed]),
            json!({"events": [{"timestamp": 1, "message": record.to_string()}]}),
        ] {
            let found = document(&value);
            assert_eq!(found.links.len(), 1, "{value}");
            assert_eq!(found.links[0].url, "https://a.com/x");
        }
    }

    #[test]
    fn nothing_is_walked_without_end() {
        let mut text = "1".to_owned();
        for _ in 0..200 {
            text = serde_json::to_string(&json!([text])).unwrap_or_default();
            if text.len() > 1 << 20 {
                break;
            }
        }
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        assert!(document(&value).is_empty());
    }
}
