//! The query: parameters added, lost, sorted, encoded anew; the signing ones left in; what follows `#`.

use std::rc::Rc;

use super::change::{Change, Dimension};
use crate::access::credentials::SIGNING_PARAMETERS;
use crate::explain::forensics::candidate::Url;
use crate::explain::forensics::json_forms::permuted;
use crate::explain::mistakes::mistake::Mistake;
use crate::explain::request::parsed_request::ParsedRequest;
use crate::explain::request::percent_encoding::{
    ENCODE_URI, ENCODE_URI_COMPONENT, PHP_URLENCODE, decoded, encoded, json_ascii, lower_escapes,
};
use crate::viewer::query::{parameter_name, segments};

/// Parameters that came after signing: all, the well-known ones, each, and every choice of a few.
pub(in crate::explain) fn added<'c>(query: Option<&str>) -> Dimension<'c> {
    let Some(query) = query else { return Vec::new() };
    let all: Vec<&str> = segments(query).collect();
    let mut kept: Vec<(u8, Vec<&str>)> = vec![(1, Vec::new())];
    kept.push((1, all.iter().copied().filter(|segment| !is_usually_added(segment)).collect()));
    let without = |place: usize| {
        let others = all.iter().enumerate().filter(move |(other, _)| *other != place);
        others.map(|(_, segment)| *segment).collect::<Vec<_>>()
    };
    for place in (0..all.len()).rev().take(MAX_PARAMETERS) {
        let cost = if is_usually_added(all[place]) || place + 1 == all.len() { 1 } else { 2 };
        kept.push((cost, without(place)));
    }
    for count in 1..all.len().min(MAX_PARAMETERS) {
        kept.push((2, all[..count].to_vec()));
        kept.push((3, all[count..].to_vec()));
    }
    // The last ones are the likeliest to have been added.
    let free = all.len().min(MAX_FREE_PARAMETERS);
    for dropped in 1u32..1 << free {
        let stays = |place: usize| place >= free || dropped & (1 << place) == 0;
        let rest =
            all.iter().rev().enumerate().filter(|(place, _)| stays(*place)).map(|(_, segment)| *segment);
        let rest: Vec<&str> = rest.collect::<Vec<_>>().into_iter().rev().collect();
        kept.push((3, rest));
    }
    let mut seen: Vec<Vec<&str>> = vec![all];
    kept.retain(|(_, rest)| {
        let is_new = !seen.contains(rest);
        seen.push(rest.clone());
        is_new
    });
    let to = |(cost, rest): (u8, Vec<&str>)| {
        let rest: Option<Rc<str>> = (!rest.is_empty()).then(|| rest.join("&").into());
        Change::of_url(Mistake::QueryAdded, cost, move |url| {
            url.query.is_some().then(|| Url { query: rest.clone(), ..url.clone() })
        })
    };
    kept.into_iter().map(to).collect()
}

/// Whether analytics, players or cache busters add such a parameter (cloudfront 11.6).
fn is_usually_added(segment: &str) -> bool {
    let name = parameter_name(segment);
    USUALLY_ADDED.contains(&name) || USUAL_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Parameters that were signed and got lost.
pub(in crate::explain) fn missing<'c>() -> Dimension<'c> {
    let with = |cost, added: &'static str| {
        Change::of_url(Mistake::QueryMissing, cost, move |url| {
            let query = match url.query.as_deref() {
                Some(query) if !added.is_empty() => format!("{query}&{added}"),
                Some(query) => format!("{query}&"),
                None => added.to_owned(),
            };
            Some(Url { query: Some(query.into()), ..url.clone() })
        })
    };
    USUALLY_LOST.iter().map(|added| with(if added.is_empty() { 1 } else { 3 }, added)).collect()
}

/// The order of parameters.
pub(in crate::explain) fn order<'c>() -> Dimension<'c> {
    let sorted = |by: fn(&&str) -> String| {
        move |query: &str| {
            let mut all: Vec<&str> = segments(query).collect();
            all.sort_by_key(by);
            Some(all.join("&"))
        }
    };
    let swapped = |number: usize| {
        Change::of_query(Mistake::QueryOrder, 2, move |query| {
            let all: Vec<&str> = segments(query).collect();
            if all.len() > MAX_PERMUTED {
                return Some(query.to_owned());
            }
            Some(permuted(all, number).join("&"))
        })
    };
    let mut changes = vec![
        Change::of_query(Mistake::QueryOrder, 1, sorted(|segment| parameter_name(segment).to_owned())),
        Change::of_query(Mistake::QueryOrder, 1, sorted(|segment| (*segment).to_owned())),
        Change::of_query(Mistake::QueryOrder, 1, |query| {
            Some(segments(query).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("&"))
        }),
    ];
    changes.extend((1..24).map(swapped));
    changes
}

