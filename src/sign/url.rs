//! Which URLs can be signed at all: a link that could never open is refused with one that can.

use super::SignError;
use crate::access::credentials::without_signing_parameters;

/// Whether a URL can be signed as it stands.
///
/// # Errors
/// [`SignError::Url`] with the form that would work.
pub fn check_url(url: &str) -> Result<(), SignError> {
    let refuse = |problem: &'static str, instead: String| Err(SignError::Url { problem, instead });
    if !url.contains("://") {
        return refuse("it has no scheme", format!("https://{url}"));
    }
    if url.contains('#') {
        return refuse(
            "a fragment is never sent, so it can't be signed",
            url.split('#').next().unwrap_or("").to_owned(),
        );
    }
    if url.bytes().any(|byte| !byte.is_ascii_graphic()) {
        let encoded: String =
            url.bytes()
                .map(|byte| {
                    if byte.is_ascii_graphic() {
                        char::from(byte).to_string()
                    } else {
                        format!("%{byte:02X}")
                    }
                })
                .collect();
        return refuse(
            "browsers send spaces and non-ASCII characters percent-encoded, and that is what counts",
            encoded,
        );
    }
    if url.contains(['"', '\\']) {
        let encoded = url.replace('"', "%22").replace('\\', "%5C");
        return refuse("quotes and backslashes break the policy's JSON", encoded);
    }
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    if !rest.contains('/') {
        let (host, query) = rest.split_once('?').map_or((rest, None), |(host, query)| (host, Some(query)));
        let instead =
            url.replacen(rest, &format!("{host}/{}", query.map(|q| format!("?{q}")).unwrap_or_default()), 1);
        return refuse("it has no path, and what is requested has one", instead);
    }
    if let Some((before, query)) = url.split_once('?') {
        let left = without_signing_parameters(query);
        if left.as_deref() != Some(query) {
            let instead = left.map_or_else(|| before.to_owned(), |left| format!("{before}?{left}"));
            let problem = if query.is_empty() {
                "a lone `?` doesn't count"
            } else {
                "it has signing parameters already"
            };
            return refuse(problem, instead);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_would_never_verify_is_refused_with_one_that_would() {
        for (url, instead) in [
            ("https://a.com/x y", "https://a.com/x%20y"),
            ("https://a.com/é", "https://a.com/%C3%A9"),
            ("https://a.com/x#top", "https://a.com/x"),
            ("https://a.com/x?a=1&Expires=5", "https://a.com/x?a=1"),
            ("a.com/x", "https://a.com/x"),
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
        assert_eq!(check_url("https://a.com/x?b=1&a=%20"), Ok(()));
    }
}
