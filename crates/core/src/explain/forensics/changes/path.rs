//! The path: wildcards, normal forms, root objects, and what each language's encoder makes of it.

use percent_encoding::NON_ALPHANUMERIC;
use unicode_normalization::UnicodeNormalization as _;

use super::change::{Change, Dimension};
use crate::explain::forensics::candidate::{Candidate, CandidateResource, Url};
use crate::explain::mistakes::mistake::Mistake;
use crate::explain::request::parsed_request::ParsedRequest;
use crate::explain::request::percent_encoding::{
    BROWSER_PATH, ENCODE_URI, ENCODE_URI_COMPONENT, ENCODE_URI_COMPONENT_SEGMENTS, GO_PATH, PHP_URLENCODE,
    RFC_3986_PATH, decoded, encoded, json_ascii, latin1, lower_escapes, merged, upper_escapes,
};
use crate::viewer::path::normalised;

/// A folder with a wildcard, any host, or everything.
pub(in crate::explain) fn wildcards<'c>(parsed: &ParsedRequest<'_, '_>) -> Dimension<'c> {
    let path = parsed.request.target.path;
    let folders = path.match_indices('/').map(|(at, _)| path[..=at].to_owned());
    let mut patterns: Vec<(u8, String)> =
        folders.rev().take(MAX_FOLDERS).map(|folder| (1, format!("{folder}*"))).collect();
    patterns.push((1, "/*".to_owned()));
    patterns.push((2, format!("{path}*")));
    patterns.push((2, "*".to_owned()));
    if let Some((stem, extension)) = path.rsplit_once('.') {
        patterns.push((2, format!("{stem}.*")));
        patterns.push((2, format!("{stem}*")));
        let folder = &path[..=path.rfind('/').unwrap_or(0)];
        patterns.push((2, format!("{folder}*.{extension}")));
    }
    let to = |(cost, pattern): (u8, String)| {
        Change::of_url(Mistake::WildcardCanned, cost, move |url| {
            (*url.path != *pattern).then(|| Url { path: pattern.as_str().into(), query: None, ..url.clone() })
        })
    };
    let of_any_host = |cost, path: Option<&'static str>| {
        Change::of_url(Mistake::WildcardCanned, cost, move |url| {
            let path = path.map_or_else(|| url.path.clone(), Into::into);
            Some(Url { host: "*".into(), port: None, path, ..url.clone() })
        })
    };
    let everything = Change::new(Mistake::WildcardCanned, 1, |candidate| {
        Some(Candidate { resource: CandidateResource::Text("*".into()), ..candidate.clone() })
    });
    let hosts = [of_any_host(2, Some("")), of_any_host(2, Some("/*")), of_any_host(3, None), everything];
    patterns.into_iter().map(to).chain(hosts).collect()
}

/// Dot segments and slashes, resolved or not.
pub(in crate::explain) fn normal_forms<'c>() -> Dimension<'c> {
    let is = |cost, change: fn(&str) -> String| Change::of_path(Mistake::PathNormalised, cost, change);
    vec![
        is(1, |path| format!("/{path}")),
        is(1, merged),
        is(1, |path| resolved(&dots(path)).unwrap_or_else(|| path.to_owned())),
        is(1, |path| resolved(&merged(path)).unwrap_or_else(|| path.to_owned())),
        is(2, |path| format!("/.{path}")),
        is(2, |path| match path.rfind('/') {
            Some(at) => format!("{}/{}", &path[..at], &path[at..]),
            None => path.to_owned(),
        }),
        is(3, |path| match path.get(1..).and_then(|rest| rest.find('/')) {
            Some(at) => format!("{}/{}", &path[..=at], &path[at + 1..]),
            None => path.to_owned(),
        }),
        is(3, |path| path.replace('\\', "/")),
    ]
}

/// Dots that somebody encoded are dots.
fn dots(path: &str) -> String {
    path.replace("%2e", ".").replace("%2E", ".")
}

/// Without dot segments; none where there are none, since normal forms are more than that.
fn resolved(path: &str) -> Option<String> {
    path.contains("/.").then(|| normalised(path).into_owned())
}

