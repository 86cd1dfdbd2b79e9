//! `[[public-keys]]` and `[[key-groups]]`.

use serde::{Deserialize, Serialize};

/// One of `[[public-keys]]`: either its file or its text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct PublicKey {
    /// The `Key-Pair-Id` of links, letters and digits.
    pub id: String,
    /// The PEM file.
    pub file: Option<String>,
    /// The PEM text.
    pub pem: Option<String>,
    /// Whether an RSA key shorter than 2048 bits is accepted.
    pub allow_short: bool,
}

/// One of `[[key-groups]]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct KeyGroup {
    /// Its name.
    pub id: String,
    /// Ids of public keys.
    pub public_keys: Vec<String>,
}
