//! The last step of a request: everything that belongs to this viewer is added to the response.

use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderValue, Method, Response, StatusCode};

use super::context::RequestContext;
use super::test_mode;
use crate::access::cache_result::CacheResult;
use crate::access::response::X_CACHE;
use crate::clock;
use crate::edge::facts::reply_reason::ReplyReason;
use crate::edge::io::body::{self, Body};
use crate::edge::response::local_response::LocalResponse;
use crate::edge::response::outcome::Outcome;
use crate::edge::upstream::websocket;

impl RequestContext<'_> {
    /// Turns an outcome into the viewer's response: `X-Cache`, the marks of the request, the response headers policy, in test
    /// mode the reason; and the log entry, which is written when the response has ended.
    pub(super) fn finish(self, outcome: Result<Outcome, LocalResponse>, test_mode: bool) -> Response<Body> {
        let (mut response, result, reason) = match outcome {
            Ok(outcome) => self.foreign(outcome),
            Err(local) => {
                let (result, reason) = (local.result(), local.reason.clone());
                (self.local(local, result), result, Some(reason))
            }
        };
        if test_mode {
            let name = reason.as_ref().map(|reason| reason.name);
            test_mode::tell(response.headers_mut(), name, &self.warnings);
        }
        self.log.attach(response, result, reason)
    }

    /// A response that an origin has made, or `dev`.
    fn foreign(&self, outcome: Outcome) -> (Response<Body>, CacheResult, Option<ReplyReason>) {
        let Outcome { mut response, result, reason } = outcome;
        let status = response.status();
        let headers = response.headers_mut();
        if let Some(result) = result {
            headers.insert(X_CACHE, HeaderValue::from_static(result.x_cache()));
        }
        self.identity.stamp(headers);
        if status == StatusCode::SWITCHING_PROTOCOLS {
            websocket::write_upgrade(headers);
        }
        match (result, &reason) {
            (None, _) => {}
            (Some(result), None) => self.policy.apply(headers, result, &self.identity),
            (Some(result), Some(_)) => self.policy.apply_to_own(headers, result, &self.identity),
        }
        (response, result.unwrap_or_else(|| CacheResult::of_status(status)), reason)
    }

    /// A response of the edge's own.
    fn local(&self, local: LocalResponse, result: CacheResult) -> Response<Body> {
        let closes = self.closes.map(|closes| closes || local.status() == StatusCode::PAYLOAD_TOO_LARGE);
        let mut response = local.into_response(&self.identity, http_date(), closes);
        if self.parts.method == Method::HEAD {
            // hyper leaves a body away for HTTP/1.1 alone.
            *response.body_mut() = body::empty();
        }
        self.policy.apply_to_own(response.headers_mut(), result, &self.identity);
        response
    }
}

fn http_date() -> HeaderValue {
    let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(clock::now().0));
    HeaderValue::from_str(&date).unwrap_or(HeaderValue::from_static(""))
}
