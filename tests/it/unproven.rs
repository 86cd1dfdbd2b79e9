//! What must never be called proven: another policy for the very text that was signed, a mistake of base64 for values that are no
//! base64 of a signature, absence where text around the request was not understood.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use frontgate::config;
use frontgate::distribution::Distributions;
use frontgate::epoch::EpochSeconds;
use frontgate::explain::{Budget, Explanation, OwnedRequest, UnsentCookie, UnsentReason};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::support::configs;
use crate::support::{Raw, cloudfront_base64, sign_raw};

const URL: &str = "https://d111111abcdef8.cloudfront.net/dir/a.jpg";
const NOW: u64 = 1_900_000_000;

static CONFIGURED: LazyLock<Arc<Distributions>> = LazyLock::new(|| {
    let text = configs::main("http://127.0.0.1:9000");
    config::parse(Path::new("config.toml"), &text).expect("a configuration").distributions
});

fn explained(inquiry: &OwnedRequest) -> Explanation {
    let few = Budget { candidates: 20_000, is_out_of_time: &|| false };
    inquiry.explain(&CONFIGURED, &few)
}

fn of_link(link: &str) -> Explanation {
    let (inquiry, _) = OwnedRequest::of_url(link, EpochSeconds(NOW)).expect("a URL");
    explained(&inquiry)
}

fn with_cookies(pairs: &[(&str, &str)]) -> Explanation {
    let (mut inquiry, _) = OwnedRequest::of_url(URL, EpochSeconds(NOW)).expect("a URL");
    let line: Vec<String> = pairs.iter().map(|(name, value)| format!("CloudFront-{name}={value}")).collect();
    inquiry.cookies = vec![line.join("; ").into_bytes()];
    explained(&inquiry)
}

fn names(explanation: &Explanation) -> Vec<(&'static str, bool)> {
    explanation.causes().into_iter().map(|cause| (cause.mistake.as_str(), cause.proven)).collect()
}

fn proven(explanation: &Explanation, name: &str) -> bool {
    names(explanation).contains(&(name, true))
}

/// So many values of a strategy, the same in each run.
fn some<T: std::fmt::Debug>(count: usize, strategy: &impl Strategy<Value = T>) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| strategy.new_tree(&mut runner).expect("a value").current()).collect()
}

/// Policies whose Resource needs escapes of JSON, by encoders that write them in different ways.
fn escaped_policies(count: usize) -> Vec<String> {
    let strategy = (
        "https://[a-z.]{1,8}/[a-z/?*\"\\\\\u{e9}\u{4e2d} &<>+'\u{7f}]{1,16}",
        0usize..6,
        prop::option::of(1_800_000_000u64..1_890_000_000),
        1_950_000_000u64..2_000_000_000,
    );
    let written = |(resource, style, begin, end): (String, usize, Option<u64>, u64)| {
        let mut resource = serde_json::to_string(&format!("{resource}\"\\x")).expect("a text");
        match style {
            0 => {}
            1 => resource = resource.replace('/', "\\/"),
            2 => resource = resource.replace('&', "\\u0026").replace('<', "\\u003c"),
            3 => resource = resource.replace('\u{e9}', "\\u00e9").replace('\u{4e2d}', "\\u4E2D"),
            4 => resource = resource.replace("\\\\", "\\u005C").replace("\\\"", "\\u0022"),
            _ => resource = resource.replace("\\\\", "\\u005c"),
        }
        let begin = begin
            .map(|begin| format!(",\"DateGreaterThan\":{{\"AWS:EpochTime\":{begin}}}"))
            .unwrap_or_default();
        let [colon, comma] = if style % 2 == 0 { [":", ","] } else { [": ", ", "] };
        format!(
            "{{\"Statement\"{colon}[{{\"Resource\"{colon}{resource}{comma}\"Condition\"{colon}{{\"DateLessThan\"{colon}\
             {{\"AWS:EpochTime\"{colon}{end}}}{begin}}}}}]}}"
        )
    };
    some(count, &strategy).into_iter().map(written).collect()
}

