//! Where a request belongs: which behavior serves it, and which ones it must satisfy.

use std::borrow::Cow;
use std::sync::Arc;

use smallvec::SmallVec;

use super::behavior::{AllowedMethods, CacheBehavior, ViewerProtocolPolicy};
use super::key::PublicKey;
use super::{Distribution, HostStanding, MAX_PUBLIC_BASE_URLS};
use crate::viewer::readings::{Escapes, Readings};
use crate::viewer::{Base, ViewerRequest, path};

/// A request's place: its distribution, the behavior that serves it, and every behavior that it must satisfy.
#[derive(Debug)]
pub struct Route<'d: 'r, 'r> {
    /// Who answers.
    pub distribution: &'d Arc<Distribution>,
    /// How the host belongs to it.
    pub standing: HostStanding,
    /// The behavior of the normalised path. Its origin and its policies for cache, headers, cookies and queries count.
    pub behavior: &'d CacheBehavior,
    /// Every private behavior of any reading of the path: the key must be trusted by each (contract 3).
    pub private: SmallVec<[&'d CacheBehavior; 2]>,
    /// The strictest policy among the behaviors of all readings (contract 10).
    pub viewer_protocol_policy: ViewerProtocolPolicy,
    /// The methods that the behaviors of all readings allow (contract 10).
    pub allowed_methods: AllowedMethods,
    /// The path as the origin gets it, before the origin's own path.
    pub origin_path: Cow<'r, str>,
    /// What else an origin may read the path as; nothing for most paths.
    pub readings: Readings,
    /// Whether dot segments lead out of the path that the origin has of its own.
    pub climbs_out: bool,
    /// Whether the path as sent has another behavior than its normalised form.
    pub forms_disagree: bool,
}

impl<'d: 'r, 'r> Route<'d, 'r> {
    /// Looks up the behaviors for every reading of a path.
    #[must_use]
    pub fn new(distribution: &'d Arc<Distribution>, standing: HostStanding, sent: &'r str) -> Self {
        if path::can_only_mean_itself(sent) && distribution.has_plain_patterns() {
            return Self::of_plain(distribution, standing, sent);
        }
        Self::of_any(distribution, standing, sent)
    }

    /// For most paths: they have one reading, so that there is one behavior to look up.
    fn of_plain(distribution: &'d Arc<Distribution>, standing: HostStanding, sent: &'r str) -> Self {
        let origin_path = distribution.rooted(sent);
        let behavior = distribution.behavior_for(&*origin_path);
        Self {
            distribution,
            standing,
            behavior,
            private: behavior.is_private().then_some(behavior).into_iter().collect(),
            viewer_protocol_policy: behavior.viewer_protocol_policy,
            allowed_methods: behavior.allowed_methods,
            origin_path,
            readings: Readings::default(),
            climbs_out: false,
            forms_disagree: false,
        }
    }

    fn of_any(distribution: &'d Arc<Distribution>, standing: HostStanding, sent: &'r str) -> Self {
        let origin_path = distribution.rooted(sent);
        let behavior = distribution.behavior_for(&*distribution.rooted(&path::normalised(sent)));
        let raw = distribution.behavior_for(&*origin_path);
        let readings = Readings::of(sent);
        let target = distribution.target(&behavior.target_origin);
        let has_outside = target.is_some_and(|target| target.origins().any(|origin| origin.has_outside()));
        let mut route = Self {
            distribution,
            standing,
            behavior,
            private: SmallVec::new(),
            viewer_protocol_policy: behavior.viewer_protocol_policy,
            allowed_methods: behavior.allowed_methods,
            origin_path,
            climbs_out: readings.climb() && has_outside,
            readings: Readings::default(),
            forms_disagree: !std::ptr::eq(raw, behavior),
        };
        route.restrict_by(behavior);
        if readings.are_too_many() {
            // Any behavior may be that of a reading.
            distribution.all_behaviors().for_each(|behavior| route.restrict_by(behavior));
        }
        route.restrict_by(raw);
        if readings.has_none() {
            // Its patterns have escapes, and are also compared decoded.
            route.restrict_by(distribution.behavior_for_reading(sent.as_bytes(), Escapes::Decoded));
        }
        for reading in readings.others() {
            route.restrict_by(distribution.behavior_for_reading(&reading.path, reading.escapes));
        }
        route.readings = readings;
        route
    }

    fn restrict_by(&mut self, behavior: &'d CacheBehavior) {
        self.viewer_protocol_policy = self.viewer_protocol_policy.max(behavior.viewer_protocol_policy);
        self.allowed_methods = self.allowed_methods.min(behavior.allowed_methods);
        if behavior.is_private() && !self.private.iter().any(|known| std::ptr::eq(*known, behavior)) {
            self.private.push(behavior);
        }
    }

    /// Whether the path is refused because it has more readings than are looked at: only where credentials may matter.
    #[must_use]
    pub fn has_too_many_readings(&self) -> bool {
        self.readings.are_too_many() && self.is_private()
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
