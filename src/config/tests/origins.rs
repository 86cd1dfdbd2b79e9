//! Faults of origins, origin groups and error pages.

use super::sites::Slot::{Distribution, End, Origin};
use super::{check, errors, warnings};

#[test]
fn each_fault_of_an_origin_has_its_path() {
    check(
        &[
            (Origin, "url = \"ftp://a\"", "distributions[0].origins[0].url", "`url` can't be used"),
            (
                Origin,
                "url = \"file:no/such/folder\"",
                "distributions[0].origins[0].url",
                "`url` can't be used",
            ),
            (
                Origin,
                "url = \"demo:\"\ns3 = { bucket = \"b\", region = \"r\", sign = \"never\" }",
                "distributions[0].origins[0].url",
                "not both",
            ),
            (
                Origin,
                "url = \"demo:\"\nprotocol-policy = \"http-only\"",
                "distributions[0].origins[0].protocol-policy",
                "has no meaning",
            ),
            (
                Origin,
                "url = \"demo:\"\nhttp-port = 80",
                "distributions[0].origins[0].http-port",
                "has no meaning",
            ),
            (
                Origin,
                "url = \"http://a\"\nprotocol-policy = \"https-only\"",
                "distributions[0].origins[0].protocol-policy",
                "can't be used",
            ),
            (
                Origin,
                "url = \"http://a\"\nhttps-port = 443",
                "distributions[0].origins[0].https-port",
                "has no meaning",
            ),
            (
                Origin,
                "url = \"http://a\"\nprotocol-policy = \"match-viewer\"\nhttps-port = 0",
                "distributions[0].origins[0].https-port",
                "is not a port",
            ),
            (
                Origin,
                "url = \"http://a\"\nprotocol-policy = \"match-viewer\"\nhttp-port = 80",
                "distributions[0].origins[0].http-port",
                "has no meaning",
            ),
            (
                Origin,
                "url = \"https://a\"\ncertificate-authority = \"no.pem\"",
                "distributions[0].origins[0].certificate-authority",
                "can't be used",
            ),
            (
                Origin,
                "url = \"demo:\"\norigin-path = \"a\"",
                "distributions[0].origins[0].origin-path",
                "can't be used",
            ),
            (
                Origin,
                "url = \"demo:\"\nconnection-attempts = 4",
                "distributions[0].origins[0].connection-attempts",
                "out of range",
            ),
            (
                Origin,
                "url = \"demo:\"\nconnection-timeout = \"11s\"",
                "distributions[0].origins[0].connection-timeout",
                "can't be used",
            ),
            (
                Origin,
                "url = \"demo:\"\nresponse-timeout = \"0s\"",
                "distributions[0].origins[0].response-timeout",
                "can't be used",
            ),
            (
                Origin,
                "url = \"demo:\"\nkeep-alive-timeout = \"1h\"",
                "distributions[0].origins[0].keep-alive-timeout",
                "can't be used",
            ),
            (
                Origin,
                "url = \"demo:\"\ncustom-headers = { \"a b\" = \"\" }",
                "distributions[0].origins[0].custom-headers.a b",
                "not the name of a header",
            ),
            (
                Origin,
                "url = \"demo:\"\ncustom-headers = { x-a = \"\\n\" }",
                "distributions[0].origins[0].custom-headers.x-a",
                "not a header value",
            ),
            (
                Origin,
                "url = \"demo:\"\ncustom-headers = { host = \"a\" }",
                "distributions[0].origins[0].custom-headers.host",
                "can't be a custom header",
            ),
            (
                Origin,
                "url = \"demo:\"\ncustom-headers = { url = \"a\" }",
                "distributions[0].origins[0].custom-headers.url",
                "a key of the origin",
            ),
            (
                Origin,
                "url = \"demo:\"\n[[distributions.origins]]\nid = \"o\"\nurl = \"demo:\"",
                "distributions[0].origins[1].id",
                "defined twice",
            ),
        ],
        errors,
    );
}

