//! Names of signing values where CloudFront doesn't look for them: they show that something was sent, though not understood.

use crate::access::credentials::SIGNING_PARAMETERS;
use crate::viewer::ViewerRequest;
use crate::viewer::query::{parameter_name, segments};

/// Whether a query has one of the four parameters that make a URL a signed one.
pub(in crate::explain) fn has_signing_parameter(query: &str) -> bool {
    segments(query).any(|segment| SIGNING_PARAMETERS[..4].contains(&parameter_name(segment)))
}

/// The part of a request that holds names of signing values and isn't read for them, in words.
pub(in crate::explain) fn trace_in(
    request: &ViewerRequest<'_>,
    fragment: Option<&str>,
) -> Option<&'static str> {
    if has_trace(request.target.path) {
        return Some("the path");
    }
    let foreign = |segment: &str| {
        let name = parameter_name(segment);
        let value = segment.get(name.len()..).unwrap_or_default();
        let is_signing = SIGNING_PARAMETERS.contains(&name);
        has_trace(value) || (!is_signing && (has_trace(segment) || is_like_signing(name)))
    };
    if segments(request.target.query.unwrap_or_default()).any(foreign) {
        return Some("the query");
    }
    if fragment.is_some_and(has_trace) {
        return Some("what follows `#`");
    }
    let fields: Vec<String> =
        request.cookies.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect();
    let is_foreign = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let is_signing =
            name.trim().strip_prefix("CloudFront-").is_some_and(|name| SIGNING_PARAMETERS.contains(&name));
        has_trace(value) || (!is_signing && (has_trace(pair) || is_like_signing(name.trim())))
    };
    fields.iter().flat_map(|field| field.split(';')).any(is_foreign).then_some("the Cookie header")
}

/// Whether a text holds names of signing values, percent-encoded up to three times.
pub(in crate::explain) fn has_trace(text: &str) -> bool {
    let mut plain = text.to_ascii_lowercase();
    for _ in 0..=MAX_LAYERS {
        if NAMES.iter().any(|name| plain.contains(name)) {
            return true;
        }
        if !plain.contains('%') {
            return false;
        }
        plain = percent_encoding::percent_decode_str(&plain).decode_utf8_lossy().to_ascii_lowercase();
    }
    false
}

/// A name that is a signing one but for its letters' case, its separators or what stands before it.
fn is_like_signing(name: &str) -> bool {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let plain = plain.strip_prefix("cloudfront").unwrap_or(&plain);
    ["keypairid", "signature", "policy"].contains(&plain)
}

/// As they are written in URLs, headers, JSON and code.
const NAMES: [&str; 13] = [
    "cloudfront-",
    "cloudfront_",
    "key-pair-id",
    "keypairid",
    "signature=",
    "signature%3d",
    "policy%3d",
    "signature:",
    "signature\"",
    "signature'",
    "policy=",
    "policy\":",
    "policy':",
];
const MAX_LAYERS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_spelling() {
        for (text, found) in [
            ("CloudFront-Policy=x", true),
            ("https%3A%2F%2Fm%2Fa%3FExpires%3D1%26Signature%3Dx", true),
            ("%2525253FSignature%2525253D", true),
            ("{\"Signature\": \"x\"}", true),
            ("-H 'X-Cookie: CloudFront-Key-Pair-Id=K'", true),
            ("session=abc; theme=dark", false),
            ("/privacy-policy.html", false),
            ("", false),
        ] {
            assert_eq!(has_trace(text), found, "{text}");
        }
    }
}
