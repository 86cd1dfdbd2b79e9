//! The conformance table over sockets: a row's request, and how its answer is judged.

use std::fmt::Write as _;
use std::io::Write as _;

use serde_json::Value;

use super::conformance_table::{self, Case};
use super::{Raw, RecordingOrigin, Response, root, sign_raw};

impl Case {
    /// The request, placeholders filled in.
    pub(crate) fn request(&self, signature: &[u8]) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if !self.headers.iter().any(|line| line.to_ascii_lowercase().starts_with("host:")) && self.host != "-"
        {
            let _ = write!(text, "Host: {}\r\n", self.host);
        }
        let _ = write!(text, "Connection: close\r\nX-Frontgate-Now: {}\r\n", self.now);
        let _ = write!(text, "X-Frontgate-Viewer-Ip: {}\r\n", self.ip);
        for line in &self.headers {
            let _ = write!(text, "{line}\r\n");
        }
        self.fill(&(text + "\r\n"), signature).into_bytes()
    }

    /// The same request as HTTP/2 sends it: header fields, pseudo-headers first.
    pub(crate) fn fields(&self, signature: &[u8]) -> Vec<(String, String)> {
        let pair = |name: &str, value: &str| (name.to_owned(), self.fill(value, signature));
        let mut fields = vec![
            pair(":method", &self.method),
            pair(":scheme", "https"),
            pair(":authority", &self.host),
            pair(":path", &self.target),
            pair("x-frontgate-now", &self.now.to_string()),
            pair("x-frontgate-viewer-ip", &self.ip),
            // The table is of viewers that speak plain HTTP, which those of a TLS listener do to a proxy before it.
            pair("x-forwarded-proto", "http"),
        ];
        for line in &self.headers {
            let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("no header: {line:?}"));
            fields.push(pair(&name.to_ascii_lowercase(), value));
        }
        fields
    }

    pub(crate) fn judge(&self, answer: &Answer) -> Result<(), String> {
        let reason = answer.reason.as_deref();
        let found = reason.unwrap_or(if answer.status == 200 { "allow" } else { "no reason" });
        if found != self.expect {
            return Err(format!("expected {}, found {found} ({})", self.expect, answer.status));
        }
        let allowed = self.is_allowed();
        if allowed != answer.asked.is_some() {
            return Err(format!("the origin was {}asked", if allowed { "not " } else { "" }));
        }
        let status = self.status();
        if answer.status != status {
            return Err(format!("expected status {status}, found {}", answer.status));
        }
        if let Some(code) = self.code()
            && self.method != "HEAD"
            && !answer.text.contains(&format!("<Code>{code}</Code>"))
        {
            return Err(format!("expected code {code} in {}", answer.text));
        }
        if self.origin_target.is_some() && self.origin_target != answer.asked {
            return Err(format!(
                "expected the origin to be asked for {:?}: {:?}",
                self.origin_target, answer.asked
            ));
        }
        Ok(())
    }
}

/// An answer, whatever protocol it came by.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) reason: Option<String>,
    /// The target that the origin was asked for.
    pub(crate) asked: Option<String>,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn of(response: &Response) -> Self {
        let header = |name| response.header(name).map(str::to_owned);
        Self {
            status: response.status,
            reason: header("x-frontgate-reason"),
            asked: header("x-asked"),
            text: response.text(),
        }
    }

    pub(crate) fn of_http2(answer: &Value) -> Result<Self, String> {
        if let Some(why) = answer["broken"].as_str() {
            return Err(why.to_owned());
        }
        let headers = answer["headers"].as_array().ok_or("no headers")?;
        let header = |name| {
            let field = headers.iter().find(|field| field[0] == name)?;
            field[1].as_str().map(str::to_owned)
        };
        Ok(Self {
            status: answer["status"].as_u64().and_then(|status| status.try_into().ok()).ok_or("no status")?,
            reason: header("x-frontgate-reason"),
            asked: header("x-asked"),
            text: answer["body"].as_str().unwrap_or_default().to_owned(),
        })
    }
}

/// An origin that says what it was asked for.
pub(crate) fn telling_origin() -> RecordingOrigin {
    RecordingOrigin::answering(|request, stream| {
        let target = request.target();
        write!(stream, "HTTP/1.1 200 OK\r\nX-Asked: {target}\r\nContent-Length: 5\r\n\r\nhello").is_ok()
    })
}

pub(crate) fn cases() -> Vec<Case> {
    conformance_table::cases(&root().join("tests/conformance"))
}

pub(crate) fn signatures(cases: &[Case]) -> Vec<Vec<u8>> {
    let raw = |case: &Case| Raw {
        key: case.key.clone(),
        hash: case.hash.clone(),
        scheme: case.scheme.clone(),
        message: case.signed(),
    };
    sign_raw(&cases.iter().map(raw).collect::<Vec<_>>())
}
