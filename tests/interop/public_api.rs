//! What the library promises: `docs/public-api.txt` lists it, with every feature, so that nothing is added or lost unseen.

use std::path::Path;
use std::process::Command;

use public_api::PublicApi;

use crate::support::root;

/// The packages whose libraries are promised. The first one re-exports the second one's items.
const PACKAGES: [&str; 2] = ["frontgate", "frontgate-core"];

/// Documents a library as JSON. It is compiled as `cargo doc --all-features` compiles it.
fn documented(package: &str) -> std::path::PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut rustdoc = Command::new(env!("CARGO"));
    rustdoc
        .args(["rustdoc", "--quiet", "--package", package, "--lib", "--all-features", "--target-dir"])
        .arg(target);
    rustdoc.args(["--", "-Z", "unstable-options", "--output-format", "json"]);
    rustdoc.current_dir(root()).env("RUSTDOC", root().join("script/rustdoc-json"));
    let done = rustdoc.output().expect("cargo runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    target.join(format!("doc/{}.json", package.replace('-', "_")))
}

/// One line for each item: without what the compiler implements by itself, and without the functions of derived traits.
fn listed(json: &Path) -> String {
    let api: PublicApi = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()
        .expect("JSON that public-api reads: the toolchain and the crate are fixed");
    let text = api.to_string();
    let functions = ["clone", "fmt", "eq", "hash", "default", "partial_cmp", "cmp"];
    let is_derived = |line: &str| {
        line.starts_with("pub fn ") && functions.iter().any(|name| line.contains(&format!("::{name}(")))
    };
    let mut lines: Vec<&str> =
        text.lines().filter(|line| !is_derived(line) && !line.contains("StructuralPartialEq")).collect();
    lines.sort_unstable();
    lines.dedup();
    lines.join("\n") + "\n"
}

#[test]
fn what_is_public_is_recorded() {
    let recorded = root().join("docs/public-api.txt");
    let found = PACKAGES.map(|package| listed(&documented(package))).concat();
    if std::env::var_os("FRONTGATE_BLESS").is_some() {
        std::fs::write(&recorded, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&recorded).unwrap_or_default();
    let added = found
        .lines()
        .filter(|line| !expected.lines().any(|known| known == *line))
        .map(|line| format!("+ {line}"));
    let lost = expected
        .lines()
        .filter(|line| !found.lines().any(|known| known == *line))
        .map(|line| format!("- {line}"));
    let changes: Vec<String> = lost.chain(added).collect();
    assert!(
        changes.is_empty(),
        "what is public has changed; FRONTGATE_BLESS=1 cargo test --all-features --test interop public_api records it:\n{}",
        changes.join("\n")
    );
}

#[test]
fn the_promise_is_small_and_names_no_internals() {
    let recorded = std::fs::read_to_string(root().join("docs/public-api.txt")).unwrap();
    assert!(recorded.lines().count() <= MOST_LINES, "{} lines", recorded.lines().count());
    for module in [
        "access",
        "body",
        "cli",
        "clock",
        "config",
        "distribution",
        "edge",
        "identity",
        "locations",
        "origin",
        "redact",
        "tls",
        "viewer",
    ] {
        for package in ["frontgate", "frontgate_core"] {
            assert!(!recorded.contains(&format!("{package}::{module}::")), "{module}");
        }
    }
    for promised in [
        "frontgate::testing",
        "frontgate::tower",
        "frontgate::verifier_from_config",
        "frontgate_core::Verifier",
        "frontgate_core::explain",
        "frontgate_core::sign",
    ] {
        assert!(recorded.contains(promised), "{promised}");
    }
}

/// A third of the list that the first version had.
const MOST_LINES: usize = 585;
