//! Parts of a request that the caller doesn't know.

use crate::access::credentials::Credentials;

/// What isn't known, so that nothing is concluded from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unknown {
    /// Which keys the path trusts.
    pub keys: bool,
    /// The signature: it was redacted.
    pub signature: bool,
    /// The policy: it was redacted.
    pub policy: bool,
    /// Whether cookies were sent.
    pub cookies: bool,
}

impl Unknown {
    /// Whether anything is.
    #[must_use]
    pub fn anything(self) -> bool {
        self != Self::default()
    }

    /// Cookies don't count beside a signed URL, nor where some are known.
    pub(in crate::explain) fn beside(self, sent: &Credentials<'_>) -> Self {
        Self { cookies: self.cookies && sent.source.is_none(), ..self }
    }
}
