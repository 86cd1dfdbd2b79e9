//! What helps out: `[[distributions.origin-groups]]` and `[[distributions.custom-error-responses]]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Loader;
use super::distributions::DISTRIBUTION_KEYS;
use super::reader::{Placed, Reader};
use crate::distribution::Distribution;
use crate::distribution::custom_error_response::{
    CustomErrorResponse, DEFAULT_CACHING_MIN_TTL, ERROR_CODES, ErrorPage, may_respond_with,
};
use crate::distribution::origin::{Origin, OriginId};
use crate::distribution::origin_group::{DEFAULT_FAILOVER_STATUSES, FAILOVER_STATUSES, OriginGroup};
use crate::epoch::parse_duration;

impl Loader<'_, '_> {
    pub(super) fn origin_groups(
        &mut self,
        table: &mut Reader<'_, '_>,
        origins: &BTreeMap<String, Option<Arc<Origin>>>,
    ) -> Vec<OriginGroup> {
        let mut groups: Vec<OriginGroup> = Vec::new();
        for one in table.tables(self.faults, "origin-groups", "[[distributions.origin-groups]]") {
            let span = one.span();
            let Some(group) = self.origin_group(one, origins) else { continue };
            let id = group.id.as_str();
            if groups.iter().any(|known| known.id == group.id) || origins.contains_key(id) {
                let fault = self.faults.at(&span, format!("`{id}` is defined twice"));
                self.faults.error(fault.expected("one name for each origin and each group of origins"));
            }
            groups.push(group);
        }
        groups
    }

    fn origin_group(
        &mut self,
        mut table: Reader<'_, '_>,
        origins: &BTreeMap<String, Option<Arc<Origin>>>,
    ) -> Option<OriginGroup> {
        let (id, span) = (table.required(self.faults, "id"), table.span());
        let members = table.strings(self.faults, "members").unwrap_or_default();
        let failover_on = self.failover_on(&mut table);
        table.finish(self.faults, DISTRIBUTION_KEYS);
        for member in &members {
            if !origins.contains_key(member.value) {
                self.undefined(member, "origin", origins.keys());
            }
        }
        let [primary, secondary] = members.as_slice() else {
            let fault = self.faults.at(&span, "a group of origins has two members");
            self.faults.error(fault.found(members.len()).expected("members = [\"primary\", \"secondary\"]"));
            return None;
        };
        if primary.value == secondary.value {
            let fault = self.faults.at(&secondary.span, "a group of origins has two different members");
            self.faults.error(fault.found(format!("{:?} twice", primary.value)));
        }
        let [primary, secondary] = [primary, secondary].map(|member| OriginId::new(member.value));
        Some(OriginGroup { id: OriginId::new(id?.value), primary, secondary, failover_on })
    }

    fn failover_on(&mut self, table: &mut Reader<'_, '_>) -> Vec<u16> {
        let Some(given) = table.integers(self.faults, "failover-on") else {
            return DEFAULT_FAILOVER_STATUSES.to_vec();
        };
        if given.is_empty() {
            let fault = self.faults.at(&table.span(), "`failover-on` has no status");
            self.faults.error(fault.expected(listed(&FAILOVER_STATUSES)));
        }
        given.iter().filter_map(|status| self.status(status, "failover-on", &FAILOVER_STATUSES)).collect()
    }

    pub(super) fn custom_error_responses(&mut self, table: &mut Reader<'_, '_>) -> Vec<CustomErrorResponse> {
        let name = "[[distributions.custom-error-responses]]";
        let mut responses: Vec<CustomErrorResponse> = Vec::new();
        for one in table.tables(self.faults, "custom-error-responses", name) {
            let span = one.span();
            let Some(response) = self.custom_error_response(one) else { continue };
            if responses.iter().any(|known| known.error_code == response.error_code) {
                let message = format!("error {} has two custom responses", response.error_code);
                let fault = self.faults.at(&span, message);
                self.faults.error(fault.expected("each status once"));
            }
            responses.push(response);
        }
        responses
    }

    fn custom_error_response(&mut self, mut table: Reader<'_, '_>) -> Option<CustomErrorResponse> {
        let span = table.span();
        let error_code = table.integer(self.faults, "error-code");
        if !table.has("error-code") {
            let fault = self.faults.at(&span, "a custom error response lacks `error-code`");
            self.faults.error(fault.expected("error-code = 403"));
        }
        let path = table.parsed(self.faults, "response-page-path", page_path);
        let response_code = table.integer(self.faults, "response-code");
        let ttl = table.time(self.faults, "error-caching-min-ttl", parse_duration);
        if table.has("response-page-path") != table.has("response-code") {
            let fault = self
                .faults
                .at(&span, "a custom error response has a page without a status, or the other way");
            self.faults.error(fault.expected("`response-page-path` and `response-code`, or neither"));
        }
        if !table.has("response-page-path") && ttl.is_none() {
            let fault = self.faults.at(&span, "a custom error response changes nothing");
            self.faults.error(fault.expected("`response-page-path` and `response-code`"));
        }
        table.finish(self.faults, DISTRIBUTION_KEYS);
        let error_code = self.status(&error_code?, "error-code", &ERROR_CODES)?;
        let page = path.zip(response_code).and_then(|(path, code)| {
            let allowed = u16::try_from(code.value).ok().filter(|&code| may_respond_with(code));
            if allowed.is_none() {
                let fault = self.faults.at(&code.span, "`response-code` can't be used").found(code.value);
                self.faults.error(fault.expected(format!("200, {}", listed(&ERROR_CODES))));
            }
            Some(ErrorPage { path: path.value, response_code: allowed? })
        });
        let caching_min_ttl = ttl.map_or(DEFAULT_CACHING_MIN_TTL, |ttl| ttl.value);
        Some(CustomErrorResponse { error_code, page, caching_min_ttl })
    }

    fn status(&mut self, given: &Placed<u64>, key: &str, allowed: &[u16]) -> Option<u16> {
        let status = u16::try_from(given.value).ok().filter(|status| allowed.contains(status));
        if status.is_none() {
            let fault = self.faults.at(&given.span, format!("`{key}` has a status that can't be used"));
            self.faults.error(fault.found(given.value).expected(listed(allowed)));
        }
        status
    }

    /// A page is fetched without credentials of the viewer's, so nothing that is private belongs into it; and one that
    /// answers 200 hides every denial (semantics 8.4).
    pub(super) fn doubtful_pages(&mut self, one: &Distribution) {
        for response in &one.error_responses {
            let Some(page) = &response.page else { continue };
            let file = self.faults.file.clone();
            let of_file = |message: String| super::Fault::of_file(file.clone(), message);
            let behavior = one.behavior_for(&page.path);
            if behavior.is_private() {
                let fault = of_file(format!("the error page `{}` of `{}` is private", page.path, one.id));
                let help = "viewers without credentials will see it: keep it under a public behavior";
                self.faults.warning(fault.found(format!("behavior `{}`", behavior.pattern())).help(help));
            }
            if response.error_code == 403 && page.response_code == 200 {
                let fault = of_file(format!("`{}` answers denials with 200", one.id));
                let help = "players and scripts take the page for the content: `response-code = 403` keeps the status";
                self.faults.warning(fault.help(help));
            }
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
