//! The tables of the configuration: how messages name each, and the keys that it must have.

use crate::config::key_path::KeyPath;

/// What is said of a table.
pub(super) struct Table {
    /// Its name in messages.
    pub(super) name: String,
    /// Keys that it must have.
    pub(super) required: &'static [Required],
    /// Keys that the declared form has and that the table can't have.
    pub(super) without: &'static [&'static str],
}

/// A key that must be there.
pub(super) struct Required {
    pub(super) key: &'static str,
    /// An example.
    expected: Option<&'static str>,
    /// What is said in place of "… lacks `key`".
    pub(super) message: Option<&'static str>,
}

impl Required {
    const fn text(key: &'static str) -> Self {
        Self { key, expected: None, message: None }
    }

    pub(super) fn expected(&self) -> String {
        self.expected.map_or_else(|| format!("{} = \"…\"", self.key), str::to_owned)
    }
}

impl Table {
    /// The table at a path.
    pub(super) fn at(path: &KeyPath) -> Self {
        let keys = path.without_numbers();
        let last = keys.rsplit('.').next().unwrap_or_default();
        let name = match last {
            "" => "the file".to_owned(),
            "certificates" => "a certificate".to_owned(),
            "s3" | "cors" | "custom-headers" | "security-headers" => last.to_owned(),
            _ if is_inline(&keys) => last.to_owned(),
            _ if path.as_str().ends_with(']') => format!("[[{keys}]]"),
            _ => format!("[{keys}]"),
        };
        let without: &[&str] =
            if keys == "distributions.default-cache-behavior" { &["path-pattern"] } else { &[] };
        Self { name, required: required(&keys), without }
    }
}

/// Tables that are written as the value of a key.
fn is_inline(keys: &str) -> bool {
    let around = keys.rsplit_once('.').map_or("", |(around, _)| around);
    around == "origin-request-policies" || around == "response-headers-policies.security-headers"
}

fn required(keys: &str) -> &'static [Required] {
    const ID: Required = Required::text("id");
    const TARGET: Required = Required::text("target-origin");
    match keys {
        "public-keys"
        | "key-groups"
        | "origin-request-policies"
        | "response-headers-policies"
        | "distributions.origins"
        | "distributions.origin-groups" => const { &[ID] },
        "distributions" => {
            const {
                &[
                    ID,
                    Required::text("domain-name"),
                    Required {
                        key: "default-cache-behavior",
                        expected: Some("[distributions.default-cache-behavior]"),
                        message: Some("the distribution has no default cache behavior"),
                    },
                ]
            }
        }
        "distributions.default-cache-behavior" => const { &[TARGET] },
        "distributions.cache-behaviors" => const { &[Required::text("path-pattern"), TARGET] },
        "distributions.custom-error-responses" => {
            const {
                &[Required {
                    key: "error-code",
                    expected: Some("error-code = 403"),
                    message: Some("a custom error response lacks `error-code`"),
                }]
            }
        }
        "distributions.origins.s3" => const { &[Required::text("bucket"), Required::text("region")] },
        "server.https" => {
            const { &[Required { key: "listen", expected: Some("listen = [\"127.0.0.1:8443\"]"), message: None }] }
        }
        "server.https.certificates" => {
            const { &[Required::text("certificate"), Required::text("private-key")] }
        }
        "admin" => const { &[Required::text("listen")] },
        "response-headers-policies.custom-headers" => const { &[Required::text("header")] },
        _ if keys.starts_with("response-headers-policies.security-headers.") => {
            const { &[Required::text("value")] }
        }
        _ if keys.starts_with("origin-request-policies.") => const { &[Required::text("behavior")] },
        _ => &[],
    }
}
