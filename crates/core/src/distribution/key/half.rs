//! The two halves of a pair of keys.

/// Which half of a pair is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// The one that verifies.
    Public,
    /// The one that signs.
    Private,
}
