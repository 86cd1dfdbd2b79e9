//! `bench/` works: every scenario starts its servers, gets the answers that it expects and gives its rows. Its figures
//! mean nothing here and are not looked at.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::{root, stderr, stdout};

/// The rows that each scenario gives without a baseline, in order.
const ROWS: [(&str, &[&str]); 13] = [
    ("a", &["frontgate", "nginx", "haproxy", "bare hyper", "frontgate, access log", "nginx, access log"]),
    ("b", &["frontgate", "nginx, verifying nothing", "nginx + njs, verifying"]),
    (
        "c",
        &[
            "frontgate, (a)",
            "frontgate",
            "frontgate, eight bases, always the last",
            "frontgate, eight bases, any of them",
            "frontgate, ECDSA P-256",
            "nginx + njs, verifying",
            "one verification, RSA-2048, SHA-1",
            "one verification, ECDSA P-256, SHA-256",
        ],
    ),
    ("d", &["frontgate, (a)", "frontgate"]),
    (
        "e",
        &[
            "frontgate, (a)",
            "frontgate, half forged",
            "frontgate, a denial",
            "frontgate, half forged, eight bases",
            "frontgate, a denial, eight bases",
            "frontgate, remembered afterwards",
            "one verification, RSA-2048, SHA-1",
        ],
    ),
    (
        "f",
        &[
            "frontgate, (c) with ECDSA",
            "frontgate",
            "frontgate, last three tenths to the first",
            "frontgate, memory grown",
        ],
    ),
    ("g", &["frontgate", "nginx, 128 KiB buffers", "nginx", "haproxy", "haproxy, splice"]),
    (
        "h",
        &[
            "frontgate, start to first answer",
            "nginx, start to first answer",
            "frontgate, memory then",
            "nginx, memory then",
        ],
    ),
    ("i", &["frontgate", "nginx", "haproxy"]),
    (
        "j",
        &[
            "frontgate, one worker",
            "frontgate, two workers",
            "frontgate, one worker",
            "frontgate, two workers",
        ],
    ),
    ("k", &["frontgate", "nginx", "haproxy"]),
    (
        "l",
        &[
            "frontgate, 8 × 8",
            "nginx, 8 × 8",
            "haproxy, 8 × 8",
            "frontgate, 64 × 1",
            "nginx, 64 × 1",
            "haproxy, 64 × 1",
        ],
    ),
    (
        "m",
        &[
            "frontgate, ECDSA P-256",
            "nginx, ECDSA P-256",
            "haproxy, ECDSA P-256",
            "frontgate, RSA-2048",
            "nginx, RSA-2048",
            "haproxy, RSA-2048",
        ],
    ),
];

/// Built as the tests are: `cargo test --test interop` alone leaves it out.
fn example() -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_frontgate")).parent().expect("a folder");
    let mut build = Command::new(env!("CARGO"));
    build.current_dir(root()).args([
        "build",
        "--quiet",
        "--example",
        "bench_links",
        "--example",
        "bare_hyper",
    ]);
    build.arg("--target-dir").arg(folder.parent().expect("the target folder"));
    if folder.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().expect("cargo runs").success());
    folder.join("examples/bench_links")
}

fn smoke(args: &[&str], output: &str) -> Output {
    let mut command = Command::new("python3");
    command.arg(root().join("bench/run.py")).args(["--smoke", "--output", output]);
    command.args(["--frontgate", env!("CARGO_BIN_EXE_frontgate")]).arg("--links").arg(example());
    command.env("PYTHONDONTWRITEBYTECODE", "1").args(args).output().expect("python3 runs")
}

#[test]
fn every_scenario_gives_its_rows_with_the_answers_that_it_expects() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("RESULTS.md");
    let output = smoke(&[], file.to_str().expect("UTF-8"));
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    let results = std::fs::read_to_string(file).expect("the results");
    for (letter, rows) in ROWS {
        let section = results.split("\n## ").find(|part| part.starts_with(&format!("{letter}: ")));
        let section = section.unwrap_or_else(|| panic!("no scenario {letter}:\n{results}"));
        let found: Vec<&str> = section
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
            .filter(|cell| !["system", "---", ""].contains(cell))
            .collect();
        assert_eq!(found, rows, "scenario {letter}:\n{section}");
    }
    let (_, summary) = results.split_once("<!-- summary -->\n").expect("a summary");
    let (summary, _) = summary.split_once("\n<!-- /summary -->").expect("its end");
    assert!(summary.lines().all(|line| line.starts_with('|')), "{summary}");
}

/// An answer that isn't the expected one must never become a figure.
#[test]
fn a_wrong_answer_ends_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    // A frontgate whose keys are others than the links': it denies them all.
    let deceiver = folder.path().join("frontgate");
    let script = format!(
        "#!/bin/sh\nfile=$3\nkeys=$(mktemp -d -p {1})\n{0} keygen --out $keys --id K >$keys/out\n\
         sed \"s|file = .*rsa.public.pem|file = \\\"$keys/K.public.pem|\" $file >$keys/config.toml\n\
         exec {0} serve --config $keys/config.toml -q\n",
        env!("CARGO_BIN_EXE_frontgate"),
        folder.path().display()
    );
    std::fs::write(&deceiver, script).expect("a script");
    std::fs::set_permissions(&deceiver, PermissionsExt::from_mode(0o755)).expect("a mode");
    let file = folder.path().join("RESULTS.md");
    let file = file.to_str().expect("UTF-8");
    let output = smoke(&["b", "--baseline", &format!("deceiver={}", deceiver.display())], file);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("error: frontgate deceiver answered 403"), "{said}");
    assert_eq!(stdout(&output), "");
    assert!(!Path::new(file).exists());
}

#[test]
fn the_readme_shows_figures_of_the_last_results() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).expect(file);
    let (readme, results) = (read("README.md"), read("bench/RESULTS.md"));
    let (_, rows) = readme.split_once("| scenario | Frontgate |").expect("a table");
    let (rows, _) = rows.split_once("\n\n").expect("its end");
    let rows: Vec<Vec<&str>> = rows
        .lines()
        .skip(2)
        .map(|row| row.split('|').map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect();
    assert_eq!(rows.len(), 6);
    // The figure and each ratio stand together in one line of the results.
    for row in rows {
        let ratios =
            row[2].split([' ', ';']).zip(row[2].split([' ', ';']).skip(1)).filter(|(_, word)| *word == "×");
        for (ratio, _) in ratios {
            let is_there =
                results.lines().any(|line| line.contains(row[1]) && line.contains(&format!("{ratio} ×")));
            assert!(is_there, "bench/RESULTS.md has no line with {} and {ratio} ×", row[1]);
        }
    }
}
