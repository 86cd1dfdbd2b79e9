//! What a request claims to have been signed, and the URLs that it may have been signed as.

use std::borrow::Cow;

use super::credentials::{Credentials, without_signing_parameters};
use super::deny_reason::DenyReason;
use super::encoding::{self, Decoded};
use super::policy::{self, Condition, Policy, PolicyFault};
use crate::distribution::{Bases, Route};
use crate::viewer::readings::Readings;
use crate::viewer::{Base, SignedUrl, Target, ViewerRequest};

/// What the viewer says was signed: understood, but not yet known to be signed.
#[derive(Clone, Debug, PartialEq)]
pub enum UnverifiedPolicy<'a> {
    /// The request's own URL until a time.
    Canned {
        /// `Expires` as it was sent.
        expires: &'a str,
        /// The same, understood.
        condition: Condition,
    },
    /// A policy's text.
    Custom {
        /// The decoded bytes: what was signed.
        bytes: &'a [u8],
        /// The same, understood.
        policy: Policy<'a>,
    },
}

/// The decoded bytes of `Policy`; none where it wasn't sent.
///
/// # Errors
/// [`DenyReason::MalformedPolicy`].
pub fn policy_text(sent: &Credentials<'_>) -> Result<Option<Decoded>, DenyReason> {
    let decoded = sent.policy.as_deref().map(encoding::decode).transpose();
    decoded.map_err(|error| DenyReason::MalformedPolicy(error.into()))
}

impl<'a> UnverifiedPolicy<'a> {
    /// Reads the text of `Policy` ([`policy_text`]), or else `Expires`.
    ///
    /// # Errors
    /// [`DenyReason::MalformedPolicy`].
    pub fn read(sent: &'a Credentials<'_>, text: Option<&'a [u8]>) -> Result<Self, DenyReason> {
        Self::understand(sent, text).map_err(DenyReason::MalformedPolicy)
    }

    fn understand(sent: &'a Credentials<'_>, text: Option<&'a [u8]>) -> Result<Self, PolicyFault> {
        match (text, sent.expires.as_deref()) {
            (Some(bytes), _) => Ok(Self::Custom { bytes, policy: Policy::parse(bytes)? }),
            (None, Some(value)) => {
                let (expires, time) = policy::parse_expires(value)?;
                Ok(Self::Canned { expires, condition: Condition::until(time) })
            }
            (None, None) => Err(PolicyFault::Missing),
        }
    }

    /// The conditions that it states.
    #[must_use]
    pub fn condition(&self) -> &Condition {
        match self {
            Self::Canned { condition, .. } => condition,
            Self::Custom { policy, .. } => &policy.condition,
        }
    }

    /// How many messages may have been signed: one for each URL of a canned policy, one in all for a custom one.
    #[must_use]
    pub fn message_count(&self, tried: &CandidateUrls<'_>) -> usize {
        match self {
            Self::Canned { .. } => tried.len(),
            Self::Custom { .. } => 1,
        }
    }

    /// Writes one of those messages.
    pub fn write_message(&self, tried: &CandidateUrls<'_>, place: usize, mut write: impl FnMut(&[u8])) {
        match self {
            Self::Canned { expires, .. } => {
                if let Some(url) = tried.get(place) {
                    policy::write_canned(url.pieces(), expires, write);
                }
            }
            Self::Custom { bytes, .. } => write(bytes),
        }
    }

    /// All of them, for whoever searches for what else was signed.
    #[must_use]
    pub fn messages(&self, tried: &CandidateUrls<'_>) -> Vec<Vec<u8>> {
        let message = |place| {
            let mut message = Vec::new();
            self.write_message(tried, place, |piece| message.extend_from_slice(piece));
            message
        };
        (0..self.message_count(tried)).map(message).collect()
    }

    /// Whether its Resource is for the request: the URL itself for a canned policy, a pattern for a custom one. One that isn't
    /// the URL byte for byte must also cover what else an origin may read the path as (reference 3).
    ///
    /// # Errors
    /// [`DenyReason::ResourceMismatch`].
    pub fn check_resource(&self, tried: &CandidateUrls<'_>, readings: &Readings) -> Result<(), DenyReason> {
        let Self::Custom { policy: Policy { resource: Some(resource), .. }, .. } = self else {
            return Ok(());
        };
        if tried.urls().any(|url| resource.covers(&url, readings)) {
            Ok(())
        } else {
            Err(DenyReason::ResourceMismatch { resource: resource.as_str().to_owned(), urls: tried.texts() })
        }
    }
}

/// The URLs that the request may have been signed as.
#[derive(Clone, Debug)]
pub struct CandidateUrls<'a> {
    bases: Bases<'a>,
    target: Target<'a>,
    query: Option<Cow<'a, str>>,
}

impl<'a> CandidateUrls<'a> {
    /// One for each base of reference 3.
    #[must_use]
    pub fn of(request: &ViewerRequest<'a>, route: &Route<'_, 'a>) -> Self {
        let query = request.target.query.and_then(without_signing_parameters);
        Self { bases: route.bases(request), target: request.target, query }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bases.len()
    }

    /// Whether there is none: a host that nobody vouches for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bases.is_empty()
    }

    /// One of them, by its place.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<SignedUrl<'_>> {
        self.bases.get(place).map(|base| self.on(*base))
    }

    fn on<'s>(&'s self, base: Base<'s>) -> SignedUrl<'s> {
        SignedUrl { base, path: self.target.path, query: self.query.as_deref() }
    }

    /// The URLs, in order.
    pub fn urls(&self) -> impl Iterator<Item = SignedUrl<'_>> {
        self.bases.iter().map(|base| self.on(*base))
    }

    /// The bases, in order.
    pub fn bases(&self) -> &[Base<'a>] {
        &self.bases
    }

    /// The query without its signing parameters, as the origin gets it, too.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// The URLs' texts, for messages.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.urls().map(|url| url.to_string()).collect()
    }
}