#[test]
fn the_signed_text_is_never_called_another_policy() {
    let policies = escaped_policies(240);
    let hashes = ["SHA1", "SHA256"];
    let job = |(number, policy): (usize, &String)| Raw::new("rsa", hashes[number % 2], policy.clone());
    let signatures = sign_raw(&policies.iter().enumerate().map(job).collect::<Vec<_>>());
    for (number, (policy, signature)) in policies.iter().zip(&signatures).enumerate() {
        let (text, signature) = (cloudfront_base64(policy.as_bytes()), cloudfront_base64(signature));
        let found =
            of_link(&format!("{URL}?Policy={text}&Signature={signature}&Key-Pair-Id={}", configs::id("rsa")));
        let names = names(&found);
        assert!(names.iter().all(|(name, _)| *name != "policy-not-the-signed-one"), "{policy}: {names:?}");
        assert!(names.iter().all(|(name, _)| !name.starts_with("json-")), "{policy}: {names:?}");
        let hash = ["", "hash-not-announced"][number % 2];
        assert!(hash.is_empty() || names.contains(&(hash, true)), "{policy}: {names:?}");
    }
    // The judge of this test sees another policy where there is one.
    let (text, signature) = (cloudfront_base64(policies[3].as_bytes()), cloudfront_base64(&signatures[0]));
    let found =
        of_link(&format!("{URL}?Policy={text}&Signature={signature}&Key-Pair-Id={}", configs::id("rsa")));
    assert!(proven(&found, "policy-not-the-signed-one"), "{:?}", names(&found));
}

