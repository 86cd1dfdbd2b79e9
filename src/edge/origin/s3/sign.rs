//! Signature Version 4 in the headers of a request to S3.
//!
//! S3 signs over what it has decoded: the path's bytes, each but `A-Z a-z 0-9 - . _ ~ /` written as `%XX`, and the
//! query's names and values likewise, sorted. Others sign over what they got. So that all of them come to one result,
//! what goes out is written like that in the first place: the same object, in the one spelling that is signed.

use std::time::{Duration, UNIX_EPOCH};

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use http::header::{AUTHORIZATION, HOST};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

use super::calls::call;
use crate::edge::io::body::{Body, BoxError};
use crate::epoch::EpochSeconds;

/// A target in the spelling that is signed.
#[derive(Debug)]
pub(super) struct Canonical {
    /// The target, without a viewer's own signature in the query.
    pub(super) target: Uri,
    /// The path, decoded.
    pub(super) path: Vec<u8>,
    /// Whether the query calls the bucket's API.
    pub(super) calls: bool,
    /// The keys of such calls that were dropped.
    pub(super) dropped: Vec<&'static str>,
}

/// Writes a target as it is signed; keys that call the bucket's API stay only where `keeps_calls` says so.
pub(super) fn canonical(target: &Uri, keeps_calls: bool) -> Result<Canonical, BoxError> {
    let mut text = String::with_capacity(target.path().len() + 32);
    let path = percent_decode(target.path().as_bytes()).collect::<Vec<u8>>();
    text.extend(percent_encode(&path, PATH));
    let mut separator = '?';
    let (mut calls, mut dropped) = (false, Vec::new());
    for pair in target.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (field(name), field(value));
        if is_signature(&name) {
            continue;
        }
        if let Some(call) = call(&name) {
            if !keeps_calls {
                if !dropped.contains(&call) {
                    dropped.push(call);
                }
                continue;
            }
            calls = true;
        }
        text.push(separator);
        text.extend(percent_encode(name.as_bytes(), VALUE));
        text.push('=');
        text.extend(percent_encode(value.as_bytes(), VALUE));
        separator = '&';
    }
    Ok(Canonical { target: Uri::from(PathAndQuery::try_from(text)?), path, calls, dropped })
}

/// As a server reads a query: `+` is a space, and what isn't UTF-8 can't be told.
fn field(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode(spaced.as_bytes()).decode_utf8_lossy().into_owned()
}

/// Of a presigned URL, version 4 or 2: S3 takes one signature only, and ours is meant.
fn is_signature(name: &str) -> bool {
    let begins = name.get(.."x-amz-".len()).is_some_and(|begin| begin.eq_ignore_ascii_case("x-amz-"));
    begins || name == "AWSAccessKeyId"
}

/// The headers that sign a request: `Host` and every `x-amz-…` of it, as S3 wants them all signed. Its target must be
/// [`canonical`].
pub(super) fn headers(
    request: &Request<Body>,
    has_body: bool,
    identity: &Identity,
    region: &str,
    now: EpochSeconds,
) -> Result<HeaderMap, BoxError> {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let params = v4::SigningParams::builder()
        .identity(identity)
        .region(region)
        .name("s3")
        .time(UNIX_EPOCH + Duration::from_secs(now.0))
        .settings(settings)
        .build()?
        .into();
    let mut named = Vec::new();
    for (name, value) in request.headers() {
        if name == HOST || name.as_str().starts_with("x-amz-") {
            named.push((name.as_str(), value.to_str()?));
        }
    }
    // A body is streamed, so that nobody knows its hash yet.
    let body = if has_body { SignableBody::UnsignedPayload } else { SignableBody::empty() };
    let target = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
    let signable = SignableRequest::new(request.method().as_str(), target, named.into_iter(), body)?;
    let (instructions, _) = sign(signable, &params)?.into_parts();
    let mut signed = HeaderMap::new();
    for (name, value) in instructions.headers() {
        let mut value = HeaderValue::from_str(value)?;
        let name = HeaderName::from_bytes(name.as_bytes())?;
        value.set_sensitive(name == AUTHORIZATION || name == "x-amz-security-token");
        signed.insert(name, value);
    }
    Ok(signed)
}

/// What AWS's UriEncode leaves as it is, beside letters and digits.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// And in a path.
const PATH: &AsciiSet = &VALUE.remove(b'/');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_written_as_it_is_signed() {
        for (sent, written) in [
            ("/a/b.txt", "/a/b.txt"),
            ("/a%2Fb%2fc", "/a/b/c"),
            ("/a+b", "/a%2Bb"),
            ("/~*'()!$&,;=:@", "/~%2A%27%28%29%21%24%26%2C%3B%3D%3A%40"),
            ("/%7e%41%zz%", "/~A%25zz%25"),
            ("/\u{e9}/%C3%A9/%ff", "/%C3%A9/%C3%A9/%FF"),
            ("//a//b/", "//a//b/"),
            ("/a%20b%00%0d%0a", "/a%20b%00%0D%0A"),
            ("/%252e", "/%252e"),
            ("/\"{|}", "/%22%7B%7C%7D"),
            ("/a?", "/a"),
            ("/a?uploads", "/a?uploads="),
            ("/a?b=1&a=%2f+x%20y&&=&b", "/a?b=1&a=%2F%20x%20y&=&b="),
            ("/a?x=1=2", "/a?x=1%3D2"),
            ("/a?x=%ff", "/a?x=%EF%BF%BD"),
            ("/a?X-Amz-Signature=1&k=v&x-amz-date=2&AWSAccessKeyId=3&%58-Amz-Expires=4", "/a?k=v"),
        ] {
            let sent_uri = Uri::try_from(sent).unwrap();
            let once = canonical(&sent_uri, true).unwrap().target;
            assert_eq!(once.to_string(), written, "{sent}");
            assert_eq!(canonical(&once, true).unwrap().target.to_string(), written, "twice: {sent}");
        }
    }

    #[test]
    fn keys_of_calls_are_dropped_and_reported() {
        for (sent, written, dropped) in [
            ("/?list-type=2&prefix=a", "/?prefix=a", &["list-type"][..]),
            ("/a?%76ersionId=1&v=2&ACL", "/a?v=2", &["versionId", "acl"]),
            ("/a?v=2&response-content-type=text/plain", "/a?v=2&response-content-type=text%2Fplain", &[]),
        ] {
            let canonical = canonical(&Uri::try_from(sent).unwrap(), false).unwrap();
            assert_eq!(canonical.target.to_string(), written, "{sent}");
            assert!(!canonical.calls && canonical.dropped == dropped, "{sent}: {:?}", canonical.dropped);
        }
    }
}
