//! A behavior's response headers policy, on what the viewer gets.

use std::time::Instant;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::request;

use crate::access::cache_result::CacheResult;
use crate::distribution::behavior::CacheBehavior;
use crate::distribution::cors_request::CorsRequest;
use crate::distribution::response_headers_policy::ResponseHeadersPolicy;
use crate::identity::{POP, RequestIdentity};

/// What is to be done to one request's response: nothing where its behavior has no policy, or was not found.
#[derive(Debug, Default)]
pub struct AppliedPolicy<'p>(Option<Box<PolicyState<'p>>>);

#[derive(Debug)]
struct PolicyState<'p> {
    policy: &'p ResponseHeadersPolicy,
    on_denials: bool,
    asked: CorsRequest,
    began: Instant,
    /// When the request was forwarded, and how long the response took.
    upstream: Option<Upstream>,
}

#[derive(Clone, Copy, Debug)]
enum Upstream {
    Requested(Instant),
    Responded { milliseconds: u128 },
}

impl<'p> AppliedPolicy<'p> {
    /// For a request that has found its behavior, while its headers are the viewer's.
    #[must_use]
    pub fn of(behavior: &'p CacheBehavior, parts: &request::Parts) -> Self {
        let Some(policy) = &behavior.response_headers_policy else { return Self(None) };
        Self(Some(Box::new(PolicyState {
            policy,
            on_denials: behavior.switches.policy_headers_on_denials,
            asked: CorsRequest::of(parts),
            began: Instant::now(),
            upstream: None,
        })))
    }

    /// The request is forwarded now.
    pub fn origin_requested(&mut self) {
        if let Some(state) = &mut self.0 {
            state.upstream = Some(Upstream::Requested(Instant::now()));
        }
    }

    /// The origin has responded.
    pub fn origin_responded(&mut self) {
        if let Some(state) = &mut self.0
            && let Some(Upstream::Requested(at)) = state.upstream
        {
            state.upstream = Some(Upstream::Responded { milliseconds: at.elapsed().as_millis() });
        }
    }

    /// To an origin's response.
    pub fn apply(&self, headers: &mut HeaderMap, result: CacheResult, identity: &RequestIdentity) {
        if let Some(state) = &self.0 {
            state.apply(headers, result, identity);
        }
    }

    /// To a response of the edge's own, or the page in its place: to redirects always (cloudfront 8.1, `[OBS]`), else where the
    /// behavior asks for it.
    pub fn apply_to_own(&self, headers: &mut HeaderMap, result: CacheResult, identity: &RequestIdentity) {
        if let Some(state) = &self.0
            && (result == CacheResult::Redirect || state.on_denials)
        {
            state.apply(headers, result, identity);
        }
    }
}

impl PolicyState<'_> {
    fn apply(&self, headers: &mut HeaderMap, result: CacheResult, identity: &RequestIdentity) {
        self.policy.apply(headers, &self.asked);
        if let Some(sampling) = self.policy.server_timing
            && (self.asked.wants_timing || sampling.takes(spread(identity)))
        {
            self.put_timing(headers, result, identity);
        }
    }

    /// One line: our metrics, and then the origin's (AWS's guide, `[DOC D23:understanding-response-headers-policies]`).
    ///
    /// Name look-up and connecting are not told apart from waiting, so all of it is in `cdn-upstream-fbl`.
    fn put_timing(&self, headers: &mut HeaderMap, result: CacheResult, identity: &RequestIdentity) {
        let mut line = String::new();
        if let Some(Upstream::Responded { milliseconds }) = self.upstream {
            let cache = result.server_timing();
            line = format!("cdn-upstream-layer;desc=\"EDGE\",cdn-upstream-fbl;dur={milliseconds},{cache},");
        }
        let (id, took) = (identity.cf_id(), self.began.elapsed().as_millis());
        line += &format!("cdn-pop;desc=\"{POP}\",cdn-rid;desc=\"{id}\",cdn-downstream-fbl;dur={took}");
        let mut line = line.into_bytes();
        for theirs in headers.get_all(&SERVER_TIMING) {
            line.push(b',');
            line.extend_from_slice(theirs.as_bytes());
        }
        if let Ok(value) = HeaderValue::from_maybe_shared(bytes::Bytes::from(line)) {
            headers.insert(SERVER_TIMING, value);
        }
    }
}

/// A number that is as evenly spread as ids are: 36 bits of one.
fn spread(identity: &RequestIdentity) -> u64 {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'-' => 62,
        _ => 63,
    };
    identity.cf_id().bytes().take(6).fold(0, |number, byte| number << 6 | u64::from(digit(byte)))
}

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
