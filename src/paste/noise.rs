//! Lines that are understood and name no request: what curl's trace, developer tools and responses print beside one.

use super::assembly::Assembly;
use super::known_words::{is_understood, may_hold_credentials};

/// What the lines so far show.
#[derive(Debug, Default)]
pub(super) struct Noise {
    /// A label of developer tools whose value is on the next line.
    label: Option<&'static str>,
    /// How curl's trace says that it connected.
    is_https: Option<bool>,
    is_in_response: bool,
}

impl Noise {
    pub(super) fn is_https(&self) -> Option<bool> {
        self.is_https
    }

    /// Whether the next line is the value of a label.
    pub(super) fn awaits_value(&self) -> bool {
        self.label.is_some()
    }

    /// Whether the next line is the value of a Cookie header.
    pub(super) fn labels_cookies(&self) -> bool {
        self.label == Some("cookie")
    }

    /// Whether a line is understood.
    pub(super) fn take(&mut self, text: &str) -> bool {
        if let Some(label) = self.label.take() {
            return label == "cookie" || !may_hold_credentials(text) || label == "referrer policy";
        }
        if let Some(trace) = text.strip_prefix('*') {
            self.trace(trace);
            return true;
        }
        let inner = text.trim_start_matches(['<', '>', '|']).trim();
        if is_status_line(inner) {
            self.is_in_response = true;
            return true;
        }
        if inner.is_empty() || is_transfer(text) {
            return true;
        }
        let lower = text.to_ascii_lowercase();
        let label = lower.strip_suffix(':').unwrap_or(&lower).trim();
        if let Some(known) = LABELS.iter().find(|known| **known == label) {
            self.label = Some(known);
            return true;
        }
        if HEADINGS.contains(&label) {
            return true;
        }
        let is_body = self.is_in_response && (text.starts_with('<') || text.starts_with('{'));
        is_body || is_field(inner) || is_tag(text) || is_understood(text)
    }

    /// `* Connected to media.example.com (192.0.2.1) port 443`, `* SSL connection using …`.
    fn trace(&mut self, text: &str) {
        let words = text.to_ascii_lowercase();
        if words.contains("ssl connection") || words.contains("tls") || words.contains("port 443") {
            self.is_https = Some(true);
        } else if words.contains("port 80 ") || words.trim_end().ends_with("port 80") {
            self.is_https = Some(false);
        }
    }
}

/// What a line of a response adds to the link before it.
pub(super) fn note(text: &str, assembly: &mut Assembly) {
    let text = text.trim_start_matches(['<', '|']).trim();
    if is_status_line(text)
        && let Some(open) = assembly.open()
    {
        open.status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
    }
}

/// A line of curl's trace that may name a URL which another line requests.
pub(super) fn is_trace(text: &str) -> bool {
    text.strip_prefix("* ").is_some_and(|rest| {
        let rest = rest.trim_start();
        ["[HTTP/", "Issue another request", "Re-using", "Connection #", "Using HTTP", "h2h3 [", "[:"]
            .iter()
            .any(|begin| rest.starts_with(begin))
    })
}

fn is_status_line(text: &str) -> bool {
    text.strip_prefix("HTTP/").is_some_and(|rest| {
        rest.split(' ')
            .nth(1)
            .is_some_and(|status| status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// `{ [5 bytes data]`, curl's table of progress.
fn is_transfer(text: &str) -> bool {
    (text.starts_with("{ [") || text.starts_with("} [")) && text.ends_with(']')
        || text.starts_with("% Total")
        || text.starts_with("Dload")
}

/// A header that is known and holds no credentials.
fn is_field(text: &str) -> bool {
    let Some((name, value)) = text.split_once(':') else { return false };
    let name = name.trim().to_ascii_lowercase();
    let is_known = FIELDS.contains(&name.as_str())
        || ["accept-", "sec-", "content-", "x-cache", "x-amz-", "access-control-", "if-", "cf-"]
            .iter()
            .any(|begin| name.starts_with(begin));
    is_known && !value.contains("CloudFront-") && !value.contains("Signature=")
}

/// Markup of XML and HTML, and lines of playlists.
fn is_tag(text: &str) -> bool {
    text.starts_with('<') && text.ends_with('>') && !may_hold_credentials(text)
}

/// Of developer tools, in small letters; each has its value behind it or on the next line.
const LABELS: [&str; 22] = [
    "request url",
    "request method",
    "status code",
    "remote address",
    "referrer policy",
    "cookie",
    "accept",
    "accept-encoding",
    "accept-language",
    "connection",
    "host",
    "origin",
    "referer",
    "range",
    "user-agent",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "priority",
];
/// Above lists, in small letters.
const HEADINGS: [&str; 11] = [
    "cookies",
    "headers",
    "general",
    "request headers",
    "response headers",
    "request cookies",
    "response cookies",
    "query string parameters",
    "query string",
    "payload",
    "form data",
];
const FIELDS: [&str; 44] = [
    "accept",
    "age",
    "allow",
    "alt-svc",
    "authority",
    "cache-control",
    "cf-cache-status",
    "connection",
    "date",
    "dnt",
    "etag",
    "expires",
    "host",
    "keep-alive",
    "last-modified",
    "location",
    "method",
    "origin",
    "path",
    "pragma",
    "priority",
    "range",
    "referer",
    "referrer policy",
    "remote address",
    "request headers",
    "request method",
    "request url",
    "response headers",
    "retry-after",
    "scheme",
    "server",
    "server-timing",
    "status",
    "status code",
    "te",
    "timing-allow-origin",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "vary",
    "via",
    "x-requested-with",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tools_print_is_understood_and_credentials_never_are() {
        for text in [
            "* Connected to a.com",
            "< HTTP/2 403",
            "< server: CloudFront",
            "accept: */*",
            "User-Agent: Mozilla/5.0",
            "Request Method: GET",
            "403 (Forbidden)",
            "{ [5 bytes data]",
            "<",
            "Status Code: 403 Forbidden",
        ] {
            assert!(Noise::default().take(text), "{text}");
        }
        for text in [
            "x-cookie: CloudFront-Policy=a",
            "hello there",
            "accept: CloudFront-Signature=x",
            "Signature=abc",
        ] {
            assert!(!Noise::default().take(text), "{text}");
        }
        let mut noise = Noise::default();
        assert!(noise.take("Cookie") && noise.labels_cookies());
        assert!(noise.take("* SSL connection using TLSv1.3") && noise.is_https().is_none());
    }
}
