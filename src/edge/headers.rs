//! Which headers go to the origin, and which to the viewer. Semantics 9.2 under `AllViewerExceptHostHeader`.

use std::net::IpAddr;

use http::header::{
    CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, VIA,
};

use super::identity::{RequestIdentity, X_AMZ_CF_ID};
use crate::access::credentials::forwarded_cookies;
use crate::distribution::origin::{Origin, OriginLocation};

/// Turns a viewer's headers into an origin's.
pub fn to_origin(
    headers: &mut HeaderMap,
    origin: &Origin,
    viewer: IpAddr,
    identity: &RequestIdentity,
    is_private: bool,
) {
    strip_hop_by_hop(headers);
    strip_what_never_passes(headers);
    forward_cookies(headers, is_private);
    append(headers, &X_FORWARDED_FOR, ",", &viewer.to_canonical().to_string());
    append(headers, &VIA, ", ", identity.via().to_str().unwrap_or_default());
    headers.insert(X_AMZ_CF_ID, identity.id_value());
    strip_aliases(headers, &origin.custom_headers);
    for (name, value) in &origin.custom_headers {
        headers.insert(name.clone(), value.clone());
    }
    if let OriginLocation::Http { authority, .. } = &origin.location
        && let Ok(host) = HeaderValue::from_str(authority)
    {
        headers.insert(HOST, host);
    }
}

/// Turns an origin's headers into a viewer's.
pub fn to_viewer(headers: &mut HeaderMap, is_error: bool, identity: &RequestIdentity) {
    strip_hop_by_hop(headers);
    let x_cache = if is_error { "Error from cloudfront" } else { "Miss from cloudfront" };
    headers.insert("x-cache", HeaderValue::from_static(x_cache));
    identity.stamp(headers);
}

/// Removes what concerns one connection only: the known names, and the names that every `Connection` line lists.
fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let listed: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .filter(|name| *name != CONTENT_LENGTH && *name != HOST)
        .collect();
    for name in listed.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

/// What CloudFront removes under every policy (semantics 9.2), lest a viewer speak for the edge.
fn strip_what_never_passes(headers: &mut HeaderMap) {
    let prefixes = ["x-edge-", "proxy-", "cloudfront-"];
    let is_edges = |name: &HeaderName| prefixes.iter().any(|prefix| name.as_str().starts_with(prefix));
    let edges: Vec<HeaderName> = headers.keys().filter(|name| is_edges(name)).cloned().collect();
    for name in edges.iter().chain(&NEVER_PASSES) {
        headers.remove(name);
    }
}

/// `X_Origin_Secret` is `X-Origin-Secret` to an origin that turns names into variables (CGI, WSGI).
fn strip_aliases(headers: &mut HeaderMap, custom: &[(HeaderName, HeaderValue)]) {
    let is_alias = |name: &&HeaderName| {
        name.as_str().contains('_') && {
            let plain = name.as_str().replace('_', "-");
            custom.iter().any(|(ours, _)| ours.as_str().replace('_', "-") == plain)
        }
    };
    let aliases: Vec<HeaderName> = headers.keys().filter(is_alias).cloned().collect();
    for name in aliases {
        headers.remove(name);
    }
}

fn forward_cookies(headers: &mut HeaderMap, is_private: bool) {
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
fn append(headers: &mut HeaderMap, name: &HeaderName, separator: &str, value: &str) {
    let mut list: Vec<&[u8]> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
    list.push(value.as_bytes());
    if let Ok(joined) = HeaderValue::from_bytes(&list.join(separator.as_bytes())) {
        headers.insert(name.clone(), joined);
    }
}

/// `X-Forwarded-For`.
pub const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

const NEVER_PASSES: [HeaderName; 5] = [
    EXPECT,
    HOST,
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-http-method-override"),
    HeaderName::from_static("x-real-ip"),
];

const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

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
        append(&mut headers, &X_FORWARDED_FOR, ",", "3.3.3.3");
        let lines: Vec<_> = headers.get_all(X_FORWARDED_FOR).iter().collect();
        assert_eq!(lines, ["1.1.1.1,2.2.2.2,3.3.3.3"]);
    }
}
