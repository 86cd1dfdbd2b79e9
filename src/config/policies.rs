//! The policies that behaviors name, CloudFront's own and the file's, and a behavior's switches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::reader::{Placed, Reader, closeness};
use super::{Fault, Loader};
use crate::distribution::behavior::Switches;
use crate::distribution::cloudfront_header::{CloudFrontHeader, Source};
use crate::distribution::origin_request_policy::{self, OriginRequestPolicy};
use crate::distribution::response_headers_policy::{self, ResponseHeadersPolicy};

/// The file's own policies by id; one that has a fault is there without a value, so that naming it is no second fault.
#[derive(Debug, Default)]
pub(super) struct Policies {
    pub(super) origin_request: BTreeMap<String, Option<Arc<OriginRequestPolicy>>>,
    pub(super) response_headers: BTreeMap<String, Option<Arc<ResponseHeadersPolicy>>>,
    pub(super) has_broken_database: bool,
    /// Those that a behavior names, by kind.
    named: BTreeSet<(&'static str, String)>,
}

/// AWS's ids with the names of its policies.
type Managed = [(&'static str, &'static str)];

impl Loader<'_, '_> {
    pub(super) fn policies(&mut self, root: &mut Reader<'_, '_>) {
        self.policies.origin_request = self.origin_request_policies(root);
        self.policies.response_headers = self.response_headers_policies(root);
    }

    /// The behavior's `origin-request-policy`; without one, contract 2's default.
    pub(super) fn origin_request_policy(
        &mut self,
        table: &mut Reader<'_, '_>,
    ) -> Option<Arc<OriginRequestPolicy>> {
        let key = "origin-request-policy";
        if !table.has(key) {
            let _ = table.string(self.faults, key);
            return Some(Arc::default());
        }
        let name = table.string(self.faults, key)?;
        if let Some(own) = self.policies.origin_request.get(name.value) {
            self.policies.named.insert((ORIGIN_REQUEST, name.value.to_owned()));
            return own.clone();
        }
        let Some(managed) = OriginRequestPolicy::managed(name.value) else {
            let own: Vec<String> = self.policies.origin_request.keys().cloned().collect();
            self.unknown_policy(&name, ORIGIN_REQUEST, &own, &origin_request_policy::MANAGED);
            return None;
        };
        let unknown: Vec<&str> = managed
            .cloudfront_headers()
            .iter()
            .filter(|header| !self.may_know(**header))
            .map(|one| one.as_str())
            .collect();
        if !unknown.is_empty() {
            let fault = self
                .faults
                .at(&name.span, format!("`{}` asks for values that are not known here", managed.id()));
            let fault = fault.found(unknown.join(", "));
            self.faults.warning(fault.help(NOT_SENT));
        }
        Some(Arc::new(managed))
    }

    /// The behavior's `response-headers-policy`, which may be none; nothing where it has a fault.
    #[expect(clippy::option_option, reason = "a fault and no policy are two things")]
    pub(super) fn response_headers_policy(
        &mut self,
        table: &mut Reader<'_, '_>,
    ) -> Option<Option<Arc<ResponseHeadersPolicy>>> {
        let key = "response-headers-policy";
        if !table.has(key) {
            let _ = table.string(self.faults, key);
            return Some(None);
        }
        let name = table.string(self.faults, key)?;
        if let Some(own) = self.policies.response_headers.get(name.value) {
            self.policies.named.insert((RESPONSE_HEADERS, name.value.to_owned()));
            return own.clone().map(Some);
        }
        let managed = ResponseHeadersPolicy::managed(name.value);
        if managed.is_none() {
            let own: Vec<String> = self.policies.response_headers.keys().cloned().collect();
            self.unknown_policy(&name, RESPONSE_HEADERS, &own, &response_headers_policy::MANAGED);
        }
        managed.map(|policy| Some(Arc::new(policy)))
    }

    pub(super) fn switches(&mut self, table: &mut Reader<'_, '_>) -> Switches {
        Switches {
            preflight_without_credentials: table.boolean(self.faults, "preflight-without-credentials"),
            policy_headers_on_denials: table.boolean(self.faults, "policy-headers-on-denials"),
            forward_signing_cookies: table.boolean(self.faults, "forward-signing-cookies"),
        }
    }

    /// The id of a policy of the file's own, which may be neither one of CloudFront's nor taken.
    pub(super) fn policy_id<'a>(
        &mut self,
        table: &mut Reader<'a, '_>,
        managed: &Managed,
        is_taken: impl Fn(&str) -> bool,
    ) -> Option<Placed<&'a str>> {
        let id = table.required(self.faults, "id")?;
        let bare = id.value.strip_prefix("Managed-").unwrap_or(id.value);
        if managed.iter().any(|(aws, name)| *aws == id.value || *name == bare) {
            let fault = self.faults.at(&id.span, format!("`{}` is a policy of CloudFront's", id.value));
            self.faults.error(fault.expected("a name of its own").help("behaviors may name it as it is"));
        } else if is_taken(id.value) {
            let fault = self.faults.at(&id.span, format!("policy `{}` is defined twice", id.value));
            self.faults.error(fault);
        }
        Some(id)
    }

    /// Names the nearest ones first.
    fn unknown_policy(&mut self, name: &Placed<&str>, what: &str, own: &[String], managed: &Managed) {
        let mut names: Vec<&str> = managed.iter().map(|(_, name)| *name).collect();
        names.extend(own.iter().map(String::as_str));
        let near = |known: &str| closeness(&name.value.to_lowercase(), &known.to_lowercase());
        names.sort_by(|a, b| near(b).total_cmp(&near(a)));
        let fault = self.faults.at(&name.span, format!("{what} `{}` is not defined", name.value));
        let fault = fault.found(format!("{:?}", name.value)).expected(names.join(", "));
        let meant = names.first().filter(|known| near(known) > 0.6);
        let help = meant.map(|known| format!("did you mean `{known}`?"));
        self.faults.error(Fault { help, ..fault });
    }

    /// A policy that nothing names: a behavior forgot it, and sends or answers something else than is meant.
    pub(super) fn idle_policies(&mut self) {
        if !self.faults.errors.is_empty() {
            return;
        }
        let Policies { origin_request, response_headers, named, .. } = &self.policies;
        let all = origin_request.keys().map(|id| (ORIGIN_REQUEST, id));
        let all = all.chain(response_headers.keys().map(|id| (RESPONSE_HEADERS, id)));
        for (what, id) in all.filter(|(what, id)| !named.contains(&(*what, (*id).clone()))) {
            let message = format!("no behavior names {what} `{id}`");
            self.faults.warning(Fault::of_file(self.faults.file.clone(), message));
        }
    }

    /// Whether a header may ever have a value.
    pub(super) fn may_know(&self, header: CloudFrontHeader) -> bool {
        let locations = self.locations.as_ref();
        let is_broken = self.policies.has_broken_database;
        match header.source() {
            Source::Request => true,
            Source::Country => is_broken || locations.is_some(),
            Source::Place => is_broken || locations.is_some_and(|locations| locations.has_places()),
            Source::Nothing => false,
        }
    }
}

const ORIGIN_REQUEST: &str = "origin request policy";
const RESPONSE_HEADERS: &str = "response headers policy";
/// The help of a warning about a header that can't be known.
pub(super) const NOT_SENT: &str =
    "what is not known is not sent; countries and places come from `country-database` in [server]";
