//! Signed cookies as people have them, and the URL that their policy is for.

use super::browser_cookie::{self, BrowserCookie, is_signing};
use crate::access::encoding::{decode, percent_decoded};
use crate::access::policy::Policy;

/// Cookies of one line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CookieLine {
    /// The value of a `Cookie` header.
    Sent(String),
    /// As a browser got or keeps them.
    Stored(Vec<BrowserCookie>),
}

/// The cookies of a line that is a cookie header, `Set-Cookie`, curl's `-b` or a line of a cookie jar.
pub(super) fn in_line(line: &str) -> Option<CookieLine> {
    let line = line.trim();
    let header = line.trim_start_matches(['>', '<', '|']).trim_start();
    if let Some(rest) = without_name(header, "set-cookie:") {
        return Some(CookieLine::Stored(browser_cookie::of_header(rest)));
    }
    if let Some(rest) = without_name(header, "cookie:") {
        return Some(CookieLine::Sent(rest.trim().to_owned()));
    }
    if line.starts_with("-b ") || line.starts_with("--cookie ") {
        return super::shell_words::split(line)?.into_iter().nth(1).map(CookieLine::Sent);
    }
    if let Some(cookie) = in_jar(line) {
        return Some(CookieLine::Stored(
            Some(cookie).filter(|one| is_signing(&one.name)).into_iter().collect(),
        ));
    }
    let plain = line
        .trim_start_matches(['-', '*', '•', '"', '\'', '`', ' '])
        .trim_end_matches([',', '"', '\'', '`', ' ']);
    if without_name(plain, "cloudfront-").is_none() {
        // `"Cookie": "…"` and `- Cookie: …`.
        let (name, value) = plain.split_once(':')?;
        let name = name.trim().trim_end_matches(['"', '\'', '*', '`']);
        let is_header = name.eq_ignore_ascii_case("cookie") && value.contains('=');
        return is_header.then(|| CookieLine::Sent(unquoted(value).to_owned()));
    }
    in_table(plain).or_else(|| {
        Some(match browser_cookie::has_attributes(plain) {
            true => CookieLine::Stored(browser_cookie::of_header(plain)),
            false => CookieLine::Sent(signing_pairs(plain)?),
        })
    })
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\'', '`', ',']).trim()
}

/// Pairs whose names end with `=`, or one of which name and value are apart: `CloudFront-Policy: …`.
fn signing_pairs(text: &str) -> Option<String> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))?;
    let (name, rest) = text.split_at(end);
    if rest.starts_with('=') {
        return Some(text.to_owned());
    }
    let value = rest.trim_start_matches(['"', '\'', '`']).trim_start();
    let value =
        value.strip_prefix("=>").or_else(|| value.strip_prefix(':')).or_else(|| value.strip_prefix('='))?;
    let value = unquoted(value);
    (!value.is_empty() && !value.contains(char::is_whitespace)).then(|| format!("{name}={value}"))
}

/// A row of the table of cookies in developer tools: name, value, domain, path, more.
fn in_table(text: &str) -> Option<CookieLine> {
    let mut cells = text.split('\t').map(str::trim);
    let (name, value) = (cells.next()?, cells.next()?);
    let cookie = BrowserCookie::new(name, value);
    let Some(domain) = cells.next().filter(|domain| domain.contains('.') || *domain == "localhost") else {
        return Some(CookieLine::Stored(vec![cookie]));
    };
    let path = cells.next().filter(|path| path.starts_with('/')).map(str::to_owned);
    let cookie = BrowserCookie::exported(name, value, domain, domain.starts_with('.'));
    Some(CookieLine::Stored(vec![BrowserCookie { path, ..cookie }]))
}

/// The value of a `Cookie` header out of a line in any of these forms.
pub(crate) fn field_of(line: &str) -> String {
    match in_line(line) {
        Some(CookieLine::Sent(field)) => field,
        Some(CookieLine::Stored(cookies)) => {
            cookies.iter().map(BrowserCookie::pair).collect::<Vec<_>>().join("; ")
        }
        None => line.trim().to_owned(),
    }
}

