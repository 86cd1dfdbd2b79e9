//! What is allowed and isn't meant: `explain`, the console, the log and `X-Frontgate-Warning` name it, and no decision
//! depends on it (reference 7).

use serde_json::Value;

use crate::support::configs;
use crate::support::{
    Edge, Raw, RecordingOrigin, canned, cloudfront_base64, request, run, send_to, sign_raw, stdout, wait_for,
};

const HOST: &str = "d111111abcdef8.cloudfront.net";
/// 2023-04-21, in milliseconds: as seconds, in the year 55273.
const MILLISECONDS: &str = "1682089199000";

fn standard(base64: &str) -> String {
    base64.replace('-', "+").replace('~', "/").replace('_', "=")
}

/// Query of a custom policy.
fn custom(policy: &str, encode: impl Fn(&str) -> String) -> String {
    let signature = sign_raw(&[Raw::new("rsa", "SHA1", policy)]).remove(0);
    let (policy, signature) = (cloudfront_base64(policy.as_bytes()), cloudfront_base64(&signature));
    format!("Policy={}&Signature={}&Key-Pair-Id={}", encode(&policy), encode(&signature), configs::id("rsa"))
}

fn policy(condition: &str) -> String {
    format!(r#"{{"Statement":[{{"Resource":"http://{HOST}/*","Condition":{{{condition}}}}}]}}"#)
}

fn canned_link(expires: &str) -> String {
    let message = canned(&format!("http://{HOST}/a"), expires);
    let signature = sign_raw(&[Raw::new("rsa", "SHA1", message)]).remove(0);
    format!(
        "Expires={expires}&Signature={}&Key-Pair-Id={}",
        cloudfront_base64(&signature),
        configs::id("rsa")
    )
}

/// Each link with its status and what is warned of.
fn cases() -> Vec<(String, u16, &'static str)> {
    let as_it_is = |text: &str| text.to_owned();
    let less = |seconds: &str| format!(r#""DateLessThan":{{"AWS:EpochTime":{seconds}}}"#);
    let greater = |seconds: &str| format!(r#","DateGreaterThan":{{"AWS:EpochTime":{seconds}}}"#);
    let both = less("1990000000") + &greater(MILLISECONDS);
    vec![
        (canned_link("1990000000"), 200, ""),
        (canned_link("9223372036"), 200, ""),
        (canned_link("9223372037"), 200, "milliseconds"),
        (canned_link(MILLISECONDS), 200, "milliseconds"),
        (canned_link("9223372036854775807"), 200, "milliseconds"),
        (canned_link("9223372036854775808"), 403, ""),
        (canned_link(MILLISECONDS).replace("Expires=1", "Expires=2"), 403, "milliseconds"),
        (custom(&policy(&less("1990000000")), as_it_is), 200, ""),
        (custom(&policy(&less(MILLISECONDS)), as_it_is), 200, "milliseconds"),
        (custom(&policy(&both), as_it_is), 403, "milliseconds"),
        (custom(&policy(&less("1990000000")), standard), 200, "plain-base64"),
        (custom(&policy(&less("1890000000")), standard), 403, "plain-base64"),
        (custom(&policy(&less(MILLISECONDS)), standard), 200, "milliseconds, plain-base64"),
        // Only what is decoded shows anything: here the policy, which has no `+`, but not the signature.
        (
            custom(&policy(&less("1990000000")), |text| standard(text).replace('+', "%20")),
            403,
            "plain-base64",
        ),
        (canned_link("1990000000").replace("&Signature=", "&Signature=+%20"), 403, ""),
    ]
}

#[test]
fn explain_and_the_proxy_warn_of_the_same_whatever_is_decided() {
    let origin = RecordingOrigin::answering(|_, stream| {
        use std::io::Write as _;
        let head = "HTTP/1.1 200 OK\r\nX-Frontgate-Warning: forged\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(head.as_bytes()).is_ok()
    });
    let edge = Edge::serve(&configs::private(&origin.url(), ""));
    let config = edge.file("config.toml").display().to_string();
    for (query, status, warnings) in cases() {
        let response = edge.get(HOST, &format!("/a?{query}"), &["X-Frontgate-Now: 1900000000"]);
        assert_eq!(response.status, status, "{query}");
        assert_eq!(response.header("X-Frontgate-Warning").unwrap_or(""), warnings, "{query}");

        let url = format!("http://{HOST}/a?{query}");
        let output = run(&["explain", &url, "--config", &config, "--at", "1900000000", "--json"]);
        let json: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        assert_eq!(json["decision"], if status == 200 { "allow" } else { "deny" }, "{json}");
        let found: Vec<&str> = json["warnings"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|warning| {
                assert!(warning["text"].as_str().is_some_and(|text| !text.is_empty()));
                warning["name"].as_str().expect("a name")
            })
            .collect();
        assert_eq!(found.join(", "), warnings, "{json}");
        for cause in json["causes"].as_array().expect("causes") {
            assert!(cause["mistake"] != "milliseconds" && cause["mistake"] != "plain-base64", "{json}");
        }
        let text = stdout(&run(&["explain", &url, "--config", &config, "--at", "1900000000"]));
        for name in ["milliseconds", "plain-base64"] {
            assert_eq!(text.contains(&format!("warning: {name}: ")), warnings.contains(name), "{text}");
        }
    }
    wait_for(|| {
        let log = edge.log();
        let is_there = log.contains("until the year 55273") && log.contains("standard base64");
        is_there.then_some(())
    });
    for (query, ..) in cases() {
        let (_, signature) = query.split_once("Signature=").expect("a signature");
        assert!(!edge.log().contains(&signature[..100]), "{}", edge.log());
    }
    // A public path has no credentials to warn of.
    let public = edge.get(HOST, &format!("/public/x?{}", canned_link(MILLISECONDS)), &[]);
    assert_eq!((public.status, public.header("X-Frontgate-Warning")), (200, None));
}

#[test]
fn without_test_mode_nothing_is_said() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve_with(&configs::private(&origin.url(), ""), &[]);
    let response = edge.get(HOST, &format!("/a?{}", canned_link(MILLISECONDS)), &[]);
    assert_eq!((response.status, response.header("X-Frontgate-Warning")), (200, None));
    assert!(!edge.log().contains("milliseconds"), "{}", edge.log());
}

#[test]
fn the_console_warns_on_both_of_its_pages() {
    let origin = RecordingOrigin::start();
    let config = format!("[admin]\nlisten = \"127.0.0.1:0\"\n{}", configs::private(&origin.url(), ""));
    let edge = Edge::serve(&config);
    let query = canned_link(MILLISECONDS);
    assert_eq!(edge.get(HOST, &format!("/a?{query}"), &[]).status, 200);
    let page = wait_for(|| {
        let list = edge.admin_page("/").text();
        let number = list.split("/requests/").nth(1)?.split('"').next()?.to_owned();
        Some(edge.admin_page(&format!("/requests/{number}")).text())
    });
    let says = "<code>milliseconds</code>";
    assert!(page.contains(says) && page.contains("until the year 55273"), "{page}");

    let admin = edge.admin.expect("an admin listener");
    let mut body = "link=".to_owned();
    for byte in format!("http://{HOST}/a?{query}").bytes() {
        body.push_str(&format!("%{byte:02X}"));
    }
    let headers = [
        "Content-Type: application/x-www-form-urlencoded".to_owned(),
        format!("Content-Length: {}", body.len()),
        format!("Origin: http://{admin}"),
        "Sec-Fetch-Site: same-origin".to_owned(),
    ];
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let head = request("POST", &admin.to_string(), "/explain", &headers);
    let page = send_to(admin, (head + &body).as_bytes()).text();
    assert!(page.contains(says) && page.contains("Allowed"), "{page}");
}
