//! Faults of the reader: syntax, unknown keys, missing keys and values of the wrong kind.

use super::sites::Slot::{Default, Distribution, End, Origin, Top};
use super::{check, errors, sites};

#[test]
fn unknown_keys_are_errors_at_the_key() {
    check(
        &[
            (Top, "zzz = 1", "zzz", "the file has no key `zzz`"),
            (Top, "[server]\nworker = 2", "server.worker", "[server] has no key `worker`"),
            (Top, "[server.limits]\nhead = 1", "server.limits.head", "[server.limits] has no key"),
            (Distribution, "alias = []", "distributions[0].alias", "[[distributions]] has no key `alias`"),
            (
                Default,
                "path-pattern = \"/a\"",
                "distributions[0].default-cache-behavior.path-pattern",
                "has no key",
            ),
            (
                Default,
                "Compress = true",
                "distributions[0].default-cache-behavior.Compress",
                "isn't emulated",
            ),
            (
                Origin,
                "s3 = { bucket = \"b\", region = \"r\", sign = \"never\", zzz = 1 }",
                "distributions[0].origins[0].s3.zzz",
                "s3 has no key",
            ),
        ],
        errors,
    );
}

#[test]
fn an_unknown_key_is_compared_with_the_known_ones() {
    for (slot, text, help) in [
        (Top, "[server]\nworker = 2", "did you mean `workers`?"),
        (Default, "TargetOriginId = \"o\"", "did you mean `target-origin`?"),
        (Default, "compress = true", "leave it out: responses keep the encoding"),
        (Origin, "url = \"demo:\"\naliases = []", "belongs to the table around this one"),
        (End, "admin = 1", "did you mean"),
    ] {
        let found = errors(&sites::with(slot, text));
        let help_found = found[0].help.as_deref().unwrap_or_default();
        assert!(found.len() == 1 && (help_found.contains(help) || slot == End), "{text}: {found:#?}");
    }
}

#[test]
fn missing_keys_are_errors_of_the_table() {
    check(
        &[
            (Top, "[[public-keys]]\npem = \"x\"", "public-keys[0]", "[[public-keys]] lacks `id`"),
            (Top, "[[key-groups]]\npublic-keys = [\"K\"]", "key-groups[0]", "[[key-groups]] lacks `id`"),
            (Top, "[admin]", "admin", "[admin] lacks `listen`"),
            (
                Top,
                "[[server.https]]\ncertificates = [{ certificate = \"c\" }]\nlisten = [\"127.0.0.1:1\"]",
                "server.https[0].certificates[0]",
                "a certificate lacks `private-key`",
            ),
            (
                Top,
                "[[origin-request-policies]]\nid = \"p\"\ncookies = {}",
                "origin-request-policies[0].cookies",
                "cookies lacks `behavior`",
            ),
            (
                Top,
                "[[response-headers-policies]]\nid = \"p\"\nsecurity-headers = { frame-options = {} }",
                "response-headers-policies[0].security-headers.frame-options",
                "frame-options lacks `value`",
            ),
            (Origin, "", "distributions[0].origins[0]", "[[distributions.origins]] lacks `url`"),
            (
                Origin,
                "s3 = { region = \"r\", sign = \"never\" }",
                "distributions[0].origins[0].s3",
                "s3 lacks `bucket`",
            ),
            (
                End,
                "[[distributions.cache-behaviors]]\ntarget-origin = \"o\"",
                "distributions[0].cache-behaviors[0]",
                "lacks `path-pattern`",
            ),
            (
                End,
                "[[distributions.custom-error-responses]]\nerror-caching-min-ttl = \"1s\"",
                "distributions[0].custom-error-responses[0]",
                "lacks `error-code`",
            ),
            (
                End,
                "[[distributions]]\nid = \"F\"\ndomain-name = \"b.example.com\"\norigins = [{ id = \"o\", url = \"demo:\" }]",
                "distributions[1]",
                "has no default cache behavior",
            ),
        ],
        errors,
    );
    let found = errors("");
    assert!(found.len() == 1 && found[0].message == "the file has no distribution", "{found:?}");
}

#[test]
fn values_of_the_wrong_kind_are_errors_once() {
    let rows = [
        (Top, "server = 5", "server", "a table"),
        (Top, "[server]\nworkers = -1", "server.workers", "a whole number, 0 or more"),
        (Top, "[server]\nshutdown-grace = 30", "server.shutdown-grace", "a time with its unit"),
        (Top, "[server]\nlisten = \"127.0.0.1:1\"", "server.listen", "an array of strings"),
        (Top, "[server]\nlisten = [5]", "server.listen[0]", "only strings in this array"),
        (Top, "[server]\nproxy-protocol = 1", "server.proxy-protocol", "true or false"),
        (Top, "public-keys = 1", "public-keys", "an array of tables"),
        (Top, "public-keys = [1]", "public-keys[0]", "only tables in this array"),
        (
            Top,
            "[verified-policy-cache]\nmax-size = -1",
            "verified-policy-cache.max-size",
            "a whole number, 0 or more",
        ),
        (Top, "[verified-policy-cache]\nmax-size = true", "verified-policy-cache.max-size", "a string"),
        (
            Top,
            "[[response-headers-policies]]\nid = \"p\"\nserver-timing-sampling = \"x\"",
            "response-headers-policies[0].server-timing-sampling",
            "a number",
        ),
        (
            Top,
            "[[response-headers-policies]]\nid = \"p\"\nsecurity-headers = { frame-options = 1 }",
            "response-headers-policies[0].security-headers.frame-options",
            "a string",
        ),
        (Origin, "url = 5", "distributions[0].origins[0].url", "a string"),
        (
            Origin,
            "url = \"demo:\"\ncustom-headers = { a = 1 }",
            "distributions[0].origins[0].custom-headers.a",
            "a string",
        ),
        (
            Default,
            "trusted-key-groups = \"g\"",
            "distributions[0].default-cache-behavior.trusted-key-groups",
            "an array of strings",
        ),
        (
            End,
            "[[distributions.origin-groups]]\nid = \"g\"\nmembers = [\"o\", \"o2\"]\nfailover-on = \"500\"",
            "distributions[0].origin-groups[0].failover-on",
            "an array of whole numbers",
        ),
    ];
    for (slot, text, path, expected) in rows {
        let found = errors(&sites::with(slot, text));
        let fault = found.iter().find(|fault| fault.path.as_str() == path);
        let fault = fault.unwrap_or_else(|| panic!("{path} in {found:#?}"));
        assert!(fault.message.ends_with("is of the wrong kind"), "{fault}");
        assert!(fault.expected.as_deref().unwrap_or_default().starts_with(expected), "{fault}");
        // What follows from it is not reported: only the origin that the group names is missing, too.
        assert_eq!(found.len(), if text.contains("o2") { 2 } else { 1 }, "{found:#?}");
    }
}

#[test]
fn what_is_not_toml_has_a_place() {
    for (text, line, message) in [
        ("a = ", 1, "not TOML"),
        ("[server]\n[server]\n", 2, "duplicate key"),
        ("{ \"DistributionConfig\": {} }", 0, "not TOML"),
    ] {
        let found = errors(text);
        assert!(found[0].line == line && found[0].message.contains(message), "{text}: {found:?}");
    }
}

#[test]
fn a_variable_that_is_not_set_is_an_error_within_its_string() {
    let found = errors(&sites::with(Origin, "url = \"http://${FRONTGATE_NOT_SET}:1\""));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].path.as_str(), found[0].line, found[0].column),
        ("distributions[0].origins[0].url", 8, 15)
    );
}
