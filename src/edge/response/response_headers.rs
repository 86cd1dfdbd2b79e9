//! A behavior's response headers policy, on what the viewer gets.

use std::time::Instant;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::request;

use crate::distribution::behavior::CacheBehavior;
use crate::distribution::cors_request::CorsRequest;
use crate::distribution::response_headers_policy::ResponseHeadersPolicy;
use crate::identity::{POP, RequestIdentity};

/// What is to be done to one request's response: nothing where its behavior has no policy, or was not found.
#[derive(Debug, Default)]
pub struct Shaping<'p>(Option<Box<Shaper<'p>>>);

#[derive(Debug)]
struct Shaper<'p> {
    policy: &'p ResponseHeadersPolicy,
    on_denials: bool,
    asked: CorsRequest,
    began: Instant,
    /// When the origin was asked, and how long its answer took.
    upstream: Option<Upstream>,
}

#[derive(Clone, Copy, Debug)]
enum Upstream {
    Asked(Instant),
    Answered { milliseconds: u128 },
}

impl<'p> Shaping<'p> {
    /// For a request that has found its behavior, while its headers are the viewer's.
    #[must_use]
    pub fn of(behavior: &'p CacheBehavior, parts: &request::Parts) -> Self {
        let Some(policy) = &behavior.response_headers_policy else { return Self(None) };
        Self(Some(Box::new(Shaper {
            policy,
            on_denials: behavior.switches.policy_headers_on_denials,
            asked: CorsRequest::of(parts),
            began: Instant::now(),
            upstream: None,
        })))
    }

    /// The origin is asked now.
    pub fn asks_origin(&mut self) {
        if let Some(shaper) = &mut self.0 {
            shaper.upstream = Some(Upstream::Asked(Instant::now()));
        }
    }

    /// To an origin's response, as far as it is the viewer's already.
    pub fn apply(&mut self, headers: &mut HeaderMap, identity: &RequestIdentity) {
        let Some(shaper) = &mut self.0 else { return };
        if let Some(Upstream::Asked(at)) = shaper.upstream {
            shaper.upstream = Some(Upstream::Answered { milliseconds: at.elapsed().as_millis() });
        }
        shaper.apply(headers, identity);
    }

    /// To a page in place of an origin's error, or of an answer of our own.
    pub fn apply_to_page(&mut self, headers: &mut HeaderMap, is_own: bool, identity: &RequestIdentity) {
        match is_own {
            true => self.apply_to_own(headers, false, identity),
            false => self.apply(headers, identity),
        }
    }

    /// To an answer of our own: to redirects always (semantics 8.1, `[OBS]`), else where the behavior asks for it.
    pub fn apply_to_own(&self, headers: &mut HeaderMap, is_redirect: bool, identity: &RequestIdentity) {
        if let Some(shaper) = &self.0
            && (is_redirect || shaper.on_denials)
        {
            shaper.apply(headers, identity);
        }
    }
}

impl Shaper<'_> {
    fn apply(&self, headers: &mut HeaderMap, identity: &RequestIdentity) {
        self.policy.apply(headers, &self.asked);
        if let Some(sampling) = self.policy.server_timing
            && (self.asked.wants_timing || sampling.takes(spread(identity)))
        {
            self.put_timing(headers, identity);
        }
    }

    /// One line: our metrics, and then the origin's (AWS's guide, `[DOC D23:understanding-response-headers-policies]`).
    ///
    /// Name look-up and connecting are not told apart from waiting, so all of it is in `cdn-upstream-fbl`.
    fn put_timing(&self, headers: &mut HeaderMap, identity: &RequestIdentity) {
        let mut line = String::new();
        if let Some(Upstream::Answered { milliseconds }) = self.upstream {
            line = format!(
                "cdn-upstream-layer;desc=\"EDGE\",cdn-upstream-fbl;dur={milliseconds},cdn-cache-miss,"
            );
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
