//! The size of a request's head, and whether a body follows it.

use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue, TRANSFER_ENCODING};
use http::{Method, request};

/// The size of a request's head, and whether a body follows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Framing {
    /// Bytes of path and query.
    pub url_len: usize,
    /// Bytes of the request line and the header fields, as HTTP/1.1 writes them.
    pub head_len: usize,
    /// Whether the request has a body.
    pub has_body: bool,
}

impl Framing {
    /// Counts the head of a request, whose body the caller knows.
    #[must_use]
    pub fn counted(parts: &request::Parts, has_body: bool) -> Self {
        let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
        let fields = parts.headers.iter().map(|(name, value)| (name.as_str().len(), value.len()));
        Self::of_lengths(&parts.method, target, fields, has_body)
    }

    /// Counts the head of a request, whose headers show whether it has a body.
    #[must_use]
    pub fn of(parts: &request::Parts) -> Self {
        Self::counted(parts, announces_body(&parts.headers))
    }

    /// Counts a head of which the lengths are known: of the target, and of each field's name and value.
    #[must_use]
    pub fn of_lengths(
        method: &Method,
        target: usize,
        fields: impl Iterator<Item = (usize, usize)>,
        has_body: bool,
    ) -> Self {
        let line = method.as_str().len() + target + "  HTTP/1.1\r\n".len();
        let fields: usize = fields.map(|(name, value)| name + value + ": \r\n".len()).sum();
        Self { url_len: target, head_len: line + fields + "\r\n".len(), has_body }
    }
}

fn announces_body(headers: &HeaderMap) -> bool {
    let length = headers.get(CONTENT_LENGTH).map(HeaderValue::as_bytes);
    length.is_some_and(|length| length != b"0") || headers.contains_key(TRANSFER_ENCODING)
}
