//! What is configured: distributions, looked up by host, and their behaviors, looked up by path.

use std::borrow::Cow;
use std::sync::Arc;

use crate::viewer::Host;
use crate::viewer::readings::Escapes;

pub mod base;
pub mod behavior;
pub mod cloudfront_header;
pub mod cors;
pub mod cors_request;
pub mod custom_error_response;
mod exposure;
pub mod geo_restriction;
pub mod key;
pub mod origin;
pub mod origin_group;
pub mod origin_request_policy;
pub mod pattern;
pub mod response_headers_policy;
pub mod route;

pub use base::{BaseUrl, InvalidBaseUrl, MAX_PUBLIC_BASE_URLS};
use behavior::{AllowedMethods, CacheBehavior, Restriction, Switches, ViewerProtocolPolicy};
use custom_error_response::{CustomErrorResponse, ErrorPage};
pub use exposure::{CantTell, Exposed};
pub use geo_restriction::GeoRestriction;
use key::{KeyGroup, PublicKey};
use origin::{Origin, OriginId};
use origin_group::OriginGroup;
use pattern::PathPattern;
pub use route::{Bases, Route};

/// One property: its names, its origins, its behaviors.
#[derive(Clone, Debug)]
pub struct Distribution {
    /// Its id, as in `EDFDVBD6EXAMPLE`.
    pub id: String,
    /// Its own name, as in `d111111abcdef8.cloudfront.net`.
    pub domain_name: String,
    /// Its alternate names; one may begin with `*.`.
    pub aliases: Vec<String>,
    /// The bases that links are signed for beside the host that was sent; at most [`MAX_PUBLIC_BASE_URLS`].
    pub public_base_urls: Vec<BaseUrl>,
    /// What `/` shows, without a leading slash.
    pub default_root_object: Option<String>,
    /// The countries that it is shown to.
    pub geo_restriction: Option<GeoRestriction>,
    /// Where requests go; behaviors name one of them.
    pub origins: Vec<Arc<Origin>>,
    /// Pairs of origins; behaviors may name one instead of an origin.
    pub origin_groups: Vec<OriginGroup>,
    /// Pages in place of errors.
    pub error_responses: Vec<CustomErrorResponse>,
    /// In order; the first one that matches counts.
    pub behaviors: Vec<CacheBehavior>,
    /// For what no behavior matches.
    pub default_behavior: CacheBehavior,
}

impl Distribution {
    /// One that is private throughout: a group is trusted for every path and all methods are allowed. It has no origin
    /// yet, and no base but its own name.
    #[must_use]
    pub fn private(id: &str, domain_name: &str, group: Arc<KeyGroup>) -> Self {
        Self {
            id: id.to_owned(),
            domain_name: domain_name.to_owned(),
            aliases: Vec::new(),
            public_base_urls: Vec::new(),
            default_root_object: None,
            geo_restriction: None,
            origins: Vec::new(),
            origin_groups: Vec::new(),
            error_responses: Vec::new(),
            behaviors: Vec::new(),
            default_behavior: CacheBehavior {
                path_pattern: None,
                target_origin: OriginId::new("origin"),
                restriction: Restriction::Signed(vec![group]),
                allowed_methods: AllowedMethods::All,
                viewer_protocol_policy: ViewerProtocolPolicy::AllowAll,
                origin_request_policy: Arc::default(),
                response_headers_policy: None,
                switches: Switches::default(),
            },
        }
    }

    /// The first behavior whose pattern matches, else the default one.
    #[must_use]
    pub fn behavior_for(&self, path: impl AsRef<[u8]>) -> &CacheBehavior {
        let path = path.as_ref();
        self.first_behavior(|pattern| pattern.matches(path))
    }

    /// As [`Distribution::behavior_for`], for a reading of a path.
    fn behavior_for_reading(&self, path: &[u8], escapes: Escapes) -> &CacheBehavior {
        let rooted = self.rooted_bytes(path);
        self.first_behavior(|pattern| pattern.matches_as(escapes, &rooted))
    }

    fn first_behavior(&self, fits: impl Fn(&PathPattern) -> bool) -> &CacheBehavior {
        let first = self.behaviors.iter().find(|behavior| behavior.path_pattern.as_ref().is_some_and(&fits));
        first.unwrap_or(&self.default_behavior)
    }

    /// The origin of that id.
    #[must_use]
    pub fn origin(&self, id: &OriginId) -> Option<&Arc<Origin>> {
        self.origins.iter().find(|origin| origin.id == *id)
    }

