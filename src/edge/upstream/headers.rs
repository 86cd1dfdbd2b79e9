//! Which headers of a request go to the origin, by the behavior's policy. Cloudfront 9.2 and 9.4.

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, Entry, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
    VIA,
};
use http::uri::Authority;
use http::{Method, Version};
use smallvec::SmallVec;

use super::cloudfront_headers::{GeoLookup, HeaderValues};
use super::thread_snapshot::ThreadSnapshot;
use crate::access::credentials::is_signing_cookie;
use crate::access::strip::replace_cookies;
use crate::distribution::behavior::CacheBehavior;
use crate::distribution::origin::Origin;
use crate::distribution::origin_request_policy::{Asked, OriginRequestPolicy};
use crate::edge::facts::header_fields::{X_FORWARDED_FOR, plain_name};
use crate::edge::facts::peer::Viewer;
use crate::edge::limits::request_slots::RequestSlot;
use crate::identity::{RequestIdentity, X_AMZ_CF_ID};

/// What is the same for every origin that one request is forwarded to.
#[derive(Debug)]
pub struct ForwardParams<'a> {
    /// This thread's connections to origins.
    pub snapshot: &'a ThreadSnapshot,
    /// Where the request holds its place among those that origins respond to.
    pub slot: &'a RequestSlot,
    /// Whose request it is.
    pub viewer: &'a Viewer,
    /// The marks of the request.
    pub identity: &'a RequestIdentity,
    /// The behavior by whose rules it is forwarded.
    pub behavior: &'a CacheBehavior,
    /// Whether the request had to show credentials.
    pub is_private: bool,
    /// The method.
    pub method: Method,
    /// The version of HTTP that the viewer speaks.
    pub version: Version,
    /// The host that the target names, if it does; then the `Host` field doesn't count.
    pub authority: Option<&'a Authority>,
    /// Where the viewer is.
    pub geo: GeoLookup<'a>,
    /// Whether it is the handshake of a WebSocket.
    pub asks_for_websocket: bool,
}

impl ForwardParams<'_> {
    /// Turns a viewer's headers into an origin's.
    pub(super) fn write_headers(&self, headers: &mut HeaderMap, origin: &Origin, has_body: bool) {
        let policy = &*self.behavior.origin_request_policy;
        let wanted = policy.cloudfront_headers();
        let values =
            (!wanted.is_empty()).then(|| HeaderValues::of(headers, self.version, self.viewer, self.geo));
        if policy.filters_headers() {
            filter(headers, policy, Asked { method: &self.method, has_body });
        } else {
            strip(headers, never_passes);
        }
        strip_aliases(headers, &origin.custom_headers);
        let keeps_signing = !self.is_private || self.behavior.switches.forward_signing_cookies;
        let cookies = policy.cookies();
        replace_cookies(headers, |name| (keeps_signing || !is_signing_cookie(name)) && cookies.passes(name));
        append(headers, X_FORWARDED_FOR, ",", self.viewer.forwarder.field().clone());
        append(headers, VIA, ", ", self.identity.via().clone());
        headers.insert(X_AMZ_CF_ID, self.identity.id_value());
        if let Some(values) = values {
            values.put(headers, wanted);
        }
        for (name, value) in &origin.custom_headers {
            headers.insert(name.clone(), value.clone());
        }
        self.write_host(headers, origin);
    }

    fn write_host(&self, headers: &mut HeaderMap, origin: &Origin) {
        if self.behavior.origin_request_policy.forwards_host() {
            // A target that names the host counts before the field (RFC 9112, 3.2.2).
            let named = self.authority.and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
            if let Some(host) = named {
                headers.insert(HOST, host);
            }
        } else if let Some(server) = origin.location.server() {
            headers.insert(HOST, server.endpoint(self.viewer.scheme).1.authority.clone());
        }
    }
}

