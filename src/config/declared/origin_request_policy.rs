//! `[[origin-request-policies]]`.

use serde::{Deserialize, Serialize};

/// One of `[[origin-request-policies]]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct OriginRequestPolicy {
    /// Its name.
    pub id: String,
    /// Which headers are forwarded.
    pub headers: ForwardingRule,
    /// Which cookies are forwarded.
    pub cookies: ForwardingRule,
    /// Which query parameters are forwarded.
    pub query_strings: ForwardingRule,
}

/// `{ behavior = "…", items = […] }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct ForwardingRule {
    /// `none`, `all`, `allow-list` or `all-except`.
    pub behavior: String,
    /// The names that `allow-list` and `all-except` are about; with `all` of headers, `CloudFront-*` headers.
    pub items: Option<Vec<String>>,
}

impl Default for ForwardingRule {
    fn default() -> Self {
        Self { behavior: "none".to_owned(), items: None }
    }
}
