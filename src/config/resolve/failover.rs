//! What helps out: `[[distributions.origin-groups]]` and `[[distributions.custom-error-responses]]`.

use super::{ById, Fault, Faults, KeyPath, undefined};
use crate::config::declared;
use crate::distribution::Distribution;
use crate::distribution::custom_error_response::{
    CustomErrorResponse, DEFAULT_CACHING_MIN_TTL, ERROR_CODES, ErrorPage, may_respond_with,
};
use crate::distribution::origin::{Origin, OriginId};
use crate::distribution::origin_group::{FAILOVER_STATUSES, OriginGroup};
use crate::epoch::parse_duration;

/// Resolves the groups of a distribution.
pub(super) fn origin_groups(
    distribution: &KeyPath,
    declared: &[declared::OriginGroup],
    origins: &ById<Origin>,
    faults: &mut Faults,
) -> Vec<OriginGroup> {
    let mut groups: Vec<OriginGroup> = Vec::new();
    for (number, one) in declared.iter().enumerate() {
        let path = distribution.key("origin-groups").item(number);
        let Some(group) = origin_group(&path, one, origins, faults) else { continue };
        let id = group.id.as_str();
        if groups.iter().any(|known| known.id == group.id) || origins.contains_key(id) {
            let fault = Fault::at(&path, format!("`{id}` is defined twice"));
            faults.error(fault.expected("one name for each origin and each group of origins"));
        }
        groups.push(group);
    }
    groups
}

fn origin_group(
    path: &KeyPath,
    declared: &declared::OriginGroup,
    origins: &ById<Origin>,
    faults: &mut Faults,
) -> Option<OriginGroup> {
    let at_members = path.key("members");
    for (number, member) in declared.members.iter().enumerate() {
        if !origins.contains_key(member) {
            undefined(&at_members.item(number), member, "origin", origins.keys(), faults);
        }
    }
    let failover_on = failover_on(path, &declared.failover_on, faults);
    let [primary, secondary] = declared.members.as_slice() else {
        let place = if declared.members.is_empty() { path } else { &at_members };
        let fault = Fault::at(place, "a group of origins has two members").found(declared.members.len());
        faults.error(fault.expected("members = [\"primary\", \"secondary\"]"));
        return None;
    };
    if primary == secondary {
        let fault = Fault::at(&at_members.item(1), "a group of origins has two different members");
        faults.error(fault.found(format!("{primary:?} twice")));
    }
    let [primary, secondary] = [primary, secondary].map(|member| OriginId::new(member));
    let id = OriginId::new(faults.known(&path.key("id"), &declared.id)?);
    Some(OriginGroup { id, primary, secondary, failover_on })
}

fn failover_on(group: &KeyPath, given: &[u64], faults: &mut Faults) -> Vec<u16> {
    let path = group.key("failover-on");
    if given.is_empty() {
        faults.error(Fault::at(&path, "`failover-on` has no status").expected(listed(&FAILOVER_STATUSES)));
    }
    let mut statuses = Vec::new();
    for (number, status) in given.iter().enumerate() {
        statuses.extend(self::status(&path.item(number), *status, "failover-on", &FAILOVER_STATUSES, faults));
    }
    statuses
}

/// Resolves the error pages of a distribution.
pub(super) fn error_responses(
    distribution: &KeyPath,
    declared: &[declared::CustomErrorResponse],
    faults: &mut Faults,
) -> Vec<CustomErrorResponse> {
    let mut responses: Vec<CustomErrorResponse> = Vec::new();
    for (number, one) in declared.iter().enumerate() {
        let path = distribution.key("custom-error-responses").item(number);
        let Some(response) = error_response(&path, one, faults) else { continue };
        if responses.iter().any(|known| known.error_code == response.error_code) {
            let fault = Fault::at(&path, format!("error {} has two custom responses", response.error_code));
            faults.error(fault.expected("each status once"));
        }
        responses.push(response);
    }
    responses
}

fn error_response(
    path: &KeyPath,
    declared: &declared::CustomErrorResponse,
    faults: &mut Faults,
) -> Option<CustomErrorResponse> {
    let page = declared.response_page_path.as_ref();
    let page = page.and_then(|page| faults.parsed(&path.key("response-page-path"), page, page_path));
    let ttl = declared.error_caching_min_ttl.as_ref();
    let ttl = ttl.map(|ttl| faults.parsed(&path.key("error-caching-min-ttl"), &ttl.0, parse_duration));
    if declared.response_page_path.is_some() != declared.response_code.is_some() {
        let message = "a custom error response has a page without a status, or the other way";
        let fault = Fault::at(path, message);
        faults.error(fault.expected("`response-page-path` and `response-code`, or neither"));
    }
    if declared.response_page_path.is_none() && ttl.is_none() {
        let fault = Fault::at(path, "a custom error response changes nothing");
        faults.error(fault.expected("`response-page-path` and `response-code`"));
    }
    let at_code = path.key("error-code");
    let error_code = status(&at_code, declared.error_code, "error-code", &ERROR_CODES, faults)?;
    let page = page.zip(declared.response_code).and_then(|(page, code)| {
        let allowed = u16::try_from(code).ok().filter(|&code| may_respond_with(code));
        if allowed.is_none() {
            let fault = Fault::at(&path.key("response-code"), "`response-code` can't be used").found(code);
            faults.error(fault.expected(format!("200, {}", listed(&ERROR_CODES))));
        }
        Some(ErrorPage { path: page, response_code: allowed? })
    });
    let caching_min_ttl = ttl.flatten().unwrap_or(DEFAULT_CACHING_MIN_TTL);
    Some(CustomErrorResponse { error_code, page, caching_min_ttl })
}

fn status(path: &KeyPath, given: u64, key: &str, allowed: &[u16], faults: &mut Faults) -> Option<u16> {
    let status = u16::try_from(given).ok().filter(|status| allowed.contains(status));
    if status.is_none() {
        let fault = Fault::at(path, format!("`{key}` has a status that can't be used"));
        faults.error(fault.found(given).expected(listed(allowed)));
    }
    status
}

/// A page is fetched without credentials of the viewer's, so nothing that is private belongs into it; and one that
/// responds with 200 hides every denial (cloudfront 8.4).
pub(super) fn doubtful_pages(one: &Distribution, faults: &mut Faults) {
    for response in &one.error_responses {
        let Some(page) = &response.page else { continue };
        let behavior = one.behavior_for(&page.path);
        if behavior.is_private() {
            let fault = Fault::of_all(format!("the error page `{}` of `{}` is private", page.path, one.id));
            let help = "viewers without credentials will see it: keep it under a public behavior";
            faults.warning(fault.found(format!("behavior `{}`", behavior.pattern())).help(help));
        }
        if response.error_code == 403 && page.response_code == 200 {
            let fault = Fault::of_all(format!("`{}` answers denials with 200", one.id));
            let help =
                "players and scripts take the page for the content: `response-code = 403` keeps the status";
            faults.warning(fault.help(help));
        }
    }
}

fn page_path(text: &str) -> Result<String, &'static str> {
    let clean = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#*".contains(&byte));
    match text.starts_with('/') && clean && crate::viewer::path::can_only_mean_itself(text) {
        true => Ok(text.to_owned()),
        false => Err("a path, such as \"/public/login.html\""),
    }
}

fn listed(statuses: &[u16]) -> String {
    statuses.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
}
