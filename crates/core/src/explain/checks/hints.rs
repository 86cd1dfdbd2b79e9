//! What a failed check usually means: the mistakes that users report (cloudfront 11), recognized from the request alone.

use std::net::IpAddr;
use std::time::Duration;

use crate::access::CandidateUrls;
use crate::access::credentials::Credentials;
use crate::access::deny_reason::DenyReason;
use crate::access::policy::{PolicyFault, SourceIp};
use crate::access::resource::Resource;
use crate::distribution::Route;
use crate::epoch::EpochSeconds;
use crate::explain::mistakes::resource_corrections::Difference;
use crate::explain::mistakes::resource_mismatch::differences;
use crate::explain::mistakes::time_values::misunderstood_end;
use crate::explain::mistakes::value_shape::shape;
use crate::explain::request::parsed_request::ParsedRequest;
use crate::explain::request::unset_word::unset_word;
use crate::viewer::readings::Reading;
use crate::viewer::{Base, Host, SignedUrl};

/// Cloudfront 11.10 and 11.14.
pub(in crate::explain) fn encoding(value: Option<&[u8]>) -> Option<String> {
    let value = value.filter(|value| !value.is_empty())?;
    if unset_word(value).is_some() {
        return Some("a variable without a value was written into the credentials".to_owned());
    }
    if value.trim_ascii_start().starts_with(b"{") {
        return Some("the policy was sent as it is: send CloudFront's base64 of it".to_owned());
    }
    shape(value).map(|cause| cause.fix)
}

/// Cloudfront 11.3, 11.14 and 11.15 and IAM's habits.
pub(in crate::explain) fn policy(reason: &DenyReason, sent: &Credentials<'_>) -> Option<String> {
    let DenyReason::MalformedPolicy(fault) = reason else { return None };
    match fault {
        PolicyFault::Missing => Some("a canned policy needs Expires, a custom one Policy".to_owned()),
        PolicyFault::Encoding(_) => encoding(sent.policy.as_deref()),
        // The cause shows the place.
        PolicyFault::NotJson { .. } => None,
        PolicyFault::UnknownKey { key, .. }
            if ["Version", "Id", "Effect", "Sid", "Action", "Principal"].contains(&key.as_str()) =>
        {
            Some(format!(
                "{key} belongs to IAM policies; CloudFront's have Statement, Resource and Condition only"
            ))
        }
        PolicyFault::UnknownKey { key, known, .. } => {
            let near = known.split("`, `").find(|name| name.eq_ignore_ascii_case(key));
            near.map(|name| format!("names are case-sensitive: {name}"))
        }
        PolicyFault::Statements { .. } => Some(
            "CloudFront takes one statement; use a wildcard in Resource, or a set of cookies for each path"
                .to_owned(),
        ),
        PolicyFault::TimeOutOfRange { .. } => Some("CloudFront counts seconds since 1970".to_owned()),
        PolicyFault::MissingKey { key: "DateLessThan" | "Condition", .. } => {
            Some("DateLessThan is the one condition that must be there".to_owned())
        }
        PolicyFault::Unexpected { place, expected, .. } if expected.contains("EpochTime") => Some(format!(
            "write the time of {place} as a bare number of seconds, without quotes and fraction"
        )),
        PolicyFault::MissingKey { .. }
        | PolicyFault::Unexpected { .. }
        | PolicyFault::TooLong { .. }
        | PolicyFault::Expires { .. } => None,
    }
}

/// Cloudfront 11.11.
pub(in crate::explain) fn hash_algorithm(sent: &Credentials<'_>) -> Option<String> {
    let value =
        String::from_utf8_lossy(sent.hash_algorithm.as_deref()?).to_ascii_uppercase().replace('-', "");
    let known = ["SHA1", "SHA256"].into_iter().find(|known| *known == value);
    Some(match known {
        Some(known) => format!("written exactly {known}"),
        None => "CloudFront knows SHA1 and SHA256 only".to_owned(),
    })
}

/// A host that nobody vouches for has no URL that could have been signed.
pub(in crate::explain) fn no_name(parsed: &ParsedRequest<'_, '_>) -> Option<String> {
    parsed.tried.is_empty().then(|| {
        let host = parsed.request.host.name();
        format!(
            "{host} is not a name of the distribution: add it to `aliases`, or what links are signed for to `public-base-urls` \
             (`frontgate dev`: `--host` or `--base-url`)"
        )
    })
}

/// The signed bytes of a canned policy are also those of a custom one, in whose Resource `*` and `?` are wildcards.
pub(in crate::explain) fn wildcards_in_canned(tried: &CandidateUrls<'_>) -> Option<String> {
    let url = tried.urls().next()?;
    let has = |wildcard: char| url.pieces().any(|piece| piece.contains(wildcard));
    let what = match (has('*'), has('?')) {
        (true, _) => {
            "`*` matches any text and `?` any character: it grants access to every URL that matches. Write a literal `*` as %2A"
        }
        (false, true) => "`?` matches any one character",
        (false, false) => return None,
    };
    Some(format!(
        "anyone who has this link can rewrite it as a custom policy with the same signature, where {what}"
    ))
}

/// Cloudfront 2.2, the `?` trap: when only some readings of the pattern match.
pub(in crate::explain) fn ambiguous(resource: &Resource<'_>, tried: &CandidateUrls<'_>) -> Option<String> {
    let url = tried.urls().find(|url| resource.matches(url))?;
    let (fitting, all) = resource.readings(&url);
    (!resource.is_exactly(&url) && fitting > 0 && fitting < all).then(|| {
        format!(
            "`?` in a Resource is both a wildcard and the beginning of the query: {fitting} of {all} readings match; \
             CloudFront may take another one"
        )
    })
}

