//! The tools: keygen, sign, explain and dev, judged by OpenSSL and by what the proxy answers (reference 1 and 7).

use std::process::Output;

use serde_json::Value;

use crate::support::configs;
use crate::support::signatures::verifies;
use crate::support::{
    Edge, Raw, RecordingOrigin, canned, cloudfront_base64, frontgate, private_key, public_key, request, run,
    sign_raw, stderr, stdout,
};

const URL: &str = "https://media.example.com/a%20b.mp4?x=1";

fn sign(what: &str, key: &str, more: &[&str]) -> Output {
    let key_file = private_key(key);
    let mut args = vec!["sign", what, URL, "--key-pair-id", configs::id(key), "--private-key", &key_file];
    args.extend(more);
    run(&args)
}

/// A signing value out of a URL, decoded by hand.
fn value(url: &str, name: &str) -> Option<Vec<u8>> {
    use base64::prelude::{BASE64_STANDARD, Engine};
    let (_, query) = url.split_once('?')?;
    let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    BASE64_STANDARD.decode(value.trim().replace('-', "+").replace('_', "=").replace('~', "/")).ok()
}

#[test]
fn conditions_make_a_custom_policy_and_a_policy_file_is_signed_as_it_is() {
    let output = sign(
        "url",
        "rsa",
        &[
            "--expires",
            "2033-01-01T00:00:00Z",
            "--not-before",
            "1800000000",
            "--ip",
            "203.0.113.9",
            "--resource",
            "https://media.example.com/*",
            "--json",
        ],
    );
    let json: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let policy = r#"{"Statement":[{"Resource":"https://media.example.com/*","Condition":{"DateLessThan":{"AWS:EpochTime":1988150400},"DateGreaterThan":{"AWS:EpochTime":1800000000},"IpAddress":{"AWS:SourceIp":"203.0.113.9/32"}}}]}"#;
    assert_eq!((json["policy"].as_str(), json["expires"].as_u64()), (Some(policy), Some(1_988_150_400)));
    let url = json["url"].as_str().unwrap();
    assert_eq!(value(url, "Policy").unwrap(), policy.as_bytes());
    assert!(verifies("rsa", policy.as_bytes(), &value(url, "Signature").unwrap()));

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("policy.json");
    let text =
        "{ \"Statement\": [{\r\n\"Condition\":{\"DateLessThan\":{\"AWS:EpochTime\":1990000000}}}]}\r\n";
    std::fs::write(&file, text).unwrap();
    let output = sign("url", "rsa", &["--policy", file.to_str().unwrap()]);
    assert_eq!(value(&stdout(&output), "Policy").unwrap(), text.as_bytes());
    let both = sign("url", "rsa", &["--policy", file.to_str().unwrap(), "--expires-in", "1h"]);
    assert_eq!(both.status.code(), Some(2));
    std::fs::write(&file, "{\"Version\":\"2012-10-17\"}").unwrap();
    let odd = sign("url", "rsa", &["--policy", file.to_str().unwrap()]);
    assert!(odd.status.success() && stderr(&odd).contains("MalformedPolicy"), "{}", stderr(&odd));
}

#[test]
fn cookies_come_in_every_format() {
    let lines = |format: &[&str]| {
        let more: Vec<&str> = ["--expires", "1990000000"].into_iter().chain(format.iter().copied()).collect();
        let output = sign("cookies", "rsa", &more);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output)
    };
    let names = ["CloudFront-Expires=1990000000", "CloudFront-Signature=", "CloudFront-Key-Pair-Id=K"];
    let header = lines(&[]);
    assert!(
        header.starts_with("Cookie: CloudFront-") && names.iter().all(|name| header.contains(name)),
        "{header}"
    );
    let curl = lines(&["--format", "curl"]);
    assert!(curl.starts_with("-b 'CloudFront-Expires=") && curl.trim_end().ends_with('\''), "{curl}");
    let set = lines(&["--format", "set-cookie", "--domain", "example.com", "--path", "/videos/"]);
    assert_eq!(set.lines().count(), 3);
    for line in set.lines() {
        for part in ["Set-Cookie: CloudFront-", "Domain=example.com", "Path=/videos/", "Secure", "HttpOnly"] {
            assert!(line.contains(part), "{part} in {line}");
        }
    }
    let json: Value = serde_json::from_str(&lines(&["--format", "json"])).unwrap();
    assert_eq!(json["CloudFront-Expires"], "1990000000");
}

