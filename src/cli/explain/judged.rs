//! A link that was judged.

use crate::explain::Explanation;
use crate::paste::Link;

/// A link that was judged.
pub(super) struct Judged {
    pub(super) link: Link,
    /// As it was judged, signing values cut out.
    pub(super) url: String,
    pub(super) explanation: Explanation,
    /// The link as it works, signature included, where only its address is another one than was signed.
    pub(super) works: Option<String>,
    pub(super) notes: Vec<String>,
}
