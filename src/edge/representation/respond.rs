//! The response to a request for one representation, decided from the request's head alone.

use std::ops::Range;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, ALLOW, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, LAST_MODIFIED, RANGE,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use super::conditional::{self, Precondition};
use super::metadata::{Representation, only};
use super::range::{self, Wanted};
use crate::edge::io::body::{self, Body, BoxError};
use crate::epoch::EpochSeconds;

/// A response's body before it is opened.
#[derive(Debug)]
pub(in crate::edge) enum Content<B> {
    /// Short enough to stand in the answer; may be empty.
    Text(String),
    /// Bytes of the representation: first as a range, then as what reads it.
    Bytes(B),
}

impl Representation {
    /// Answers GET and HEAD in the order of RFC 9110, 13.2.2.
    pub(in crate::edge) fn answer(
        &self,
        method: &Method,
        headers: &HeaderMap,
    ) -> Response<Content<Range<u64>>> {
        match conditional::evaluate(headers, self) {
            Precondition::Failed => return refusal(method, StatusCode::PRECONDITION_FAILED),
            Precondition::NotModified => return self.not_modified(),
            Precondition::Holds => {}
        }
        match self.wanted(method, headers) {
            Wanted::Whole => self.bytes(method, StatusCode::OK, 0..self.length),
            Wanted::Part(range) => {
                let content_range = format!("bytes {}-{}/{}", range.start, range.end - 1, self.length);
                let mut response = self.bytes(method, StatusCode::PARTIAL_CONTENT, range);
                set(response.headers_mut(), CONTENT_RANGE, content_range);
                response
            }
            Wanted::Nothing => {
                let mut response = refusal(method, StatusCode::RANGE_NOT_SATISFIABLE);
                set(response.headers_mut(), CONTENT_RANGE, format!("bytes */{}", self.length));
                response
            }
        }
    }

    /// A range is defined for GET only, and stands once (RFC 9110, 14.2).
    fn wanted(&self, method: &Method, headers: &HeaderMap) -> Wanted {
        match only(headers, &RANGE) {
            Some(range) if *method == Method::GET && conditional::range_applies(headers, self) => {
                range::wanted(range.as_bytes(), self.length)
            }
            Some(_) | None => Wanted::Whole,
        }
    }

