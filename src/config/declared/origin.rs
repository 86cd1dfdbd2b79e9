//! `[[distributions.origins]]`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Time;

/// One of `[[distributions.origins]]`: either a `url` or an `s3`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Origin {
    /// Its name within the distribution.
    pub id: String,
    /// `http://host[:port]`, `https://host[:port]`, `unix:PATH`, `file:FOLDER` or `demo:`.
    pub url: Option<String>,
    /// A bucket.
    pub s3: Option<Bucket>,
    /// `http-only`, `https-only` or `match-viewer`; without it the scheme of the URL decides.
    pub protocol_policy: Option<String>,
    /// The port of plain HTTP, with `match-viewer`.
    pub http_port: Option<u64>,
    /// The port of HTTPS, with `match-viewer`.
    pub https_port: Option<u64>,
    /// A PEM file of the authorities that may have issued its certificate.
    pub certificate_authority: Option<String>,
    /// The path in front of that of every request.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub origin_path: String,
    /// Connections that are tried, 1 to 3.
    pub connection_attempts: u64,
    /// For each attempt.
    pub connection_timeout: Time,
    /// For the response, and between two reads of its body.
    pub response_timeout: Time,
    /// How long an idle connection is kept.
    pub keep_alive_timeout: Time,
    /// Headers that are sent with every request.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub custom_headers: BTreeMap<String, String>,
}

impl Default for Origin {
    fn default() -> Self {
        Self {
            id: String::new(),
            url: None,
            s3: None,
            protocol_policy: None,
            http_port: None,
            https_port: None,
            certificate_authority: None,
            origin_path: String::new(),
            connection_attempts: 3,
            connection_timeout: Time::new("10s"),
            response_timeout: Time::new("30s"),
            keep_alive_timeout: Time::new("5s"),
            custom_headers: BTreeMap::new(),
        }
    }
}

/// `s3 = { … }` of an origin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Bucket {
    /// Its name.
    pub bucket: String,
    /// Its region, which is signed for.
    pub region: String,
    /// `http://host[:port]` or `https://host[:port]` of the storage; Amazon's own without it.
    pub endpoint: Option<String>,
    /// Whether the path names the bucket, and not the host.
    pub path_style: bool,
    /// `always`, `never` or `no-override`.
    pub sign: String,
    /// The profile of the credentials file.
    pub profile: Option<String>,
    /// The shared credentials file.
    pub credentials_file: Option<String>,
}

impl Default for Bucket {
    fn default() -> Self {
        Self {
            bucket: String::new(),
            region: String::new(),
            endpoint: None,
            path_style: false,
            sign: "always".to_owned(),
            profile: None,
            credentials_file: None,
        }
    }
}
