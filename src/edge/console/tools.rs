//! What can be taken along from a request: its URL, a curl command, a report; and signing the same URL again.

use std::fmt::Write as _;

use super::html::{Html, html};
use super::secrets::Secrets;
use super::snippets::shell;
use crate::access::credentials::without_signing_parameters;
use crate::edge::observe::recent_requests::{Fields, Record};
use crate::edge::state::dev_signer::DevSigner;
use crate::explain::report::{self, Paint};
use crate::explain::{Explanation, OwnedRequest};
use crate::redact::redacted_by_shape;

/// The URL that was requested, as it is signed: without signing parameters, and without whatever looks like a signature.
fn unsigned_url(inquiry: &OwnedRequest) -> String {
    let (path, query) = match inquiry.target.split_once('?') {
        Some((path, query)) => (path, without_signing_parameters(query)),
        None => (&*inquiry.target, None),
    };
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let target = format!("{path}{query}");
    format!("{}://{}{}", inquiry.scheme, redacted_by_shape(&inquiry.authority), redacted_by_shape(&target))
}

/// A command that makes the same request; of a signed one with a new signature, since the old one isn't shown.
fn curl(inquiry: &OwnedRequest, fields: &Fields, signer: Option<&DevSigner>) -> String {
    let mut command = "curl -g -i".to_owned();
    match inquiry.method.as_str() {
        "GET" => {}
        "HEAD" => command.push_str(" -I"),
        method => command += &format!(" -X {}", shell(method)),
    }
    for (name, value) in fields.iter() {
        if REPEATED.contains(&name) || name.starts_with("x-frontgate-") {
            command += &format!(" \\\n  -H {}", shell(&format!("{name}: {value}")));
        }
    }
    let url = unsigned_url(inquiry);
    let is_signed = inquiry.target.contains("Key-Pair-Id=") || !inquiry.cookies.is_empty();
    if is_signed {
        let (id, file) = match signer {
            Some(signer) => (signer.key_pair_id.clone(), signer.key_file.display().to_string()),
            None => ("KEY_PAIR_ID".to_owned(), "PRIVATE_KEY.pem".to_owned()),
        };
        let _ = write!(
            command,
            " \\\n  \"$(frontgate sign url {} \\\n    --key-pair-id {} --private-key {} --expires-in 1h)\"",
            shell(&url),
            shell(&id),
            shell(&file)
        );
    } else {
        command += &format!(" \\\n  {}", shell(&url));
    }
    command.push('\n');
    command
}

/// What one sends to a colleague.
fn report(record: &Record, inquiry: &OwnedRequest, explanation: &Explanation, secrets: &Secrets) -> String {
    let mut text = format!(
        "{} {}://{}{}\n",
        inquiry.method,
        inquiry.scheme,
        redacted_by_shape(&inquiry.authority),
        record.shown_target()
    );
    let _ = writeln!(
        text,
        "responded: {}",
        if record.status == 0 { "the viewer left".to_owned() } else { record.status.to_string() }
    );
    text += &report::text(explanation, Paint(false));
    let mut text = secrets.cut(&text);
    text.push('\n');
    if let Some(id) = record.id() {
        // Chance made it, as it made a signature; but it grants nothing.
        let _ = writeln!(text, "X-Amz-Cf-Id: {id}");
    }
    let _ = writeln!(text, "Frontgate {}", env!("CARGO_PKG_VERSION"));
    text
}

/// The buttons above a request. They copy what [`texts`] shows.
pub(super) fn buttons(out: &mut Html, inquiry: &OwnedRequest, signer: Option<&DevSigner>) {
    html!(out; "<div class=\"tools\">");
    for (target, name) in
        [("copied-url", "URL"), ("copied-curl", "curl command"), ("copied-report", "report")]
    {
        html!(out; "<button type=\"button\" class=\"copy\" data-copy=\"" (target) "\" hidden>Copy<span> " (name) "</span></button>");
    }
    if signer.is_some() {
        html!(out; "<form method=\"post\" action=\"/sign\"><input type=\"hidden\" name=\"url\" value=\"" (unsigned_url(inquiry))
            "\"><input type=\"hidden\" name=\"lifetime\" value=\"1h\"><button>Sign this URL again</button></form>");
    }
    html!(out; "</div>");
}

