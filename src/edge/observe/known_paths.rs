//! Paths that may have been signed in place of a denied one: files beside it in a directory origin, and what was requested
//! before. They are collected on the search's own thread, and bounded.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::recent_requests::{Recorder, path_of};
use crate::distribution::Distributions;
use crate::distribution::origin::{Origin, OriginLocation};
use crate::explain::{MAX_KNOWN_PATHS, OwnedRequest};

/// The paths, the nearest files first.
#[must_use]
pub fn near(
    inquiry: &OwnedRequest,
    distributions: &Distributions,
    recorder: Option<&Recorder>,
) -> Vec<String> {
    let path = path_of(&inquiry.target);
    let mut paths = in_directories(path, inquiry, distributions);
    if let Some(recorder) = recorder {
        paths.extend(recorder.paths_of(&inquiry.authority, MAX_KNOWN_PATHS));
    }
    paths.retain(|known| known != path);
    let mut seen = std::collections::HashSet::new();
    paths.retain(|known| seen.insert(known.clone()));
    paths.truncate(MAX_KNOWN_PATHS);
    paths
}

fn in_directories(path: &str, inquiry: &OwnedRequest, distributions: &Distributions) -> Vec<String> {
    let Ok(request) = inquiry.request() else { return Vec::new() };
    let Some(route) = distributions.route(&request) else { return Vec::new() };
    let origins = route.distribution.origins.iter();
    let roots = origins.filter_map(|origin| {
        let OriginLocation::Directory(root) = &origin.location else { return None };
        Some((root, &origin.path))
    });
    let folders: Vec<&str> = path.match_indices('/').map(|(at, _)| &path[..=at]).collect();
    let is_demo = |origin: &Arc<Origin>| matches!(origin.location, OriginLocation::Demo(_));
    let mut found = Vec::new();
    if route.distribution.origins.iter().any(is_demo) {
        found.extend(crate::edge::origin::demo::paths().map(str::to_owned));
    }
    for (root, own) in roots.take(MAX_ROOTS) {
        for folder in folders.iter().rev().take(MAX_FOLDERS) {
            let Some(place) = below(&root.join(own.trim_start_matches('/')), folder) else { continue };
            found.extend(files_in(&place).into_iter().map(|name| format!("{folder}{name}")));
        }
    }
    found
}

/// A folder of URLs as one of files; none where a part of it could climb.
fn below(root: &Path, folder: &str) -> Option<PathBuf> {
    let mut place = root.to_owned();
    for part in folder.split('/').filter(|part| !part.is_empty()) {
        let name = percent_encoding::percent_decode_str(part).decode_utf8().ok()?;
        let is_plain = !name.starts_with('.') && !name.contains(['/', '\\', '\0', ':']);
        place.push(is_plain.then_some(&*name)?);
    }
    Some(place)
}

/// The names of a folder's files, as URLs have them. What can't be read has none.
fn files_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let entries = entries.take(MAX_ENTRIES).flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let names = files.filter_map(|entry| entry.file_name().into_string().ok());
    let shown = names.filter(|name| !name.starts_with('.'));
    let mut names: Vec<String> =
        shown.map(|name| percent_encoding::utf8_percent_encode(&name, NAME).to_string()).collect();
    names.sort();
    names.truncate(MAX_FILES);
    names
}

/// As browsers write a part of a path.
const NAME: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');
/// The request's folder and those above it.
const MAX_FOLDERS: usize = 3;
const MAX_ROOTS: usize = 4;
/// Entries of one folder that are read, and files of it that are used.
const MAX_ENTRIES: usize = 1_000;
const MAX_FILES: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_beside_a_path_are_found_and_nothing_climbs() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("hls")).unwrap();
        for name in ["hls/Index 1.m3u8", "hls/seg1.ts", "hls/.hidden", "top.mp4"] {
            std::fs::write(root.path().join(name), "x").unwrap();
        }
        let place = below(root.path(), "/hls/").unwrap();
        assert_eq!(files_in(&place), ["Index%201.m3u8", "seg1.ts"]);
        assert_eq!(files_in(&below(root.path(), "/").unwrap()), ["top.mp4"]);
        for folder in ["/../", "/%2e%2e/", "/a%2fb/", "/.git/", "/c%5c..%5c/"] {
            assert_eq!(below(root.path(), folder), None, "{folder}");
        }
        assert!(files_in(&root.path().join("none")).is_empty());
    }
}
