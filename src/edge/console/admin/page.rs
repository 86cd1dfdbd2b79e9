//! Responses of the admin listener that are no pages of the console.

use bytes::Bytes;
use http::header::{self, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};

use crate::edge::console::guard::protect;
use crate::edge::io::body::{Body, full};

/// One line of text.
pub(super) fn plain(status: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    page(status, "text/plain; charset=utf-8", text)
}

/// A text that no cache keeps.
pub(super) fn page(status: StatusCode, content_type: &'static str, text: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(full(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    protect(&mut response);
    response
}
