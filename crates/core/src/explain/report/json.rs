//! Explanations as JSON (reference 7).

use std::borrow::Cow;

use serde_json::{Value, json};

use super::response_summary::{ResponseSummary, excerpt};
use crate::access::warning::Warning;
use crate::explain::{Check, Diagnosis, ExplainedVerdict, Explanation};
use crate::redact::redacted_by_shape;

/// The object of reference 7.
#[must_use]
pub fn json(explanation: &Explanation) -> Value {
    let ResponseSummary { status, code, message, reason } = ResponseSummary::of(explanation);
    let policy = explanation.policy.as_deref().map(shown);
    let policy = policy.map(|text| serde_json::from_str(&text).unwrap_or(Value::from(&*text)));
    let checks: Vec<Value> = explanation.checks.iter().map(check).collect();
    json!({
        "decision": match explanation.verdict {
            ExplainedVerdict::Allow => "allow",
            ExplainedVerdict::Deny(_) | ExplainedVerdict::Rejected(_) => "deny",
            ExplainedVerdict::Undecided => "unknown",
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
        "warnings": explanation.warnings.iter().map(warning).collect::<Vec<_>>(),
        "causes": explanation.causes().into_iter().map(cause).collect::<Vec<_>>(),
        "ignored": explanation.ignored.iter().map(|text| excerpt(text)).collect::<Vec<_>>(),
    })
}

fn warning(warning: &Warning) -> Value {
    json!({"name": warning.name(), "text": warning.to_string()})
}

fn cause(cause: &Diagnosis) -> Value {
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
