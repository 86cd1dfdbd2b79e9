//! The number of a configuration.

use std::fmt;

/// Counts the configurations that one process has run: 1 at the start, one more with each that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigVersion(u64);

impl ConfigVersion {
    /// The version of the start.
    pub const FIRST: Self = Self(1);

    /// The version after this one.
    pub(super) fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The number, for metrics.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ConfigVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
