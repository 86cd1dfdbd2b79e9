//! Why a policy isn't understood.

use crate::access::encoding::InvalidEncoding;
use crate::access::excerpt::excerpt;
use crate::epoch::MAX_EPOCH_SECONDS;

/// Why a policy isn't understood. Each is `MalformedPolicy` to the viewer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFault {
    /// A signature without a policy (cloudfront 3.3, `[UNKNOWN]`).
    #[error("neither Policy nor Expires was sent")]
    Missing,
    /// Not CloudFront's base64.
    #[error("the policy is not CloudFront's base64: {0}")]
    Encoding(#[from] InvalidEncoding),
    /// Longer than a request can be.
    #[error("the policy has {len} bytes, more than the {MAX_POLICY_LEN} that fit into a request")]
    TooLong {
        /// Bytes after decoding.
        len: usize,
    },
    /// Not JSON, nested too deep, or a key twice.
    #[error("the policy is not understood: {problem}")]
    NotJson {
        /// With line and column.
        problem: String,
    },
    /// The wrong kind of value.
    #[error("{place}: expected {expected}, found {}", excerpt(.found, 128))]
    Unexpected {
        /// The key that it belongs to.
        place: &'static str,
        /// What belongs there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A key that CloudFront doesn't document.
    #[error("{place} has the key {:?}, which CloudFront does not document (known: `{known}`)", excerpt(.key, 64))]
    UnknownKey {
        /// The object it stands in.
        place: &'static str,
        /// The key.
        key: String,
        /// The keys that belong there.
        known: String,
    },
    /// A key that must be there.
    #[error("{place} lacks `{key}`")]
    MissingKey {
        /// The object it should stand in.
        place: &'static str,
        /// The key.
        key: &'static str,
    },
    /// None, or more than the one that CloudFront takes.
    #[error("expected one statement, found {count}")]
    Statements {
        /// How many.
        count: usize,
    },
    /// A time beyond 64 bits with a sign.
    #[error("{place} is {}; expected at most {MAX_EPOCH_SECONDS}", shown(*.seconds))]
    TimeOutOfRange {
        /// `Expires` or the condition.
        place: &'static str,
        /// The value; `u64::MAX` for what doesn't fit.
        seconds: u64,
    },
    /// `Expires` that is no number.
    #[error("Expires must be digits, found {:?}", excerpt(.found, 64))]
    Expires {
        /// The value.
        found: String,
    },
}

fn shown(seconds: u64) -> String {
    if seconds == u64::MAX { "a number of more than 64 bits".to_owned() } else { seconds.to_string() }
}

/// What base64 can carry within a request of 32,768 bytes (cloudfront 9.3).
pub(super) const MAX_POLICY_LEN: usize = 32_768 / 4 * 3;
