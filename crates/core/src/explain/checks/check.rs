//! One check, and how it ended.

use crate::access::deny_reason::DenyReason;
use crate::explain::mistakes::mistake::Diagnosis;

/// One check of the credentials, a row of `frontgate explain`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Check {
    /// Its name: `key-pair-id`, `key`, `signature-encoding`, `policy`, `signature`, `resource`, `expiry`, `not-before` or `ip`.
    pub name: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// What passes the check.
    pub expected: String,
    /// What the request holds; of a failed check, why it fails.
    pub found: String,
    /// What usually leads to this, where something is known.
    pub hint: Option<String>,
    /// The mistakes by name, where the search found them.
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
    /// `pass`, `fail` or `skipped`, as `frontgate explain --json` writes it.
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
