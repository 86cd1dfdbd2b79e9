//! Generates docs/troubleshooting.md from the tables in `tests/forensics`: every named mistake, with examples.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

use crate::mistakes::{Case, NAMES, cases};
use crate::support::root;

#[derive(Deserialize)]
struct Table {
    mistake: Vec<Mistake>,
}

/// A mistake, as the page describes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mistake {
    pub(crate) name: String,
    about: String,
    symptom: String,
    /// CloudFront's codes for it.
    pub(crate) answers: Vec<String>,
    meaning: String,
    fix: String,
    #[serde(default)]
    signers: BTreeMap<String, String>,
}

/// Signers in the order in which the page lists them.
const SIGNERS: [&str; 10] =
    ["boto3", "AWS CLI", "JavaScript v2", "JavaScript v3", "Go", "Java", "PHP", "Ruby", ".NET", "CDK/KMS"];

/// Examples of one mistake; the table has the rest.
const MAX_EXAMPLES: usize = 4;

pub(crate) fn mistakes() -> Vec<Mistake> {
    let text = std::fs::read_to_string(root().join("tests/forensics/mistakes.toml")).expect("the names");
    toml::from_str::<Table>(&text).unwrap_or_else(|error| panic!("mistakes.toml: {error}")).mistake
}

fn message(code: &str) -> &'static str {
    match code {
        "MissingKey" => "Missing Key-Pair-Id query parameter or cookie value",
        "InvalidKey" => "Unknown Key",
        "MalformedSignature" => "Could not unencode Signature",
        "MalformedPolicy" => "Malformed Policy",
        "AccessDenied" => "Access denied",
        _ => panic!("{code} is no code of CloudFront's"),
    }
}

/// Code in a line of Markdown, whatever backticks it holds.
fn code(text: &str) -> String {
    let text = text.trim().replace('\n', " ");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// A line of prose in which only what stands between backticks is code.
fn prose(text: &str) -> String {
    let mut escaped = String::new();
    for (at, part) in text.split('`').enumerate() {
        if at > 0 {
            escaped.push('`');
        }
        if at % 2 == 1 {
            escaped += part;
            continue;
        }
        for c in part.chars() {
            if matches!(c, '*' | '_' | '\\' | '<' | '~' | '[' | ']') {
                escaped.push('\\');
            }
            escaped.push(c);
        }
    }
    escaped
}

/// The threads on GitHub that a text names, as links.
fn reports(evidence: &str) -> Vec<String> {
    let words = evidence.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '(' | ')'));
    let thread = |word: &str| {
        let (repository, number) = word.split_once('#')?;
        let is_one = repository.contains('/') && number.bytes().all(|byte| byte.is_ascii_digit());
        is_one.then(|| format!("[{word}](https://github.com/{repository}/issues/{number})"))
    };
    words.filter_map(thread).collect()
}

/// Cases of a mistake: those that show the texts first, then those where it is alone, then one per tool.
fn examples<'c>(cases: &'c [Case], name: &str) -> Vec<&'c Case> {
    let mut of_it: Vec<&Case> =
        cases.iter().filter(|case| case.expected.iter().any(|expected| expected.mistake == name)).collect();
    of_it.sort_by_key(|case| (case.signed.is_none(), case.expected.len()));
    let (mut first, mut rest) = (Vec::<&Case>::new(), Vec::new());
    for case in of_it {
        let is_new = first.iter().all(|other| other.made_by != case.made_by);
        if is_new { first.push(case) } else { rest.push(case) }
    }
    first.extend(rest);
    first
}

fn example(case: &Case) -> String {
    let tool = match case.made_by.as_str() {
        "by-hand" => "own code",
        "sdk-js-v3" => "@aws-sdk/cloudfront-signer",
        "aws-cli" => "AWS CLI",
        "javascript" => "Node",
        "python" => "Python",
        "php" => "PHP",
        tool => tool,
    };
    let mut text = format!("- {} ({tool}): {}", prose(&case.title), code(&case.how));
    if let (Some(signed), Some(requested)) = (&case.signed, &case.requested) {
        let _ = write!(text, "\n  ```text\n  signed:    {signed}\n  requested: {requested}\n  ```");
    }
    let reports = reports(&case.evidence);
    if !reports.is_empty() {
        let _ = write!(text, "\n  Reported in {}.", reports.join(", "));
    }
    text.push('\n');
    text
}

fn section(mistake: &Mistake, cases: &[Case]) -> String {
    let mut text = format!("### `{}`\n\n{}\n\n", mistake.name, prose(&mistake.meaning));
    let answers: Vec<_> =
        mistake.answers.iter().map(|code| format!("403 `{code}`, “{}”", message(code))).collect();
    let _ = writeln!(text, "CloudFront answers {}.\n", answers.join("; or "));
    let _ = writeln!(text, "**Fix:** {}\n", prose(&mistake.fix));
    for signer in SIGNERS {
        if let Some(line) = mistake.signers.get(signer) {
            let _ = writeln!(text, "- {signer}: {}", prose(line));
        }
    }
    if !mistake.signers.is_empty() {
        text.push('\n');
    }
    let all = examples(cases, &mistake.name);
    let is_proven = all
        .iter()
        .any(|case| case.expected.iter().any(|expected| expected.mistake == mistake.name && expected.proven));
    let how = if is_proven { "and can be proven" } else { "as a likely cause" };
    let _ = writeln!(text, "Named {how}, for example:\n");
    for case in all.iter().take(MAX_EXAMPLES) {
        text += &example(case);
    }
    if let Some(more) = all.len().checked_sub(MAX_EXAMPLES).filter(|more| *more > 0) {
        let _ = writeln!(text, "- {more} more in tests/forensics/cases.toml.");
    }
    text.push('\n');
    text
}

fn page() -> String {
    let head = std::fs::read_to_string(root().join("tests/forensics/troubleshooting-head.md"));
    let (mistakes, cases) = (mistakes(), cases());
    let mut text = head.expect("the head") + "\n| what you see | look at |\n| --- | --- |\n";
    for mistake in &mistakes {
        let name = &mistake.name;
        let _ = writeln!(text, "| {} | [`{name}`](#{name}) |", prose(&mistake.symptom).replace('|', "\\|"));
    }
    text.push('\n');
    let mut about = "";
    for mistake in &mistakes {
        if mistake.about != about {
            about = &mistake.about;
            let _ = writeln!(text, "## About the {about}\n");
        }
        text += &section(mistake, &cases);
    }
    text.trim_end().to_owned() + "\n"
}

#[test]
fn troubleshooting_has_every_mistake_and_is_made_from_the_tables() {
    let mistakes = mistakes();
    let names: Vec<&str> = mistakes.iter().map(|mistake| mistake.name.as_str()).collect();
    for name in NAMES {
        assert!(names.contains(&name), "mistakes.toml lacks {name}");
    }
    assert_eq!(names.len(), NAMES.len(), "mistakes.toml has a name twice, or one that is unknown");
    for mistake in &mistakes {
        for signer in mistake.signers.keys() {
            assert!(SIGNERS.contains(&signer.as_str()), "{}: {signer}", mistake.name);
        }
    }
    let file = root().join("docs/troubleshooting.md");
    let page = page();
    if std::env::var_os("FRONTGATE_BLESS").is_some() {
        std::fs::write(&file, &page).expect("the page");
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == page,
        "docs/troubleshooting.md is out of date: run FRONTGATE_BLESS=1 cargo test --all-features --test interop troubleshooting"
    );
}
