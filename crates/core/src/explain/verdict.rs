//! The verdict of an explanation.

use crate::access::Decision;
use crate::access::deny_reason::DenyReason;
use crate::access::prechecks::Rejection;

/// What the viewer would get.
#[derive(Clone, Debug, PartialEq)]
pub enum ExplainedVerdict {
    /// The origin would be asked.
    Allow,
    /// One of CloudFront's pages or a redirect, before the credentials are looked at.
    Rejected(Rejection),
    /// CloudFront's XML.
    Deny(DenyReason),
    /// Nothing is wrong with what is known ([`super::Context::unknown`]), but that isn't all that counts.
    Undecided,
}

impl From<Decision<'_>> for ExplainedVerdict {
    fn from(decision: Decision<'_>) -> Self {
        match decision {
            Decision::Allow(_) => Self::Allow,
            Decision::Reject(rejection) => Self::Rejected(rejection),
            Decision::Deny(reason) => Self::Deny(reason),
        }
    }
}
