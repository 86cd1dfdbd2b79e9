//! What a trusted proxy says of the viewer before it: `X-Forwarded-For` and `X-Forwarded-Proto`.
//!
//! Whoever isn't trusted changes nothing by these headers (configuration: `trusted-proxies`).

use std::net::{IpAddr, SocketAddr};

use http::HeaderName;
use http::header::{HeaderMap, HeaderValue};
use ipnet::IpNet;

use crate::edge::facts::header_fields::X_FORWARDED_FOR;
use crate::edge::facts::peer::{Peer, Viewer, ViewerAddress};
use crate::viewer::Scheme;

/// The viewer of a request: the connection's peer, or where that is trusted, who it says.
#[must_use]
pub fn viewer(peer: &Peer, headers: &HeaderMap, trusted: &[IpNet]) -> Viewer {
    let mut viewer = peer.viewer();
    if !is_trusted(peer.address.ip(), trusted) {
        return viewer;
    }
    if let Some((address, port)) = nearest_stranger(headers, trusted) {
        viewer.address = ViewerAddress::new(address);
        viewer.port = port;
        viewer.tls = None;
    }
    if let Some(scheme) = forwarded_scheme(headers) {
        viewer.scheme = scheme;
    }
    viewer
}

/// Whether an address belongs to a trusted proxy.
#[must_use]
pub fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&address))
}

/// The rightmost address that isn't trusted, of all lines together; the leftmost where all are. What stands left of
/// something unreadable isn't believed: whoever wrote it is unknown.
fn nearest_stranger(headers: &HeaderMap, trusted: &[IpNet]) -> Option<(IpAddr, Option<u16>)> {
    let mut last = None;
    let lines = headers.get_all(X_FORWARDED_FOR).iter().rev();
    for entry in lines.flat_map(|line| line.as_bytes().rsplit(|&byte| byte == b',')) {
        let Some((address, port)) = std::str::from_utf8(entry).ok().and_then(address) else { break };
        last = Some((address, port));
        if !is_trusted(address, trusted) {
            break;
        }
    }
    last
}

/// `1.2.3.4`, `1.2.3.4:567`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:567`.
fn address(entry: &str) -> Option<(IpAddr, Option<u16>)> {
    let entry = entry.trim_ascii();
    if let Ok(socket) = entry.parse::<SocketAddr>() {
        return Some((socket.ip().to_canonical(), Some(socket.port())));
    }
    let bare = entry.strip_prefix('[').and_then(|entry| entry.strip_suffix(']')).unwrap_or(entry);
    bare.parse::<IpAddr>().ok().map(|address| (address.to_canonical(), None))
}

/// The last one that was written: the nearest proxy's.
fn forwarded_scheme(headers: &HeaderMap) -> Option<Scheme> {
    let last = headers.get_all(X_FORWARDED_PROTO).iter().next_back()?;
    let last = HeaderValue::to_str(last).ok()?.rsplit(',').next()?;
    match last.trim() {
        // As some proxies say it of a WebSocket.
        "wss" => Some(Scheme::Https),
        "ws" => Some(Scheme::Http),
        scheme => Scheme::parse(scheme),
    }
}

const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

#[cfg(test)]
mod tests {
    use super::*;

    fn seen_by(peer: &str, fields: &[(&'static str, &'static str)]) -> (String, Option<u16>, Scheme) {
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "::1/128"].map(|text| text.parse().unwrap()).to_vec();
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let peer = Peer::plain((peer.parse::<IpAddr>().unwrap(), 1).into());
        let viewer = viewer(&peer, &headers, &trusted);
        (viewer.address.ip().to_string(), viewer.port, viewer.scheme)
    }

    #[test]
    fn the_nearest_address_that_is_not_trusted_counts() {
        for (lines, expected, port) in [
            (&["203.0.113.9"][..], "203.0.113.9", None),
            (&["1.1.1.1, 203.0.113.9"], "203.0.113.9", None),
            (&["1.1.1.1", "203.0.113.9,10.2.3.4"], "203.0.113.9", None),
            (&["1.1.1.1,203.0.113.9", "10.2.3.4", "10.2.3.5"], "203.0.113.9", None),
            (&["10.1.1.1, 10.2.3.4"], "10.1.1.1", None),
            (&["203.0.113.9:4711"], "203.0.113.9", Some(4711)),
            (&["[2001:db8::1]:4711, 10.0.0.9:1"], "2001:db8::1", Some(4711)),
            (&["2001:db8::1"], "2001:db8::1", None),
            (&["::ffff:203.0.113.9"], "203.0.113.9", None),
            (&["1.1.1.1, unknown, 10.2.3.4"], "10.2.3.4", None),
            (&["unknown"], "10.0.0.1", Some(1)),
            (&[""], "10.0.0.1", Some(1)),
            (&[], "10.0.0.1", Some(1)),
        ] {
            let fields: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            assert_eq!(seen_by("10.0.0.1", &fields), (expected.to_owned(), port, Scheme::Http), "{lines:?}");
        }
    }

    #[test]
    fn the_nearest_scheme_counts() {
        for (lines, expected) in [
            (&["https"][..], Scheme::Https),
            (&["http, HTTPS"], Scheme::Https),
            (&["https", "http"], Scheme::Http),
            (&["gopher"], Scheme::Http),
            (&["wss"], Scheme::Https),
        ] {
            let fields: Vec<_> = lines.iter().map(|line| ("x-forwarded-proto", *line)).collect();
            assert_eq!(seen_by("::1", &fields).2, expected, "{lines:?}");
        }
    }

    #[test]
    fn a_stranger_changes_nothing() {
        let fields = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-proto", "https")];
        assert_eq!(seen_by("203.0.113.7", &fields), ("203.0.113.7".to_owned(), Some(1), Scheme::Http));
    }
}
