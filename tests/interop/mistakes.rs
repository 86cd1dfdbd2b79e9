//! The table of mistakes in `tests/forensics`: links that real tools made wrongly, and the names that `explain` gives them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::configs;
use crate::support::foreign::program;
use crate::support::{frontgate, private_key, public_key, root, stderr, stdout};
use crate::troubleshooting::mistakes;

#[derive(Deserialize)]
struct Table {
    case: Vec<Case>,
}

/// A link gone wrong (or a good one), and what must be said of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Case {
    /// Under which its maker prints it.
    pub(crate) name: String,
    /// What went wrong, as a sentence.
    pub(crate) title: String,
    /// The tool that makes it.
    pub(crate) made_by: String,
    /// The mistake in a line or two of code or words.
    pub(crate) how: String,
    /// The report, section or behaviour that it comes from.
    pub(crate) evidence: String,
    /// Everything that meets in the link; nothing where nothing can be known.
    pub(crate) expected: Vec<Expected>,
    /// Names that may be given besides, because the meanings touch.
    #[serde(default)]
    also_accepted: Vec<String>,
    /// Whether whatever is said may be a guess only.
    #[serde(default)]
    nothing_proven: bool,
    /// Whether it opens all the same.
    #[serde(default)]
    allowed: bool,
    /// What must be warned of, and nothing else.
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default = "now")]
    at: u64,
    #[serde(default = "viewer")]
    ip: String,
    /// The keys that are known.
    #[serde(default = "usual_keys")]
    keys: Vec<String>,
    /// What is configured; without it there are the keys alone.
    config: Option<Site>,
    /// The text that was really signed, and the one that the request calls for, as the first cause shows them.
    pub(crate) signed: Option<String>,
    pub(crate) requested: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Expected {
    pub(crate) mistake: String,
    /// Other names that say the same of this link.
    #[serde(default)]
    or: Vec<String>,
    #[serde(default)]
    pub(crate) proven: bool,
    /// Reasonable people could hold either.
    #[serde(default)]
    proven_or_likely: bool,
}

impl Expected {
    fn is(&self, name: &str) -> bool {
        self.mistake == name || self.or.iter().any(|other| other == name)
    }