/// Keeps back what the policy doesn't let pass. `User-Agent` and `Accept-Encoding` are CloudFront's own then (semantics
/// 9.2 and 9.4; that both encodings are on, as in the cache policy that AWS recommends, is `[ASSUMED]`).
fn filter(headers: &mut HeaderMap, policy: &OriginRequestPolicy, asked: Asked<'_>) {
    strip(headers, |name| never_passes(name) || !policy.passes_header(name, asked));
    if !policy.lists_header(USER_AGENT.as_str()) {
        headers.insert(USER_AGENT, HeaderValue::from_static("Amazon CloudFront"));
    }
    if !policy.lists_header(ACCEPT_ENCODING.as_str()) && headers.contains_key(ACCEPT_ENCODING) {
        let normalised = normalised_encoding(headers);
        headers.insert(ACCEPT_ENCODING, normalised);
    }
}

/// `br,gzip`, one of them, or `identity`.
fn normalised_encoding(headers: &HeaderMap) -> HeaderValue {
    let lines = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let codings: Vec<&str> = lines.flat_map(|line| line.split(',')).collect();
    let takes = |name: &str| {
        codings.iter().any(|coding| {
            let (found, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let weight = weight.trim().strip_prefix("q=").map_or(1.0, |q| q.parse().unwrap_or(0.0));
            found.trim().eq_ignore_ascii_case(name) && weight > 0.0
        })
    };
    HeaderValue::from_static(match (takes("br"), takes("gzip")) {
        (true, true) => "br,gzip",
        (true, false) => "br",
        (false, true) => "gzip",
        (false, false) => "identity",
    })
}

/// Removes what concerns the connection to the origin only.
pub(super) fn strip_hop_by_hop(headers: &mut HeaderMap) {
    strip(headers, |_| false);
}

/// Removes what concerns one connection only, the known names and those that every `Connection` line lists, and what
/// else is unwanted. Looks at the headers that are there, which are fewer than those that might be.
fn strip(headers: &mut HeaderMap, is_unwanted: impl Fn(&str) -> bool) {
    let goes = |name: &&HeaderName| {
        let name = name.as_str();
        is_hop_by_hop(name) || is_unwanted(name)
    };
    let mut unwanted: SmallVec<[HeaderName; 4]> = headers.keys().filter(goes).cloned().collect();
    if unwanted.contains(&CONNECTION) {
        unwanted.extend(listed_by_connection(headers));
    }
    for name in unwanted {
        headers.remove(name);
    }
}

fn listed_by_connection(headers: &HeaderMap) -> impl Iterator<Item = HeaderName> {
    let lines = headers.get_all(CONNECTION).iter().filter_map(|line| line.to_str().ok());
    let names = lines.flat_map(|line| line.split(',')).map(str::trim);
    // What nearly every line says, and what goes anyway.
    let names = names.filter(|name| !name.eq_ignore_ascii_case("keep-alive"));
    names.filter_map(|name| name.parse().ok()).filter(|name| *name != CONTENT_LENGTH && *name != HOST)
}

/// Removes names that are those of other headers to an origin that turns names into variables (CGI, WSGI, PHP):
/// `X_Real_IP` and `X.Real.IP` are `X-Real-IP` there. What never passes or is set by us doesn't pass under such a name
/// either; nor does a length or a coding, which the origin's server may have taken from the real header.
fn strip_aliases(headers: &mut HeaderMap, custom: &[(HeaderName, HeaderValue)]) {
    if !headers.keys().any(|name| is_alias(name.as_str())) {
        return;
    }
    let is_unwanted = |name: &str| {
        let plain = plain_name(name);
        is_hop_by_hop(&plain)
            || never_passes(&plain)
            || SET_BY_US.contains(&plain.as_str())
            || custom.iter().any(|(ours, _)| plain_name(ours.as_str()) == plain)
    };
    let unwanted: SmallVec<[HeaderName; 4]> = headers
        .keys()
        .filter(|name| is_alias(name.as_str()) && is_unwanted(name.as_str()))
        .cloned()
        .collect();
    for name in unwanted {
        headers.remove(name);
    }
}

/// Whether a name, in lower case, holds anything but letters, digits and hyphens.
fn is_alias(name: &str) -> bool {
    !name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// Names that we set, or that frame a message.
const SET_BY_US: [&str; 5] =
    ["content-length", "x-forwarded-for", "x-amz-cf-id", "user-agent", "accept-encoding"];

/// Adds to a list header, all of whose lines become one.
fn append(headers: &mut HeaderMap, name: HeaderName, separator: &str, value: HeaderValue) {
    let mut lines = match headers.entry(name) {
        Entry::Vacant(place) => {
            place.insert(value);
            return;
        }
        Entry::Occupied(lines) => lines,
    };
    let mut joined: Vec<u8> = Vec::new();
    for line in lines.iter() {
        joined.extend_from_slice(line.as_bytes());
        joined.extend_from_slice(separator.as_bytes());
    }
    joined.extend_from_slice(value.as_bytes());
    if let Ok(joined) = HeaderValue::from_maybe_shared(Bytes::from(joined)) {
        lines.insert(joined);
    }
}

/// What CloudFront removes under every policy (cloudfront 9.2), lest a viewer speak for the edge; `Host` is replaced.
fn never_passes(name: &str) -> bool {
    match name.as_bytes() {
        [b'e' | b'x', ..] => {
            matches!(name, "expect" | "x-forwarded-proto" | "x-http-method-override" | "x-real-ip")
                || name.starts_with("x-edge-")
        }
        [b'p', ..] => name.starts_with("proxy-"),
        [b'c', ..] => name.starts_with("cloudfront-"),
        _ => false,
    }
}

fn is_hop_by_hop(name: &str) -> bool {
    // By length first: it tells most names apart, and this is asked for each header of each message.
    match name.len() {
        2 => name == "te",
        7 => matches!(name, "trailer" | "upgrade"),
        10 => matches!(name, "connection" | "keep-alive"),
        16..=19 => matches!(
            name,
            "proxy-authenticate" | "proxy-authorization" | "proxy-connection" | "transfer-encoding"
        ),
        _ => false,
    }
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
        strip(&mut headers, |_| false);
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-d"]);
    }

    #[test]
    fn encodings_are_normalised_to_those_that_cloudfront_knows() {
        for (lines, normalised) in [
            (&["gzip, deflate, br"][..], "br,gzip"),
            (&["br;q=0.5", "GZIP"], "br,gzip"),
            (&["gzip;q=0, br"], "br"),
            (&["gzip;q=1.0"], "gzip"),
            (&["deflate, zstd"], "identity"),
            (&[""], "identity"),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(ACCEPT_ENCODING, HeaderValue::from_static(line));
            }
            assert_eq!(normalised_encoding(&headers), normalised, "{lines:?}");
        }
    }

    #[test]
    fn a_name_with_other_punctuation_is_removed_where_the_plain_name_is() {
        let mut headers = HeaderMap::new();
        let removed = [
            "x_real_ip",
            "x.real.ip",
            "x-real_ip",
            "x_forwarded_proto",
            "x_forwarded_for",
            "x_http_method_override",
            "x_edge_foo",
            "proxy_authorization",
            "proxy.connection",
            "cloudfront_viewer_country",
            "cloudfront.viewer.country",
            "content_length",
            "transfer_encoding",
            "keep_alive",
            "x_amz_cf_id",
            "x_origin_secret",
            "x!origin~secret",
        ];
        let stay = ["x_mine", "x.mine", "x-real-ip", "content_type"];
        for name in removed.iter().chain(&stay) {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static("1"));
        }
        let custom = [(HeaderName::from_static("x-origin-secret"), HeaderValue::from_static("s"))];
        strip_aliases(&mut headers, &custom);
        let mut left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["content_type", "x-real-ip", "x.mine", "x_mine"]);
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