/// What `/` shows, on one side alone.
pub(in crate::explain) fn root_objects<'c>(parsed: &ParsedRequest<'_, '_>) -> Dimension<'c> {
    let own = parsed.route.distribution.default_root_object.clone();
    let mut objects: Vec<(u8, String)> = own.into_iter().map(|object| (1, object)).collect();
    for usual in ["index.html", "index.htm", "index.php", "default.html"] {
        if objects.iter().all(|(_, object)| object != usual) {
            objects.push((if usual == "index.html" { 1 } else { 3 }, usual.to_owned()));
        }
    }
    let both_ways = objects.into_iter().flat_map(|(cost, object)| {
        let stripped = format!("/{object}");
        [
            Change::of_path(Mistake::RootObject, cost, move |path| {
                if path.ends_with('/') { format!("{path}{object}") } else { path.to_owned() }
            }),
            Change::of_path(Mistake::RootObject, cost, move |path| match path.strip_suffix(&stripped) {
                Some(folder) => format!("{folder}/"),
                None => path.to_owned(),
            }),
        ]
    });
    both_ways.collect()
}

/// A slash at the end, on one side alone.
pub(in crate::explain) fn trailing_slash<'c>() -> Dimension<'c> {
    let is = |change: fn(&Url) -> Option<Url>| Change::of_url(Mistake::TrailingSlash, 1, change);
    vec![
        is(|url| match url.path.strip_suffix('/') {
            Some(path) => Some(Url { path: path.into(), ..url.clone() }),
            None => Some(Url { path: format!("{}/", url.path).into(), ..url.clone() }),
        }),
        is(|url| {
            let query = url.query.as_deref()?;
            Some(match query.strip_suffix('/') {
                Some(query) => Url { query: Some(query.into()), ..url.clone() },
                None => Url { query: Some(format!("{query}/").into()), ..url.clone() },
            })
        }),
    ]
}

/// The path that the origin puts before every request's.
pub(in crate::explain) fn origin_paths<'c>(parsed: &ParsedRequest<'_, '_>) -> Dimension<'c> {
    let origins = &parsed.route.distribution.origins;
    let paths = origins.iter().map(|origin| origin.path.clone()).filter(|path| !path.is_empty());
    let both_ways = paths.take(MAX_FOLDERS).flat_map(|own| {
        let before = own.clone();
        [
            Change::of_path(Mistake::OriginPath, 1, move |path| format!("{before}{path}")),
            Change::of_path(Mistake::OriginPath, 2, move |path| match path.strip_prefix(&own) {
                Some(rest) if rest.starts_with('/') => rest.to_owned(),
                Some(_) | None => path.to_owned(),
            }),
        ]
    });
    both_ways.collect()
}

/// What encoders make of it.
pub(in crate::explain) fn encodings<'c>() -> Dimension<'c> {
    let is = |cost, change: fn(&str) -> String| Change::of_path(Mistake::PathEncoding, cost, change);
    vec![
        is(1, decoded),
        is(1, |path| json_ascii(&decoded(path))),
        is(1, |path| encoded(&decoded(path).nfc().collect::<String>(), RFC_3986_PATH)),
        is(1, |path| encoded(&decoded(path).nfd().collect::<String>(), RFC_3986_PATH)),
        is(1, |path| encoded(&decoded(path), RFC_3986_PATH)),
        is(1, |path| encoded(&decoded(path), ENCODE_URI)),
        is(1, |path| path.replace("%20", "+")),
        is(1, |path| path.replace('+', "%20")),
        is(1, |path| path.replace("%27", "'")),
        is(1, |path| path.replace('\'', "%27")),
        is(1, |path| path.replace('+', "%2B")),
        is(1, |path| path.replace('%', "%25")),
        is(2, |path| path.replace("%25", "%")),
        is(2, |path| encoded(path, ENCODE_URI)),
        is(2, |path| encoded(&decoded(path), GO_PATH)),
        is(2, |path| encoded(&decoded(path), BROWSER_PATH)),
        is(2, |path| encoded(&decoded(path), ENCODE_URI_COMPONENT_SEGMENTS)),
        is(2, |path| encoded(&decoded(path), ENCODE_URI_COMPONENT)),
        is(2, |path| encoded(path.trim_start_matches('/'), ENCODE_URI_COMPONENT).replacen("", "/", 1)),
        is(2, |path| encoded(&decoded(path), PHP_URLENCODE).replace("%20", "+")),
        is(2, |path| encoded(&decoded(path), RFC_3986_PATH).replace("%20", "+")),
        is(2, |path| encoded(&decoded(path).replace('+', " "), RFC_3986_PATH)),
        is(2, |path| decoded(&path.replace('+', " "))),
        is(2, lower_escapes),
        is(2, upper_escapes),
        is(3, |path| decoded(&decoded(path))),
        is(3, |path| encoded(&decoded(path), NON_ALPHANUMERIC)),
        is(3, str::to_ascii_lowercase),
        is(3, latin1),
    ]
}

/// Folders of the path that may have been signed with a wildcard, and origins that may have a path.
const MAX_FOLDERS: usize = 16;
