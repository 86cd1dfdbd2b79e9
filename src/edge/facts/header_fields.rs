//! What header fields say, wherever it is asked.

use http::header::{FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, VIA};

/// Whether a header of comma-separated tokens has one, in any case, on any of its lines.
pub(in crate::edge) fn lists(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|item| item.trim().eq_ignore_ascii_case(token))
}

/// A name as a variable's name tells it apart from others: every other character is a hyphen.
pub(in crate::edge) fn plain_name(name: &str) -> String {
    name.chars()
        .map(|char| if char.is_ascii_alphanumeric() { char.to_ascii_lowercase() } else { '-' })
        .collect()
}

/// `X-Forwarded-For`.
pub const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Whether a script of another origin sent a request: a browser names the page's origin, which isn't the host.
#[must_use]
pub fn is_cross_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| HeaderValue::to_str(value).ok());
    let Some(origin) = text(ORIGIN) else { return false };
    let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
    text(HOST).is_some_and(|host| !host.eq_ignore_ascii_case(authority))
}

/// The header by which a tunnel or proxy shows that it brought a request, and with it perhaps a remote client's.
#[must_use]
pub fn came_through(headers: &HeaderMap) -> Option<HeaderName> {
    [X_FORWARDED_FOR, FORWARDED, VIA].into_iter().find(|name| headers.contains_key(name))
}
