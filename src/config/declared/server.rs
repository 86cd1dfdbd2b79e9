//! `[server]` and `[[server.https]]`.

use serde::{Deserialize, Serialize};

use super::{Limits, Time};

/// `[server]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Server {
    /// The addresses of plain HTTP listeners. Without it: 127.0.0.1:8080, or none where there are TLS listeners.
    pub listen: Option<Vec<String>>,
    /// Whether connections to them begin with a PROXY header.
    pub proxy_protocol: bool,
    /// TLS listeners.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub https: Vec<HttpsListener>,
    /// Addresses and networks of proxies in front, such as `10.0.0.0/8`.
    pub trusted_proxies: Vec<String>,
    /// What a viewer may cost.
    pub limits: Limits,
    /// Threads; 0 is one for each core.
    pub workers: u64,
    /// How long requests in flight may take after a signal to stop.
    pub shutdown_grace: Time,
    /// `watch` or `signal`.
    pub reload: String,
    /// The port of redirects to HTTPS.
    pub redirect_port: Option<u64>,
    /// The id of the distribution that responds for hosts that none has, or `refuse`.
    pub unknown_host: Option<String>,
    /// The file of a database of countries.
    pub country_database: Option<String>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: None,
            proxy_protocol: false,
            https: Vec::new(),
            trusted_proxies: Vec::new(),
            limits: Limits::default(),
            workers: 0,
            shutdown_grace: Time::new("30s"),
            reload: "watch".to_owned(),
            redirect_port: None,
            unknown_host: None,
            country_database: None,
        }
    }
}

impl Server {
    /// `listen`, or its default.
    #[must_use]
    pub fn plain_listeners(&self) -> Vec<String> {
        match &self.listen {
            Some(addresses) => addresses.clone(),
            None if self.https.is_empty() => vec!["127.0.0.1:8080".to_owned()],
            None => Vec::new(),
        }
    }
}

/// One `[[server.https]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct HttpsListener {
    /// Its addresses.
    pub listen: Vec<String>,
    /// The name of a CloudFront security policy.
    pub minimum_protocol_version: String,
    /// Whether connections begin with a PROXY header, before TLS.
    pub proxy_protocol: bool,
    /// What it presents; the first one where the viewer names no host.
    pub certificates: Vec<CertificateFiles>,
}

impl Default for HttpsListener {
    fn default() -> Self {
        Self {
            listen: Vec::new(),
            minimum_protocol_version: "TLSv1.2_2021".to_owned(),
            proxy_protocol: false,
            certificates: Vec::new(),
        }
    }
}

/// A certificate and its key, both as PEM files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct CertificateFiles {
    /// The chain.
    pub certificate: String,
    /// The private key.
    pub private_key: String,
}
