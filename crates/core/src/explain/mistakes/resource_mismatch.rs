//! Why a policy's Resource doesn't match a URL: which section differs, and how. One correction is tried at a time, then two; what
//! matches with them differs in nothing else.

use super::mistake::Mistake;
use super::resource_corrections::{
    self as corrections, CORRECTIONS, Difference, Sections, differs, shown_query,
};
use crate::access::CandidateUrls;
use crate::access::resource::Resource;
use crate::viewer::{Base, SignedUrl};

/// How a Resource differs from the URL that it comes nearest to; empty where there is no URL.
pub(in crate::explain) fn differences(resource: &Resource<'_>, tried: &CandidateUrls<'_>) -> Vec<Difference> {
    let text = resource.as_str();
    if !text.contains("://") && !text.starts_with('*') {
        let what = "the Resource has no scheme: it begins with http://, https:// or `*`".to_owned();
        let missing = tried.urls().next().is_some_and(|url| {
            let with_scheme = format!("{}://{}", url.base.scheme, text.trim_start_matches('/'));
            Resource::new(with_scheme).matches(&url)
        });
        return vec![Difference { mistake: missing.then_some(Mistake::Scheme), what }];
    }
    tried
        .urls()
        .take(MAX_URLS)
        .map(|url| of_url(text, &url))
        .min_by_key(|(cost, _)| *cost)
        .map(|(_, found)| found)
        .unwrap_or_default()
}

/// How far off it is, and in what.
fn of_url(text: &str, url: &SignedUrl<'_>) -> (usize, Vec<Difference>) {
    if text.len() + url.path.len() + url.query.map_or(0, str::len) > MAX_COMPARED {
        return by_sections(text, url);
    }
    let fits = |text: &str| Resource::new(text.to_owned()).matches(url);
    let mut once: Vec<(String, Difference)> = Vec::new();
    for correct in CORRECTIONS {
        let Some((corrected, difference)) = correct(text, url) else { continue };
        if fits(&corrected) {
            return (1, vec![difference]);
        }
        once.push((corrected, difference));
    }
    if let Some(found) = differing_letters(text, url) {
        return (1, vec![found]);
    }
    for (corrected, first) in &once {
        for correct in CORRECTIONS {
            let Some((twice, second)) = correct(corrected, url) else { continue };
            if second.what != first.what && fits(&twice) {
                return (2, vec![first.clone(), second]);
            }
        }
    }
    by_sections(text, url)
}

/// Letters that differ in their case alone.
fn differing_letters(text: &str, url: &SignedUrl<'_>) -> Option<Difference> {
    let (path, query) = (url.path.to_ascii_lowercase(), url.query.map(str::to_ascii_lowercase));
    let lower = SignedUrl { path: &path, query: query.as_deref(), ..*url };
    let what = || {
        format!(
            "letters differ in their case: path and query are case-sensitive, the request is {}{}",
            url.path,
            shown_query(url)
        )
    };
    Resource::new(text.to_ascii_lowercase()).matches(&lower).then(|| differs(None, what()))
}

/// The sections that have to be the URL's own for the rest to match: as few as possible.
fn by_sections(text: &str, url: &SignedUrl<'_>) -> (usize, Vec<Difference>) {
    let own = Sections::of(text);
    let Base { scheme, authority } = url.base;
    let mut subsets: Vec<u8> = (1..16).collect();
    subsets.sort_by_key(|subset| subset.count_ones());
    let has = |subset: u8, section: u8| subset & section != 0;
    let corrected = |subset: u8| Sections {
        scheme: if has(subset, SCHEME) { scheme } else { own.scheme },
        authority: if has(subset, HOST) { authority } else { own.authority },
        path: if has(subset, PATH) { url.path } else { own.path },
        query: if has(subset, QUERY) { url.query } else { own.query },
    };
    let fitting = subsets.into_iter().find(|subset| Resource::new(corrected(*subset).text()).matches(url));
    let subset = fitting.unwrap_or(PATH);
    let mut found = Vec::new();
    found.extend(has(subset, SCHEME).then(|| corrections::scheme(text, url)).flatten().map(|(_, what)| what));
    found.extend(
        has(subset, HOST)
            .then(|| corrections::host(text, url).or_else(|| corrections::port(text, url)))
            .flatten()
            .map(|(_, what)| what),
    );
    if has(subset, PATH) {
        let what =
            format!("the path differs: the Resource has `{}`, the request is for `{}`", own.path, url.path);
        found.push(differs(None, what));
    }
    found.extend(has(subset, QUERY).then(|| corrections::query(text, url)).flatten().map(|(_, what)| what));
    (2 + found.len(), found)
}

