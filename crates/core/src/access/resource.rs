//! A policy's Resource: a pattern of URLs, matched section by section.
//!
//! Cloudfront 2.2: a wildcard stays within its section (scheme, host, path, query), but a `*` that ends the host or the
//! path covers what follows it. `?` is both a wildcard and the delimiter of the query, and AWS's own pages disagree on
//! which; a URL is matched when any reading matches, `[ASSUMED]`.

use std::borrow::Cow;
use std::fmt;

use crate::distribution::pattern::{Wildcard, fits_tokens};
use crate::viewer::SignedUrl;
use crate::viewer::readings::Readings;

/// A Resource as the policy has it. Its sections are told apart when a URL is matched: a policy whose signature is bad
/// costs no more for a long one.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource<'p>(Cow<'p, str>);

/// One way to tell the host, the path and the query apart.
#[derive(Clone, Copy)]
struct PatternReading<'a> {
    host: &'a str,
    /// None where a `*` ends the host: any path and query.
    target: Option<TargetPattern<'a>>,
}

#[derive(Clone, Copy)]
struct TargetPattern<'a> {
    path: &'a str,
    query: &'a str,
}

impl<'p> Resource<'p> {
    /// Takes the text of a policy; one that begins with no scheme in any known form matches nothing.
    #[must_use]
    pub fn new(text: impl Into<Cow<'p, str>>) -> Self {
        Self(text.into())
    }

    /// The text of the policy.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the URL itself, byte for byte.
    #[must_use]
    pub fn is_exactly(&self, url: &SignedUrl<'_>) -> bool {
        let mut rest = &*self.0;
        url.pieces().all(|piece| rest.strip_prefix(piece).map(|after| rest = after).is_some())
            && rest.is_empty()
    }

    /// Whether any reading of the pattern matches the URL.
    #[must_use]
    pub fn matches(&self, url: &SignedUrl<'_>) -> bool {
        if self.is_exactly(url) {
            return true;
        }
        // Where no `?` stands there is one reading, and no way to search for others.
        match scheme_and_rest(&self.0) {
            Some((scheme, rest)) if memchr::memchr(b'?', rest.as_bytes()).is_none() => {
                Wildcard(scheme).matches_ignoring_case(url.base.scheme)
                    && PatternReading::without_mark(rest).fits(url)
            }
            Some(_) => self.fitting(url).any(|fits| fits),
            None => false,
        }
    }

    /// Whether it matches the URL, and whatever else an origin may read the URL's path as: each of those must match the
    /// pattern, or the pattern read in the same way (reference 3, `[ASSUMED]`, stricter than CloudFront). A Resource that is
    /// the URL itself was signed for exactly these bytes, and covers them.
    #[must_use]
    pub fn covers(&self, url: &SignedUrl<'_>, readings: &Readings) -> bool {
        if readings.has_none() || self.is_exactly(url) {
            return self.matches(url);
        }
        let Some((scheme, rest)) = scheme_and_rest(&self.0) else { return false };
        let mut steps = MAX_COVERING_STEPS;
        Wildcard(scheme).matches_ignoring_case(url.base.scheme)
            && readings_of_mark(rest)
                .filter(|reading| reading.fits(url))
                .any(|reading| reading.covers(url, readings, &mut steps))
    }

    /// For each reading, whether it matches.
    fn fitting(&self, url: &SignedUrl<'_>) -> impl Iterator<Item = bool> {
        let sections = scheme_and_rest(&self.0);
        let scheme = url.base.scheme;
        // Letters' case counts neither here nor in the host (cloudfront 2.2, `[ASSUMED]`).
        let sections =
            sections.map(|(pattern, rest)| (Wildcard(pattern).matches_ignoring_case(scheme), rest));
        sections.into_iter().flat_map(move |(scheme_fits, rest)| {
            readings_of_mark(rest).map(move |reading| scheme_fits && reading.fits(url))
        })
    }

    /// How many readings of `?` match, and how many there are: where they differ, the pattern is ambiguous.
    #[must_use]
    pub fn readings(&self, url: &SignedUrl<'_>) -> (usize, usize) {
        self.fitting(url).fold((0, 0), |(fitting, all), fits| (fitting + usize::from(fits), all + 1))
    }
}

impl fmt::Display for Resource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The scheme's pattern, and what follows it; none without a scheme in any known form.
fn scheme_and_rest(text: &str) -> Option<(&str, &str)> {
    let mut colons = memchr::memchr_iter(b':', text.as_bytes());
    let end = colons.find(|&at| text[at..].starts_with("://"));
    match end.map(|at| (&text[..at], &text[at + "://".len()..])) {
        Some((scheme, rest)) if !scheme.bytes().any(|byte| b"/.?".contains(&byte)) => Some((scheme, rest)),
        // The protocol may be left out where the pattern begins with `*`: `*a.com` is `*://*a.com/`.
        Some(_) | None => text.starts_with('*').then_some(("*", text)),
    }
}

