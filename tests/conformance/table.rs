//! Reads the conformance table: one fact about CloudFront in each row, as a request and its response.

use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, Engine};
use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    case: Vec<Case>,
}

/// One fact about CloudFront, as a request and the answer to it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) section: String,
    pub(crate) evidence: String,
    pub(crate) says: String,
    canned: Option<Canned>,
    policy: Option<String>,
    policy_hex: Option<String>,
    signs: Option<String>,
    #[serde(default = "rsa")]
    pub(crate) key: String,
    #[serde(default = "sha1")]
    pub(crate) hash: String,
    /// The form of the signature, where it isn't the one that CloudFront verifies.
    pub(crate) scheme: Option<String>,
    #[serde(default = "main_site")]
    pub(crate) site: String,
    #[serde(default = "get")]
    pub(crate) method: String,
    #[serde(default = "domain")]
    pub(crate) host: String,
    pub(crate) target: String,
    #[serde(default)]
    pub(crate) headers: Vec<String>,
    #[serde(default = "now")]
    pub(crate) now: u64,
    #[serde(default = "viewer")]
    pub(crate) ip: String,
    pub(crate) expect: String,
    pub(crate) origin_target: Option<String>,
    status: Option<u16>,
}

#[derive(Deserialize)]
struct Canned {
    url: String,
    expires: String,
}

fn rsa() -> String {
    "rsa".to_owned()
}
fn sha1() -> String {
    "SHA1".to_owned()
}
fn main_site() -> String {
    "main".to_owned()
}
fn get() -> String {
    "GET".to_owned()
}
fn domain() -> String {
    "d111111abcdef8.cloudfront.net".to_owned()
}
fn now() -> u64 {
    1_900_000_000
}
fn viewer() -> String {
    "203.0.113.9".to_owned()
}

/// Keys by the name that tables use, with the id under which a configuration knows them.
pub(crate) const KEYS: [(&str, &str); 6] = [
    ("rsa", "KRSAAAAAAAAAA1"),
    ("rsa2", "KRSAAAAAAAAAA2"),
    ("ecdsa", "KECAAAAAAAAAA1"),
    ("ecdsa2", "KECAAAAAAAAAA2"),
    ("rsa1024", "KRSASHORTAAAAA"),
    ("untrusted", "KNOBODYAAAAAA1"),
];

impl Case {
    fn policy(&self) -> Vec<u8> {
        if let Some(hex) = &self.policy_hex {
            let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
            return (0..hex.len()).step_by(2).map(byte).collect();
        }
        self.policy.clone().unwrap_or_default().into_bytes()
    }

    /// The bytes that the row's signature is made over.
    pub(crate) fn signed(&self) -> Vec<u8> {
        match (&self.signs, &self.canned) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(Canned { url, expires })) => canned(url, expires).into_bytes(),
            (None, None) => self.policy(),
        }
    }

    pub(crate) fn is_allowed(&self) -> bool {
        self.expect == "allow"
    }

    pub(crate) fn status(&self) -> u16 {
        self.status.unwrap_or(if self.is_allowed() { 200 } else { 403 })
    }

    /// CloudFront's code for the row's reason; none for its HTML pages.
    pub(crate) fn code(&self) -> Option<&'static str> {
        match self.expect.as_str() {
            "missing-key-pair-id" => Some("MissingKey"),
            "unknown-key" => Some("InvalidKey"),
            "missing-signature" | "malformed-signature" => Some("MalformedSignature"),
            "malformed-policy" => Some("MalformedPolicy"),
            "signature-mismatch"
            | "resource-mismatch"
            | "expired"
            | "not-yet-valid"
            | "ip-mismatch"
            | "unknown-hash-algorithm" => Some("AccessDenied"),
            _ => None,
        }
    }

    /// A part of the request, its placeholders filled in.
    pub(crate) fn fill(&self, text: &str, signature: &[u8]) -> String {
        let mut text = text.to_owned();
        for (name, bytes) in [("policy", self.policy().as_slice()), ("signature", signature)] {
            if text.contains(&format!("{{{name}")) {
                for (form, value) in forms(bytes) {
                    text = text.replace(&format!("{{{name}{form}}}"), &value);
                }
            }
        }
        for (name, id) in KEYS {
            text = text.replace(&format!("{{{name}}}"), id);
        }
        text
    }

    /// A failure, with what says that it is one.
    pub(crate) fn report(&self, failure: &str) -> String {
        format!("{} ({} {}): {failure}\n    {}", self.id, self.section, self.evidence, self.says)
    }
}

/// A policy or a signature in every form that a table names.
fn forms(bytes: &[u8]) -> [(&'static str, String); 11] {
    let plain = BASE64_STANDARD.encode(bytes);
    let ours = plain.replace('+', "-").replace('=', "_").replace('/', "~");
    let percent_encoded = plain.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [
        ("", ours.clone()),
        ("-plain-percent", percent_encoded),
        ("-plain-nopad", plain.trim_end_matches('=').to_owned()),
        ("-slash", ours.replace('~', "%2F")),
        // JavaScript's `replace` with a text replaces the first one alone.
        ("-first", plain.replacen('+', "-", 1).replacen('/', "~", 1).replacen('=', "_", 1)),
        ("-spaced", plain.replace('+', "%20")),
        ("-plain", plain),
        ("-url", BASE64_URL_SAFE.encode(bytes)),
        ("-nopad", ours.trim_end_matches('_').to_owned()),
        ("-percent", ours.replace('~', "%7E")),
        ("-hex", hex),
    ]
}

fn canned(url: &str, expires: &str) -> String {
    format!(
        r#"{{"Statement":[{{"Resource":"{url}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{expires}}}}}}}]}}"#
    )
}

/// Every row of the tables in a folder, in the order of their files.
pub(crate) fn cases(folder: &Path) -> Vec<Case> {
    let entries = std::fs::read_dir(folder).expect("the tables");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| {
        path.extension().is_some_and(|extension| extension == "toml") && !path.ends_with("choices.toml")
    });
    files.sort();
    let read = |file: &PathBuf| -> Vec<Case> {
        let text = std::fs::read_to_string(file).expect("a table");
        let table: Table =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        table.case
    };
    files.iter().flat_map(read).collect()
}