/// URLs that a Resource is compared with.
const MAX_URLS: usize = 4;
/// Bytes of the two; longer ones are compared section by section alone, since each correction costs as much.
const MAX_COMPARED: usize = 4_096;
const SCHEME: u8 = 1;
const HOST: u8 = 2;
const PATH: u8 = 4;
const QUERY: u8 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn found(resource: &str, url: &str) -> Vec<(Option<&'static str>, String)> {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (authority, target) = rest.split_at(rest.find('/').unwrap());
        let (path, query) =
            target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let url = SignedUrl { base: Base { scheme, authority }, path, query };
        assert!(!Resource::new(resource).matches(&url), "{resource} matches");
        let (_, all) = of_url(resource, &url);
        all.into_iter().map(|one| (one.mistake.map(Mistake::as_str), one.what)).collect()
    }

    #[test]
    fn the_section_that_differs_is_named() {
        for (resource, url, mistake, word) in [
            ("http://a.example/*", "https://a.example/x", Some("scheme"), "scheme differs"),
            ("https://b.example/*", "https://a.example/x", Some("host"), "host differs"),
            ("https://a.example:8443/*", "https://a.example/x", Some("port"), "port differs"),
            (
                "https://a.example/my dir/*",
                "https://a.example/my%20dir/x",
                Some("path-encoding"),
                "percent-encoded",
            ),
            ("https://a.example/é/*", "https://a.example/%C3%A9/x", Some("path-encoding"), "percent-encoded"),
            (
                "https://a.example/a%2fb/*",
                "https://a.example/a%2Fb/x",
                Some("path-encoding"),
                "percent-encoded",
            ),
            ("https://a.example/dir/", "https://a.example/dir/x", None, "`*` is missing"),
            ("https://a.example/dir", "https://a.example/dir/x", None, "`*` is missing"),
            ("https://a.example/Dir/*", "https://a.example/dir/x", None, "case"),
            ("https://a.example//dir/*", "https://a.example/dir/x", Some("path-normalised"), "doubled"),
            ("https://a.example/dir/*", "https://a.example//dir/x", Some("path-normalised"), "doubled"),
            ("https://a.example/dir/* ", "https://a.example/dir/x", Some("trailing-space"), "white space"),
            (" https://a.example/dir/*", "https://a.example/dir/x", Some("trailing-space"), "white space"),
            (
                "https://a.example/dir/x",
                "https://a.example/dir/x?y=1",
                Some("query-added"),
                "ends before the query",
            ),
            (
                "https://a.example/dir/x?y=1",
                "https://a.example/dir/x",
                Some("query-missing"),
                "query differs",
            ),
            ("https://a.example/dir/x/", "https://a.example/dir/x", Some("trailing-slash"), "slash"),
            ("https://a.example/dir/.*$", "https://a.example/dir/x", None, "regular expression"),
            ("https://a.example/other/*", "https://a.example/dir/x", None, "path differs"),
        ] {
            let all = found(resource, url);
            assert_eq!(all.len(), 1, "{resource} {url}: {all:?}");
            assert_eq!(all[0].0, mistake, "{resource} {url}: {all:?}");
            assert!(all[0].1.contains(word), "{resource} {url}: {all:?}");
        }
    }

    #[test]
    fn two_differences_are_both_named() {
        let all = found("http://a.example/my dir/*", "https://a.example/my%20dir/x");
        assert_eq!(all.len(), 2, "{all:?}");
        let all = found("http://b.example/other/*", "https://a.example/dir/x");
        assert_eq!(all.len(), 3, "{all:?}");
    }
}
