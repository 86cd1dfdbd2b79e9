//! How a line is written: CloudFront's standard log, version 1 (cloudfront 9.7), or a JSON object with the same names.

use std::borrow::Cow;
use std::time::Duration;

use http::{HeaderValue, Version};

use super::facts::RequestFacts;
use super::line::Line;
use super::result_types::ResultTypes;
use crate::clock;
use crate::config::{AccessLogFormat, AccessLogSettings};
use crate::identity::POP;
use crate::redact::redacted;

/// The line of a request that has ended, with its line end.
pub(super) fn line(
    line: &Line,
    request: &RequestFacts,
    outcome: &ResultTypes,
    settings: &AccessLogSettings,
) -> Vec<u8> {
    let fields = fields(line, request, outcome, settings);
    let mut text = String::with_capacity(1024);
    match settings.format {
        AccessLogFormat::CloudFront => {
            for (place, (_, value)) in fields.iter().enumerate() {
                if place > 0 {
                    text.push('\t');
                }
                value.encoded(&mut text);
            }
        }
        AccessLogFormat::Json => {
            let place = line.place.as_deref();
            let cause = line.cause.as_ref();
            let more = [
                ("reason", Value::known(cause.map(|cause| cause.name))),
                ("key-pair-id", Value::known(line.key.as_ref().map(|(key, _)| &*key.id))),
                ("distribution", Value::known(place.map(|place| &*place.distribution))),
                ("behavior", Value::known(place.map(|place| &*place.behavior))),
            ];
            for (place, (name, value)) in fields.iter().chain(&more).enumerate() {
                text.push_str(if place > 0 { ",\"" } else { "{\"" });
                text.push_str(name);
                text.push_str("\":");
                value.json(&mut text);
            }
            text.push('}');
        }
    }
    text.push('\n');
    text.into_bytes()
}

/// What a field may show.
#[derive(Clone, Copy)]
struct Shown<'s>(&'s AccessLogSettings);

impl Shown<'_> {
    fn text<'a>(self, text: Cow<'a, str>) -> Cow<'a, str> {
        if self.0.full_signatures {
            return text;
        }
        match redacted(&text) {
            Cow::Borrowed(_) => text,
            // Plain ASCII in both formats, as the documentation says.
            Cow::Owned(cut) => Cow::Owned(cut.replace('…', "...")),
        }
    }

    fn header(self, value: Option<&HeaderValue>) -> Value<'_> {
        value.map_or(Value::Unknown, |value| Value::Text(self.text(lossy(value))))
    }
}

fn fields<'a>(
    line: &'a Line,
    request: &'a RequestFacts,
    outcome: &ResultTypes,
    settings: &AccessLogSettings,
) -> [(&'static str, Value<'a>); FIELDS] {
    let shown = Shown(settings);
    let now = clock::now().to_string();
    let (date, time) = now.split_once('T').unwrap_or((&now, ""));
    // Cut as a whole: where a signature begins may be told by what stands before the `?` only.
    let target = shown.text(line.target().into());
    let (stem, query) = target.split_once('?').unwrap_or((&target, ""));
    let owned = |text: &str| Value::Text(Cow::Owned(text.to_owned()));
    let response = &request.response;
    let cookies = request.cookies.as_ref().filter(|_| settings.include_cookies);
    let to_first_byte = response.head_after.unwrap_or_else(|| line.began.elapsed());
    [
        ("date", owned(date)),
        ("time", owned(time.trim_end_matches('Z'))),
        ("x-edge-location", Value::known(Some(POP))),
        ("sc-bytes", Value::Number(response.head_len + line.sent)),
        ("c-ip", Value::Text(line.viewer.to_string().into())),
        ("cs-method", Value::known(Some(line.method.as_str()))),
        ("cs(Host)", Value::known(line.place.as_deref().map(|place| place.domain_name.as_str()))),
        ("cs-uri-stem", owned(stem)),
        ("sc-status", Value::Status(line.status)),
        ("cs(Referer)", shown.header(request.referer.as_ref())),
        ("cs(User-Agent)", shown.header(request.user_agent.as_ref())),
        ("cs-uri-query", owned(query)),
        ("cs(Cookie)", shown.header(cookies)),
        ("x-edge-result-type", Value::known(Some(outcome.result))),
        ("x-edge-request-id", Value::Text(lossy(&request.id))),
        ("x-host-header", Value::Text(shown.text(line.host().into()))),
        ("cs-protocol", Value::known(Some(protocol(line)))),
        ("cs-bytes", Value::Number(request.head_len + request.received.get())),
        ("time-taken", Value::Seconds(line.began.elapsed())),
        ("x-forwarded-for", shown.header(request.forwarded_for.as_ref())),
        ("ssl-protocol", Value::known(line.tls.map(|tls| tls.protocol))),
        ("ssl-cipher", Value::known(line.tls.map(|tls| tls.cipher))),
        ("x-edge-response-result-type", Value::known(Some(outcome.response))),
        ("cs-protocol-version", Value::known(Some(version(line.version)))),
        ("fle-status", Value::Unknown),
        ("fle-encrypted-fields", Value::Unknown),
        ("c-port", Value::number(line.port.map(u64::from))),
        ("time-to-first-byte", Value::Seconds(to_first_byte)),
        ("x-edge-detailed-result-type", Value::known(Some(outcome.detailed))),
        ("sc-content-type", shown.header(response.content_type.as_ref())),
        ("sc-content-len", Value::number(response.content_length)),
        ("sc-range-start", Value::number(response.range.map(|(start, _)| start))),
        ("sc-range-end", Value::number(response.range.map(|(_, end)| end))),
    ]
}

