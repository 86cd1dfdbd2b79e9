//! Which URLs can be signed at all: a link that could never open is refused with one that can.

use super::error::SignError;
use crate::access::credentials::without_signing_parameters;

/// Whether a URL can be signed as it stands.
///
/// # Errors
/// [`SignError::Url`] with the form that would work.
pub fn check_url(url: &str) -> Result<(), SignError> {
    check_url_below(url, LOCAL)
}

/// As [`check_url`], where a path alone belongs to `base`, such as `https://127.0.0.1:8443`.
///
/// # Errors
/// [`SignError::Url`] with the form that would work.
pub fn check_url_below(url: &str, base: &str) -> Result<(), SignError> {
    let Some((problem, mut instead)) = first_problem(url, base) else { return Ok(()) };
    // One form may have several problems, of which the first is named.
    for _ in 0..MAX_PROBLEMS {
        match first_problem(&instead, base) {
            Some((_, better)) => instead = better,
            None => break,
        }
    }
    Err(SignError::Url { problem, instead })
}

/// What a canned link for a URL with `*` opens: the signed bytes are also those of a custom policy, in whose Resource `*` is a
/// wildcard. None for another URL. Signing is for the caller to refuse.
#[must_use]
pub fn wildcard_in_canned(url: &str) -> Option<String> {
    url.contains('*').then(|| {
        format!(
            "a canned link for {url} grants access to more than this URL: anyone who has it can rewrite it as a custom policy with the \
             same signature, and then it grants access to every URL that the pattern matches"
        )
    })
}

/// What keeps a URL from being signed, and a form without that.
fn first_problem(url: &str, base: &str) -> Option<(&'static str, String)> {
    scheme_and_host(url, base).or_else(|| characters(url)).or_else(|| path(url)).or_else(|| query(url))
}

fn scheme_and_host(url: &str, base: &str) -> Option<(&'static str, String)> {
    let target = |rest: &str| {
        let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        if rest[at..].starts_with('/') { rest[at..].to_owned() } else { format!("/{}", &rest[at..]) }
    };
    match url.split_once("://") {
        Some(("http" | "https", rest)) => {
            let host = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
            let is_missing = host.is_empty() || host.starts_with(':');
            is_missing.then(|| ("it has no host", format!("{}{}", base_for(host, base), target(rest))))
        }
        // A scheme stands before the first slash; elsewhere `://` is part of a path or a query.
        Some((scheme, rest)) if !scheme.contains(['/', '?', '#']) => {
            let instead = if scheme.eq_ignore_ascii_case("http") { "http" } else { "https" };
            Some(("its scheme is not http:// or https://", format!("{instead}://{rest}")))
        }
        Some(_) | None => Some(without_scheme(url, base)),
    }
}

/// `localhost:8080/x`, `media.example.com/x`, `//host/x`, `:3000/x`, `/x`.
fn without_scheme(url: &str, base: &str) -> (&'static str, String) {
    const PROBLEM: &str = "it has no scheme";
    if let Some(rest) = url.strip_prefix("//") {
        return (PROBLEM, format!("https://{rest}"));
    }
    let at = url.find(['/', '?', '#']).unwrap_or(url.len());
    let (host, target) = url.split_at(at);
    let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
    if host.is_empty() || host.starts_with(':') {
        return ("it has no scheme and no host", format!("{}{target}", base_for(host, base)));
    }
    let scheme = if is_loopback(host) { "http" } else { "https" };
    (PROBLEM, format!("{scheme}://{host}{target}"))
}

/// The base of a URL without a host; a port that was given stays.
fn base_for(host: &str, base: &str) -> String {
    match host.strip_prefix(':').and_then(|port| port.parse::<u16>().ok()) {
        Some(port) => format!("http://127.0.0.1:{port}"),
        None => base.to_owned(),
    }
}

