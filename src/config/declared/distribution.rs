//! `[[distributions]]`, with origin groups, error pages and geo restrictions.

use serde::{Deserialize, Serialize};

use super::{CacheBehavior, Origin, Time};

/// One of `[[distributions]]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Distribution {
    /// Its id, such as `EDFDVBD6EXAMPLE`.
    pub id: String,
    /// Its own name, such as `d111111abcdef8.cloudfront.net`.
    pub domain_name: String,
    /// Its alternate names; one may begin with `*.`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The bases that links are signed for beside the host that was sent, as `scheme://host[:port]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub public_base_urls: Vec<String>,
    /// The path of `/`, without a leading slash.
    pub default_root_object: Option<String>,
    /// The countries that it is shown to.
    pub geo_restriction: Option<GeoRestriction>,
    /// Where requests are forwarded.
    pub origins: Vec<Origin>,
    /// Pairs of origins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub origin_groups: Vec<OriginGroup>,
    /// Pages in place of errors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub custom_error_responses: Vec<CustomErrorResponse>,
    /// For paths that no other behavior matches; it has no `path-pattern`.
    pub default_cache_behavior: CacheBehavior,
    /// In order: the first one that matches a path counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cache_behaviors: Vec<CacheBehavior>,
}

impl Distribution {
    /// Every behavior, the default one last.
    pub fn all_behaviors(&self) -> impl Iterator<Item = &CacheBehavior> {
        self.cache_behaviors.iter().chain([&self.default_cache_behavior])
    }
}

/// `[distributions.geo-restriction]`: one of the two lists, of ISO 3166-1 codes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct GeoRestriction {
    /// The countries that it is shown in.
    pub allow: Option<Vec<String>>,
    /// The countries that it is not shown in.
    pub block: Option<Vec<String>>,
}

/// One of `[[distributions.origin-groups]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct OriginGroup {
    /// Its name, among those of the origins.
    pub id: String,
    /// The primary and the secondary origin.
    pub members: Vec<String>,
    /// The statuses of the primary origin after which the secondary one is requested.
    pub failover_on: Vec<u64>,
}

impl Default for OriginGroup {
    fn default() -> Self {
        let statuses = crate::distribution::origin_group::DEFAULT_FAILOVER_STATUSES;
        Self {
            id: String::new(),
            members: Vec::new(),
            failover_on: statuses.iter().map(|&status| u64::from(status)).collect(),
        }
    }
}

/// One of `[[distributions.custom-error-responses]]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct CustomErrorResponse {
    /// The status that is replaced.
    pub error_code: u64,
    /// The path of the page.
    pub response_page_path: Option<String>,
    /// The status that the page is sent with.
    pub response_code: Option<u64>,
    /// How long CloudFront keeps the error.
    pub error_caching_min_ttl: Option<Time>,
}
