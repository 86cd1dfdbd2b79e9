//! What the access log wants to know of a request and its response beside what all want.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, COOKIE, HeaderMap, REFERER, USER_AGENT};
use http::{HeaderValue, Response, request};
use http_body::Body as _;

use super::head_length;
use crate::edge::facts::header_fields::X_FORWARDED_FOR;
use crate::edge::io::body::Body;
use crate::identity::RequestIdentity;

/// Of a request.
pub(super) struct RequestFacts {
    pub(super) id: HeaderValue,
    pub(super) head_len: u64,
    pub(super) received: Rc<Cell<u64>>,
    pub(super) referer: Option<HeaderValue>,
    pub(super) user_agent: Option<HeaderValue>,
    pub(super) cookies: Option<HeaderValue>,
    pub(super) forwarded_for: Option<HeaderValue>,
    pub(super) response: ResponseFacts,
}

/// Of its response.
#[derive(Default)]
pub(super) struct ResponseFacts {
    pub(super) head_after: Option<Duration>,
    pub(super) head_len: u64,
    pub(super) content_type: Option<HeaderValue>,
    pub(super) content_length: Option<u64>,
    /// First and last byte of a part.
    pub(super) range: Option<(u64, u64)>,
}

impl RequestFacts {
    pub(super) fn of(parts: &request::Parts, identity: &RequestIdentity) -> Self {
        let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
        let headers = &parts.headers;
        Self {
            id: identity.id_value(),
            head_len: head_length::request_head_len(&parts.method, target, headers),
            received: Rc::default(),
            referer: headers.get(REFERER).cloned(),
            user_agent: headers.get(USER_AGENT).cloned(),
            cookies: joined(headers, &COOKIE, b"; "),
            forwarded_for: joined(headers, &X_FORWARDED_FOR, b","),
            response: ResponseFacts::default(),
        }
    }
}

/// All lines of one header as one value.
fn joined(headers: &HeaderMap, name: &http::HeaderName, between: &[u8]) -> Option<HeaderValue> {
    let mut lines = headers.get_all(name).iter();
    let first = lines.next()?;
    let mut all = first.as_bytes().to_vec();
    let mut is_one = true;
    for line in lines {
        is_one = false;
        all.extend_from_slice(between);
        all.extend_from_slice(line.as_bytes());
    }
    if is_one { Some(first.clone()) } else { HeaderValue::from_bytes(&all).ok() }
}

impl ResponseFacts {
    pub(super) fn of(response: &Response<Body>, head_after: Duration) -> Self {
        let headers = response.headers();
        let text = |name| headers.get(name).and_then(|value| HeaderValue::to_str(value).ok());
        let reason = response.status().canonical_reason().unwrap_or("");
        Self {
            head_after: Some(head_after),
            head_len: ("HTTP/1.1 200 \r\n\r\n".len() + reason.len()) as u64
                + head_length::fields_len(headers),
            content_type: headers.get(CONTENT_TYPE).cloned(),
            content_length: text(CONTENT_LENGTH)
                .and_then(|length| length.parse().ok())
                .or_else(|| response.body().size_hint().exact()),
            range: text(CONTENT_RANGE).and_then(range),
        }
    }
}

/// Reads `bytes 0-99/1234`.
fn range(text: &str) -> Option<(u64, u64)> {
    let (start, end) = text.strip_prefix("bytes ")?.split_once('/')?.0.split_once('-')?;
    Some((start.parse().ok()?, end.parse().ok()?))
}
