//! The pure core stays pure: it names no socket, no runtime, no file, no clock, and no module above it.

use std::path::{Path, PathBuf};

use crate::support::root;

const PURE: [&str; 8] =
    ["epoch", "distribution", "viewer", "access", "explain", "redact", "sign", "verifier"];

/// What a pure file must not say, beside the modules of the shell.
const IMPURE: [&str; 10] = [
    "tokio",
    "hyper",
    "std::fs",
    "std::process",
    "std::thread",
    "TcpStream",
    "TcpListener",
    "SystemTime::now",
    "UNIX_EPOCH.elapsed",
    "Instant::now",
];
const SHELL: [&str; 10] =
    ["body", "cli", "clock", "config", "edge", "locations", "main", "origin", "small_writes", "tls"];

fn files(of: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    if of.is_dir() {
        for entry in std::fs::read_dir(of).unwrap() {
            found.extend(files(&entry.unwrap().path()));
        }
    } else if of.extension().is_some_and(|extension| extension == "rs") {
        found.push(of.to_owned());
    }
    found
}

fn code(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn pure_modules_name_nothing_of_the_shell() {
    let src = root().join("crates/core/src");
    let mut seen = 0;
    for module in PURE {
        for file in [src.join(format!("{module}.rs")), src.join(module)].iter().flat_map(|path| files(path)) {
            let code = code(&file);
            seen += 1;
            for word in IMPURE {
                assert!(!code.contains(word), "{} says {word}", file.display());
            }
            for module in SHELL {
                assert!(!code.contains(&format!("crate::{module}::")), "{} uses {module}", file.display());
            }
        }
    }
    assert!(seen > 20, "{seen} files");
}

#[test]
fn access_knows_nothing_of_explain_and_the_data_nothing_of_access() {
    let src = root().join("crates/core/src");
    for (module, above) in [
        ("access", vec!["explain"]),
        ("distribution", vec!["access", "explain", "sign"]),
        ("viewer", vec!["access", "explain", "sign"]),
    ] {
        for file in [src.join(format!("{module}.rs")), src.join(module)].iter().flat_map(|path| files(path)) {
            for above in &above {
                assert!(!code(&file).contains(&format!("crate::{above}")), "{} uses {above}", file.display());
            }
        }
    }
}

#[test]
fn files_and_functions_stay_small() {
    for file in ["src", "crates/core/src"].iter().flat_map(|folder| files(&root().join(folder))) {
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        assert!(code.lines().count() <= 310, "{} has {} lines", file.display(), code.lines().count());
    }
}

#[test]
fn the_map_shows_every_file() {
    let map = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let named: Vec<&str> = map.split(|c| !is_part(c)).filter(|word| word.ends_with(".rs")).collect();
    let there: Vec<String> = ["src", "crates/core/src"]
        .iter()
        .flat_map(|folder| files(&root().join(folder)))
        .map(|file| file.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    let missing: Vec<&String> = there.iter().filter(|file| !named.contains(&file.as_str())).collect();
    assert!(missing.is_empty(), "docs/architecture.md lacks {missing:?}");
    let tree = map.split("```").nth(1).unwrap();
    let gone = tree.split(|c| !is_part(c)).filter(|word| word.ends_with(".rs") && *word != ".rs");
    let gone: Vec<&str> = gone.filter(|word| !there.iter().any(|file| file == word)).collect();
    assert!(gone.iter().all(|file| root().join("tests/it").join(file).is_file()), "{gone:?} are no files");
}
