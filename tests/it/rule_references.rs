//! References to rules resolve: "cloudfront 2.2" is a section of docs/cloudfront.md, "reference 3" one of docs/reference.md,
//! "configuration: `key`" a key of docs/configuration.md, and each tag of evidence is explained.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::root;

/// What refers to rules: code, tests with their data, and the documentation.
fn files() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let is_made = ["target", "node_modules", "dist"].iter().any(|name| path.ends_with(name));
            if path.is_dir() && !is_made {
                walk(&path, found);
            } else if path
                .extension()
                .is_some_and(|one| ["rs", "toml", "md", "py", "mjs"].iter().any(|of| one == *of))
            {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    for folder in ["src", "crates", "tests", "docs", "benches", "examples", "fuzz"] {
        walk(&root().join(folder), &mut found);
    }
    found.retain(|file| !file.ends_with("tests/it/rule_references.rs"));
    assert!(found.len() > 200, "{} files", found.len());
    found
}

fn read(page: &str) -> String {
    fs::read_to_string(root().join("docs").join(page)).unwrap()
}

/// The numbers of a page's sections: of headings, and of entries that begin with a bold number.
fn sections(page: &str) -> BTreeSet<String> {
    let text = read(page);
    let numbers = text.lines().filter_map(|line| {
        let heading = line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#'));
        let number = heading.or_else(|| line.strip_prefix("- **"))?;
        let end = number.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number.len());
        let number = number[..end].trim_end_matches('.');
        (!number.is_empty()).then(|| number.to_owned())
    });
    numbers.collect()
}

/// The numbers behind each mention of a word: one, or several with commas and "and" between them.
fn numbers_after(text: &str, word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(word) {
        let mut rest = &text[at + word.len()..];
        if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '.') {
            continue;
        }
        loop {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let number = rest[..end].trim_end_matches('.');
            if number.is_empty() {
                break;
            }
            found.push(number.to_owned());
            rest = &rest[number.len()..];
            match rest.strip_prefix(", ").or_else(|| rest.strip_prefix(" and ")) {
                Some(more) => rest = more.strip_prefix("and ").unwrap_or(more),
                None => break,
            }
        }
    }
    found
}

#[test]
fn every_section_that_a_comment_or_a_table_names_exists() {
    let (cloudfront, reference) = (sections("cloudfront.md"), sections("reference.md"));
    assert!(cloudfront.contains("2.2") && cloudfront.contains("11.6") && reference.contains("3"));
    let (mut dangling, mut count) = (Vec::new(), 0);
    for file in files() {
        let text = fs::read_to_string(&file).unwrap();
        let named = ["cloudfront ", "Cloudfront "].map(|word| (word, &cloudfront)).into_iter();
        for (word, known) in named.chain(["reference ", "Reference "].map(|word| (word, &reference))) {
            for number in numbers_after(&text, word) {
                count += 1;
                if !known.contains(&number) {
                    dangling.push(format!("{}: {word}{number}", file.display()));
                }
            }
        }
    }
    assert!(dangling.is_empty(), "no such section:\n{}", dangling.join("\n"));
    assert!(count > 200, "{count} references");
}

#[test]
fn every_key_of_the_configuration_that_a_comment_names_exists() {
    let configuration = read("configuration.md");
    for file in files() {
        let text = fs::read_to_string(&file).unwrap();
        for key in text.split("(configuration: `").skip(1).filter_map(|rest| rest.split('`').next()) {
            assert!(configuration.contains(key), "{}: no key `{key}`", file.display());
        }
    }
}

#[test]
fn no_reference_leads_out_of_the_repository() {
    let old =
        ["semantics ", "Semantics ", "contract ", "Contract ", "CONTRACT ", "quirk ", "Quirk ", "peers "];
    for file in files() {
        let text = fs::read_to_string(&file).unwrap();
        for word in old {
            let numbers = numbers_after(&text, word);
            assert!(numbers.is_empty(), "{}: {word}{}", file.display(), numbers.join(", "));
        }
    }
}

/// The tags of the tables, and those in comments, which stand between backticks.
#[test]
fn every_tag_of_evidence_is_explained() {
    let text = read("cloudfront.md");
    let tags = ["DOC", "SDK", "OBS", "INFER", "ASSUMED", "UNKNOWN", "RECALL", "REF", "CONF"];
    assert!(tags.iter().all(|tag| text.contains(&format!("`[{tag}"))), "docs/cloudfront.md explains each");
    let mut found = 0;
    for file in files() {
        let text = fs::read_to_string(&file).unwrap();
        let of_tables = text.lines().filter_map(|line| line.strip_prefix("evidence = \"["));
        let of_comments = text
            .split("`[")
            .skip(1)
            .filter(|rest| rest.split(']').nth(1).is_some_and(|end| end.starts_with('`')));
        for tag in of_tables.chain(of_comments.filter(|_| file.extension().is_some_and(|one| one == "rs"))) {
            let word = tag.split(|c: char| !c.is_ascii_uppercase()).next().unwrap_or_default();
            // Other brackets in code and prose are no tags.
            let is_tag = word.len() > 1 && tag[word.len()..].starts_with([']', ' ', ',', ';', ':']);
            if is_tag {
                assert!(tags.contains(&word), "{}: [{word}", file.display());
                found += 1;
            }
        }
    }
    assert!(found > 500, "{found} tags");
}
