//! Signed links inside of other URLs, such as `/_next/image?url=…`.

use percent_encoding::percent_decode_str;

use crate::access::credentials::SIGNING_PARAMETERS;

/// A signed link that is percent-encoded within a URL, up to three times.
pub(super) fn embedded(url: &str) -> Option<String> {
    if let Some(inner) = unencoded(url) {
        return Some(inner);
    }
    if is_signed(url) {
        return None;
    }
    let begin = ["http%3A", "https%3A", "http%253A", "https%253A", "http%25253A", "https%25253A"]
        .iter()
        .filter_map(|scheme| find_ignoring_case(url, scheme))
        .min();
    // Encoded in part: `?url=https://a/x%3FExpires%3D…`.
    let plain = || {
        let (_, rest) = url.split_once("://")?;
        let schemes = ["http://", "https://"].iter().filter_map(|scheme| find_ignoring_case(rest, scheme));
        Some(url.len() - rest.len() + schemes.min()?)
    };
    let rest = &url[begin.or_else(plain)?..];
    let mut inner = rest.split(['&', '#']).next()?.to_owned();
    for _ in 0..MAX_LAYERS {
        inner = percent_decode_str(&inner).decode_utf8().ok()?.into_owned();
        let is_url =
            ["http://", "https://"].iter().any(|scheme| find_ignoring_case(&inner, scheme) == Some(0));
        if is_url && is_signed(&inner) {
            return Some(inner);
        }
    }
    None
}

/// A signed link that was put into a parameter as it is: it has a `?` of its own in front of its signing parameters.
fn unencoded(url: &str) -> Option<String> {
    let (outer, _) = url.split_once('?')?;
    let rest = &url[outer.len()..];
    let at = ["=http://", "=https://"].iter().filter_map(|scheme| find_ignoring_case(rest, scheme)).min()?;
    let inner = &rest[at + 1..];
    let first = inner.split_once('?')?.1;
    let name = first.split('=').next().unwrap_or_default();
    (!inner[..inner.find('?')?].contains('&') && SIGNING_PARAMETERS.contains(&name)).then(|| inner.to_owned())
}

fn find_ignoring_case(text: &str, word: &str) -> Option<usize> {
    let mut parts = text.as_bytes().windows(word.len());
    parts.position(|part| part.eq_ignore_ascii_case(word.as_bytes())).filter(|at| text.is_char_boundary(*at))
}

/// Times that a link may be percent-encoded.
const MAX_LAYERS: usize = 3;

/// Whether a query names a signing parameter.
pub(super) fn is_signed(url: &str) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query.split('&').any(|part| SIGNING_PARAMETERS.contains(&part.split('=').next().unwrap_or_default()))
}
