//! `[[response-headers-policies]]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};

use super::policies::policy_id;
use super::{ById, Fault, Faults, KeyPath};
use crate::config::declared::{self, SecurityHeader, SecurityHeaders};
use crate::distribution::cors::{AllowedOrigins, Cors};
use crate::distribution::response_headers_policy::{AddedHeader, MANAGED, ResponseHeadersPolicy, Sampling};
use crate::epoch::parse_duration;

/// Resolves `[[response-headers-policies]]`.
pub(super) fn policies(
    root: &KeyPath,
    declared: &[declared::ResponseHeadersPolicy],
    faults: &mut Faults,
) -> ById<ResponseHeadersPolicy> {
    let mut policies = BTreeMap::new();
    for (number, one) in declared.iter().enumerate() {
        let path = root.key("response-headers-policies").item(number);
        let errors = faults.error_count();
        let id = policy_id(&path, &one.id, &MANAGED, &policies, faults);
        let cors = one.cors.as_ref().map(|cors| self::cors(&path.key("cors"), cors, faults));
        let mut adds = security_headers(&path.key("security-headers"), &one.security_headers, faults);
        adds.extend(added_headers(&path.key("custom-headers"), &one.custom_headers, faults));
        let removes = removed_headers(&path.key("remove-headers"), &one.remove_headers, faults);
        let server_timing = one.server_timing_sampling.and_then(|percent| sampling(&path, percent, faults));
        let Some(id) = id else { continue };
        let policy = ResponseHeadersPolicy { id: id.to_owned(), removes, cors, adds, server_timing };
        let is_good = faults.error_count() == errors;
        policies.insert(id.to_owned(), is_good.then(|| Arc::new(policy)));
    }
    policies
}

fn cors(path: &KeyPath, declared: &declared::Cors, faults: &mut Faults) -> Cors {
    if declared.allow_origins.is_empty() {
        let fault = Fault::at(path, "`cors` allows no origins");
        faults.error(fault.expected("allow-origins = [\"https://app.example.com\"]"));
    }
    if declared.allow_credentials {
        no_wildcards(path, declared, faults);
    }
    let max_age = declared.max_age.as_ref();
    let max_age = max_age.and_then(|age| faults.parsed(&path.key("max-age"), &age.0, parse_duration));
    Cors {
        allow_origins: allowed_origins(&path.key("allow-origins"), &declared.allow_origins, faults),
        allow_credentials: declared.allow_credentials,
        allow_methods: methods(&path.key("allow-methods"), &declared.allow_methods, faults),
        allow_headers: header_list(&path.key("allow-headers"), &declared.allow_headers, faults),
        echoes_headers: false,
        expose_headers: header_list(&path.key("expose-headers"), &declared.expose_headers, faults),
        exposes_on_preflights_only: false,
        max_age: max_age.map(|age| HeaderValue::from(age.as_secs())),
        overrides: declared.r#override,
    }
}

/// The items of a list with their paths.
fn items<'d>(list: &KeyPath, items: &'d [String]) -> impl Iterator<Item = (KeyPath, &'d str)> {
    items.iter().enumerate().map(|(number, item)| (list.item(number), item.as_str()))
}

/// Browsers accept no wildcard together with cookies. Listing every origin by a wildcard would defeat that.
fn no_wildcards(path: &KeyPath, declared: &declared::Cors, faults: &mut Faults) {
    for (key, list) in [
        ("allow-origins", &declared.allow_origins),
        ("allow-headers", &declared.allow_headers),
        ("expose-headers", &declared.expose_headers),
    ] {
        for (path, _) in items(&path.key(key), list).filter(|(_, item)| *item == "*") {
            let fault = Fault::at(&path, "`*` can't stand beside `allow-credentials = true`");
            faults.error(fault.found("\"*\"").expected("names, each of its own"));
        }
    }
}

fn allowed_origins(path: &KeyPath, origins: &[String], faults: &mut Faults) -> AllowedOrigins {
    if origins.iter().any(|origin| origin == "*") {
        return AllowedOrigins::Any;
    }
    let mut patterns = Vec::new();
    for (path, origin) in items(path, origins) {
        match origin.parse() {
            Ok(pattern) => patterns.push(pattern),
            Err(error) => {
                let fault = Fault::at(&path, "`allow-origins` has a value that is not an origin");
                faults.error(fault.found_text(origin).expected(error));
            }
        }
    }
    AllowedOrigins::Listed(patterns)
}

fn methods(path: &KeyPath, methods: &[String], faults: &mut Faults) -> Option<HeaderValue> {
    const ALL: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
    for (path, method) in items(path, methods).filter(|(_, method)| *method != "ALL" && !ALL.contains(method))
    {
        let fault = Fault::at(&path, "`allow-methods` has a method that CloudFront doesn't take");
        faults.error(fault.found_text(method).expected(format!("{} or ALL", ALL.join(", "))));
    }
    let named: Vec<&str> = match methods.iter().any(|method| method == "ALL") {
        true => ALL.to_vec(),
        false => methods.iter().map(String::as_str).collect(),
    };
    joined(&named)
}

