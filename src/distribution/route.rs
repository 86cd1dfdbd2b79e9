//! Where a request belongs: which behavior serves it, and which ones it must satisfy.

use std::borrow::Cow;
use std::sync::Arc;

use super::behavior::CacheBehavior;
use super::key::PublicKey;
use super::{Distribution, HostStanding};
use crate::viewer::{SignedUrl, Target, ViewerRequest, path};

/// A request's place: its distribution, the behavior that serves it, and every behavior that it must satisfy.
#[derive(Debug)]
pub struct Route<'d> {
    /// Who answers.
    pub distribution: &'d Arc<Distribution>,
    /// How the host belongs to it.
    pub standing: HostStanding,
    /// Whose origin, methods and protocol count: the one of the normalised path.
    pub behavior: &'d CacheBehavior,
    /// Every private behavior among those of the path's forms and spellings: the key must be trusted by each (contract 3).
    pub private: Vec<&'d CacheBehavior>,
    /// The path as the origin gets it, before the origin's own path.
    pub origin_path: String,
    /// The path with its dot segments resolved in every way; empty without dot segments.
    pub resolved: Vec<String>,
    /// Whether dot segments lead out of the path that the origin has of its own.
    pub climbs_out: bool,
    /// Whether the path as sent has another behavior than its normalised form.
    pub forms_disagree: bool,
}

impl<'d> Route<'d> {
    /// Looks up the behaviors for every form of a path.
    #[must_use]
    pub fn new(distribution: &'d Arc<Distribution>, standing: HostStanding, sent: &str) -> Self {
        let origin_path = distribution.rooted(sent);
        let behavior = distribution.behavior_for(&distribution.rooted(&path::normalised(sent)));
        let raw = distribution.behavior_for(&origin_path);
        let resolved = path::resolved_forms(sent);
        let path::Spellings { forms: mut spellings, climbs } = path::Spellings::of(sent);
        if spellings.is_empty() && !distribution.behaviors.iter().all(CacheBehavior::is_plain) {
            spellings.push(sent.as_bytes().to_vec());
        }
        let mut private: Vec<&CacheBehavior> = Vec::new();
        let also = resolved.iter().map(|form| distribution.behavior_for(&distribution.rooted(form)));
        let spelled = spellings.iter().map(|form| distribution.behavior_for_decoded(form));
        for candidate in
            [behavior].into_iter().chain((!spellings.is_empty()).then_some(raw)).chain(also).chain(spelled)
        {
            if candidate.is_private() && !private.iter().any(|known| std::ptr::eq(*known, candidate)) {
                private.push(candidate);
            }
        }
        let has_own_path =
            distribution.origin(&behavior.target_origin).is_some_and(|origin| !origin.path.is_empty());
        let climbs_out = climbs && has_own_path;
        let forms_disagree = !std::ptr::eq(raw, behavior);
        Self {
            distribution,
            standing,
            behavior,
            private,
            origin_path: origin_path.into_owned(),
            resolved,
            climbs_out,
            forms_disagree,
        }
    }

    /// Whether the request needs credentials.
    #[must_use]
    pub fn is_private(&self) -> bool {
        !self.private.is_empty()
    }

    /// The key of an id, where every private behavior trusts it.
    #[must_use]
    pub fn key(&self, id: &str) -> Option<&'d Arc<PublicKey>> {
        let (first, rest) = self.private.split_first()?;
        let key = first.restriction.key(id)?;
        rest.iter().all(|behavior| behavior.restriction.key(id).is_some()).then_some(key)
    }

    /// Every key that all private behaviors trust, each once.
    #[must_use]
    pub fn trusted_keys(&self) -> Vec<&'d Arc<PublicKey>> {
        let mut keys: Vec<&Arc<PublicKey>> = Vec::new();
        for key in self.private.first().into_iter().flat_map(|behavior| behavior.restriction.keys()) {
            if self.key(key.id().as_str()).is_some() && !keys.iter().any(|known| known.id() == key.id()) {
                keys.push(key);
            }
        }
        keys
    }

    /// The bases that the request may have been signed for, in order (contract 3).
    #[must_use]
    pub fn bases(&self, request: &ViewerRequest<'_>) -> Vec<Cow<'d, str>> {
        let mut bases: Vec<Cow<'d, str>> = Vec::with_capacity(1 + self.distribution.public_base_urls.len());
        if self.standing != HostStanding::Unknown {
            bases.push(Cow::Owned(format!("{}://{}", request.scheme, request.host.in_url(request.scheme))));
        }
        for base in &self.distribution.public_base_urls {
            let same_host = base.host_name().eq_ignore_ascii_case(request.host.name());
            if (self.standing != HostStanding::Own || same_host)
                && !bases.iter().any(|known| known == base.as_str())
            {
                bases.push(Cow::Borrowed(base.as_str()));
            }
        }
        bases
    }
}

/// The URLs that a request may have been signed as, one for each base.
pub fn signed_urls<'a>(
    bases: &'a [Cow<'_, str>],
    target: Target<'a>,
    query: Option<&'a str>,
) -> impl Iterator<Item = SignedUrl<'a>> {
    bases.iter().map(move |base| SignedUrl { base, path: target.path, query })
}