    fn bytes(&self, method: &Method, status: StatusCode, range: Range<u64>) -> Response<Content<Range<u64>>> {
        let mut response = Response::new(Content::Text(String::new()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, self.content_type.clone());
        headers.insert(CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        self.add_validators(headers);
        if *method != Method::HEAD && !range.is_empty() {
            *response.body_mut() = Content::Bytes(range);
        }
        response
    }

    fn not_modified(&self) -> Response<Content<Range<u64>>> {
        let mut response = Response::new(Content::Text(String::new()));
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        self.add_validators(response.headers_mut());
        response
    }

    fn add_validators(&self, headers: &mut HeaderMap) {
        set(headers, ETAG, self.etag.clone());
        if let Some(date) = self.last_modified.and_then(http_date) {
            set(headers, LAST_MODIFIED, date);
        }
    }
}

impl<B> Content<B> {
    /// Opens what is to be read.
    pub(in crate::edge) fn map<C>(self, open: impl FnOnce(B) -> C) -> Content<C> {
        match self {
            Self::Text(text) => Content::Text(text),
            Self::Bytes(bytes) => Content::Bytes(open(bytes)),
        }
    }

    /// The body of the response.
    pub(in crate::edge) fn into_body(self) -> Body
    where
        B: http_body::Body<Data = Bytes, Error = BoxError> + 'static,
    {
        match self {
            Self::Text(text) if text.is_empty() => body::empty(),
            Self::Text(text) => body::full(text),
            Self::Bytes(bytes) => body::boxed(bytes),
        }
    }
}

impl<B, E> Content<Result<B, E>> {
    /// Takes out what went wrong when it was opened.
    pub(in crate::edge) fn transpose(self) -> Result<Content<B>, E> {
        match self {
            Self::Text(text) => Ok(Content::Text(text)),
            Self::Bytes(bytes) => bytes.map(Content::Bytes),
        }
    }
}

/// The answer to a method that reads nothing; `None` for GET and HEAD.
pub(in crate::edge) fn without_reading<B>(method: &Method) -> Option<Response<Content<B>>> {
    let mut response = match *method {
        Method::GET | Method::HEAD => return None,
        Method::OPTIONS => {
            let mut response = Response::new(Content::Text(String::new()));
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        _ => refusal(method, StatusCode::METHOD_NOT_ALLOWED),
    };
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    Some(response)
}

/// A status with its name as the text.
pub(in crate::edge) fn refusal<B>(method: &Method, status: StatusCode) -> Response<Content<B>> {
    let text = format!("{status}\n");
    let length = HeaderValue::from(text.len());
    let text = if *method == Method::HEAD { String::new() } else { text };
    let mut response = Response::new(Content::Text(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response
}

/// `None` beyond the year 9999, which HTTP has no date for.
fn http_date(seconds: EpochSeconds) -> Option<String> {
    let within = seconds.0 < YEAR_10000;
    within.then(|| httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds.0)))
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// 10000-01-01T00:00:00Z.
const YEAR_10000: u64 = 253_402_300_800;

#[cfg(test)]
mod tests {
    use http::header::{IF_MATCH, IF_NONE_MATCH, IF_RANGE};

    use super::*;

    fn ten_bytes() -> Representation {
        Representation {
            length: 10,
            etag: "\"tag\"".to_owned(),
            last_modified: Some(EpochSeconds(784_111_777)),
            content_type: HeaderValue::from_static("image/png"),
        }
    }

    fn answer(method: Method, lines: &[(HeaderName, &'static str)]) -> Response<Content<Range<u64>>> {
        let lines = lines.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        ten_bytes().answer(&method, &lines.collect())
    }

    /// Every header, in the order of their names, as text.
    fn lines<B>(response: &Response<B>) -> Vec<String> {
        let line =
            |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}", value.to_str().unwrap());
        let mut lines: Vec<String> = response.headers().iter().map(line).collect();
        lines.sort();
        lines
    }

    #[test]
    fn a_whole_file_has_all_headers_and_bytes() {
        let response = answer(Method::GET, &[]);
        assert_eq!(response.status(), 200);
        assert_eq!(
            lines(&response),
            [
                "accept-ranges: bytes",
                "content-length: 10",
                "content-type: image/png",
                "etag: \"tag\"",
                "last-modified: Sun, 06 Nov 1994 08:49:37 GMT",
            ]
        );
        assert!(matches!(response.body(), Content::Bytes(range) if *range == (0..10)));
    }

    #[test]
    fn a_part_says_which() {
        let response = answer(Method::GET, &[(RANGE, "bytes=2-5")]);
        assert_eq!(response.status(), 206);
        assert_eq!(response.headers()[CONTENT_RANGE], "bytes 2-5/10");
        assert_eq!(response.headers()[CONTENT_LENGTH], "4");
        assert_eq!(response.headers()[ETAG], "\"tag\"");
        assert!(matches!(response.body(), Content::Bytes(range) if *range == (2..6)));
    }

    #[test]
    fn a_range_beyond_the_end_learns_the_size() {
        let response = answer(Method::GET, &[(RANGE, "bytes=10-")]);
        assert_eq!(response.status(), 416);
        assert_eq!(response.headers()[CONTENT_RANGE], "bytes */10");
        assert!(matches!(response.body(), Content::Text(text) if text == "416 Range Not Satisfiable\n"));
    }

    #[test]
    fn head_has_the_headers_of_get_without_a_byte() {
        let (get, head) = (answer(Method::GET, &[]), answer(Method::HEAD, &[]));
        assert_eq!((get.status(), lines(&get)), (head.status(), lines(&head)));
        assert!(matches!(head.body(), Content::Text(text) if text.is_empty()));
        let get = answer(Method::GET, &[(IF_MATCH, "\"x\"")]);
        let head = answer(Method::HEAD, &[(IF_MATCH, "\"x\"")]);
        assert_eq!((get.status(), lines(&get)), (head.status(), lines(&head)));
        assert!(matches!(head.body(), Content::Text(text) if text.is_empty()));
    }

    #[test]
    fn what_is_known_has_validators_and_no_content() {
        let response = answer(Method::GET, &[(IF_NONE_MATCH, "\"tag\""), (RANGE, "bytes=2-5")]);
        assert_eq!(response.status(), 304);
        assert_eq!(lines(&response), ["etag: \"tag\"", "last-modified: Sun, 06 Nov 1994 08:49:37 GMT"]);
        assert!(matches!(response.body(), Content::Text(text) if text.is_empty()));
    }

    #[test]
    fn which_requests_get_a_part() {
        let range = (RANGE, "bytes=2-5");
        for (method, lines, status) in [
            (Method::GET, vec![range.clone(), (IF_RANGE, "\"tag\"")], 206),
            (Method::GET, vec![range.clone(), (IF_RANGE, "\"old\"")], 200),
            (Method::GET, vec![(RANGE, "bytes=99-"), (IF_RANGE, "\"old\"")], 200),
            (Method::GET, vec![range.clone(), (IF_MATCH, "\"old\"")], 412),
            (Method::GET, vec![range.clone(), range.clone()], 200),
            (Method::GET, vec![(RANGE, "bytes=0-1,3-4")], 200),
            (Method::GET, vec![(RANGE, "pages=1-2")], 200),
            (Method::HEAD, vec![range.clone()], 200),
            (Method::HEAD, vec![(RANGE, "bytes=99-")], 200),
        ] {
            assert_eq!(answer(method.clone(), &lines).status(), status, "{method} {lines:?}");
        }
    }

    #[test]
    fn nothing_has_no_bytes() {
        let response = Representation { length: 0, ..ten_bytes() }.answer(&Method::GET, &HeaderMap::new());
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()[CONTENT_LENGTH], "0");
        assert!(matches!(response.body(), Content::Text(text) if text.is_empty()));
    }

    #[test]
    fn a_date_that_http_cannot_write_is_left_out() {
        for (seconds, expected) in
            [(YEAR_10000 - 1, Some("Fri, 31 Dec 9999 23:59:59 GMT")), (YEAR_10000, None), (u64::MAX, None)]
        {
            let last_modified = Some(EpochSeconds(seconds));
            let response =
                Representation { last_modified, ..ten_bytes() }.answer(&Method::GET, &HeaderMap::new());
            let sent = response.headers().get(LAST_MODIFIED).map(|date| date.to_str().unwrap());
            assert_eq!(sent, expected, "{seconds}");
        }
    }

    #[test]
    fn methods_that_read_nothing() {
        for (method, status) in [
            (Method::GET, None),
            (Method::HEAD, None),
            (Method::OPTIONS, Some(204)),
            (Method::POST, Some(405)),
            (Method::PUT, Some(405)),
            (Method::DELETE, Some(405)),
            (Method::PATCH, Some(405)),
            (Method::from_bytes(b"BREW").unwrap(), Some(405)),
        ] {
            let response: Option<Response<Content<()>>> = without_reading(&method);
            assert_eq!(response.as_ref().map(|response| response.status().as_u16()), status, "{method}");
            if let Some(response) = response {
                assert_eq!(response.headers()[ALLOW], "GET, HEAD, OPTIONS", "{method}");
            }
        }
    }
}