impl<'a> PatternReading<'a> {
    fn fits(self, url: &SignedUrl<'_>) -> bool {
        Wildcard(self.host).matches_ignoring_case(url.base.authority)
            && self.target.is_none_or(|target| target.fits(url))
    }

    /// For one that fits the URL. A pattern for every path covers every reading.
    fn covers(self, url: &SignedUrl<'_>, readings: &Readings, steps: &mut usize) -> bool {
        self.target.is_none_or(|target| {
            let pattern = Wildcard(target.path).tokens();
            readings.are_covered(url.path, &pattern, |pattern, path| fits_tokens(pattern, path, steps))
        })
    }

    /// Of what follows the scheme, if it has no `?`.
    fn without_mark(rest: &'a str) -> Self {
        match memchr::memchr(b'/', rest.as_bytes()) {
            Some(slash) => Self::new(&rest[..slash], &rest[slash..], None),
            None if rest.ends_with('*') => Self { host: rest, target: None },
            None => Self::new(rest, "", None),
        }
    }

    fn new(host: &'a str, path: &'a str, query: Option<&'a str>) -> Self {
        let path = if path.is_empty() { "/" } else { path };
        let query = query.unwrap_or(if path.ends_with('*') { "*" } else { "" });
        Self { host, target: Some(TargetPattern { path, query }) }
    }
}

impl TargetPattern<'_> {
    fn fits(self, url: &SignedUrl<'_>) -> bool {
        // A query that isn't there equals an empty one: what is rebuilt from a request has no lone `?`.
        Wildcard(self.path).matches(url.path) && Wildcard(self.query).matches(url.query.unwrap_or(""))
    }
}

/// (a) and (b) each `?` may be the delimiter, those before it being wildcards, or none is; (c) so may each `\?`.
fn readings_of_mark(rest: &str) -> impl Iterator<Item = PatternReading<'_>> {
    let slash = rest.find('/').unwrap_or(rest.len());
    let (host, target) = rest.split_at(slash);
    let covers_all = host.ends_with('*') && target.is_empty();
    let whole = covers_all.then_some(PatternReading { host, target: None });
    let splits_of_target = splits(target).filter(move |_| !covers_all);
    let in_target = splits_of_target.map(move |(path, query)| PatternReading::new(host, path, query));
    // Before the first slash a `?` may be a wildcard of the host, as above, or begin the query of the root path.
    let without_path = splits(rest).filter(move |(host, query)| query.is_some() && host.len() < slash);
    whole
        .into_iter()
        .chain(in_target)
        .chain(without_path.map(|(host, query)| PatternReading::new(host, "", query)))
}

/// Every way to split at a `?` or `\?`, and not to.
fn splits(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let at_marks = text.match_indices('?').take(MAX_READINGS).flat_map(|(at, _)| {
        let (before, after) = (&text[..at], Some(&text[at + 1..]));
        [Some((before, after)), before.strip_suffix('\\').map(|before| (before, after))].into_iter().flatten()
    });
    [(text, None)].into_iter().chain(at_marks)
}