#[test]
fn each_fault_of_a_bucket_has_its_path() {
    check(
        &[
            (
                Origin,
                "s3 = { bucket = \"B_\", region = \"r\", sign = \"never\" }",
                "distributions[0].origins[0].s3.bucket",
                "can't be used",
            ),
            (
                Origin,
                "s3 = { bucket = \"b\", region = \"\", sign = \"never\" }",
                "distributions[0].origins[0].s3.region",
                "can't be used",
            ),
            (
                Origin,
                "s3 = { bucket = \"b\", region = \"r\", sign = \"maybe\" }",
                "distributions[0].origins[0].s3.sign",
                "can't be used",
            ),
            (
                Origin,
                "s3 = { bucket = \"b\", region = \"r\", sign = \"never\", endpoint = \"a\" }",
                "distributions[0].origins[0].s3.endpoint",
                "can't be used",
            ),
            (
                Origin,
                "s3 = { bucket = \"b\", region = \"r\", sign = \"never\", endpoint = \"http://10.0.0.1\" }",
                "distributions[0].origins[0].s3.endpoint",
                "before an address",
            ),
            (
                Origin,
                "s3 = { bucket = \"b\", region = \"r\", sign = \"never\", profile = \"p\" }",
                "distributions[0].origins[0].s3.profile",
                "has no meaning",
            ),
            (
                Origin,
                "s3 = { bucket = \"b\", region = \"r\", sign = \"never\", credentials-file = \"f\" }",
                "distributions[0].origins[0].s3.credentials-file",
                "has no meaning",
            ),
            (
                Origin,
                "s3 = { bucket = \"b\", region = \"r\", credentials-file = \"no/such\" }",
                "distributions[0].origins[0].s3",
                "no credentials to sign with",
            ),
            (
                Origin,
                "s3 = { bucket = \"b\", region = \"r\", sign = \"never\" }\nhttp-port = 1",
                "distributions[0].origins[0].http-port",
                "has no meaning",
            ),
        ],
        errors,
    );
}

#[test]
fn each_fault_of_groups_and_error_pages_has_its_path() {
    let second = "[[distributions.origins]]\nid = \"p\"\nurl = \"demo:\"\n";
    let group = |text: &str| format!("{second}[[distributions.origin-groups]]\nid = \"g\"\n{text}");
    let page = |text: &str| format!("[[distributions.custom-error-responses]]\n{text}");
    let members = "members = [\"o\", \"p\"]\n";
    for (text, path, message) in [
        (group("members = [\"o\"]"), "origin-groups[0].members", "has two members"),
        (group(""), "origin-groups[0]", "has two members"),
        (group("members = [\"o\", \"o\"]"), "origin-groups[0].members[1]", "two different members"),
        (group("members = [\"o\", \"x\"]"), "origin-groups[0].members[1]", "origin `x` is not defined"),
        (group(&format!("{members}failover-on = []")), "origin-groups[0].failover-on", "has no status"),
        (
            group(&format!("{members}failover-on = [500, 200]")),
            "origin-groups[0].failover-on[1]",
            "can't be used",
        ),
        (group(members).replace("\"g\"", "\"o\""), "origin-groups[0]", "defined twice"),
        (
            page("error-code = 200\nerror-caching-min-ttl = \"1s\""),
            "custom-error-responses[0].error-code",
            "can't be used",
        ),
        (page("error-code = 403"), "custom-error-responses[0]", "changes nothing"),
        (
            page("error-code = 403\nresponse-page-path = \"/a\""),
            "custom-error-responses[0]",
            "without a status",
        ),
        (
            page("error-code = 403\nresponse-page-path = \"a\"\nresponse-code = 403"),
            "custom-error-responses[0].response-page-path",
            "can't be used",
        ),
        (
            page("error-code = 403\nresponse-page-path = \"/a\"\nresponse-code = 201"),
            "custom-error-responses[0].response-code",
            "can't be used",
        ),
        (
            page("error-code = 403\nerror-caching-min-ttl = \"x\""),
            "custom-error-responses[0].error-caching-min-ttl",
            "can't be used",
        ),
        (
            page("error-code = 403\nerror-caching-min-ttl = \"1s\"\n").repeat(2),
            "custom-error-responses[1]",
            "two custom responses",
        ),
    ] {
        let found = errors(&super::sites::with(End, &text));
        let [fault] = found.as_slice() else { panic!("{text}: {found:#?}") };
        assert_eq!(fault.path.as_str(), format!("distributions[0].{path}"), "{fault}");
        assert!(fault.message.contains(message) && fault.line > 0, "{fault}");
    }
}

#[test]
fn each_warning_of_an_origin_has_its_path() {
    check(
        &[
            (
                Origin,
                "s3 = { bucket = \"a.b\", region = \"r\", sign = \"never\" }",
                "distributions[0].origins[0].s3",
                "a bucket's name with a dot",
            ),
            (
                Distribution,
                "custom-error-responses = [{ error-code = 403, response-page-path = \"/a\", response-code = 200 }]",
                "",
                "answers denials with 200",
            ),
        ],
        warnings,
    );
    #[cfg(unix)]
    check(
        &[(Origin, "url = \"unix:no/such.sock\"", "distributions[0].origins[0].url", "can't be used now")],
        warnings,
    );
}
