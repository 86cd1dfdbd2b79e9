//! Conditional requests (RFC 9110, 13): whether the viewer's copy is the one that is there.

use std::time::UNIX_EPOCH;

use http::HeaderMap;
use http::header::{HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE};

use super::metadata::{Representation, only};
use crate::epoch::EpochSeconds;

/// What the preconditions of a GET or HEAD come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precondition {
    /// There is none, or all hold: the request is answered as if it had none.
    Holds,
    /// The viewer has it already: 304.
    NotModified,
    /// The viewer meant another one: 412.
    Failed,
}

/// Evaluates them in the order of 13.2.2: an entity tag outweighs the date of its kind.
pub(super) fn evaluate(headers: &HeaderMap, current: &Representation) -> Precondition {
    let meant = match field(headers, &IF_MATCH) {
        Some(list) => lists(&list, &current.etag, Comparison::Strong),
        None => {
            let since = date(headers, &IF_UNMODIFIED_SINCE).zip(current.last_modified);
            since.is_none_or(|(since, modified)| modified <= since)
        }
    };
    let known = match field(headers, &IF_NONE_MATCH) {
        Some(list) => lists(&list, &current.etag, Comparison::Weak),
        None => {
            let since = date(headers, &IF_MODIFIED_SINCE).zip(current.last_modified);
            since.is_some_and(|(since, modified)| modified <= since)
        }
    };
    match (meant, known) {
        (false, _) => Precondition::Failed,
        (true, true) => Precondition::NotModified,
        (true, false) => Precondition::Holds,
    }
}

/// Whether `If-Range` allows a part: it must name the very representation that is there (13.1.5).
pub(super) fn range_applies(headers: &HeaderMap, current: &Representation) -> bool {
    if !headers.contains_key(IF_RANGE) {
        return true;
    }
    let is_tag = only(headers, &IF_RANGE).is_some_and(|tag| tag.as_bytes() == current.etag.as_bytes());
    let is_date = || date(headers, &IF_RANGE).is_some_and(|date| current.last_modified == Some(date));
    is_tag || is_date()
}

/// Section 8.8.3.2.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Strong,
    Weak,
}

/// Whether a list of entity tags, or `*`, has this strong one. What stops being a list ends there.
fn lists(list: &[u8], etag: &str, comparison: Comparison) -> bool {
    if list.trim_ascii() == b"*" {
        return true;
    }
    let mut rest = list;
    loop {
        while let [b' ' | b'\t' | b',', after @ ..] = rest {
            rest = after;
        }
        let (is_weak, tag) = match rest.strip_prefix(b"W/") {
            Some(tag) => (true, tag),
            None => (false, rest),
        };
        let Some(quoted) = quoted(tag) else { return false };
        if quoted == etag.as_bytes() && !(is_weak && comparison == Comparison::Strong) {
            return true;
        }
        rest = &tag[quoted.len()..];
    }
}

/// The quoted text that begins here, with its quotes; it may hold a comma.
fn quoted(tag: &[u8]) -> Option<&[u8]> {
    let inner = tag.strip_prefix(b"\"")?;
    let length = inner.iter().position(|&byte| byte == b'"')?;
    Some(&tag[..length + 2])
}

