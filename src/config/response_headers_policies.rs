//! `[[response-headers-policies]]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};

use super::Loader;
use super::reader::{Placed, Reader};
use crate::distribution::cors::{AllowedOrigins, Cors};
use crate::distribution::response_headers_policy::{AddedHeader, MANAGED, ResponseHeadersPolicy, Sampling};
use crate::epoch::parse_duration;

impl Loader<'_, '_> {
    pub(super) fn response_headers_policies(
        &mut self,
        root: &mut Reader<'_, '_>,
    ) -> BTreeMap<String, Option<Arc<ResponseHeadersPolicy>>> {
        let mut policies = BTreeMap::new();
        for mut table in
            root.tables(self.faults, "response-headers-policies", "[[response-headers-policies]]")
        {
            let errors = self.faults.errors.len();
            let id = self.policy_id(&mut table, &MANAGED, |id| policies.contains_key(id));
            let cors = self.cors(&mut table);
            let mut adds = self.security_headers(&mut table);
            adds.extend(self.added_headers(&mut table));
            let removes = self.removed_headers(&mut table);
            let server_timing = self.sampling(&mut table);
            table.finish(self.faults, &[]);
            let Some(id) = id else { continue };
            let policy =
                ResponseHeadersPolicy { id: id.value.to_owned(), removes, cors, adds, server_timing };
            let is_good = self.faults.errors.len() == errors;
            policies.insert(id.value.to_owned(), is_good.then(|| Arc::new(policy)));
        }
        policies
    }

    fn cors(&mut self, table: &mut Reader<'_, '_>) -> Option<Cors> {
        let mut table = table.table(self.faults, "cors", "cors")?;
        let span = table.span();
        let origins = table.strings(self.faults, "allow-origins").unwrap_or_default();
        if origins.is_empty() {
            let fault = self.faults.at(&span, "`cors` allows no origins");
            self.faults.error(fault.expected("allow-origins = [\"https://app.example.com\"]"));
        }
        let allow_credentials = table.boolean(self.faults, "allow-credentials");
        let methods = table.strings(self.faults, "allow-methods").unwrap_or_default();
        let headers = table.strings(self.faults, "allow-headers").unwrap_or_default();
        let exposed = table.strings(self.faults, "expose-headers").unwrap_or_default();
        let max_age = table.time(self.faults, "max-age", parse_duration);
        let overrides = table.boolean(self.faults, "override");
        table.finish(self.faults, POLICY_KEYS);
        if allow_credentials {
            self.no_wildcards([&origins, &headers, &exposed]);
        }
        Some(Cors {
            allow_origins: self.allowed_origins(&origins),
            allow_credentials,
            allow_methods: self.methods(&methods),
            allow_headers: self.header_list(&headers),
            echoes_headers: false,
            expose_headers: self.header_list(&exposed),
            exposes_on_preflights_only: false,
            max_age: max_age.map(|age| HeaderValue::from(age.value.as_secs())),
            overrides,
        })
    }

    /// Browsers take no wildcard from whoever lets cookies be sent; granting everyone by name would undo their care.
    fn no_wildcards(&mut self, lists: [&Vec<Placed<&str>>; 3]) {
        for item in lists.into_iter().flatten().filter(|item| item.value == "*") {
            let fault = self.faults.at(&item.span, "`*` can't stand beside `allow-credentials = true`");
            self.faults.error(fault.found("\"*\"").expected("names, each of its own"));
        }
    }

    fn allowed_origins(&mut self, origins: &[Placed<&str>]) -> AllowedOrigins {
        if origins.iter().any(|origin| origin.value == "*") {
            return AllowedOrigins::Any;
        }
        let mut patterns = Vec::new();
        for origin in origins {
            match origin.value.parse() {
                Ok(pattern) => patterns.push(pattern),
                Err(error) => {
                    let fault =
                        self.faults.at(&origin.span, "`allow-origins` has a value that is not an origin");
                    self.faults.error(fault.found(format!("{:?}", origin.value)).expected(error));
                }
            }
        }
        AllowedOrigins::Listed(patterns)
    }