/// What encoders make of it.
pub(in crate::explain) fn encodings<'c>() -> Dimension<'c> {
    let is = |cost, change: fn(&str) -> String| {
        Change::of_query(Mistake::QueryEncoding, cost, move |query| Some(change(query)))
    };
    vec![
        is(1, decoded),
        is(1, |query| json_ascii(&decoded(query))),
        is(1, |query| values(query, |value| encoded(&decoded(&value.replace('+', " ")), ENCODE_URI))),
        is(1, |query| query.replace("%20", "+")),
        is(1, |query| query.replace('+', "%20")),
        is(1, |query| decoded(&query.replace('+', " "))),
        is(1, |query| values(query, |value| encoded(value, ENCODE_URI_COMPONENT))),
        is(1, |query| values(query, |value| encoded(&decoded(value), ENCODE_URI_COMPONENT))),
        is(1, |query| values(query, |value| encoded(&decoded(value), PHP_URLENCODE).replace("%20", "+"))),
        is(1, |query| query.replace("%27", "'")),
        is(1, |query| query.replace('\'', "%27")),
        is(1, |query| query.replace('%', "%25")),
        is(2, |query| query.replace("%25", "%")),
        is(2, |query| query.replace('+', "%2B")),
        is(2, |query| query.replace("%2F", "/").replace("%3A", ":").replace("%2C", ",")),
        is(2, |query| query.replace('/', "%2F").replace(':', "%3A").replace(',', "%2C")),
        is(2, |query| {
            values(query, |value| encoded(&decoded(&value.replace('+', " ")), ENCODE_URI_COMPONENT))
        }),
        is(2, |query| {
            let form = |value: &str| encoded(&decoded(&value.replace('+', " ")), PHP_URLENCODE);
            values(query, |value| form(value).replace("%20", "+").replace("%2A", "*"))
        }),
        is(2, lower_escapes),
        is(2, without_empty_values),
        is(2, with_empty_values),
        is(3, |query| query.replace("&&", "&")),
        is(3, |query| query.trim_end_matches('&').to_owned()),
        is(3, |query| encoded(query, ENCODE_URI_COMPONENT)),
    ]
}

fn values(query: &str, change: impl Fn(&str) -> String) -> String {
    let one = |segment: &str| match segment.split_once('=') {
        Some((name, value)) => format!("{name}={}", change(value)),
        None => segment.to_owned(),
    };
    segments(query).map(one).collect::<Vec<_>>().join("&")
}

/// `a` for `a=`.
fn without_empty_values(query: &str) -> String {
    segments(query).map(|segment| segment.strip_suffix('=').unwrap_or(segment)).collect::<Vec<_>>().join("&")
}

/// `a=` for `a`, as every parser of forms writes it.
fn with_empty_values(query: &str) -> String {
    let one = |segment: &str| match segment.contains('=') || segment.is_empty() {
        true => segment.to_owned(),
        false => format!("{segment}="),
    };
    segments(query).map(one).collect::<Vec<_>>().join("&")
}

/// `&amp;` on one side alone.
pub(in crate::explain) fn html<'c>() -> Dimension<'c> {
    let is = |change: fn(&str) -> String| {
        Change::of_query(Mistake::HtmlEscaped, 1, move |query| Some(change(query)))
    };
    vec![
        is(|query| query.replace("&amp;", "&")),
        is(|query| query.replace("&amp;", "&").replace('&', "&amp;")),
    ]
}

