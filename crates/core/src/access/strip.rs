//! Taking out of a request what was for the edge: signing parameters and signing cookies.

use http::header::{COOKIE, HeaderMap, HeaderValue};
use http::uri::PathAndQuery;
use http::{Uri, request};

use super::credentials::{forwarded_cookies, is_signing_cookie, without_signing_parameters};

/// Takes the signing parameters and the signing cookies out of a request, so that whoever answers it sees neither. Whatever
/// else was sent stays byte for byte; cookies are sorted by name, as CloudFront forwards them.
pub fn strip(parts: &mut request::Parts) {
    strip_query(parts);
    replace_cookies(&mut parts.headers, |name| !is_signing_cookie(name));
}

/// Takes the signing parameters alone.
pub fn strip_query(parts: &mut request::Parts) {
    let Some(query) = parts.uri.query().filter(|query| !query.is_empty()) else { return };
    let kept = without_signing_parameters(query);
    if kept.as_deref() == Some(query) {
        return;
    }
    let path = parts.uri.path();
    let target = match kept {
        Some(kept) => format!("{path}?{kept}"),
        None => path.to_owned(),
    };
    let mut pieces = parts.uri.clone().into_parts();
    pieces.path_and_query = PathAndQuery::try_from(target).ok();
    // A part of what was a target is one.
    if let Ok(uri) = Uri::from_parts(pieces) {
        parts.uri = uri;
    }
}

/// Makes one `Cookie` field of all that were sent, with the cookies whose names are kept.
pub fn replace_cookies(headers: &mut HeaderMap, keeps: impl Fn(&[u8]) -> bool) {
    if !headers.contains_key(COOKIE) {
        return;
    }
    let fields = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    let Some(cookies) = forwarded_cookies(fields, keeps) else {
        headers.remove(COOKIE);
        return;
    };
    if let Ok(mut value) = HeaderValue::from_bytes(&cookies) {
        value.set_sensitive(true);
        headers.insert(COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn what_was_for_the_edge_goes_and_the_rest_stays() {
        for (uri, cookies, left, left_cookies) in [
            (
                "/a%2Fb?x=1&Expires=2&Signature=s&y=%20&Key-Pair-Id=K",
                vec!["b=2; CloudFront-Policy=p", "a=1"],
                "/a%2Fb?x=1&y=%20",
                Some("a=1; b=2"),
            ),
            (
                "https://h.example.com/a?Policy=p&Signature=s",
                vec!["CloudFront-Signature=s"],
                "https://h.example.com/a",
                None,
            ),
            ("/a?", vec![], "/a?", None),
            ("/a?x&&y=1", vec!["flag"], "/a?x&&y=1", Some("flag")),
            ("*", vec![], "*", None),
        ] {
            let mut request = Request::builder().uri(uri);
            for cookie in cookies {
                request = request.header(COOKIE, cookie);
            }
            let (mut parts, ()) = request.body(()).unwrap().into_parts();
            strip(&mut parts);
            let found = parts.headers.get(COOKIE).map(|value| value.to_str().unwrap());
            assert_eq!((parts.uri.to_string().as_str(), found), (left, left_cookies), "{uri}");
        }
    }
}
