//! CloudFront's own answers: the error XML, the HTML pages, the redirects. Cloudfront 7 and 8.2.

use http::header::HeaderValue;
use http::{Response, StatusCode};

use crate::access::cache_result::CacheResult;
use crate::access::deny_reason::DenyReason;
use crate::access::prechecks::Rejection;
use crate::access::response::{BAD_REQUEST, ErrorResponse, ErrorResponseHead};
use crate::edge::facts::reply_reason::{ORIGIN_ERROR, ReplyReason};
use crate::edge::io::body::{self, Body};
use crate::edge::origin::error::OriginError;
use crate::identity::RequestIdentity;

/// A response of the edge's own.
#[derive(Debug)]
pub struct LocalResponse {
    kind: ResponseBody,
    /// Why.
    pub reason: ReplyReason,
}

#[derive(Debug)]
enum ResponseBody {
    CloudFronts(ErrorResponse),
    /// A sentence for the author of a test, not for viewers.
    Sentence(String),
}

impl LocalResponse {
    /// A signature denial: 403 with one of five XML bodies.
    #[must_use]
    pub fn denied(reason: &DenyReason) -> Self {
        Self {
            kind: ResponseBody::CloudFronts(ErrorResponse::denied(reason)),
            reason: ReplyReason::new(reason.name(), reason),
        }
    }

    fn page(status: StatusCode, reason: &'static str, name: &'static str, detail: impl ToString) -> Self {
        Self {
            kind: ResponseBody::CloudFronts(ErrorResponse::page(status, reason)),
            reason: ReplyReason::new(name, detail),
        }
    }

    /// What stands before the credentials: one of CloudFront's pages, or a redirect.
    #[must_use]
    pub fn rejected(barrier: &Rejection) -> Self {
        Self {
            kind: ResponseBody::CloudFronts(ErrorResponse::rejected(barrier)),
            reason: ReplyReason::new(barrier.name(), barrier),
        }
    }

    /// A request that the origin could not be asked for.
    #[must_use]
    pub fn bad_request(detail: impl ToString) -> Self {
        Self::page(StatusCode::BAD_REQUEST, BAD_REQUEST, "bad-request", detail)
    }

    /// A request in a form that isn't known here.
    #[must_use]
    pub fn not_implemented(detail: impl ToString) -> Self {
        Self::page(StatusCode::NOT_IMPLEMENTED, BAD_REQUEST, "bad-request", detail)
    }

    /// An origin that gave no answer: 504 for one that is too slow, else 502.
    #[must_use]
    pub fn origin_failed(error: &OriginError) -> Self {
        let (status, reason) = match error {
            OriginError::ConnectTimeout | OriginError::ResponseTimeout => {
                (StatusCode::GATEWAY_TIMEOUT, ORIGIN_CONNECT)
            }
            OriginError::Busy => (StatusCode::SERVICE_UNAVAILABLE, BUSY),
            OriginError::Connect(_) => (StatusCode::BAD_GATEWAY, ORIGIN_CONNECT),
            OriginError::Tls(_) | OriginError::Certificate(_) => (StatusCode::BAD_GATEWAY, ORIGIN_TLS),
            OriginError::NoCredentials => (StatusCode::BAD_GATEWAY, ORIGIN_WRONG),
            OriginError::Signing(_) => return Self::bad_request(error),
            OriginError::Closed(_) => (StatusCode::BAD_GATEWAY, ORIGIN_CLOSED),
            OriginError::Garbage(_)
            | OriginError::Exchange(_)
            | OriginError::Upgrade
            | OriginError::Coding
            | OriginError::HeadTooLarge { .. } => (StatusCode::BAD_GATEWAY, ORIGIN_WRONG),
            OriginError::ViewerBody => return Self::bad_request(error),
        };
        let mut response = Self::page(status, reason, ORIGIN_ERROR, error);
        response.reason.detailed = error.logged_as();
        response
    }

    /// A test-mode header that can't be read (reference 5): 400 with one sentence.
    #[must_use]
    pub fn bad_test_header(sentence: String) -> Self {
        let reason = ReplyReason::new("bad-request", &sentence);
        Self { kind: ResponseBody::Sentence(sentence), reason }
    }

    /// How it came about, for `X-Cache` and the log.
    #[must_use]
    pub fn result(&self) -> CacheResult {
        self.head().result
    }

    fn head(&self) -> ErrorResponseHead<'_> {
        match &self.kind {
            ResponseBody::CloudFronts(response) => response.head(),
            ResponseBody::Sentence(_) => SENTENCE,
        }
    }

    /// The status that the viewer gets.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match &self.kind {
            ResponseBody::CloudFronts(answer) => answer.status(),
            ResponseBody::Sentence(_) => StatusCode::BAD_REQUEST,
        }
    }

    /// The response, its headers in CloudFront's order (cloudfront 7.2). It says `Connection: close` where the viewer's
    /// connection ends with it, and nothing of it where that is unknown to the protocol.
    #[must_use]
    pub fn into_response(
        self,
        identity: &RequestIdentity,
        date: HeaderValue,
        closes: Option<bool>,
    ) -> Response<Body> {
        let text = match &self.kind {
            ResponseBody::CloudFronts(response) => response.body(identity.cf_id()),
            ResponseBody::Sentence(sentence) => format!("{sentence}\n"),
        };
        let mut response = Response::new(body::empty());
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        self.head().write(headers, text.len(), date, closes);
        identity.stamp(headers);
        *response.body_mut() = body::full(text);
        response
    }
}

const SENTENCE: ErrorResponseHead<'static> = ErrorResponseHead {
    content_type: "text/plain; charset=utf-8",
    result: CacheResult::Error,
    location: None,
};

const ORIGIN_CONNECT: &str = "CloudFront attempted to establish a connection with the origin, but either the attempt failed or the origin closed the connection.";
/// Observed with 502; that it is the one for TLS is `[ASSUMED]` (cloudfront 7.4).
const ORIGIN_TLS: &str = "CloudFront wasn't able to connect to the origin.";
/// No body of a 503 is known (cloudfront 7.4): the sentence of the guide's page on 503, `[ASSUMED]`.
const BUSY: &str = "CloudFront is currently unable to process this request because its capacity is exceeded.";
const ORIGIN_CLOSED: &str = "The origin closed the connection.";
const ORIGIN_WRONG: &str =
    "CloudFront couldn't connect to the origin or the origin returned an incorrect response.";