    fn may_be_proven(&self) -> bool {
        self.proven || self.proven_or_likely
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Site {
    #[serde(default)]
    aliases: Vec<String>,
    default_root_object: Option<String>,
    origin: Option<String>,
    origin_path: Option<String>,
    s3_bucket: Option<String>,
    /// Keys by the id of their group; the first one is trusted by the default behavior. Without any, all keys are.
    #[serde(default)]
    key_groups: Vec<Group>,
    #[serde(default)]
    behaviors: Vec<Behavior>,
}

#[derive(Deserialize)]
struct Group {
    id: String,
    keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Behavior {
    path: String,
    /// Public without one.
    key_group: Option<String>,
}

fn now() -> u64 {
    1_900_000_000
}

fn viewer() -> String {
    "203.0.113.9".to_owned()
}

fn usual_keys() -> Vec<String> {
    ["rsa", "ecdsa"].map(str::to_owned).to_vec()
}

/// What a maker gave out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Made {
    name: String,
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) cookies: Vec<String>,
}

/// The programs that make links, and what they drive.
const MAKERS: [(&str, &[&str]); 3] = [
    ("make.py", &["botocore", "aws-cli", "openssl", "python", "shell", "by-hand"]),
    ("make.mjs", &["sdk-js-v3", "javascript", "npm aws-cloudfront-sign"]),
    ("make.php", &["php"]),
];

pub(crate) fn cases() -> Vec<Case> {
    let text = std::fs::read_to_string(root().join("tests/forensics/cases.toml")).expect("the table");
    toml::from_str::<Table>(&text).unwrap_or_else(|error| panic!("cases.toml: {error}")).case
}

fn made_by(maker: &str) -> Vec<Made> {
    let names = ["rsa", "rsa2", "ecdsa", "ecdsa2", "rsa1024", "rsa4096"];
    let keys: BTreeMap<&str, Value> = names
        .into_iter()
        .map(|name| {
            let id = configs::KEYS.iter().find(|(known, _)| *known == name).map_or("", |(_, id)| id);
            (name, json!({"id": id, "private": private_key(name), "public": public_key(name)}))
        })
        .collect();
    let path = format!("forensics/{maker}");
    let mut command = match maker.ends_with(".php") {
        true => Command::new("php"),
        false => program(&path),
    };
    if maker.ends_with(".php") {
        command.arg(root().join("tests").join(&path));
    }
    let output = command.env("FRONTGATE_KEYS", json!(keys).to_string()).output();
    let output = output.unwrap_or_else(|error| panic!("{maker}: {error}; run ./script/test once"));
    assert!(output.status.success(), "{maker}: {}", stderr(&output));
    let text = stdout(&output);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}

/// Every link, by the name of its case; made once for all tests.
pub(crate) fn links() -> &'static BTreeMap<String, Made> {
    static LINKS: LazyLock<BTreeMap<String, Made>> = LazyLock::new(|| {
        let cases = cases();
        let makers: Vec<_> = MAKERS.iter().map(|(maker, _)| thread::spawn(|| made_by(maker))).collect();
        let mut links = BTreeMap::new();
        for ((maker, tools), made) in MAKERS.iter().zip(makers) {
            for made in made.join().expect("a maker") {
                let case = cases.iter().find(|case| case.name == made.name);
                let case = case.unwrap_or_else(|| panic!("{maker} makes {}, which is no case", made.name));
                assert!(
                    tools.contains(&case.made_by.as_str()),
                    "{}: {maker} is not {}",
                    case.name,
                    case.made_by
                );
                assert!(!links.contains_key(&made.name), "{} is made twice", made.name);
                links.insert(made.name.clone(), made);
            }
        }
        for case in &cases {
            assert!(links.contains_key(&case.name), "nobody makes {}", case.name);
        }
        links
    });
    &LINKS
}

impl Site {
    fn text(&self, keys: &[String]) -> String {
        let mut text = String::new();
        for key in keys {
            let (id, file) = (configs::id(key), public_key(key));
            let _ = write!(text, "[[public-keys]]\nid = {id:?}\nfile = {file:?}\n");
        }
        let all = [Group { id: "editors".to_owned(), keys: keys.to_vec() }];
        let groups = if self.key_groups.is_empty() { &all[..] } else { &self.key_groups[..] };
        for group in groups {
            let ids: Vec<&str> = group.keys.iter().map(|key| configs::id(key)).collect();
            let _ = write!(text, "[[key-groups]]\nid = {:?}\npublic-keys = {ids:?}\n", group.id);
        }
        let _ = write!(
            text,
            "[[distributions]]\nid = \"EDFDVBD6EXAMPLE\"\ndomain-name = \"d111111abcdef8.cloudfront.net\"\naliases = {:?}\n",
            self.aliases
        );
        if let Some(name) = &self.default_root_object {
            let _ = writeln!(text, "default-root-object = {name:?}");
        }
        text += "[[distributions.origins]]\nid = \"app\"\n";
        if let Some(bucket) = &self.s3_bucket {
            let _ =
                writeln!(text, "s3 = {{ bucket = {bucket:?}, region = \"eu-west-1\", sign = \"never\" }}");
        } else {
            let _ = writeln!(text, "url = {:?}", self.origin.as_deref().unwrap_or("http://127.0.0.1:9000"));
        }
        if let Some(path) = &self.origin_path {
            let _ = writeln!(text, "origin-path = {path:?}");
        }
        let _ = write!(
            text,
            "[distributions.default-cache-behavior]\ntarget-origin = \"app\"\ntrusted-key-groups = [{:?}]\n",
            groups[0].id
        );
        for behavior in &self.behaviors {
            let _ = write!(
                text,
                "[[distributions.cache-behaviors]]\npath-pattern = {:?}\ntarget-origin = \"app\"\n",
                behavior.path
            );
            if let Some(group) = &behavior.key_group {
                let _ = writeln!(text, "trusted-key-groups = [{group:?}]");
            }
        }
        text
    }
}