/// Later `?`s are read as wildcards of the query only. An exact URL is found by its first one, so this loses nothing
/// but patterns of more than sixteen one-character wildcards in the path before a query.
const MAX_READINGS: usize = 16;
/// For all comparisons of one Resource with the readings of a path: several times what those of real paths take, and 2 ms
/// for a hostile pattern, which only someone with a trusted key can have signed.
const MAX_COVERING_STEPS: usize = 1_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::viewer::Base;

    fn matches(pattern: &str, url: &str) -> bool {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (authority, target) = rest.split_at(rest.find('/').unwrap());
        let (path, query) =
            target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        Resource::new(pattern).matches(&SignedUrl { base: Base { scheme, authority }, path, query })
    }

    #[test]
    fn patterns_match_by_sections() {
        for (pattern, url, fits) in [
            ("*", "https://a.com/b?c=d", true),
            ("https://a.com/b", "https://a.com/b", true),
            ("https://a.com/b", "https://a.com/b?c=d", false),
            ("https://a.com/b", "http://a.com/b", false),
            ("http*://a.com/*", "http://a.com/b", true),
            ("http*://a.com/*", "https://a.com/b?x", true),
            ("*://a.com/*", "https://a.com/", true),
            ("HTTPS://A.com/b", "https://a.com/b", true),
            ("https://a.com/B", "https://a.com/b", false),
            ("https://a.com/hello*world", "https://a.com/hello-world", true),
            ("https://a.com/hello*world", "https://a.com/hello?world", false),
            ("https://a.com/hello*world", "https://a.com/hello/x/world", true),
            ("https://a.com/hello*", "https://a.com/hello?x=1", true),
            (
                "https://a.com/*game_download.zip*",
                "https://a.com/example_game_download.zip?license=yes",
                true,
            ),
            ("https://a.com*", "https://a.com/x?y", true),
            ("https://a.com*", "https://a.com.evil.org/x", true),
            ("https://a.com", "https://a.com/", true),
            ("https://a.com", "https://a.com/x", false),
            ("*a.com", "https://www.a.com/", true),
            ("*a.com", "https://www.a.com/x", false),
            ("*a.com/img/*", "http://a.com/img/1?x", true),
            ("https://*.a.com/*", "https://evil.org/x.a.com/", false),
            ("https://a.com/*/x", "https://a.com/b?c/x", false),
            ("http://*", "http://a.com/x?y", true),
            ("http://*", "https://a.com/x", false),
            ("a.com/*", "https://a.com/x", false),
            ("http", "http://a.com/", false),
            ("", "http://a.com/", false),
            ("https://a.com:8080/*", "https://a.com:8080/x", true),
            ("https://a.com/*", "https://a.com:8080/x", false),
        ] {
            assert_eq!(matches(pattern, url), fits, "{pattern} on {url}");
        }
    }

    #[test]
    fn a_question_mark_is_read_in_every_way() {
        for (pattern, url, fits) in [
            ("https://a.com/h.jpg?size=large", "https://a.com/h.jpg?size=large", true),
            ("https://a.com/h.jpg\\?size=large", "https://a.com/h.jpg?size=large", true),
            ("https://a.com/h.jpg?size=*", "https://a.com/h.jpg?size=large&x=1", true),
            ("https://a.com/file?.zip", "https://a.com/file1.zip", true),
            ("https://a.com/file?.zip", "https://a.com/file12.zip", false),
            ("https://a.com/file?.zip?v=1", "https://a.com/file1.zip?v=1", true),
            ("https://a.com/a?b=*", "https://a.com/a?b=1", true),
            ("https://a.com/a?b=*", "https://a.com/axb=1", true),
            ("https://a.com/?ile.jpg", "https://a.com/file.jpg", true),
            ("https://a.com/a?x=?", "https://a.com/a?x=1", true),
            ("https://a.com/a?*", "https://a.com/a", true),
            ("https://a.com?x=1", "https://a.com/?x=1", true),
            ("https://a.com?x=1", "https://a.com/x=1", false),
            ("https://a?com/x", "https://a.com/x", true),
            ("https://a?com/x", "https://ab.com/x", false),
            ("https://?.com/x?y", "https://a.com/x?y", true),
            ("https://a.com?x=/1", "https://a.com/?x=/1", true),
        ] {
            assert_eq!(matches(pattern, url), fits, "{pattern} on {url}");
        }
    }

    proptest! {
        #[test]
        fn the_one_reading_without_a_mark_is_the_only_one(
            pattern in "(\\*|https?|h\\*p)?(://)?[ab.*]{0,4}[/]?[ab/*]{0,6}",
            path in "/[ab/]{0,6}",
        ) {
            let url = SignedUrl { base: Base { scheme: "https", authority: "a.b" }, path: &path, query: None };
            let resource = Resource::new(pattern);
            let searched = resource.is_exactly(&url) || resource.fitting(&url).any(|fits| fits);
            prop_assert_eq!(resource.matches(&url), searched);
        }

        #[test]
        fn a_url_matches_itself(path in "/[a-z?*/.=&%]{0,30}") {
            let url = format!("https://a.com{path}");
            prop_assert!(matches(&url, &url));
        }

        #[test]
        fn no_pattern_for_one_host_matches_another(pattern in "[a-z?*/.=&]{0,20}", path in "[a-z?/.]{0,20}") {
            let pattern = format!("https://a.com/{pattern}");
            let url = format!("https://b.com/{path}");
            prop_assert!(!matches(&pattern, &url));
        }

        #[test]
        fn a_pattern_without_wildcards_matches_only_itself(pattern in "[a-z/.=&]{0,12}", path in "[a-z/.=&]{0,12}") {
            let (pattern, url) = (format!("https://a.com/{pattern}"), format!("https://a.com/{path}"));
            prop_assert_eq!(matches(&pattern, &url), pattern == url);
        }
    }
}
