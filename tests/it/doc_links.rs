//! Every relative link in the documentation names a file that exists, and a heading that the file has.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::root;

/// The Markdown files of a directory.
fn pages_in(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let files = entries.map(|entry| entry.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|extension| extension == "md")).collect()
}

fn pages() -> Vec<PathBuf> {
    let mut pages = [pages_in(root()), pages_in(&root().join("docs"))].concat();
    for parent in ["kits", "examples"] {
        for entry in fs::read_dir(root().join(parent)).unwrap() {
            pages.extend(pages_in(&entry.unwrap().path()));
        }
    }
    pages
}

/// The text of a page without its code blocks.
fn prose(page: &Path) -> String {
    let text = fs::read_to_string(page).unwrap();
    text.split("```").step_by(2).collect()
}

/// The targets of all links: `target` of `[text](target)`.
fn targets(prose: &str) -> Vec<&str> {
    let links = prose.split("](").skip(1);
    links.filter_map(|rest| Some(rest.split_once(')')?.0)).collect()
}

/// The anchor that a Markdown viewer gives to a heading: lower case, without punctuation, hyphens for spaces.
fn anchor(heading: &str) -> String {
    let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let lower = heading.trim_start_matches('#').trim().to_lowercase();
    lower.chars().filter(is_kept).collect::<String>().replace(' ', "-")
}

fn anchors(page: &Path) -> BTreeSet<String> {
    prose(page).lines().filter(|line| line.starts_with('#')).map(anchor).collect()
}

#[test]
fn every_relative_link_of_the_documentation_resolves() {
    let pages = pages();
    assert!(pages.len() > 20, "{pages:?}");
    let mut broken = Vec::new();
    for page in &pages {
        for target in targets(&prose(page)) {
            if target.starts_with("http") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            if !file.exists() || !(heading.is_empty() || anchors(&file).contains(heading)) {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}
