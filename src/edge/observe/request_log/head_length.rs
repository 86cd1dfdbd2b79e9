//! How many bytes a head has in HTTP/1.1, whatever it was sent over.

use http::{HeaderMap, Method};

/// Bytes of a request's head as HTTP/1.1 writes it; of HTTP/2's, what it would have been.
pub(super) fn request_head_len(method: &Method, target: &str, headers: &HeaderMap) -> u64 {
    (method.as_str().len() + target.len() + "  HTTP/1.1\r\n\r\n".len()) as u64 + fields_len(headers)
}

/// Bytes of a head's fields, with their line ends.
pub(super) fn fields_len(headers: &HeaderMap) -> u64 {
    headers.iter().map(|(name, value)| (name.as_str().len() + value.len() + 4) as u64).sum()
}
