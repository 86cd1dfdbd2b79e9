//! `[distributions.default-cache-behavior]` and `[[distributions.cache-behaviors]]`.

use std::sync::Arc;

use super::{Fault, Faults, KeyPath, References, quota, undefined, undefined_fault};
use crate::config::declared;
use crate::distribution::behavior::{
    AllowedMethods, CacheBehavior, Restriction, Switches, ViewerProtocolPolicy,
};
use crate::distribution::origin::OriginId;
use crate::distribution::pattern::PathPattern;

/// One of the ordered behaviors, which has a pattern.
pub(super) fn ordered(
    path: &KeyPath,
    declared: &declared::CacheBehavior,
    targets: &[String],
    references: &References,
    faults: &mut Faults,
) -> Option<CacheBehavior> {
    let pattern = declared.path_pattern.as_deref().unwrap_or_default();
    let pattern = faults.parsed(&path.key("path-pattern"), pattern, str::parse::<PathPattern>);
    let behavior = behavior(path, declared, targets, references, faults)?;
    Some(CacheBehavior { path_pattern: Some(pattern?), ..behavior })
}

/// A behavior without its pattern.
pub(super) fn behavior(
    path: &KeyPath,
    declared: &declared::CacheBehavior,
    targets: &[String],
    references: &References,
    faults: &mut Faults,
) -> Option<CacheBehavior> {
    let References { policies, database, .. } = references;
    let restriction = restriction(path, &declared.trusted_key_groups, references, faults);
    let allowed_methods = allowed_methods(path, &declared.allowed_methods, faults);
    let viewer_protocol_policy = viewer_protocol_policy(path, declared, references, faults);
    let origin_request_policy =
        policies.origin_request(path, &declared.origin_request_policy, database, faults);
    let response_headers_policy = match &declared.response_headers_policy {
        Some(name) => policies.response_headers(path, name, faults).map(Some),
        None => Some(None),
    };
    let target = &declared.target_origin;
    if !targets.contains(target) {
        undefined(&path.key("target-origin"), target, "origin", targets.iter(), faults);
        return None;
    }
    Some(CacheBehavior {
        path_pattern: None,
        target_origin: OriginId::new(target),
        restriction: restriction?,
        allowed_methods,
        viewer_protocol_policy,
        origin_request_policy: origin_request_policy?,
        response_headers_policy: response_headers_policy?,
        switches: Switches {
            preflight_without_credentials: declared.preflight_without_credentials,
            policy_headers_on_denials: declared.policy_headers_on_denials,
            forward_signing_cookies: declared.forward_signing_cookies,
        },
    })
}

fn viewer_protocol_policy(
    behavior: &KeyPath,
    declared: &declared::CacheBehavior,
    references: &References,
    faults: &mut Faults,
) -> ViewerProtocolPolicy {
    let path = behavior.key("viewer-protocol-policy");
    let policy = faults.parsed(&path, &declared.viewer_protocol_policy, |text| {
        let known = ViewerProtocolPolicy::ALL.into_iter().find(|policy| policy.as_str() == text);
        known.ok_or("\"allow-all\", \"https-only\" or \"redirect-to-https\"")
    });
    let policy = policy.unwrap_or_default();
    if !references.knows_https {
        needs_https(&path, policy, faults);
    }
    policy
}

/// Warns where no listener accepts HTTPS, so that no viewer ever gets past the policy.
fn needs_https(path: &KeyPath, policy: ViewerProtocolPolicy, faults: &mut Faults) {
    let effect = match policy {
        ViewerProtocolPolicy::RedirectToHttps => "leads to where nothing listens",
        ViewerProtocolPolicy::HttpsOnly => "denies every request",
        ViewerProtocolPolicy::AllowAll => return,
    };
    let name = policy.as_str();
    let fault = Fault::at(path, format!("`{name}` without an HTTPS listener {effect}")).found_text(name);
    let help =
        "add [[server.https]], or name the proxy in front that speaks HTTPS in [server] trusted-proxies";
    faults.warning(fault.expected("an HTTPS listener").help(help));
}

/// Public only where no group is named. A group that can't be used is a fault, never a public path.
fn restriction(
    behavior: &KeyPath,
    named: &[String],
    references: &References,
    faults: &mut Faults,
) -> Option<Restriction> {
    if named.is_empty() {
        return Some(Restriction::Open);
    }
    quota(behavior, "key groups on a behavior", named.len(), 4, faults);
    let path = behavior.key("trusted-key-groups");
    let groups = &references.groups;
    let mut trusted = Vec::new();
    for (number, name) in named.iter().enumerate() {
        match groups.get(name) {
            Some(group) => trusted.push(Arc::clone(group)),
            None => {
                let mut holders = groups.values();
                let holder =
                    holders.find(|group| group.keys.iter().any(|key| key.id().as_str() == name.as_str()));
                let help = holder
                    .map(|group| format!("{name} is a public key; it is in the key group `{}`", group.id));
                let fault = undefined_fault(&path.item(number), name, "key group", groups.keys());
                faults.error(fault.maybe_help(help));
            }
        }
    }
    (trusted.len() == named.len()).then_some(Restriction::Signed(trusted))
}

fn allowed_methods(behavior: &KeyPath, names: &[String], faults: &mut Faults) -> AllowedMethods {
    AllowedMethods::from_names(names.iter().map(String::as_str)).unwrap_or_else(|| {
        let path = behavior.key("allowed-methods");
        let place = if names.is_empty() { path } else { path.item(0) };
        let fault = Fault::at(&place, "`allowed-methods` is none of CloudFront's three sets");
        let expected = "GET, HEAD; or GET, HEAD, OPTIONS; or GET, HEAD, OPTIONS, PUT, POST, PATCH, DELETE";
        faults.error(fault.found(names.join(", ")).expected(expected));
        AllowedMethods::default()
    })
}
