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
pub fn write_upgrade(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static(WEBSOCKET));
}

/// Makes sure that a 101 is about a WebSocket.
///
/// # Errors
/// [`OriginError::Upgrade`] for another protocol.
pub fn check_upgrade(response: &Response<Body>) -> Result<(), OriginError> {
    let is_unknown = response.status() == StatusCode::SWITCHING_PROTOCOLS
        && !lists(response.headers(), &UPGRADE, WEBSOCKET);
    if is_unknown { Err(OriginError::Upgrade) } else { Ok(()) }
}

const WEBSOCKET: &str = "websocket";
