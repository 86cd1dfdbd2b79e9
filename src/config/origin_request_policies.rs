//! `[[origin-request-policies]]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderName;

use super::Loader;
use super::policies::NOT_SENT;
use super::reader::{Placed, Reader};
use crate::distribution::cloudfront_header::CloudFrontHeader;
use crate::distribution::origin_request_policy::{Forwarded, MANAGED, OriginRequestPolicy};

/// A rule as it was read, with its list.
struct Rule<'a> {
    behavior: Behavior,
    items: Vec<Placed<&'a str>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Behavior {
    None,
    All,
    AllowList,
    AllExcept,
}

impl Loader<'_, '_> {
    pub(super) fn origin_request_policies(
        &mut self,
        root: &mut Reader<'_, '_>,
    ) -> BTreeMap<String, Option<Arc<OriginRequestPolicy>>> {
        let mut policies = BTreeMap::new();
        for mut table in root.tables(self.faults, "origin-request-policies", "[[origin-request-policies]]") {
            let errors = self.faults.errors.len();
            let id = self.policy_id(&mut table, &MANAGED, |id| policies.contains_key(id));
            let headers = self.rule(&mut table, "headers");
            let cookies = self.rule(&mut table, "cookies");
            let query_strings = self.rule(&mut table, "query-strings");
            table.finish(self.faults, &[]);
            let cloudfront = headers.as_ref().map_or_else(Vec::new, |rule| self.cloudfront_headers(rule));
            let headers = headers.map(|rule| self.header_names(rule));
            let cookies = cookies.map(|rule| self.names(rule, "cookies"));
            let query_strings = query_strings.map(|rule| self.names(rule, "query-strings"));
            let Some(id) = id else { continue };
            let rule = |read: Option<Forwarded>| read.unwrap_or(Forwarded::None);
            let policy = OriginRequestPolicy::new(
                id.value,
                rule(headers),
                rule(cookies),
                rule(query_strings),
                cloudfront,
            );
            let is_good = self.faults.errors.len() == errors;
            policies.insert(id.value.to_owned(), is_good.then(|| Arc::new(policy)));
        }
        policies
    }

    /// `{ behavior = "…", items = […] }`.
    fn rule<'a>(&mut self, table: &mut Reader<'a, '_>, key: &'static str) -> Option<Rule<'a>> {
        let mut table = table.table(self.faults, key, key)?;
        let behavior = table.required(self.faults, "behavior");
        let behavior = behavior.and_then(|_| table.parsed(self.faults, "behavior", behavior_of));
        let span = table.span();
        let items = table.strings(self.faults, "items");
        table.finish(self.faults, &["id", "headers", "cookies", "query-strings"]);
        let behavior = behavior?.value;
        let takes_items = match behavior {
            Behavior::None => false,
            Behavior::All => key == "headers",
            Behavior::AllowList | Behavior::AllExcept => true,
        };
        let needs_items = matches!(behavior, Behavior::AllowList | Behavior::AllExcept);
        if needs_items && items.as_ref().is_none_or(Vec::is_empty) {
            let fault = self.faults.at(&span, format!("`{key}` has no names in its list"));
            self.faults.error(fault.expected("items = [\"…\"]"));
        }
        if let (false, Some(items)) = (takes_items, &items) {
            let place = items.first().map_or(span, |item| item.span.clone());
            let fault =
                self.faults.at(&place, format!("`{key}` forwards nothing or everything, without a list"));
            self.faults.error(fault.expected("`items` only with \"allow-list\" or \"all-except\""));
        }
        Some(Rule { behavior, items: items.unwrap_or_default() })
    }

    /// The `CloudFront-*` names among the items of an allow-list, or beside all of the viewer's headers.
    fn cloudfront_headers(&mut self, rule: &Rule<'_>) -> Vec<CloudFrontHeader> {
        let mut headers = Vec::new();
        if !matches!(rule.behavior, Behavior::All | Behavior::AllowList) {
            return headers;
        }
        for item in rule.items.iter().filter(|item| is_cloudfronts(item.value)) {
            let Some(header) = CloudFrontHeader::parse(item.value) else {
                let fault = self.faults.at(&item.span, "CloudFront has no such header");
                let names: Vec<&str> = CloudFrontHeader::ALL.iter().map(|header| header.as_str()).collect();
                self.faults.error(fault.found(format!("{:?}", item.value)).expected(names.join(", ")));
                continue;
            };
            if !self.may_know(header) {
                let fault = self.faults.at(&item.span, format!("`{}` is not known here", header.as_str()));
                self.faults.warning(fault.help(NOT_SENT));
            }
            if !headers.contains(&header) {
                headers.push(header);
            }
        }
        headers
    }

    fn header_names(&mut self, rule: Rule<'_>) -> Forwarded {
        let mut names = Vec::new();
        for item in &rule.items {
            let wrong = match item.value.parse::<HeaderName>() {
                _ if is_cloudfronts(item.value) => match rule.behavior {
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
                Some(message) => {
                    let fault = self.faults.at(&item.span, message).found(format!("{:?}", item.value));
                    self.faults.error(fault);
                }
                None => names.push(item.value.to_owned()),
            }
        }
        rule.forwards(names)
    }

    fn names(&mut self, rule: Rule<'_>, key: &str) -> Forwarded {
        let is_name = |name: &str| !(name.is_empty() || name.contains(['*', '=', '&', ';']));
        for item in rule.items.iter().filter(|item| !is_name(item.value)) {
            let fault = self.faults.at(&item.span, format!("`{key}` are listed by their whole names"));
            let fault = fault.found(format!("{:?}", item.value));
            self.faults.error(fault.expected("a name without its value; `behavior = \"all\"` forwards all"));
        }
        let names = rule.items.iter().map(|item| item.value.to_owned()).collect();
        rule.forwards(names)
    }
}

impl Rule<'_> {
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

/// What listing can't change (semantics 9.2).
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
