//! The mistakes that the values themselves show, before any signature is looked at (semantics 3.3, 3.4 and 11).

use super::cause::{Cause, Mistake};
use super::examined::Examined;
use super::reading::{by_its_characters, readings};
use super::remedies::remedy;
use super::{evidence, hints, key_hints};
use crate::access::credentials::{Credentials, SIGNING_PARAMETERS, without_signing_parameters};
use crate::access::deny::DenyReason;
use crate::access::policy::PolicyFault;
use crate::access::verified::VerifiedPolicies;
use crate::access::{Decision, authorize};
use crate::viewer::query::{parameter_name, segments};
use crate::viewer::{Target, ViewerRequest};

/// Of what wasn't sent, or not under its name: one cause, the likeliest.
pub(super) fn missing(examined: &Examined<'_, '_>, fragment: Option<&str>) -> Option<Cause> {
    let sent = examined.sent;
    let is_there =
        |value: &Option<std::borrow::Cow<'_, [u8]>>| value.as_deref().is_some_and(|value| !value.is_empty());
    let has_policy = is_there(&sent.policy) || is_there(&sent.expires);
    if is_there(&sent.key_pair_id) && is_there(&sent.signature) && has_policy {
        return unset(sent);
    }
    if fragment.is_some_and(has_signing_parameter_within) {
        return Some(Mistake::Fragment.proven());
    }
    let query = examined.request.target.query.unwrap_or_default();
    if query.contains("&amp;") && has_signing_parameter(&query.replace("&amp;", "&")) {
        return Some(Mistake::HtmlEscaped.proven());
    }
    if let Some(found) = key_hints::miscased(examined.request) {
        let fix = format!("names are case-sensitive: {found} was sent");
        return Some(Cause::proven(Mistake::NameCase, fix));
    }
    if has_signing_parameter(query) && cookies_would_do(examined) {
        return Some(Mistake::UrlShadowsCookies.proven());
    }
    // With an id, there is nothing more to be told from it.
    let why = (!is_there(&sent.key_pair_id))
        .then(|| key_hints::key_pair_id(examined.request, sent, examined.distributions))
        .flatten();
    let names = [
        ("Key-Pair-Id", is_there(&sent.key_pair_id)),
        ("Signature", is_there(&sent.signature)),
        ("Expires or Policy", has_policy),
    ];
    let lacking: Vec<&str> = names.iter().filter(|(_, there)| !there).map(|(name, _)| *name).collect();
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    let were = if lacking.len() == 1 { "was" } else { "were" };
    Some(Cause::proven(Mistake::NotSent, format!("{} {were} not sent{why}", lacking.join(" and "))))
}

/// A variable without a value that was written as its word.
pub(super) fn unset(sent: &Credentials<'_>) -> Option<Cause> {
    let values = [
        ("Key-Pair-Id", &sent.key_pair_id),
        ("Signature", &sent.signature),
        ("Policy", &sent.policy),
        ("Expires", &sent.expires),
    ];
    let (name, word) =
        values.into_iter().find_map(|(name, value)| Some((name, hints::unset_word(value.as_deref()?)?)))?;
    let fix = format!("{name} is `{word}`: a variable without a value was written into the credentials");
    Some(Cause::proven(Mistake::NotSent, fix))
}

/// Whether what follows `#` holds them: it was signed with its fragment, and the parameters came behind.
fn has_signing_parameter_within(fragment: &str) -> bool {
    fragment.split_once('?').is_some_and(|(_, query)| has_signing_parameter(query))
        || has_signing_parameter(fragment)
}

fn has_signing_parameter(query: &str) -> bool {
    segments(query).any(|segment| SIGNING_PARAMETERS[..4].contains(&parameter_name(segment)))
}

/// Whether signing cookies that nobody looks at, because of a parameter in the URL, would open the door.
fn cookies_would_do(examined: &Examined<'_, '_>) -> bool {
    let request = examined.request;
    let query = request.target.query.and_then(without_signing_parameters);
    let target = Target { query: query.as_deref(), ..request.target };
    let by_cookies = ViewerRequest { target, ..request.clone() };
    opens(&by_cookies, examined)
}

/// Whether another request would have been allowed.
fn opens(request: &ViewerRequest<'_>, examined: &Examined<'_, '_>) -> bool {
    let route = examined.distributions.route(request);
    route.is_some_and(|route| {
        matches!(authorize(request, &route, &VerifiedPolicies::new(0)), Decision::Allow(_))
    })
}

/// What was sent as the key's id, when it isn't one that is known.
pub(super) fn key_pair_id(examined: &Examined<'_, '_>) -> Option<Cause> {
    let id = String::from_utf8_lossy(examined.sent.key_pair_id.as_deref()?).into_owned();
    if let Some(hint) = key_hints::key_group(&id, examined.distributions) {
        return Some(Cause::proven(Mistake::KeyIdIsKeyGroup, hint));
    }
    if id.contains("BEGIN") || id.starts_with("MII") {
        return Some(Mistake::KeyIdIsPem.proven());
    }
    if key_hints::is_uuid(&id) {
        return Some(Mistake::KeyIdIsKeyGroup.likely());
    }
    if id.len() == ACCESS_KEY_LENGTH && ["AKIA", "ASIA"].iter().any(|prefix| id.starts_with(prefix)) {
        return Some(Mistake::KeyIdIsAccessKey.proven());
    }
    None
}

