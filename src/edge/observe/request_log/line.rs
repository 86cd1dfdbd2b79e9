//! What is known of one request.

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use http::{HeaderValue, Method, Uri, Version};

use crate::distribution::Distributions;
use crate::edge::facts::events::{KeyLabel, OriginLabel, RouteLabels};
use crate::edge::facts::peer::TlsFacts;
use crate::edge::facts::reply_reason::ReplyReason;
use crate::edge::observe::observer::Observer;
use crate::edge::observe::recent_requests::{Fields, Times};
use crate::explain::OwnedRequest;
use crate::viewer::Scheme;

use super::facts::RequestFacts;
use crate::access::cache_result::CacheResult;

/// Holds the URL as it was sent, signature included, and therefore has no `Debug`: whoever writes a part of it down cuts
/// out what opens a door.
pub(super) struct Line {
    pub(super) observer: Rc<Observer>,
    pub(super) began: Instant,
    pub(super) viewer: IpAddr,
    pub(super) port: Option<u16>,
    pub(super) scheme: Scheme,
    pub(super) tls: Option<TlsFacts>,
    pub(super) method: Method,
    pub(super) version: Version,
    pub(super) uri: Uri,
    pub(super) host: Option<HeaderValue>,
    /// What the access log wants beside; nothing without one.
    pub(super) request: Option<Box<RequestFacts>>,
    pub(super) place: Option<Rc<RouteLabels>>,
    /// Whose signature opened the door, and whether it was remembered.
    pub(super) key: Option<(Rc<KeyLabel>, bool)>,
    /// The origin that was asked last, and when, until it answers.
    pub(super) origin: Option<Rc<OriginLabel>>,
    pub(super) asked: Option<Instant>,
    /// What is judged, where the console keeps it or a denial is explained.
    pub(super) inquiry: Option<Box<OwnedRequest>>,
    /// By what the signature check denied it, where a sink needs the reason.
    pub(super) denied_by: Option<Arc<Distributions>>,
    /// For the console: the header fields of request and response.
    pub(super) fields: Option<Box<[Fields; 2]>>,
    /// For the console; the end is filled in there.
    pub(super) times: Times,
    /// Why Frontgate answered by itself.
    pub(super) cause: Option<ReplyReason>,
    /// Whether a script of another origin sent it.
    pub(super) is_cross_origin: bool,
    /// Whether a bucket refused the request that we had signed.
    pub(super) is_refused_by_storage: bool,
    /// How the response came about; none without one.
    pub(super) result: Option<CacheResult>,
    pub(super) status: u16,
    pub(super) sent: u64,
    pub(super) ending: Ending,
}

/// How a response ended.
pub(super) enum Ending {
    Complete,
    /// The origin's body could not be read on.
    Broken(String),
    /// The viewer has gone, or never got a response.
    Aborted,
}

impl Line {
    /// The host that the viewer named.
    pub(super) fn host(&self) -> String {
        let field = self.host.as_ref().map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
        field.or_else(|| self.uri.authority().map(ToString::to_string)).unwrap_or_default()
    }

    /// The target as it was sent.
    pub(super) fn target(&self) -> &str {
        self.uri.path_and_query().map_or("", |target| target.as_str())
    }
}
