//! Faults of origin request policies and response headers policies.

use super::sites::Slot::{Default, Top};
use super::{check, errors, sites, warnings};

/// Rows of a policy: its text, the path within the policy and a part of the message.
fn check_policies(table: &str, rows: &[(&str, &str, &str)]) {
    for (text, path, message) in rows {
        let found = errors(&sites::with(Top, &format!("[[{table}]]\nid = \"p\"\n{text}")));
        let [fault] = found.as_slice() else { panic!("{text}: {found:#?}") };
        assert_eq!(fault.path.as_str(), format!("{table}[0].{path}"), "{fault}");
        assert!(fault.message.contains(message) && fault.line > 0, "{fault}");
    }
}

#[test]
fn each_fault_of_an_origin_request_policy_has_its_path() {
    check_policies(
        "origin-request-policies",
        &[
            ("headers = { behavior = \"some\" }", "headers.behavior", "`behavior` can't be used"),
            ("cookies = { behavior = \"whitelist\" }", "cookies.behavior", "`behavior` can't be used"),
            ("headers = { behavior = \"allow-list\" }", "headers", "no names in its list"),
            ("cookies = { behavior = \"all\", items = [\"a\"] }", "cookies.items[0]", "without a list"),
            ("cookies = { behavior = \"none\", items = [] }", "cookies", "without a list"),
            (
                "headers = { behavior = \"allow-list\", items = [\"CloudFront-X\"] }",
                "headers.items[0]",
                "no such header",
            ),
            (
                "headers = { behavior = \"all-except\", items = [\"CloudFront-X\"] }",
                "headers.items[0]",
                "never reach the origin",
            ),
            (
                "headers = { behavior = \"allow-list\", items = [\"a b\"] }",
                "headers.items[0]",
                "not the name of a header",
            ),
            (
                "headers = { behavior = \"all\", items = [\"x-a\"] }",
                "headers.items[0]",
                "only `CloudFront-*` ones",
            ),
            (
                "headers = { behavior = \"allow-list\", items = [\"Cookie\"] }",
                "headers.items[0]",
                "by the policy's `cookies`",
            ),
            (
                "headers = { behavior = \"allow-list\", items = [\"Via\"] }",
                "headers.items[0]",
                "never reaches the origin",
            ),
            (
                "query-strings = { behavior = \"allow-list\", items = [\"a=b\"] }",
                "query-strings.items[0]",
                "by their whole names",
            ),
        ],
    );
}

#[test]
fn each_fault_of_a_response_headers_policy_has_its_path() {
    check_policies(
        "response-headers-policies",
        &[
            ("cors = {}", "cors", "allows no origins"),
            ("cors = { allow-origins = [\"ftp://a\"] }", "cors.allow-origins[0]", "not an origin"),
            (
                "cors = { allow-origins = [\"*\"], allow-credentials = true }",
                "cors.allow-origins[0]",
                "can't stand beside",
            ),
            (
                "cors = { allow-origins = [\"https://a.b\"], allow-credentials = true, expose-headers = [\"*\"] }",
                "cors.expose-headers[0]",
                "can't stand beside",
            ),
            (
                "cors = { allow-origins = [\"*\"], allow-methods = [\"get\"] }",
                "cors.allow-methods[0]",
                "doesn't take",
            ),
            (
                "cors = { allow-origins = [\"*\"], allow-headers = [\"a b\"] }",
                "cors.allow-headers[0]",
                "not the name of a header",
            ),
            ("cors = { allow-origins = [\"*\"], max-age = \"long\" }", "cors.max-age", "can't be used"),
            (
                "security-headers = { frame-options = \"NO\" }",
                "security-headers.frame-options.value",
                "can't be used",
            ),
            (
                "security-headers = { referrer-policy = { value = \"x\" } }",
                "security-headers.referrer-policy.value",
                "can't be used",
            ),
            (
                "security-headers = { strict-transport-security = \"1\" }",
                "security-headers.strict-transport-security.value",
                "can't be used",
            ),
            (
                "security-headers = { content-type-options = \"x\" }",
                "security-headers.content-type-options.value",
                "can't be used",
            ),
            (
                "security-headers = { xss-protection = \"2\" }",
                "security-headers.xss-protection.value",
                "can't be used",
            ),
            (
                "security-headers = { content-security-policy = \"\" }",
                "security-headers.content-security-policy.value",
                "can't be used",
            ),
            (
                "custom-headers = [{ header = \"a b\" }]",
                "custom-headers[0].header",
                "not the name of a header",
            ),
            ("custom-headers = [{ header = \"Via\" }]", "custom-headers[0].header", "can't be changed"),
            (
                "custom-headers = [{ header = \"x-a\", value = \"\\n\" }]",
                "custom-headers[0].value",
                "not a header value",
            ),
            ("remove-headers = [\"x-edge-a\"]", "remove-headers[0]", "can't be changed"),
            ("server-timing-sampling = 101", "server-timing-sampling", "out of range"),
        ],
    );
}

#[test]
fn names_of_policies_are_their_own_and_defined() {
    let behavior = "distributions[0].default-cache-behavior";
    let [request, response] = ["origin-request-policy", "response-headers-policy"];
    check(
        &[
            (
                Top,
                "[[origin-request-policies]]\nid = \"AllViewer\"",
                "origin-request-policies[0].id",
                "a policy of CloudFront's",
            ),
            (
                Top,
                "[[response-headers-policies]]\nid = \"Managed-SimpleCORS\"",
                "response-headers-policies[0].id",
                "a policy of CloudFront's",
            ),
            (
                Top,
                "[[origin-request-policies]]\nid = \"p\"\n[[origin-request-policies]]\nid = \"p\"",
                "origin-request-policies[1].id",
                "defined twice",
            ),
        ],
        errors,
    );
    for (key, text) in [(request, "AllViewers"), (response, "SimpleCorss")] {
        let found = errors(&sites::with(Default, &format!("{key} = \"{text}\"")));
        assert_eq!(found[0].path.as_str(), format!("{behavior}.{key}"));
        assert!(found[0].help.as_deref().is_some_and(|help| help.contains("did you mean")), "{found:?}");
    }
}

#[test]
fn policies_that_nothing_names_and_unknown_values_are_warnings() {
    check(
        &[
            (
                Top,
                "[[origin-request-policies]]\nid = \"p\"",
                "",
                "no behavior names origin request policy `p`",
            ),
            (
                Top,
                "[[response-headers-policies]]\nid = \"p\"",
                "",
                "no behavior names response headers policy `p`",
            ),
            (
                Default,
                "origin-request-policy = \"AllViewerAndCloudFrontHeaders-2022-06\"",
                "distributions[0].default-cache-behavior.origin-request-policy",
                "not known here",
            ),
        ],
        warnings,
    );
}
