//! What a request claims to have been signed, and the URLs that it may have been signed as.

use std::borrow::Cow;

use super::credentials::{Credentials, without_signing_parameters};
use super::deny::DenyReason;
use super::encoding;
use super::policy::{self, Condition, Policy, PolicyFault};
use crate::distribution::{Route, signed_urls};
use crate::viewer::{SignedUrl, Target, ViewerRequest};

/// What the viewer says was signed: understood, but not yet known to be signed.
#[derive(Clone, Debug, PartialEq)]
pub enum ClaimedPolicy {
    /// The request's own URL until a time.
    Canned {
        /// `Expires` as it was sent.
        expires: String,
        /// The same, understood.
        condition: Condition,
    },
    /// A policy's text.
    Custom {
        /// The decoded bytes: what was signed.
        bytes: Vec<u8>,
        /// The same, understood.
        policy: Policy,
    },
}

impl ClaimedPolicy {
    /// Reads `Policy`, or else `Expires`.
    ///
    /// # Errors
    /// [`DenyReason::MalformedPolicy`].
    pub fn read(sent: &Credentials<'_>) -> Result<Self, DenyReason> {
        Self::understand(sent).map_err(DenyReason::MalformedPolicy)
    }

    fn understand(sent: &Credentials<'_>) -> Result<Self, PolicyFault> {
        match (sent.policy.as_deref(), sent.expires.as_deref()) {
            (Some(text), _) => {
                let bytes = encoding::decode(text)?;
                let policy = Policy::parse(&bytes)?;
                Ok(Self::Custom { bytes, policy })
            }
            (None, Some(value)) => {
                let (expires, time) = policy::parse_expires(value)?;
                Ok(Self::Canned { expires: expires.to_owned(), condition: Condition::until(time) })
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

    /// The bytes that may have been signed: one for each URL of a canned policy, one in all for a custom one.
    #[must_use]
    pub fn messages(&self, tried: &TriedUrls<'_>) -> Vec<Vec<u8>> {
        match self {
            Self::Canned { expires, .. } => tried.urls().map(|url| policy::canned(&url, expires)).collect(),
            Self::Custom { bytes, .. } => vec![bytes.clone()],
        }
    }

    /// Whether its Resource is for the request: the URL itself for a canned policy, a pattern for a custom one, which
    /// must match every form of a path with dot segments unless it is the URL byte for byte (contract 3).
    ///
    /// # Errors
    /// [`DenyReason::ResourceMismatch`].
    pub fn check_resource(&self, tried: &TriedUrls<'_>, resolved: &[String]) -> Result<(), DenyReason> {
        let Self::Custom { policy: Policy { resource: Some(resource), .. }, .. } = self else {
            return Ok(());
        };
        let fits = |url: SignedUrl<'_>| {
            resource.is_exactly(&url)
                || (resource.matches(&url)
                    && resolved.iter().all(|path| resource.matches(&SignedUrl { path, ..url })))
        };
        if tried.urls().any(fits) {
            Ok(())
        } else {
            Err(DenyReason::ResourceMismatch { resource: resource.as_str().to_owned(), urls: tried.texts() })
        }
    }
}

/// The URLs that the request may have been signed as.
#[derive(Clone, Debug)]
pub struct TriedUrls<'a> {
    bases: Vec<Cow<'a, str>>,
    target: Target<'a>,
    query: Option<Cow<'a, str>>,
}

impl<'a> TriedUrls<'a> {
    /// One for each base of contract 3.
    #[must_use]
    pub fn of(request: &ViewerRequest<'a>, route: &Route<'a>) -> Self {
        let query = request.target.query.and_then(without_signing_parameters);
        Self { bases: route.bases(request), target: request.target, query }
    }

    /// The URLs, in order.
    pub fn urls(&self) -> impl Iterator<Item = SignedUrl<'_>> {
        signed_urls(&self.bases, self.target, self.query.as_deref())
    }

    /// The bases, in order.
    pub fn bases(&self) -> impl Iterator<Item = &str> {
        self.bases.iter().map(AsRef::as_ref)
    }

    /// The URLs' texts, for messages.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.urls().map(|url| url.to_string()).collect()
    }
}
