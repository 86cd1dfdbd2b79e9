//! Explanations for people: the verdict, the causes with what was signed above what was asked, then every check.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::json::Answer;
use super::session::Judged;
use super::timeline::Timeline;
use super::whose::Finding;
use crate::cli::paint::Paint;
use crate::edge::redact::redacted_by_shape;
use crate::explain::{Cause, Check, Explanation, Outcome, Verdict, diff};

/// Everything about one link; `number` where it is one of several.
pub(super) fn block(judged: &Judged, number: Option<usize>, with_timeline: bool, paint: Paint) -> String {
    let mut text = String::new();
    let explanation = &judged.explanation;
    if let Some(number) = number {
        let gap = if number > 1 { "\n" } else { "" };
        let heading = format!("── {number}: {} ({})", printable(&judged.url), printable(&judged.link.place));
        let _ = writeln!(text, "{gap}{}", paint.bold(&heading));
    }
    let _ = writeln!(text, "{}", verdict(explanation, paint));
    if explanation.verdict == Verdict::Allow && judged.link.status == Some(403) {
        text.push_str(
            "the viewer got 403 all the same: from the origin or a firewall, or by another configuration than this\n",
        );
    }
    write_place(&mut text, explanation);
    for cause in explanation.causes() {
        write_cause(&mut text, cause, paint);
    }
    if with_timeline {
        match Timeline::of(explanation) {
            Some(line) => {
                let _ = write!(text, "\n{}\n{}", paint.bold("timeline"), line.text());
            }
            None => text.push_str("\nno timeline: there is no policy that can be read\n"),
        }
    }
    if !explanation.checks.is_empty() {
        text.push('\n');
    }
    for check in &explanation.checks {
        write_check(&mut text, check, paint);
    }
    text
}

fn verdict(explanation: &Explanation, paint: Paint) -> String {
    let Answer { status, code, message, reason } = Answer::of(explanation);
    let status = status.unwrap_or_default();
    match (&explanation.verdict, code, message, reason) {
        (Verdict::Undecided, ..) => {
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

fn write_place(text: &mut String, explanation: &Explanation) {
    let (at, ip) = (explanation.at, explanation.viewer_ip);
    let _ = writeln!(text, "judged at {at} for viewer {ip}");
    if let (Some(distribution), Some(behavior)) = (&explanation.distribution, &explanation.behavior) {
        let access = if explanation.is_private { "private" } else { "public: nothing to check" };
        let _ = writeln!(text, "distribution {distribution}, behavior `{behavior}` ({access})");
    }
    if let Some(policy) = &explanation.policy {
        let _ = writeln!(text, "policy {}", printable(policy.trim_end()));
    }
}

fn write_cause(text: &mut String, cause: &Cause, paint: Paint) {
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
pub(super) fn printable(text: &str) -> String {
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

/// `3 × path-encoding`, most first.
pub(super) fn summary(links: usize, by_cause: &BTreeMap<String, usize>) -> String {
    let mut counts: Vec<(&String, &usize)> = by_cause.iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let mut text = format!("{links} links\n");
    let width = counts.first().map_or(1, |(_, count)| count.to_string().len());
    for (cause, count) in counts {
        let _ = writeln!(text, "  {count:>width$} × {cause}");
    }
    text
}

/// Whose response it is.
pub(super) fn finding(finding: &Finding, paint: Paint) -> String {
    let certainty = if finding.is_certain { "certain" } else { "likely" };
    let mut text = format!("{} ({certainty})\n", paint.bold(finding.whose.sentence()));
    if let Some(code) = &finding.code {
        let _ = writeln!(text, "code {}", printable(code));
    }
    for (heading, lines) in [("evidence", &finding.evidence), ("next", &finding.next)] {
        for line in lines {
            let _ = writeln!(text, "  {heading:8}  {}", printable(line).replace('\n', " "));
        }
    }
    text
}
