//! Every caller of the decision gives the same answer: the proxy, the verifier, the tower layer, `explain` and the console.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::path::Path;

use bytes::Bytes;
use frontgate::tower::VerifyLayer;
use frontgate::viewer::Country;
use frontgate::{Verdict, Verifier};
use http::{Request, Response};
use serde_json::Value;
use tower::{Layer, ServiceExt, service_fn};

use crate::explain_inputs::piped;
use crate::support::configs;
use crate::support::console::numbers;
use crate::support::{Edge, RecordingOrigin, stdout, wait_for};

const HOST: &str = "d111111abcdef8.cloudfront.net";

/// A request and the answer to it.
struct Case {
    method: &'static str,
    host: &'static str,
    target: String,
    headers: Vec<(&'static str, String)>,
    country: &'static str,
    reason: &'static str,
    status: u16,
}

/// What one caller answers.
#[derive(Debug, PartialEq)]
struct Answer {
    reason: String,
    status: u16,
}

impl Answer {
    fn new(reason: Option<&str>, status: u16) -> Self {
        Self { reason: reason.unwrap_or("allowed").to_owned(), status }
    }
}

fn get(target: &str, reason: &'static str, status: u16) -> Case {
    Case {
        method: "GET",
        host: HOST,
        target: target.to_owned(),
        headers: Vec::new(),
        country: "DE",
        reason,
        status,
    }
}

fn cases() -> Vec<Case> {
    let cookies = |target, reason, status, bytes| Case {
        headers: vec![("Cookie", format!("a={}", "x".repeat(bytes)))],
        ..get(target, reason, status)
    };
    let many = format!("/{}x", "//;a/%2e%2F\\..".repeat(9));
    vec![
        get("/public/x", "allowed", 200),
        get("/x", "missing-key-pair-id", 403),
        cookies("/public/x", "allowed", 200, 30_000),
        cookies("/public/x", "too-large", 413, 40_000),
        cookies("/x", "too-large", 413, 40_000),
        Case { headers: vec![("X-Long", "x".repeat(40_000))], ..get("/public/x", "too-large", 413) },
        get(&format!("/public/{}", "x".repeat(8_200)), "too-large", 413),
        Case { host: "evil.example.org", ..get("/public/x", "unknown-host", 403) },
        Case { country: "FR", ..get("/public/x", "geo-blocked", 403) },
        Case { country: "FR", ..get("/https/x", "geo-blocked", 403) },
        get(&many, "bad-request", 400),
        get("/https/x", "https-required", 403),
        get("/redirect/x", "redirect-to-https", 301),
        Case { method: "POST", ..get("/redirect/x", "redirect-to-https", 307) },
        Case { method: "POST", ..get("/get/x", "method-not-allowed", 403) },
        with_body(get("/public/x", "bad-request", 403)),
        with_body(get("/x", "bad-request", 403)),
        with_body(preflight("/exempt/x", "bad-request", 400)),
        preflight("/exempt/x", "allowed", 200),
        preflight("/x", "missing-key-pair-id", 403),
    ]
}

fn with_body(mut case: Case) -> Case {
    case.headers.push(("Content-Length", "4".to_owned()));
    case
}

fn preflight(target: &str, reason: &'static str, status: u16) -> Case {
    let headers = [("Origin", "https://a.example.com"), ("Access-Control-Request-Method", "GET")];
    Case {
        method: "OPTIONS",
        headers: headers.map(|(name, value)| (name, value.to_owned())).to_vec(),
        ..get(target, reason, status)
    }
}

fn config(origin: &str) -> String {
    let exempt = "[[distributions.cache-behaviors]]\npath-pattern = \"/exempt/*\"\ntarget-origin = \"app\"\n\
                  trusted-key-groups = [\"one\"]\npreflight-without-credentials = true\n\
                  allowed-methods = [\"GET\", \"HEAD\", \"OPTIONS\"]\n";
    format!(
        "[server]\nunknown-host = \"refuse\"\n[admin]\nlisten = \"127.0.0.1:0\"\n{}{exempt}\
         [distributions.geo-restriction]\nblock = [\"FR\"]\n",
        configs::main(origin)
    )
}

impl Case {
    /// The request as it is sent over HTTP/1.1. Who pastes it into `explain` knows that it came over plain HTTP.
    fn text(&self) -> String {
        let mut text = format!(
            "{} {} HTTP/1.1\r\nHost: {}\r\nX-Forwarded-Proto: http\r\n",
            self.method, self.target, self.host
        );
        for (name, value) in &self.headers {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        text + "\r\n"
    }

    fn request(&self) -> Request<()> {
        let mut request = Request::builder().method(self.method).uri(&self.target).header("host", self.host);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request.body(()).unwrap()
    }

    fn by_proxy(&self, edge: &Edge) -> Answer {
        let (line, rest) = self.text().split_once("\r\n").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let test = format!("X-Frontgate-Viewer-Country: {}\r\nConnection: close\r\n", self.country);
        let body = if self.text().contains("Content-Length: 4") { "body" } else { "" };
        let response = edge.send(format!("{line}\r\n{test}{rest}{body}"));
        Answer::new(response.reason(), response.status)
    }

    /// What the console says of the request that the proxy has just answered.
    fn by_console(&self, edge: &Edge, known: u64) -> Answer {
        let number = wait_for(|| numbers(edge).first().copied().filter(|number| *number > known));
        let page = edge.admin_page(&format!("/requests/{number}")).text();
        let part = |begin: &str, end: char| -> String {
            let (_, rest) = page.split_once(begin).unwrap_or_else(|| panic!("no {begin} in {page:.9000}"));
            rest.split(end).next().unwrap().to_owned()
        };
        // A URL that is too long to be kept has no verdict but what the proxy has answered.
        if page.contains("too long to be kept") {
            return Answer::new(
                Some(&part("<dt>Reason</dt><dd>", '<')),
                part("badge s4\">", '<').parse().unwrap(),
            );
        }
        let verdict = part("id=\"verdict\">", '<');
        let reason = verdict.split_once("enied, ").map(|(_, reason)| reason.trim().to_owned());
        let gets = part("The viewer gets ", '.');
        let status = gets.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(200);
        Answer::new(reason.as_deref(), status)
    }

    #[expect(clippy::disallowed_methods, reason = "the proxy beside it judges at the present time")]
    fn by_verifier(&self, verifier: &Verifier) -> Answer {
        let address: std::net::IpAddr = [203, 0, 113, 9].into();
        match verifier.verify(&self.request().into_parts().0, std::time::SystemTime::now(), address) {
            Verdict::Allowed(_) => Answer::new(None, 200),
            Verdict::Denied(denied) => Answer::new(Some(denied.reason()), denied.status().as_u16()),
        }
    }

    fn by_tower(&self, verifier: &Verifier) -> Answer {
        let application =
            service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::new(Bytes::new())) });
        let layer =
            VerifyLayer::new(verifier.clone()).address(|_| Some([203, 0, 113, 9].into())).tells_reason();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let response = runtime.block_on(layer.layer(application).oneshot(self.request())).unwrap();
        let reason = response.headers().get("x-frontgate-reason").map(|reason| reason.to_str().unwrap());
        Answer::new(reason, response.status().as_u16())
    }

    fn by_explain(&self, config: &str) -> Answer {
        let args = ["--config", config, "--country", self.country, "--json"];
        let output = piped(&args, self.text().as_bytes());
        let json: Value = serde_json::from_str(&stdout(&output))
            .unwrap_or_else(|error| panic!("{}: {error}: {output:?}", self.target));
        Answer::new(json["reason"].as_str(), json["status"].as_u64().unwrap().try_into().unwrap())
    }
}

#[test]
fn proxy_verifier_tower_explain_and_console_give_the_same_answer() {
    let origin = RecordingOrigin::start();
    let text = config(&origin.url());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, &text).unwrap();
    let file = file.display().to_string();
    let distributions = frontgate::config::parse(Path::new("config.toml"), &text).unwrap().distributions;
    let edge = Edge::serve(&text);
    for case in cases() {
        let expected = Answer::new(Some(case.reason), case.status);
        let country = Country::parse(case.country);
        let verifier = Verifier::new(distributions.clone()).with_countries(move |_| country);
        let known = numbers(&edge).first().copied().unwrap_or(0);
        for (caller, answer) in [
            ("proxy", case.by_proxy(&edge)),
            ("console", case.by_console(&edge, known)),
            ("verifier", case.by_verifier(&verifier)),
            ("tower", case.by_tower(&verifier)),
            ("explain", case.by_explain(&file)),
        ] {
            let shown = case.target.get(..40).unwrap_or(&case.target);
            assert_eq!(answer, expected, "{caller}: {} {shown} of {}", case.method, case.host);
        }
    }
}