/// Whether a Resource is for the same URL under another name of this machine: `localhost` in place of `127.0.0.1`.
pub(in crate::explain) fn is_for_other_local_host(
    resource: &Resource<'_>,
    parsed: &ParsedRequest<'_, '_>,
) -> bool {
    let Some((scheme, rest)) = resource.as_str().split_once("://") else { return false };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let accepted = &parsed.distributions.accepted_hosts;
    let is_local = |host: &Host<'_>| {
        host.is_local_or_address() || accepted.iter().any(|name| name.eq_ignore_ascii_case(host.name()))
    };
    let (Ok(signed), requested) = (Host::parse(authority), parsed.request.host) else { return false };
    let base = Base { scheme, authority };
    let differs = !signed.name().eq_ignore_ascii_case(requested.name());
    differs
        && is_local(&signed)
        && is_local(&requested)
        && parsed.tried.urls().any(|url| resource.matches(&SignedUrl { base, ..url }))
}

/// Why a Resource doesn't match: the sections that differ, and how.
pub(in crate::explain) fn resource(
    resource: &Resource<'_>,
    tried: &CandidateUrls<'_>,
    route: &Route<'_, '_>,
) -> (Option<String>, Vec<Difference>) {
    if let Some(url) = tried.urls().next().filter(|url| resource.matches(url)) {
        return (uncovered_reading(resource, &url, route), Vec::new());
    }
    let found = differences(resource, tried);
    let whats: Vec<&str> = found.iter().map(|difference| difference.what.as_str()).collect();
    ((!whats.is_empty()).then(|| whats.join("; ")), found)
}

/// Reference 3: the pattern matches the path as sent, but not as an origin may read it.
fn uncovered_reading(resource: &Resource<'_>, url: &SignedUrl<'_>, route: &Route<'_, '_>) -> Option<String> {
    let text = |form: &Reading| String::from_utf8(form.path.clone()).ok();
    let mut texts = route.readings.others().iter().filter_map(text);
    let missed = texts.find(|path| !resource.matches(&SignedUrl { path, ..*url }))?;
    Some(format!("an origin may read the path as {missed}, which the pattern must match too"))
}

/// How long ago, and what that looks like.
pub(in crate::explain) fn expired(now: EpochSeconds, end: EpochSeconds) -> String {
    if now == end {
        return "expired this very second: the end itself is outside".to_owned();
    }
    let ago = format!("expired {} ago", span(now.since(end)));
    match misunderstood_end(now, end) {
        Some((_, meant)) => format!("{ago}; {meant}"),
        None => ago,
    }
}

/// Cloudfront 11.23 for small distances.
pub(in crate::explain) fn too_early(now: EpochSeconds, begin: EpochSeconds) -> String {
    let wait = begin.since(now);
    let clock = if wait <= Duration::from_secs(5) {
        "; a signer whose clock is a little ahead, or a beginning of \"now\", fails for its first seconds"
    } else {
        ""
    };
    format!("valid in {}{clock}", span(wait + Duration::from_secs(1)))
}

/// Cloudfront 11.16.
pub(in crate::explain) fn address(viewer: IpAddr, allowed: &SourceIp) -> Option<String> {
    match (viewer.to_canonical(), allowed) {
        (_, SourceIp::V6(_)) => Some("CloudFront supports IPv4 only here: no viewer matches".to_owned()),
        (IpAddr::V6(_), SourceIp::V4(_)) => {
            Some("an IPv6 viewer never matches: AWS's guide says to turn IPv6 off on such a distribution".to_owned())
        }
        (IpAddr::V4(viewer), SourceIp::V4(_)) if viewer.is_loopback() => {
            Some("on one's own machine the viewer is 127.0.0.1; test mode's X-Frontgate-Viewer-Ip or --ip sets another".to_owned())
        }
        (IpAddr::V4(_), SourceIp::V4(_)) => None,
    }
}

/// A length of time in its two largest units.
pub(in crate::explain) fn span(length: Duration) -> String {
    let seconds = length.as_secs();
    let units = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
    let first = units.iter().position(|(_, unit)| seconds >= *unit).unwrap_or(3);
    let mut left = seconds;
    let mut parts = Vec::new();
    for (name, unit) in units.iter().skip(first).take(2) {
        if left / unit > 0 || parts.is_empty() {
            parts.push(format!("{} {name}", left / unit));
        }
        left %= unit;
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_two_units() {
        for (seconds, text) in
            [(0, "0 s"), (59, "59 s"), (60, "1 m"), (3_725, "1 h 2 m"), (90_000, "1 d 1 h")]
        {
            assert_eq!(span(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn an_end_in_january_1970_was_meant_in_seconds() {
        let (now, seconds) = (EpochSeconds(1_900_000_000), EpochSeconds(1_990_001));
        assert!(expired(now, seconds).contains("would be 2033-01-22T"), "{}", expired(now, seconds));
        assert!(!expired(now, EpochSeconds(1_800_000_000)).contains("milliseconds"));
    }

    #[test]
    fn foreign_encodings_are_recognised() {
        for (value, word) in
            [("ab_c-d", "base64url"), ("undefined", "variable"), ("ab cd", "space"), ("ab%7Ecd", "twice")]
        {
            let hint = encoding(Some(value.as_bytes())).unwrap();
            assert!(hint.contains(word), "{value}: {hint}");
        }
        assert_eq!(encoding(Some(b"abcd__")), None);
    }
}
