//! The URLs that may have been signed in place of the one that was requested.

use std::collections::HashSet;

use super::checks::Examined;
use crate::viewer::{Base, Scheme};

/// Wildcards, then each base × each form of the query × each form of the path, without the ones that were tried.
pub(super) fn url_candidates(examined: &Examined<'_, '_>, most: usize) -> Vec<String> {
    let tried: HashSet<String> = examined.tried.texts().into_iter().collect();
    let target = examined.request.target;
    let (bases, queries, paths) = (bases(examined), queries(target.query), paths(target.path));
    let mut urls = vec!["*".to_owned()];
    for base in &bases {
        let folders = target.path.match_indices('/').map(|(at, _)| &target.path[..=at]).take(MAX_FOLDERS);
        urls.extend(folders.map(|folder| format!("{base}{folder}*")));
    }
    for path in &paths {
        for query in &queries {
            for base in &bases {
                let query = query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
                urls.push(format!("{base}{path}{query}"));
            }
        }
    }
    let mut seen = tried;
    urls.retain(|url| seen.insert(url.clone()));
    urls.truncate(most);
    urls
}

/// Every name that the distributions have and the host that was sent, with both schemes; the tried ones first.
fn bases(examined: &Examined<'_, '_>) -> Vec<String> {
    let mut bases: Vec<String> = examined.tried.bases().iter().map(Base::to_string).collect();
    let host = examined.request.host;
    let mut authorities = vec![host.to_string(), host.name().to_owned()];
    let port = host.port().map(|port| format!(":{port}")).unwrap_or_default();
    authorities.extend(["localhost", "127.0.0.1"].map(|local| format!("{local}{port}")));
    authorities.extend([443, 80].map(|port| format!("{}:{port}", host.name())));
    for one in &examined.distributions.list {
        authorities.extend(one.public_base_urls.iter().map(|base| base.base().authority.to_owned()));
        authorities.push(one.domain_name.clone());
        authorities.extend(one.aliases.iter().filter(|alias| !alias.starts_with('*')).cloned());
    }
    for authority in authorities {
        for scheme in [Scheme::Https, Scheme::Http] {
            let base = format!("{scheme}://{authority}");
            if !bases.contains(&base) {
                bases.push(base);
            }
        }
    }
    bases
}

/// The query as it is, and with each choice of parameters left out: what was added after signing.
fn queries(query: Option<&str>) -> Vec<Option<String>> {
    let left = query.and_then(crate::access::credentials::without_signing_parameters);
    let segments: Vec<&str> = left.as_deref().map(|left| left.split('&').collect()).unwrap_or_default();
    let free = segments.len().min(MAX_FREE_PARAMETERS);
    let mut found = Vec::new();
    for dropped in 0u32..1 << free {
        // The last parameters are the likeliest to have been added, so they are dropped first.
        let kept: Vec<&str> = segments
            .iter()
            .rev()
            .enumerate()
            .filter(|(place, _)| *place >= free || dropped & (1 << place) == 0)
            .map(|(_, segment)| *segment)
            .collect();
        let kept: Vec<&str> = kept.into_iter().rev().collect();
        found.push((!kept.is_empty()).then(|| kept.join("&")));
    }
    if let Some(left) = left.as_deref() {
        found.push(Some(decoded(left)));
    }
    found
}

/// The path as it is, decoded, and with the characters that browsers encode and signers don't.
fn paths(path: &str) -> Vec<String> {
    let mut found = vec![path.to_owned()];
    let plus = path.replace("%20", "+");
    for form in
        [decoded(path), path.replace("%27", "'"), plus, path.replace('+', "%20"), path.replace('\'', "%27")]
    {
        if !found.contains(&form) {
            found.push(form);
        }
    }
    found
}

pub(super) fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Parameters of which every choice is tried.
const MAX_FREE_PARAMETERS: usize = 8;
/// Folders of the path that may have been signed with a wildcard.
const MAX_FOLDERS: usize = 16;
