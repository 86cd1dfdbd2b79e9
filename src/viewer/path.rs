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
    Cow::Owned(without_dot_segments(normalise_escapes(path).as_bytes()))
}

/// Decodes escapes of unreserved characters and writes the others in upper case; leaves broken ones alone.
#[must_use]
pub fn normalise_escapes(path: &str) -> String {
    replace_escapes(path, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}

/// Whether nobody can read a path in another way: it has no escape, backslash, parameter, repeated slash, dot after a
/// slash or other character than ASCII.
#[must_use]
pub fn can_only_mean_itself(path: &str) -> bool {
    let mut after_slash = false;
    path.bytes().all(|byte| {
        let is_plain = match byte {
            b'%' | b'\\' | b';' => false,
            b'/' | b'.' => !after_slash,
            byte => byte.is_ascii(),
        };
        after_slash = byte == b'/';
        is_plain
    })
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
        for form in
            [without_dot_segments(&merge_slashes(form.as_bytes())), without_dot_segments(form.as_bytes())]
        {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    forms
}

/// Every other path that an origin may take a path for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spellings {
    /// Decoded, with slashes merged, backslashes turned, dot segments resolved, parameters of segments dropped. Empty
    /// for a path that can only mean itself.
    ///
    /// A behavior must not be escaped by a spelling: where any form belongs to a private behavior, so does the path.
    pub forms: Vec<Vec<u8>>,
    /// Whether dot segments climb above the root in any of them: before an origin with a path of its own that is a way
    /// out of it, and back in past the behaviors.
    pub climbs: bool,
}

impl Spellings {
    /// Reads a path in every way.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let mut spellings = Self::default();
        if can_only_mean_itself(path) {
            return spellings;
        }
        // An origin may rewrite before it decodes, after it, or both; each step may be left out.
        let sent = spellings.every_rewrite(vec![normalise_escapes(path).into_bytes()]);
        let decoded = sent.iter().map(|form| percent_encoding::percent_decode(form).collect()).collect();
        let once = spellings.every_rewrite(decoded);
        // Dot segments that are gone leave slashes side by side, and merged slashes dot segments.
        spellings.forms = spellings.every_rewrite(once);
        spellings
    }

    /// The forms, and what each choice of the rewrites makes of them, in the one order that loses nothing.
    fn every_rewrite(&mut self, forms: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        let mut all: Vec<Vec<u8>> = Vec::new();
        for form in forms {
            if !all.contains(&form) {
                all.push(form);
            }
        }
        for rewrite in [turn_backslashes, drop_parameters, merge_slashes] {
            add_rewritten(&mut all, rewrite);
        }
        add_rewritten(&mut all, |form| {
            let (resolved, climbs) = remove_dot_segments(form);
            self.climbs |= climbs;
            resolved
        });
        all
    }
}

fn add_rewritten(all: &mut Vec<Vec<u8>>, mut rewrite: impl FnMut(&[u8]) -> Vec<u8>) {
    for at in 0..all.len() {
        let form = rewrite(&all[at]);
        if !all.contains(&form) {
            all.push(form);
        }
    }
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

fn merge_slashes(path: &[u8]) -> Vec<u8> {
    let mut merged = path.to_vec();
    merged.dedup_by(|a, b| *a == b'/' && *b == b'/');
    merged
}

/// RFC 3986 section 5.2.4 for a path that begins with `/`, and whether it climbs above the root.
fn remove_dot_segments(path: &[u8]) -> (Vec<u8>, bool) {
    let mut kept: Vec<&[u8]> = Vec::new();
    let (mut ends_open, mut climbs) = (false, false);
    for segment in path.split(|&byte| byte == b'/').skip(1) {
        ends_open = matches!(segment, b"." | b"..");
        match segment {
            b"." => {}
            b".." => climbs |= kept.pop().is_none(),
            other => kept.push(other),
        }
    }
    if ends_open {
        kept.push(b"");
    }
    ([b"/", kept.join(&b'/').as_slice()].concat(), climbs)
}

/// The same for text, which stays text: whole segments go.
fn without_dot_segments(path: &[u8]) -> String {
    String::from_utf8_lossy(&remove_dot_segments(path).0).into_owned()
}

fn has_dot_segment(path: &str) -> bool {
    // A dot segment follows a slash, or what may stand for one.
    if !path.contains("/.") && !path.contains(['%', '\\']) {
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
            assert_eq!(Spellings::of(path).climbs, above, "{path}");
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
            let found = Spellings::of(path).forms;
            assert!(found.contains(&other.as_bytes().to_vec()), "{path}: {found:?}");
        }
        assert_eq!(Spellings::of("/plain/a.b/c-d_e~f@g+h"), Spellings::default());
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