impl Case {
    /// What the binary says of its link.
    pub(crate) fn explained(&self, made: &Made) -> Value {
        let mut command = frontgate();
        command.args(["explain", &made.url, "--json", "--at", &self.at.to_string(), "--ip", &self.ip]);
        for cookies in &made.cookies {
            command.args(["--cookie", cookies]);
        }
        let folder = tempfile::tempdir().expect("a folder");
        if let Some(site) = &self.config {
            let file = folder.path().join("config.toml");
            std::fs::write(&file, site.text(&self.keys)).expect("a file");
            command.arg("--config").arg(file);
        } else {
            for key in &self.keys {
                command.args(["--public-key", &format!("{}={}", configs::id(key), public_key(key))]);
            }
        }
        let output = command.output().expect("the binary runs");
        serde_json::from_str(&stdout(&output))
            .unwrap_or_else(|_| panic!("{}: {}{}", self.name, stdout(&output), stderr(&output)))
    }

    fn judge(&self, answer: &Value) -> Judgement {
        let causes = answer["causes"].as_array().expect("causes");
        let found: Vec<(String, bool)> = causes
            .iter()
            .map(|cause| {
                let name = cause["mistake"].as_str().expect("a name").to_owned();
                (name, cause["proven"].as_bool().expect("a bool"))
            })
            .collect();
        let mut judgement = Judgement::default();
        for expected in &self.expected {
            match found.iter().find(|(name, _)| expected.is(name)) {
                None => judgement.faults.push(format!("no `{}`", expected.mistake)),
                Some((name, false)) if !expected.proven_or_likely && expected.proven => {
                    judgement.faults.push(format!("`{name}` is not said to be proven"));
                }
                Some((name, true)) if !expected.may_be_proven() => {
                    judgement.falsely_proven.push(name.clone());
                }
                Some(_) => {}
            }
        }
        for (name, proven) in &found {
            if self.expected.iter().any(|expected| expected.is(name)) || self.also_accepted.contains(name) {
                if *proven && self.nothing_proven {
                    judgement.falsely_proven.push(name.clone());
                }
                continue;
            }
            judgement.faults.push(format!("`{name}` is none of it"));
            if *proven {
                judgement.falsely_proven.push(name.clone());
            }
        }
        let warnings = answer["warnings"].as_array().expect("warnings");
        let warned: Vec<&str> = warnings.iter().filter_map(|warning| warning["name"].as_str()).collect();
        if warned != self.warnings {
            judgement.faults.push(format!("warns of {warned:?}, not of {:?}", self.warnings));
        }
        let decision = if self.allowed { "allow" } else { "deny" };
        if answer["decision"] != decision {
            judgement.faults.push(format!("decided {}, not {decision}", answer["decision"]));
        }
        for (key, expected) in [("signed", &self.signed), ("requested", &self.requested)] {
            let shown = causes.iter().any(|cause| cause[key].as_str() == expected.as_deref());
            if expected.is_some() && !shown {
                judgement.faults.push(format!("no cause shows as {key} {expected:?}"));
            }
        }
        if causes.iter().any(|cause| cause["fix"].as_str().is_none_or(str::is_empty)) {
            judgement.faults.push("a cause says nothing of how to mend it".to_owned());
        }
        judgement.found = found;
        judgement
    }
}

/// How an answer differs from the table.
#[derive(Default)]
struct Judgement {
    faults: Vec<String>,
    falsely_proven: Vec<String>,
    found: Vec<(String, bool)>,
}