#[test]
fn what_could_never_verify_is_refused_with_what_would() {
    for (url, words) in [
        ("https://a.com/x y", "https://a.com/x%20y"),
        ("https://a.com/é", "https://a.com/%C3%A9"),
        ("https://a.com/x#y", "https://a.com/x"),
        ("https://a.com/x?Signature=1", "https://a.com/x"),
    ] {
        let key = private_key("rsa");
        let output =
            run(&["sign", "url", url, "--key-pair-id", "K1", "--private-key", &key, "--expires-in", "1h"]);
        assert_eq!(output.status.code(), Some(2), "{url}");
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
    for (more, word) in [
        (vec!["--expires", "1767290400000"], "milliseconds"),
        (vec!["--expires", "tomorrow"], "RFC 3339"),
        (vec!["--expires", "2026-13-01"], "13 is not a month"),
        (vec!["--expires", "2026-02-29"], "2026-02 has no day 29"),
        (vec!["--expires", "2033-01-01T00:00:00"], "did you mean 2033-01-01T00:00:00Z?"),
        (vec!["--expires", "2h"], "did you mean +2h?"),
        (vec!["--expires-in", "5"], "it has no unit"),
        (vec!["--expires-in", "1 month"], "differ in length"),
        (vec!["--expires-in", "2h ago"], "without `ago`"),
        (vec!["--expires-in", "1h", "--ip", "::1/128"], "IPv6"),
        (vec!["--expires-in", "1h", "--ip", "300.1.1.1"], "IPv4"),
        (vec!["--expires-in", "1h", "--expires", "now"], "cannot be used with"),
    ] {
        let output = sign("url", "rsa", &more);
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        assert!(stderr(&output).contains(word), "{word} in {}", stderr(&output));
    }
    let public = public_key("rsa");
    let output =
        run(&["sign", "url", URL, "--key-pair-id", "K1", "--private-key", &public, "--expires-in", "1h"]);
    assert!(output.status.code() == Some(2) && stderr(&output).contains("public key"), "{}", stderr(&output));
    let output =
        run(&["sign", "url", URL, "--key-pair-id", "K1", "--private-key", "/no/such", "--expires-in", "1h"]);
    assert!(output.status.code() == Some(2) && stderr(&output).contains("/no/such"), "{}", stderr(&output));
}

/// A link for `https://d111111abcdef8.cloudfront.net` and its query, by a foreign signer.
fn link(target: &str, end: &str) -> String {
    let url = format!("https://d111111abcdef8.cloudfront.net{target}");
    let signature = sign_raw(&[Raw::new("rsa", "SHA1", canned(&url, end))]).remove(0);
    let separator = if target.contains('?') { '&' } else { '?' };
    format!(
        "{url}{separator}Expires={end}&Signature={}&Key-Pair-Id={}",
        cloudfront_base64(&signature),
        configs::id("rsa")
    )
}

fn explain(url: &str, more: &[&str]) -> (Option<i32>, Value) {
    let key = format!("{}={}", configs::id("rsa"), public_key("rsa"));
    let mut args = vec!["explain", url, "--json", "--public-key", &key];
    args.extend(more);
    let output = run(&args);
    let json = serde_json::from_str(&stdout(&output)).unwrap_or_else(|_| panic!("{}", stderr(&output)));
    (output.status.code(), json)
}

#[test]
fn explain_says_each_check_and_the_verdict() {
    let link = link("/a.mp4?b=1", "1990000000");
    let (code, json) = explain(&link, &["--at", "1900000000", "--ip", "203.0.113.9"]);
    assert_eq!(
        (code, &json["decision"], &json["status"]),
        (Some(0), &Value::from("allow"), &Value::from(200))
    );
    assert_eq!([&json["code"], &json["message"], &json["reason"]], [&Value::Null; 3]);
    assert_eq!(
        (json["at"].as_str(), json["viewer-ip"].as_str()),
        (Some("2030-03-17T17:46:40Z"), Some("203.0.113.9"))
    );
    assert_eq!(json["key-pair-id"].as_str(), Some(configs::id("rsa")));
    assert_eq!(json["policy"]["Statement"][0]["Condition"]["DateLessThan"]["AWS:EpochTime"], 1_990_000_000);
    let names: Vec<&str> =
        json["checks"].as_array().unwrap().iter().map(|check| check["check"].as_str().unwrap()).collect();
    let expected = [
        "key-pair-id",
        "key",
        "signature-encoding",
        "policy",
        "signature",
        "resource",
        "expiry",
        "not-before",
        "ip",
    ];
    assert_eq!(names, expected);
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "decision",
            "status",
            "code",
            "message",
            "reason",
            "at",
            "viewer-ip",
            "distribution",
            "behavior",
            "key-pair-id",
            "policy",
            "checks",
            "warnings",
            "causes",
            "ignored"
        ]
    );

    let (code, json) = explain(&link, &["--at", "1990000000"]);
    assert_eq!(
        (code, json["code"].as_str(), json["message"].as_str()),
        (Some(1), Some("AccessDenied"), Some("Access denied"))
    );
    assert_eq!((json["reason"].as_str(), json["status"].as_u64()), (Some("expired"), Some(403)));
}

