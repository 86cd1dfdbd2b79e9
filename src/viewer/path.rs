//! The forms of a path: as sent, normalised, and with dot segments resolved as an origin might resolve them.
//!
//! Only behaviors and a policy's Resource look at other forms than the one that was sent; what is signed and what is
//! forwarded is always the raw path.

use std::borrow::Cow;

/// The path as RFC 3986 normalises it: unreserved characters decoded, hexadecimal digits in upper case, dot segments
/// removed. Behaviors are chosen by this form (semantics 9.1, `[RECALL]`).
#[must_use]
pub fn normalised(path: &str) -> Cow<'_, str> {
    if !path.contains('%') && !path.contains("/.") {
        return Cow::Borrowed(path);
    }
    Cow::Owned(remove_dot_segments(&normalise_escapes(path)))
}

/// Decodes escapes of unreserved characters and writes the others in upper case; leaves broken ones alone.
#[must_use]
pub fn normalise_escapes(path: &str) -> String {
    replace_escapes(path, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}

/// Every way in which an origin may resolve the dot segments of a path; empty for a path without any.
///
/// Contract 3: segments count as such written plainly or with `%2e`, `%2f`, `%5c` or a backslash. Origins differ in
/// whether an encoded slash separates and whether repeated slashes are one (nginx merges them before it resolves), so
/// a path such as `/videos//../private` has several forms, and a restriction must hold in each.
#[must_use]
pub fn resolved_forms(path: &str) -> Vec<String> {
    if !has_dot_segment(path) {
        return Vec::new();
    }
    let plain = normalise_escapes(path);
    let separated = separators_decoded(path);
    // Some origins turn a backslash while `%5c` still is part of a name.
    let turned = plain.replace('\\', "/");
    let bare = [without_parameters(&turned), without_parameters(&separated)];
    let mut forms: Vec<String> = Vec::with_capacity(4);
    for form in [plain, separated, turned].into_iter().chain(bare) {
        for form in [remove_dot_segments(&merge_slashes(&form)), remove_dot_segments(&form)] {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    forms
}

/// Every other path that an origin may take a path for: decoded, with slashes merged, backslashes turned, dot segments
/// resolved, parameters of segments dropped. Empty for a path that can only mean itself.
///
/// A behavior must not be escaped by a spelling: where any form belongs to a private behavior, so does the path.
#[must_use]
pub fn spellings(path: &str) -> Vec<Vec<u8>> {
    let is_plain = path.bytes().all(|byte| byte.is_ascii() && !matches!(byte, b'%' | b'\\' | b';'));
    if is_plain && !path.contains("//") && !path.contains("/.") {
        return Vec::new();
    }
    // An origin may rewrite before it decodes, after it, or both; each step may be left out.
    let sent = every_rewrite(vec![normalise_escapes(path).into_bytes()]);
    let decoded = sent.iter().map(|form| percent_encoding::percent_decode(form).collect()).collect();
    let once = every_rewrite(decoded);
    // Dot segments that are gone leave slashes side by side, and merged slashes dot segments.
    every_rewrite(once)
}

/// The forms, and what each choice of the rewrites makes of them, in the one order that loses nothing.
fn every_rewrite(forms: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    for form in forms {
        if !all.contains(&form) {
            all.push(form);
        }
    }
    for rewrite in [turn_backslashes, drop_parameters, merge_slash_bytes, remove_dot_segment_bytes] {
        for at in 0..all.len() {
            let form = rewrite(&all[at]);
            if !all.contains(&form) {
                all.push(form);
            }
        }
    }
    all
}

/// Whether dot segments climb above the root in any reading: before an origin with a path of its own that is a way out
/// of it, and back in past the behaviors.
#[must_use]
pub fn climbs(path: &str) -> bool {
    let mut readings = every_reading_of_segments(path);
    readings.any(|form| {
        let mut depth = 0usize;
        form.split(|&byte| byte == b'/').skip(1).any(|segment| {
            match segment {
                b"." => {}
                b".." if depth == 0 => return true,
                b".." => depth -= 1,
                // An empty segment is one to some origins and none to others: the latter climb sooner.
                b"" => {}
                _ => depth += 1,
            }
            false
        })
    })
}

fn every_reading_of_segments(path: &str) -> impl Iterator<Item = Vec<u8>> {
    let plain = normalise_escapes(path).into_bytes();
    let decoded: Vec<u8> = percent_encoding::percent_decode_str(path).collect();
    let turned = [turn_backslashes(&plain), turn_backslashes(&decoded)];
    let bare = [drop_parameters(&turned[0]), drop_parameters(&turned[1])];
    [plain, decoded].into_iter().chain(turned).chain(bare)
}

fn turn_backslashes(path: &[u8]) -> Vec<u8> {
    path.iter().map(|&byte| if byte == b'\\' { b'/' } else { byte }).collect()
}

/// `;…` of each segment, which servlet containers take out before they look at a path.
fn drop_parameters(path: &[u8]) -> Vec<u8> {
    let segments = path.split(|&byte| byte == b'/');
    let bare = segments.map(|segment| segment.split(|&byte| byte == b';').next().unwrap_or(segment));
    bare.collect::<Vec<_>>().join(&b'/')
}

fn merge_slash_bytes(path: &[u8]) -> Vec<u8> {
    let mut merged = path.to_vec();
    merged.dedup_by(|a, b| *a == b'/' && *b == b'/');
    merged
}

fn remove_dot_segment_bytes(path: &[u8]) -> Vec<u8> {
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut ends_open = false;
    for segment in path.split(|&byte| byte == b'/').skip(1) {
        ends_open = matches!(segment, b"." | b"..");
        match segment {
            b"." => {}
            b".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    if ends_open {
        kept.push(b"");
    }
    [b"/", kept.join(&b'/').as_slice()].concat()
}

fn has_dot_segment(path: &str) -> bool {
    if !path.contains('.') && !path.contains('%') {
        return false;
    }
    let bare = without_parameters(&separators_decoded(path));
    bare.split('/').any(|segment| segment == "." || segment == "..")
}

/// Segments `..;x` are `..` to servlet containers; parameters of other segments stay.
fn without_parameters(path: &str) -> String {
    let bare = path.split('/').map(|segment| match segment.split_once(';') {
        Some((step @ ("." | ".."), _)) => step,
        Some(_) | None => segment,
    });
    bare.collect::<Vec<_>>().join("/")
}

/// The path with encoded dots, slashes and backslashes decoded, and every backslash turned into a slash.
fn separators_decoded(path: &str) -> String {
    replace_escapes(path, |byte| matches!(byte, b'.' | b'/' | b'\\')).replace('\\', "/")
}

fn replace_escapes(path: &str, decode: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.get(..2).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            Some(hex) => {
                let byte = u8::from_str_radix(hex, 16).unwrap_or(b'%');
                if byte.is_ascii() && decode(byte) {
                    out.push(char::from(byte));
                } else {
                    out.push('%');
                    out.push_str(&hex.to_ascii_uppercase());
                }
                rest = &rest[2..];
            }
            None => out.push('%'),
        }
    }
    out.push_str(rest);
    out
}

/// RFC 3986 section 5.2.4 for a path that begins with `/`.
fn remove_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            other => {
                kept.push(other);
                continue;
            }
        }
        if is_last {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

fn merge_slashes(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        if !(c == '/' && out.ends_with('/')) {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_normalised_as_rfc_3986_does() {
        for (path, expected) in [
            ("/a/b", "/a/b"),
            ("/%70ublic/x", "/public/x"),
            ("/a%2fb", "/a%2Fb"),
            ("/a/../b", "/b"),
            ("/a/%2e%2E/b", "/b"),
            ("/../../b", "/b"),
            ("/a/..", "/"),
            ("/a/.", "/a/"),
            ("/a//../b", "/a/b"),
            ("/a%zz%", "/a%zz%"),
            ("/é%C3%a9", "/é%C3%A9"),
            ("/.hidden/...", "/.hidden/..."),
        ] {
            assert_eq!(normalised(path), expected, "{path}");
        }
    }

    #[test]
    fn dot_segments_are_seen_however_they_are_written() {
        for (path, expected) in [
            ("/videos/../private/x", vec!["/private/x"]),
            ("/videos/%2e%2e/private/x", vec!["/private/x"]),
            ("/videos/..%2fprivate/x", vec!["/videos/..%2Fprivate/x", "/private/x"]),
            ("/videos/..%5cprivate", vec!["/videos/..%5Cprivate", "/private"]),
            ("/videos/..\\private", vec!["/videos/..\\private", "/private"]),
            ("/videos//../private", vec!["/private", "/videos/private"]),
            ("/videos/./x", vec!["/videos/x"]),
            ("/videos;v=1/./x", vec!["/videos;v=1/x"]),
            ("/videos/..;v=1/x", vec!["/videos/..;v=1/x", "/x"]),
            ("/videos/x.mp4", vec![]),
            ("/videos/..x/...", vec![]),
            ("/a%2fb", vec![]),
        ] {
            assert_eq!(resolved_forms(path), expected, "{path}");
        }
    }

    #[test]
    fn a_path_that_climbs_above_the_root_is_known_in_every_spelling() {
        for (path, above) in [
            ("/../site/x", true),
            ("/..%2fsite/x", true),
            ("/%2e%2e/site/x", true),
            ("/x/../../site/x", true),
            ("/x//../../site/x", true),
            ("/x\\..\\..\\site", true),
            ("/x/..;a/..;b/site", true),
            ("/x/../y", false),
            ("/x/y/../../z", false),
            ("/..x/...", false),
        ] {
            assert_eq!(climbs(path), above, "{path}");
        }
    }

    #[test]
    fn a_path_has_every_spelling_that_an_origin_may_read() {
        for (path, other) in [
            ("/team%40x/s", "/team@x/s"),
            ("/caf%C3%A9/s", "/café/s"),
            ("//private/s", "/private/s"),
            ("/private%2fs", "/private/s"),
            ("/a\\private", "/a/private"),
            ("/public/..;x/private", "/private"),
            ("/public/%2e%2e/private", "/private"),
            ("/public%5c..%5cprivate", "/private"),
            ("/a;v=1/b", "/a/b"),
            ("/a%5cb\\..\\private/s", "/private/s"),
            ("/a%2fb/../team%40x/s", "/team@x/s"),
            ("/x//..//private/y", "/x/private/y"),
            ("/;%2fz/private/s", "/private/s"),
            ("/public/..;x%2fy/private/s", "/private/s"),
        ] {
            let found = spellings(path);
            assert!(found.contains(&other.as_bytes().to_vec()), "{path}: {found:?}");
        }
        assert_eq!(spellings("/plain/a.b/c-d_e~f@g+h"), Vec::<Vec<u8>>::new());
    }

    proptest! {
        #[test]
        fn no_form_of_any_path_keeps_a_dot_segment(path in "/[a./%2eEfF5cC\\\\]{0,30}") {
            for form in resolved_forms(&path) {
                prop_assert!(form.starts_with('/'));
                prop_assert!(form.split('/').all(|segment| segment != "." && segment != ".."), "{} -> {}", path, form);
            }
        }
    }
}
