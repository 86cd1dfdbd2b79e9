//! Why something can't be signed.

use crate::distribution::key::UnfitKey;

/// Why something can't be signed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The private key can't be encoded, or can't sign.
    #[error("the private key can't be used: {0}")]
    Key(&'static str),
    /// The text isn't a private key that can be read, such as an encrypted one.
    #[error("the private key can't be used: {0}")]
    Format(#[doc(hidden)] UnfitKey),
    /// The URL has characters that browsers or CloudFront change.
    #[error("this URL can't be signed: {problem}; sign instead: {instead}")]
    Url {
        /// What is wrong.
        problem: &'static str,
        /// What would work.
        instead: String,
    },
    /// The system returned no random bytes.
    #[error("the system's random generator failed")]
    Randomness,
}

impl SignError {
    /// How to get what would work, mostly a command; `KEY` stands for the file.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Format(unfit) => unfit.help(),
            Self::Key(_) | Self::Url { .. } | Self::Randomness => None,
        }
    }
}