#[test]
fn explain_proves_the_mistake_where_it_can() {
    let at = ["--at", "1900000000"];
    let good = link("/a.mp4?b=1", "1990000000");
    let hint = |url: &str, more: &[&str], check: &str| {
        let (code, json) = explain(url, &[&at[..], more].concat());
        assert_eq!(code, Some(1), "{url}");
        let found = json["checks"].as_array().unwrap().iter().find(|found| found["check"] == check).unwrap();
        assert_eq!(found["outcome"], "fail", "{json}");
        format!("{} {}", found["found"].as_str().unwrap(), found["hint"].as_str().unwrap_or(""))
    };
    let other_key = format!("{}={}", configs::id("rsa2"), public_key("rsa2"));
    for (url, more, check, words) in [
        (
            good.replace("https://", "http://"),
            vec![],
            "signature",
            "proven: the link was signed for the other scheme",
        ),
        (format!("{good}&utm_source=x"), vec![], "signature", "every parameter has to be there"),
        (
            good.replace("?b=1&", "?c=2&b=1&"),
            vec![],
            "signature",
            "requested: https://d111111abcdef8.cloudfront.net/a.mp4?c=2&b=1",
        ),
        (format!("{good}&Hash-Algorithm=SHA256"), vec![], "signature", "made with SHA-1"),
        (
            good.replace(configs::id("rsa"), configs::id("rsa2")),
            vec!["--public-key", &other_key],
            "signature",
            "made it, but Key-Pair-Id is",
        ),
        (
            good.replace("Expires=1990000000", "Expires=1990000000000"),
            vec![],
            "signature",
            "Expires differs from the end that was signed",
        ),
        (
            good.replace(
                &format!("Key-Pair-Id={}", configs::id("rsa")),
                "Key-Pair-Id=01234567-89ab-cdef-0123-456789abcdef",
            ),
            vec![],
            "key-pair-id",
            "key group",
        ),
        (
            good.replace(&format!("Key-Pair-Id={}", configs::id("rsa")), "Key-Pair-Id=-----BEGIN"),
            vec![],
            "key-pair-id",
            "PEM",
        ),
        (good.replace(configs::id("rsa"), "AKIAIOSFODNN7EXAMPLE"), vec![], "key", "AWS access key"),
        (good.replace("Key-Pair-Id", "Key-pair-Id"), vec![], "key-pair-id", "case-sensitive"),
        (good.replace("Signature=", "Signature=%20"), vec![], "signature-encoding", "white space around"),
        (
            link("/it's.mp4", "1990000000").replace('\'', "%27"),
            vec![],
            "signature",
            "the path was signed in another form",
        ),
    ] {
        let found = hint(&url, &more, check);
        assert!(found.contains(words), "{words} in {found}");
    }
    // A wildcard under a canned policy.
    let wild = link("/videos/*", "1990000000");
    let found = hint(&wild.replace("/videos/*", "/videos/1.mp4"), &[], "signature");
    assert!(found.contains("wildcard") && found.contains("custom policy"), "{found}");
}

