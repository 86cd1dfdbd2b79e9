//! What a text seems to be in which no request was found.

use super::input::TextLine;
use super::link::{Problem, beginning, problem};

/// The problem of a text in which nothing can be explained; `line` is its first one.
pub(super) fn unrecognised(name: &str, line: &TextLine) -> Problem {
    let text = line.text.trim();
    if let Some((what, help)) = of(text) {
        // What it is says enough; a key must not be quoted.
        let fault = problem(name, line.number, format!("this is {what}, not a request"));
        return Box::new(fault.expected(super::input::SOMETHING).help(help));
    }
    let fault = problem(name, line.number, "no request, cookie or policy was found");
    let fault = fault.found(beginning(text)).expected(super::input::SOMETHING);
    Box::new(fault.help("a URL begins with its scheme: https://"))
}

/// What a text is, and what to do with it.
fn of(text: &str) -> Option<(&'static str, &'static str)> {
    let begins = |words: &[&str]| words.iter().any(|word| text.starts_with(word));
    let has = |word: &str| text.contains(word);
    if has("PRIVATE KEY") {
        return Some((
            "a private key",
            "keep it secret; a public key is given with --public-key ID=FILE, and a URL or cookies are explained",
        ));
    }
    if has("-----BEGIN CERTIFICATE") {
        return Some(("a certificate", "give the public key with --public-key ID=FILE, and the URL here"));
    }
    if has("PUBLIC KEY-----") || begins(&["ssh-rsa ", "ssh-ed25519 ", "ecdsa-sha2-"]) {
        return Some(("a public key", "give it with --public-key ID=FILE, and the URL or cookies here"));
    }
    if begins(&["HTTP/", "< HTTP/"]) {
        return Some(("the response to a request", "--s3-or-cloudfront shows who sent a response"));
    }
    if begins(&["<?xml", "<Error"]) {
        return Some(("XML, as S3 and CloudFront respond", "--s3-or-cloudfront shows who sent a response"));
    }
    if begins(&["<!DOCTYPE", "<!doctype", "<html", "<HTML"]) {
        return Some((
            "an HTML page without a URL",
            "--s3-or-cloudfront shows who sent a page that is an error",
        ));
    }
    if ["\"GET /", "\"HEAD /"].iter().any(|begin| has(begin)) && has(" HTTP/") {
        return Some((
            "a line of a server's log without the host",
            "give the whole URL as the viewer opened it, with https:// and the host",
        ));
    }
    if is_jwt(text) {
        return Some((
            "a JSON Web Token",
            "CloudFront signs with Policy or Expires, Signature and Key-Pair-Id",
        ));
    }
    if begins(&["s3://", "arn:aws:"]) {
        return Some(("the name of an AWS resource", "give the https:// URL that the viewer requests"));
    }
    if begins(&["file://", "ftp://", "rtmp://", "ws://", "wss://", "blob:", "data:"]) {
        return Some(("a URL of another scheme", "CloudFront's URLs begin with http:// or https://"));
    }
    if begins(&["#EXTM3U"]) {
        return Some((
            "a playlist without absolute URLs",
            "give the URL of the playlist, or of a segment as the player requests it",
        ));
    }
    if is_key_id(text) {
        return Some(("the id of a key", "give the signed URL or the cookies that name it"));
    }
    json(text)
}

/// What JSON without a request is.
fn json(text: &str) -> Option<(&'static str, &'static str)> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let has = |word: &str| text.contains(word);
    Some(if has("\"entries\"") && has("\"log\"") {
        ("a HAR file without entries", "record the request and export again, \"with sensitive data\"")
    } else if has("\"Statement\"") && has("\"Action\"") {
        ("a policy of IAM or of a bucket", "CloudFront's policies have neither Effect nor Action")
    } else if has("\"Statement\"") {
        ("a policy with a fault", "give the signed URL or cookies that hold it")
    } else if has("\"kty\"") {
        ("a JSON Web Key", "convert it to PEM for --public-key ID=FILE, and give the URL here")
    } else if has("\"DistributionConfig\"") || has("\"CacheBehaviors\"") {
        (
            "the configuration of a distribution",
            "give the URL that is denied; the configuration is for --config",
        )
    } else if serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        ("JSON with a fault, or the beginning of it", "give all of it, with a URL or cookies in it")
    } else {
        ("JSON without a URL, cookies or log records", "give what holds the URL, or cookies with --url URL")
    })
}

fn is_jwt(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let of_base64 =
        |part: &&str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte));
    parts.len() == 3 && parts[0].starts_with("eyJ") && parts.iter().all(of_base64)
}

/// `K` or `APKA` and capital letters and digits.
fn is_key_id(text: &str) -> bool {
    let is_capital = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    (13..=21).contains(&text.len()) && text.starts_with(['K', 'A']) && text.bytes().all(is_capital)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_named_as_what_it_seems_to_be_and_a_key_is_never_quoted() {
        for (text, what) in [
            ("-----BEGIN RSA PRIVATE KEY-----\\nMIIE", "a private key"),
            ("ssh-rsa AAAA", "a public key"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "a JSON Web Token"),
            ("{\"log\":{\"entries\":[]}}", "a HAR file without entries"),
            (
                "203.0.113.9 - - [29/Nov/2026:00:00:00 +0000] \"GET /x?a=1 HTTP/1.1\" 403 1",
                "a line of a server",
            ),
            ("{\"a\":1}", "JSON without a URL"),
            ("{\"a\":", "JSON with a fault"),
            ("{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\"}]}", "a policy of IAM"),
            ("HTTP/1.1 403 Forbidden", "the response"),
            ("K2JCJMDEHXQW5F", "the id of a key"),
            ("s3://bucket/x", "the name of an AWS resource"),
            ("ftp://a.com/x", "a URL of another scheme"),
            ("hello", "no request, cookie or policy was found"),
        ] {
            let line = TextLine { number: 1, text: text.to_owned(), is_lossy: false };
            let said = unrecognised("x", &line).to_string();
            assert!(said.contains(what) && !said.contains("MIIE"), "{text}: {said}");
        }
    }
}
