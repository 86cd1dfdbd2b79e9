//! `[[distributions]]` and their behaviors.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::reader::{Placed, Reader};
use super::{Fault, Loader};
use crate::distribution::behavior::{AllowedMethods, CacheBehavior, Restriction, ViewerProtocolPolicy};
use crate::distribution::key::KeyGroup;
use crate::distribution::origin::OriginId;
use crate::distribution::pattern::PathPattern;
use crate::distribution::{BaseUrl, Distribution, MAX_PUBLIC_BASE_URLS};
use crate::viewer::Host;

pub(super) type Groups = BTreeMap<String, Arc<KeyGroup>>;

impl Loader<'_, '_> {
    pub(super) fn distributions(
        &mut self,
        root: &mut Reader<'_, '_>,
        groups: &Groups,
    ) -> Vec<Arc<Distribution>> {
        let tables = root.tables(self.faults, "distributions", "[[distributions]]");
        if tables.is_empty() {
            let fault = Fault::of_file(self.faults.file.clone(), "the file has no distribution");
            self.faults.error(
                fault.expected("[[distributions]]").help("config.toml in the repository is an example"),
            );
        }
        let mut list: Vec<Arc<Distribution>> = Vec::new();
        for table in tables {
            let span = table.span();
            let Some(distribution) = self.distribution(table, groups) else { continue };
            if list.iter().any(|known| known.id == distribution.id) {
                let fault =
                    self.faults.at(&span, format!("distribution `{}` is defined twice", distribution.id));
                self.faults.error(fault);
            }
            self.doubtful_pages(&distribution);
            self.open_buckets(&distribution);
            self.letter_case(&distribution);
            list.push(Arc::new(distribution));
        }
        self.names_are_distinct();
        self.bases_are_their_own(&list);
        list
    }

    fn distribution(&mut self, mut table: Reader<'_, '_>, groups: &Groups) -> Option<Distribution> {
        let id = table.required(self.faults, "id");
        self.names.ids.extend(id.as_ref().map(|id| id.value.to_owned()));
        let domain_name = table.required(self.faults, "domain-name");
        let aliases = table.strings(self.faults, "aliases").unwrap_or_default();
        for (name, is_alias) in
            domain_name.iter().map(|name| (name, false)).chain(aliases.iter().map(|name| (name, true)))
        {
            self.names.note(id.as_ref(), name);
            let bare = name.value.strip_prefix("*.").filter(|_| is_alias).unwrap_or(name.value);
            if !Host::parse(bare).is_ok_and(|host| host.port().is_none()) {
                let fault =
                    self.faults.at(&name.span, "a name of a distribution is a host name without a port");
                self.faults.error(
                    fault.found(format!("{:?}", name.value)).expected("such as \"media.example.com\""),
                );
            }
        }
        let public_base_urls = self.public_base_urls(&mut table, id.as_ref());
        let default_root_object = self.default_root_object(&mut table);
        let geo_restriction = self.geo_restriction(&mut table, id.as_ref());
        let origins = self.origins(&mut table);
        let origin_groups = self.origin_groups(&mut table, &origins);
        let error_responses = self.custom_error_responses(&mut table);
        let default =
            table.table(self.faults, "default-cache-behavior", "[distributions.default-cache-behavior]");
        let ordered = table.tables(self.faults, "cache-behaviors", "[[distributions.cache-behaviors]]");
        let span = table.span();
        table.finish(self.faults, ROOT_KEYS);
        self.quota(&span, "cache behaviors", ordered.len(), 75);
        self.quota(&span, "origins", origins.len(), 100);
        self.quota(&span, "aliases", aliases.len(), 100);
        if default.is_none() {
            let fault = self.faults.at(&span, "the distribution has no default cache behavior");
            self.faults.error(fault.expected("[distributions.default-cache-behavior]"));
        }
        let of_groups = origin_groups.iter().map(|group| group.id.as_str().to_owned());
        let targets: Vec<String> = origins.keys().cloned().chain(of_groups).collect();
        let default_behavior = default.and_then(|table| self.behavior(table, &targets, groups, false));
        let behaviors: Vec<_> =
            ordered.into_iter().filter_map(|table| self.behavior(table, &targets, groups, true)).collect();
        Some(Distribution {
            id: id?.value.to_owned(),
            domain_name: domain_name?.value.to_owned(),
            aliases: aliases.iter().map(|alias| alias.value.to_owned()).collect(),
            public_base_urls,
            default_root_object,
            geo_restriction,
            origins: origins.into_values().flatten().collect(),
            origin_groups,
            error_responses,
            behaviors,
            default_behavior: default_behavior?,
        })
    }

