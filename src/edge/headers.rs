//! Which headers go to the origin, and which to the viewer. Semantics 9.2 under `AllViewerExceptHostHeader`.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, VIA};

use super::identity::{RequestIdentity, X_AMZ_CF_ID};
use super::viewer_address::ViewerAddress;
use crate::access::credentials::forwarded_cookies;
use crate::distribution::origin::{Origin, OriginLocation};

/// Turns a viewer's headers into an origin's.
pub fn to_origin(
    headers: &mut HeaderMap,
    origin: &Origin,
    viewer: &ViewerAddress,
    identity: &RequestIdentity,
    is_private: bool,
) {
    strip_hop_by_hop(headers);
    strip(headers, never_passes);
    forward_cookies(headers, is_private);
    append(headers, X_FORWARDED_FOR, ",", viewer.field().clone());
    append(headers, VIA, ", ", identity.via().clone());
    headers.insert(X_AMZ_CF_ID, identity.id_value());
    strip_aliases(headers, &origin.custom_headers);
    for (name, value) in &origin.custom_headers {
        headers.insert(name.clone(), value.clone());
    }
    if let OriginLocation::Http { authority, .. } = &origin.location {
        headers.insert(HOST, authority.clone());
    }
}

/// Turns an origin's headers into a viewer's.
pub fn to_viewer(headers: &mut HeaderMap, is_error: bool, identity: &RequestIdentity) {
    strip_hop_by_hop(headers);
    let x_cache = if is_error { "Error from cloudfront" } else { "Miss from cloudfront" };
    headers.insert(X_CACHE, HeaderValue::from_static(x_cache));
    identity.stamp(headers);
}

/// Removes what concerns one connection only: the known names, and the names that every `Connection` line lists.
fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let lines = headers.get_all(CONNECTION).iter().filter_map(|line| line.to_str().ok());
    let listed: Vec<HeaderName> = lines
        .flat_map(|line| line.split(','))
        .map(str::trim)
        // What nearly every line says; the first is no header, the second goes anyway.
        .filter(|name| !name.eq_ignore_ascii_case("close") && !name.eq_ignore_ascii_case("keep-alive"))
        .filter_map(|name| name.parse().ok())
        .filter(|name| *name != CONTENT_LENGTH && *name != HOST)
        .collect();
    for name in listed {
        headers.remove(name);
    }
    strip(headers, is_hop_by_hop);
}

/// Looks at the headers that are there, which are fewer than those that might be.
fn strip(headers: &mut HeaderMap, is_unwanted: impl Fn(&HeaderName) -> bool) {
    let unwanted: Vec<HeaderName> = headers.keys().filter(|name| is_unwanted(name)).cloned().collect();
    for name in unwanted {
        headers.remove(name);
    }
}

/// `X_Origin_Secret` is `X-Origin-Secret` to an origin that turns names into variables (CGI, WSGI).
fn strip_aliases(headers: &mut HeaderMap, custom: &[(HeaderName, HeaderValue)]) {
    if custom.is_empty() {
        return;
    }
    let is_alias = |name: &&HeaderName| {
        name.as_str().contains('_') && {
            let plain = name.as_str().replace('_', "-");
            custom.iter().any(|(ours, _)| ours.as_str().replace('_', "-") == plain)
        }
    };
    strip(headers, |name| is_alias(&name));
}

fn forward_cookies(headers: &mut HeaderMap, is_private: bool) {
    if !headers.contains_key(COOKIE) {
        return;
    }
    let Some(cookies) =
        forwarded_cookies(headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes), is_private)
    else {
        headers.remove(COOKIE);
        return;
    };
    if let Ok(mut value) = HeaderValue::from_bytes(&cookies) {
        value.set_sensitive(true);
        headers.insert(COOKIE, value);
    }
}

/// Adds to a list header, all of whose lines become one.
fn append(headers: &mut HeaderMap, name: HeaderName, separator: &str, value: HeaderValue) {
    let mut joined: Vec<u8> = Vec::new();
    for line in headers.get_all(&name) {
        joined.extend_from_slice(line.as_bytes());
        joined.extend_from_slice(separator.as_bytes());
    }
    if joined.is_empty() {
        headers.insert(name, value);
        return;
    }
    joined.extend_from_slice(value.as_bytes());
    if let Ok(joined) = HeaderValue::from_maybe_shared(Bytes::from(joined)) {
        headers.insert(name, joined);
    }
}

/// `X-Forwarded-For`.
pub const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// `X-Cache`.
pub const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// What CloudFront removes under every policy (semantics 9.2), lest a viewer speak for the edge; `Host` is replaced.
///
/// By text: a match on it looks at the length first, and most names are told apart by that.
fn never_passes(name: &HeaderName) -> bool {
    let name = name.as_str();
    matches!(name, "expect" | "x-forwarded-proto" | "x-http-method-override" | "x-real-ip")
        || ["x-edge-", "proxy-", "cloudfront-"].iter().any(|prefix| name.starts_with(prefix))
}

fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_connection_line_are_removed() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "x-a, X-B"),
            ("connection", "x-c"),
            ("x-a", "1"),
            ("x-b", "1"),
            ("x-c", "1"),
            ("x-d", "1"),
            ("te", "trailers"),
            ("proxy-connection", "keep-alive"),
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        strip_hop_by_hop(&mut headers);
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-d"]);
    }

    #[test]
    fn a_list_grows_at_its_end_into_one_line() {
        let mut headers = HeaderMap::new();
        headers.append(X_FORWARDED_FOR, HeaderValue::from_static("1.1.1.1"));
        headers.append(X_FORWARDED_FOR, HeaderValue::from_static("2.2.2.2"));
        append(&mut headers, X_FORWARDED_FOR, ",", HeaderValue::from_static("3.3.3.3"));
        let lines: Vec<_> = headers.get_all(X_FORWARDED_FOR).iter().collect();
        assert_eq!(lines, ["1.1.1.1,2.2.2.2,3.3.3.3"]);
    }
}
