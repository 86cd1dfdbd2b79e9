//! Explanations for people: the verdict, the causes with what was signed above what was asked, then every check.

use std::fmt::Write as _;

use super::diff::diff;
use super::paint::Paint;
use super::response_summary::{ResponseSummary, excerpt};
use crate::access::warning::Warning;
use crate::explain::{Check, Diagnosis, ExplainedVerdict, Explanation, Outcome};
use crate::redact::redacted_by_shape;

/// The explanation as `frontgate explain` prints it.
#[must_use]
pub fn text(explanation: &Explanation, paint: Paint) -> String {
    let mut text = verdict(explanation, paint);
    text.push_str(&place(explanation));
    text.push_str(&warnings(explanation, paint));
    text.push_str(&causes(explanation, paint));
    text.push_str(&checks(explanation, paint));
    text
}

/// Allowed, denied or undecided: one line.
#[must_use]
pub fn verdict(explanation: &Explanation, paint: Paint) -> String {
    let mut line = judged(explanation, paint);
    line.push('\n');
    line
}

fn judged(explanation: &Explanation, paint: Paint) -> String {
    let ResponseSummary { status, code, message, reason } = ResponseSummary::of(explanation);
    let status = status.unwrap_or_default();
    match (&explanation.verdict, code, message, reason) {
        (ExplainedVerdict::Undecided, ..) => {
            format!("{}: nothing is wrong with what is known, but not all is known", paint.bold("undecided"))
        }
        (_, Some(code), Some(message), Some(reason)) => {
            format!("{}: {status} {code} ({message}), reason {reason}", paint.red("denied"))
        }
        (_, None, Some(message), Some(reason)) => {
            format!("{}: {status}, reason {reason}: {}", paint.red("denied"), printable(&message))
        }
        (_, _, None, _) | (_, _, _, None) => paint.green("allowed"),
    }
}

/// When and where it was judged, and by which rules.
#[must_use]
pub fn place(explanation: &Explanation) -> String {
    let mut text = String::new();
    let (at, ip) = (explanation.at, explanation.viewer_ip);
    let _ = writeln!(text, "judged at {at} for viewer {ip}");
    if let (Some(distribution), Some(behavior)) = (&explanation.distribution, &explanation.behavior) {
        let access = if explanation.is_private { "private" } else { "public: nothing to check" };
        let _ = writeln!(text, "distribution {distribution}, behavior `{behavior}` ({access})");
    }
    if let Some(policy) = &explanation.policy {
        let _ = writeln!(text, "policy {}", printable(policy.trim_end()));
    }
    for ignored in &explanation.ignored {
        let _ = writeln!(text, "not understood, so ignored: {}", printable(&excerpt(ignored)));
    }
    text
}

/// What is allowed and isn't meant: a line each.
#[must_use]
pub fn warnings(explanation: &Explanation, paint: Paint) -> String {
    let line = |warning: &Warning| format!("{} {}: {warning}\n", paint.bold("warning:"), warning.name());
    explanation.warnings.iter().map(line).collect()
}

/// Each cause, what was signed above what was asked.
#[must_use]
pub fn causes(explanation: &Explanation, paint: Paint) -> String {
    let mut text = String::new();
    for cause in explanation.causes() {
        write_cause(&mut text, cause, paint);
    }
    text
}

/// Every check, after an empty line.
#[must_use]
pub fn checks(explanation: &Explanation, paint: Paint) -> String {
    let mut text = String::new();
    if !explanation.checks.is_empty() {
        text.push('\n');
    }
    for check in &explanation.checks {
        write_check(&mut text, check, paint);
    }
    text
}

fn write_cause(text: &mut String, cause: &Diagnosis, paint: Paint) {
    let certainty = if cause.proven { "proven" } else { "likely" };
    let _ = writeln!(text, "\n{}: {} ({certainty})", paint.red("cause"), paint.bold(cause.mistake.as_str()));
    if let Some(signed_by) = &cause.signed_by {
        let _ = writeln!(text, "  signed by: {}", printable(signed_by));
    }
    if let (Some(signed), Some(requested)) = (&cause.signed, &cause.requested) {
        write_indented(text, "  ", &diff(&printable(signed), &printable(requested)));
    } else {
        for (name, value) in [("signed", &cause.signed), ("requested", &cause.requested)] {
            if let Some(value) = value {
                write_indented(text, "  ", &format!("{name}: {}", printable(value)));
            }
        }
    }
    write_indented(text, "       ", &printable(&cause.fix));
}

/// A text of several lines, and `fix:` before the ones that are indented that far.
fn write_indented(text: &mut String, indent: &str, lines: &str) {
    for (number, line) in lines.lines().enumerate() {
        let begin = if number == 0 && indent.len() > 2 { "  fix: " } else { indent };
        let _ = writeln!(text, "{begin}{line}");
    }
}

/// What a stranger chose must not steer the terminal.
#[must_use]
pub fn printable(text: &str) -> String {
    let shown =
        |c: char| if c.is_control() && c != '\n' { c.escape_unicode().to_string() } else { c.to_string() };
    redacted_by_shape(text).chars().map(shown).collect()
}

fn write_check(text: &mut String, check: &Check, paint: Paint) {
    let name = check.name;
    let (found, expected) = (printable(&check.found), printable(&check.expected));
    let _ = match check.outcome {
        Outcome::Pass => writeln!(text, "{}  {name:18}  {found}", paint.green("pass")),
        Outcome::Skipped => {
            writeln!(text, "{}  {}", paint.dim("skip"), paint.dim(&format!("{name:18}  {found}")))
        }
        Outcome::Fail => writeln!(text, "{}  {}", paint.red("FAIL"), paint.bold(name)),
    };
    if check.outcome != Outcome::Skipped {
        let _ = writeln!(text, "{}", paint.dim(&format!("        expected  {expected}")));
    }
    if check.outcome == Outcome::Fail {
        let _ = writeln!(text, "        found     {found}");
    }
    if let Some(hint) = &check.hint {
        let _ = writeln!(text, "        hint      {}", printable(hint).replace('\n', "\n                  "));
    }
}