/// A line of a cookie jar: Netscape's `cookies.txt`, as curl, yt-dlp and browsers' extensions write it.
fn in_jar(line: &str) -> Option<BrowserCookie> {
    let by_tabs: Vec<&str> = line.split('\t').collect();
    let fields = if by_tabs.len() == 7 { by_tabs } else { line.split_whitespace().collect() };
    let [domain, has_subdomains, path, is_secure, end, name, value] = fields.as_slice() else { return None };
    let is_flag = |text: &str| text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false");
    if !is_flag(has_subdomains) || !is_flag(is_secure) || !path.starts_with('/') {
        return None;
    }
    let domain = domain.trim_start_matches("#HttpOnly_");
    let cookie = BrowserCookie::exported(name, value, domain, has_subdomains.eq_ignore_ascii_case("true"));
    Some(
        BrowserCookie {
            path: Some((*path).to_owned()),
            is_secure: is_secure.eq_ignore_ascii_case("true"),
            ..cookie
        }
        .ending_at(end.parse().ok()),
    )
}

/// Signing cookies within a text that isn't understood, such as the options of a program that isn't known.
pub(super) fn within(text: &str) -> Option<String> {
    let mut pairs: Vec<&str> = Vec::new();
    for (at, _) in text.match_indices("CloudFront-").take(MAX_PAIRS) {
        let pair = &text[at..];
        let pair =
            &pair[..pair.find(|c: char| c.is_whitespace() || ";'\"`,\\".contains(c)).unwrap_or(pair.len())];
        // What ends a sentence is no part of a value.
        let pair = pair.trim_end_matches(['.', ',', ':', '!', '?', ')']);
        let (name, value) = pair.split_once('=').unwrap_or_default();
        if !value.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-') {
            pairs.push(pair);
        }
    }
    let lower = text.to_ascii_lowercase();
    let is_header = lower.contains("cookie");
    let is_other = lower.contains("x-cookie") || lower.contains("set-cookie");
    (!pairs.is_empty() && !is_other && (is_header || pairs.len() >= 3)).then(|| pairs.join("; "))
}

/// The value of a whole header line, `Cookie: …`, in a literal of program code.
pub(super) fn of_header_line(text: &str) -> Option<&str> {
    let value = without_name(text.trim_start(), "cookie:")?;
    value.contains('=').then(|| value.trim())
}

/// What follows a name, whose letters' case doesn't count.
fn without_name<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let begin = line.get(..name.len())?;
    begin.eq_ignore_ascii_case(name).then(|| &line[name.len()..])
}

/// A URL that the policy in the cookies is for, with what to say of it. A policy alone is judged for a URL that its Resource
/// matches; cookies are judged for a Resource that is one URL.
///
/// # Errors
/// Says what is missing where there is none.
pub(super) fn url_of(cookies: &[String], is_policy_alone: bool) -> Result<(String, String), String> {
    let pairs =
        cookies.iter().flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let Some((_, value)) = pairs.clone().find(|(name, _)| *name == "CloudFront-Policy") else {
        let is_canned = pairs.clone().any(|(name, _)| name == "CloudFront-Expires");
        return Err(if is_canned {
            "a canned policy is for the URL that is requested, and none was given".to_owned()
        } else {
            "there is no CloudFront-Policy among the cookies that would name a URL".to_owned()
        });
    };
    let unreadable = |error: &dyn std::fmt::Display| {
        format!("CloudFront-Policy, which would name a URL, can't be read: {error}")
    };
    let text = decode(&percent_decoded(value.as_bytes())).map_err(|error| unreadable(&error))?;
    let policy = match Policy::parse(&text) {
        Ok(policy) => policy,
        Err(_) if is_policy_alone => {
            let url = resource_within(&String::from_utf8_lossy(&text));
            return Ok((url.clone(), format!("no URL was given; judged for {url}")));
        }
        Err(fault) => return Err(unreadable(&fault)),
    };
    let Some(resource) = policy.resource.map(|resource| resource.to_string()) else {
        return Err("the policy has no Resource, so it is for every URL".to_owned());
    };
    // The first `?` may be the query's beginning.
    let is_one = !resource.contains('*') && resource.matches('?').count() <= 1 && resource.contains("://");
    if is_one {
        return Ok((
            resource.clone(),
            format!("no URL was given; judged for the Resource of the policy, {resource}"),
        ));
    }
    let example = example_of(&resource).filter(|_| is_policy_alone);
    let example =
        example.ok_or_else(|| format!("the policy is for `{resource}`, which is more than one URL"))?;
    let note = format!("no URL was given; judged for {example}, which the Resource `{resource}` may match");
    Ok((example, note))
}

