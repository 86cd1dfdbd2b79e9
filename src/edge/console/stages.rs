//! A request's way, stage by stage: what the explanation says of each, and what became of the request.

use std::time::Duration;

use super::when;
use crate::access::prechecks::Rejection;
use crate::edge::facts::reply_reason::ORIGIN_ERROR;
use crate::edge::observe::recent_requests::Record;
use crate::explain::{Check, ExplainedVerdict, Explanation, Outcome, OwnedRequest};

/// One stage.
pub(super) struct Stage<'e> {
    pub(super) name: &'static str,
    pub(super) outcome: Outcome,
    /// What it came to, in a few words.
    pub(super) found: String,
    pub(super) checks: Vec<&'e Check>,
    /// When it was over, counted from the request's coming.
    pub(super) after: Option<Duration>,
}

/// The stages in their order; of a record also what its origin and its response were.
pub(super) fn stages<'e>(
    inquiry: &OwnedRequest,
    explanation: &'e Explanation,
    record: Option<&Record>,
) -> Vec<Stage<'e>> {
    let mut stages = vec![host(inquiry, explanation), distribution(explanation), behavior(explanation)];
    for (name, checks) in CHECKED {
        stages.push(checked(name, checks, explanation));
    }
    if let (Some(record), Some(last)) = (record, stages.last_mut()) {
        last.after = record.times.decided;
    }
    stages.push(origin(explanation, record));
    stages.push(response(explanation, record));
    stages
}

fn host<'e>(inquiry: &OwnedRequest, explanation: &Explanation) -> Stage<'e> {
    let is_barred = matches!(
        &explanation.verdict,
        ExplainedVerdict::Rejected(Rejection::Host(_) | Rejection::UnknownHost { .. })
    );
    let found = match &explanation.verdict {
        ExplainedVerdict::Rejected(rejection) if is_barred => rejection.to_string(),
        ExplainedVerdict::Allow
        | ExplainedVerdict::Undecided
        | ExplainedVerdict::Rejected(_)
        | ExplainedVerdict::Deny(_) => inquiry.authority.clone(),
    };
    Stage::new("Host", if is_barred { Outcome::Fail } else { Outcome::Pass }, found)
}

fn distribution<'e>(explanation: &Explanation) -> Stage<'e> {
    match &explanation.distribution {
        Some(id) => Stage::new("Distribution", Outcome::Pass, id.clone()),
        None => Stage::new("Distribution", Outcome::Skipped, "no distribution serves this host".to_owned()),
    }
}

fn behavior<'e>(explanation: &Explanation) -> Stage<'e> {
    let Some(pattern) = &explanation.behavior else {
        return Stage::new("Behavior", Outcome::Skipped, "not determined".to_owned());
    };
    let access = if explanation.is_private { "private" } else { "public" };
    match &explanation.verdict {
        ExplainedVerdict::Rejected(rejection) => {
            Stage::new("Behavior", Outcome::Fail, format!("{pattern}: {rejection}"))
        }
        ExplainedVerdict::Allow | ExplainedVerdict::Undecided | ExplainedVerdict::Deny(_) => {
            Stage::new("Behavior", Outcome::Pass, format!("{pattern}, which is {access}"))
        }
    }
}

/// The worst outcome of its checks; the first one that has it says what was found.
fn checked<'e>(name: &'static str, names: &[&str], explanation: &'e Explanation) -> Stage<'e> {
    let checks: Vec<&Check> = explanation.checks.iter().filter(|check| names.contains(&check.name)).collect();
    let worst = [Outcome::Fail, Outcome::Pass, Outcome::Skipped]
        .into_iter()
        .find_map(|outcome| checks.iter().find(|check| check.outcome == outcome));
    let (outcome, found) = match worst {
        Some(check) => (check.outcome, check.found.clone()),
        None if explanation.behavior.is_some() && !explanation.is_private => {
            (Outcome::Skipped, "not needed: the path is public".to_owned())
        }
        None => (Outcome::Skipped, "not checked".to_owned()),
    };
    Stage { checks, ..Stage::new(name, outcome, found) }
}

fn origin<'e>(explanation: &Explanation, record: Option<&Record>) -> Stage<'e> {
    let stage = |outcome, found: String| Stage::new("Origin", outcome, found);
    let Some(record) = record else {
        return match &explanation.verdict {
            ExplainedVerdict::Allow | ExplainedVerdict::Undecided => {
                stage(Outcome::Skipped, "would be requested".to_owned())
            }
            ExplainedVerdict::Rejected(_) | ExplainedVerdict::Deny(_) => {
                stage(Outcome::Skipped, "would not be requested".to_owned())
            }
        };
    };
    let after = record.times.origin_head;
    let Some(origin) = &record.origin else { return stage(Outcome::Skipped, "not requested".to_owned()) };
    match &record.reason {
        Some((name, detail)) if *name == ORIGIN_ERROR => {
            Stage { after, ..stage(Outcome::Fail, format!("{origin}: {detail}")) }
        }
        Some(_) | None => Stage { after, ..stage(Outcome::Pass, origin.to_string()) },
    }
}

fn response<'e>(explanation: &Explanation, record: Option<&Record>) -> Stage<'e> {
    let Some(record) = record else {
        let (status, what) = answer(explanation);
        let (outcome, found) = match status {
            200 => (Outcome::Skipped, what),
            _ => (Outcome::Fail, format!("would be {status} {what}")),
        };
        return Stage::new("Response", outcome, found);
    };
    let sent = when::bytes(record.sent);
    let (outcome, found) = match record.status {
        0 => (Outcome::Fail, "the viewer disconnected before the response".to_owned()),
        status @ ..400 => (Outcome::Pass, format!("{status}, {sent}")),
        status => (Outcome::Fail, format!("{status}, {sent}")),
    };
    Stage { after: Some(record.times.ended), ..Stage::new("Response", outcome, found) }
}

/// Status and code of what the viewer would get.
pub(super) fn answer(explanation: &Explanation) -> (u16, String) {
    match &explanation.verdict {
        ExplainedVerdict::Allow | ExplainedVerdict::Undecided => (200, "what the origin returns".to_owned()),
        ExplainedVerdict::Rejected(rejection) => (rejection.status(), rejection.name().to_owned()),
        ExplainedVerdict::Deny(reason) => {
            let answer = reason.answer();
            (403, format!("{} ({})", answer.code(), answer.message()))
        }
    }
}

impl Stage<'_> {
    fn new(name: &'static str, outcome: Outcome, found: String) -> Self {
        Self { name, outcome, found, checks: Vec::new(), after: None }
    }
}

/// The stages that have checks, by the names of reference 7.
const CHECKED: [(&str, &[&str]); 4] = [
    ("Credentials", &["key-pair-id", "key"]),
    ("Policy", &["policy"]),
    ("Signature", &["signature-encoding", "signature"]),
    ("Conditions", &["resource", "expiry", "not-before", "ip"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_belongs_to_one_stage() {
        let named: Vec<&str> = CHECKED.iter().flat_map(|(_, names)| *names).copied().collect();
        let documented = [
            "key-pair-id",
            "key",
            "policy",
            "signature-encoding",
            "signature",
            "resource",
            "expiry",
            "not-before",
            "ip",
        ];
        assert_eq!(named, documented);
    }
}
