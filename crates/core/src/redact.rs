//! What the log may hold of a URL: everything but the values that open a door, however their names are spelled.

use std::borrow::Cow;

/// Cuts the value out of every `&`-separated part that names a signature or a policy: in any case, percent-encoded up to
/// three times, behind a wrong separator, or inside of another parameter's URL. What is left in the query that is as long
/// as a signature is cut, too. Whoever reads a log must not be able to mend a link.
#[must_use]
pub fn redacted(text: &str) -> Cow<'_, str> {
    let plain = decoded(text);
    if !SECRETS.iter().chain(&["key-pair-id"]).any(|name| find(&plain, name).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut cut = String::with_capacity(text.len());
    for part in text.split_inclusive(['&', ' ', '\n']) {
        if names_a_secret(part) {
            cut.push_str(&part[..first_equals(part)]);
            cut.push_str("=…");
            cut.push_str(&part[part.trim_end_matches(['&', ' ', '\n', ';']).len()..]);
        } else {
            cut.push_str(part);
        }
    }
    let from = cut.find('?').unwrap_or(0);
    let shown = without_long_runs(&cut[from..]);
    cut.truncate(from);
    cut.push_str(&shown);
    Cow::Owned(cut)
}

/// With up to three layers of percent-encoding and JSON's escapes undone; then in lower case.
fn decoded(text: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'%', b'\\', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut plain = text.to_ascii_lowercase();
    for _ in 0..3 {
        if !plain.contains('%') {
            break;
        }
        plain = percent_encoding::percent_decode_str(&plain).decode_utf8_lossy().to_ascii_lowercase();
    }
    Cow::Owned(plain.replace("\\u003d", "=").replace("\\u0026", "&"))
}

fn names_a_secret(part: &str) -> bool {
    let plain = decoded(part);
    SECRETS.iter().any(|name| {
        let mut rest = &*plain;
        while let Some(at) = find(rest, name) {
            rest = &rest[at + name.len()..];
            let after = rest.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '=' && c != '/');
            if after.starts_with('=') {
                return true;
            }
        }
        false
    })
}

/// As [`redacted`], for whoever reads along: also what looks like a signature under any other name is cut, plain base64 with its
/// slashes included.
#[must_use]
pub fn redacted_by_shape(text: &str) -> Cow<'_, str> {
    let cut = redacted(text);
    let of_base64 = |c: char| c.is_ascii_alphanumeric() || "-_~%+/=,".contains(c);
    let is_secret = |run: &str| run.len() > MAX_RUN && is_random(run);
    if !cut.split(|c| !of_base64(c)).any(is_secret) {
        return cut;
    }
    // A value may end with the padding of base64, and so begins behind the first `=`.
    let begins = |run: &str| run.trim_end_matches('=').find('=').map_or(0, |at| at + 1);
    Cow::Owned(without_runs(&cut, of_base64, begins, is_secret))
}

/// Whether letters of both cases and digits are mixed as chance mixes them; paths and words are not.
fn is_random(run: &str) -> bool {
    let count = |is: fn(&char) -> bool| run.chars().filter(is).count();
    let least = run.len() / 16;
    count(char::is_ascii_uppercase) > least
        && count(char::is_ascii_lowercase) > least
        && count(char::is_ascii_digit) > least
}

/// Where a name of small letters stands, in any case.
fn find(text: &str, name: &str) -> Option<usize> {
    let (text, name) = (text.as_bytes(), name.as_bytes());
    let first = *name.first()?;
    memchr::memchr2_iter(first, first.to_ascii_uppercase(), text)
        .find(|&at| text.get(at..at + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)))
}

/// The first `=`, plain or encoded; the beginning where a secret is named without one.
fn first_equals(part: &str) -> usize {
    let encoded = ["%3d", "\\u003d"].iter().filter_map(|sign| find(part, sign)).min();
    let plain = memchr::memchr(b'=', part.as_bytes());
    plain.into_iter().chain(encoded).min().unwrap_or(0)
}

/// A signature has at least 90 characters; no name of a file or parameter is as long without a separator.
fn without_long_runs(text: &str) -> String {
    let of_a_value = |c: char| c.is_ascii_alphanumeric() || "-_~%+=".contains(c);
    let begins = |run: &str| run.rfind('=').map_or(0, |at| at + 1);
    without_runs(text, of_a_value, begins, |value| value.len() > MAX_RUN)
}

