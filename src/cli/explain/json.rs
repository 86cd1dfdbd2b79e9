//! Explanations as JSON (contract 7).

use std::borrow::Cow;

use serde_json::{Value, json};

use super::session::Judged;
use super::timeline::Timeline;
use super::whose::Finding;
use crate::edge::redact::redacted_by_shape;
use crate::explain::{Cause, Check, Explanation, Verdict};

/// What the viewer would get: status, code, message and reason.
pub(super) struct Answer {
    pub(super) status: Option<u16>,
    pub(super) code: Option<&'static str>,
    pub(super) message: Option<String>,
    pub(super) reason: Option<&'static str>,
}

impl Answer {
    pub(super) fn of(explanation: &Explanation) -> Self {
        match &explanation.verdict {
            Verdict::Allow => Self { status: Some(200), code: None, message: None, reason: None },
            Verdict::Undecided => Self { status: None, code: None, message: None, reason: None },
            Verdict::Deny(reason) => {
                let answer = reason.answer();
                Self {
                    status: Some(403),
                    code: Some(answer.code()),
                    message: Some(answer.message().to_owned()),
                    reason: Some(reason.name()),
                }
            }
            Verdict::Barred(barrier) => Self {
                status: Some(barrier.status()),
                code: None,
                message: Some(barrier.to_string()),
                reason: Some(barrier.name()),
            },
        }
    }
}

/// The object of one link; `number` where it is one of several.
pub(super) fn object(judged: &Judged, number: Option<usize>, with_timeline: bool) -> Value {
    let mut json = explanation(&judged.explanation);
    if with_timeline {
        json["timeline"] = Timeline::of(&judged.explanation).map_or(Value::Null, |line| line.json());
    }
    if let Some(number) = number {
        json["link"] = number.into();
        json["place"] = judged.link.place.as_str().into();
        json["url"] = judged.url.as_str().into();
    }
    json
}

fn explanation(explanation: &Explanation) -> Value {
    let Answer { status, code, message, reason } = Answer::of(explanation);
    let policy = explanation.policy.as_deref().map(shown);
    let policy = policy.map(|text| serde_json::from_str(&text).unwrap_or(Value::from(&*text)));
    let checks: Vec<Value> = explanation.checks.iter().map(check).collect();
    json!({
        "decision": match explanation.verdict {
            Verdict::Allow => "allow",
            Verdict::Deny(_) | Verdict::Barred(_) => "deny",
            Verdict::Undecided => "unknown",
        },
        "status": status,
        "code": code,
        "message": message,
        "reason": reason,
        "at": explanation.at.to_string(),
        "viewer-ip": explanation.viewer_ip.to_string(),
        "distribution": explanation.distribution,
        "behavior": explanation.behavior,
        "key-pair-id": explanation.key_pair_id,
        "policy": policy,
        "checks": checks,
        "causes": explanation.causes().into_iter().map(cause).collect::<Vec<_>>(),
    })
}

fn cause(cause: &Cause) -> Value {
    let mut json = json!({"mistake": cause.mistake.as_str(), "proven": cause.proven});
    for (name, value) in
        [("signed-by", &cause.signed_by), ("signed", &cause.signed), ("requested", &cause.requested)]
    {
        if let Some(value) = value {
            json[name] = Value::from(&*shown(value));
        }
    }
    json["fix"] = Value::from(cause.fix.as_str());
    json
}

fn check(check: &Check) -> Value {
    json!({
        "check": check.name,
        "outcome": check.outcome.as_str(),
        "expected": shown(&check.expected),
        "found": shown(&check.found),
        "hint": check.hint.as_deref().map(shown),
    })
}

/// A text without what looks like a signature in a URL: under a name that isn't the right one it is part of what is signed.
fn shown(text: &str) -> Cow<'_, str> {
    if text.contains("://") { redacted_by_shape(text) } else { Cow::Borrowed(text) }
}

/// Whose response it is.
pub(super) fn finding(finding: &Finding, status: Option<u16>) -> Value {
    json!({
        "whose": finding.whose.name(),
        "certain": finding.is_certain,
        "status": status,
        "code": finding.code,
        "verdict": finding.whose.sentence(),
        "evidence": finding.evidence,
        "next": finding.next,
    })
}