/// The first URL in a policy that can't be read, without wildcards; else one that stands for any.
fn resource_within(text: &str) -> String {
    let found = text.find("http").and_then(|at| {
        let rest = &text[at..];
        let resource = &rest[..rest.find(['"', '\'', ',', ' ']).unwrap_or(rest.len())];
        example_of(resource)
    });
    found.filter(|url| url.len() > "https://".len()).unwrap_or_else(|| "https://example.com/".to_owned())
}

/// A URL that a Resource with wildcards may match.
fn example_of(resource: &str) -> Option<String> {
    let (scheme, rest) = resource.split_once("://")?;
    let scheme = if scheme.contains('*') { "https" } else { scheme };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.replace("*.", "").replace('*', "example.com");
    let path = path.replace('*', "x");
    Some(format!("{scheme}://{host}{path}"))
}

const MAX_PAIRS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_cookie_is_read() {
        for (line, pairs) in [
            ("Cookie: CloudFront-Policy=a; b=c", "CloudFront-Policy=a; b=c"),
            ("cookie: x=1", "x=1"),
            ("> cookie: x=1", "x=1"),
            ("Set-Cookie: CloudFront-Signature=a~; Path=/; Secure", "CloudFront-Signature=a~"),
            ("CloudFront-Signature=a~; path=/", "CloudFront-Signature=a~"),
            ("CloudFront-Expires=1; CloudFront-Signature=b", "CloudFront-Expires=1; CloudFront-Signature=b"),
            ("-b 'CloudFront-Expires=1; x=y'", "CloudFront-Expires=1; x=y"),
            ("#HttpOnly_.a.com\tTRUE\t/\tTRUE\t0\tCloudFront-Policy\tabc", "CloudFront-Policy=abc"),
            ("a.com   FALSE  /x  TRUE  1800000000  CloudFront-Policy  abc", "CloudFront-Policy=abc"),
            (".a.com\tTRUE\t/\tTRUE\t0\tother\tabc", ""),
            ("https://a.com/", "https://a.com/"),
            ("é", "é"),
        ] {
            assert_eq!(field_of(line), pairs, "{line}");
        }
        for line in ["https://a.com/", "é", "a b TRUE"] {
            assert_eq!(in_line(line), None, "{line}");
        }
    }

    #[test]
    fn cookies_are_found_among_options_that_are_not_known() {
        for (text, pairs) in [
            (
                "hey -n 1 -H \"Cookie: CloudFront-Policy=a; CloudFront-Signature=b\"",
                Some("CloudFront-Policy=a; CloudFront-Signature=b"),
            ),
            (
                "-C 'CloudFront-Policy=a;CloudFront-Signature=b;CloudFront-Key-Pair-Id=K'",
                Some("CloudFront-Policy=a; CloudFront-Signature=b; CloudFront-Key-Pair-Id=K"),
            ),
            ("-H 'X-Cookie: CloudFront-Policy=a; CloudFront-Signature=b; CloudFront-Key-Pair-Id=K'", None),
            ("CloudFront-Policy is what I set", None),
        ] {
            assert_eq!(within(text).as_deref(), pairs, "{text}");
        }
    }

    #[test]
    fn a_policy_names_its_url_unless_it_has_wildcards() {
        let cookies = |resource: &str| {
            let policy = format!(
                r#"{{"Statement":[{{"Resource":"{resource}","Condition":{{"DateLessThan":{{"AWS:EpochTime":1}}}}}}]}}"#
            );
            [format!("x=y; CloudFront-Policy={}", crate::access::encoding::encode(policy.as_bytes()))]
        };
        assert_eq!(url_of(&cookies("https://a/x?b=1"), false).unwrap().0, "https://a/x?b=1");
        for (resource, example) in [
            ("https://a/*", "https://a/x"),
            ("http*://*.a.com/v/*?*", "https://a.com/v/x?x"),
            ("*://*/x", "https://example.com/x"),
        ] {
            assert_eq!(url_of(&cookies(resource), true).unwrap().0, example);
        }
        for (given, word) in [
            (cookies("https://a/*").to_vec(), "more than one"),
            (vec!["CloudFront-Expires=1".to_owned()], "canned"),
            (vec!["CloudFront-Policy=+++".to_owned()], "can't be read"),
            (vec!["CloudFront-Policy=e30_".to_owned()], "can't be read"),
            (vec!["x=y".to_owned()], "no CloudFront-Policy"),
        ] {
            let error = url_of(&given, false).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }
}
