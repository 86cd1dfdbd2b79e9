//! Whom the console answers, beside the token: no page of another site, be it in the same browser.

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, Method, Request, Response};

use crate::viewer::{Host, Scheme};

/// Whether a request that changes something comes from one of the console's own pages. Fails closed: where a browser says
/// nothing of it, it is no browser of today, and whoever isn't one brings the token in a header, which no other site can.
pub(super) fn is_same_origin(headers: &HeaderMap, bears_token: bool) -> bool {
    let site = headers.get(FETCH_SITE);
    if site.is_some_and(|site| site != "same-origin") {
        return false;
    }
    match headers.get(ORIGIN) {
        Some(origin) => origin_is_host(origin, headers.get(HOST)).unwrap_or(false),
        None => site.is_some() || bears_token,
    }
}

/// Whether another site's page wants to hold what is read here: an image, a script, a fetch. A link to the console is fine.
pub(super) fn is_embedded<B>(request: &Request<B>) -> bool {
    let says = |name: &str| request.headers().get(name).map(HeaderValue::as_bytes);
    match says(FETCH_SITE) {
        None | Some(b"same-origin" | b"none") => false,
        Some(_) => {
            let is_link =
                says("sec-fetch-mode") == Some(b"navigate") && says("sec-fetch-dest") == Some(b"document");
            !(is_link && matches!(*request.method(), Method::GET | Method::HEAD))
        }
    }
}

/// Compares what the browser calls the page with what it calls us; behind a proxy that speaks TLS, that is its name.
fn origin_is_host(origin: &HeaderValue, host: Option<&HeaderValue>) -> Option<bool> {
    let (scheme, origin) = origin.to_str().ok()?.split_once("://")?;
    let scheme = Scheme::parse(scheme)?;
    let (origin, host) = (Host::parse(origin).ok()?, Host::parse(host?.to_str().ok()?).ok()?);
    let port = |host: &Host<'_>| host.port().unwrap_or(scheme.default_port());
    Some(origin.name().eq_ignore_ascii_case(host.name()) && port(&origin) == port(&host))
}

/// What a browser may do with a page of the console: show it and run its one script.
pub(super) fn protect<B>(response: &mut Response<B>) {
    for (name, value) in [
        ("content-security-policy", CONTENT_SECURITY_POLICY),
        // Not `no-referrer`, under which browsers call the origin of a form `null`; other sites learn nothing by this, too.
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
}

const FETCH_SITE: &str = "sec-fetch-site";
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_change_anything() {
        for (site, origin, bears_token, expected) in [
            ("same-origin", "http://127.0.0.1:9090", false, true),
            ("", "http://127.0.0.1:9090", false, true),
            ("same-origin", "", false, true),
            ("", "", false, false),
            ("", "", true, true),
            ("", "null", false, false),
            ("", "null", true, false),
            ("", "http://127.0.0.1:8080", false, false),
            ("", "http://127.0.0.1", false, false),
            ("", "http://evil.example.com:9090", true, false),
            ("same-site", "http://127.0.0.1:9090", false, false),
            ("cross-site", "", true, false),
            ("none", "", false, false),
        ] {
            let mut headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("127.0.0.1:9090"))]);
            for (name, value) in [(FETCH_SITE, site), ("origin", origin)] {
                if !value.is_empty() {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            assert_eq!(is_same_origin(&headers, bears_token), expected, "{site:?} {origin:?} {bears_token}");
        }
        let behind_tls = HeaderMap::from_iter([
            (HOST, HeaderValue::from_static("console.example.com")),
            (ORIGIN, HeaderValue::from_static("https://Console.example.com")),
        ]);
        assert!(is_same_origin(&behind_tls, false));
    }

    #[test]
    fn another_sites_page_may_link_and_not_embed() {
        for (site, mode, dest, embedded) in [
            ("none", "navigate", "document", false),
            ("cross-site", "navigate", "document", false),
            ("cross-site", "navigate", "iframe", true),
            ("same-site", "no-cors", "image", true),
            ("same-site", "cors", "empty", true),
            ("same-origin", "cors", "empty", false),
        ] {
            let request = Request::get("/").header(FETCH_SITE, site);
            let request =
                request.header("sec-fetch-mode", mode).header("sec-fetch-dest", dest).body(()).unwrap();
            assert_eq!(is_embedded(&request), embedded, "{site} {mode} {dest}");
        }
    }
}
