//! Explanations as JSON (reference 7).

use serde_json::{Value, json};

use super::judged::Judged;
use super::timeline::Timeline;
use crate::explain::report;
use crate::paste::response_source::Finding;

/// The object of one link; `number` where it is one of several.
pub(super) fn object(judged: &Judged, number: Option<usize>, with_timeline: bool) -> Value {
    let mut json = report::json(&judged.explanation);
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