fn standard_base64(bytes: &[u8]) -> String {
    use base64::prelude::{BASE64_STANDARD, Engine};
    BASE64_STANDARD.encode(bytes)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A value as frameworks, tools and accidents write it; none is CloudFront's base64 of a signature or of a policy.
fn foreign_value() -> impl Strategy<Value = String> {
    let bytes = |least: usize, most: usize| prop::collection::vec(any::<u8>(), least..most);
    let laravel = (bytes(16, 17), bytes(32, 300), bytes(32, 33)).prop_map(|(iv, value, mac)| {
        let parts = [standard_base64(&iv), standard_base64(&value), hexadecimal(&mac)];
        standard_base64(
            format!(
                "{{\"iv\":\"{}\",\"value\":\"{}\",\"mac\":\"{}\",\"tag\":\"\"}}",
                parts[0], parts[1], parts[2]
            )
            .as_bytes(),
        )
    });
    let escaped = laravel.prop_map(|value| value.replace('=', "%3D").replace('+', "%2B").replace('/', "%2F"));
    let rails = (bytes(60, 300), bytes(20, 21))
        .prop_map(|(data, digest)| format!("{}--{}", standard_base64(&data), hexadecimal(&digest)));
    let gcm = (bytes(60, 300), bytes(12, 13), bytes(16, 17)).prop_map(|(data, iv, tag)| {
        format!("{}--{}--{}", standard_base64(&data), standard_base64(&iv), standard_base64(&tag))
    });
    let express = (bytes(60, 300), bytes(32, 33)).prop_map(|(data, digest)| {
        format!("s%3A{}.{}", cloudfront_base64(&data), standard_base64(&digest).trim_end_matches('='))
    });
    let django = (bytes(60, 300), "[0-9A-Za-z]{6}", bytes(32, 33)).prop_map(|(data, time, digest)| {
        format!("{}:{time}:{}", cloudfront_base64(&data), standard_base64(&digest).trim_end_matches('='))
    });
    let web_token = (bytes(20, 40), bytes(60, 200), bytes(32, 33)).prop_map(|(head, body, digest)| {
        [head, body, digest].map(|part| standard_base64(&part).replace(['+', '/'], "_")).join(".")
    });
    let hash = prop::sample::select(vec![16usize, 20, 28, 32, 48, 64])
        .prop_flat_map(move |length| bytes(length, length + 1));
    let hmac = (hash, 0usize..3).prop_map(|(digest, form)| match form {
        0 => standard_base64(&digest),
        1 => cloudfront_base64(&digest),
        _ => hexadecimal(&digest),
    });
    let quoted = (bytes(200, 300), prop::sample::select(vec!["\"", "'", "%22", "\\\""]))
        .prop_map(|(data, quote)| format!("{quote}{}{quote}", cloudfront_base64(&data)));
    let wrapped = (
        bytes(200, 400),
        prop::sample::select(vec![64usize, 72, 76]),
        prop::sample::select(vec![" ", "%0A", "%0D%0A"]),
    )
        .prop_map(|(data, width, end)| {
            let text = standard_base64(&data);
            let lines: Vec<&str> =
                (0..text.len()).step_by(width).map(|at| &text[at..text.len().min(at + width)]).collect();
            lines.join(end)
        });
    let lossy = bytes(100, 300).prop_map(|data| {
        let text = String::from_utf8_lossy(&data).into_owned();
        text.bytes().map(|byte| format!("%{byte:02X}")).collect()
    });
    let other_json = bytes(20, 120)
        .prop_map(|data| standard_base64(format!("{{\"data\":\"{}\"}}", hexadecimal(&data)).as_bytes()));
    let words = "[a-zA-Z0-9 +/=_~%.:-]{0,80}";
    prop_oneof![
        escaped,
        rails,
        gcm,
        express,
        django,
        web_token,
        hmac,
        quoted,
        wrapped,
        lossy,
        other_json,
        words.prop_map(|text| text.replace(';', "")),
    ]
}

/// Mistakes of an encoding, none of which a value that is no signature can show.
const OF_BASE64: [&str; 7] = [
    "plain-base64",
    "plus-became-space",
    "base64url",
    "swapped-alphabet",
    "hex",
    "percent-encoded-twice",
    "base64-twice",
];

#[test]
fn values_that_are_no_signature_prove_no_mistake_of_base64() {
    let values = some(300, &(foreign_value(), foreign_value()));
    for (policy, signature) in &values {
        let id = configs::id("rsa");
        for found in [
            with_cookies(&[("Policy", policy), ("Signature", signature), ("Key-Pair-Id", id)]),
            with_cookies(&[("Policy", policy), ("Signature", signature), ("Key-Pair-Id", policy)]),
            with_cookies(&[("Expires", "1990000000"), ("Signature", signature), ("Key-Pair-Id", id)]),
        ] {
            for name in OF_BASE64 {
                assert!(!proven(&found, name), "{policy}\n{signature}: {:?}", names(&found));
            }
            assert!(
                !proven(&found, "policy-not-the-signed-one") && !proven(&found, "truncated"),
                "{policy}: {:?}",
                names(&found)
            );
        }
    }
}

#[test]
fn absence_is_never_proven_where_text_was_ignored() {
    let cases = some(300, &("[a-z0-9=&?%./:#;-]{0,40}", ".{0,60}"));
    for (target, ignored) in &cases {
        let link = format!("https://d111111abcdef8.cloudfront.net/{target}");
        let Ok((mut inquiry, _)) = OwnedRequest::of_url(&link, EpochSeconds(NOW)) else { continue };
        let alone = explained(&inquiry);
        inquiry.surroundings.ignored = vec![ignored.clone()];
        let found = explained(&inquiry);
        assert!(!proven(&found, "not-sent"), "{link}: {:?}", names(&found));
        assert_eq!(found.verdict, alone.verdict, "{link}");
        assert_eq!(found.ignored, std::slice::from_ref(ignored));
    }
    // The judge of this test sees a proof where nothing was ignored.
    assert!(proven(&of_link(URL), "not-sent"));
}

/// A link inside of another one, or under another name, is a trace of something that was sent.
#[test]
fn absence_is_never_proven_beside_a_trace_of_what_was_sent() {
    for target in [
        "/_next/image?url=https%3A%2F%2Fm.example.com%2Fa.jpg%3FExpires%3D1%26Signature%3Dx%26Key-Pair-Id%3DK&w=640",
        "/r?to=https%253A%252F%252Fm%253FSignature%253Dx",
        "/a.jpg;Expires=1;Signature=x;Key-Pair-Id=K",
        "/a.jpg?x=1;Signature=x;Key-Pair-Id=K",
        "/a.jpg?CloudFront-Policy=x&CloudFront-Signature=y",
        "/a.jpg?cloudfront_signature=y",
        "/a.jpg?x={\"Signature\":\"y\"}",
        "/a.jpg?keyPairId=K&x=1",
    ] {
        let found = of_link(&format!("https://d111111abcdef8.cloudfront.net{target}"));
        assert!(!proven(&found, "not-sent"), "{target}: {:?}", names(&found));
    }
}

#[test]
fn what_a_browser_keeps_back_is_the_cause_of_absence() {
    let (mut inquiry, _) = OwnedRequest::of_url(URL, EpochSeconds(NOW)).expect("a URL");
    let path = UnsentReason::Attribute {
        attribute: "Path=/other".to_owned(),
        because: "/dir/a.jpg is not below /other".to_owned(),
    };
    let first = UnsentReason::AttributeFirst { attribute: "Domain=example.com".to_owned() };
    for (reason, name) in [(path, "cookie-not-sent-by-browser"), (first, "attributes-first")] {
        inquiry.surroundings.unsent_cookies =
            ["CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id"]
                .map(|cookie| UnsentCookie {
                    name: cookie.to_owned(),
                    reason: reason.clone(),
                    is_certain: true,
                })
                .to_vec();
        let found = explained(&inquiry);
        let causes = found.causes();
        assert_eq!((causes[0].mistake.as_str(), causes[0].proven), (name, true));
        assert!(
            causes[0].fix.contains("Path=/other") || causes[0].fix.contains("Domain=example.com"),
            "{}",
            causes[0].fix
        );
    }
}