fn named(mistakes: impl Iterator<Item = (String, &'static str)>) -> String {
    let names: Vec<String> = mistakes.map(|(name, how)| format!("{name} ({how})")).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

fn report(case: &Case, judgement: &Judgement) -> String {
    let expected = case.expected.iter().map(|expected| {
        let how = match (expected.proven_or_likely, expected.proven) {
            (true, _) => "proven or likely",
            (false, true) => "proven",
            (false, false) => "likely",
        };
        ([&[expected.mistake.clone()][..], &expected.or[..]].concat().join(" or "), how)
    });
    let found = judgement
        .found
        .iter()
        .map(|(name, proven)| (name.clone(), if *proven { "proven" } else { "likely" }));
    format!(
        "{}: {}\n    by {}: {}\n    expected: {}\n    found:    {}\n    so: {}\n",
        case.name,
        case.title,
        case.made_by,
        case.how.trim().replace('\n', "\n      "),
        named(expected),
        named(found),
        judgement.faults.join("; ")
            + &judgement
                .falsely_proven
                .iter()
                .map(|name| format!("; FALSELY PROVEN: {name}"))
                .collect::<String>(),
    )
}

/// The table, and for each of its cases the binary's answer with how that differs.
type Judged = (Vec<Case>, Vec<(Value, Judgement)>);

/// The table, judged once for all tests.
fn judged() -> &'static Judged {
    static JUDGED: LazyLock<Judged> = LazyLock::new(|| {
        let cases = cases();
        let judged = judge_all(&cases);
        (cases, judged)
    });
    &JUDGED
}

/// Judges every case on a few threads, in the table's order.
fn judge_all(cases: &[Case]) -> Vec<(Value, Judgement)> {
    let links = links();
    let next = AtomicUsize::new(0);
    let mut judged: Vec<_> = thread::scope(|scope| {
        let work = || {
            let mut done = Vec::new();
            while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                let answer = case.explained(&links[&case.name]);
                let judgement = case.judge(&answer);
                done.push((case.name.as_str(), answer, judgement));
            }
            done
        };
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a thread")).collect()
    });
    let place = |name: &str| cases.iter().position(|case| case.name == name);
    judged.sort_by_key(|(name, ..)| place(name));
    judged.into_iter().map(|(_, answer, judgement)| (answer, judgement)).collect()
}

/// The fixed names, which scripts and tests rely on.
pub(crate) const NAMES: [&str; 88] = [
    "other-key",
    "unknown-key-made-it",
    "other-modulus",
    "key-id-is-key-group",
    "key-id-is-pem",
    "key-id-is-access-key",
    "hash-not-announced",
    "hash-announced-wrongly",
    "hash-unsupported",
    "pss-padding",
    "raw-digest",
    "ecdsa-raw",
    "scheme",
    "host",
    "port",
    "path-encoding",
    "path-normalised",
    "root-object",
    "trailing-slash",
    "query-added",
    "query-missing",
    "query-order",
    "query-encoding",
    "signing-parameters-signed",
    "html-escaped",
    "fragment",
    "wildcard-canned",
    "json-spacing",
    "json-order",
    "json-escaping",
    "json-newline",
    "json-bom",
    "statement-object",
    "quoted-number",
    "policy-not-the-signed-one",
    "unknown-policy-key",
    "several-statements",
    "time-zone",
    "expires-differs",
    "expired",
    "not-yet-valid",
    "outside-range",
    "ipv6-viewer",
    "malformed-range",
    "signed-base64",
    "signed-digest",
    "signed-hex-digest",
    "signed-url",
    "base64url",
    "swapped-alphabet",
    "hex",
    "percent-encoded-twice",
    "plus-became-space",
    "line-breaks",
    "truncated",
    "not-sent",
    "name-case",
    "url-shadows-cookies",
    "duplicate",
    "not-signed-by-this-policy",
    // Beside those of the first list, because there are links that call for them.
    "trailing-bytes",
    "origin-path",
    "path-only",
    // Of the field reports.
    "key-id-is-name",
    "key-id-whitespace",
    "path-changed",
    "path-prefix-added",
    "canned-for-another-file",
    "trailing-space",
    "json-syntax",
    "policy-percent-encoded",
    "policy-not-encoded",
    "policy-structure",
    "resource-list",
    "lacks-end",
    "date-in-words",
    "fractional-time",
    "unset-time",
    "duration",
    "base64-twice",
    "binary-as-text",
    "quoted-value",
    "framework-encrypted-cookie",
    "hmac-signature",
    "second-question-mark",
    "percent-encoded-whole",
    "attributes-first",
    "cookie-not-sent-by-browser",
];

