//! `[[origin-request-policies]]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderName;

use super::countries::CountryDatabase;
use super::policies::{NOT_SENT, policy_id};
use super::{ById, Fault, Faults, KeyPath};
use crate::config::declared::{self, ForwardingRule};
use crate::distribution::cloudfront_header::CloudFrontHeader;
use crate::distribution::origin_request_policy::{Forwarded, MANAGED, OriginRequestPolicy};

/// A rule as it was read, with its list.
struct Rule<'d> {
    behavior: Behavior,
    /// Where the list is.
    path: KeyPath,
    items: &'d [String],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Behavior {
    None,
    All,
    AllowList,
    AllExcept,
}

/// Resolves `[[origin-request-policies]]`.
pub(super) fn policies(
    root: &KeyPath,
    declared: &[declared::OriginRequestPolicy],
    database: &CountryDatabase,
    faults: &mut Faults,
) -> ById<OriginRequestPolicy> {
    let mut policies = BTreeMap::new();
    for (number, one) in declared.iter().enumerate() {
        let path = root.key("origin-request-policies").item(number);
        let errors = faults.error_count();
        let id = policy_id(&path, &one.id, &MANAGED, &policies, faults);
        let headers = rule(&path, "headers", &one.headers, faults);
        let cookies = rule(&path, "cookies", &one.cookies, faults);
        let query_strings = rule(&path, "query-strings", &one.query_strings, faults);
        let cloudfront = headers.as_ref().map(|rule| cloudfront_headers(rule, database, faults));
        let headers = headers.map(|rule| header_names(&rule, faults));
        let cookies = cookies.map(|rule| names(&rule, "cookies", faults));
        let query_strings = query_strings.map(|rule| names(&rule, "query-strings", faults));
        let Some(id) = id else { continue };
        let rule = |read: Option<Forwarded>| read.unwrap_or(Forwarded::None);
        let policy = OriginRequestPolicy::new(
            id,
            rule(headers),
            rule(cookies),
            rule(query_strings),
            cloudfront.unwrap_or_default(),
        );
        let is_good = faults.error_count() == errors;
        policies.insert(id.to_owned(), is_good.then(|| Arc::new(policy)));
    }
    policies
}

/// `{ behavior = "…", items = […] }`.
fn rule<'d>(
    policy: &KeyPath,
    key: &str,
    declared: &'d ForwardingRule,
    faults: &mut Faults,
) -> Option<Rule<'d>> {
    let path = policy.key(key);
    let behavior = faults.parsed(&path.key("behavior"), &declared.behavior, behavior_of)?;
    let at_items = path.key("items");
    let takes_items = match behavior {
        Behavior::None => false,
        Behavior::All => key == "headers",
        Behavior::AllowList | Behavior::AllExcept => true,
    };
    let needs_items = matches!(behavior, Behavior::AllowList | Behavior::AllExcept);
    if needs_items && declared.items.as_ref().is_none_or(Vec::is_empty) {
        let fault = Fault::at(&path, format!("`{key}` has no names in its list"));
        faults.error(fault.expected("items = [\"…\"]"));
    }
    if let (false, Some(items)) = (takes_items, &declared.items) {
        let place = if items.is_empty() { path } else { at_items.item(0) };
        let fault = Fault::at(&place, format!("`{key}` forwards nothing or everything, without a list"));
        faults.error(fault.expected("`items` only with \"allow-list\" or \"all-except\""));
    }
    Some(Rule { behavior, path: at_items, items: declared.items.as_deref().unwrap_or_default() })
}

