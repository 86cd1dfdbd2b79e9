//! A request as the console keeps it, and as a search for the cause of a denial takes it.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};

use http::Method;

use super::line::Line;
use crate::access::Framing;
use crate::access::credentials::{COOKIE_PREFIX, forwarded_cookies};
use crate::clock;
use crate::edge::observe::recent_requests::{Record, Times};
use crate::epoch::EpochSeconds;
use crate::explain::{OwnedRequest, Surroundings, Unknown};
use crate::redact::redacted_by_shape;
use crate::viewer::ViewerRequest;

/// What is judged. Of the cookies only CloudFront's are kept: the others are none of our business.
pub(super) fn inquiry(request: &ViewerRequest<'_>, framing: Framing) -> OwnedRequest {
    let cookies = forwarded_cookies(request.cookies.iter().copied(), |name| {
        name.get(..COOKIE_PREFIX.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(COOKIE_PREFIX))
    });
    let mut target = String::with_capacity(request.target.len());
    target.push_str(request.target.path);
    if let Some(query) = request.target.query {
        target.push('?');
        target.push_str(query);
    }
    OwnedRequest {
        method: request.method.clone(),
        scheme: request.scheme,
        authority: request.host.to_string(),
        target,
        fragment: None,
        cookies: cookies.into_iter().collect(),
        address: request.address,
        country: request.country,
        is_preflight: request.is_preflight,
        framing,
        at: request.now,
        unknown: Unknown::default(),
        surroundings: Surroundings::default(),
    }
}

/// What is kept of a line that ends now.
pub(super) fn record(line: &mut Line) -> Record {
    let inquiry = line.inquiry.take().map_or_else(|| unjudged(line), |inquiry| *inquiry);
    let (inquiry, beginning) = bounded(inquiry);
    let place = line.place.as_deref();
    let ended = line.began.elapsed();
    Record {
        number: 0,
        changed: AtomicU64::new(0),
        came: clock::before(ended),
        inquiry,
        beginning,
        distribution: place.map(|place| Arc::clone(&place.distribution)),
        behavior: place.map(|place| Arc::clone(&place.behavior)),
        key: line.key.as_ref().map(|(key, remembered)| (Arc::clone(&key.id), *remembered)),
        origin: line.origin.as_ref().map(|origin| Arc::clone(&origin.id)),
        fields: line.fields.take().map(|fields| *fields).unwrap_or_default(),
        status: line.status,
        reason: line
            .cause
            .as_ref()
            .map(|cause| (cause.name, cut(&redacted_by_shape(&cause.detail), MAX_TARGET))),
        sent: line.sent,
        times: Times { ended, ..line.times },
        cause: OnceLock::new(),
    }
}

/// Of a request that never came to a judgement: what is known all the same.
fn unjudged(line: &Line) -> OwnedRequest {
    OwnedRequest {
        method: line.method.clone(),
        scheme: line.scheme,
        authority: line.host(),
        target: line.target().to_owned(),
        fragment: None,
        cookies: Vec::new(),
        address: line.viewer,
        country: None,
        is_preflight: false,
        framing: Framing::default(),
        at: EpochSeconds(clock::now().0.saturating_sub(line.began.elapsed().as_secs())),
        unknown: Unknown::default(),
        surroundings: Surroundings::default(),
    }
}

/// An inquiry without what is too long to be kept; then what is shown of it.
fn bounded(mut inquiry: OwnedRequest) -> (OwnedRequest, Option<String>) {
    let cookies: usize = inquiry.cookies.iter().map(Vec::len).sum();
    let is_cut = inquiry.target.len() > MAX_TARGET
        || cookies > MAX_COOKIES
        || inquiry.authority.len() > MAX_AUTHORITY
        || inquiry.method.as_str().len() > MAX_METHOD;
    let beginning = is_cut.then(|| cut(&redacted_by_shape(&inquiry.target), MAX_TARGET));
    if is_cut {
        inquiry.authority = cut(&inquiry.authority, MAX_AUTHORITY);
        (inquiry.target, inquiry.cookies) = (String::new(), Vec::new());
        if inquiry.method.as_str().len() > MAX_METHOD {
            inquiry.method =
                Method::from_bytes(&inquiry.method.as_str().as_bytes()[..MAX_METHOD]).unwrap_or(Method::GET);
        }
    }
    (inquiry, beginning)
}

/// The beginning of a text that is too long.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(most)])
}

/// Bytes; CloudFront takes no longer URL (cloudfront 9.3).
const MAX_TARGET: usize = 8_192;
/// Bytes of CloudFront's cookies, which a head of 20,480 bytes may hold; real ones are ten times smaller.
const MAX_COOKIES: usize = 16_384;
/// A name's 253 bytes (RFC 1035), a colon, a port.
const MAX_AUTHORITY: usize = 260;
/// No registered method is as long.
const MAX_METHOD: usize = 32;