/// A list field, all lines of which are one.
fn field(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<u8>> {
    let lines: Vec<&[u8]> = headers.get_all(name).iter().map(|line| line.as_bytes()).collect();
    (!lines.is_empty()).then(|| lines.join(&b", "[..]))
}

/// A date in any of HTTP's three formats; anything else is as good as absent (13.1.3).
fn date(headers: &HeaderMap, name: &HeaderName) -> Option<EpochSeconds> {
    let date = httpdate::parse_http_date(only(headers, name)?.to_str().ok()?).ok()?;
    date.duration_since(UNIX_EPOCH).ok().map(|since| EpochSeconds(since.as_secs()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn current() -> Representation {
        Representation {
            length: 10,
            etag: "\"a,b\"".to_owned(),
            last_modified: Some(EpochSeconds(784_111_777)),
            content_type: HeaderValue::from_static("text/plain"),
        }
    }

    fn headers(lines: &[(HeaderName, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const EXACT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const AFTER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    #[test]
    fn one_precondition() {
        use Precondition::{Failed, Holds, NotModified};
        for (name, value, expected) in [
            (IF_MATCH, "\"a,b\"", Holds),
            (IF_MATCH, "\"x\", \"a,b\"", Holds),
            (IF_MATCH, "*", Holds),
            (IF_MATCH, "W/\"a,b\"", Failed),
            (IF_MATCH, "\"x\"", Failed),
            (IF_MATCH, "a,b", Failed),
            (IF_MATCH, "", Failed),
            (IF_UNMODIFIED_SINCE, BEFORE, Failed),
            (IF_UNMODIFIED_SINCE, EXACT, Holds),
            (IF_UNMODIFIED_SINCE, AFTER, Holds),
            (IF_UNMODIFIED_SINCE, "yesterday", Holds),
            (IF_NONE_MATCH, "\"a,b\"", NotModified),
            (IF_NONE_MATCH, "W/\"a,b\"", NotModified),
            (IF_NONE_MATCH, "\"x\",, W/\"y\" ,\"a,b\"", NotModified),
            (IF_NONE_MATCH, "*", NotModified),
            (IF_NONE_MATCH, " * ", NotModified),
            (IF_NONE_MATCH, "\"a\"", Holds),
            (IF_NONE_MATCH, "\"a,b", Holds),
            (IF_NONE_MATCH, "\"*\"", Holds),
            (IF_NONE_MATCH, "w/\"a,b\"", Holds),
            (IF_NONE_MATCH, "x, \"a,b\"", Holds),
            (IF_MODIFIED_SINCE, BEFORE, Holds),
            (IF_MODIFIED_SINCE, EXACT, NotModified),
            (IF_MODIFIED_SINCE, AFTER, NotModified),
            (IF_MODIFIED_SINCE, "Sunday, 06-Nov-94 08:49:37 GMT", NotModified),
            (IF_MODIFIED_SINCE, "Sun Nov  6 08:49:37 1994", NotModified),
            (IF_MODIFIED_SINCE, "tomorrow", Holds),
        ] {
            let headers = headers(&[(name.clone(), value)]);
            assert_eq!(evaluate(&headers, &current()), expected, "{name}: {value}");
        }
    }

    #[test]
    fn an_entity_tag_outweighs_a_date_and_412_outweighs_304() {
        use Precondition::{Failed, Holds, NotModified};
        for (lines, expected) in [
            ([(IF_MATCH, "\"a,b\""), (IF_UNMODIFIED_SINCE, BEFORE)], Holds),
            ([(IF_MATCH, "\"x\""), (IF_UNMODIFIED_SINCE, AFTER)], Failed),
            ([(IF_NONE_MATCH, "\"x\""), (IF_MODIFIED_SINCE, AFTER)], Holds),
            ([(IF_NONE_MATCH, "\"a,b\""), (IF_MODIFIED_SINCE, BEFORE)], NotModified),
            ([(IF_MATCH, "\"a,b\""), (IF_NONE_MATCH, "\"a,b\"")], NotModified),
            ([(IF_MATCH, "\"x\""), (IF_NONE_MATCH, "\"a,b\"")], Failed),
            ([(IF_UNMODIFIED_SINCE, BEFORE), (IF_MODIFIED_SINCE, AFTER)], Failed),
            ([(IF_NONE_MATCH, "\"x\""), (IF_NONE_MATCH, "\"a,b\"")], NotModified),
            ([(IF_MODIFIED_SINCE, AFTER), (IF_MODIFIED_SINCE, AFTER)], Holds),
        ] {
            assert_eq!(evaluate(&headers(&lines), &current()), expected, "{lines:?}");
        }
    }

    #[test]
    fn without_a_date_only_entity_tags_count() {
        let undated = Representation { last_modified: None, ..current() };
        for name in [IF_UNMODIFIED_SINCE, IF_MODIFIED_SINCE] {
            let headers = headers(&[(name.clone(), EXACT)]);
            assert_eq!(evaluate(&headers, &undated), Precondition::Holds, "{name}");
        }
        assert!(!range_applies(&headers(&[(IF_RANGE, "never")]), &undated));
    }

    #[test]
    fn a_part_is_for_the_very_same_representation() {
        for (value, applies) in [
            ("\"a,b\"", true),
            (EXACT, true),
            ("W/\"a,b\"", false),
            ("\"x\"", false),
            ("*", false),
            (BEFORE, false),
            (AFTER, false),
            ("", false),
        ] {
            assert_eq!(range_applies(&headers(&[(IF_RANGE, value)]), &current()), applies, "{value}");
        }
        assert!(range_applies(&HeaderMap::new(), &current()));
    }

    proptest! {
        #[test]
        fn any_field_is_read_without_panic(value in "[\"W/*, a-zA-Z0-9:]{0,60}") {
            let Ok(value) = HeaderValue::try_from(value) else { return Ok(()) };
            for name in [IF_MATCH, IF_UNMODIFIED_SINCE, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_RANGE] {
                let headers = HeaderMap::from_iter([(name, value.clone())]);
                let _ = (evaluate(&headers, &current()), range_applies(&headers, &current()));
            }
        }
    }
}
