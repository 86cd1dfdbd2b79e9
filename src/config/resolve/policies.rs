//! The policies that behaviors name: CloudFront's own and those of the configuration.

use std::sync::Arc;

use super::countries::CountryDatabase;
use super::{ById, Fault, Faults, KeyPath, origin_request_policies, response_headers_policies};
use crate::config::declared::{CacheBehavior, Configuration};
use crate::config::nearest;
use crate::distribution::origin_request_policy::{self, OriginRequestPolicy};
use crate::distribution::response_headers_policy::{self, ResponseHeadersPolicy};

/// The configuration's own policies.
pub(super) struct Policies {
    origin_request: ById<OriginRequestPolicy>,
    response_headers: ById<ResponseHeadersPolicy>,
}

/// AWS's ids with the names of its policies.
type Managed = [(&'static str, &'static str)];

/// Resolves both kinds of policies.
pub(super) fn policies(
    root: &KeyPath,
    declared: &Configuration,
    database: &CountryDatabase,
    faults: &mut Faults,
) -> Policies {
    Policies {
        origin_request: origin_request_policies::policies(
            root,
            &declared.origin_request_policies,
            database,
            faults,
        ),
        response_headers: response_headers_policies::policies(
            root,
            &declared.response_headers_policies,
            faults,
        ),
    }
}

impl Policies {
    /// The `origin-request-policy` of a behavior.
    pub(super) fn origin_request(
        &self,
        behavior: &KeyPath,
        name: &str,
        database: &CountryDatabase,
        faults: &mut Faults,
    ) -> Option<Arc<OriginRequestPolicy>> {
        let path = behavior.key("origin-request-policy");
        if let Some(own) = self.origin_request.get(name) {
            return own.clone();
        }
        let Some(managed) = OriginRequestPolicy::managed(name) else {
            let own = self.origin_request.keys();
            unknown_policy(&path, name, ORIGIN_REQUEST, own, &origin_request_policy::MANAGED, faults);
            return None;
        };
        let unknown: Vec<&str> = managed
            .cloudfront_headers()
            .iter()
            .filter(|header| !database.may_know(**header))
            .map(|one| one.as_str())
            .collect();
        if !unknown.is_empty() {
            let fault =
                Fault::at(&path, format!("`{}` asks for values that are not known here", managed.id()));
            faults.warning(fault.found(unknown.join(", ")).help(NOT_SENT));
        }
        Some(Arc::new(managed))
    }

    /// The `response-headers-policy` of a behavior.
    pub(super) fn response_headers(
        &self,
        behavior: &KeyPath,
        name: &str,
        faults: &mut Faults,
    ) -> Option<Arc<ResponseHeadersPolicy>> {
        if let Some(own) = self.response_headers.get(name) {
            return own.clone();
        }
        let managed = ResponseHeadersPolicy::managed(name);
        if managed.is_none() {
            let path = behavior.key("response-headers-policy");
            let own = self.response_headers.keys();
            unknown_policy(&path, name, RESPONSE_HEADERS, own, &response_headers_policy::MANAGED, faults);
        }
        managed.map(Arc::new)
    }
}

/// The id of a policy of the configuration, which may be neither one of CloudFront's nor taken.
pub(super) fn policy_id<'p, T>(
    policy: &KeyPath,
    id: &'p str,
    managed: &Managed,
    taken: &ById<T>,
    faults: &mut Faults,
) -> Option<&'p str> {
    let path = policy.key("id");
    let id = faults.known(&path, id)?;
    let bare = id.strip_prefix("Managed-").unwrap_or(id);
    if managed.iter().any(|(aws, name)| *aws == id || *name == bare) {
        let fault = Fault::at(&path, format!("`{id}` is a policy of CloudFront's"));
        faults.error(fault.expected("a name of its own").help("behaviors may name it as it is"));
    } else if taken.contains_key(id) {
        faults.error(Fault::at(&path, format!("policy `{id}` is defined twice")));
    }
    Some(id)
}

/// Names the nearest ones first.
fn unknown_policy<'o>(
    path: &KeyPath,
    name: &str,
    what: &str,
    own: impl Iterator<Item = &'o String>,
    managed: &'o Managed,
    faults: &mut Faults,
) {
    let names = managed.iter().map(|(_, name)| *name);
    let mut names: Vec<&str> = names.chain(own.map(String::as_str)).collect();
    let near = |known: &str| nearest::closeness(&name.to_lowercase(), &known.to_lowercase());
    names.sort_by(|a, b| near(b).total_cmp(&near(a)));
    let fault = Fault::at(path, format!("{what} `{name}` is not defined"));
    let fault = fault.found_text(name).expected(names.join(", "));
    let meant = names.first().filter(|known| near(known) > nearest::MIN_CLOSENESS);
    faults.error(fault.maybe_help(meant.map(|known| format!("did you mean `{known}`?"))));
}

/// A policy that no behavior names: one forgot it, and sends or responds something else than is intended.
pub(super) fn idle_policies(declared: &Configuration, faults: &mut Faults) {
    if !faults.errors.is_empty() {
        return;
    }
    let behaviors = || declared.distributions.iter().flat_map(|one| one.all_behaviors());
    let is_named = |name: &dyn Fn(&CacheBehavior) -> bool| behaviors().any(name);
    let mut idle = Vec::new();
    for policy in &declared.origin_request_policies {
        if !is_named(&|behavior| behavior.origin_request_policy == policy.id) {
            idle.push((ORIGIN_REQUEST, &policy.id));
        }
    }
    for policy in &declared.response_headers_policies {
        if !is_named(&|behavior| behavior.response_headers_policy.as_ref() == Some(&policy.id)) {
            idle.push((RESPONSE_HEADERS, &policy.id));
        }
    }
    for (what, id) in idle {
        faults.warning(Fault::of_all(format!("no behavior names {what} `{id}`")));
    }
}

const ORIGIN_REQUEST: &str = "origin request policy";
const RESPONSE_HEADERS: &str = "response headers policy";
/// The help of a warning about a header that can't be known.
pub(super) const NOT_SENT: &str =
    "what is not known is not sent; countries and places come from `country-database` in [server]";
