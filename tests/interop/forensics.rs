//! Mistakes made by a real tool (openssl), and the name that `explain` gives them.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::configs;
use crate::support::{canned, cloudfront_base64, private_key, public_key, run, stderr, stdout};

const HOST: &str = "https://d111111abcdef8.cloudfront.net";
const END: &str = "1990000000";

/// How a link was made, the link, and each mistake with whether it is proven.
type Case<'c> = (&'c str, String, &'c [(&'c str, bool)]);

/// What openssl prints for that input.
fn openssl(args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl starts");
    child.stdin.take().expect("a pipe").write_all(input).expect("the input is written");
    let output = child.wait_with_output().expect("openssl ends");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn signed_by(key: &str, options: &[&str], message: impl AsRef<[u8]>) -> Vec<u8> {
    let key = private_key(key);
    let mut args = vec!["dgst", "-sha1", "-sign", &key];
    if let Some(hash) = options.first().filter(|option| option.starts_with("-sha")) {
        args[1] = hash;
    }
    args.extend(options.iter().filter(|option| !option.starts_with("-sha")));
    openssl(&args, message.as_ref())
}

/// `r ‖ s` of a DER signature, as WebCrypto and JOSE make them.
fn raw(der: &[u8]) -> Vec<u8> {
    p256::ecdsa::Signature::from_der(der).expect("a signature in DER").to_bytes().to_vec()
}

/// A canned link whose signature is as given.
fn canned_link(target: &str, key: &str, signature: &[u8], more: &str) -> String {
    let separator = if target.contains('?') { '&' } else { '?' };
    let signature = cloudfront_base64(signature);
    format!(
        "{HOST}{target}{separator}Expires={END}&Signature={signature}&Key-Pair-Id={}{more}",
        configs::id(key)
    )
}

fn custom_link(policy: &str, signature: &[u8]) -> String {
    let (policy, signature) = (cloudfront_base64(policy.as_bytes()), cloudfront_base64(signature));
    format!("{HOST}/a.mp4?Policy={policy}&Signature={signature}&Key-Pair-Id={}", configs::id("rsa"))
}

fn explained(link: &str) -> Value {
    let keys = ["rsa", "ecdsa", "rsa2"].map(|key| format!("{}={}", configs::id(key), public_key(key)));
    let mut args = vec!["explain", link, "--json", "--at", "1900000000"];
    for key in &keys {
        args.extend(["--public-key", key.as_str()]);
    }
    let output = run(&args);
    serde_json::from_str(&stdout(&output)).unwrap_or_else(|_| panic!("{link}: {}", stderr(&output)))
}

#[test]
fn mistakes_are_named_and_what_is_proven_is_said_to_be() {
    let good = canned(&format!("{HOST}/a.mp4?b=1"), END);
    let over = |url: &str| signed_by("rsa", &[], canned(url, END));
    let link = |target: &str, signature: &[u8]| canned_link(target, "rsa", signature, "");
    let rsa = |options: &[&str]| link("/a.mp4?b=1", &signed_by("rsa", options, &good));
    let policy = canned(&format!("{HOST}/*"), END);
    let with_newline = format!("{policy}\n");
    let spaced = policy.replace("\":", "\": ");
    let base64 = cloudfront_base64(policy.as_bytes());
    let digest = openssl(&["dgst", "-sha1", "-binary"], good.as_bytes());
    let digest_alone = openssl(&["pkeyutl", "-sign", "-inkey", &private_key("rsa")], &digest);
    let pss = ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"];
    let ecdsa = signed_by("ecdsa", &[], &good);
    let cases: Vec<Case<'_>> = vec![
        ("-sha256", rsa(&["-sha256"]), &[("hash-not-announced", true)]),
        ("-sha224", rsa(&["-sha224"]), &[("hash-unsupported", true)]),
        ("-sha384", rsa(&["-sha384"]), &[("hash-unsupported", true)]),
        ("-sha512", rsa(&["-sha512"]), &[("hash-unsupported", true)]),
        (
            "announced",
            canned_link("/a.mp4?b=1", "rsa", &signed_by("rsa", &[], &good), "&Hash-Algorithm=SHA256"),
            &[("hash-announced-wrongly", true)],
        ),
        ("PSS", rsa(&pss), &[("pss-padding", true)]),
        ("a digest alone", link("/a.mp4?b=1", &digest_alone), &[("raw-digest", true)]),
        ("the other key", link("/a.mp4?b=1", &signed_by("rsa2", &[], &good)), &[("other-key", true)]),
        (
            "the other key, another hash, another URL",
            link("/a.mp4?b=1&utm_source=x", &signed_by("rsa2", &["-sha256"], &good)),
            &[("query-added", true), ("other-key", true), ("hash-not-announced", true)],
        ),
        (
            "a key of 4096 bits",
            link("/a.mp4?b=1", &signed_by("rsa4096", &[], &good)),
            &[("other-modulus", false)],
        ),
        (
            "an id that nobody knows",
            link("/a.mp4?b=1", &signed_by("rsa", &[], &good)).replace(configs::id("rsa"), "K00000000000XX"),
            &[("other-key", true)],
        ),
        ("raw ECDSA", canned_link("/a.mp4?b=1", "ecdsa", &raw(&ecdsa), ""), &[("ecdsa-raw", true)]),
        (
            "ECDSA, another query",
            canned_link("/a.mp4?b=1&c=2", "ecdsa", &ecdsa, ""),
            &[("query-added", true)],
        ),
        ("damaged", link("/a.mp4?b=1", &[0x42; 256]), &[("unknown-key-made-it", false)]),
        (
            "http",
            link("/a.mp4", &over(&format!("{}/a.mp4", HOST.replace("https", "http")))),
            &[("scheme", true)],
        ),
        ("a port", link("/a.mp4", &over(&format!("{HOST}:443/a.mp4"))), &[("port", true)]),
        ("localhost", link("/a.mp4", &over("https://localhost/a.mp4")), &[("host", true)]),
        (
            "a space in the path",
            link("/a%20b.mp4", &over(&format!("{HOST}/a b.mp4"))),
            &[("path-encoding", true)],
        ),
        (
            "a space in the query",
            link("/a.mp4?t=a%20b", &over(&format!("{HOST}/a.mp4?t=a b"))),
            &[("query-encoding", true)],
        ),
        ("a wildcard", link("/v/a.mp4", &over(&format!("{HOST}/v/*"))), &[("wildcard-canned", true)]),
        (
            "a path with a star",
            link("/a*b.mp4?utm_source=x", &over(&format!("{HOST}/a*b.mp4"))),
            &[("query-added", true)],
        ),
        (
            "a line end that wasn't signed",
            custom_link(&with_newline, &signed_by("rsa", &[], &policy)),
            &[("json-newline", true)],
        ),
        (
            "echo's line end",
            custom_link(&policy, &signed_by("rsa", &[], &with_newline)),
            &[("json-newline", true)],
        ),
        (
            "slashes escaped and signed plain",
            custom_link(&policy.replace('/', "\\/"), &signed_by("rsa", &[], &policy)),
            &[("json-escaping", true)],
        ),
        ("spaces sent", custom_link(&spaced, &signed_by("rsa", &[], &policy)), &[("json-spacing", true)]),
        (
            "the base64 signed",
            custom_link(&policy, &signed_by("rsa", &[], &base64)),
            &[("signed-base64", true)],
        ),
    ];
    let mut wrong = Vec::new();
    for (made_by, link, expected) in cases {
        let json = explained(&link);
        assert_eq!(json["decision"], "deny", "{made_by}: {json}");
        let causes = json["causes"].as_array().expect("causes");
        let found: Vec<(&str, bool)> = causes
            .iter()
            .map(|cause| (cause["mistake"].as_str().unwrap(), cause["proven"].as_bool().unwrap()))
            .collect();
        assert!(causes.iter().all(|cause| cause["fix"].as_str().is_some_and(|fix| !fix.is_empty())));
        if found != expected {
            wrong.push(format!("{made_by}: {found:?}, expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_good_link_has_no_cause_and_a_cause_says_what_was_signed() {
    let url = format!("{HOST}/a.mp4");
    let signature = signed_by("rsa", &[], canned(&url, END));
    let json = explained(&canned_link("/a.mp4", "rsa", &signature, ""));
    assert_eq!((&json["decision"], &json["causes"]), (&Value::from("allow"), &Value::Array(Vec::new())));

    let json = explained(&canned_link("/a.mp4?utm_source=x", "rsa", &signature, ""));
    assert_eq!(json["causes"][0]["signed"], url);
    assert_eq!(json["causes"][0]["requested"], format!("{url}?utm_source=x"));

    let other = signed_by("rsa2", &[], canned(&url, END));
    let json = explained(&canned_link("/a.mp4", "rsa", &other, ""));
    assert_eq!(json["causes"][0]["signed-by"], configs::id("rsa2"));
}

#[test]
fn conditions_that_do_not_hold_are_named() {
    let condition =
        r#""DateLessThan":{"AWS:EpochTime":1900000100},"DateGreaterThan":{"AWS:EpochTime":1900000000}"#;
    let range = r#""IpAddress":{"AWS:SourceIp":"192.0.2.0/24"}"#;
    let policy =
        format!(r#"{{"Statement":[{{"Resource":"{HOST}/*","Condition":{{{condition},{range}}}}}]}}"#);
    let link = custom_link(&policy, &signed_by("rsa", &[], &policy));
    let key = format!("{}={}", configs::id("rsa"), public_key("rsa"));
    for (at, ip, expected) in [
        ("1900000050", "192.0.2.9", vec![]),
        ("1900000100", "192.0.2.9", vec!["expired"]),
        ("1900000000", "192.0.2.9", vec!["not-yet-valid"]),
        ("1900000050", "192.0.3.9", vec!["outside-range"]),
        ("1900000050", "2001:db8::9", vec!["ipv6-viewer"]),
        ("1900000101", "192.0.3.9", vec!["expired", "outside-range"]),
    ] {
        let output = run(&["explain", &link, "--json", "--public-key", &key, "--at", at, "--ip", ip]);
        let json: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        let causes = json["causes"].as_array().expect("causes");
        let found: Vec<&str> = causes.iter().filter_map(|cause| cause["mistake"].as_str()).collect();
        assert_eq!(found, expected, "at {at} from {ip}");
        assert!(causes.iter().all(|cause| cause["proven"] == true));
    }
}

#[test]
fn a_key_that_nobody_trusts_is_known_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.toml");
    let (rsa, rsa2) = (public_key("rsa"), public_key("rsa2"));
    let config = format!(
        "[[public-keys]]\nid = \"{}\"\nfile = {rsa:?}\n[[public-keys]]\nid = \"{}\"\nfile = {rsa2:?}\n\
         [[key-groups]]\nid = \"g\"\npublic-keys = [\"{}\"]\n[[distributions]]\nid = \"E\"\n\
         domain-name = \"d111111abcdef8.cloudfront.net\"\n[[distributions.origins]]\nid = \"o\"\nurl = \"demo:\"\n\
         [distributions.default-cache-behavior]\ntarget-origin = \"o\"\ntrusted-key-groups = [\"g\"]\n",
        configs::id("rsa"),
        configs::id("rsa2"),
        configs::id("rsa")
    );
    std::fs::write(&file, config).expect("the configuration is written");
    let link =
        canned_link("/a.mp4", "rsa", &signed_by("rsa2", &[], canned(&format!("{HOST}/a.mp4"), END)), "");
    let config = file.display().to_string();
    let output = run(&["explain", &link, "--json", "--at", "1900000000", "--config", &config]);
    let json: Value =
        serde_json::from_str(&stdout(&output)).unwrap_or_else(|_| panic!("{}", stderr(&output)));
    assert_eq!(json["causes"][0]["mistake"], "other-key", "{json}");
    assert_eq!(json["causes"][0]["signed-by"], configs::id("rsa2"));
}
