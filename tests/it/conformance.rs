//! The conformance table of `tests/conformance`, judged over real sockets, with signatures that Python made.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Deserialize;

use crate::sites;
use crate::support::{Edge, Raw, RecordingOrigin, Response, canned, cloudfront_base64, root, sign_raw};

#[derive(Deserialize)]
struct Table {
    case: Vec<Case>,
}

/// One fact about CloudFront, as a request and the answer to it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Case {
    id: String,
    section: String,
    evidence: String,
    says: String,
    canned: Option<Canned>,
    policy: Option<String>,
    policy_hex: Option<String>,
    signs: Option<String>,
    #[serde(default = "rsa")]
    key: String,
    #[serde(default = "sha1")]
    hash: String,
    scheme: Option<String>,
    #[serde(default = "main_site")]
    site: String,
    #[serde(default = "get")]
    method: String,
    #[serde(default = "domain")]
    host: String,
    target: String,
    #[serde(default)]
    headers: Vec<String>,
    #[serde(default = "now")]
    now: u64,
    #[serde(default = "viewer")]
    ip: String,
    expect: String,
    origin_target: Option<String>,
    status: Option<u16>,
}

#[derive(Deserialize)]
struct Canned {
    url: String,
    expires: String,
}

fn rsa() -> String {
    "rsa".to_owned()
}
fn sha1() -> String {
    "SHA1".to_owned()
}
fn main_site() -> String {
    "main".to_owned()
}
fn get() -> String {
    "GET".to_owned()
}
fn domain() -> String {
    "d111111abcdef8.cloudfront.net".to_owned()
}
fn now() -> u64 {
    1_900_000_000
}
fn viewer() -> String {
    "203.0.113.9".to_owned()
}

impl Case {
    fn policy(&self) -> Vec<u8> {
        if let Some(hex) = &self.policy_hex {
            let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
            return (0..hex.len()).step_by(2).map(byte).collect();
        }
        self.policy.clone().unwrap_or_default().into_bytes()
    }

    fn signed(&self) -> Vec<u8> {
        match (&self.signs, &self.canned) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(Canned { url, expires })) => canned(url, expires).into_bytes(),
            (None, None) => self.policy(),
        }
    }

    /// The request, placeholders filled in.
    fn request(&self, signature: &[u8]) -> Vec<u8> {
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
        fill(&(text + "\r\n"), &self.policy(), signature).into_bytes()
    }

    fn judge(
        &self,
        response: &Response,
        origin: &RecordingOrigin,
        asked_before: usize,
    ) -> Result<(), String> {
        let asked = origin.requests().len() > asked_before;
        let found = response.reason().unwrap_or(if response.status == 200 { "allow" } else { "no reason" });
        if found != self.expect {
            return Err(format!("expected {}, found {found} ({})", self.expect, response.status));
        }
        let allowed = self.expect == "allow";
        if allowed != asked {
            return Err(format!("the origin was {}asked", if asked { "" } else { "not " }));
        }
        let status = self.status.unwrap_or(if allowed { 200 } else { 403 });
        if response.status != status {
            return Err(format!("expected status {status}, found {}", response.status));
        }
        if let Some(code) = code(&self.expect)
            && self.method != "HEAD"
            && !response.text().contains(&format!("<Code>{code}</Code>"))
        {
            return Err(format!("expected code {code} in {}", response.text()));
        }
        match &self.origin_target {
            Some(target) if origin.last().target() != target => {
                Err(format!("expected the origin to be asked for {target}, found {}", origin.last().target()))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// CloudFront's code for a reason; none for its HTML pages.
fn code(reason: &str) -> Option<&'static str> {
    match reason {
        "missing-key-pair-id" => Some("MissingKey"),
        "unknown-key" => Some("InvalidKey"),
        "missing-signature" | "malformed-signature" => Some("MalformedSignature"),
        "malformed-policy" => Some("MalformedPolicy"),
        "signature-mismatch"
        | "resource-mismatch"
        | "expired"
        | "not-yet-valid"
        | "ip-mismatch"
        | "unknown-hash-algorithm" => Some("AccessDenied"),
        _ => None,
    }
}

fn fill(text: &str, policy: &[u8], signature: &[u8]) -> String {
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, Engine};
    let mut text = text.to_owned();
    for (name, bytes) in [("policy", policy), ("signature", signature)] {
        let plain = BASE64_STANDARD.encode(bytes);
        let ours = cloudfront_base64(bytes);
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        for (form, value) in [
            ("", ours.clone()),
            ("-plain", plain),
            ("-url", BASE64_URL_SAFE.encode(bytes)),
            ("-nopad", ours.trim_end_matches('_').to_owned()),
            ("-percent", ours.replace('~', "%7E")),
            ("-hex", hex),
        ] {
            text = text.replace(&format!("{{{name}{form}}}"), &value);
        }
    }
    for (name, id) in sites::KEYS {
        text = text.replace(&format!("{{{name}}}"), id);
    }
    text
}

fn files() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(root().join("tests/conformance")).expect("the tables");
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| {
        path.extension().is_some_and(|extension| extension == "toml") && !path.ends_with("choices.toml")
    });
    files.sort();
    files
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for file in files() {
        let text = std::fs::read_to_string(&file).expect("a table");
        let table: Table =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        cases.extend(table.case);
    }
    cases
}

