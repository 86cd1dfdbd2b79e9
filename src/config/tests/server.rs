//! Faults of `[server]`, its listeners and limits, `[access-log]` and `[admin]`.

use super::sites::Slot::{Default, Distribution, Top};
use super::{check, errors, warnings};

#[test]
fn each_fault_of_the_server_has_its_path() {
    check(
        &[
            (Top, "[server]\nlisten = []", "server.listen", "`listen` has no address"),
            (
                Top,
                "[server]\nlisten = [\"localhost:1\"]",
                "server.listen[0]",
                "an address that can't be used",
            ),
            (
                Top,
                "[server]\nlisten = [\"127.0.0.1:1\", \"127.0.0.1:1\"]",
                "server.listen[1]",
                "the same address",
            ),
            (Top, "[server]\nworkers = 5000", "server.workers", "`workers` is too large"),
            (
                Top,
                "[server]\nshutdown-grace = \"30\"",
                "server.shutdown-grace",
                "`shutdown-grace` can't be used",
            ),
            (Top, "[server]\nreload = \"never\"", "server.reload", "`reload` can't be used"),
            (Top, "[server]\nredirect-port = 0", "server.redirect-port", "is not a port"),
            (Top, "[server]\ntrusted-proxies = [\"x\"]", "server.trusted-proxies[0]", "not a network"),
            (Top, "[server]\nunknown-host = \"F\"", "server.unknown-host", "distribution `F` is not defined"),
            (Top, "[server]\ncountry-database = \"no.mmdb\"", "server.country-database", "can't be used"),
            (Top, "[server.limits]\nhead-timeout = \"2h\"", "server.limits.head-timeout", "can't be used"),
            (Top, "[server.limits]\nhead-timeout = \"soon\"", "server.limits.head-timeout", "can't be used"),
            (Top, "[server.limits]\nmax-head-size = \"1KiB\"", "server.limits.max-head-size", "out of range"),
            (Top, "[server.limits]\nmax-head-size = \"x\"", "server.limits.max-head-size", "can't be used"),
            (
                Top,
                "[server.limits]\nconnections-per-worker = 0",
                "server.limits.connections-per-worker",
                "out of range",
            ),
            (
                Top,
                "[server.limits]\norigin-connections-per-worker = 1",
                "server.limits.origin-connections-per-worker",
                "out of range",
            ),
            (
                Top,
                "[server.limits]\norigin-connections-per-viewer = 0",
                "server.limits.origin-connections-per-viewer",
                "out of range",
            ),
            (Top, "[server.limits]\nearly-resets = 0", "server.limits.early-resets", "out of range"),
            (
                Top,
                "[server.limits]\nstreams-per-connection = 0",
                "server.limits.streams-per-connection",
                "out of range",
            ),
            (
                Top,
                "[server.limits]\nidle-frames-per-second = 1",
                "server.limits.idle-frames-per-second",
                "out of range",
            ),
            (
                Top,
                "[verified-policy-cache]\nmax-size = \"64 elephants\"",
                "verified-policy-cache.max-size",
                "can't be used",
            ),
            (
                Top,
                "[verified-policy-cache]\nmax-size = \"99999999999GiB\"",
                "verified-policy-cache.max-size",
                "can't be used",
            ),
        ],
        errors,
    );
}

#[test]
fn each_fault_of_https_listeners_has_its_path() {
    let files = "certificates = [{ certificate = \"no/c.pem\", private-key = \"no/k.pem\" }]";
    let listener = format!("[[server.https]]\nlisten = [\"127.0.0.1:1\"]\n{files}\n");
    let errors = |text: &str| errors(&super::sites::with(Top, text));
    let paths = |text: &str| errors(text).iter().map(|fault| fault.path.to_string()).collect::<Vec<_>>();
    assert_eq!(paths(&listener), ["server.https[0].certificates[0].certificate"]);
    let policy = format!("{listener}minimum-protocol-version = \"SSLv3\"\n");
    let https = "server.https[0]";
    let both = [format!("{https}.certificates[0].certificate"), format!("{https}.minimum-protocol-version")];
    assert_eq!(paths(&policy), both);
    assert_eq!(paths("[[server.https]]\nlisten = [\"127.0.0.1:1\"]"), [https]);
    assert_eq!(paths(&format!("[[server.https]]\n{files}")), [https.to_owned(), both[0].clone()]);
    assert_eq!(
        paths(&format!("[[server.https]]\nlisten = []\n{files}")),
        [format!("{https}.listen"), both[0].clone()]
    );
    let admin = format!("{listener}[admin]\nlisten = \"127.0.0.1:1\"\n");
    assert_eq!(paths(&admin), [both[0].clone(), "admin.listen".to_owned()]);
}

#[test]
fn each_fault_of_the_log_and_the_admin_listener_has_its_path() {
    check(
        &[
            (Top, "[access-log]\nformat = \"xml\"", "access-log.format", "`format` can't be used"),
            (
                Top,
                "[access-log]\nsignatures = \"none\"",
                "access-log.signatures",
                "`signatures` can't be used",
            ),
            (Top, "[access-log]\nfile = \"no/such/folder/log\"", "access-log.file", "can't be written there"),
            (Top, "[admin]\nlisten = \"9090\"", "admin.listen", "`listen` can't be used"),
            (Top, "[admin]\nlisten = \"0.0.0.0:9090\"", "admin.listen", "open to others without a token"),
            (
                Top,
                "[admin]\nlisten = \"127.0.0.1:0\"\ntoken-file = \"no.token\"",
                "admin.token-file",
                "can't be read",
            ),
            (
                Top,
                "[admin]\nlisten = \"127.0.0.1:0\"\ntoken-file = \"src/main.rs\"",
                "admin.token-file",
                "can't be read",
            ),
        ],
        errors,
    );
}

#[test]
fn each_warning_of_the_server_has_its_path() {
    check(
        &[
            (Top, "[server]\nproxy-protocol = true", "server.proxy-protocol", "believes every client"),
            (
                Top,
                "[server]\ntrusted-proxies = [\"0.0.0.0/0\"]",
                "server.trusted-proxies[0]",
                "believes everybody",
            ),
            (
                Default,
                "viewer-protocol-policy = \"https-only\"",
                "distributions[0].default-cache-behavior.viewer-protocol-policy",
                "denies every request",
            ),
            (
                Default,
                "viewer-protocol-policy = \"redirect-to-https\"",
                "distributions[0].default-cache-behavior.viewer-protocol-policy",
                "leads to where nothing listens",
            ),
        ],
        warnings,
    );
}

#[test]
fn a_restriction_without_a_database_is_an_error_unless_in_test_mode() {
    let text = super::sites::with(Distribution, "geo-restriction = { allow = [\"DE\"] }");
    let settings = super::parse(std::path::Path::new("config.toml"), &text).unwrap();
    assert!(settings.unless_test_mode[0].path.as_str() == "distributions[0].geo-restriction");
    assert!(settings.unless_test_mode[0].line == 5, "{}", settings.unless_test_mode[0]);
    assert!(settings.fit_for(false).is_err());
}
