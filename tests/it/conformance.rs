//! The conformance table of `tests/conformance`, judged over real sockets, with signatures that Python made.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::io::Write as _;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::conformance_table::{self, Case};
use crate::support::foreign::ask;
use crate::support::secure;
use crate::support::sites;
use crate::support::{Edge, Raw, RecordingOrigin, Response, root, sign_raw};

impl Case {
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
        self.fill(&(text + "\r\n"), signature).into_bytes()
    }

    /// The same request as HTTP/2 sends it: header fields, pseudo-headers first.
    fn fields(&self, signature: &[u8]) -> Vec<(String, String)> {
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

    fn judge(&self, answer: &Answer) -> Result<(), String> {
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
struct Answer {
    status: u16,
    reason: Option<String>,
    /// The target that the origin was asked for.
    asked: Option<String>,
    text: String,
}

impl Answer {
    fn of(response: &Response) -> Self {
        let header = |name| response.header(name).map(str::to_owned);
        Self {
            status: response.status,
            reason: header("x-frontgate-reason"),
            asked: header("x-asked"),
            text: response.text(),
        }
    }

    fn of_http2(answer: &Value) -> Result<Self, String> {
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
fn telling_origin() -> RecordingOrigin {
    RecordingOrigin::answering(|request, stream| {
        let target = request.target();
        write!(stream, "HTTP/1.1 200 OK\r\nX-Asked: {target}\r\nContent-Length: 5\r\n\r\nhello").is_ok()
    })
}

fn cases() -> Vec<Case> {
    conformance_table::cases(&root().join("tests/conformance"))
}

fn signatures(cases: &[Case]) -> Vec<Vec<u8>> {
    let raw = |case: &Case| Raw {
        key: case.key.clone(),
        hash: case.hash.clone(),
        scheme: case.scheme.clone(),
        message: case.signed(),
    };
    sign_raw(&cases.iter().map(raw).collect::<Vec<_>>())
}

#[test]
fn every_row_is_answered_as_cloudfront_answers() {
    let cases = cases();
    let mut ids = HashSet::new();
    assert!(cases.len() > 200, "only {} rows", cases.len());
    let origin = telling_origin();
    let edges = BTreeMap::from([
        ("main", Edge::serve(&sites::main(&origin.url()))),
        ("two", Edge::serve(&sites::two(&origin.url()))),
    ]);
    let mut failures = Vec::new();
    for (case, signature) in cases.iter().zip(&signatures(&cases)) {
        assert!(ids.insert(&case.id), "{} stands twice", case.id);
        let asked_before = origin.requests().len();
        let answer = Answer::of(&edges[case.site.as_str()].send(case.request(signature)));
        assert_eq!(
            origin.requests().len() - asked_before,
            usize::from(answer.asked.is_some()),
            "{}",
            case.id
        );
        if let Err(failure) = case.judge(&answer) {
            failures.push(case.report(&failure));
        }
    }
    assert!(failures.is_empty(), "{} of {} rows:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// Rows that can't be told over a TLS listener, and why.
const NOT_OVER_TLS: [(&str, &str); 2] = [
    (
        "https-only-doesnt-believe-a-header",
        "it is of a viewer that speaks plain HTTP and claims that it doesn't",
    ),
    (
        "a-header-doesnt-choose-the-scheme",
        "it is of a viewer that speaks plain HTTP and claims that it doesn't",
    ),
];

/// Over TLS, from a proxy that is trusted to say that its viewers speak plain HTTP: HTTP/2 by Python's `h2`, and HTTP/1.1.
#[test]
fn every_row_is_answered_alike_over_http2_and_http1() {
    let mut cases = cases();
    for (id, _) in NOT_OVER_TLS {
        let at = cases.iter().position(|case| case.id == id).unwrap_or_else(|| panic!("no row {id}"));
        cases.remove(at);
    }
    let origin = telling_origin();
    let serve = |site: &str| secure::serve("trusted-proxies = [\"127.0.0.0/8\"]", "", site);
    let edges = BTreeMap::from([
        ("main", serve(&sites::main(&origin.url()))),
        ("two", serve(&sites::two(&origin.url()))),
    ]);
    let signatures = signatures(&cases);
    let mut failures = Vec::new();
    for (site, edge) in &edges {
        let address = edge.https[0];
        let rows = || cases.iter().zip(&signatures).filter(|(case, _)| case.site == *site);
        let mut job = secure::connection(address);
        job["requests"] = rows().map(|(case, signature)| json!(case.fields(signature))).collect();
        let answers = ask("clients/h2_rows.py", &job);
        let answers = answers.as_array().expect("answers");
        assert_eq!(answers.len(), rows().count());
        for ((case, signature), answer) in rows().zip(answers) {
            let old = case.request(signature);
            let at = old.windows(2).position(|end| end == b"\r\n").expect("a line") + 2;
            let old = [&old[..at], b"X-Forwarded-Proto: http\r\n", &old[at..]].concat();
            let old = Answer::of(&secure::send(address, old));
            let judged = Answer::of_http2(answer).and_then(|new| {
                case.judge(&new)?;
                if without_ids(&new) == without_ids(&old) {
                    Ok(())
                } else {
                    Err(format!("{new:?} and {old:?}"))
                }
            });
            if let Err(failure) = judged {
                failures.push(case.report(&failure));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {} rows:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// An answer without what is another in each.
fn without_ids(answer: &Answer) -> (u16, &Option<String>, &Option<String>, String) {
    let lines = answer.text.lines().filter(|line| !line.starts_with("Request ID: "));
    (answer.status, &answer.reason, &answer.asked, lines.collect())
}

/// A question without a documented answer, and the file that implements Frontgate's choice.
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

/// The sections of the conformance table.
const SECTIONS: [(&str, &str); 21] = [
    ("1.1", "Canned policies: the signed text"),
    ("1.2", "Canned links: parameters, hash and expiry"),
    ("1.3", "Canned links: the URL that is rebuilt"),
    ("2.1", "Custom policies: JSON and times"),
    ("2.2", "Custom policies: the Resource"),
    ("2.3", "Custom policies: start and end"),
    ("2.4", "Custom policies: IpAddress"),
    ("3.1", "Encoding of signatures and policies"),
    ("3.2", "What is removed before the origin"),
    ("3.3", "Names and duplicates of parameters"),
    ("3.4", "Signed URL or cookies"),
    ("4", "Signed cookies"),
    ("5", "When a request is judged"),
    ("6", "Keys, hashes and signature formats"),
    ("7.1", "Denials and their causes"),
    ("7.3", "The order of the checks"),
    ("8.1", "Methods and preflights"),
    ("8.2", "HTTP and HTTPS"),
    ("8.6", "The default root object"),
    ("9.1", "Behaviors, distributions and readings of a path"),
    ("9.3", "Quotas"),
];

fn section_title(number: &str) -> &'static str {
    let section = SECTIONS.iter().find(|(name, _)| *name == number);
    section.unwrap_or_else(|| panic!("section {number} has no title")).1
}

fn head(page: &str) -> String {
    let file = root().join("tests/conformance").join(format!("{page}-head.md"));
    std::fs::read_to_string(file).expect("the head of the page")
}

fn choices() -> String {
    let mut text = head("choices");
    let file = root().join("tests/conformance/choices.toml");
    let choices = std::fs::read_to_string(file).expect("the choices");
    let choices: Choices = toml::from_str(&choices).expect("the choices");
    text += "\n## Choices\n\nEach question has no documented answer, or only an inferred one.\n\n";
    text += "| | question | what Frontgate does | tag | where |\n|---|---|---|---|---|\n";
    for Choice { section, tag, question, choice, file, marker } in choices.choice {
        let source = std::fs::read_to_string(root().join(&file)).expect("a source file");
        assert!(source.contains(&marker), "{file} has no {marker:?}: where is that choice taken?");
        let _ = writeln!(text, "| {section} | {question} | {choice} | {tag} | `{file}` |");
    }
    text
}

fn fidelity() -> String {
    let mut text = head("fidelity");
    let cases = cases();
    let _ = writeln!(text, "\n## The table\n\n{} rows.", cases.len());
    let mut section = "";
    for case in &cases {
        if case.section != section {
            section = &case.section;
            let title = section_title(section);
            let _ = writeln!(text, "\n### {section} {title}\n\n| fact | answer | evidence |\n|---|---|---|");
        }
        let says = case.says.replace('|', "\\|");
        let _ = writeln!(text, "| {says} | {} | {} |", case.expect, case.evidence);
    }
    text
}

#[test]
fn the_fidelity_pages_are_generated_from_the_tables() {
    for document in ["README.md", "CHANGELOG.md"] {
        let text = std::fs::read_to_string(root().join(document)).expect("a document");
        let rows = format!("{}\u{20}rows", cases().len());
        assert!(text.replace('\n', " ").contains(&rows), "{document} doesn't say {rows}");
    }
    for (page, expected) in [("fidelity", fidelity()), ("choices", choices())] {
        let file = root().join(format!("docs/{page}.md"));
        if std::env::var_os("FRONTGATE_BLESS").is_some() {
            std::fs::write(&file, &expected).expect("the page is written");
        }
        let found = std::fs::read_to_string(&file).unwrap_or_default();
        let command = "FRONTGATE_BLESS=1 cargo test --all-features --test it fidelity";
        assert!(found == expected, "docs/{page}.md is out of date: run {command}");
    }
}
