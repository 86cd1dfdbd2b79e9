//! `[[response-headers-policies]]`.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::Time;

/// One of `[[response-headers-policies]]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct ResponseHeadersPolicy {
    /// Its name.
    pub id: String,
    /// Headers that are removed, before any is added.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove_headers: Vec<String>,
    /// The percentage of responses with `Server-Timing`.
    pub server_timing_sampling: Option<f64>,
    /// What scripts of other origins may read.
    pub cors: Option<Cors>,
    /// Security headers.
    #[serde(skip_serializing_if = "SecurityHeaders::is_empty")]
    pub security_headers: SecurityHeaders,
    /// Headers that are added.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub custom_headers: Vec<AddedHeader>,
}

/// `cors = { … }`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Cors {
    /// `*`, or origins that may have a `*` in place of the first labels.
    pub allow_origins: Vec<String>,
    /// Whether scripts may send cookies.
    pub allow_credentials: bool,
    /// Methods; `ALL` is each of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_methods: Vec<String>,
    /// Request headers, or `*`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_headers: Vec<String>,
    /// Response headers, or `*`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub expose_headers: Vec<String>,
    /// How long a browser may keep the response to a preflight.
    pub max_age: Option<Time>,
    /// Whether these headers replace those of the origin.
    pub r#override: bool,
}

/// `security-headers = { … }`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct SecurityHeaders {
    /// `Strict-Transport-Security`.
    pub strict_transport_security: Option<SecurityHeader>,
    /// `X-Frame-Options`.
    pub frame_options: Option<SecurityHeader>,
    /// `X-Content-Type-Options`.
    pub content_type_options: Option<SecurityHeader>,
    /// `Referrer-Policy`.
    pub referrer_policy: Option<SecurityHeader>,
    /// `X-XSS-Protection`.
    pub xss_protection: Option<SecurityHeader>,
    /// `Content-Security-Policy`.
    pub content_security_policy: Option<SecurityHeader>,
}

impl SecurityHeaders {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A value, and whether it replaces that of the origin. The value alone may be written in place of the table.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SecurityHeader {
    /// The value.
    pub value: String,
    /// Whether it replaces that of the origin.
    pub r#override: bool,
}

impl<'de> Deserialize<'de> for SecurityHeader {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(TEXT_OR_TABLE, TextOrTable)
    }
}

/// The serde name of what may be a table or its main value alone; a reader that knows it may call `visit_str`.
pub(in crate::config) const TEXT_OR_TABLE: &str = "TextOrTable";

struct TextOrTable;

impl<'de> Visitor<'de> for TextOrTable {
    type Value = SecurityHeader;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a table")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SecurityHeader, E> {
        Ok(SecurityHeader { value: text.to_owned(), r#override: false })
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, table: D) -> Result<SecurityHeader, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Table {
            value: String,
            r#override: bool,
        }
        let Table { value, r#override } = Table::deserialize(table)?;
        Ok(SecurityHeader { value, r#override })
    }
}

/// `{ header = "…", value = "…", override = … }` of `custom-headers`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct AddedHeader {
    /// Its name.
    pub header: String,
    /// Its value, which may be empty.
    pub value: String,
    /// Whether it replaces that of the origin.
    pub r#override: bool,
}