    fn public_base_urls(&mut self, table: &mut Reader<'_, '_>, id: Option<&Placed<&str>>) -> Vec<BaseUrl> {
        let given = table.strings(self.faults, "public-base-urls").unwrap_or_default();
        if let Some(beyond) = given.get(MAX_PUBLIC_BASE_URLS) {
            let fault = self.faults.at(&beyond.span, "too many public base URLs").found(given.len());
            self.faults.error(fault.expected(format!("at most {MAX_PUBLIC_BASE_URLS}")));
        }
        let mut bases: Vec<BaseUrl> = Vec::new();
        for base in given {
            match BaseUrl::parse(base.value) {
                Ok(parsed) if bases.contains(&parsed) => {}
                Ok(parsed) => {
                    self.names.note_base(id, &parsed, &base.span);
                    bases.push(parsed);
                }
                Err(error) => {
                    let fault =
                        self.faults.at(&base.span, format!("a public base URL can't be used: {error}"));
                    let fault = fault.found(format!("{:?}", base.value));
                    self.faults
                        .error(fault.expected("scheme://host[:port], such as \"https://media.example.com\""));
                }
            }
        }
        bases
    }

    fn default_root_object(&mut self, table: &mut Reader<'_, '_>) -> Option<String> {
        let object =
            table.string(self.faults, "default-root-object").filter(|object| !object.value.is_empty())?;
        if object.value.starts_with('/')
            || !object.value.bytes().all(|b| b.is_ascii_graphic() && !b"?#%\\;".contains(&b))
            || object.value.split('/').any(|segment| matches!(segment, "" | "." | ".."))
        {
            let fault =
                self.faults.at(&object.span, "the default root object is a path without a leading slash");
            self.faults.error(fault.found(format!("{:?}", object.value)).expected("such as \"index.html\""));
        }
        Some(object.value.to_owned())
    }

    fn behavior(
        &mut self,
        mut table: Reader<'_, '_>,
        targets: &[String],
        groups: &Groups,
        ordered: bool,
    ) -> Option<CacheBehavior> {
        let path_pattern = if ordered {
            let required = table.required(self.faults, "path-pattern");
            required.and_then(|_| table.parsed(self.faults, "path-pattern", str::parse::<PathPattern>))
        } else {
            None
        };
        let target = table.required(self.faults, "target-origin");
        let restriction = self.restriction(&mut table, groups);
        let allowed_methods = self.allowed_methods(&mut table);
        let viewer_protocol_policy = table.parsed(self.faults, "viewer-protocol-policy", |text| {
            let known = ViewerProtocolPolicy::ALL.into_iter().find(|policy| policy.as_str() == text);
            known.ok_or("\"allow-all\", \"https-only\" or \"redirect-to-https\"")
        });
        if let Some(policy) = &viewer_protocol_policy {
            self.needs_https(policy);
        }
        let origin_request_policy = self.origin_request_policy(&mut table);
        let response_headers_policy = self.response_headers_policy(&mut table);
        let switches = self.switches(&mut table);
        table.finish(self.faults, DISTRIBUTION_KEYS);
        let target = target?;
        if !targets.iter().any(|id| id == target.value) {
            self.undefined(&target, "origin", targets.iter());
            return None;
        }
        if ordered && path_pattern.is_none() {
            return None;
        }
        Some(CacheBehavior {
            path_pattern: path_pattern.map(|pattern| pattern.value),
            target_origin: OriginId::new(target.value),
            restriction: restriction?,
            allowed_methods,
            viewer_protocol_policy: viewer_protocol_policy
                .map_or_else(Default::default, |policy| policy.value),
            origin_request_policy: origin_request_policy?,
            response_headers_policy: response_headers_policy?,
            switches,
        })
    }

