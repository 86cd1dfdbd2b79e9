//! The buttons of the demo page in `dev`: they sign a link to one of its paths, or set cookies for all of them.
//!
//! A form posted to a path that no origin ever sees. It grants what the link that `dev` prints grants, and so to the same
//! person: to a browser on this machine, to which no proxy or tunnel has brought the request, under a name of this machine,
//! and only from a page of the demo itself (`Origin`, `Sec-Fetch-Site`). Everything else is refused.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, ORIGIN, SET_COOKIE};
use http::{Method, Response, StatusCode, request};

use crate::access::request::host_of;
use crate::distribution::origin::{DemoGuide, OriginLocation};
use crate::distribution::{BaseUrl, Distributions};
use crate::edge::facts::header_fields::came_through;
use crate::edge::io::body::{self, Body};
use crate::edge::io::form::Form;
use crate::edge::state::dev_signer::DevSigner;
use crate::viewer::{Host, Scheme};

/// Where the forms are posted.
pub const PATH: &str = "/.frontgate/demo";

/// Whether a request is one of these forms: in `dev`, in front of the demo.
#[must_use]
pub fn is_meant(parts: &request::Parts, distributions: &Distributions) -> bool {
    parts.method == Method::POST && parts.uri.path() == PATH && guide(distributions).is_some()
}

fn guide(distributions: &Distributions) -> Option<&DemoGuide> {
    let origins = distributions.list.iter().flat_map(|one| &one.origins);
    origins.into_iter().find_map(|origin| match &origin.location {
        OriginLocation::Demo(guide) => guide.as_deref(),
        OriginLocation::Http(_)
        | OriginLocation::S3(_)
        | OriginLocation::Directory(_)
        | OriginLocation::Handler => None,
    })
}

/// Who sends a form.
#[derive(Clone, Copy, Debug)]
pub struct Sender {
    /// Whether this machine sent it, and no proxy or tunnel brought it.
    pub is_local: bool,
    /// How it speaks.
    pub scheme: Scheme,
}

/// The response to a request that [`is_meant`].
pub async fn respond(
    signer: &DevSigner,
    distributions: &Distributions,
    parts: &request::Parts,
    incoming: Body,
    sender: Sender,
) -> Response<Body> {
    // Of the request only its host counts here, read as for every other one.
    let host = host_of(parts, sender.scheme).ok();
    let base = host.and_then(|host| trusted_base(guide(distributions), &parts.headers, host, sender));
    let Some(base) = base else {
        return sentence(
            StatusCode::FORBIDDEN,
            "Only the demo page may post this, in a browser on this machine.\n",
        );
    };
    let form = match Form::read(&parts.headers, incoming, MAX_FORM).await {
        Ok(form) => form,
        Err((status, text)) => return sentence(status, text),
    };
    let made = match form.get("do") {
        "open" => link(signer, &base, form.get("path")),
        "cookies" => cookies(signer, &base, sender.scheme),
        "forget" => Some(forgotten()),
        _ => None,
    };
    made.unwrap_or_else(|| {
        sentence(StatusCode::BAD_REQUEST, "Expected do=open with a path, do=cookies or do=forget.\n")
    })
}

/// What links for the page begin with; none where the sender isn't a page of the demo on this machine.
fn trusted_base(
    guide: Option<&DemoGuide>,
    headers: &HeaderMap,
    host: Host<'_>,
    sender: Sender,
) -> Option<String> {
    if !sender.is_local || came_through(headers).is_some() {
        return None;
    }
    let of_links = BaseUrl::parse(&guide?.base).ok()?;
    let is_ours = host.is_local_or_address() || host.name().eq_ignore_ascii_case(of_links.host_name());
    let base = format!("{}://{}", sender.scheme, host.in_url(sender.scheme));
    (is_ours && is_own_page(headers, host, sender.scheme)).then_some(base)
}

