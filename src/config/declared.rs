//! The declared configuration: plain data that says what was configured, whatever it was read from.
//!
//! Strings are as they were written, with their `${NAME}`: nothing is looked up, parsed or read from files here.
//! [`resolve`](super::resolve()) does that, and reports each fault by its path.

use serde::{Deserialize, Serialize};

mod behavior;
mod distribution;
mod keys;
mod limits;
mod observability;
mod origin;
mod origin_request_policy;
mod response_headers_policy;
mod server;

pub use behavior::CacheBehavior;
pub use distribution::{CustomErrorResponse, Distribution, GeoRestriction, OriginGroup};
pub use keys::{KeyGroup, PublicKey};
pub use limits::Limits;
pub use observability::{AccessLog, Admin};
pub use origin::{Bucket, Origin};
pub use origin_request_policy::{ForwardingRule, OriginRequestPolicy};
pub(in crate::config) use response_headers_policy::TEXT_OR_TABLE;
pub use response_headers_policy::{
    AddedHeader, Cors, ResponseHeadersPolicy, SecurityHeader, SecurityHeaders,
};
pub use server::{CertificateFiles, HttpsListener, Server};

/// Everything that can be configured. Keys that are left out have their default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Configuration {
    /// Listeners, threads, limits.
    pub server: Server,
    /// The memo of verified signatures.
    pub verified_policy_cache: VerifiedPolicyCache,
    /// The access log; off without it.
    pub access_log: Option<AccessLog>,
    /// Metrics, health and the console; none without it.
    pub admin: Option<Admin>,
    /// The keys that verify signatures.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub public_keys: Vec<PublicKey>,
    /// Keys that behaviors trust together.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key_groups: Vec<KeyGroup>,
    /// What origins receive of a request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub origin_request_policies: Vec<OriginRequestPolicy>,
    /// What responses lose and gain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub response_headers_policies: Vec<ResponseHeadersPolicy>,
    /// What is served.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub distributions: Vec<Distribution>,
}

impl Configuration {
    /// The same with every default written down that depends on other keys.
    #[must_use]
    pub fn effective(mut self) -> Self {
        self.server.listen = Some(self.server.plain_listeners());
        self
    }
}

/// `[verified-policy-cache]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct VerifiedPolicyCache {
    /// The most memory that it takes; 0 turns it off.
    pub max_size: Size,
}

impl Default for VerifiedPolicyCache {
    fn default() -> Self {
        Self { max_size: Size::new("64MiB") }
    }
}

/// A duration with its unit, such as `30s` or `1h30m`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Time(pub String);

impl Time {
    /// A duration as text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Bytes with their unit, such as `64MiB`; a bare number is bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size(pub String);

impl Size {
    /// A size as text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }
}
