//! What is known beside the request that is explained.

use super::surroundings::Surroundings;
use super::unknown::Unknown;

/// What is known beside the request.
#[derive(Clone, Copy, Debug)]
pub struct Context<'c> {
    /// What followed `#` in a URL that was pasted.
    pub fragment: Option<&'c str>,
    /// What isn't known, so that it isn't held against the request.
    pub unknown: Unknown,
    /// What the caller knows around the request.
    pub surroundings: &'c Surroundings,
}

impl Default for Context<'_> {
    fn default() -> Self {
        Self { fragment: None, unknown: Unknown::default(), surroundings: Surroundings::NONE }
    }
}
