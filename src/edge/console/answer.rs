//! What an explanation says, on a page: the verdict, the causes with what was signed against what was requested, the stages.

use super::html::{Html, html};
use super::secrets::Secrets;
use super::stages::{Stage, answer, stages};
use super::when;
use crate::access::policy::Policy;
use crate::edge::observe::recent_requests::Record;
use crate::epoch::EpochSeconds;
use crate::explain::{Check, Diagnosis, ExplainedVerdict, Explanation, Outcome, OwnedRequest, Searched};

/// One judgement, and what it is compared with.
pub(super) struct VerdictView<'e> {
    pub(super) inquiry: &'e OwnedRequest,
    pub(super) explanation: &'e Explanation,
    /// What became of the request, where it is judged as it came.
    pub(super) record: Option<&'e Record>,
    /// The verdict before time or address were changed.
    pub(super) before: Option<String>,
}

impl VerdictView<'_> {
    pub(super) fn show(&self, out: &mut Html) {
        let secrets = Secrets::of(self.inquiry);
        self.verdict(out, &secrets);
        for warning in &self.explanation.warnings {
            html!(out; "<section class=\"note\"><p><strong>Warning <code>" (warning.name()) "</code>:</strong> "
                (secrets.cut(&warning.to_string())) "</p></section>");
        }
        for cause in self.explanation.causes() {
            show_cause(out, cause, &secrets);
        }
        if self.explanation.searched == Searched::GaveUp {
            html!(out; "<p class=\"note\">The search for the signed text reached its limit: "
                "<code>frontgate explain</code> on the command line searches further.</p>");
        }
        html!(out; "<h2>Steps</h2><ol class=\"stages\">");
        // Where the cause is proven, what was expected and found is for those who want to check it.
        let is_proven = self.explanation.causes().iter().any(|cause| cause.proven);
        for stage in stages(self.inquiry, self.explanation, self.record) {
            show_stage(out, &stage, &secrets, is_proven);
        }
        html!(out; "</ol>");
        if let Some(policy) = &self.explanation.policy {
            html!(out;
                "<details class=\"policy\">"
                "<summary>The policy that was sent, or the canned policy that the signature covers</summary>"
                "<pre tabindex=\"0\">" (secrets.cut(policy)) "</pre></details>"
            );
        }
    }

    fn verdict(&self, out: &mut Html, secrets: &Secrets) {
        let now = verdict(self.explanation);
        let outcome = match self.explanation.verdict {
            ExplainedVerdict::Allow => Outcome::Pass,
            ExplainedVerdict::Undecided => Outcome::Skipped,
            ExplainedVerdict::Rejected(_) | ExplainedVerdict::Deny(_) => Outcome::Fail,
        };
        html!(out; "<div class=\"verdict " (outcome.as_str()) "\"><p class=\"word\" id=\"verdict\">"
            (mark(outcome)) " " (capital(&now)) "</p>");
        // Where a cause is known, it says the same and more.
        if self.explanation.causes().is_empty() {
            let reason = match &self.explanation.verdict {
                ExplainedVerdict::Deny(reason) => Some(reason.to_string()),
                ExplainedVerdict::Rejected(rejection) => Some(rejection.to_string()),
                ExplainedVerdict::Allow | ExplainedVerdict::Undecided => None,
            };
            if let Some(reason) = reason {
                html!(out; "<p>" (secrets.cut(&capital(&reason))) ".</p>");
            }
        }
        let (status, what) = answer(self.explanation);
        html!(out; "<p class=\"small\">The viewer gets ");
        if outcome == Outcome::Fail {
            html!(out; (status) " ");
        }
        html!(out; (what) ". Judged at ");
        when::second(out, self.explanation.at);
        html!(out; " for a viewer at " (self.explanation.viewer_ip) ".</p>");
        match &self.before {
            Some(before) if *before != now => {
                html!(out;
                    "<p class=\"change\"><strong>The answer has changed:</strong> " (before) " → " (now) ".</p>"
                );
            }
            Some(before) => html!(out; "<p class=\"change\">The same answer as before: " (before) ".</p>"),
            None => {}
        }
        html!(out; "</div>");
    }
}

/// The verdict in a word or two.
pub(super) fn verdict(explanation: &Explanation) -> String {
    match &explanation.verdict {
        ExplainedVerdict::Allow => "allowed".to_owned(),
        ExplainedVerdict::Undecided => "undecided".to_owned(),
        ExplainedVerdict::Rejected(rejection) => format!("denied, {}", rejection.name()),
        ExplainedVerdict::Deny(reason) => format!("denied, {}", reason.name()),
    }
}

/// When the link opens: from and until, as the policy that was sent says.
pub(super) fn window(explanation: &Explanation) -> Option<(Option<EpochSeconds>, EpochSeconds)> {
    let policy = Policy::parse(explanation.policy.as_deref()?.as_bytes()).ok()?;
    Some((policy.condition.date_greater_than, policy.condition.date_less_than))
}

