//! What is known of a representation before its bytes are read, and the fields that ask for it.

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

use crate::epoch::EpochSeconds;

/// What is known of a file, or of an embedded asset, before its bytes are read.
#[derive(Debug)]
pub(in crate::edge) struct Representation {
    /// In bytes.
    pub(in crate::edge) length: u64,
    /// A strong entity tag with its quotes.
    pub(in crate::edge) etag: String,
    /// Never later than the present (RFC 9110, 8.8.2.1).
    pub(in crate::edge) last_modified: Option<EpochSeconds>,
    /// With its charset, where it has one.
    pub(in crate::edge) content_type: HeaderValue,
}

/// A field that must stand once; several lines are as good as none.
pub(super) fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h HeaderValue> {
    let mut lines = headers.get_all(name).iter();
    lines.next().filter(|_| lines.next().is_none())
}