/// Of `Set-Cookie` headers, which makers of links don't give out.
const OF_SET_COOKIE: [&str; 2] = ["attributes-first", "cookie-not-sent-by-browser"];

#[test]
fn mistakes_of_real_tools_are_named_and_none_is_proven_falsely() {
    let (cases, judged) = judged();
    let mut failures = Vec::new();
    let mut falsely_proven = Vec::new();
    for (case, (_, judgement)) in cases.iter().zip(judged) {
        if !judgement.falsely_proven.is_empty() {
            falsely_proven.push(report(case, judgement));
        }
        if !judgement.faults.is_empty() || !judgement.falsely_proven.is_empty() {
            failures.push(report(case, judgement));
        }
    }
    let right = cases.len() - failures.len();
    let share = 100.0 * right as f64 / cases.len() as f64;
    let summary = format!(
        "{right} of {} cases are named right: {share:.1} %; {} with a false proof\n\n",
        cases.len(),
        falsely_proven.len()
    );
    let text = summary + &failures.join("\n");
    if std::env::var_os("FRONTGATE_REPORT").is_some() {
        std::fs::write(std::env::temp_dir().join("mistakes-report.txt"), &text).expect("the report");
    }
    println!("{text}");
    assert!(falsely_proven.is_empty(), "proven falsely:\n{}", falsely_proven.join("\n"));
    assert!(share >= 95.0, "{text}");
}

#[test]
fn a_mistake_is_answered_as_its_page_says() {
    let (cases, judged) = judged();
    let mistakes = mistakes();
    let mut wrong = Vec::new();
    for (case, (answer, _)) in cases.iter().zip(judged) {
        let [Expected { mistake: name, .. }] = &case.expected[..] else { continue };
        let mistake = mistakes.iter().find(|mistake| mistake.name == *name).expect("a name");
        let code = answer["code"].as_str().unwrap_or("none");
        if !mistake.answers.iter().any(|known| known == code) {
            wrong.push(format!("{}: {code}, not of {:?}", case.name, mistake.answers));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_of_mistakes_is_whole() {
    let cases = cases();
    let count = |fits: &dyn Fn(&Case) -> bool| cases.iter().filter(|case| fits(case)).count();
    let links = links();
    let unique: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(unique.len(), cases.len());
    for case in &cases {
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(case.name.chars().all(kebab), "{}", case.name);
        assert!(!case.evidence.is_empty() && !case.title.is_empty() && !case.how.is_empty(), "{}", case.name);
        assert!(!case.allowed || case.expected.is_empty(), "{}", case.name);
        let names = case.expected.iter().flat_map(|expected| expected.or.iter().chain([&expected.mistake]));
        for name in names.chain(&case.also_accepted) {
            assert!(NAMES.contains(&name.as_str()), "{}: {name} is no fixed name", case.name);
        }
    }
    for name in NAMES.into_iter().filter(|name| !OF_SET_COOKIE.contains(name)) {
        let has = |case: &Case| case.expected.iter().any(|expected| expected.mistake == name);
        assert!(count(&has) > 0, "no case of {name}");
    }
    assert!(cases.len() >= 90);
    assert!(count(&|case| case.expected.len() > 1) >= 12, "too few of several mistakes");
    assert!(count(&|case| case.expected.len() > 2) >= 4, "too few of three mistakes");
    assert!(count(&|case| !links[&case.name].cookies.is_empty()) >= 10, "too few with cookies");
    assert!(count(&|case| links[&case.name].url.contains(configs::id("ecdsa"))) >= 10, "too few of ECDSA");
    assert!(count(&|case| case.allowed) >= 8, "too few that are good");
    let foreign = count(&|case| case.made_by != "by-hand");
    assert!(foreign * 4 >= cases.len() * 3, "only {foreign} of {} are made by a real tool", cases.len());
}
