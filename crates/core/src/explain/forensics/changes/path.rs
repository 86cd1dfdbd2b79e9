//! The path: wildcards, normal forms, root objects, and what each language's encoder makes of it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization as _;

use super::{Candidate, CandidateResource, Change, Dimension, Url};
use crate::explain::mistakes::mistake::Mistake;
use crate::explain::request::parsed_request::ParsedRequest;
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

pub(in crate::explain) fn merged(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    for c in path.chars() {
        if !(c == '/' && plain.ends_with('/')) {
            plain.push(c);
        }
    }
    plain
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

pub(in crate::explain) fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// `\u00e9`: what encoders of JSON make of characters beyond ASCII by themselves. Such a URL can't be sent, so that it is a
/// mistake of the URL and not of the encoder.
pub(super) fn json_ascii(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_ascii() {
            true => written.push(c),
            false => c
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| written.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    written
}

pub(in crate::explain) fn encoded(text: &str, set: &'static AsciiSet) -> String {
    utf8_percent_encode(text, set).to_string()
}

/// `%2f` for `%2F`.
pub(in crate::explain) fn lower_escapes(text: &str) -> String {
    with_escapes(text, |digits| digits.to_ascii_lowercase())
}

pub(in crate::explain) fn upper_escapes(text: &str) -> String {
    with_escapes(text, |digits| digits.to_ascii_uppercase())
}

fn with_escapes(text: &str, change: fn(&str) -> String) -> String {
    let mut changed = String::with_capacity(text.len());
    let mut parts = text.split('%');
    changed.push_str(parts.next().unwrap_or_default());
    for part in parts {
        changed.push('%');
        match (part.get(..2), part.get(2..)) {
            (Some(digits), Some(rest)) => {
                changed.push_str(&change(digits));
                changed.push_str(rest);
            }
            _ => changed.push_str(part),
        }
    }
    changed
}

/// Characters beyond ASCII as one byte each, as old encoders write them.
fn latin1(path: &str) -> String {
    let plain = decoded(path);
    if plain.is_ascii() || plain.chars().any(|c| u32::from(c) > 0xFF) {
        return path.to_owned();
    }
    plain.chars().fold(String::new(), |mut text, c| {
        match (c.is_ascii(), u8::try_from(u32::from(c))) {
            (true, _) | (_, Err(_)) => text.push_str(&encoded(c.encode_utf8(&mut [0; 4]), RFC_3986_PATH)),
            (false, Ok(byte)) => text.push_str(&format!("%{byte:02X}")),
        }
        text
    })
}

/// Unreserved characters and slashes stay: Python's `quote`, Ruby's and the strict reading of RFC 3986.
const RFC_3986_PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
/// JavaScript's `encodeURI`.
pub(super) const ENCODE_URI: &AsciiSet = &RFC_3986_PATH
    .remove(b';')
    .remove(b',')
    .remove(b'?')
    .remove(b':')
    .remove(b'@')
    .remove(b'&')
    .remove(b'=')
    .remove(b'+')
    .remove(b'$')
    .remove(b'!')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'#');
/// JavaScript's `encodeURIComponent`, once for each segment.
const ENCODE_URI_COMPONENT_SEGMENTS: &AsciiSet =
    &RFC_3986_PATH.remove(b'!').remove(b'*').remove(b'\'').remove(b'(').remove(b')');
/// The same over the whole.
pub(super) const ENCODE_URI_COMPONENT: &AsciiSet = &ENCODE_URI_COMPONENT_SEGMENTS.add(b'/');
/// Go's `url.URL.EscapedPath`.
const GO_PATH: &AsciiSet = &RFC_3986_PATH
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b',')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'@');
/// The path of the URL standard: what browsers and `new URL()` write.
pub(in crate::explain) const BROWSER_PATH: &AsciiSet = &percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');
/// PHP's `urlencode`.
pub(super) const PHP_URLENCODE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');
/// Folders of the path that may have been signed with a wildcard, and origins that may have a path.
const MAX_FOLDERS: usize = 16;