/// The `CloudFront-*` names among the items of an allow-list, or beside all of the viewer's headers.
fn cloudfront_headers(
    rule: &Rule<'_>,
    database: &CountryDatabase,
    faults: &mut Faults,
) -> Vec<CloudFrontHeader> {
    let mut headers = Vec::new();
    if !matches!(rule.behavior, Behavior::All | Behavior::AllowList) {
        return headers;
    }
    for (path, item) in rule.items().filter(|(_, item)| is_cloudfronts(item)) {
        let Some(header) = CloudFrontHeader::parse(item) else {
            let names: Vec<&str> = CloudFrontHeader::ALL.iter().map(|header| header.as_str()).collect();
            let fault = Fault::at(&path, "CloudFront has no such header").found_text(item);
            faults.error(fault.expected(names.join(", ")));
            continue;
        };
        if !database.may_know(header) {
            let fault = Fault::at(&path, format!("`{}` is not known here", header.as_str()));
            faults.warning(fault.help(NOT_SENT));
        }
        if !headers.contains(&header) {
            headers.push(header);
        }
    }
    headers
}

fn header_names(rule: &Rule<'_>, faults: &mut Faults) -> Forwarded {
    let mut names = Vec::new();
    for (path, item) in rule.items() {
        let wrong = match item.parse::<HeaderName>() {
            _ if is_cloudfronts(item) => match rule.behavior {
                Behavior::AllExcept => Some("a viewer's `CloudFront-*` headers never reach the origin"),
                Behavior::None | Behavior::All | Behavior::AllowList => continue,
            },
            Err(_) => Some("this is not the name of a header"),
            Ok(_) if rule.behavior == Behavior::All => {
                Some("beside all of the viewer's headers only `CloudFront-*` ones can be listed")
            }
            Ok(name) if name == "cookie" => Some("cookies are forwarded by the policy's `cookies`"),
            Ok(name) if NEVER_FORWARDED.contains(&name.as_str()) => {
                Some("this header never reaches the origin, or is always the edge's own")
            }
            Ok(_) => None,
        };
        match wrong {
            Some(message) => faults.error(Fault::at(&path, message).found_text(item)),
            None => names.push(item.to_owned()),
        }
    }
    rule.forwards(names)
}

fn names(rule: &Rule<'_>, key: &str, faults: &mut Faults) -> Forwarded {
    let is_name = |name: &str| !(name.is_empty() || name.contains(['*', '=', '&', ';']));
    for (path, item) in rule.items().filter(|(_, item)| !is_name(item)) {
        let fault = Fault::at(&path, format!("`{key}` are listed by their whole names")).found_text(item);
        faults.error(fault.expected("a name without its value; `behavior = \"all\"` forwards all"));
    }
    rule.forwards(rule.items.to_vec())
}

impl<'d> Rule<'d> {
    fn items(&self) -> impl Iterator<Item = (KeyPath, &'d str)> {
        self.items.iter().enumerate().map(|(number, item)| (self.path.item(number), item.as_str()))
    }

    fn forwards(&self, names: Vec<String>) -> Forwarded {
        match self.behavior {
            Behavior::None => Forwarded::None,
            Behavior::All => Forwarded::All,
            Behavior::AllowList => Forwarded::Only(names),
            Behavior::AllExcept => Forwarded::AllExcept(names),
        }
    }
}

fn behavior_of(text: &str) -> Result<Behavior, String> {
    let expected = "\"none\", \"all\", \"allow-list\" or \"all-except\"";
    let ours = match text {
        "none" => return Ok(Behavior::None),
        "all" => return Ok(Behavior::All),
        "allow-list" => return Ok(Behavior::AllowList),
        "all-except" => return Ok(Behavior::AllExcept),
        "whitelist" => "allow-list",
        "allViewer" | "allViewerAndWhitelistCloudFront" => "all",
        "allExcept" => "all-except",
        _ => return Err(expected.to_owned()),
    };
    Err(format!("{expected} (CloudFront's `{text}` is `{ours}` here)"))
}

fn is_cloudfronts(name: &str) -> bool {
    name.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("cloudfront-"))
}

/// What listing can't change (cloudfront 9.2).
const NEVER_FORWARDED: [&str; 15] = [
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-amz-cf-id",
    "x-forwarded-proto",
    "x-http-method-override",
    "x-real-ip",
    "via",
];