/// Names of headers, or `*`.
fn header_list(path: &KeyPath, names: &[String], faults: &mut Faults) -> Option<HeaderValue> {
    for (path, name) in
        items(path, names).filter(|(_, name)| *name != "*" && name.parse::<HeaderName>().is_err())
    {
        faults.error(Fault::at(&path, "this is not the name of a header").found_text(name));
    }
    joined(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

fn security_headers(path: &KeyPath, declared: &SecurityHeaders, faults: &mut Faults) -> Vec<AddedHeader> {
    let mut adds = Vec::new();
    for Security { key, header, check, of } in SECURITY {
        let Some(SecurityHeader { value, r#override }) = of(declared) else { continue };
        match (check(value), HeaderValue::from_str(value)) {
            (Ok(()), Ok(value)) => {
                let name = HeaderName::from_static(header);
                adds.push(AddedHeader { name, value, overrides: *r#override });
            }
            (checked, _) => {
                // It is the value of the key, or of `value` in its table.
                let fault = Fault::at(&path.key(key).key("value"), format!("`{key}` can't be used"));
                let expected = checked.err().unwrap_or("visible ASCII characters and spaces");
                faults.error(fault.found_text(value).expected(expected));
            }
        }
    }
    adds
}

fn added_headers(
    path: &KeyPath,
    declared: &[declared::AddedHeader],
    faults: &mut Faults,
) -> Vec<AddedHeader> {
    let mut adds = Vec::new();
    for (number, one) in declared.iter().enumerate() {
        let path = path.item(number);
        let Some(name) = changeable(&path.key("header"), &one.header, faults) else { continue };
        // CloudFront adds a header without a value, too.
        match HeaderValue::from_str(&one.value) {
            Ok(value) => adds.push(AddedHeader { name, value, overrides: one.r#override }),
            Err(_) => {
                let fault =
                    Fault::at(&path.key("value"), format!("the value of `{name}` is not a header value"));
                faults.error(fault.expected("visible ASCII characters and spaces"));
            }
        }
    }
    adds
}

fn removed_headers(path: &KeyPath, names: &[String], faults: &mut Faults) -> Vec<HeaderName> {
    items(path, names).filter_map(|(path, name)| changeable(&path, name, faults)).collect()
}

/// A header that a policy may change.
fn changeable(path: &KeyPath, name: &str, faults: &mut Faults) -> Option<HeaderName> {
    let message = match name.parse::<HeaderName>() {
        Err(_) => "this is not the name of a header",
        Ok(header) if is_fixed(header.as_str()) => {
            "this header can't be changed by a policy, nor at CloudFront"
        }
        Ok(header) => return Some(header),
    };
    faults.error(Fault::at(path, message).found_text(name));
    None
}

fn sampling(policy: &KeyPath, percent: f64, faults: &mut Faults) -> Option<Sampling> {
    let sampling = Sampling::percent(percent);
    if sampling.is_none() {
        let path = policy.key("server-timing-sampling");
        let fault = Fault::at(&path, "`server-timing-sampling` is out of range");
        faults.error(fault.found(percent).expected("a percentage, 0 to 100"));
    }
    sampling
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

/// A security header, and what CloudFront takes for it.
struct Security {
    key: &'static str,
    header: &'static str,
    check: fn(&str) -> Result<(), &'static str>,
    of: fn(&SecurityHeaders) -> Option<&SecurityHeader>,
}

const SECURITY: [Security; 6] = [
    Security {
        key: "strict-transport-security",
        header: "strict-transport-security",
        check: |text| {
            let seconds =
                text.strip_prefix("max-age=").map(|rest| rest.split(';').next().unwrap_or("").trim());
            let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            ok_if(seconds.is_some_and(is_number), "such as \"max-age=31536000; includeSubDomains\"")
        },
        of: |headers| headers.strict_transport_security.as_ref(),
    },
    Security {
        key: "frame-options",
        header: "x-frame-options",
        check: |text| ok_if(matches!(text, "DENY" | "SAMEORIGIN"), "\"DENY\" or \"SAMEORIGIN\""),
        of: |headers| headers.frame_options.as_ref(),
    },
    Security {
        key: "content-type-options",
        header: "x-content-type-options",
        check: |text| ok_if(text == "nosniff", "\"nosniff\""),
        of: |headers| headers.content_type_options.as_ref(),
    },
    Security {
        key: "referrer-policy",
        header: "referrer-policy",
        check: |text| {
            const KNOWN: &str = "\"no-referrer\", \"no-referrer-when-downgrade\", \"origin\", \"origin-when-cross-origin\", \
                                 \"same-origin\", \"strict-origin\", \"strict-origin-when-cross-origin\" or \"unsafe-url\"";
            ok_if(!text.is_empty() && KNOWN.contains(&format!("\"{text}\"")), KNOWN)
        },
        of: |headers| headers.referrer_policy.as_ref(),
    },
    Security {
        key: "xss-protection",
        header: "x-xss-protection",
        check: |text| {
            let is_known = matches!(text, "0" | "1" | "1; mode=block") || text.starts_with("1; report=");
            ok_if(is_known, "\"0\", \"1\", \"1; mode=block\" or \"1; report=URI\"")
        },
        of: |headers| headers.xss_protection.as_ref(),
    },
    Security {
        key: "content-security-policy",
        header: "content-security-policy",
        check: |text| ok_if((1..=1783).contains(&text.len()), "1 to 1783 characters, as at CloudFront"),
        of: |headers| headers.content_security_policy.as_ref(),
    },
];

fn ok_if(is_good: bool, expected: &'static str) -> Result<(), &'static str> {
    if is_good { Ok(()) } else { Err(expected) }
}