/// Whether a host is this machine, where hardly anybody speaks TLS.
fn is_loopback(authority: &str) -> bool {
    let name = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let name = name.to_ascii_lowercase();
    let is_local_name = name == "localhost" || name.ends_with(".localhost");
    is_local_name || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn characters(url: &str) -> Option<(&'static str, String)> {
    if url.contains('#') {
        let before = url.split('#').next().unwrap_or("").to_owned();
        return Some(("a fragment is never sent, so it can't be signed", before));
    }
    if url.bytes().any(|byte| !byte.is_ascii_graphic()) {
        let encode = |byte: u8| match byte.is_ascii_graphic() {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        };
        return Some((
            "browsers send spaces and non-ASCII characters percent-encoded, and that is what counts",
            url.bytes().map(encode).collect(),
        ));
    }
    if url.contains(['"', '\\']) {
        let encoded = url.replace('"', "%22").replace('\\', "%5C");
        return Some(("quotes and backslashes break the policy's JSON", encoded));
    }
    None
}

fn path(url: &str) -> Option<(&'static str, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, target) = rest.split_at(at);
    (!target.starts_with('/'))
        .then(|| ("it has no path, and what is requested has one", format!("{scheme}://{host}/{target}")))
}

fn query(url: &str) -> Option<(&'static str, String)> {
    let (before, query) = url.split_once('?')?;
    let left = without_signing_parameters(query);
    if left.as_deref() == Some(query) {
        return None;
    }
    let instead = left.map_or_else(|| before.to_owned(), |left| format!("{before}?{left}"));
    let problem =
        if query.is_empty() { "a lone `?` doesn't count" } else { "it has signing parameters already" };
    Some((problem, instead))
}

/// Where `frontgate dev` listens.
const LOCAL: &str = "http://127.0.0.1:8080";
/// More than there are.
const MAX_PROBLEMS: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_url_that_would_never_verify_is_refused_with_one_that_would() {
        for (url, instead) in [
            ("https://a.com/x y", "https://a.com/x%20y"),
            ("https://a.com/é", "https://a.com/%C3%A9"),
            ("https://a.com/x#top", "https://a.com/x"),
            ("https://a.com/x?a=1&Expires=5", "https://a.com/x?a=1"),
            ("a.com/x", "https://a.com/x"),
            ("a.com", "https://a.com/"),
            ("a.com/x y#z", "https://a.com/x%20y"),
            ("//a.com/x", "https://a.com/x"),
            ("a.com?b=1", "https://a.com/?b=1"),
            ("a.com/x?next=https://b.com/", "https://a.com/x?next=https://b.com/"),
            ("/x", "http://127.0.0.1:8080/x"),
            ("/x?Signature=a", "http://127.0.0.1:8080/x"),
            ("", "http://127.0.0.1:8080/"),
            ("https:///x", "http://127.0.0.1:8080/x"),
            ("http://:3000", "http://127.0.0.1:3000/"),
            (":3000/x", "http://127.0.0.1:3000/x"),
            ("localhost:8080/x", "http://localhost:8080/x"),
            ("LOCALHOST/x", "http://LOCALHOST/x"),
            ("app.localhost:8080/x", "http://app.localhost:8080/x"),
            ("127.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("[::1]:8080/x", "http://[::1]:8080/x"),
            ("s3://bucket/x", "https://bucket/x"),
            ("HTTP://a.com/x", "http://a.com/x"),
            ("https://a.com", "https://a.com/"),
            ("https://a.com?b=1", "https://a.com/?b=1"),
            ("https://a.com/x?", "https://a.com/x"),
            ("https://a.com/x?Hash-Algorithm", "https://a.com/x"),
        ] {
            let found = check_url(url);
            assert!(
                matches!(&found, Err(SignError::Url { instead: found, .. }) if found == instead),
                "{url}: {found:?}"
            );
        }
        for url in ["https://a.com/x?b=1&a=%20", "http://localhost:8080/*", "https://a.com/x?u=s3://b/c"] {
            assert_eq!(check_url(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn a_path_alone_belongs_to_the_base_that_is_known() {
        let found = check_url_below("/x", "https://127.0.0.1:8443").unwrap_err().to_string();
        assert!(found.contains("https://127.0.0.1:8443/x"), "{found}");
    }

    proptest! {
        #[test]
        fn what_is_proposed_can_be_signed(
            url in r#"(https?://|s3://|//|:|/)?[a-zé.:*]{0,8}([/?#"\\ ][a-z =&]{0,5}|Expires=1|\?Signature=|&){0,6}"#
        ) {
            if let Err(SignError::Url { instead, .. }) = check_url(&url) {
                prop_assert_eq!(check_url(&instead), Ok(()), "{} for {}", instead, url);
            }
        }

        #[test]
        fn no_text_makes_it_panic(url in r"\PC{0,40}") {
            if let Err(SignError::Url { instead, .. }) = check_url(&url) {
                prop_assert_eq!(check_url(&instead), Ok(()), "{} for {}", instead, url);
            }
        }
    }
}