fn link(signer: &DevSigner, base: &str, path: &str) -> Option<Response<Body>> {
    let is_path = path.starts_with('/') && !path.starts_with("//") && path.len() <= MAX_PATH;
    let link = signer.signed(&format!("{base}{path}")).filter(|_| is_path)?;
    Some(see_other(&link))
}

fn cookies(signer: &DevSigner, base: &str, scheme: Scheme) -> Option<Response<Body>> {
    let mut response = see_other("/");
    let secure = if scheme == Scheme::Https { "; Secure" } else { "" };
    for (name, value) in signer.cookies(base)? {
        let cookie = format!("{name}={value}; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax{secure}");
        response.headers_mut().append(SET_COOKIE, HeaderValue::try_from(cookie).ok()?);
    }
    Some(response)
}

/// Back to the page that needs no cookie.
fn forgotten() -> Response<Body> {
    let mut response = see_other("/public/index.html");
    for name in ["CloudFront-Policy", "CloudFront-Expires", "CloudFront-Signature", "CloudFront-Key-Pair-Id"]
    {
        if let Ok(cookie) = HeaderValue::try_from(format!("{name}=; Path=/; Max-Age=0")) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}

fn see_other(location: &str) -> Response<Body> {
    let mut response = sentence(StatusCode::SEE_OTHER, "");
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

fn sentence(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(body::full(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    response
}

/// Bytes of a form.
const MAX_FORM: usize = 4 << 10;
/// Bytes; the demo's paths are short.
const MAX_PATH: usize = 200;

/// Whether a form was sent by the demo page of the same scheme and host: `Origin` must be there, and be that page's.
fn is_own_page(headers: &HeaderMap, host: Host<'_>, scheme: Scheme) -> bool {
    let own = format!("{scheme}://{}", host.in_url(scheme));
    let is_own =
        headers.get(ORIGIN).is_some_and(|origin| origin.as_bytes().eq_ignore_ascii_case(own.as_bytes()));
    is_own && headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 3] =
        [("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "same-origin")];

    fn base(change: &[(&'static str, &'static str)], sender: Sender) -> Option<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in GOOD.iter().chain(change) {
            match value.is_empty() {
                true => drop(headers.remove(*name)),
                false => drop(headers.insert(*name, HeaderValue::from_static(value))),
            }
        }
        let guide = DemoGuide {
            base: "http://app.test:8080".to_owned(),
            key_pair_id: String::new(),
            key_file: "k".into(),
            key_folder: "f".into(),
            console: None,
        };
        let host = Host::parse(headers.get("host")?.to_str().ok()?).ok()?;
        trusted_base(Some(&guide), &headers, host, sender)
    }

    #[test]
    fn only_the_page_itself_in_a_browser_on_this_machine_is_trusted() {
        let here = Sender { is_local: true, scheme: Scheme::Http };
        assert_eq!(base(&[], here).as_deref(), Some("http://127.0.0.1:8080"));
        let named = [("host", "app.test:8080"), ("origin", "http://app.test:8080")];
        assert_eq!(base(&named, here).as_deref(), Some("http://app.test:8080"));
        for change in [
            &[("origin", "http://127.0.0.1:9090")][..],
            &[("origin", "https://127.0.0.1:8080")],
            &[("origin", "null")],
            &[("origin", "")],
            &[("origin", "http://evil.example.com")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "none")],
            // A foreign name that points here.
            &[("host", "evil.example.com:8080"), ("origin", "http://evil.example.com:8080")],
            &[("host", "")],
            &[("x-forwarded-for", "127.0.0.1")],
            &[("forwarded", "for=127.0.0.1")],
            &[("via", "1.1 tunnel")],
        ] {
            assert_eq!(base(change, here), None, "{change:?}");
        }
        assert_eq!(base(&[], Sender { is_local: false, ..here }), None);
        assert_eq!(base(&[], Sender { scheme: Scheme::Https, ..here }), None);
    }
}
