//! `[distributions.default-cache-behavior]` and `[[distributions.cache-behaviors]]`.

use serde::{Deserialize, Serialize};

/// The rules for the paths of one pattern.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct CacheBehavior {
    /// The paths; none for the default behavior.
    pub path_pattern: Option<String>,
    /// The id of an origin or an origin group.
    pub target_origin: String,
    /// Ids of key groups; without any the paths are public.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trusted_key_groups: Vec<String>,
    /// One of CloudFront's three sets of methods.
    pub allowed_methods: Vec<String>,
    /// `allow-all`, `https-only` or `redirect-to-https`.
    pub viewer_protocol_policy: String,
    /// The id of a policy of the configuration, or the name or id of one of CloudFront's.
    pub origin_request_policy: String,
    /// The same for responses; none leaves them as they are.
    pub response_headers_policy: Option<String>,
    /// Whether a preflight passes a private path without credentials.
    pub preflight_without_credentials: bool,
    /// Whether the response headers policy also applies to denials and error pages of the proxy.
    pub policy_headers_on_denials: bool,
    /// Whether signing cookies are forwarded to the origin.
    pub forward_signing_cookies: bool,
}

impl Default for CacheBehavior {
    fn default() -> Self {
        Self {
            path_pattern: None,
            target_origin: String::new(),
            trusted_key_groups: Vec::new(),
            allowed_methods: vec!["GET".to_owned(), "HEAD".to_owned()],
            viewer_protocol_policy: "allow-all".to_owned(),
            origin_request_policy: "AllViewerExceptHostHeader".to_owned(),
            response_headers_policy: None,
            preflight_without_credentials: false,
            policy_headers_on_denials: false,
            forward_signing_cookies: false,
        }
    }
}
