//! The demo page in `dev`: its film plays with cookies, its buttons sign, its denials lead to the console
//! (`tests/browser/demo.mjs`); no other page may use its buttons; elsewhere it does without them.

use serde_json::json;

use crate::support::configs;
use crate::support::foreign::ask;
use crate::support::{Edge, Response, request, root, wait_for};

/// The link that the console offers before anything was requested.
fn first_link(edge: &Edge) -> String {
    let page = edge.admin_page("/").text();
    let link = page.split("<code id=\"first\">").nth(1).and_then(|rest| rest.split("</code>").next());
    link.expect("a link").replace("&amp;", "&")
}

#[test]
fn chromium_plays_the_film_with_cookies_and_is_led_from_denials_to_the_console() {
    let edge = Edge::dev(&["--console", "127.0.0.1:0"]);
    let seen = ask(
        "browser/demo.mjs",
        &json!({ "link": first_link(&edge), "screenshots": root().join("target/console") }),
    );
    assert_eq!(seen["violations"], json!([]), "{seen}");
    assert_eq!(seen["errors"], json!([]), "{seen}");
    assert!(seen["without"].as_str().is_some_and(|said| said.starts_with("403: denied")), "{seen}");
    assert!(seen["with"].as_str().is_some_and(|said| said.starts_with("200: allowed")), "{seen}");
    assert_eq!(
        seen["film"],
        json!({ "width": 480, "height": 270, "duration": 12, "buffered": 12 }),
        "{seen}"
    );
    assert!(seen["colours"].as_u64().is_some_and(|colours| colours > 20), "{seen}");
    for (name, verdict, cause) in [
        ("unsigned", "✗ Denied, missing-key-pair-id", "not-sent"),
        ("parameter", "✗ Denied, signature-mismatch", "query-added"),
        ("late", "✗ Denied, expired", "expired"),
        ("spoiled", "✗ Denied, signature-mismatch", ""),
        ("other", "✗ Denied, signature-mismatch", "canned-for-another-file"),
    ] {
        let denial = &seen["denials"][name];
        assert_eq!(denial["verdict"], verdict, "{name}: {seen}");
        assert!(
            denial["text"].as_str().is_some_and(|text| text.starts_with("403: denied")),
            "{name}: {seen}"
        );
        assert!(cause.is_empty() || denial["cause"] == cause, "{name}: {seen}");
    }
    assert_eq!(seen["opened"], json!([["/image.svg", 200], ["/film/playlist.m3u8", 200]]), "{seen}");
    assert_eq!(seen["cookiesLeft"], json!([]), "{seen}");
    assert_eq!(seen["plain"], "A private page, opened by a signed link", "{seen}");
}

/// Posts a form of the demo page with these headers in place of a browser's.
fn post(edge: &Edge, form: &str, headers: &[&str]) -> Response {
    let length = format!("Content-Length: {}", form.len());
    let mut all = vec!["Content-Type: application/x-www-form-urlencoded", &length];
    all.extend(headers);
    edge.send(request("POST", &edge.address.to_string(), "/.frontgate/demo", &all) + form)
}

#[test]
fn only_the_demo_page_itself_makes_dev_sign() {
    let edge = Edge::dev(&["--console", "127.0.0.1:0"]);
    let origin = format!("Origin: http://{}", edge.address);
    let own = [origin.as_str(), "Sec-Fetch-Site: same-origin"];
    let opened = post(&edge, "do=open&path=%2Fimage.svg", &own);
    let base = format!("http://{}", edge.address);
    let link =
        opened.header("Location").and_then(|link| link.strip_prefix(&base)).expect("a link").to_owned();
    assert_eq!((opened.status, edge.get(&edge.address.to_string(), &link, &[]).status), (303, 200));
    assert_eq!(opened.header("Cache-Control"), Some("no-store"));
    // Nothing of it is judged again, and the console doesn't show what was signed.
    let id = opened.header("X-Amz-Cf-Id").expect("an id");
    let record =
        wait_for(|| Some(edge.admin_page(&format!("/requests/{id}"))).filter(|page| page.status == 200))
            .text();
    let signature = link.split("Signature=").nth(1).expect("a signature");
    assert!(
        record.contains("before any signature is checked") && !record.contains(&signature[..40]),
        "{record}"
    );
    let cookies = post(&edge, "do=cookies", &own);
    let set = cookies.head.lines().filter(|line| line.to_ascii_lowercase().starts_with("set-cookie:"));
    assert_eq!(set.filter(|line| line.contains("HttpOnly")).count(), 3, "{}", cookies.head);

    for headers in [
        &["Sec-Fetch-Site: same-origin"][..],
        &["Origin: http://evil.example.com", "Sec-Fetch-Site: cross-site"],
        &["Origin: http://127.0.0.1:1", "Sec-Fetch-Site: same-site"],
        &["Origin: null"],
        &[&origin, "Sec-Fetch-Site: cross-site"],
        &[&origin, "X-Forwarded-For: 203.0.113.9"],
        &[&origin, "Via: 1.1 tunnel"],
        &[&origin, "Forwarded: for=203.0.113.9"],
    ] {
        for form in ["do=open&path=%2Fimage.svg", "do=cookies", "do=forget"] {
            let refused = post(&edge, form, headers);
            assert_eq!(refused.status, 403, "{headers:?} {form}");
            assert!(
                !refused.head.contains("Signature") && !refused.head.contains("Set-Cookie"),
                "{headers:?}"
            );
        }
    }
    for form in ["do=open", "do=open&path=//evil.example.com/", "do=open&path=http://evil/", "do=x", ""] {
        assert_eq!(post(&edge, form, &own).status, 400, "{form}");
    }
    let large = format!("do=open&path=/{}", "x".repeat(10_000));
    assert_eq!(post(&edge, &large, &own).status, 413);
    // A GET is judged like any other path.
    assert_eq!(edge.get(&edge.address.to_string(), "/.frontgate/demo", &own).status, 403);
}

#[test]
fn without_dev_there_are_no_buttons_and_nothing_signs() {
    let edge = Edge::serve(&configs::private("demo:", ""));
    let host = "d111111abcdef8.cloudfront.net";
    let origin = format!("Origin: http://{}", edge.address);
    assert_eq!(post(&edge, "do=cookies", &[&origin, "Sec-Fetch-Site: same-origin"]).status, 403);
    // `/public/*` is open; the page itself is read with a signature.
    let link = crate::support::signed(&format!("http://{host}/index.html"), &[]);
    let page = wait_for(|| Some(edge.get(host, &link, &[])).filter(|page| page.status == 200)).text();
    for part in ["{{", "<!--", "/.frontgate/", "<form", "href=\"http"] {
        assert!(!page.contains(part), "{part}: {page}");
    }
    assert!(page.contains("--key-pair-id ID") && page.contains("data-console=\"\""), "{page}");
}
