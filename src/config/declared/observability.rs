//! `[access-log]` and `[admin]`.

use serde::{Deserialize, Serialize};

/// `[access-log]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct AccessLog {
    /// `cloudfront`, `json` or `off`.
    pub format: String,
    /// The file; `-` is stdout, as without it.
    pub file: Option<String>,
    /// `redacted` or `full`.
    pub signatures: String,
    /// Whether cookies are logged.
    pub include_cookies: bool,
}

impl Default for AccessLog {
    fn default() -> Self {
        Self {
            format: "cloudfront".to_owned(),
            file: None,
            signatures: "redacted".to_owned(),
            include_cookies: false,
        }
    }
}

/// `[admin]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Admin {
    /// The address.
    pub listen: String,
    /// The file with the token that requests must carry.
    pub token_file: Option<String>,
    /// Whether the console is served.
    pub console: bool,
}

impl Default for Admin {
    fn default() -> Self {
        Self { listen: String::new(), token_file: None, console: true }
    }
}
