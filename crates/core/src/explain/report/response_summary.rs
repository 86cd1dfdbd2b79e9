//! What the viewer would get, in a few words.

use crate::explain::{ExplainedVerdict, Explanation};
use crate::redact::redacted_by_shape;

/// What the viewer would get: status, code, message and reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseSummary {
    /// 200, where the origin decides; none where the verdict is open.
    pub status: Option<u16>,
    /// CloudFront's code in its XML.
    pub code: Option<&'static str>,
    /// And its message.
    pub message: Option<String>,
    /// The reason, by the names of reference 4.
    pub reason: Option<&'static str>,
}

impl ResponseSummary {
    /// Of what came of the checks.
    #[must_use]
    pub fn of(explanation: &Explanation) -> Self {
        match &explanation.verdict {
            ExplainedVerdict::Allow => Self { status: Some(200), code: None, message: None, reason: None },
            ExplainedVerdict::Undecided => Self { status: None, code: None, message: None, reason: None },
            ExplainedVerdict::Deny(reason) => {
                let answer = reason.answer();
                Self {
                    status: Some(403),
                    code: Some(answer.code()),
                    message: Some(answer.message().to_owned()),
                    reason: Some(reason.name()),
                }
            }
            ExplainedVerdict::Rejected(rejection) => Self {
                status: Some(rejection.status()),
                code: None,
                message: Some(rejection.to_string()),
                reason: Some(rejection.name()),
            },
        }
    }
}

/// The beginning of a text that was not understood, without what looks like a signature.
pub(super) fn excerpt(text: &str) -> String {
    let shown = redacted_by_shape(text.trim());
    if shown.chars().count() <= MAX_IGNORED {
        return shown.into_owned();
    }
    shown.chars().take(MAX_IGNORED).chain(['…']).collect()
}

/// Characters that are shown of each text that was not understood.
const MAX_IGNORED: usize = 160;
