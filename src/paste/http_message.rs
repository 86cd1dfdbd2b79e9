//! The head of a request as it is sent: HTTP/1.1, the pseudo headers of HTTP/2 as developer tools list them, and curl's trace.

use http::Method;

use super::link::Link;
use crate::access::Framing;

/// A head that is read line by line.
#[derive(Debug, Default)]
pub(super) struct RequestHead {
    pub(super) line: usize,
    /// Whether it is curl's trace of a request, which the request itself follows.
    pub(super) is_trace: bool,
    /// Method and target of the first line.
    request: Option<(String, String)>,
    fields: Vec<(String, String)>,
    /// Whether names and values are on lines of their own.
    has_lines_of_values: bool,
    /// A name whose value is on the next line.
    name: Option<String>,
}

/// What a line is to the head before it.
pub(super) enum Part {
    /// A part of it.
    Inner,
    /// Its end, and nothing else.
    End,
    /// No part of it.
    Other,
}

impl RequestHead {
    /// The head that a line begins.
    pub(super) fn begin(line: &str, number: usize) -> Option<Self> {
        let is_trace = traced_field(line.trim()).is_some();
        let line = without_mark(line);
        let mut head = Self { line: number, is_trace, ..Self::default() };
        if let Some(request) = request_line(line) {
            head.request = Some(request);
            return Some(head);
        }
        let (name, value) = pseudo(line)?;
        match value {
            Some(value) => head.fields.push((name, value)),
            None => {
                head.has_lines_of_values = true;
                head.name = Some(name);
            }
        }
        Some(head)
    }

    pub(super) fn push(&mut self, line: &str) -> Part {
        let text = without_mark(line);
        if let Some(name) = self.name.take() {
            self.fields.push((name, text.to_owned()));
            return Part::Inner;
        }
        if text.is_empty() {
            return Part::End;
        }
        let is_other = line.trim_start().starts_with(['<', '*', '{']) && traced_field(line.trim()).is_none();
        if is_other || self.fields.len() >= MAX_FIELDS {
            return Part::Other;
        }
        if let Some((name, value)) = pseudo(text) {
            match value {
                Some(value) => self.fields.push((name, value)),
                None => self.name = Some(name),
            }
            return Part::Inner;
        }
        // A line that was folded.
        if line.starts_with([' ', '\t'])
            && !line.trim_start().starts_with('>')
            && let Some((_, value)) = self.fields.last_mut()
        {
            value.push_str(text);
            return Part::Inner;
        }
        match field(text) {
            Some(field) => self.fields.push(field),
            None if self.has_lines_of_values && is_name(text) => self.name = Some(text.to_ascii_lowercase()),
            None => return Part::Other,
        }
        Part::Inner
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The request; `is_https` is what the text around it shows.
    ///
    /// # Errors
    /// What is missing.
    pub(super) fn into_link(self, place: &str, is_https: Option<bool>) -> Result<Link, &'static str> {
        let method = self.request.as_ref().map(|(method, _)| method.as_str()).or_else(|| self.get(":method"));
        let method = method.and_then(|method| Method::from_bytes(method.as_bytes()).ok());
        let target = self.request.as_ref().map(|(_, target)| target.as_str()).or_else(|| self.get(":path"));
        let target = target.ok_or("path")?;
        let mut notes = Vec::new();
        let url = if target.contains("://") && !target.starts_with('/') {
            target.to_owned()
        } else {
            let host = self.get(":authority").or_else(|| self.get("host")).ok_or("host")?.to_owned();
            let scheme = match self.scheme(&host, is_https) {
                Ok(scheme) => scheme,
                Err(scheme) => {
                    notes.push(format!("the scheme isn't in the text: {scheme} was taken"));
                    scheme
                }
            };
            format!("{scheme}://{host}{}{target}", if target.starts_with('/') { "" } else { "/" })
        };
        let has = |name: &str| self.get(name).is_some();
        let is_preflight =
            method == Some(Method::OPTIONS) && has("origin") && has("access-control-request-method");
        let cookies = self.fields.iter().filter(|(name, _)| name == "cookie").map(|(_, value)| value.clone());
        let cookies: Vec<String> = cookies.collect();
        for (name, value) in &self.fields {
            if name != "cookie" && value.contains("CloudFront-Signature") {
                notes.push(format!("the header {name} holds signing cookies; CloudFront reads Cookie alone"));
            }
        }
        let framing = self.framing(method.as_ref().unwrap_or(&Method::GET), target.len());
        Ok(Link {
            is_as_sent: true,
            method,
            cookies,
            is_preflight,
            framing,
            notes,
            ..Link::found_at(place, url)
        })
    }

    /// The size of the head, as HTTP/1.1 writes it, and whether it announces a body.
    fn framing(&self, method: &Method, target: usize) -> Framing {
        let has_body = self.get("content-length").is_some_and(|length| length != "0")
            || self.get("transfer-encoding").is_some();
        let fields = self.fields.iter().filter(|(name, _)| !name.starts_with(':'));
        Framing::of_lengths(method, target, fields.map(|(name, value)| (name.len(), value.len())), has_body)
    }

