//! A signing value that was sent twice, of which only the first counts (cloudfront 3.3 and 4).

use super::corrected::opens;
use super::mistake::{Diagnosis, Mistake};
use super::traces::has_signing_parameter;
use crate::access::credentials::SIGNING_PARAMETERS;
use crate::explain::request::parsed_request::ParsedRequest;
use crate::viewer::query::{parameter_name, segments};
use crate::viewer::{Target, ViewerRequest};

/// A name that was sent twice: a proof where the other value would have opened the door.
pub(in crate::explain) fn cause(parsed: &ParsedRequest<'_, '_>) -> Option<Diagnosis> {
    let request = parsed.request;
    let query = request.target.query.unwrap_or_default();
    if has_signing_parameter(query) {
        let twice = twice(segments(query).map(|segment| (parameter_name(segment), segment)))?;
        let kept: Vec<&str> = segments(query).filter(|segment| !twice.contains(segment)).collect();
        let kept = kept.join("&");
        let target = Target { query: Some(&kept), ..request.target };
        return Some(of(&ViewerRequest { target, ..request.clone() }, parsed));
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
    Some(of(&ViewerRequest { cookies: vec![kept.as_bytes()], ..request.clone() }, parsed))
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

fn of(with_the_others: &ViewerRequest<'_>, parsed: &ParsedRequest<'_, '_>) -> Diagnosis {
    Diagnosis { proven: opens(with_the_others, parsed), ..Mistake::Duplicate.proven() }
}
