//! Folders that were put before the path or left out after signing, and parts of it that were never set.

use super::change::{Change, Dimension};
use crate::distribution::origin::OriginLocation;
use crate::explain::mistakes::mistake::Mistake;
use crate::explain::request::parsed_request::ParsedRequest;

/// Paths with other folders.
pub(in crate::explain) fn folders<'c>(parsed: &ParsedRequest<'_, '_>) -> Dimension<'c> {
    let count = segments(parsed.request.target.path).len().min(MAX_SEGMENTS);
    let mut changes: Dimension<'c> = Vec::new();
    for dropped in 1..count.min(MAX_PREFIX + 1) {
        // An image service writes its operation before the path: `/fit-in/100x100/…`.
        let cost = if dropped <= 2 { 2 } else { 3 };
        changes.push(of_segments(Mistake::PathPrefixAdded, cost, move |parts| {
            let is_prefix = dropped < parts.len();
            parts.drain(..dropped * usize::from(is_prefix));
            is_prefix
        }));
    }
    let inserted = |cost, name: String| {
        of_segments(Mistake::PathChanged, cost, move |parts| {
            parts.insert(0, name.clone());
            true
        })
    };
    changes.extend(configured(parsed).into_iter().map(|name| inserted(2, name)));
    changes.extend(USUAL_FOLDERS.map(|name| inserted(3, name.to_owned())));
    for place in 0..count {
        changes.push(of_segments(Mistake::PathChanged, 3, move |parts| {
            let is_within = place > 0 && place + 1 < parts.len();
            is_within && !parts.remove(place).is_empty()
        }));
        changes.push(of_segments(Mistake::PathChanged, 3, move |parts| {
            let twice = parts.get(place).cloned();
            twice.map(|part| parts.insert(place, part)).is_some()
        }));
        changes.push(of_segments(Mistake::PathChanged, 3, move |parts| {
            let is_shorter = place > 0 && place < parts.len();
            parts.truncate(if is_shorter { place } else { parts.len() });
            is_shorter
        }));
    }
    changes
}

/// Parts that a variable without a value was written for: the whole path, one of its folders, the name before its extension.
pub(in crate::explain) fn unset<'c>(parsed: &ParsedRequest<'_, '_>) -> Dimension<'c> {
    let count = segments(parsed.request.target.path).len().min(MAX_SEGMENTS);
    let mut changes: Dimension<'c> = Vec::new();
    for word in UNSET {
        for place in 0..count {
            changes.push(of_segments(Mistake::PathChanged, 3, move |parts| {
                parts.get_mut(place).map(|part| *part = word.to_owned()).is_some()
            }));
        }
        changes.push(of_segments(Mistake::PathChanged, 3, move |parts| {
            parts.insert(0, word.to_owned());
            true
        }));
        changes.push(Change::of_path(Mistake::PathChanged, 3, move |_| format!("/{word}")));
        changes.push(of_segments(Mistake::PathChanged, 3, move |parts| {
            let Some((_, extension)) = parts.last().and_then(|last| last.rsplit_once('.')) else {
                return false;
            };
            let named = format!("{word}.{extension}");
            parts.pop();
            parts.push(named);
            true
        }));
        // A base that ends without a slash, or a path that begins without one.
        changes.push(Change::of_path(Mistake::PathChanged, 3, move |path| format!("{path}{word}")));
        changes.push(Change::of_path(Mistake::PathChanged, 3, move |path| format!("/{word}{path}")));
    }
    changes
}

/// White space around the URL, of a line that was read with its end.
pub(in crate::explain) fn spaces<'c>() -> Dimension<'c> {
    let behind = |cost, space: &'static str| {
        Change::of_url(Mistake::TrailingSpace, cost, move |url| {
            Some(match url.query.as_deref() {
                Some(query) => crate::explain::forensics::candidate::Url {
                    query: Some(format!("{query}{space}").into()),
                    ..url.clone()
                },
                None => crate::explain::forensics::candidate::Url {
                    path: format!("{}{space}", url.path).into(),
                    ..url.clone()
                },
            })
        })
    };
    let before = Change::new(Mistake::TrailingSpace, 3, |candidate| {
        let text = format!(" {}", candidate.resource.text());
        Some(crate::explain::forensics::candidate::Candidate {
            resource: crate::explain::forensics::candidate::CandidateResource::Text(text.into()),
            ..candidate.clone()
        })
    });
    let host = Change::of_url(Mistake::TrailingSpace, 3, |url| {
        (!url.host.is_empty()).then(|| crate::explain::forensics::candidate::Url {
            host: format!("{} ", url.host).into(),
            ..url.clone()
        })
    });
    let ends = [(2, " "), (2, "\n"), (3, "%20"), (3, "%0A"), (3, "\r\n"), (3, "\\n"), (3, "+"), (3, "\t")];
    ends.into_iter().map(|(cost, space)| behind(cost, space)).chain([before, host]).collect()
}

/// A change to the path's parts, which says whether it applies: another change may have left fewer of them.
fn of_segments<'c>(mistake: Mistake, cost: u8, change: impl Fn(&mut Vec<String>) -> bool + 'c) -> Change<'c> {
    Change::of_path(mistake, cost, move |path| {
        let mut parts: Vec<String> = segments(path).into_iter().map(str::to_owned).collect();
        match change(&mut parts) {
            true => format!("/{}", parts.join("/")),
            false => path.to_owned(),
        }
    })
}

fn segments(path: &str) -> Vec<&str> {
    path.strip_prefix('/').unwrap_or(path).split('/').collect()
}

/// Folders of the configuration: of behaviors, buckets and paths that are known.
fn configured(parsed: &ParsedRequest<'_, '_>) -> Vec<String> {
    let own = parsed.route.distribution;
    let literal = |pattern: &str| {
        let first = pattern.trim_start_matches('/').split('/').next().unwrap_or_default().to_owned();
        (!first.contains(['*', '?', '.'])).then_some(first)
    };
    let mut names: Vec<String> =
        own.all_behaviors().filter_map(|behavior| literal(behavior.pattern())).collect();
    for origin in &own.origins {
        if let (OriginLocation::S3(_), Some(server)) = (&origin.location, origin.location.server()) {
            names.extend(server.host.split('.').next().map(str::to_owned));
            names.extend(literal(&origin.path));
        }
    }
    names.retain(|name| !name.is_empty());
    names.sort();
    names.dedup();
    names.truncate(MAX_CONFIGURED);
    names
}

/// What languages write for a variable without a value.
const UNSET: [&str; 4] = ["undefined", "null", "None", "NaN"];
/// Folders that a storage has and a viewer doesn't see, or the other way round.
const USUAL_FOLDERS: [&str; 24] = [
    "static",
    "media",
    "assets",
    "public",
    "images",
    "img",
    "video",
    "videos",
    "files",
    "uploads",
    "content",
    "cdn",
    "storage",
    "private",
    "protected",
    "api",
    "v1",
    "prod",
    "dev",
    "staging",
    "data",
    "download",
    "downloads",
    "dist",
];
const MAX_SEGMENTS: usize = 10;
/// Folders before the path that are left out at once.
const MAX_PREFIX: usize = 5;
const MAX_CONFIGURED: usize = 8;
