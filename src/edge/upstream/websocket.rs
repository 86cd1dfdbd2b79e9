//! WebSocket over HTTP/1.1: the one change of protocol that passes. It is judged by its handshake, as any request.

use http::header::{CONNECTION, HeaderMap, HeaderValue, UPGRADE};
use http::{Method, Response, StatusCode, Version};

use crate::edge::facts::header_fields::lists;
use crate::edge::io::body::Body;
use crate::edge::origin::error::OriginError;

/// Whether a request asks for one.
#[must_use]
pub fn is_asked_for(method: &Method, version: Version, headers: &HeaderMap) -> bool {
    version == Version::HTTP_11
        && *method == Method::GET
        && headers.contains_key(UPGRADE)
        && lists(headers, &CONNECTION, "upgrade")
        && lists(headers, &UPGRADE, WEBSOCKET)
}

/// Puts back what concerns one connection only, and was removed with all of its kind.
pub fn ask(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static(WEBSOCKET));
}

/// Makes sure that a 101 is about a WebSocket; ready to be told to the viewer.
///
/// # Errors
/// [`OriginError::Upgrade`] for another protocol.
pub fn check_answer(response: &Response<Body>) -> Result<bool, OriginError> {
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(false);
    }
    if lists(response.headers(), &UPGRADE, WEBSOCKET) { Ok(true) } else { Err(OriginError::Upgrade) }
}

const WEBSOCKET: &str = "websocket";