#[test]
fn explain_agrees_with_the_proxy_about_policies_addresses_and_cookies() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&configs::main(&origin.url()));
    let config = edge.dir.path().join("config.toml").display().to_string();
    let url = "https://d111111abcdef8.cloudfront.net/a.mp4";
    for (condition, words) in [
        (
            r#""DateLessThan":{"AWS:EpochTime":1990000000},"IpAddress":{"AWS:SourceIp":"10.0.0.0/8"}"#,
            "an IPv6 viewer never matches",
        ),
        (
            r#""DateLessThan":{"AWS:EpochTime":1990000000},"DateGreaterThan":{"AWS:EpochTime":1900000002}"#,
            "clock",
        ),
        (r#""DateLessThan":{"AWS:EpochTime":"1990000000"}"#, "bare number"),
        (r#""DateLessThan":{"AWS:EpochTime":9223372036854775808}"#, "counts seconds"),
    ] {
        for extra in ["", r#""Version":"2012-10-17","#] {
            let policy =
                format!(r#"{{{extra}"Statement":[{{"Resource":"{url}","Condition":{{{condition}}}}}]}}"#);
            let signature = sign_raw(&[Raw::new("rsa", "SHA1", policy.clone())]).remove(0);
            let cookies = format!(
                "CloudFront-Policy={}; CloudFront-Signature={}; CloudFront-Key-Pair-Id={}",
                cloudfront_base64(policy.as_bytes()),
                cloudfront_base64(&signature),
                configs::id("rsa")
            );
            let output = run(&[
                "explain",
                url,
                "--cookie",
                &cookies,
                "--at",
                "1900000000",
                "--ip",
                "2001:db8::1",
                "--config",
                &config,
                "--json",
            ]);
            let json: Value = serde_json::from_str(&stdout(&output)).unwrap();
            let words = if extra.is_empty() { words } else { "IAM" };
            assert!(stdout(&output).contains(words), "{words} in {json}");
            let headers = [
                format!("Cookie: {cookies}"),
                "X-Frontgate-Now: 1900000000".to_owned(),
                "X-Frontgate-Viewer-Ip: 2001:db8::1".to_owned(),
            ];
            let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
            let served = edge.send(request("GET", "d111111abcdef8.cloudfront.net", "/a.mp4", &headers));
            assert_eq!(json["reason"].as_str(), served.reason(), "{json}");
        }
    }
    for (url, method, reason) in [
        ("http://d111111abcdef8.cloudfront.net/https/x", "GET", "https-required"),
        ("https://d111111abcdef8.cloudfront.net/get/x", "POST", "method-not-allowed"),
        ("https://d111111abcdef8.cloudfront.net/x", "GET", "missing-key-pair-id"),
    ] {
        let output = run(&["explain", url, "--method", method, "--config", &config, "--json"]);
        let json: Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!((output.status.code(), json["reason"].as_str()), (Some(1), Some(reason)), "{url}");
    }
    let public = run(&["explain", "https://d111111abcdef8.cloudfront.net/public/x", "--config", &config]);
    assert!(public.status.success() && stdout(&public).contains("public"), "{}", stdout(&public));
}

#[test]
fn what_is_signed_but_would_not_open_is_said() {
    let warned = |more: &[&str]| {
        let output = sign("url", "rsa", &[&["--expires-in", "1h"], more].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        stderr(&output)
    };
    assert_eq!(warned(&[]), "");
    assert_eq!(warned(&["--resource", "https://media.example.com/*"]), "");
    assert!(warned(&["--resource", "https://other.example.com/*"]).contains("doesn't grant access to it"));
    for id in ["", "K a", "K&x=1"] {
        let key = private_key("rsa");
        let output =
            run(&["sign", "url", URL, "--key-pair-id", id, "--private-key", &key, "--expires-in", "1h"]);
        assert_eq!(output.status.code(), Some(2), "{id:?}");
    }
    let evil =
        sign("cookies", "rsa", &["--expires-in", "1h", "--format", "set-cookie", "--domain", "a\r\nX: 1"]);
    assert_eq!(evil.status.code(), Some(2));
}

#[test]
fn explain_names_what_was_pasted_wrong() {
    let good = link("/a.mp4?b=1", "1990000000");
    for (url, words) in [
        (good.replace('&', "&amp;"), "copied out of HTML"),
        ("https://d111111abcdef8.cloudfront.net/a?X-Amz-Signature=x&X-Amz-Date=y".to_owned(), "S3 presigned"),
        (good.replace("d111111abcdef8.cloudfront.net", "localhost:8080"), "texts that were tried"),
        (good.replace("Signature=", "Signature=AAAA"), "something was added behind it"),
    ] {
        let (code, json) = explain(&url, &["--at", "1900000000"]);
        assert!(code == Some(1) && json.to_string().contains(words), "{words} in {json}");
    }
    let policy = "\u{1b}[31m{\"Statement";
    let url = format!(
        "https://a.com/x?Policy={}&Signature=AAAA&Key-Pair-Id={}",
        cloudfront_base64(policy.as_bytes()),
        configs::id("rsa")
    );
    let key = format!("{}={}", configs::id("rsa"), public_key("rsa"));
    let text = stdout(&run(&["explain", &url, "--public-key", &key]));
    assert!(!text.contains('\u{1b}') && text.contains("\\u{1b}"), "{text}");
}

#[test]
fn usage_and_colours_are_as_users_expect() {
    for command in [
        vec!["serve"],
        vec!["dev"],
        vec!["keygen"],
        vec!["sign", "url"],
        vec!["sign", "cookies"],
        vec!["check"],
        vec!["explain"],
    ] {
        let output = run(&[&command[..], &["--help"]].concat());
        assert!(output.status.success() && stdout(&output).contains("Examples:"), "{command:?}");
    }
    assert!(stdout(&run(&["--version"])).starts_with("frontgate 0."));
    assert_eq!(run(&["nonsense"]).status.code(), Some(2));
    let listen = run(&["dev", "--listen", "localhost:8081"]);
    assert!(
        listen.status.code() == Some(2) && stderr(&listen).contains("127.0.0.1:8081"),
        "{}",
        stderr(&listen)
    );
    assert_eq!(run(&[]).status.code(), Some(2));
    assert_eq!(run(&["explain", "not a url", "--public-key", "K=x"]).status.code(), Some(2));
    let key = format!("{}={}", configs::id("rsa"), public_key("rsa"));
    let colored = |more: &[&str]| {
        let mut command = frontgate();
        command.args(["explain", "https://a.com/x", "--public-key", &key]).args(more);
        stdout(&command.output().unwrap()).contains('\u{1b}')
    };
    assert_eq!(
        (colored(&[]), colored(&["--color", "always"]), colored(&["--color", "never"])),
        (false, true, false)
    );
}
