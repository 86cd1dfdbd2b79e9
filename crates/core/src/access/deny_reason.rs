//! Why a request is refused, and which of CloudFront's five answers that is.

use std::fmt;
use std::net::IpAddr;

use super::credentials::CredentialSource;
use super::encoding::InvalidEncoding;
use super::excerpt::excerpt;
use super::policy::{PolicyFault, SourceIp};
use crate::distribution::key::{HashAlgorithm, PublicKeyId};
use crate::epoch::EpochSeconds;

/// One cause for each mistake that a user must tell apart, in the order of the checks (cloudfront 7.3).
///
/// Displays with the compared values, for logs and `explain`; the viewer never sees it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DenyReason {
    /// No credentials, or none with a usable key id.
    #[error("{}", missing_key_pair_id(*.sent_in, .found.as_deref()))]
    MissingKeyPairId {
        /// Where other signing values were found.
        sent_in: Option<CredentialSource>,
        /// An id that is empty or can't be one.
        found: Option<String>,
    },
    /// A key that the behaviors of this path don't trust.
    #[error("key {key_pair_id:?} is not trusted here; trusted: {}", list(.trusted))]
    UnknownKey {
        /// The id that was sent.
        key_pair_id: String,
        /// The ids that would be taken.
        trusted: Vec<PublicKeyId>,
    },
    /// No signature (cloudfront 7.3, `[UNKNOWN]`, answered like an unreadable one).
    #[error("no signature was sent")]
    MissingSignature,
    /// A signature that isn't CloudFront's base64.
    #[error("the signature is not CloudFront's base64: {0}")]
    MalformedSignature(InvalidEncoding),
    /// A policy that isn't understood.
    #[error("{0}")]
    MalformedPolicy(PolicyFault),
    /// A `Hash-Algorithm` other than `SHA1` and `SHA256` (cloudfront 1.2, `[ASSUMED]`).
    #[error("Hash-Algorithm is {found:?}; expected SHA1 or SHA256")]
    UnknownHashAlgorithm {
        /// The value.
        found: String,
    },
    /// The signature isn't this key's over these bytes.
    #[error("the signature is not one of key {key_pair_id} with {} over {}", .hash.as_parameter(), .signed)]
    SignatureMismatch {
        /// The key that was named.
        key_pair_id: PublicKeyId,
        /// The hash that was announced.
        hash: HashAlgorithm,
        /// What it should have been made over.
        signed: Signed,
    },
    /// The policy is for other URLs.
    #[error("the policy is for {:?}, the request is {}", excerpt(.resource, 256), any_of(.urls))]
    ResourceMismatch {
        /// The policy's Resource.
        resource: String,
        /// The URLs that were tried.
        urls: Vec<String>,
    },
    /// After the end.
    #[error("now is {now} ({}), not before DateLessThan {date_less_than} ({})", .now.0, .date_less_than.0)]
    Expired {
        /// The time of the judgement.
        now: EpochSeconds,
        /// The end.
        date_less_than: EpochSeconds,
    },
    /// Before the beginning.
    #[error("now is {now} ({}), not after DateGreaterThan {date_greater_than} ({})", .now.0, .date_greater_than.0)]
    NotYetValid {
        /// The time of the judgement.
        now: EpochSeconds,
        /// The beginning.
        date_greater_than: EpochSeconds,
    },
    /// From another address.
    #[error("the viewer is {viewer}, the policy is for {allowed}")]
    IpMismatch {
        /// The viewer's address.
        viewer: IpAddr,
        /// The policy's.
        allowed: SourceIp,
    },
}