#[test]
fn every_row_is_answered_as_cloudfront_answers() {
    let cases = cases();
    let mut ids = HashSet::new();
    assert!(cases.len() > 200, "only {} rows", cases.len());
    let raw = |case: &Case| Raw {
        key: case.key.clone(),
        hash: case.hash.clone(),
        scheme: case.scheme.clone(),
        message: case.signed(),
    };
    let signatures = sign_raw(&cases.iter().map(raw).collect::<Vec<_>>());
    let origin = RecordingOrigin::start();
    let edges = BTreeMap::from([
        ("main", Edge::serve(&sites::main(&origin.url()))),
        ("two", Edge::serve(&sites::two(&origin.url()))),
    ]);
    let mut failures = Vec::new();
    for (case, signature) in cases.iter().zip(&signatures) {
        assert!(ids.insert(&case.id), "{} stands twice", case.id);
        let edge = &edges[case.site.as_str()];
        let asked_before = origin.requests().len();
        let response = edge.send(case.request(signature));
        if let Err(failure) = case.judge(&response, &origin, asked_before) {
            failures.push(format!("{} ({}): {failure}\n    {}", case.id, case.section, case.says));
        }
    }
    assert!(failures.is_empty(), "{} of {} rows:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// A question that nobody outside of AWS can answer, and the one place where Frontgate answers it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    section: String,
    tag: String,
    question: String,
    choice: String,
    file: String,
    marker: String,
}

#[derive(Deserialize)]
struct Choices {
    choice: Vec<Choice>,
}

fn fidelity() -> String {
    let folder = root().join("tests/conformance");
    let mut text = std::fs::read_to_string(folder.join("fidelity-head.md")).expect("the head");
    let choices = std::fs::read_to_string(folder.join("choices.toml")).expect("the choices");
    let choices: Choices = toml::from_str(&choices).expect("the choices");
    text += "\n## Choices\n\n| | question | what Frontgate does | tag | where |\n|---|---|---|---|---|\n";
    for Choice { section, tag, question, choice, file, marker } in choices.choice {
        let source = std::fs::read_to_string(root().join(&file)).expect("a source file");
        assert!(source.contains(&marker), "{file} has no {marker:?}: where is that choice taken?");
        let _ = writeln!(text, "| {section} | {question} | {choice} | {tag} | `{file}` |");
    }
    let cases = cases();
    let _ = writeln!(text, "\n## The table\n\n{} rows.", cases.len());
    let mut section = "";
    for case in &cases {
        if case.section != section {
            section = &case.section;
            let _ = writeln!(text, "\n### {section}\n\n| fact | answer | evidence |\n|---|---|---|");
        }
        let says = case.says.replace('|', "\\|");
        let _ = writeln!(text, "| {says} | {} | {} |", case.expect, case.evidence);
    }
    text
}

#[test]
fn fidelity_is_made_from_the_table() {
    let file = root().join("docs/fidelity.md");
    let expected = fidelity();
    if std::env::var_os("FRONTGATE_BLESS").is_some() {
        std::fs::write(&file, &expected).expect("the document is written");
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    for document in ["README.md", "CHANGELOG.md"] {
        let text = std::fs::read_to_string(root().join(document)).expect("a document");
        let rows = format!("{}\u{20}rows", cases().len());
        assert!(text.replace('\n', " ").contains(&rows), "{document} doesn't say {rows}");
    }
    assert!(found == expected, "docs/fidelity.md is stale: FRONTGATE_BLESS=1 cargo test --test it fidelity");
}
