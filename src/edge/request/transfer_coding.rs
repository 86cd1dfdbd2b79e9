//! The transfer coding of a viewer's request.

use http::header::{HeaderMap, HeaderValue, TRANSFER_ENCODING};

use crate::edge::response::local_response::LocalResponse;

/// Whether a body is framed in one way only: hyper reads chunks where they are the last coding of several, and where they are
/// named twice, in which others read another body (RFC 9112, 6.1).
///
/// # Errors
/// A [`LocalResponse`] of 501 for a coding that isn't known, of 400 for chunks of chunks.
pub(in crate::edge) fn check(headers: &HeaderMap) -> Result<(), LocalResponse> {
    let lines = || headers.get_all(TRANSFER_ENCODING).iter().map(HeaderValue::as_bytes);
    let is_chunked = |coding: &[u8]| coding.trim_ascii().eq_ignore_ascii_case(b"chunked");
    let mut codings = lines().flat_map(|line| line.split(|byte| *byte == b','));
    match (lines().count(), lines().next()) {
        (0, _) => Ok(()),
        (1, Some(only)) if is_chunked(only) => Ok(()),
        _ if codings.all(is_chunked) => {
            Err(LocalResponse::bad_request("expected one Transfer-Encoding, chunked"))
        }
        _ => Err(LocalResponse::not_implemented("expected no Transfer-Encoding but chunked")),
    }
}
