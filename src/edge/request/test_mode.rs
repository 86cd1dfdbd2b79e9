//! The request headers of test mode (reference 5) and its cookie, by which a test sets the time, the viewer's address, its country and
//! whether it came over TLS.

use std::net::IpAddr;

use http::header::{COOKIE, HeaderMap, HeaderName, HeaderValue};

use crate::access::credentials::Credentials;
use crate::access::policy_text;
pub use crate::access::response::{X_FRONTGATE_REASON, X_FRONTGATE_WARNING};
use crate::access::warning::Warning;
use crate::edge::facts::header_fields::{came_through, plain_name};
use crate::epoch::EpochSeconds;
use crate::redact::redacted;
use crate::viewer::{Country, Scheme, ViewerRequest};

/// What a test asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TestOverrides {
    /// The time at which the request is judged.
    pub now: Option<EpochSeconds>,
    /// The viewer's address.
    pub viewer: Option<IpAddr>,
    /// The country that it is in.
    pub country: Option<Country>,
    /// How it speaks, whatever it came in by: a test's client needs no certificate for an `https-only` path.
    pub scheme: Option<Scheme>,
}

/// Takes the test headers out of a request. They don't count in one that came through a tunnel or proxy, or that a
/// balancer's PROXY header says is a stranger's.
///
/// # Errors
/// A sentence for a header that is unreadable or repeated.
pub fn take(headers: &mut HeaderMap, now: EpochSeconds, is_remote: bool) -> Result<TestOverrides, String> {
    let cookie = take_cookie(headers);
    let header = take_one(headers, &X_FRONTGATE_NOW);
    let viewer = take_one(headers, &X_FRONTGATE_VIEWER_IP);
    let country = take_one(headers, &X_FRONTGATE_VIEWER_COUNTRY);
    let scheme = take_one(headers, &X_FRONTGATE_VIEWER_PROTO);
    take_aliases(headers);
    let through = came_through(headers);
    if through.is_some() || is_remote {
        let is_none = |taken: &Result<Option<String>, String>| matches!(taken, Ok(None));
        if ![&cookie, &header, &viewer, &country, &scheme].into_iter().all(is_none) {
            tracing::warn!(header = ?through, "test headers ignored: the request came through a proxy or tunnel");
        }
        return Ok(TestOverrides::default());
    }
    let (header, cookie) = (header?.map(|text| ("X-Frontgate-Now", text)), cookie?);
    let now = header
        .or(cookie.map(|text| ("the cookie Frontgate-Now", text)))
        .map(|(name, text)| EpochSeconds::parse(&text, now).map_err(|error| format!("{name}: {error}.")))
        .transpose()?;
    let viewer = viewer?
        .map(|text| {
            text.parse().map_err(|_| format!("X-Frontgate-Viewer-Ip: {text:?} is not an IP address."))
        })
        .transpose()?;
    let country = country?
        .map(|text| {
            Country::parse(&text)
                .ok_or_else(|| format!("X-Frontgate-Viewer-Country: {text:?} is not a two-letter code."))
        })
        .transpose()?;
    let scheme = scheme?
        .map(|text| {
            Scheme::parse(&text)
                .ok_or_else(|| format!("X-Frontgate-Viewer-Proto: {text:?} is neither http nor https."))
        })
        .transpose()?;
    Ok(TestOverrides { now, viewer, country, scheme })
}

/// Names that a server that turns names into variables takes for ours; they mean nothing here, and go no further.
fn take_aliases(headers: &mut HeaderMap) {
    let is_ours = |name: &&HeaderName| plain_name(name.as_str()).starts_with("x-frontgate-");
    let aliases: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().contains(['_', '.'])).filter(is_ours).cloned().collect();
    for alias in aliases {
        headers.remove(alias);
    }
}

/// What is to be said of a request's signing values, whatever becomes of it. It is logged, too.
#[must_use]
pub fn warnings(request: &ViewerRequest<'_>) -> Vec<Warning> {
    let sent = Credentials::extract(request);
    let found = Warning::of(&sent, &policy_text(&sent));
    for warning in &found {
        let (path, name) = (redacted(request.target.path), warning.name());
        match warning {
            Warning::Milliseconds { .. } => tracing::warn!(path = &*path, warning = name, "{warning}"),
            Warning::PlainBase64 { .. } => tracing::info!(path = &*path, warning = name, "{warning}"),
        }
    }
    found
}

/// Says on a response what the edge has decided by itself and what it warns of. These headers are ours alone: an origin that
/// sends them, too, must not speak for the edge.
pub fn tell(headers: &mut HeaderMap, reason: Option<&str>, warnings: &[Warning]) {
    headers.remove(X_FRONTGATE_REASON);
    headers.remove(X_FRONTGATE_WARNING);
    let names: Vec<&str> = warnings.iter().map(Warning::name).collect();
    let names = (!names.is_empty()).then(|| names.join(", "));
    for (name, value) in [(X_FRONTGATE_REASON, reason), (X_FRONTGATE_WARNING, names.as_deref())] {
        if let Some(Ok(value)) = value.map(HeaderValue::from_str) {
            headers.insert(name, value);
        }
    }
}

fn take_one(headers: &mut HeaderMap, name: &HeaderName) -> Result<Option<String>, String> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned());
    let repeated = values.next().is_some();
    headers.remove(name);
    if repeated { Err(format!("{name} was sent more than once.")) } else { Ok(first) }
}

