//! The programs of `script/signers`: foreign signers and clients.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use serde_json::Value;

use super::root;

/// A folder that `script/signers` fills.
pub(crate) fn signers() -> PathBuf {
    let folder = root().join("target/signers");
    assert!(
        folder.join("venv").is_dir(),
        "the signers are not installed: run ./script/test, or ./script/signers"
    );
    folder
}

/// Runs one of the programs in tests/signers with a JSON document, and reads its answer.
pub(crate) fn signer(program: &str, jobs: &Value) -> Value {
    ask(&format!("signers/{program}"), jobs)
}

/// A program of the tests, in the language that its name says.
pub(crate) fn program(name: &str) -> Command {
    let python = signers().join("venv/bin/python");
    let mut command = if name.ends_with(".py") { Command::new(python) } else { Command::new("node") };
    command.arg(root().join("tests").join(name)).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Gives a program a JSON document, and reads its answer.
pub(crate) fn ask(name: &str, jobs: &Value) -> Value {
    let mut command = program(name);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the signer starts");
    let mut stdin = child.stdin.take().expect("stdin");
    let text = jobs.to_string();
    let writer = thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().expect("the signer ends");
    writer.join().expect("a thread").expect("the jobs are written");
    assert!(output.status.success(), "{name} ended with {}", output.status);
    serde_json::from_slice(&output.stdout).expect("JSON from the signer")
}
