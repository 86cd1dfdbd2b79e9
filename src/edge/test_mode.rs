//! The request headers of test mode (contract 5 and 8), by which a test sets the time, the viewer's address, its country and
//! whether it came over TLS.

use std::net::IpAddr;

use http::header::{FORWARDED, HeaderMap, HeaderName, HeaderValue, VIA};

use super::headers::{X_FORWARDED_FOR, plain_name};
pub use crate::access::answer::{X_FRONTGATE_REASON, X_FRONTGATE_WARNING};
use crate::access::credentials::Credentials;
use crate::access::policy_text;
use crate::access::warning::Warning;
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
pub fn take(headers: &mut HeaderMap, now: EpochSeconds, is_stranger: bool) -> Result<TestOverrides, String> {
    let time = take_one(headers, &X_FRONTGATE_NOW);
    let viewer = take_one(headers, &X_FRONTGATE_VIEWER_IP);
    let country = take_one(headers, &X_FRONTGATE_VIEWER_COUNTRY);
    let scheme = take_one(headers, &X_FRONTGATE_VIEWER_PROTO);
    take_aliases(headers);
    let through = came_through(headers);
    if through.is_some() || is_stranger {
        if !matches!((&time, &viewer, &country, &scheme), (Ok(None), Ok(None), Ok(None), Ok(None))) {
            tracing::warn!(header = ?through, "test headers ignored: the request came through a proxy or tunnel");
        }
        return Ok(TestOverrides::default());
    }
    let now = time?
        .map(|text| EpochSeconds::parse(&text, now).map_err(|error| format!("X-Frontgate-Now: {error}.")))
        .transpose()?;
    let viewer = viewer?
        .map(|text| text.parse().map_err(|_| format!("X-Frontgate-Viewer-Ip: {text:?} is no IP address.")))
        .transpose()?;
    let country = country?
        .map(|text| {
            Country::parse(&text)
                .ok_or_else(|| format!("X-Frontgate-Viewer-Country: {text:?} is no two-letter code."))
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

/// The header by which a tunnel or proxy shows that it brought a request, and with it perhaps a remote client's.
#[must_use]
pub fn came_through(headers: &HeaderMap) -> Option<HeaderName> {
    [X_FORWARDED_FOR, FORWARDED, VIA].into_iter().find(|name| headers.contains_key(name))
}

fn take_one(headers: &mut HeaderMap, name: &HeaderName) -> Result<Option<String>, String> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned());
    let repeated = values.next().is_some();
    headers.remove(name);
    if repeated { Err(format!("{name} was sent more than once.")) } else { Ok(first) }
}

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
