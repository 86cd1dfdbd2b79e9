//! Links and cookies that real SDKs signed, over awkward URLs, sent byte for byte as the SDK gave them out.

use serde_json::{Value, json};

use crate::support::configs;
use crate::support::foreign::signer;
use crate::support::{Edge, RecordingOrigin, cloudfront_base64, private_key, request, root};

/// Every SDK, with how many of its jobs it must have been able to sign: a signer that refuses all proves nothing.
const SIGNERS: [(&str, usize); 4] = [
    ("botocore_sign.py", 384),
    ("awscli_sign.py", 96),
    ("sdk_js_sign.mjs", 384),
    ("npm_cloudfront_sign.mjs", 96),
];

/// Paths and queries on which signers and verifiers have disagreed (cloudfront 1.3 and 11).
const TARGETS: [&str; 24] = [
    "/plain.jpg",
    "/a%20b.jpg",
    "/a+b.jpg",
    "/a%2Fb.jpg",
    "/a%2fb.jpg",
    "/it%27s.jpg",
    "/a,b=c.jpg",
    "/%C3%A9t%C3%A9.jpg",
    "//double//slash.jpg",
    "/videos/../plain.jpg",
    "/~user/x.jpg",
    "/(a)!$@:x.jpg",
    "/100%25.jpg",
    "/x?flag",
    "/x?empty=",
    "/x?a=1&a=2",
    "/x?b=1&a=2",
    "/x?a=1&&b=2",
    "/x?q=a+b",
    "/x?q=a%20b",
    "/x?name=caf%C3%A9",
    "/x?plus=%2B&slash=%2F&colon=:",
    "/x?response-content-disposition=attachment%3B%20filename%3D%22x%20y.txt%22",
    "/x?u=https://a.com/?b=c",
];

const HOST: &str = "d111111abcdef8.cloudfront.net";
const END: u64 = 1_990_000_000;
const NOW: u64 = 1_900_000_000;

struct Job {
    spec: Value,
    target: &'static str,
    custom: bool,
}

fn jobs() -> Vec<Job> {
    let mut jobs = Vec::new();
    for (number, target) in TARGETS.into_iter().enumerate() {
        for key in ["rsa", "ecdsa"] {
            for hash in ["SHA1", "SHA256"] {
                for kind in ["url", "cookies"] {
                    for custom in [false, true] {
                        let mut spec = json!({
                            "id": format!("{number} {target} {key} {hash} {kind} {custom}"),
                            "kind": kind, "url": format!("https://{HOST}{target}"),
                            "private_key_file": private_key(key), "key_pair_id": configs::id(key),
                            "key_type": key, "hash": hash, "expires": END,
                        });
                        if custom {
                            spec["not_before"] = json!(NOW - 10);
                            spec["ip"] = json!("203.0.113.0/24");
                        }
                        jobs.push(Job { spec, target, custom });
                    }
                }
            }
        }
    }
    jobs
}

/// The raw target and the cookies of what an SDK gave out.
fn as_sent(job: &Job, result: &Value) -> (String, Option<String>) {
    if let Some(url) = result["url"].as_str() {
        let target =
            url.strip_prefix("https://").and_then(|rest| rest.find('/').map(|at| rest[at..].to_owned()));
        return (target.expect("a target"), None);
    }
    let cookies = result["cookies"].as_object().expect("cookies");
    let pairs = cookies.iter().map(|(name, value)| format!("{name}={}", value.as_str().expect("a value")));
    (job.target.to_owned(), Some(pairs.collect::<Vec<_>>().join("; ")))
}

struct Probe {
    now: u64,
    ip: &'static str,
    suffix: &'static str,
}

fn judged(edge: &Edge, target: &str, cookies: Option<&str>, probe: &Probe) -> String {
    let now = format!("X-Frontgate-Now: {}", probe.now);
    let ip = format!("X-Frontgate-Viewer-Ip: {}", probe.ip);
    let cookies = cookies.map(|cookies| format!("Cookie: {cookies}"));
    let mut headers = vec![now.as_str(), ip.as_str()];
    headers.extend(cookies.as_deref());
    let target = format!("{target}{}", probe.suffix);
    let response = edge.send(request("GET", HOST, &target, &headers));
    response.reason().map_or_else(|| response.status.to_string(), str::to_owned)
}