/// What the policy's own text shows.
pub(super) fn policy(fault: &PolicyFault, examined: &Examined<'_, '_>) -> Option<Cause> {
    let hint = || hints::policy(&DenyReason::MalformedPolicy(fault.clone()), examined.sent);
    let with_hint =
        |mistake| Some(Cause::proven(mistake, hint().unwrap_or_else(|| remedy(mistake).to_owned())));
    match fault {
        PolicyFault::UnknownKey { .. } => with_hint(Mistake::UnknownPolicyKey),
        PolicyFault::Statements { count } if *count > 1 => with_hint(Mistake::SeveralStatements),
        PolicyFault::Unexpected { place: "IpAddress", .. } => Some(Mistake::MalformedRange.proven()),
        PolicyFault::Unexpected { expected, found, .. }
            if expected.contains("EpochTime") && found.contains('"') =>
        {
            with_hint(Mistake::QuotedNumber)
        }
        PolicyFault::NotJson { problem } if problem.contains("EOF") => Some(Mistake::Truncated.likely()),
        PolicyFault::NotJson { .. } => {
            let text = crate::access::encoding::decode(examined.sent.policy.as_deref()?).ok()?;
            if text.starts_with(b"\xef\xbb\xbf") {
                return Some(Mistake::JsonBom.proven());
            }
            let is_escaped = memchr::memmem::find(&text, br"\?").is_some();
            is_escaped
                .then(|| Cause::proven(Mistake::JsonEscaping, "`\\?` is no escape of JSON: write a bare `?`"))
        }
        PolicyFault::Encoding(_) => {
            let value = examined.sent.policy.as_deref()?;
            if value.trim_ascii_start().starts_with(b"{") {
                return None;
            }
            let meant = evidence::policy_as_meant(readings(value));
            match meant.and_then(|(reading, _)| reading.undone.first().copied()) {
                Some(mistake) => Some(mistake.proven()),
                None => by_its_characters(value).map(Mistake::likely),
            }
        }
        PolicyFault::Missing
        | PolicyFault::TooLong { .. }
        | PolicyFault::Unexpected { .. }
        | PolicyFault::Statements { .. }
        | PolicyFault::MissingKey { .. }
        | PolicyFault::TimeOutOfRange { .. }
        | PolicyFault::Expires { .. } => None,
    }
}

/// A name that was sent twice: a proof where the other value would have opened the door.
pub(super) fn duplicate(examined: &Examined<'_, '_>) -> Option<Cause> {
    let request = examined.request;
    let query = request.target.query.unwrap_or_default();
    if has_signing_parameter(query) {
        let twice = twice(segments(query).map(|segment| (parameter_name(segment), segment)))?;
        let kept: Vec<&str> = segments(query).filter(|segment| !twice.contains(segment)).collect();
        let kept = kept.join("&");
        let target = Target { query: Some(&kept), ..request.target };
        return Some(told(&ViewerRequest { target, ..request.clone() }, examined));
    }
    let text = |field: &&[u8]| String::from_utf8_lossy(field).into_owned();
    let fields: Vec<String> = request.cookies.iter().map(text).collect();
    let cookies: Vec<&str> = fields.iter().flat_map(|field| field.split(';')).map(str::trim).collect();
    let named = cookies.iter().map(|cookie| {
        let name = cookie.split('=').next().unwrap_or_default();
        (name.strip_prefix("CloudFront-").unwrap_or_default(), *cookie)
    });
    let twice = twice(named)?;
    let kept: Vec<&str> = cookies.iter().copied().filter(|cookie| !twice.contains(cookie)).collect();
    let kept = kept.join("; ");
    Some(told(&ViewerRequest { cookies: vec![kept.as_bytes()], ..request.clone() }, examined))
}

/// The first of each signing name that comes again with another value.
fn twice<'t>(named: impl Iterator<Item = (&'t str, &'t str)>) -> Option<Vec<&'t str>> {
    let all: Vec<(&str, &str)> = named.filter(|(name, _)| SIGNING_PARAMETERS.contains(name)).collect();
    let mut found: Vec<&str> = Vec::new();
    for (place, (name, whole)) in all.iter().enumerate() {
        let is_first = all[..place].iter().all(|(other, _)| other != name);
        if is_first && all[place + 1..].iter().any(|(other, value)| other == name && value != whole) {
            found.push(*whole);
        }
    }
    (!found.is_empty()).then_some(found)
}

fn told(with_the_others: &ViewerRequest<'_>, examined: &Examined<'_, '_>) -> Cause {
    Cause { proven: opens(with_the_others, examined), ..Mistake::Duplicate.proven() }
}

const ACCESS_KEY_LENGTH: usize = 20;