    /// The scheme, or as an error the one that is likely.
    fn scheme(&self, host: &str, is_https: Option<bool>) -> Result<&'static str, &'static str> {
        let told = self.get(":scheme").or_else(|| self.get("x-forwarded-proto"));
        let told = told.or_else(|| self.get("cloudfront-forwarded-proto")).map(|scheme| scheme == "https");
        let name = host.rsplit_once(':').map_or(host, |(name, port)| {
            if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
        });
        let port = host.strip_prefix(name).and_then(|port| port.strip_prefix(':'));
        let same = |field: &str| {
            let (scheme, rest) = self.get(field)?.split_once("://")?;
            let rest = rest.split(['/', '?']).next()?;
            (rest == host).then_some(scheme == "https")
        };
        let by_port = match port {
            Some("443") => Some(true),
            Some("80") => Some(false),
            _ => None,
        };
        let known = told.or(is_https).or(by_port).or_else(|| same("referer")).or_else(|| same("origin"));
        let name_of = |is_https: bool| if is_https { "https" } else { "http" };
        let is_local = name == "localhost" || name.ends_with(".localhost") || name.starts_with("127.");
        known.map(name_of).ok_or(if is_local { "http" } else { "https" })
    }
}

/// Without curl's `> `.
fn without_mark(line: &str) -> &str {
    // Wireshark writes the line's end as text.
    let line = line.trim().trim_end_matches("\\n").trim_end_matches("\\r");
    if let Some(field) = traced_field(line) {
        return field;
    }
    line.strip_prefix('>').unwrap_or(line).trim()
}

/// A field as curl traces it over HTTP/2 and HTTP/3: `* [HTTP/2] [1] [:path: /a.jpg]`.
fn traced_field(line: &str) -> Option<&str> {
    let (protocol, rest) = line.strip_prefix("* [")?.split_once("] [")?;
    let (_, field) = rest.split_once("] [")?;
    protocol.starts_with("HTTP/").then_some(field.strip_suffix(']')?.trim())
}

fn request_line(line: &str) -> Option<(String, String)> {
    let (method, rest) = line.split_once(' ')?;
    let (target, version) = rest.rsplit_once(' ')?;
    let is_method =
        !method.is_empty() && method.len() <= 10 && method.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_version = version
        .strip_prefix("HTTP/")
        .is_some_and(|number| number.len() <= 3 && number.starts_with(|c: char| c.is_ascii_digit()));
    let target = target.trim();
    let is_target = target.starts_with('/') || target.contains("://");
    (is_method && is_version && is_target).then(|| (method.to_owned(), target.to_owned()))
}

/// A pseudo header, with its value where that is on the same line.
fn pseudo(line: &str) -> Option<(String, Option<String>)> {
    PSEUDO.iter().find_map(|name| {
        let rest = line.strip_prefix(name)?;
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        let is_whole = rest.is_empty() || rest.starts_with(char::is_whitespace);
        let value = Some(rest.trim().to_owned()).filter(|value| !value.is_empty());
        is_whole.then(|| ((*name).to_owned(), value))
    })
}

fn field(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    is_name(name).then(|| (name.to_ascii_lowercase(), value.trim().to_owned()))
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_NAME
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

const PSEUDO: [&str; 5] = [":authority", ":method", ":path", ":scheme", ":status"];
const MAX_FIELDS: usize = 500;
const MAX_NAME: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn link(text: &str) -> Result<Link, &'static str> {
        let mut lines = text.lines();
        let mut head = RequestHead::begin(lines.next().unwrap(), 1).expect("a head");
        for line in lines {
            if !matches!(head.push(line), Part::Inner) {
                break;
            }
        }
        head.into_link("x", None)
    }

    #[test]
    fn heads_are_read_as_they_are_sent_and_as_tools_list_them() {
        for (text, url) in [
            ("GET /x?b=1 HTTP/1.1\nHost: a.com\ncookie: c=1", "https://a.com/x?b=1"),
            ("> GET /x?b=1 HTTP/2\n> Host: a.com\n> cookie: c=1\n>\n< HTTP/2 403", "https://a.com/x?b=1"),
            (
                ":authority: a.com\n:method: GET\n:path: /x?b=1\n:scheme: https\ncookie: c=1",
                "https://a.com/x?b=1",
            ),
            (
                ":authority\na.com\n:method\nGET\n:path\n/x?b=1\n:scheme\nhttp\ncookie\nc=1",
                "http://a.com/x?b=1",
            ),
            ("GET http://a.com/x HTTP/1.1\nHost: b.com\ncookie: c=1", "http://a.com/x"),
            ("GET /x HTTP/1.1\nHost: localhost:8080\ncookie: c=1", "http://localhost:8080/x"),
            ("GET /x HTTP/1.1\nHost: a.com\nReferer: http://a.com/\ncookie: c=1", "http://a.com/x"),
        ] {
            let link = link(text).unwrap();
            assert_eq!((link.url.as_str(), link.cookies.join("; ").as_str()), (url, "c=1"), "{text}");
            assert_eq!(link.method, Some(Method::GET));
        }
        assert_eq!(link("GET /x HTTP/1.1\nAccept: x").unwrap_err(), "host");
        for line in ["GET x", "Host: a.com", "https://a.com/", ":authorityx", "get /x HTTP/1.1"] {
            assert!(RequestHead::begin(line, 1).is_none(), "{line}");
        }
    }
}