    fn methods(&mut self, methods: &[Placed<&str>]) -> Option<HeaderValue> {
        const ALL: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
        for method in methods.iter().filter(|method| method.value != "ALL" && !ALL.contains(&method.value)) {
            let fault =
                self.faults.at(&method.span, "`allow-methods` has a method that CloudFront doesn't take");
            let fault = fault.found(format!("{:?}", method.value));
            self.faults.error(fault.expected(format!("{} or ALL", ALL.join(", "))));
        }
        let named: Vec<&str> = match methods.iter().any(|method| method.value == "ALL") {
            true => ALL.to_vec(),
            false => methods.iter().map(|method| method.value).collect(),
        };
        joined(&named)
    }

    /// Names of headers, or `*`.
    fn header_list(&mut self, names: &[Placed<&str>]) -> Option<HeaderValue> {
        for name in names.iter().filter(|name| name.value != "*" && name.value.parse::<HeaderName>().is_err())
        {
            let fault = self.faults.at(&name.span, "this is not the name of a header");
            self.faults.error(fault.found(format!("{:?}", name.value)));
        }
        joined(&names.iter().map(|name| name.value).collect::<Vec<_>>())
    }

    fn security_headers(&mut self, table: &mut Reader<'_, '_>) -> Vec<AddedHeader> {
        let mut adds = Vec::new();
        let Some(mut table) = table.table(self.faults, "security-headers", "security-headers") else {
            return adds;
        };
        for (key, name, check) in SECURITY {
            let (value, overrides) = if table.is_table(key) {
                let Some(mut one) = table.table(self.faults, key, key) else { continue };
                let value = one.required(self.faults, "value");
                let overrides = one.boolean(self.faults, "override");
                one.finish(self.faults, &[]);
                (value, overrides)
            } else {
                (table.string(self.faults, key), false)
            };
            let Some(value) = value else { continue };
            match (check(value.value), HeaderValue::from_str(value.value)) {
                (Ok(()), Ok(header)) => {
                    adds.push(AddedHeader { name: HeaderName::from_static(name), value: header, overrides });
                }
                (checked, _) => {
                    let fault = self.faults.at(&value.span, format!("`{key}` can't be used"));
                    let expected = checked.err().unwrap_or("visible ASCII characters and spaces");
                    self.faults.error(fault.found(format!("{:?}", value.value)).expected(expected));
                }
            }
        }
        table.finish(self.faults, POLICY_KEYS);
        adds
    }

    fn added_headers(&mut self, table: &mut Reader<'_, '_>) -> Vec<AddedHeader> {
        let mut adds = Vec::new();
        for mut one in table.tables(self.faults, "custom-headers", "custom-headers") {
            let header = one.required(self.faults, "header");
            // CloudFront adds a header without a value, too.
            let value = one.string(self.faults, "value");
            let overrides = one.boolean(self.faults, "override");
            one.finish(self.faults, POLICY_KEYS);
            let Some(header) = header else { continue };
            let Some(name) = self.changeable(&header) else { continue };
            match HeaderValue::from_str(value.as_ref().map_or("", |value| value.value)) {
                Ok(value) => adds.push(AddedHeader { name, value, overrides }),
                Err(_) => {
                    let place = value.map_or(header.span, |value| value.span);
                    let fault =
                        self.faults.at(&place, format!("the value of `{name}` is not a header value"));
                    self.faults.error(fault.expected("visible ASCII characters and spaces"));
                }
            }
        }
        adds
    }

    fn removed_headers(&mut self, table: &mut Reader<'_, '_>) -> Vec<HeaderName> {
        let named = table.strings(self.faults, "remove-headers").unwrap_or_default();
        named.iter().filter_map(|name| self.changeable(name)).collect()
    }

