//! The conformance table of `tests/conformance`, judged over real sockets, with signatures that Python made.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use serde::Deserialize;

use crate::support::configs;
use crate::support::conformance::{Answer, cases, signatures, telling_origin};
use crate::support::{Edge, root};

#[test]
fn every_row_is_answered_as_cloudfront_answers() {
    let cases = cases();
    let mut ids = HashSet::new();
    assert!(cases.len() > 200, "only {} rows", cases.len());
    let origin = telling_origin();
    let edges = BTreeMap::from([
        ("main", Edge::serve(&configs::main(&origin.url()))),
        ("two", Edge::serve(&configs::two(&origin.url()))),
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
