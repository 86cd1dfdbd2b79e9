//! Configurations that several tests share, and the ids of their keys.

use super::public_key;

pub(crate) use super::conformance_table::KEYS;

/// The id of a key.
pub(crate) fn id(name: &str) -> &'static str {
    KEYS.iter().find(|(known, _)| *known == name).map(|(_, id)| *id).expect("a key's name")
}

/// The keys of some of the key groups `one`, `two` and `short`.
pub(crate) fn keys(groups: &[&str]) -> String {
    let mut text = String::new();
    for name in ["rsa", "rsa2", "ecdsa", "ecdsa2", "rsa1024"] {
        let short = if name == "rsa1024" { "allow-short = true\n" } else { "" };
        let (id, file) = (id(name), public_key(name));
        text += &format!("[[public-keys]]\nid = \"{id}\"\nfile = {file:?}\n{short}");
    }
    for (group, members) in
        [("one", ["rsa", "ecdsa"]), ("two", ["rsa2", "ecdsa2"]), ("short", ["rsa1024", "rsa1024"])]
    {
        let [a, b] = members.map(id);
        if !groups.contains(&group) {
            continue;
        }
        text += &format!("[[key-groups]]\nid = \"{group}\"\npublic-keys = [\"{a}\", \"{b}\"]\n");
    }
    text
}

const ALL: &str = r#"allowed-methods = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]"#;

/// One distribution: everything private, with behaviors for the exceptions.
pub(crate) fn main(origin: &str) -> String {
    let behavior = |pattern: &str, more: &str| {
        format!(
            "[[distributions.cache-behaviors]]\npath-pattern = \"{pattern}\"\ntarget-origin = \"app\"\n{more}\n"
        )
    };
    let one = r#"trusted-key-groups = ["one"]"#;
    let mut text = keys(&["one", "two", "short"]);
    text += &format!(
        r#"
[[distributions]]
id = "EDFDVBD6EXAMPLE"
domain-name = "d111111abcdef8.cloudfront.net"
aliases = ["media.example.com", "*.cdn.example.com"]
public-base-urls = ["https://d111111abcdef8.cloudfront.net", "https://media.example.com"]
default-root-object = "index.html"
[[distributions.origins]]
id = "app"
url = "{origin}"
[distributions.default-cache-behavior]
target-origin = "app"
{one}
{ALL}
"#
    );
    text += &behavior("/public/*", ALL);
    text += &behavior("/other/*", &format!("trusted-key-groups = [\"two\"]\n{ALL}"));
    text += &behavior("/both/*", &format!("trusted-key-groups = [\"one\", \"two\"]\n{ALL}"));
    text += &behavior("/short/*", &format!("trusted-key-groups = [\"short\"]\n{ALL}"));
    text += &behavior("/get/*", one);
    text += &behavior("/https/*", &format!("{one}\nviewer-protocol-policy = \"https-only\"\n{ALL}"));
    text +=
        &behavior("/redirect/*", &format!("{one}\nviewer-protocol-policy = \"redirect-to-https\"\n{ALL}"));
    text += &behavior("/open-dir/*", ALL);
    text
}

/// Two distributions, selected by host.
pub(crate) fn two(origin: &str) -> String {
    let mut text = keys(&["one", "two"]);
    for (name, group) in [("one", "one"), ("two", "two")] {
        text += &format!(
            r#"
[[distributions]]
id = "{name}"
domain-name = "{name}.example.com"
public-base-urls = ["https://{name}.example.com"]
[[distributions.origins]]
id = "app"
url = "{origin}"
[distributions.default-cache-behavior]
target-origin = "app"
trusted-key-groups = ["{group}"]
"#
        );
    }
    text
}

/// One private distribution with a few more lines for its origin.
pub(crate) fn private(origin: &str, origin_lines: &str) -> String {
    keys(&["one"])
        + &format!(
            r#"
[[distributions]]
id = "EDFDVBD6EXAMPLE"
domain-name = "d111111abcdef8.cloudfront.net"
[[distributions.origins]]
id = "app"
url = "{origin}"
{origin_lines}
[distributions.default-cache-behavior]
target-origin = "app"
trusted-key-groups = ["one"]
{ALL}
[[distributions.cache-behaviors]]
path-pattern = "/public/*"
target-origin = "app"
{ALL}
"#
        )
}
