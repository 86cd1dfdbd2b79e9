//! Every key of the configuration is explained in docs/configuration.md and shown in config.toml. Which keys there are, the
//! loader itself is asked: by a key that it can't know, in every table that it has.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::mmdb;
use crate::support::tls::certificates;
use crate::support::{frontgate, public_key, root, stderr, stdout};

/// A key that leads to a table, and whether there are several of it.
type Step = (String, bool);

/// A table of the configuration.
struct Table {
    path: Vec<Step>,
    keys: Vec<String>,
}

impl Table {
    fn name(&self) -> String {
        self.path.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(".")
    }
}

/// The keys that are known in a table; none where there is no table, or where keys are free.
fn known_keys(path: &[Step]) -> Option<Vec<String>> {
    let text = path.iter().rev().fold("zzz = 0".to_owned(), |inner, (key, is_array)| match is_array {
        true => format!("{key} = [{{ {inner} }}]"),
        false => format!("{key} = {{ {inner} }}"),
    });
    let invalid = frontgate::config::parse(Path::new("config.toml"), &text).unwrap_err();
    let unknown = invalid.errors.iter().find(|error| error.message.ends_with("has no key `zzz`"))?;
    let expected = unknown.expected.as_deref().unwrap();
    Some(expected.split('`').skip(1).step_by(2).map(str::to_owned).collect())
}

fn tables() -> Vec<Table> {
    let mut tables = Vec::new();
    let mut paths = vec![Vec::new()];
    while let Some(path) = paths.pop() {
        let Some(keys) = known_keys(&path) else { continue };
        for key in &keys {
            let step = |is_array| [&path[..], &[(key.clone(), is_array)]].concat();
            paths.extend([step(false), step(true)]);
        }
        tables.push(Table { path, keys });
    }
    tables
}

/// Sections by the names in their headings, such as `limits` of "## `[server.limits]`".
fn sections(document: &str) -> Vec<(Vec<&str>, String)> {
    let mut sections: Vec<(Vec<&str>, String)> = Vec::new();
    for line in document.lines() {
        if line.starts_with('#') {
            let spans = line.split('`').skip(1).step_by(2).map(|span| span.trim_matches(['[', ']']));
            sections.push((spans.filter_map(|span| span.rsplit('.').next()).collect(), String::new()));
        } else if let Some((_, text)) = sections.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    sections
}

#[test]
fn every_key_that_the_loader_knows_is_explained() {
    let document = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let sections = sections(&document);
    let of = |key: &str| sections.iter().find(|(names, _)| names.contains(&key)).map(|(_, text)| text);
    let tables = tables();
    assert!(tables.len() > 20 && tables.iter().any(|table| table.name() == "server.https.certificates"));
    let mut missing = Vec::new();
    for table in &tables {
        let Some((last, _)) = table.path.last() else {
            missing.extend(table.keys.iter().filter(|key| of(key).is_none()).map(|key| format!("[{key}]")));
            continue;
        };
        // What has no section of its own is told of in that of the table around it.
        let around = table.path.iter().rev().nth(1).map_or("", |(key, _)| key);
        let text =
            of(last).or_else(|| of(around)).unwrap_or_else(|| panic!("no section for {}", table.name()));
        let is_missing = |key: &&String| !text.contains(&format!("`{key}`"));
        missing.extend(table.keys.iter().filter(is_missing).map(|key| format!("{}.{key}", table.name())));
    }
    assert!(missing.is_empty(), "docs/configuration.md lacks {missing:#?}");
}

/// config.toml with its examples as if they were not commented out.
fn uncommented() -> String {
    let text = std::fs::read_to_string(root().join("config.toml")).unwrap();
    let lines = text.lines().map(|line| {
        let example = line.strip_prefix("# ").unwrap_or(line);
        let key = example.split(" = ").next().unwrap_or("");
        let is_key = key.len() < example.len() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if is_key || example.starts_with('[') { example } else { line }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The keys that config.toml shows in a table; none where it shows none, or only its short form.
fn shown_keys<'c>(config: &'c toml::Value, table: &Table) -> Option<BTreeSet<&'c str>> {
    let mut shown = vec![config];
    for (key, _) in &table.path {
        let values = shown.iter().filter_map(|value| value.get(key));
        shown = values
            .flat_map(|value| value.as_array().map_or(vec![value], |all| all.iter().collect()))
            .collect();
    }
    let shown: Vec<_> = shown.into_iter().filter_map(toml::Value::as_table).collect();
    let keys = shown.iter().flat_map(|table| table.keys()).map(String::as_str);
    (!shown.is_empty()).then(|| keys.collect())
}

/// Tables of one kind, such as the default behavior and the ordered ones: what one of them shows needs no repetition.
fn are_alike(one: &Table, other: &Table) -> bool {
    let around = |table: &Table| table.path.split_last().map(|(_, around)| around.to_vec());
    let differ = one.keys.iter().filter(|key| !other.keys.contains(key)).count()
        + other.keys.iter().filter(|key| !one.keys.contains(key)).count();
    around(one) == around(other) && differ <= 1
}

#[test]
fn every_key_that_the_loader_knows_has_an_example() {
    let text = uncommented();
    let config: toml::Value = toml::from_str(&text).unwrap();
    let tables = tables();
    let mut missing = Vec::new();
    for table in &tables {
        if shown_keys(&config, table).is_none() {
            continue;
        }
        let alike = tables.iter().filter(|other| are_alike(table, other));
        let shown: BTreeSet<&str> = alike.filter_map(|one| shown_keys(&config, one)).flatten().collect();
        let is_told = |key: &str| EITHER.contains(&key) && text.contains(&format!("or {key}"));
        let lacking = table.keys.iter().filter(|key| !shown.contains(key.as_str()) && !is_told(key));
        missing.extend(lacking.map(|key| format!("{}.{key}", table.name())));
    }
    assert!(missing.is_empty(), "config.toml lacks {missing:#?}");
}

/// Keys beside which another one stands in the example that excludes them.
const EITHER: [&str; 3] = ["pem", "allow", "https-port"];

#[test]
fn the_commented_examples_are_good_ones() {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &[u8]| {
        let file = dir.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    for (name, file) in [("media.pem", "media.pem"), ("media.key", "media.key"), ("ca.pem", "ca.pem")] {
        put(&format!("tls/{name}"), &std::fs::read(certificates().join(file)).unwrap());
    }
    put("keys/K2JCJMDEHXQW5F.public.pem", &std::fs::read(public_key("rsa")).unwrap());
    put("admin.token", b"a-token-of-good-length\n");
    put("aws/credentials", b"[default]\naws_access_key_id = A\naws_secret_access_key = S\n");
    let berlin = serde_json::json!({ "country": { "iso_code": "DE" } });
    mmdb::write(
        &dir.path().join("GeoLite2-Country.mmdb"),
        "GeoLite2-Country",
        &[("203.0.113.0", 24, berlin)],
    );
    put("config.toml", uncommented().as_bytes());
    let output = frontgate().current_dir(dir.path()).arg("check").output().unwrap();
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{}", stdout(&output));
    assert!(stdout(&output).contains("response policy player"), "{}", stdout(&output));
}
