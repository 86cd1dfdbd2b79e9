//! Inputs of the kinds that people report (`tests/forensics/field`): each is decided right, its cause is named, and no other one is
//! called proven.

use serde::Deserialize;
use serde_json::Value;

use crate::mistakes::NAMES;
use crate::support::configs;
use crate::support::{Raw, canned, cloudfront_base64, frontgate, root, sign_raw, stderr, stdout};

#[derive(Deserialize)]
struct Table {
    input: Vec<Input>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Input {
    file: String,
    about: String,
    #[serde(default)]
    args: Vec<String>,
    decision: Option<String>,
    /// One of them must be named.
    #[serde(default)]
    causes: Vec<String>,
    #[serde(default)]
    never_proven: Vec<String>,
}

fn inputs() -> Vec<Input> {
    let text =
        std::fs::read_to_string(root().join("tests/forensics/field/expected.toml")).expect("the table");
    toml::from_str::<Table>(&text).unwrap_or_else(|error| panic!("expected.toml: {error}")).input
}

/// How the answer to one input differs from the table.
#[derive(Default)]
struct Found {
    wrong_decision: Option<String>,
    unnamed: Option<String>,
    false_proofs: Vec<String>,
}

impl Input {
    fn judged(&self) -> Found {
        let folder = root().join("tests/forensics/field");
        let mut command = frontgate();
        command.args(["explain", "--at", "1790000000", "--json", "--config"]);
        command.arg(folder.join("config.toml")).arg("--file").arg(folder.join(&self.file)).args(&self.args);
        let output = command.output().expect("the binary runs");
        let text = stdout(&output);
        let answer: Value =
            text.lines().next().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        let causes: Vec<(String, bool)> = answer["causes"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|cause| {
                (
                    cause["mistake"].as_str().unwrap_or_default().to_owned(),
                    cause["proven"] == Value::Bool(true),
                )
            })
            .collect();
        let about = format!("{} ({}): {causes:?} {}", self.file, self.about, stderr(&output));
        let is_right = self.decision.as_deref().is_none_or(|decision| answer["decision"] == decision);
        let is_named = self.causes.is_empty() || causes.iter().any(|(name, _)| self.causes.contains(name));
        let is_forbidden = |(name, proven): &&(String, bool)| *proven && self.never_proven.contains(name);
        Found {
            wrong_decision: (!is_right).then(|| format!("decided {}: {about}", answer["decision"])),
            unnamed: (!is_named).then(|| format!("none of {:?}: {about}", self.causes)),
            false_proofs: causes.iter().filter(is_forbidden).map(|_| about.clone()).collect(),
        }
    }
}

#[test]
fn reported_inputs_are_decided_and_named_and_none_is_proven_falsely() {
    let inputs = inputs();
    let found: Vec<Found> = inputs.iter().map(Input::judged).collect();
    let wrong: Vec<&String> = found.iter().filter_map(|one| one.wrong_decision.as_ref()).collect();
    let unnamed: Vec<&String> = found.iter().filter_map(|one| one.unnamed.as_ref()).collect();
    let false_proofs: Vec<&String> = found.iter().flat_map(|one| &one.false_proofs).collect();
    assert!(false_proofs.is_empty(), "proven falsely:\n{false_proofs:#?}");
    assert!(wrong.is_empty(), "decided wrong:\n{wrong:#?}");
    let with_cause = inputs.iter().filter(|input| !input.causes.is_empty()).count();
    let share = 100.0 * (with_cause - unnamed.len()) as f64 / with_cause as f64;
    assert!(share >= 95.0, "{share:.1} % of causes are named:\n{unnamed:#?}");
}

/// A canned link of any file that lies beside the requested one, whatever its name, is found in a directory origin.
#[test]
fn a_file_of_the_directory_origin_is_tried() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(folder.path().join("site/hls")).expect("a folder");
    for name in ["Trailer 7 (final).m3u8", "x-1.ts"] {
        std::fs::write(folder.path().join("site/hls").join(name), "x").expect("a file");
    }
    let origin = format!("file:{}", folder.path().join("site").display());
    let file = folder.path().join("config.toml");
    std::fs::write(&file, configs::main(&origin)).expect("a file");
    let host = "https://d111111abcdef8.cloudfront.net";
    let text = canned(&format!("{host}/hls/Trailer%207%20(final).m3u8"), "1990000000");
    let signature = cloudfront_base64(&sign_raw(&[Raw::new("rsa", "SHA1", text)])[0]);
    let link = format!(
        "{host}/hls/x-1.ts?Expires=1990000000&Signature={signature}&Key-Pair-Id={}",
        configs::id("rsa")
    );
    let output = frontgate()
        .args(["explain", &link, "--at", "1900000000", "--json", "--config"])
        .arg(&file)
        .output()
        .expect("the binary runs");
    let answer: Value =
        serde_json::from_str(&stdout(&output)).unwrap_or_else(|_| panic!("{}", stderr(&output)));
    let cause = &answer["causes"][0];
    assert_eq!(
        (&cause["mistake"], &cause["proven"]),
        (&"canned-for-another-file".into(), &true.into()),
        "{answer}"
    );
    assert_eq!(cause["signed"], format!("{host}/hls/Trailer%207%20(final).m3u8"));
}

#[test]
fn the_table_of_inputs_is_whole() {
    let inputs = inputs();
    assert_eq!(inputs.len(), 84);
    for input in &inputs {
        assert!(root().join("tests/forensics/field").join(&input.file).is_file(), "{}", input.file);
        for name in &input.causes {
            assert!(NAMES.contains(&name.as_str()), "{}: {name} is no fixed name", input.file);
        }
    }
}