/// The cookie by which a browser sets the time of its requests; the other cookies stay as they are.
fn take_cookie(headers: &mut HeaderMap) -> Result<Option<String>, String> {
    let pair = |piece: &[u8]| -> Option<String> {
        let (name, value) = piece.split_at(piece.iter().position(|&byte| byte == b'=')?);
        let value = String::from_utf8_lossy(&value[1..]).trim().trim_matches('"').to_owned();
        (name.trim_ascii() == NOW_COOKIE).then_some(value)
    };
    let pieces = |field: &HeaderValue| -> Vec<Vec<u8>> {
        field.as_bytes().split(|&byte| byte == b';').map(<[u8]>::to_vec).collect()
    };
    let fields: Vec<Vec<Vec<u8>>> = headers.get_all(COOKIE).iter().map(pieces).collect();
    let mut found: Vec<String> = fields.iter().flatten().filter_map(|piece| pair(piece)).collect();
    if found.is_empty() {
        return Ok(None);
    }
    headers.remove(COOKIE);
    for mut field in fields {
        field.retain(|piece| pair(piece).is_none());
        let kept = field.join(&b';').trim_ascii().to_vec();
        if !kept.is_empty()
            && let Ok(value) = HeaderValue::from_bytes(&kept)
        {
            headers.append(COOKIE, value);
        }
    }
    match (found.pop(), found.is_empty()) {
        (Some(value), true) => Ok(Some(percent_decoded(&value))),
        _ => Err("The cookie Frontgate-Now was sent more than once.".to_owned()),
    }
}

/// Scripts write cookies with `encodeURIComponent`.
fn percent_decoded(value: &str) -> String {
    percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned()
}

const NOW_COOKIE: &[u8] = b"Frontgate-Now";
const X_FRONTGATE_NOW: HeaderName = HeaderName::from_static("x-frontgate-now");
const X_FRONTGATE_VIEWER_IP: HeaderName = HeaderName::from_static("x-frontgate-viewer-ip");
const X_FRONTGATE_VIEWER_COUNTRY: HeaderName = HeaderName::from_static("x-frontgate-viewer-country");
const X_FRONTGATE_VIEWER_PROTO: HeaderName = HeaderName::from_static("x-frontgate-viewer-proto");

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(fields: &[(&'static str, &'static str)]) -> (Result<TestOverrides, String>, usize) {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        (take(&mut headers, EpochSeconds(1000), false), headers.len())
    }

    #[test]
    fn test_headers_are_taken_out_and_read() {
        let (found, left) = taken(&[
            ("x-frontgate-now", "+5m"),
            ("x-frontgate-viewer-ip", "203.0.113.9"),
            ("x-frontgate-viewer-country", "de"),
            ("x-frontgate-viewer-proto", "HTTPS"),
            ("a", "b"),
        ]);
        let expected = TestOverrides {
            now: Some(EpochSeconds(1300)),
            viewer: Some([203, 0, 113, 9].into()),
            country: Country::parse("DE"),
            scheme: Some(Scheme::Https),
        };
        assert_eq!((found, left), (Ok(expected), 1));
    }

    #[test]
    fn the_cookie_counts_like_the_header_and_the_other_cookies_stay() {
        let (found, left) =
            taken(&[("cookie", "a=1; Frontgate-Now=%2B5m;b=2"), ("cookie", "Frontgate-Nowx=3")]);
        assert_eq!((found.unwrap().now, left), (Some(EpochSeconds(1300)), 2));
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; Frontgate-Now=1300; b=\"x\""));
        headers.append(COOKIE, HeaderValue::from_static("c"));
        take(&mut headers, EpochSeconds(1000), false).unwrap();
        assert_eq!(headers.get_all(COOKIE).iter().collect::<Vec<_>>(), ["a=1; b=\"x\"", "c"]);
        // The header, which one request alone has, counts first.
        let (found, left) = taken(&[("cookie", "Frontgate-Now=+5m"), ("x-frontgate-now", "1200")]);
        assert_eq!((found.unwrap().now, left), (Some(EpochSeconds(1200)), 0));
        for cookie in ["Frontgate-Now=soon", "Frontgate-Now=1; Frontgate-Now=1"] {
            assert!(taken(&[("cookie", cookie)]).0.is_err(), "{cookie}");
        }
        let (found, left) = taken(&[("cookie", "Frontgate-Now=1"), ("via", "x")]);
        assert_eq!((found, left), (Ok(TestOverrides::default()), 1));
    }

    #[test]
    fn a_proxied_request_sets_nothing() {
        for through in ["x-forwarded-for", "forwarded", "via"] {
            let (found, left) = taken(&[("x-frontgate-now", "+5m"), (through, "x")]);
            assert_eq!((found, left), (Ok(TestOverrides::default()), 1), "{through}");
        }
    }

    #[test]
    fn a_stranger_whom_a_balancer_brings_sets_nothing() {
        let mut headers = HeaderMap::new();
        headers.insert("x-frontgate-now", "+5m".parse().unwrap());
        assert_eq!(take(&mut headers, EpochSeconds(1000), true), Ok(TestOverrides::default()));
        assert!(headers.is_empty());
    }

    #[test]
    fn what_is_unreadable_or_repeated_is_an_error() {
        for fields in [
            vec![("x-frontgate-now", "soon")],
            vec![("x-frontgate-now", "1"), ("x-frontgate-now", "1")],
            vec![("x-frontgate-viewer-ip", "localhost")],
            vec![("x-frontgate-viewer-proto", "ftp")],
            vec![("x-frontgate-viewer-country", "Germany")],
            vec![("x-frontgate-viewer-country", "DE"), ("x-frontgate-viewer-country", "DE")],
        ] {
            assert!(taken(&fields).0.is_err(), "{fields:?}");
        }
    }
}
