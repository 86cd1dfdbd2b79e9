//! Errors, warnings and notes on stderr: as text, or with `--json` and `--log-format json` one JSON object per line.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

/// Selects JSON for everything that is printed from now on.
pub(super) fn as_json() {
    AS_JSON.store(true, Ordering::Relaxed);
}

/// Whether diagnostics are JSON.
pub(super) fn are_json() -> bool {
    AS_JSON.load(Ordering::Relaxed)
}

/// Prints one diagnostic, `error: …`, `warning: …` or `note: …`. A stderr that can't be written to is ignored.
pub(super) fn print(text: &str) {
    let line = if are_json() { object(text) } else { text.to_owned() };
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// `error: MESSAGE` with an optional `help` line becomes `{"error":{"message":…,"help":…}}`.
fn object(text: &str) -> String {
    let kinds = ["error", "warning", "note"];
    let (kind, rest) =
        text.split_once(": ").filter(|(kind, _)| kinds.contains(kind)).unwrap_or(("note", text));
    let mut message: Vec<&str> = Vec::new();
    let mut help: Vec<&str> = Vec::new();
    let lines = rest.lines().map(str::trim);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with(POINTER_TO_HELP)) {
        match HELP.iter().find_map(|label| line.strip_prefix(label)) {
            Some(advice) => help.push(advice.trim_start_matches(':').trim_start()),
            None if help.is_empty() => message.push(line),
            None => help.push(line),
        }
    }
    let help = (!help.is_empty()).then(|| help.join("\n"));
    json!({kind: {"message": message.join("\n"), "help": help}}).to_string()
}

static AS_JSON: AtomicBool = AtomicBool::new(false);

/// How a line of advice begins: ours, and clap's.
const HELP: [&str; 3] = ["help", "tip:", "Usage:"];

/// clap's last line, which says nothing about the error.
const POINTER_TO_HELP: &str = "For more information, try";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_diagnostic_is_one_object() {
        for (text, expected) in [
            ("error: no such key", r#"{"error":{"message":"no such key","help":null}}"#),
            (
                "error: a.toml:3:1: unknown key\n  found     x\n  help      did you mean y?",
                r#"{"error":{"message":"a.toml:3:1: unknown key\nfound     x","help":"did you mean y?"}}"#,
            ),
            ("warning: a: b", r#"{"warning":{"message":"a: b","help":null}}"#),
            ("plain: text", r#"{"note":{"message":"plain: text","help":null}}"#),
            (
                "error: unexpected argument '--x' found\n\n  tip: use --y\n\nUsage: frontgate sign",
                r#"{"error":{"message":"unexpected argument '--x' found","help":"use --y\nfrontgate sign"}}"#,
            ),
        ] {
            assert_eq!(object(text), expected);
        }
    }
}
