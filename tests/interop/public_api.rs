//! What the library promises: `docs/public-api.txt` lists it, with every feature, so that nothing is added or lost unseen.

use std::path::Path;
use std::process::Command;

use public_api::PublicApi;

use crate::support::root;

/// Documents the library as JSON. It is compiled as `cargo doc --all-features` compiles it.
fn documented() -> std::path::PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut rustdoc = Command::new(env!("CARGO"));
    rustdoc.args(["rustdoc", "--quiet", "--lib", "--all-features", "--target-dir"]).arg(target);
    rustdoc.args(["--", "-Z", "unstable-options", "--output-format", "json"]);
    rustdoc.current_dir(root()).env("RUSTDOC", root().join("script/rustdoc-json"));
    let done = rustdoc.output().expect("cargo runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    target.join("doc/frontgate.json")
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
    let found = listed(&documented());
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
fn the_shell_is_no_promise() {
    let recorded = std::fs::read_to_string(root().join("docs/public-api.txt")).unwrap();
    for module in
        ["body", "cli", "clock", "config", "edge", "identity", "locations", "origin", "small_writes", "tls"]
    {
        assert!(!recorded.contains(&format!("frontgate::{module}::")), "{module}");
    }
    for promised in ["access", "distribution", "epoch", "explain", "sign", "viewer", "Verifier", "tower"] {
        assert!(recorded.contains(&format!("frontgate::{promised}")), "{promised}");
    }
}
