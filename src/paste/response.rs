//! A response as `curl -i` prints it, or `curl -v`.

use crate::identity::POP;

/// Status and headers.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResponseHead {
    pub(crate) status: Option<u16>,
    pub(crate) headers: Vec<(String, String)>,
}

impl ResponseHead {
    /// A header's first value.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether a header's value begins so, in any case.
    pub(crate) fn begins(&self, name: &str, with: &str) -> bool {
        let begin = self.get(name).and_then(|value| value.get(..with.len()));
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(with))
    }

    /// Whether CloudFront had a part in it.
    pub(crate) fn came_through_cloudfront(&self) -> bool {
        ["X-Amz-Cf-Id", "X-Amz-Cf-Pop"].iter().any(|name| self.get(name).is_some())
            || self.get("Via").is_some_and(|via| via.contains("(CloudFront)"))
            || self.get("X-Cache").is_some_and(|cache| cache.ends_with("from cloudfront"))
    }

    /// What shows that.
    pub(crate) fn of_cloudfront(&self) -> Vec<String> {
        let mut evidence = Vec::new();
        for (name, word) in
            [("Server", "CloudFront"), ("X-Cache", "from cloudfront"), ("Via", "(CloudFront)")]
        {
            if let Some(value) = self.get(name).filter(|value| value.contains(word)) {
                evidence.push(format!("{name}: {value}"));
            }
        }
        if self.get("X-Amz-Cf-Pop") == Some(POP) {
            evidence.push(format!(
                "X-Amz-Cf-Pop: {POP}, so the response comes from Frontgate, in CloudFront's place"
            ));
        }
        evidence
    }
}

/// The last response of a text, since redirects and proxies come first, and its body.
pub(crate) fn read(text: &str) -> (ResponseHead, String) {
    let is_verbose = text.lines().any(|line| line.starts_with("< HTTP/"));
    let text = if is_verbose { of_verbose(text) } else { text.replace("\r\n", "\n") };
    let mut head = ResponseHead::default();
    let mut rest = text.trim_start();
    while let Some(status) = status_line(rest) {
        let (lines, after) = rest.split_once("\n\n").unwrap_or((rest.trim_end(), ""));
        let headers = lines.lines().skip(1).filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
        head = ResponseHead { status: Some(status), headers: headers.take(MAX_HEADERS).collect() };
        rest = after;
    }
    // Somebody pasted headers alone, without the status line.
    if head.status.is_none() && !rest.starts_with('<') {
        let (lines, after) = rest.split_once("\n\n").unwrap_or((rest, ""));
        let headers: Option<Vec<(String, String)>> = lines.lines().map(header).collect();
        if let Some(headers) = headers.filter(|headers| !headers.is_empty()) {
            return (ResponseHead { status: None, headers }, after.to_owned());
        }
    }
    (head, rest.to_owned())
}

fn status_line(text: &str) -> Option<u16> {
    let line = text.lines().next()?.strip_prefix("HTTP/")?;
    line.split(' ').nth(1)?.parse().ok()
}

fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_name.then(|| (name.to_owned(), value.trim().to_owned()))
}

/// `< ` before what came back; `* `, `> ` and `{ ` are curl's own.
fn of_verbose(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for line in text.lines() {
        let own = ["* ", "> ", "{ ", "} ", "*", ">"].iter().any(|sign| line.starts_with(sign));
        if own && !line.starts_with("<") {
            continue;
        }
        let line = if line == "<" { "" } else { line.strip_prefix("< ").unwrap_or(line) };
        plain.push_str(line.trim_end_matches('\r'));
        plain.push('\n');
    }
    plain
}

const MAX_HEADERS: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_response_counts() {
        let text = "HTTP/1.1 200 Connection established\r\n\r\nHTTP/2 403 \r\nServer: CloudFront\r\nx-cache: a: b\r\n\r\n<x>\n\nHTTP/1.1";
        let (head, body) = read(text);
        assert_eq!((head.status, head.get("X-Cache")), (Some(403), Some("a: b")));
        assert_eq!(body, "<x>\n\nHTTP/1.1");
        assert!(head.begins("SERVER", "cloudf") && !head.begins("server", "amazon"));
        let (head, body) =
            read("* Connected\n> GET / HTTP/2\n>\n< HTTP/2 403 \n< server: AmazonS3\n<\n* more\n<Error>\n");
        assert_eq!(
            (head.status, head.get("server"), body.as_str()),
            (Some(403), Some("AmazonS3"), "<Error>\n")
        );
        let (head, body) = read("Server: x\nX-Cache: y\n\nbody");
        assert_eq!((head.status, head.headers.len(), body.as_str()), (None, 2, "body"));
        assert_eq!(read("<Error></Error>").1, "<Error></Error>");
    }
}
