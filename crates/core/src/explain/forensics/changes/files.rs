//! Other files of the place: the playlist whose link is used for its segments, and files that are known to be there.

use std::rc::Rc;

use super::change::{Change, Dimension};
use crate::explain::MAX_KNOWN_PATHS;
use crate::explain::forensics::candidate::Url;
use crate::explain::mistakes::mistake::Mistake;
use crate::explain::request::parsed_request::ParsedRequest;

/// Paths that may have been signed in place of the one that was requested.
pub(in crate::explain) fn others<'c>(parsed: &ParsedRequest<'_, '_>, known: &[String]) -> Dimension<'c> {
    let path = parsed.request.target.path;
    let folder = &path[..=path.rfind('/').unwrap_or(0)];
    let is_near = |other: &&String| folder.starts_with(&other[..=other.rfind('/').unwrap_or(0)]);
    let known = known.iter().filter(|other| other.starts_with('/')).take(MAX_KNOWN_PATHS);
    let (near, far): (Vec<&String>, Vec<&String>) = known.partition(is_near);
    // The likeliest may meet another mistake; all of them are tried alone.
    let cost = |place: usize| if place < MAX_NEAR { 2 } else { 3 };
    let near = near.into_iter().enumerate().map(|(place, path)| (cost(place), path.clone()));
    let mut paths: Vec<(u8, String)> = near.collect();
    paths.extend(playlists(path));
    paths.extend(neighbours(path));
    paths.extend(far.into_iter().map(|path| (3, path.clone())));
    let mut seen: Vec<String> = vec![path.to_owned()];
    paths.retain(|(_, path)| {
        let is_new = !seen.contains(path);
        seen.push(path.clone());
        is_new
    });
    let to = |(cost, path): (u8, String)| {
        let path: Rc<str> = path.into();
        Change::of_url(Mistake::CannedForAnotherFile, cost, move |url| {
            (url.path != path).then(|| Url { path: Rc::clone(&path), ..url.clone() })
        })
    };
    paths.into_iter().map(to).collect()
}

/// What a player requested first, in the segment's folder and those above it.
fn playlists(path: &str) -> Vec<(u8, String)> {
    let (folder, name) = path.split_at(path.rfind('/').map_or(0, |at| at + 1));
    let Some((stem, extension)) = name.rsplit_once('.') else { return Vec::new() };
    if !OF_STREAMS.contains(&extension.to_ascii_lowercase().as_str()) {
        return Vec::new();
    }
    let bare = stem.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches(['-', '_', '.']);
    let above = folder.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let mut names: Vec<String> = PLAYLISTS.map(str::to_owned).to_vec();
    for stem in [stem, bare, above].into_iter().filter(|stem| !stem.is_empty()) {
        names.extend(["m3u8", "mpd"].map(|extension| format!("{stem}.{extension}")));
    }
    let mut found = Vec::new();
    let folders = folder.match_indices('/').map(|(at, _)| &folder[..=at]);
    for folder in folders.rev().take(MAX_FOLDERS) {
        found.extend(names.iter().map(|name| (3, format!("{folder}{name}"))));
    }
    found
}

/// The files with the next numbers, and the same name with another extension.
fn neighbours(path: &str) -> Vec<(u8, String)> {
    let (folder, name) = path.split_at(path.rfind('/').map_or(0, |at| at + 1));
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let bare = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &stem[bare.len()..];
    let dot = if extension.is_empty() { "" } else { "." };
    let mut found = Vec::new();
    if let Ok(number) = digits.parse::<u32>() {
        let width = digits.len();
        let near = [1i64, -1, 2, -2, 3, -3].map(|step| i64::from(number) + step);
        let numbers = near.into_iter().chain([0, 1]).filter(|number| *number >= 0);
        found.extend(numbers.map(|number| (3, format!("{folder}{bare}{number:0width$}{dot}{extension}"))));
        found.push((3, format!("{folder}{}{dot}{extension}", bare.trim_end_matches(['-', '_']))));
    }
    if !stem.is_empty() {
        found.extend(EXTENSIONS.map(|extension| (3, format!("{folder}{stem}.{extension}"))));
    }
    found
}

const PLAYLISTS: [&str; 14] = [
    "index.m3u8",
    "playlist.m3u8",
    "master.m3u8",
    "manifest.m3u8",
    "main.m3u8",
    "stream.m3u8",
    "video.m3u8",
    "hls.m3u8",
    "output.m3u8",
    "prog_index.m3u8",
    "index.mpd",
    "manifest.mpd",
    "stream.mpd",
    "dash.mpd",
];
/// Of what players request by a playlist.
const OF_STREAMS: [&str; 18] = [
    "ts", "m4s", "mp4", "m4a", "m4v", "m4f", "aac", "mp3", "ac3", "vtt", "webvtt", "srt", "key", "m3u8",
    "mpd", "cmfv", "cmfa", "webm",
];
const EXTENSIONS: [&str; 10] = ["mp4", "m3u8", "mpd", "jpg", "jpeg", "png", "webp", "pdf", "zip", "html"];
/// Known paths that may meet another mistake.
const MAX_NEAR: usize = 12;
/// The segment's folder and those above it.
const MAX_FOLDERS: usize = 4;
