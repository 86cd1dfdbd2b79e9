//! What the console offers beside reading: links to open, a filter, keys, texts to copy, cookies, the clock; in a browser
//! (`tests/browser/console_tools.mjs`), and over HTTP what a browser doesn't show.

use serde_json::json;

use crate::support::foreign::ask;
use crate::support::{Edge, request, root, send_to, wait_for};

#[test]
fn chromium_copies_filters_moves_by_keys_signs_cookies_and_moves_the_clock() {
    let edge = Edge::dev(&["--console", "127.0.0.1:0"]);
    let seen = ask(
        "browser/console_tools.mjs",
        &json!({
            "console": format!("http://{}", edge.admin.expect("a console")),
            "proxy": format!("http://{}", edge.address),
            "screenshots": root().join("target/console"),
        }),
    );
    assert_eq!(seen["violations"], json!([]), "{seen}");
    assert_eq!(seen["errors"], json!([]), "{seen}");
    for (name, expected) in [
        ("firstCopied", json!(true)),
        ("firstTitle", json!("A private page, opened by a signed link")),
        ("withCookies", json!(["A private page, opened by a signed link", ""])),
        ("emptyIsGone", json!(true)),
        ("completed", json!(true)),
        ("icon", json!("Browsers request this icon by themselves.")),
        ("slash", json!("text")),
        ("filtered", json!("?text=UTM_")),
        ("liveFiltered", json!(true)),
        ("steps", json!([0, 1, 2, 1])),
        ("modified", json!(true)),
        ("whole", json!(true)),
        ("causes", json!(1)),
        ("cut", json!([])),
        ("url", json!(format!("http://{}/image.svg?utm_source=x", edge.address))),
        ("again", json!([2, 200])),
        ("moved", json!(["✗ Denied, not-yet-valid", "✗ Denied, expired"])),
        ("byHeader", json!(200)),
        ("inBrowser", json!([403, 200])),
        ("clock", json!("Clock: +1d")),
        ("clockStatus", json!([200, 403, 200])),
    ] {
        assert_eq!(seen[name], expected, "{name}: {seen}");
    }
    let text = |name: &str| seen[name].as_str().unwrap_or_default().to_owned();
    let standing = format!("http://{} → in front of the demo site · frontgate dev", edge.address);
    assert_eq!(text("standing").split_whitespace().collect::<Vec<_>>().join(" "), standing);
    assert!(
        text("curl").contains("-H 'range: bytes=0-9'") && text("curl").contains("frontgate sign url"),
        "{seen}"
    );
    let report = text("report");
    for part in ["denied: 403", "query-added", "X-Amz-Cf-Id: ", "responded: 403"] {
        assert!(report.contains(part), "{part}: {report}");
    }
    let headers = seen["headers"].to_string();
    for part in ["authorization", "Bearer …", "id=…", "bytes=0-9", "x-amz-cf-id", "x-frontgate-reason"] {
        assert!(headers.contains(part), "{part}: {headers}");
    }
    for shown in [&report, &headers, &text("curl")] {
        assert!(!shown.contains("S3CRET"), "{shown}");
    }
    let mark = |name: &str| seen["marks"][name].as_i64().expect("a place");
    // Margins of a tenth on both sides; the thumb stands between opening and closing.
    assert!(mark("opens") > 50 && mark("opens") < mark("thumb") && mark("thumb") < mark("closes"), "{seen}");
    assert!(mark("closes") < 950, "{seen}");
    assert_eq!(seen["setCookie"].as_array().map(Vec::len), Some(3), "{seen}");
    assert!(text("clockFault").contains("Not a valid time") && text("clockFault").contains("soon"), "{seen}");
    let port = edge.admin.expect("a console").port();
    assert_eq!(seen["otherHost"], json!([0, format!("http://127.0.0.1:{port}/")]), "{seen}");
    assert!(!text("paths").contains(".invalid"), "{seen}");
    for scheme in ["light", "dark"] {
        let places = &seen[format!("places-390-{scheme}")];
        let place = |of: &str| places[of].as_f64().expect("a place");
        assert!(place("status") < 120.0 && place("target") <= 390.0 && place("bar") < 60.0, "{places}");
        let local = text(&format!("local-1200-{scheme}"));
        let hour =
            |line: Option<&str>| line.and_then(|time| time.get(..2)?.parse::<u32>().ok()).expect("an hour");
        let mut lines = local.lines();
        assert_eq!((hour(lines.next()) + 9) % 24, hour(lines.next()), "{local}");
    }
}

#[test]
fn the_clock_is_moved_in_test_mode_alone_and_by_no_other_site() {
    let dev = Edge::dev(&["--console", "127.0.0.1:0"]);
    let plain =
        format!("[admin]\nlisten = \"127.0.0.1:0\"\n{}", crate::support::configs::private("demo:", ""));
    let plain = Edge::serve_with(&plain, &[]);
    let post = |edge: &Edge, headers: &[&str]| {
        let admin = edge.admin.expect("a console");
        let mut all = vec!["Content-Type: application/x-www-form-urlencoded", "Content-Length: 9"];
        all.extend(headers);
        send_to(admin, (request("POST", &admin.to_string(), "/clock", &all) + "now=%2B3h").as_bytes())
    };
    let own = ["Sec-Fetch-Site: same-origin"];
    assert_eq!(post(&dev, &["Sec-Fetch-Site: same-site"]).status, 403);
    let moved = post(&dev, &own);
    assert_eq!(moved.status, 303);
    let cookie = moved.header("Set-Cookie").expect("a cookie");
    assert!(cookie.starts_with("Frontgate-Now=+3") && cookie.contains("HttpOnly"), "{cookie}");
    // As any path that isn't there.
    assert_eq!(post(&plain, &own).status, 405);
    assert!(!plain.admin_page("/").text().contains("id=\"clock\""));
}

#[test]
fn a_request_is_found_by_the_id_of_its_response() {
    let edge = Edge::dev(&["--console", "127.0.0.1:0"]);
    let denied = edge.get(&edge.address.to_string(), "/x", &[]);
    let id = denied.header("X-Amz-Cf-Id").expect("an id").to_owned();
    let page =
        wait_for(|| Some(edge.admin_page(&format!("/requests/{id}"))).filter(|page| page.status == 200));
    assert!(page.text().contains("<h1>Request 1</h1>"), "{}", page.text());
    assert!(edge.admin_page(&format!("/?text={id}")).text().contains("<tr id=\"r1\">"));
    for unknown in [id.replace(id.get(..1).unwrap(), "~"), "x".repeat(56), "9".repeat(30)] {
        assert_eq!(edge.admin_page(&format!("/requests/{unknown}")).status, 404, "{unknown}");
    }
}

#[test]
fn what_is_not_there_is_404_with_what_is() {
    let edge = Edge::dev(&["--console", "127.0.0.1:0"]);
    for path in ["/health", "/ready", "/-/ready"] {
        let page = edge.admin_page(path);
        assert!(page.status == 404 && page.text().contains("/health/ready"), "{path}: {}", page.text());
    }
}
