//! A request that somebody wants explained: owned, so that it can wait for its turn.

use std::fmt;
use std::net::IpAddr;

use http::Method;
use http::header::{COOKIE, HOST};

use crate::access::prechecks::Rejection;
use crate::access::{Framing, Received};
use crate::distribution::Distributions;
use crate::epoch::EpochSeconds;
use crate::explain::Budget;
use crate::explain::Context;
use crate::explain::Diagnosis;
use crate::explain::Explanation;
use crate::explain::Mistake;
use crate::explain::Surroundings;
use crate::explain::Unknown;
use crate::explain::explain_with;
use crate::viewer::{Country, Host, InvalidHost, Scheme, Target, ViewerRequest};

/// What was asked, when and from where.
///
/// It holds the URL with its signature and the cookies, and therefore its `Debug` shows neither.
#[derive(Clone)]
pub struct OwnedRequest {
    /// The method.
    pub method: Method,
    /// How the viewer spoke.
    pub scheme: Scheme,
    /// The host that the viewer named, with its port where one was sent.
    pub authority: String,
    /// The path and the query, as they were sent.
    pub target: String,
    /// What followed `#` where a URL was pasted; it is never sent.
    pub fragment: Option<String>,
    /// The values of the `Cookie` header fields.
    pub cookies: Vec<Vec<u8>>,
    /// The viewer's address.
    pub address: IpAddr,
    /// The country that it is in, where that is known.
    pub country: Option<Country>,
    /// Whether a browser asks whether it may ask.
    pub is_preflight: bool,
    /// The size of its head as far as it is known, and whether it has a body. The parts above count, whatever stands here.
    pub framing: Framing,
    /// The time of the judgement.
    pub at: EpochSeconds,
    /// What isn't known of it.
    pub unknown: Unknown,
    /// What is known beside the request.
    pub surroundings: Surroundings,
}

/// Why a text is not the URL of a request.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequest {
    /// No `http://` or `https://`.
    #[error("{found:?} is not a URL: expected http:// or https://")]
    Scheme {
        /// Its beginning.
        found: String,
    },
    /// No host, or none that can be one.
    #[error("{found:?} is not a host with an optional port")]
    Host {
        /// What stands there.
        found: String,
    },
    /// No path.
    #[error("the URL has no path")]
    Path,
}

impl OwnedRequest {
    /// Of a URL as somebody has it, asked by a viewer on this machine; with what was changed to make it one that can be sent.
    ///
    /// # Errors
    /// [`InvalidRequest`] for what is no URL with a host.
    pub fn of_url(url: &str, at: EpochSeconds) -> Result<(Self, Vec<&'static str>), InvalidRequest> {
        let no_scheme = || InvalidRequest::Scheme { found: beginning(url) };
        let (scheme, rest) = url.split_once("://").ok_or_else(no_scheme)?;
        let scheme = Scheme::parse(scheme).ok_or_else(no_scheme)?;
        let mut notes = Vec::new();
        let (rest, fragment) = rest.split_once('#').map_or((rest, None), |(rest, after)| (rest, Some(after)));
        if fragment.is_some() {
            notes.push("what follows `#` is never sent, so it is left out");
        }
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        let sent = as_browsers_send(&target);
        if sent != target {
            notes.push("characters that can't be sent as they are were percent-encoded, as browsers do");
        }
        let request = Self {
            method: Method::GET,
            scheme,
            authority: authority.to_owned(),
            target: sent,
            fragment: fragment.map(str::to_owned),
            cookies: Vec::new(),
            address: [127, 0, 0, 1].into(),
            country: None,
            is_preflight: false,
            framing: Framing::default(),
            at,
            unknown: Unknown::default(),
            surroundings: Surroundings::default(),
        };
        request.host()?;
        Ok((request, notes))
    }

    /// The host that was named.
    ///
    /// # Errors
    /// [`InvalidRequest::Host`].
    pub fn host(&self) -> Result<Host<'_>, InvalidRequest> {
        Host::parse(&self.authority)
            .map_err(|_: InvalidHost| InvalidRequest::Host { found: beginning(&self.authority) })
    }

    /// The request as it is decided on.
    #[must_use]
    pub fn received(&self) -> Received<'_> {
        Received {
            framing: self.counted(),
            method: &self.method,
            scheme: self.scheme,
            host: Host::parse(&self.authority),
            target: Target::parse(&self.target),
            cookies: self.cookies.iter().map(Vec::as_slice).collect(),
            address: self.address,
            country: self.country,
            is_preflight: self.is_preflight,
            now: self.at,
        }
    }

    /// The size that is known; at the least that of a request with no other header fields than `Host` and `Cookie`.
    fn counted(&self) -> Framing {
        let cookies = self.cookies.iter().map(|field| (COOKIE.as_str().len(), field.len()));
        let host = (HOST.as_str().len(), self.authority.len());
        let least = Framing::of_lengths(&self.method, self.target.len(), cookies.chain([host]), false);
        Framing {
            url_len: self.framing.url_len.max(least.url_len),
            head_len: self.framing.head_len.max(least.head_len),
            has_body: self.framing.has_body,
        }
    }

    /// The request as the checks see it.
    ///
    /// # Errors
    /// [`InvalidRequest`] where host or path can't be read.
    pub fn request(&self) -> Result<ViewerRequest<'_>, InvalidRequest> {
        self.host()?;
        self.received().read().map_err(|_: Rejection| InvalidRequest::Path)
    }

    /// Decides on it, and searches for the mistake.
    #[must_use]
    pub fn explain(&self, distributions: &Distributions, budget: &Budget<'_>) -> Explanation {
        let context = Context {
            fragment: self.fragment.as_deref(),
            unknown: self.unknown,
            surroundings: &self.surroundings,
        };
        explain_with(self.received(), distributions, &context, budget)
    }
}

impl OwnedRequest {
    /// The link as it works, where it was opened under another scheme, host or port than it was signed for and is good but
    /// for that. It holds the signature: for the one who asks, not for a log.
    #[must_use]
    pub fn link_that_works(&self, explanation: &Explanation) -> Option<String> {
        let causes = explanation.causes();
        let is_address =
            |cause: &&Diagnosis| matches!(cause.mistake, Mistake::Scheme | Mistake::Host | Mistake::Port);
        let first = causes.first().filter(|_| causes.iter().all(is_address))?;
        let (scheme, rest) = first.signed.as_deref().filter(|_| first.proven)?.split_once("://")?;
        Scheme::parse(scheme)?;
        let authority = rest.split(['/', '?']).next()?;
        Host::parse(authority).ok()?;
        let link = format!("{scheme}://{authority}{}", self.target);
        link.bytes().all(|byte| byte.is_ascii_graphic()).then_some(link)
    }
}

impl fmt::Debug for OwnedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnedRequest({} {}://{}…)", self.method, self.scheme, self.authority)
    }
}

fn beginning(text: &str) -> String {
    text.chars().take(MAX_SHOWN).collect()
}

/// Spaces, quotes, angle brackets and everything that isn't printable ASCII.
fn as_browsers_send(target: &str) -> String {
    percent_encoding::utf8_percent_encode(target, NEVER_SENT).to_string()
}

const NEVER_SENT: &percent_encoding::AsciiSet =
    &percent_encoding::CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`');
/// Of what can't be read, in messages.
const MAX_SHOWN: usize = 80;