    /// Who is asked for a behavior's target, which is an origin or a group of two.
    #[must_use]
    pub fn target(&self, id: &OriginId) -> Option<TargetOrigins<'_>> {
        if let Some(origin) = self.origin(id) {
            return Some(TargetOrigins { distribution: self, primary: origin, secondary: None });
        }
        let group = self.origin_groups.iter().find(|group| group.id == *id)?;
        let secondary = self.origin(&group.secondary).map(|origin| (origin, group));
        Some(TargetOrigins { distribution: self, primary: self.origin(&group.primary)?, secondary })
    }

    /// The page in place of an error.
    #[must_use]
    pub fn error_page(&self, status: u16) -> Option<&ErrorPage> {
        self.error_responses.iter().find(|one| one.error_code == status)?.page.as_ref()
    }

    /// Every behavior, the default one last.
    pub fn all_behaviors(&self) -> impl Iterator<Item = &CacheBehavior> {
        self.behaviors.iter().chain([&self.default_behavior])
    }

    /// The path that origins and behaviors see: `/` is the default root object (cloudfront 8.6, the behavior part
    /// `[ASSUMED]`), for every method; the signature is judged by the path as sent.
    fn rooted<'a>(&self, path: &'a str) -> Cow<'a, str> {
        match &self.default_root_object {
            Some(object) if path == "/" => Cow::Owned(format!("/{object}")),
            Some(_) | None => Cow::Borrowed(path),
        }
    }

    /// The same for a reading of a path, which may be no text.
    fn rooted_bytes<'a>(&self, path: &'a [u8]) -> Cow<'a, [u8]> {
        match &self.default_root_object {
            Some(object) if path == b"/" => Cow::Owned(format!("/{object}").into_bytes()),
            Some(_) | None => Cow::Borrowed(path),
        }
    }

    /// Whether no pattern has escapes, so that both ways of matching are one.
    fn has_plain_patterns(&self) -> bool {
        self.behaviors.iter().all(CacheBehavior::is_plain)
    }

    /// Whether any path needs credentials.
    #[must_use]
    pub fn has_private_behavior(&self) -> bool {
        self.all_behaviors().any(CacheBehavior::is_private)
    }

    /// Whether a host is one of its names.
    #[must_use]
    pub fn has_name(&self, name: &str) -> bool {
        self.names(name).is_some()
    }

    fn names(&self, name: &str) -> Option<usize> {
        if self.domain_name.eq_ignore_ascii_case(name) {
            return Some(usize::MAX);
        }
        self.aliases.iter().filter_map(|alias| alias_fits(alias, name)).max()
    }
}

/// Who is asked: an origin, and in a group who helps out.
#[derive(Clone, Copy, Debug)]
pub struct TargetOrigins<'d> {
    /// The distribution that has them.
    pub distribution: &'d Distribution,
    /// Asked first.
    pub primary: &'d Arc<Origin>,
    /// Asked where the first one fails, by the group's rules.
    pub secondary: Option<(&'d Arc<Origin>, &'d OriginGroup)>,
}

impl<'d> TargetOrigins<'d> {
    /// Everyone who may be asked.
    pub fn origins(self) -> impl Iterator<Item = &'d Arc<Origin>> {
        [self.primary].into_iter().chain(self.secondary.map(|(origin, _)| origin))
    }
}

/// How closely an alias fits a name: an exact one best, then the longest wildcard.
fn alias_fits(alias: &str, name: &str) -> Option<usize> {
    if alias.eq_ignore_ascii_case(name) {
        return Some(usize::MAX);
    }
    let suffix = alias.strip_prefix('*')?;
    let at = name.len().checked_sub(suffix.len()).filter(|&at| at > 0)?;
    name.get(at..)?.eq_ignore_ascii_case(suffix).then_some(suffix.len())
}

/// Every distribution, and what becomes of hosts that belong to none.
#[derive(Debug, Default)]
pub struct Distributions {
    /// In the order of the configuration.
    pub list: Vec<Arc<Distribution>>,
    /// For hosts that no distribution has.
    pub unknown_host: UnknownHost,
    /// Names that count as `localhost` does, where the only distribution answers for hosts that it doesn't have.
    pub accepted_hosts: Vec<String>,
    /// Ports that this program listens on for viewers, where they are known: links are often signed for the other listener.
    pub listener_ports: Vec<u16>,
    /// Every key that is configured, whoever trusts it: who may have made a signature that no trusted key made.
    pub all_keys: Vec<Arc<PublicKey>>,
}

/// Who answers for a host that no distribution has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownHost {
    /// Nobody: 403.
    #[default]
    Refuse,
    /// The only distribution, because nothing else was said. Such a host is no base of a signed URL.
    Only,
    /// The distribution that `unknown-host` names, by its place in the list.
    Named(usize),
}

/// How the host that was sent belongs to the distribution that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostStanding {
    /// Its domain name or an alias.
    Own,
    /// `localhost`, a name below it, an address, an accepted name, or any host where `unknown-host` names the distribution.
    Accepted,
    /// A host that nobody vouches for.
    Unknown,
}

impl Distributions {
    /// The distribution that answers for a host, and how the host belongs to it.
    #[must_use]
    pub fn by_host(&self, host: &Host<'_>) -> Option<(&Arc<Distribution>, HostStanding)> {
        let named = self.list.iter().filter_map(|one| Some((one.names(host.name())?, one)));
        if let Some((_, one)) = named.max_by_key(|(closeness, _)| *closeness) {
            return Some((one, HostStanding::Own));
        }
        let (one, vouched) = match self.unknown_host {
            UnknownHost::Refuse => return None,
            UnknownHost::Only => (self.list.first()?, false),
            UnknownHost::Named(place) => (self.list.get(place)?, true),
        };
        let is_accepted = || self.accepted_hosts.iter().any(|name| name.eq_ignore_ascii_case(host.name()));
        let standing = if vouched || host.is_local_or_address() || is_accepted() {
            HostStanding::Accepted
        } else {
            HostStanding::Unknown
        };
        Some((one, standing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_fits_its_name_and_a_wildcard_the_names_below() {
        for (alias, name, fits) in [
            ("media.example.com", "MEDIA.example.com", true),
            ("media.example.com", "x.media.example.com", false),
            ("*.cdn.example.com", "a.cdn.example.com", true),
            ("*.cdn.example.com", "a.b.cdn.example.com", true),
            ("*.cdn.example.com", "cdn.example.com", false),
            ("*.cdn.example.com", ".cdn.example.com", false),
            ("*.cdn.example.com", "acdn.example.com", false),
        ] {
            assert_eq!(alias_fits(alias, name).is_some(), fits, "{alias} for {name}");
        }
    }
}
