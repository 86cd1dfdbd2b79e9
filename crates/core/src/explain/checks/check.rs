//! One check, and how it ended.

use crate::access::deny_reason::DenyReason;
use crate::explain::mistakes::mistake::Diagnosis;

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name (contract 7).
    pub name: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// What would pass.
    pub expected: String,
    /// What was there.
    pub found: String,
    /// What the mistake may be.
    pub hint: Option<String>,
    /// The same by name, where it is known.
    pub causes: Vec<Diagnosis>,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Good.
    Pass,
    /// Not good.
    Fail,
    /// Nothing to check, or what it needs is missing.
    Skipped,
}

impl Outcome {
    /// The word of contract 7.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skipped => "skipped",
        }
    }
}

impl Check {
    pub(in crate::explain) fn new(name: &'static str, expected: impl Into<String>) -> Self {
        Self {
            name,
            outcome: Outcome::Skipped,
            expected: expected.into(),
            found: String::new(),
            hint: None,
            causes: Vec::new(),
        }
    }

    pub(in crate::explain) fn expecting(self, expected: String) -> Self {
        Self { expected, ..self }
    }

    pub(in crate::explain) fn pass(self, found: String) -> Self {
        Self { outcome: Outcome::Pass, found, ..self }
    }

    pub(in crate::explain) fn skip(self, found: &str) -> Self {
        Self { outcome: Outcome::Skipped, found: found.to_owned(), ..self }
    }

    pub(in crate::explain) fn caused_by(self, causes: Vec<Diagnosis>) -> Self {
        Self { causes, ..self }
    }

    pub(in crate::explain) fn fail(self, reason: &DenyReason, hint: Option<String>) -> Self {
        Self { outcome: Outcome::Fail, found: reason.to_string(), hint, ..self }
    }
}
