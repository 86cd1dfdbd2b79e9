//! Since which version each origin is defined as it is: equal numbers mean that its connections can be kept.

use std::collections::HashMap;

use super::by_ids::ByIds;
use super::snapshot::Snapshot;
use super::version::ConfigVersion;
use crate::config::Settings;
use crate::distribution::origin::{Origin, OriginLocation};
use crate::distribution::{Distribution, Distributions};

/// The version in which each origin was defined last, by the ids of its distribution and its own.
#[derive(Debug)]
pub struct OriginVersions(ByIds<ConfigVersion>);

impl OriginVersions {
    /// Those of the first configuration.
    pub(super) fn first(distributions: &Distributions) -> Self {
        Self::of(distributions, ConfigVersion::FIRST, |_, _| None)
    }

    /// Those of the version after another one. Origins are compared by value, certificates and the sources of
    /// credentials included.
    pub(super) fn after(before: &Snapshot, settings: &Settings, version: ConfigVersion) -> Self {
        let distributions: HashMap<&str, &Distribution> =
            before.distributions.list.iter().map(|one| (one.id.as_str(), &**one)).collect();
        let secrets_are_equal = before.secrets == settings.secrets;
        let handlers_are_equal = before.handler == settings.handler;
        Self::of(&settings.distributions, version, |distribution, origin| {
            let old = distributions.get(distribution.id.as_str())?.origin(&origin.id)?;
            // What a directory origin must not show isn't a part of its definition.
            let is_directory = matches!(origin.location, OriginLocation::Directory(_));
            // Nor is the function of one.
            let is_function = matches!(origin.location, OriginLocation::Handler);
            let is_equal = **old == *origin
                && (secrets_are_equal || !is_directory)
                && (handlers_are_equal || !is_function);
            before.origin_versions.of_origin(&distribution.id, origin.id.as_str()).filter(|_| is_equal)
        })
    }

    fn of(
        distributions: &Distributions,
        version: ConfigVersion,
        unchanged_since: impl Fn(&Distribution, &Origin) -> Option<ConfigVersion>,
    ) -> Self {
        let mut versions = ByIds::default();
        for distribution in &distributions.list {
            for origin in &distribution.origins {
                let since = unchanged_since(distribution, origin).unwrap_or(version);
                versions.insert(&distribution.id, origin.id.as_str(), since);
            }
        }
        Self(versions)
    }

    /// The version in which an origin was defined last; none for one that isn't configured.
    #[must_use]
    pub fn of_origin(&self, distribution: &str, origin: &str) -> Option<ConfigVersion> {
        self.0.get(distribution, origin).copied()
    }

    /// How many origins were defined in a version, because they are new or have changed.
    #[must_use]
    pub fn defined_in(&self, version: ConfigVersion) -> usize {
        self.0.values().filter(|since| **since == version).count()
    }
}