impl DenyReason {
    /// The reason's name in logs, `explain` and the test-mode header (reference 4).
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::MissingKeyPairId { .. } => "missing-key-pair-id",
            Self::UnknownKey { .. } => "unknown-key",
            Self::MissingSignature => "missing-signature",
            Self::MalformedSignature(_) => "malformed-signature",
            Self::MalformedPolicy(_) => "malformed-policy",
            Self::UnknownHashAlgorithm { .. } => "unknown-hash-algorithm",
            Self::SignatureMismatch { .. } => "signature-mismatch",
            Self::ResourceMismatch { .. } => "resource-mismatch",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not-yet-valid",
            Self::IpMismatch { .. } => "ip-mismatch",
        }
    }

    /// What CloudFront answers (cloudfront 7.1).
    #[must_use]
    pub fn answer(&self) -> AccessError {
        match self {
            Self::MissingKeyPairId { .. } => AccessError::MissingKey,
            Self::UnknownKey { .. } => AccessError::InvalidKey,
            Self::MissingSignature | Self::MalformedSignature(_) => AccessError::MalformedSignature,
            Self::MalformedPolicy(_) => AccessError::MalformedPolicy,
            Self::UnknownHashAlgorithm { .. }
            | Self::SignatureMismatch { .. }
            | Self::ResourceMismatch { .. }
            | Self::Expired { .. }
            | Self::NotYetValid { .. }
            | Self::IpMismatch { .. } => AccessError::AccessDenied,
        }
    }
}

/// CloudFront's five answers, all of them 403.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessError {
    /// No key id.
    MissingKey,
    /// A key id that isn't trusted.
    InvalidKey,
    /// A signature that can't be decoded.
    MalformedSignature,
    /// A policy that isn't understood.
    MalformedPolicy,
    /// Everything else.
    AccessDenied,
}

impl AccessError {
    /// `<Code>`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::MissingKey => "MissingKey",
            Self::InvalidKey => "InvalidKey",
            Self::MalformedSignature => "MalformedSignature",
            Self::MalformedPolicy => "MalformedPolicy",
            Self::AccessDenied => "AccessDenied",
        }
    }

    /// `<Message>`.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::MissingKey => "Missing Key-Pair-Id query parameter or cookie value",
            Self::InvalidKey => "Unknown Key",
            Self::MalformedSignature => "Could not unencode Signature",
            Self::MalformedPolicy => "Malformed Policy",
            Self::AccessDenied => "Access denied",
        }
    }

    /// The body, one line without an end (cloudfront 7.1; its lengths are observed).
    #[must_use]
    pub fn xml(self) -> String {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><Error><Code>{}</Code><Message>{}</Message></Error>"#,
            self.code(),
            self.message()
        )
    }
}

fn missing_key_pair_id(source: Option<CredentialSource>, found: Option<&str>) -> String {
    let place = match source {
        None => return "the request has no signing parameters and no signing cookies".to_owned(),
        Some(CredentialSource::Query) => "the query",
        Some(CredentialSource::Cookies) => "the cookies",
    };
    match found {
        None => format!("{place} has signing values but no Key-Pair-Id"),
        Some("") => format!("Key-Pair-Id in {place} is empty"),
        Some(id) => {
            format!("Key-Pair-Id in {place} is {id:?}, which can't be a key's id: letters and digits only")
        }
    }
}

fn list(ids: &[PublicKeyId]) -> String {
    ids.iter().map(PublicKeyId::as_str).collect::<Vec<_>>().join(", ")
}

/// What a signature should have been made over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signed {
    /// The custom policy that came with it.
    Policy,
    /// The canned policy for one of these URLs.
    Urls(Vec<String>),
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy => f.write_str("the policy that was sent"),
            Self::Urls(urls) => f.write_str(&any_of(urls)),
        }
    }
}

/// The URLs that a request may have been signed as, cut to a length that a log can bear.
fn any_of(urls: &[String]) -> String {
    if urls.is_empty() {
        return "none that could be signed: its host is not a name of the distribution, which has no public-base-urls"
            .to_owned();
    }
    urls.iter().map(|url| excerpt(url, 256)).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_the_lengths_that_were_observed() {
        for (answer, length) in [
            (AccessError::MissingKey, 146),
            (AccessError::InvalidKey, 106),
            (AccessError::MalformedSignature, 131),
            (AccessError::MalformedPolicy, 116),
            (AccessError::AccessDenied, 110),
        ] {
            assert_eq!(answer.xml().len(), length, "{answer:?}");
        }
    }
}
