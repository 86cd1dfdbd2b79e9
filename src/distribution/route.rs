//! Where a request belongs: which behavior serves it, and which ones it must satisfy.

use std::borrow::Cow;
use std::sync::Arc;

use smallvec::SmallVec;

use super::behavior::CacheBehavior;
use super::key::PublicKey;
use super::{Distribution, HostStanding, MAX_PUBLIC_BASE_URLS};
use crate::viewer::{Base, ViewerRequest, path};

/// A request's place: its distribution, the behavior that serves it, and every behavior that it must satisfy.
#[derive(Debug)]
pub struct Route<'d: 'r, 'r> {
    /// Who answers.
    pub distribution: &'d Arc<Distribution>,
    /// How the host belongs to it.
    pub standing: HostStanding,
    /// Whose origin, methods and protocol count: the one of the normalised path.
    pub behavior: &'d CacheBehavior,
    /// Every private behavior among those of the path's forms and spellings: the key must be trusted by each (contract 3).
    pub private: SmallVec<[&'d CacheBehavior; 2]>,
    /// The path as the origin gets it, before the origin's own path.
    pub origin_path: Cow<'r, str>,
    /// The path with its dot segments resolved in every way; empty without dot segments.
    pub resolved: Vec<String>,
    /// Whether dot segments lead out of the path that the origin has of its own.
    pub climbs_out: bool,
    /// Whether the path as sent has another behavior than its normalised form.
    pub forms_disagree: bool,
}

impl<'d: 'r, 'r> Route<'d, 'r> {
    /// Looks up the behaviors for every form of a path.
    #[must_use]
    pub fn new(distribution: &'d Arc<Distribution>, standing: HostStanding, sent: &'r str) -> Self {
        if path::can_only_mean_itself(sent) && distribution.behaviors.iter().all(CacheBehavior::is_plain) {
            return Self::of_plain(distribution, standing, sent);
        }
        Self::of_any(distribution, standing, sent)
    }

    /// For most paths: nobody can read them in another way, so that there is one behavior to look up.
    fn of_plain(distribution: &'d Arc<Distribution>, standing: HostStanding, sent: &'r str) -> Self {
        let origin_path = distribution.rooted(sent);
        let behavior = distribution.behavior_for(&origin_path);
        Self {
            distribution,
            standing,
            behavior,
            private: behavior.is_private().then_some(behavior).into_iter().collect(),
            origin_path,
            resolved: Vec::new(),
            climbs_out: false,
            forms_disagree: false,
        }
    }

    fn of_any(distribution: &'d Arc<Distribution>, standing: HostStanding, sent: &'r str) -> Self {
        let origin_path = distribution.rooted(sent);
        let behavior = distribution.behavior_for(&distribution.rooted(&path::normalised(sent)));
        let raw = distribution.behavior_for(&origin_path);
        let resolved = path::resolved_forms(sent);
        let path::Spellings { forms: mut spellings, climbs } = path::Spellings::of(sent);
        if spellings.is_empty() && !distribution.behaviors.iter().all(CacheBehavior::is_plain) {
            spellings.push(sent.as_bytes().to_vec());
        }
        let mut private: SmallVec<[&CacheBehavior; 2]> = SmallVec::new();
        let also = resolved.iter().map(|form| distribution.behavior_for(&distribution.rooted(form)));
        let spelled = spellings.iter().map(|form| distribution.behavior_for_decoded(form));
        for candidate in
            [behavior].into_iter().chain((!spellings.is_empty()).then_some(raw)).chain(also).chain(spelled)
        {
            if candidate.is_private() && !private.iter().any(|known| std::ptr::eq(*known, candidate)) {
                private.push(candidate);
            }
        }
        let has_outside = distribution
            .target(&behavior.target_origin)
            .is_some_and(|target| target.origins().any(|origin| origin.has_outside()));
        let climbs_out = climbs && has_outside;
        let forms_disagree = !std::ptr::eq(raw, behavior);
        Self { distribution, standing, behavior, private, origin_path, resolved, climbs_out, forms_disagree }
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
    pub fn bases(&self, request: &ViewerRequest<'r>) -> Bases<'r> {
        let mut bases = Bases::new();
        if self.standing != HostStanding::Unknown {
            let authority = request.host.in_url(request.scheme);
            bases.push(Base { scheme: request.scheme.as_str(), authority });
        }
        for public in &self.distribution.public_base_urls {
            let same_host = || public.host_name().eq_ignore_ascii_case(request.host.name());
            let base = public.base();
            if (self.standing != HostStanding::Own || same_host()) && !bases.contains(&base) {
                bases.push(base);
            }
        }
        bases
    }
}

/// The bases of one request: the host that was sent, and the public ones.
pub type Bases<'r> = SmallVec<[Base<'r>; 1 + MAX_PUBLIC_BASE_URLS]>;