/// Links that an SDK itself breaks: it signs other bytes than it gives out, which CloudFront denies, too.
fn known_deviations() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join("tests/signers/deviations.json")).expect("the deviations");
    let rows: Vec<[String; 3]> = serde_json::from_str(&text).expect("rows of signer, target, why");
    rows.into_iter().map(|[signer, target, _]| (signer, target)).collect()
}

#[test]
fn links_and_cookies_of_every_sdk_open_and_expire() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&configs::main(&origin.url()));
    let jobs = jobs();
    let specs: Vec<&Value> = jobs.iter().map(|job| &job.spec).collect();
    let deviations = known_deviations();
    let mut failures = Vec::new();
    for (program, at_least) in SIGNERS {
        let answer = signer(program, &json!({ "jobs": specs }));
        let results = answer["results"].as_array().expect("results");
        let mut signed = 0;
        for (job, result) in jobs.iter().zip(results) {
            assert_eq!(job.spec["id"], result["id"]);
            if let Some(error) = result["error"].as_str() {
                assert!(error.starts_with("unsupported: "), "{program} {}: {error}", job.spec["id"]);
                continue;
            }
            signed += 1;
            let (target, cookies) = as_sent(job, result);
            let broken = result["url"].is_string()
                && deviations.contains(&(program.to_owned(), job.target.to_owned()));
            for (now, ip, expected) in [
                (NOW, "203.0.113.9", "200"),
                (END - 1, "203.0.113.9", "200"),
                (END, "203.0.113.9", "expired"),
                (NOW - 10, "203.0.113.9", if job.custom { "not-yet-valid" } else { "200" }),
                (NOW, "198.51.100.1", if job.custom { "ip-mismatch" } else { "200" }),
            ] {
                let found = judged(&edge, &target, cookies.as_deref(), &Probe { now, ip, suffix: "" });
                let expected = if broken { "resource-mismatch" } else { expected };
                if found != expected {
                    let id = &job.spec["id"];
                    failures.push(format!("{program} {id}: expected {expected}, found {found} at {now}"));
                }
            }
            let suffix = if target.contains('?') { "&utm_source=x" } else { "?utm_source=x" };
            let added =
                judged(&edge, &target, cookies.as_deref(), &Probe { now: NOW, ip: "203.0.113.9", suffix });
            if added == "200" {
                failures.push(format!("{program} {}: a parameter could be added", job.spec["id"]));
            }
        }
        assert!(signed >= at_least, "{program} signed {signed} of {}", jobs.len());
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn a_wildcard_policy_of_every_sdk_opens_its_folder_and_nothing_else() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&configs::main(&origin.url()));
    for (program, _) in SIGNERS {
        let spec = |kind: &str| {
            json!({
                "id": kind, "kind": kind, "url": format!("https://{HOST}/videos/1.mp4"), "expires": END,
                "private_key_file": private_key("rsa"), "key_pair_id": configs::id("rsa"), "key_type": "rsa",
                "hash": "SHA1", "resource": format!("https://{HOST}/videos/*"),
            })
        };
        let answer = signer(program, &json!({ "jobs": [spec("url"), spec("cookies")] }));
        for result in answer["results"].as_array().expect("results") {
            if result["error"].as_str().is_some_and(|error| error.starts_with("unsupported: ")) {
                continue;
            }
            for (path, expected) in [
                ("/videos/1.mp4", "200"),
                ("/videos/2/3.ts?x=1", "200"),
                ("/other.mp4", "resource-mismatch"),
                ("/videos/../other.mp4", "resource-mismatch"),
            ] {
                let probe = Probe { now: NOW, ip: "203.0.113.9", suffix: "" };
                let found = match result["url"].as_str() {
                    Some(url) => {
                        let (_, query) = url.split_once('?').expect("a query");
                        let separator = if path.contains('?') { "&" } else { "?" };
                        judged(&edge, &format!("{path}{separator}{query}"), None, &probe)
                    }
                    None => {
                        let cookies = result["cookies"].as_object().expect("cookies");
                        let pairs: Vec<String> = cookies
                            .iter()
                            .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or("")))
                            .collect();
                        judged(&edge, path, Some(&pairs.join("; ")), &probe)
                    }
                };
                assert_eq!(found, expected, "{program} {path}: {result}");
            }
        }
    }
}