/// Cuts the value out of every run of such characters in which it is a secret; `begins` tells where in a run it begins.
fn without_runs(
    text: &str,
    is_in_run: impl Fn(char) -> bool,
    begins: impl Fn(&str) -> usize,
    is_secret: impl Fn(&str) -> bool,
) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let len = rest.find(|c| is_in_run(c) != is_in_run(first)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(len);
        let (name, value) = run.split_at(begins(run));
        if is_in_run(first) && is_secret(value) {
            shown.push_str(name);
            shown.push('…');
        } else {
            shown.push_str(run);
        }
        rest = after;
    }
    shown
}

/// A SHA-256 in hex is shown; a signature of ECDSA is longer.
const MAX_RUN: usize = 64;
const SECRETS: [&str; 2] = ["signature", "policy"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_known_by_its_shape() {
        let random = "Zk3/9Qv+T7aLx0PbWc2Rj8/uNs5Yd1Ge".repeat(4);
        for (text, shown) in [
            (format!("/x?Expires=1&Sig={random}=="), "/x?Expires=1&Sig=…".to_owned()),
            (format!("/x?Sig={random}&b=2"), "/x?Sig=…&b=2".to_owned()),
            (format!("/x/{random}"), "…".to_owned()),
            ("/videos/2026/launch/segment-0042.ts?quality=high".to_owned(), String::new()),
            (format!("/{}", "a-long-name/of-a-folder/".repeat(20)), String::new()),
        ] {
            let shown = if shown.is_empty() { text.clone() } else { shown };
            assert_eq!(redacted_by_shape(&text), shown);
        }
    }

    #[test]
    fn no_spelling_of_a_signature_is_logged() {
        for (text, shown) in [
            ("/x?a=1&Signature=S3CRET&Key-Pair-Id=K", "/x?a=1&Signature=…&Key-Pair-Id=K"),
            ("/x?Policy=S3CRET", "/x?Policy=…"),
            ("/x?signature=S3CRET&b=2", "/x?signature=…&b=2"),
            ("/x?%53ignature=S3CRET", "/x?%53ignature=…"),
            ("/x?a=1&amp;Signature=S3CRET", "/x?a=1&amp;Signature=…"),
            ("/x?next=https%3A%2F%2Fa%2Fx%3FSignature%3DS3CRET", "/x?next=…"),
            ("/x&Signature=S3CRET", "/x&Signature=…"),
            ("/x%3FSignature%3DS3CRET", "/x%3FSignature=…"),
            ("/x?CloudFront-Signature=S3CRET", "/x?CloudFront-Signature=…"),
            (
                "a=1; CloudFront-Signature=S3CRET; CloudFront-Policy=S3CRET; b=2",
                "a=1; CloudFront-Signature=…; CloudFront-Policy=…; b=2",
            ),
            (
                "over https://a/x?signature=S3CRET or https://b/x",
                "over https://a/x?signature=… or https://b/x",
            ),
            ("/x?Signature%5B%5D=S3CRET", "/x?Signature%5B%5D=…"),
            ("/x?Signature[]=S3CRET", "/x?Signature[]=…"),
            (r"/x?Expires\u003d1\u0026Signature\u003dS3CRET", r"/x?Expires=…"),
        ] {
            assert_eq!(redacted(text), shown);
        }
        let secret = "S3CRET-~_".repeat(10);
        for before in [
            "/x?Signature%253D",
            "/x?%2553ignature=",
            "/x?Key-Pair-Id=",
            "/x?Signature:",
            "/x?Signature/",
            "/x?Signature&=",
            "/x?Signature&",
            "x?Signature=",
            "/x?u=%7B%22Signature%22%20%3A%20%22",
            "/x?Signature%00=",
            "/x?Signature;=",
        ] {
            let text = format!("{before}{secret}");
            let found = redacted(&text);
            assert!(!found.contains("S3CRET-~_S3CRET"), "{found}");
        }
        for text in ["/policy/terms.html", "/x?b=1&a=%20", "/signatures/2.pdf?policyholder=1"] {
            assert_eq!(redacted(text), text);
        }
    }
}
