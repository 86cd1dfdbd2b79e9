//! The verdict of a verifier: owned, so that a request's extensions can hold it.

use std::fmt;
use std::net::IpAddr;

use http::{StatusCode, request};

use crate::access::deny_reason::{AccessError, DenyReason};
use crate::access::prechecks::Rejection;
use crate::access::response::ErrorResponse;
use crate::access::{Admission, strip};
use crate::distribution::Route;
use crate::distribution::key::PublicKeyId;

/// The decision on a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The request may go to the application.
    Allowed(Allowed),
    /// The viewer gets CloudFront's answer instead.
    Denied(Denied),
}

impl Verdict {
    /// Whether the request is allowed.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed(_))
    }

    /// The verdict as a `Result`, for `?`.
    ///
    /// # Errors
    /// [`Denied`], where the request is denied.
    pub fn into_result(self) -> Result<Allowed, Denied> {
        match self {
            Self::Allowed(allowed) => Ok(allowed),
            Self::Denied(denied) => Err(denied),
        }
    }
}

/// Why a request is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    key_pair_id: Option<PublicKeyId>,
    is_private: bool,
    forwards_signing_cookies: bool,
}

impl Allowed {
    pub(super) fn of(admission: &Admission<'_>, route: &Route<'_, '_>) -> Self {
        let key_pair_id = match admission {
            Admission::Public => None,
            Admission::Signed { key_pair_id, .. } => Some((*key_pair_id).clone()),
        };
        Self {
            key_pair_id,
            is_private: route.is_private(),
            forwards_signing_cookies: route.behavior.switches.forward_signing_cookies,
        }
    }

    /// The `Key-Pair-Id` of the key that signed. None where the path is public, and for a preflight that a behavior exempts.
    #[must_use]
    pub fn key_pair_id(&self) -> Option<&str> {
        self.key_pair_id.as_ref().map(PublicKeyId::as_str)
    }

    /// Whether the path needs a signature.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.is_private
    }

    /// Removes the signing parameters and the signing cookies from the request, so that the application gets what an origin
    /// gets from CloudFront. On a public path both stay.
    pub fn strip(&self, parts: &mut request::Parts) {
        match (self.is_private, self.forwards_signing_cookies) {
            (true, false) => strip::strip(parts),
            (true, true) => strip::strip_query(parts),
            (false, _) => {}
        }
    }
}

/// Why a request is denied, and CloudFront's answer to it.
///
/// `Display` writes the reason and the compared values, for a log. They are not part of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    reason: &'static str,
    detail: String,
    answer: ErrorResponse,
}

impl Denied {
    pub(super) fn by(reason: &DenyReason, address: Option<IpAddr>) -> Self {
        let detail = match (reason, address) {
            (DenyReason::IpMismatch { allowed, .. }, None) => {
                format!("the viewer's address is not known, the policy is for {allowed}")
            }
            (reason, _) => reason.to_string(),
        };
        Self { reason: reason.name(), detail, answer: ErrorResponse::denied(reason) }
    }

    pub(super) fn rejected(rejection: &Rejection) -> Self {
        Self {
            reason: rejection.name(),
            detail: rejection.to_string(),
            answer: ErrorResponse::rejected(rejection),
        }
    }

    /// The reason's name, such as `expired` or `signature-mismatch`.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.reason
    }

    /// The compared values in one sentence, such as both times of an expired link.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The status of CloudFront's answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.answer.status()
    }

    /// CloudFront's `<Code>`, such as `AccessDenied`; none where the answer is an HTML page or a redirect.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        self.answer.error().map(AccessError::code)
    }

    /// CloudFront's `<Message>`; none where the answer is an HTML page or a redirect.
    #[must_use]
    pub fn message(&self) -> Option<&'static str> {
        self.answer.error().map(AccessError::message)
    }

    /// The body of CloudFront's answer, byte for byte. Only its HTML pages contain the request id.
    #[must_use]
    pub fn body(&self, request_id: &str) -> String {
        self.answer.body(request_id)
    }

    /// The whole answer.
    #[doc(hidden)]
    #[must_use]
    pub fn answer(&self) -> &ErrorResponse {
        &self.answer
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.detail)
    }
}

impl std::error::Error for Denied {}