fn lossy(value: &HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

fn protocol(line: &Line) -> &'static str {
    use crate::viewer::Scheme;
    match (line.scheme, line.status == 101) {
        (Scheme::Http, false) => "http",
        (Scheme::Https, false) => "https",
        (Scheme::Http, true) => "ws",
        (Scheme::Https, true) => "wss",
    }
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_3 => "HTTP/3.0",
        _ => "HTTP/1.1",
    }
}

/// A text takes whatever is written to it.
fn ignored(_: std::fmt::Result) {}

enum Value<'a> {
    Text(Cow<'a, str>),
    Number(u64),
    /// `000` where there was no response.
    Status(u16),
    Seconds(Duration),
    Unknown,
}

impl<'a> Value<'a> {
    fn known(text: Option<&'a str>) -> Self {
        text.map_or(Self::Unknown, |text| Self::Text(Cow::Borrowed(text)))
    }

    fn number(number: Option<u64>) -> Self {
        number.map_or(Self::Unknown, Self::Number)
    }

    /// As CloudFront writes it. What is empty is `-`, as what is missing.
    fn encoded(&self, to: &mut String) {
        use std::fmt::Write;
        match self {
            Self::Text(text) if text.is_empty() => to.push('-'),
            Self::Text(text) => encode(text, to),
            Self::Number(number) => ignored(write!(to, "{number}")),
            Self::Status(status) => ignored(write!(to, "{status:03}")),
            Self::Seconds(time) => ignored(write!(to, "{}.{:03}", time.as_secs(), time.subsec_millis())),
            Self::Unknown => to.push('-'),
        }
    }

    fn json(&self, to: &mut String) {
        use std::fmt::Write;
        match self {
            Self::Text(text) if text.is_empty() => to.push_str("null"),
            Self::Text(text) => quote(text, to),
            Self::Number(number) => ignored(write!(to, "{number}")),
            Self::Status(status) => ignored(write!(to, "{status}")),
            Self::Seconds(_) => self.encoded(to),
            Self::Unknown => to.push_str("null"),
        }
    }
}

/// Bytes 0 to 32, from 127 on, and some signs, as `%XX` (cloudfront 9.7, `[DOC]`): no byte of a request ends a field or a
/// line.
fn encode(text: &str, to: &mut String) {
    use std::fmt::Write;
    for byte in text.bytes() {
        match byte {
            0..=32 | 127.. => ignored(write!(to, "%{byte:02X}")),
            byte if ENCODED.contains(&byte) => ignored(write!(to, "%{byte:02X}")),
            byte => to.push(char::from(byte)),
        }
    }
}

/// A JSON string in which nothing is left that any reader takes for a line's end.
fn quote(text: &str, to: &mut String) {
    use std::fmt::Write;
    to.push('"');
    for character in text.chars() {
        match character {
            '"' => to.push_str("\\\""),
            '\\' => to.push_str("\\\\"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                ignored(write!(to, "\\u{:04x}", u32::from(c)));
            }
            c => to.push(c),
        }
    }
    to.push('"');
}

const ENCODED: &[u8] = b"<>\"#%{}|\\^~[]`'";
const FIELDS: usize = 33;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::observe::access_log::HEAD;

    #[test]
    fn nothing_that_a_viewer_sends_ends_a_field_or_a_line() {
        for (text, encoded, quoted) in [
            ("/a b", "/a%20b", "\"/a b\""),
            ("a\tb\r\nc\0", "a%09b%0D%0Ac%00", "\"a\\u0009b\\u000d\\u000ac\\u0000\""),
            ("~é\u{7f}", "%7E%C3%A9%7F", "\"~é\\u007f\""),
            ("\u{85}\u{2028}", "%C2%85%E2%80%A8", "\"\\u0085\\u2028\""),
            ("<>\"#%{}|\\^[]`'", "%3C%3E%22%23%25%7B%7D%7C%5C%5E%5B%5D%60%27", "\"<>\\\"#%{}|\\\\^[]`'\""),
        ] {
            let (mut field, mut string) = (String::new(), String::new());
            encode(text, &mut field);
            quote(text, &mut string);
            assert_eq!((field.as_str(), string.as_str()), (encoded, quoted));
            assert_eq!(serde_json::from_str::<String>(&string).unwrap(), text);
        }
    }

    #[test]
    fn the_head_names_each_field() {
        assert_eq!(HEAD.lines().nth(1).unwrap().split(' ').count(), FIELDS + 1);
        // `explain` reads a line without its head by the same names.
        assert!(HEAD.split_whitespace().skip(3).eq(crate::paste::STANDARD_FIELDS.split_whitespace()));
    }
}