    /// A header that a policy may change.
    fn changeable(&mut self, name: &Placed<&str>) -> Option<HeaderName> {
        let message = match name.value.parse::<HeaderName>() {
            Err(_) => "this is not the name of a header",
            Ok(header) if is_fixed(header.as_str()) => {
                "this header can't be changed by a policy, nor at CloudFront"
            }
            Ok(header) => return Some(header),
        };
        let fault = self.faults.at(&name.span, message).found(format!("{:?}", name.value));
        self.faults.error(fault);
        None
    }

    fn sampling(&mut self, table: &mut Reader<'_, '_>) -> Option<Sampling> {
        let percent = table.number(self.faults, "server-timing-sampling")?;
        let sampling = Sampling::percent(percent.value);
        if sampling.is_none() {
            let fault = self.faults.at(&percent.span, "`server-timing-sampling` is out of range");
            self.faults.error(fault.found(percent.value).expected("a percentage, 0 to 100"));
        }
        sampling
    }
}

fn joined(names: &[&str]) -> Option<HeaderValue> {
    if names.is_empty() { None } else { HeaderValue::from_str(&names.join(", ")).ok() }
}

/// What AWS's guide lists as not removable (`[DOC D23:understanding-response-headers-policies]`); taken for adding, too.
fn is_fixed(name: &str) -> bool {
    const FIXED: [&str; 32] = [
        "connection",
        "content-encoding",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "warning",
        "x-accel-buffering",
        "x-accel-charset",
        "x-accel-limit-rate",
        "x-accel-redirect",
        "x-amzn-auth",
        "x-amzn-cf-billing",
        "x-amzn-cf-id",
        "x-amzn-cf-xff",
        "x-amzn-errortype",
        "x-amzn-fle-profile",
        "x-amzn-header-count",
        "x-amzn-header-order",
        "x-amzn-lambda-integration-tag",
        "x-amzn-requestid",
        "x-cache",
        "x-forwarded-proto",
        "x-real-ip",
    ];
    FIXED.contains(&name) || name.starts_with("x-amz-cf-") || name.starts_with("x-edge-")
}

type Check = fn(&str) -> Result<(), &'static str>;

/// The keys of `security-headers`, the headers that they are, and what CloudFront takes for each.
const SECURITY: [(&str, &str, Check); 6] = [
    ("strict-transport-security", "strict-transport-security", |text| {
        let seconds = text.strip_prefix("max-age=").map(|rest| rest.split(';').next().unwrap_or("").trim());
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        ok_if(seconds.is_some_and(is_number), "such as \"max-age=31536000; includeSubDomains\"")
    }),
    ("frame-options", "x-frame-options", |text| {
        ok_if(matches!(text, "DENY" | "SAMEORIGIN"), "\"DENY\" or \"SAMEORIGIN\"")
    }),
    ("content-type-options", "x-content-type-options", |text| ok_if(text == "nosniff", "\"nosniff\"")),
    ("referrer-policy", "referrer-policy", |text| {
        const KNOWN: &str = "\"no-referrer\", \"no-referrer-when-downgrade\", \"origin\", \"origin-when-cross-origin\", \
                             \"same-origin\", \"strict-origin\", \"strict-origin-when-cross-origin\" or \"unsafe-url\"";
        ok_if(!text.is_empty() && KNOWN.contains(&format!("\"{text}\"")), KNOWN)
    }),
    ("xss-protection", "x-xss-protection", |text| {
        let is_known = matches!(text, "0" | "1" | "1; mode=block") || text.starts_with("1; report=");
        ok_if(is_known, "\"0\", \"1\", \"1; mode=block\" or \"1; report=URI\"")
    }),
    ("content-security-policy", "content-security-policy", |text| {
        ok_if((1..=1783).contains(&text.len()), "1 to 1783 characters, as at CloudFront")
    }),
];

fn ok_if(is_good: bool, expected: &'static str) -> Result<(), &'static str> {
    if is_good { Ok(()) } else { Err(expected) }
}

const POLICY_KEYS: &[&str] =
    &["id", "cors", "security-headers", "custom-headers", "remove-headers", "server-timing-sampling"];