fn show_cause(out: &mut Html, cause: &Diagnosis, secrets: &Secrets) {
    let certainty = if cause.proven { "proven" } else { "likely" };
    html!(out; "<section class=\"cause-box\"><h2><code>" (cause.mistake.as_str()) "</code> <span class=\"badge "
        (certainty) "\">" (certainty) "</span></h2>");
    if let (Some(signed), Some(requested)) = (&cause.signed, &cause.requested) {
        let (signed, requested) = (secrets.cut(signed), secrets.cut(requested));
        let [above, below] = marked(&signed, &requested);
        html!(out; "<dl class=\"diff\"><dt>signed</dt><dd>" [above] "</dd><dt>requested</dt><dd>" [below] "</dd></dl>");
    }
    if let Some(key) = &cause.signed_by {
        html!(out; "<p>Signed by <code>" (key) "</code>.</p>");
    }
    html!(out; "<p class=\"fix\"><strong>Fix:</strong> " (secrets.cut(cause.sentence())) "</p>");
    if let Some((_, line)) = cause.fix.split_once('\n') {
        html!(out; "<pre tabindex=\"0\">" (secrets.cut(line)) "</pre>");
    }
    html!(out; "</section>");
}

/// Two texts, each with the part marked that lies between their common beginning and their common end.
fn marked(signed: &str, requested: &str) -> [Html; 2] {
    let (a, b): (Vec<char>, Vec<char>) = (signed.chars().collect(), requested.chars().collect());
    let begin = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let most = a.len().min(b.len()) - begin;
    let end = a.iter().rev().zip(b.iter().rev()).take(most).take_while(|(x, y)| x == y).count();
    [a, b].map(|text| {
        let part = |range: std::ops::Range<usize>| text[range].iter().collect::<String>();
        let mut out = Html::default();
        html!(out; (part(0..begin)));
        let differs = part(begin..text.len() - end);
        match differs.is_empty() {
            // A place where something is missing can be seen, too.
            true => html!(out; "<mark class=\"gap\"></mark>"),
            false => html!(out; "<mark>" (differs) "</mark>"),
        }
        html!(out; (part(text.len() - end..text.len())));
        out
    })
}

fn show_stage(out: &mut Html, stage: &Stage<'_>, secrets: &Secrets, is_proven: bool) {
    html!(out;
        "<li class=\"" (stage.outcome.as_str()) "\"><div class=\"stage\"><span class=\"mark\">"
        (mark(stage.outcome)) "<span class=\"unseen\"> " (word(stage.outcome)) ":</span></span> <strong>"
        (stage.name) "</strong> <span class=\"found\">" (secrets.cut(&stage.found)) "</span>"
    );
    if let Some(after) = stage.after {
        html!(out; "<span class=\"after\">after " (when::millis(after)) " ms</span>");
    }
    html!(out; "</div>");
    if !stage.checks.is_empty() {
        html!(out; "<details");
        if stage.outcome == Outcome::Fail && !is_proven {
            html!(out; " open");
        }
        html!(out; "><summary>" (stage.checks.len()) (if stage.checks.len() == 1 { " check" } else { " checks" })
            "<span class=\"unseen\"> of " (stage.name) "</span></summary>");
        for check in &stage.checks {
            show_check(out, check, secrets, is_proven);
        }
        html!(out; "</details>");
    }
    html!(out; "</li>");
}

fn show_check(out: &mut Html, check: &Check, secrets: &Secrets, is_proven: bool) {
    html!(out; "<dl class=\"check " (check.outcome.as_str()) "\"><dt><code>" (check.name) "</code></dt><dd>"
        (word(check.outcome)) "</dd><dt>expected</dt><dd>" (secrets.cut(&check.expected)) "</dd><dt>found</dt><dd>"
        (secrets.cut(&check.found)) "</dd>");
    // A hint guesses at what a proven cause knows.
    if let Some(hint) = check.hint.as_ref().filter(|_| !is_proven) {
        let hint = secrets.cut(hint);
        let (sentence, lines) =
            hint.split_once('\n').map_or((&*hint, None), |(first, rest)| (first, Some(rest)));
        html!(out; "<dt>hint</dt><dd>" (sentence));
        if let Some(lines) = lines {
            html!(out; "<pre tabindex=\"0\">" (lines) "</pre>");
        }
        html!(out; "</dd>");
    }
    html!(out; "</dl>");
}

fn mark(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "✓",
        Outcome::Fail => "✗",
        Outcome::Skipped => "–",
    }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "passed",
        Outcome::Fail => "failed",
        Outcome::Skipped => "skipped",
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_marked_in_both() {
        let shown = |signed, requested| marked(signed, requested).map(Html::into_string);
        assert_eq!(
            shown("http://a/x", "https://a/x"),
            ["http<mark class=\"gap\"></mark>://a/x", "http<mark>s</mark>://a/x"]
        );
        assert_eq!(shown("a b", "a%20b"), ["a<mark> </mark>b", "a<mark>%20</mark>b"]);
    }
}
