//! Explanations for people: the verdict, the causes with what was signed above what was asked, then every check.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::judged::Judged;
use super::timeline::Timeline;
use crate::explain::ExplainedVerdict;
use crate::explain::report::{self, Paint, printable};
use crate::paste::response_source::Finding;

/// Everything about one link; `number` where it is one of several.
pub(super) fn block(judged: &Judged, number: Option<usize>, with_timeline: bool, paint: Paint) -> String {
    let mut text = String::new();
    let explanation = &judged.explanation;
    if let Some(number) = number {
        let gap = if number > 1 { "\n" } else { "" };
        let heading = format!("── {number}: {} ({})", printable(&judged.url), printable(&judged.link.place));
        let _ = writeln!(text, "{gap}{}", paint.bold(&heading));
    }
    text.push_str(&report::verdict(explanation, paint));
    if explanation.verdict == ExplainedVerdict::Allow && judged.link.status == Some(403) {
        text.push_str(
            "the viewer got 403 all the same: from the origin or a firewall, or by another configuration than this\n",
        );
    }
    text.push_str(&report::place(explanation));
    text.push_str(&report::warnings(explanation, paint));
    text.push_str(&report::causes(explanation, paint));
    if let Some(works) = &judged.works {
        // Whole, to be opened: the one who reads this has just given the same signature.
        let _ = writeln!(text, "\nopen instead: {works}");
    }
    if with_timeline {
        match Timeline::of(explanation) {
            Some(line) => {
                let _ = write!(text, "\n{}\n{}", paint.bold("timeline"), line.text());
            }
            None => text.push_str("\nno timeline: the policy can't be read\n"),
        }
    }
    text.push_str(&report::checks(explanation, paint));
    text
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