/// The same as text, for reading and for browsers without a script.
pub(super) fn texts(
    out: &mut Html,
    record: &Record,
    inquiry: &OwnedRequest,
    explanation: &Explanation,
    signer: Option<&DevSigner>,
) {
    let secrets = Secrets::of(inquiry);
    html!(out; "<section class=\"texts\" aria-labelledby=\"texts-title\"><h2 id=\"texts-title\">To copy</h2>");
    for (id, name, text) in [
        ("copied-url", "URL, as it is signed", unsigned_url(inquiry)),
        ("copied-curl", "curl command", secrets.cut(&curl(inquiry, &record.fields[0], signer))),
        ("copied-report", "Report", report(record, inquiry, explanation, &secrets)),
    ] {
        html!(out; "<details class=\"code\"><summary>" (name) "</summary><pre tabindex=\"0\" id=\"" (id) "\">" (text) "</pre></details>");
    }
    html!(out; "</section>");
}

/// The header fields of request and response.
pub(super) fn fields(out: &mut Html, record: &Record) {
    let secrets = Secrets::of(&record.inquiry);
    for (name, fields) in ["Request headers", "Response headers"].into_iter().zip(&record.fields) {
        if fields.is_empty() {
            continue;
        }
        html!(out; "<details class=\"fields-list\"><summary>" (name) " <span class=\"count\">" (fields.iter().count())
            "</span></summary><dl>");
        for (name, value) in fields.iter() {
            let value = match record.id() {
                Some(id) if name == "x-amz-cf-id" && value == id => value.to_owned(),
                _ => secrets.cut(value),
            };
            html!(out; "<div><dt>" (name) "</dt><dd>" (value) "</dd></div>");
        }
        html!(out; "</dl></details>");
    }
}

/// Header fields that change what is responded, and hold no secret.
const REPEATED: [&str; 10] = [
    "accept",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "content-type",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "origin",
    "range",
];

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::epoch::EpochSeconds;

    fn inquiry(url: &str) -> OwnedRequest {
        OwnedRequest::of_url(url, EpochSeconds(0)).unwrap().0
    }

    #[test]
    fn the_url_is_the_one_to_sign_again() {
        for (sent, unsigned) in [
            ("http://a/x?b=1&Expires=5&Signature=S3CRET&Key-Pair-Id=K&c=2", "http://a/x?b=1&c=2"),
            ("http://a/x?Expires=5&Signature=S3CRET&Key-Pair-Id=K", "http://a/x"),
            ("http://a/x", "http://a/x"),
            ("http://a/x?signature=S3CRET", "http://a/x?signature=…"),
        ] {
            assert_eq!(unsigned_url(&inquiry(sent)), unsigned);
        }
    }

    #[test]
    fn a_command_repeats_what_counts_and_no_secret() {
        let headers: HeaderMap = [("range", "bytes=0-9"), ("cookie", "a=S3CRET"), ("x-frontgate-now", "+3h")]
            .into_iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        let command =
            curl(&inquiry("http://a/it's?Key-Pair-Id=K&Signature=S3CRET"), &Fields::of(&headers), None);
        for part in
            ["-H 'range: bytes=0-9'", "-H 'x-frontgate-now: +3h'", "frontgate sign url 'http://a/it'\\''s'"]
        {
            assert!(command.contains(part), "{command}");
        }
        assert!(!command.contains("S3CRET") && !command.contains("cookie"), "{command}");
        assert_eq!(curl(&inquiry("http://a/x"), &Fields::default(), None), "curl -g -i \\\n  'http://a/x'\n");
    }
}