/// Signing parameters within the URL that was signed: of a link that was signed before, or written by hand.
pub(in crate::explain) fn signing_parameters<'c>(parsed: &ParsedRequest<'_, '_>) -> Dimension<'c> {
    let raw = parsed.request.target.query.unwrap_or_default().to_owned();
    let all: Vec<&str> = segments(&raw).collect();
    let is_signing = |segment: &&str| -> bool { SIGNING_PARAMETERS.contains(&parameter_name(segment)) };
    let mut queries: Vec<(u8, String)> = Vec::new();
    let without = |names: &[&str]| {
        let kept: Vec<&str> =
            all.iter().copied().filter(|segment| !names.contains(&parameter_name(segment))).collect();
        kept.join("&")
    };
    queries.push((1, without(&["Signature"])));
    queries.push((1, without(&["Signature", "Key-Pair-Id"])));
    queries.push((1, without(&["Signature", "Expires", "Policy"])));
    queries.push((2, without(&["Signature", "Hash-Algorithm"])));
    queries.push((2, without(&["Signature", "Key-Pair-Id", "Hash-Algorithm"])));
    // The link that was signed first, before what the second signer added behind or before it.
    for count in 1..all.len().min(MAX_PARAMETERS) {
        if all[..count].iter().any(is_signing) {
            queries.push((2, all[..count].join("&")));
        }
        if all[count..].iter().any(is_signing) {
            queries.push((2, all[count..].join("&")));
        }
    }
    let to = |(cost, query): (u8, String)| {
        Change::of_url(Mistake::SigningParametersSigned, cost, move |url| {
            (!query.is_empty() && url.query.as_deref() != Some(&query))
                .then(|| Url { query: Some(query.as_str().into()), ..url.clone() })
        })
    };
    let mut changes: Dimension<'c> = queries.into_iter().map(to).collect();
    let key = parsed.sent_key_pair_id().unwrap_or_default();
    changes.push(appended(1, |draft_time| format!("Expires={draft_time}")));
    let id = key.clone();
    changes.push(appended(2, move |_| format!("Key-Pair-Id={id}")));
    let id = key.clone();
    changes.push(appended(2, move |time| format!("Expires={time}&Key-Pair-Id={id}")));
    changes.push(appended(2, move |time| format!("Key-Pair-Id={key}&Expires={time}")));
    changes
}

fn appended<'c>(cost: u8, parameters: impl Fn(&str) -> String + 'c) -> Change<'c> {
    Change::new(Mistake::SigningParametersSigned, cost, move |candidate| {
        let crate::explain::forensics::candidate::CandidateResource::Url(url) = &candidate.resource else {
            return None;
        };
        let more = parameters(&candidate.time);
        let query = match url.query.as_deref() {
            Some(query) => format!("{query}&{more}"),
            None => more,
        };
        let url = Url { query: Some(query.into()), ..url.clone() };
        Some(crate::explain::forensics::candidate::Candidate {
            resource: crate::explain::forensics::candidate::CandidateResource::Url(url),
            ..candidate.clone()
        })
    })
}

/// What follows `#`.
pub(in crate::explain) fn fragment<'c>(pasted: Option<&str>) -> Dimension<'c> {
    let mut fragments: Vec<(u8, String)> =
        pasted.map(|fragment| (1, fragment.to_owned())).into_iter().collect();
    fragments.extend(USUAL_FRAGMENTS.map(|fragment| (2, fragment.to_owned())));
    let to = |(cost, fragment): (u8, String)| {
        Change::of_url(Mistake::Fragment, cost, move |url| {
            Some(Url { fragment: Some(fragment.as_str().into()), ..url.clone() })
        })
    };
    fragments.into_iter().map(to).collect()
}

/// Added by analytics, mail, advertisements, players and against caches.
const USUALLY_ADDED: [&str; 34] = [
    "fbclid",
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "yclid",
    "twclid",
    "ttclid",
    "li_fat_id",
    "igshid",
    "mc_cid",
    "mc_eid",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "mkt_tok",
    "ref",
    "v",
    "ver",
    "_",
    "t",
    "ts",
    "cb",
    "cachebuster",
    "nocache",
    "rand",
    "random",
    "pfdrid_c",
    "autoplay",
    "_nghost",
    "ln",
];
const USUAL_PREFIXES: [&str; 4] = ["utm_", "hsa_", "pk_", "mtm_"];
/// Short ones that are written behind links by hand and lost again.
const USUALLY_LOST: [&str; 8] =
    ["", "download=1", "dl=1", "v=1", "v=2", "raw=1", "download=true", "autoplay=1"];
const USUAL_FRAGMENTS: [&str; 5] = ["", "t=0", "top", "page=1", "/"];
/// Parameters of which every choice is tried.
const MAX_FREE_PARAMETERS: usize = 7;
/// Parameters of which each is tried.
const MAX_PARAMETERS: usize = 24;
/// Parameters whose every order is tried.
const MAX_PERMUTED: usize = 4;