    /// Warns where nothing speaks HTTPS, so that no viewer ever gets past the policy.
    fn needs_https(&mut self, policy: &Placed<ViewerProtocolPolicy>) {
        let effect = match policy.value {
            ViewerProtocolPolicy::RedirectToHttps => "leads to where nothing listens",
            ViewerProtocolPolicy::HttpsOnly => "denies every request",
            ViewerProtocolPolicy::AllowAll => return,
        };
        if self.knows_https {
            return;
        }
        let name = policy.value.as_str();
        let fault = self.faults.at(&policy.span, format!("`{name}` without an HTTPS listener {effect}"));
        let help =
            "add [[server.https]], or name the proxy in front that speaks HTTPS in [server] trusted-proxies";
        self.faults.warning(fault.found(format!("{name:?}")).expected("an HTTPS listener").help(help));
    }

    /// Public only where no group is named. A group that can't be used is a fault, never a public path.
    fn restriction(&mut self, table: &mut Reader<'_, '_>, groups: &Groups) -> Option<Restriction> {
        let errors = self.faults.errors.len();
        let named = table.strings(self.faults, "trusted-key-groups").unwrap_or_default();
        let mut trusted = Vec::new();
        self.quota(&table.span(), "key groups on a behavior", named.len(), 4);
        for name in &named {
            match groups.get(name.value) {
                Some(group) => trusted.push(Arc::clone(group)),
                None => {
                    let holder = groups
                        .values()
                        .find(|group| group.keys.iter().any(|key| key.id().as_str() == name.value));
                    let help = holder.map(|group| {
                        format!("{} is a public key; it is in the key group `{}`", name.value, group.id)
                    });
                    self.undefined_but(name, "key group", groups.keys(), help);
                }
            }
        }
        if self.faults.errors.len() > errors {
            return None;
        }
        Some(if trusted.is_empty() { Restriction::Open } else { Restriction::Signed(trusted) })
    }

    fn allowed_methods(&mut self, table: &mut Reader<'_, '_>) -> AllowedMethods {
        let span = table.span();
        let Some(names) = table.strings(self.faults, "allowed-methods") else {
            return AllowedMethods::default();
        };
        AllowedMethods::from_names(names.iter().map(|name| name.value)).unwrap_or_else(|| {
            let place = names.first().map_or(span, |name| name.span.clone());
            let fault = self.faults.at(&place, "`allowed-methods` is none of CloudFront's three sets");
            let found: Vec<&str> = names.iter().map(|name| name.value).collect();
            let expected =
                "GET, HEAD; or GET, HEAD, OPTIONS; or GET, HEAD, OPTIONS, PUT, POST, PATCH, DELETE";
            self.faults.error(fault.found(found.join(", ")).expected(expected));
            AllowedMethods::default()
        })
    }
}

const ROOT_KEYS: &[&str] = &[
    "server",
    "verified-policy-cache",
    "access-log",
    "admin",
    "public-keys",
    "key-groups",
    "origin-request-policies",
    "response-headers-policies",
    "distributions",
];
pub(super) const DISTRIBUTION_KEYS: &[&str] = &[
    "id",
    "domain-name",
    "aliases",
    "public-base-urls",
    "default-root-object",
    "geo-restriction",
    "origins",
    "origin-groups",
    "custom-error-responses",
    "default-cache-behavior",
    "cache-behaviors",
];