#[test]
fn awss_own_vectors_verify() {
    let text = std::fs::read_to_string(root().join("tests/signers/aws-vectors.json")).expect("the vectors");
    let vectors: Value = serde_json::from_str(&text).expect("JSON");
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&vectors_site(&vectors, &origin.url()));
    let cases = vectors["vectors"].as_array().expect("vectors");
    assert!(cases.iter().filter(|case| case["source"] == "smithy-rs").count() == 8);
    for case in cases {
        let text = |key: &str| case[key].as_str().unwrap_or_else(|| panic!("{key} in {case}"));
        let rest = text("url").strip_prefix("https://").expect("https");
        let (host, target) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let end = case["expires"].as_u64().expect("a time");
        let mut values = vec![
            ("Key-Pair-Id", text("key_pair_id").to_owned()),
            ("Signature", text("signature").to_owned()),
        ];
        values.push(match case["canned"].as_bool().expect("a bool") {
            true => ("Expires", end.to_string()),
            false => ("Policy", cloudfront_base64(text("policy_json").as_bytes())),
        });
        if text("hash") == "SHA256" {
            values.push(("Hash-Algorithm", "SHA256".to_owned()));
        }
        let ip = case["ip"]
            .as_str()
            .map_or("192.0.2.1".to_owned(), |range| range.replace(".0/24", ".7").replace(".0/8", ".7"));
        let ip = format!("X-Frontgate-Viewer-Ip: {}", ip.split('/').next().expect("an address"));
        let pairs = |prefix: &str, separator: &str| {
            let pairs = values.iter().map(|(name, value)| format!("{prefix}{name}={value}"));
            pairs.collect::<Vec<_>>().join(separator)
        };
        let (target, cookies) = match text("kind") {
            "cookies" => (target.to_owned(), format!("Cookie: {}", pairs("CloudFront-", "; "))),
            _ => {
                let separator = if target.contains('?') { '&' } else { '?' };
                (format!("{target}{separator}{}", pairs("", "&")), "Accept: */*".to_owned())
            }
        };
        for (now, expected) in [(end - 1, "200"), (end, "expired")] {
            let now = format!("X-Frontgate-Now: {now}");
            let response = edge.send(request("GET", host, &target, &[&now, &ip, &cookies]));
            let found = response.reason().map_or_else(|| response.status.to_string(), str::to_owned);
            assert_eq!(found, expected, "{}", text("id"));
        }
    }
}

fn vectors_site(vectors: &Value, origin: &str) -> String {
    let mut text = String::new();
    let keys = vectors["public_keys"].as_object().expect("keys");
    for (id, pem) in keys {
        let pem = pem.as_str().expect("a PEM");
        text += &format!("[[public-keys]]\nid = \"{id}\"\npem = '''{pem}'''\nallow-short = true\n");
    }
    let ids: Vec<&String> = keys.keys().collect();
    text += &format!("[[key-groups]]\nid = \"aws\"\npublic-keys = {ids:?}\n");
    text + &format!(
        r#"
[[distributions]]
id = "EDFDVBD6EXAMPLE"
domain-name = "d111111abcdef8.cloudfront.net"
public-base-urls = ["https://d111111abcdef8.cloudfront.net"]
[[distributions.origins]]
id = "app"
url = "{origin}"
[distributions.default-cache-behavior]
target-origin = "app"
trusted-key-groups = ["aws"]
"#
    )
}
