//! What is logged of requests, the admin listener, and when the files are read again.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// `[access-log]`: a line for each request, in a file of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessLogSettings {
    /// How a line is written.
    pub format: AccessLogFormat,
    /// Where to; stdout without a path.
    pub file: Option<PathBuf>,
    /// Whether signatures and policies are written as they were sent.
    pub full_signatures: bool,
    /// Whether cookies are written at all (CloudFront's `IncludeCookies`).
    pub include_cookies: bool,
}

/// How a line of the access log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessLogFormat {
    /// CloudFront's standard log, version 1: 33 fields between tabs (cloudfront 9.7).
    CloudFront,
    /// A JSON object for each request, with the same names.
    Json,
}

/// `[admin]`: where metrics, health and the console are served.
#[derive(Clone, Debug)]
pub struct AdminSettings {
    /// The address; another one needs a restart.
    pub listen: SocketAddr,
    /// What a request must bear; needed where others can reach the address.
    pub token: Option<AdminToken>,
    /// Whether the console is there, and requests are kept for it.
    pub console: bool,
}

/// A secret that opens the admin listener.
#[derive(Clone)]
pub struct AdminToken(Arc<str>);

impl AdminToken {
    /// Whether a client sent this token; takes the same time for every wrong one of its length.
    #[must_use]
    pub fn is(&self, brought: &[u8]) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(self.0.as_bytes(), brought).is_ok()
    }
}

impl PartialEq for AdminToken {
    fn eq(&self, other: &Self) -> bool {
        self.is(other.0.as_bytes())
    }
}

impl AdminToken {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AdminToken(…)")
    }
}

/// `[server] reload`: what makes the files be read again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReloadOn {
    /// A change of one of them, and SIGHUP.
    #[default]
    Watch,
    /// SIGHUP alone.
    Signal,
}

impl ReloadOn {
    pub(in crate::config) fn from_name(name: &str) -> Result<Self, &'static str> {
        match name {
            "watch" => Ok(Self::Watch),
            "signal" => Ok(Self::Signal),
            _ => Err("\"watch\" or \"signal\""),
        }
    }
}
