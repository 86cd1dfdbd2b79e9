//! URLs that go on in the next line: wrapped by a mail, or with a parameter in each line.

use super::assembly::Assembly;
use super::link::Link;
use super::place::MAX_URL;
use crate::access::credentials::SIGNING_PARAMETERS;

/// Whether the URL before may go on.
pub(super) fn is_open(assembly: &mut Assembly, wrapped_at: Option<usize>) -> bool {
    wrapped_at.is_some() && assembly.open().is_some_and(|open| open.url.len() <= MAX_URL && !open.is_as_sent)
}

/// Appends a line where it goes on with the URL; `wrapped_at` is the length of the line before.
pub(super) fn append(open: &mut Link, text: &str, wrapped_at: &mut Option<usize>) -> bool {
    // A mail that quotes another one.
    let text = text.trim_start_matches("> ");
    if text.len() > MAX_URL || text.contains("://") {
        return false;
    }
    if is_parameter(&open.url, text) {
        let text = text.trim_end_matches('\\').trim_end();
        let has_sign = text.starts_with(['?', '&']) || open.url.ends_with(['?', '&']);
        if !has_sign {
            open.url.push(if open.url.contains('?') { '&' } else { '?' });
        }
        open.url.push_str(text);
        note(open, "its parameters, one on each line, were put together");
        *wrapped_at = Some(0);
        return true;
    }
    let is_part = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_~&=%.*/+?".contains(&byte))
        && !text.is_empty();
    let before = wrapped_at.unwrap_or_default();
    let is_wrapped = before >= MIN_WRAPPED && text.len() <= before;
    if !is_part || !is_wrapped || !misses_a_part(&open.url, text) {
        return false;
    }
    open.url.push_str(text);
    note(open, "a line break within the URL was taken out");
    if text.len() < before {
        // The last line of what was wrapped is shorter, but for one that ends in front of a parameter.
        *wrapped_at = Some(text.len().max(MIN_WRAPPED));
    }
    true
}

/// Adds a signing parameter that stands on a line of its own, as developer tools list them; says whether it is one.
pub(super) fn parameter(open: &mut Link, text: &str) -> bool {
    let Some(name) = SIGNING_PARAMETERS.iter().find(|name| text.starts_with(**name)) else { return false };
    let rest = text[name.len()..].trim_start();
    let value = rest.trim_start_matches([':', '=']).trim();
    let is_apart = rest.len() < text.len() - name.len() || rest.starts_with([':', '=']);
    let has = |sign: char| open.url.contains(&format!("{sign}{name}="));
    if !is_apart
        || value.is_empty()
        || value.contains(char::is_whitespace)
        || has('?')
        || has('&')
        || open.is_as_sent
    {
        return false;
    }
    open.url.push(if open.url.contains('?') { '&' } else { '?' });
    open.url.push_str(&format!("{name}={value}"));
    note(open, "its parameters, one on each line, were put together");
    true
}

fn note(open: &mut Link, text: &str) {
    if !open.notes.iter().any(|known| known == text) {
        open.notes.push(text.to_owned());
    }
}

/// `&Expires=…`, `?color=red`, and `Signature=…` behind a URL that lacks it.
fn is_parameter(url: &str, text: &str) -> bool {
    if text.contains(char::is_whitespace) {
        return false;
    }
    let Some(rest) = text.strip_prefix(['?', '&']) else {
        let name = text.split('=').next().unwrap_or_default();
        let has = |name: &str| url.contains(&format!("?{name}=")) || url.contains(&format!("&{name}="));
        return text.contains('=') && SIGNING_PARAMETERS.contains(&name) && !has(name)
            || url.ends_with(['?', '&']);
    };
    rest.contains('=') || rest.is_empty()
}

/// Whether the URL isn't whole: a value is missing, or the text holds one.
fn misses_a_part(url: &str, text: &str) -> bool {
    let begins_signing = url.contains("Signature=") || url.contains("Policy=") || url.contains("Expires=");
    let value = |name: &str| {
        let (_, rest) = url.split_once(&format!("{name}="))?;
        rest.split('&').next()
    };
    let is_whole = value("Key-Pair-Id").is_some_and(|id| id.len() >= MIN_ID)
        && value("Signature").is_some_and(|signature| signature.len() >= MIN_SIGNATURE)
        && (value("Expires").is_some() || value("Policy").is_some());
    begins_signing && (!is_whole || text.contains(['&', '=', '~', '_']) || text.len() >= MIN_SIGNATURE)
        || !begins_signing && text.contains("Signature=")
}

/// Nothing breaks lines that are shorter.
const MIN_WRAPPED: usize = 40;
/// Of the id of a key.
const MIN_ID: usize = 13;
/// Of a signature: ECDSA's have 96.
const MIN_SIGNATURE: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_goes_on_only_with_what_may_be_a_part_of_it() {
        let begun = "https://a.com/x?Expires=1990000000&Signature=abcdefghijk";
        for (url, text, goes_on) in [
            (begun, "lmnop&Key-Pair-Id=K", true),
            (begun, "Forbidden, says the page", false),
            ("https://a.com/x", "?color=red", true),
            ("https://a.com/x", "&Expires=1", true),
            ("https://a.com/x", "Forbidden", false),
            ("https://a.com/x?b=1", "Signature=abc", true),
            ("https://a.com/x?b=1", "https://b.com/", false),
            ("https://a.com/x?b=1", "Cookie: a=b", false),
        ] {
            let mut link = Link::found_at("x", url);
            let mut wrapped_at = Some(url.len());
            assert_eq!(append(&mut link, text, &mut wrapped_at), goes_on, "{url} {text}: {}", link.url);
        }
    }
}
