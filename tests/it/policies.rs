//! Policies: what of a request the origin gets, and what of a response the viewer gets.

use std::io::Write;

use serde_json::json;

use crate::support::configs;
use crate::support::mmdb;
use crate::support::{
    Edge, Recorded, RecordingOrigin, Response, frontgate, request, stderr, stdout, wait_for,
};

const HOST: &str = "d111111abcdef8.cloudfront.net";
const ALL_METHODS: &str = r#"allowed-methods = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]"#;

/// One public distribution whose behavior has these lines, after tables of the root.
fn site(origin: &str, root: &str, behavior: &str) -> String {
    format!(
        "{root}\n[[distributions]]\nid = \"E1\"\ndomain-name = \"{HOST}\"\n[[distributions.origins]]\nid = \"app\"\n\
         url = \"{origin}\"\n[distributions.default-cache-behavior]\ntarget-origin = \"app\"\n{ALL_METHODS}\n{behavior}\n"
    )
}

/// What viewers send in these tests; the names that a policy may or may not let pass.
const SENT: [&str; 16] = [
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64)",
    "Accept: text/html",
    "Accept-Encoding: gzip, deflate, br",
    "Accept-Language: de",
    "Authorization: Bearer x",
    "Cache-Control: no-cache",
    "Cookie: b=2; a=1; session=x",
    "Origin: https://app.example.com",
    "Access-Control-Request-Method: PUT",
    "Access-Control-Request-Headers: x-a",
    "Referer: https://app.example.com/page",
    "Range: bytes=0-3",
    "If-None-Match: \"x\"",
    "X-Own: 1",
    "X-Forwarded-For: 198.51.100.7",
    "CloudFront-Viewer-City: forged",
];

/// The names of the headers that the origin got, but for those that it always gets.
fn names(got: &Recorded) -> Vec<String> {
    let always = ["host", "via", "x-amz-cf-id", "x-forwarded-for", "range", "if-none-match"];
    let lines = got.head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let mut names: Vec<String> = lines.map(|(name, _)| name.to_lowercase()).collect();
    for name in always {
        assert!(names.iter().any(|found| found == name), "{name} in\n{}", got.head);
    }
    names.retain(|name| !always.contains(&name.as_str()));
    names.sort();
    names
}

#[test]
fn every_managed_policy_lets_its_own_pass() {
    let origin = RecordingOrigin::start();
    let all = vec![
        "accept",
        "accept-encoding",
        "accept-language",
        "access-control-request-headers",
        "access-control-request-method",
        "authorization",
        "cache-control",
        "cookie",
        "origin",
        "referer",
        "user-agent",
        "x-own",
    ];
    let cloudfront: Vec<String> = [
        "forwarded-proto",
        "is-android-viewer",
        "is-desktop-viewer",
        "is-ios-viewer",
        "is-mobile-viewer",
        "is-smarttv-viewer",
        "is-tablet-viewer",
        "viewer-address",
        "viewer-http-version",
    ]
    .iter()
    .map(|name| format!("cloudfront-{name}"))
    .collect();
    let with_cloudfront: Vec<&str> =
        all.iter().copied().chain(cloudfront.iter().map(String::as_str)).collect();
    let cors = ["access-control-request-headers", "access-control-request-method", "origin"];
    let only = |names: &[&'static str]| {
        let mut names = [names, &["accept-encoding", "user-agent"]].concat();
        names.sort_unstable();
        names.dedup();
        names
    };
    for (id, name, expected, sends_all, host, agent) in [
        ("216adef6-5c7f-47e4-b989-5492eafa07d3", "AllViewer", all.clone(), (true, true), true, true),
        (
            "b689b0a8-53d0-40ab-baf2-68738e2966ac",
            "AllViewerExceptHostHeader",
            all.clone(),
            (true, true),
            false,
            true,
        ),
        (
            "33f36d7e-f396-46d9-90e0-52428a34d9dc",
            "AllViewerAndCloudFrontHeaders-2022-06",
            with_cloudfront,
            (true, true),
            true,
            true,
        ),
        (
            "59781a5b-3903-41f3-afcb-af62929ccde1",
            "CORS-CustomOrigin",
            only(&["origin"]),
            (false, false),
            false,
            false,
        ),
        ("88a5eaf4-2fd4-4709-b370-b4c650ea3fcf", "CORS-S3Origin", only(&cors), (false, false), false, false),
        (
            "775133bc-15f2-49f9-abea-afb2e0bf67d2",
            "Elemental-MediaTailor-PersonalizedManifests",
            only(&cors),
            (false, true),
            false,
            true,
        ),
        (
            "acba4595-bd28-49b8-b9fe-13317c0390fa",
            "UserAgentRefererHeaders",
            only(&["referer"]),
            (false, false),
            false,
            true,
        ),
        ("bf0718e1-ba1e-49d1-88b1-f726733018ae", "HostHeaderOnly", only(&[]), (false, false), true, false),
    ] {
        for policy in [name, id] {
            let edge =
                Edge::serve(&site(&origin.url(), "", &format!("origin-request-policy = \"{policy}\"")));
            assert_eq!(edge.get(HOST, "/x?b=%2f&a=1&&c", &SENT).status, 200, "{policy}");
            let got = origin.last();
            let mut expected: Vec<&str> = expected.clone();
            expected.sort_unstable();
            assert_eq!(names(&got), expected, "{policy}");
            let (cookies, query) = sends_all;
            assert_eq!(got.target(), if query { "/x?b=%2f&a=1&&c" } else { "/x" }, "{policy}");
            let cookie = if cookies { vec!["a=1; b=2; session=x"] } else { vec![] };
            assert_eq!(got.headers("cookie"), cookie, "{policy}");
            let own = origin.address.to_string();
            assert_eq!(got.headers("host"), [if host { HOST } else { &own }], "{policy}");
            let browser = "Mozilla/5.0 (X11; Linux x86_64)";
            assert_eq!(
                got.headers("user-agent"),
                [if agent { browser } else { "Amazon CloudFront" }],
                "{policy}"
            );
            let encoding = if cookies { "gzip, deflate, br" } else { "br,gzip" };
            assert_eq!(got.headers("accept-encoding"), [encoding], "{policy}");
            assert_eq!(got.headers("x-forwarded-for"), ["198.51.100.7,127.0.0.1"], "{policy}");
            assert!(got.headers("cloudfront-viewer-city").is_empty(), "{policy}");
        }
    }
}

/// A custom policy of three rules.
fn custom(headers: &str, cookies: &str, query_strings: &str) -> String {
    let rule = |name: &str, rule: &str| match rule {
        "" => String::new(),
        rule => format!("{name} = {{ {rule} }}\n"),
    };
    format!(
        "[[origin-request-policies]]\nid = \"api\"\n{}{}{}",
        rule("headers", headers),
        rule("cookies", cookies),
        rule("query-strings", query_strings)
    )
}

#[test]
fn custom_policies_forward_what_they_say() {
    let origin = RecordingOrigin::start();
    let target = "/x?b=%2f&a=1&&A=2&c";
    let all = "behavior = \"all\"";
    for (headers, cookies, queries, expected, cookie, forwarded) in [
        ("", "", "", vec!["accept-encoding", "user-agent"], "", "/x"),
        (
            "behavior = \"none\"",
            all,
            all,
            vec!["accept-encoding", "cookie", "user-agent"],
            "a=1; b=2; session=x",
            target,
        ),
        (
            r#"behavior = "allow-list", items = ["authorization", "X-OWN", "CloudFront-Forwarded-Proto"]"#,
            r#"behavior = "allow-list", items = ["session", "A"]"#,
            r#"behavior = "allow-list", items = ["a", "c"]"#,
            vec![
                "accept-encoding",
                "authorization",
                "cloudfront-forwarded-proto",
                "cookie",
                "user-agent",
                "x-own",
            ],
            "session=x",
            "/x?a=1&c",
        ),
        (
            r#"behavior = "all-except", items = ["Authorization", "Accept-Language", "Host"]"#,
            r#"behavior = "all-except", items = ["session"]"#,
            r#"behavior = "all-except", items = ["a", "c"]"#,
            vec![
                "accept",
                "accept-encoding",
                "access-control-request-headers",
                "access-control-request-method",
                "cache-control",
                "cookie",
                "origin",
                "referer",
                "user-agent",
                "x-own",
            ],
            "a=1; b=2",
            "/x?b=%2f&&A=2",
        ),
    ] {
        let root = custom(headers, cookies, queries);
        let edge = Edge::serve(&site(&origin.url(), &root, "origin-request-policy = \"api\""));
        assert_eq!(edge.get(HOST, target, &SENT).status, 200, "{root}");
        let got = origin.last();
        assert_eq!(
            (names(&got), got.target()),
            (expected.iter().map(|&name| name.to_owned()).collect(), forwarded),
            "{root}"
        );
        assert_eq!(got.headers("cookie").concat(), cookie, "{root}");
        assert_eq!(got.headers("host"), [origin.address.to_string()], "{root}");
    }
}

#[test]
fn a_body_goes_with_its_headers_and_a_write_with_its_authorization() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&site(&origin.url(), &custom("", "", ""), "origin-request-policy = \"api\""));
    let headers = [
        "Content-Type: text/x",
        "Content-Encoding: gzip",
        "Authorization: Bearer x",
        "X-Own: 1",
        "Content-Length: 4",
    ];
    assert_eq!(edge.send(request("POST", HOST, "/x", &headers) + "body").status, 200);
    let got = origin.last();
    assert_eq!(got.body, b"body");
    for (name, value) in [
        ("content-type", vec!["text/x"]),
        ("content-encoding", vec!["gzip"]),
        ("authorization", vec!["Bearer x"]),
        ("content-length", vec!["4"]),
        ("x-own", vec![]),
    ] {
        assert_eq!(got.headers(name), value, "{name}");
    }
    assert_eq!(edge.send(request("OPTIONS", HOST, "/x", &headers[2..4])).status, 200);
    assert!(origin.last().headers("authorization").is_empty());
}

#[test]
fn the_host_that_counts_is_the_one_that_is_forwarded() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&site(&origin.url(), "", "origin-request-policy = \"AllViewer\""));
    let mixed = "D111111abcdef8.CloudFront.net";
    assert_eq!(edge.get(mixed, "/x", &[]).status, 200);
    assert_eq!(origin.last().headers("host"), [mixed]);
    let absolute = format!("GET http://{HOST}/x HTTP/1.1\r\nHost: {HOST}\r\nConnection: Host, close\r\n\r\n");
    assert_eq!(edge.send(absolute).status, 200);
    assert_eq!((origin.last().target(), origin.last().headers("host")), ("/x", vec![HOST]));
}

/// A database of a few documentation networks.
fn database(dir: &std::path::Path, kind: &str, country: &str) -> String {
    let file = dir.join("countries.mmdb");
    let berlin = json!({
        "country": {"iso_code": country, "names": {"en": "Côte"}},
        "city": {"names": {"en": "Berlin Mitte"}},
        "subdivisions": [{"iso_code": "BE", "names": {"en": "Land Berlin"}}],
        "postal": {"code": "10115"},
        "location": {"latitude": 52.53, "longitude": -13.5, "time_zone": "Europe/Berlin", "metro_code": 5},
        "traits": {"autonomous_system_number": 64500},
    });
    let nowhere = json!({"continent": {"code": "EU"}});
    mmdb::write(&file, kind, &[("203.0.113.0", 24, berlin), ("198.51.100.0", 24, nowhere)]);
    format!("[server]\ncountry-database = {:?}\n", file.display().to_string())
}

#[test]
fn what_is_known_of_a_viewer_is_told_to_the_origin() {
    let (origin, dir) = (RecordingOrigin::start(), tempfile::tempdir().unwrap());
    let names: Vec<String> = [
        "Forwarded-Proto",
        "Is-Android-Viewer",
        "Is-Desktop-Viewer",
        "Is-IOS-Viewer",
        "Is-Mobile-Viewer",
        "Is-SmartTV-Viewer",
        "Is-Tablet-Viewer",
        "Viewer-Address",
        "Viewer-ASN",
        "Viewer-City",
        "Viewer-Country",
        "Viewer-Country-Name",
        "Viewer-Country-Region",
        "Viewer-Country-Region-Name",
        "Viewer-Header-Count",
        "Viewer-Http-Version",
        "Viewer-Latitude",
        "Viewer-Longitude",
        "Viewer-Metro-Code",
        "Viewer-Postal-Code",
        "Viewer-Time-Zone",
        "Viewer-TLS",
    ]
    .iter()
    .map(|name| format!("CloudFront-{name}"))
    .collect();
    let root = database(dir.path(), "GeoLite2-City", "CI")
        + &custom(&format!("behavior = \"all\", items = {names:?}"), "", "");
    let edge = Edge::serve(&site(&origin.url(), &root, "origin-request-policy = \"api\""));
    let ask = |headers: &[&str]| {
        assert_eq!(edge.get(HOST, "/x", headers).status, 200);
        let got = origin.last();
        let told: Vec<String> = names
            .iter()
            .map(|name| {
                let values = got.headers(name);
                assert!(values.len() < 2, "{name}: {values:?}");
                values.first().copied().unwrap_or("-").to_owned()
            })
            .collect();
        assert!(
            !got.head.to_lowercase().contains("x-frontgate") && !got.head.contains("forged"),
            "{}",
            got.head
        );
        told
    };
    let phone = "User-Agent: Mozilla/5.0 (Linux; Android 14; Pixel 8) Mobile Safari/537.36";
    let known = ask(&[
        "X-Frontgate-Viewer-Ip: 203.0.113.9",
        phone,
        "CloudFront-Viewer-Country: forged",
        "CloudFront_Viewer_Country: forged",
        "Cloudfront-Viewer-TLS: forged",
    ]);
    let (address, rest): (Vec<_>, Vec<_>) = known.iter().partition(|value| value.starts_with("203.0.113.9:"));
    assert!(address.len() == 1 && address[0]["203.0.113.9:".len()..].parse::<u16>().is_ok(), "{address:?}");
    assert_eq!(
        rest,
        [
            "http",
            "true",
            "false",
            "false",
            "true",
            "false",
            "false",
            "64500",
            "Berlin Mitte",
            "CI",
            "C%C3%B4te",
            "BE",
            "Land Berlin",
            "6",
            "1.1",
            "52.53000",
            "-13.50000",
            "5",
            "10115",
            "Europe/Berlin",
            "-",
        ]
    );
    // A test's country stands alone; an address that nobody knows has none.
    for (headers, country) in [
        (vec!["X-Frontgate-Viewer-Ip: 203.0.113.9", "X-Frontgate-Viewer-Country: de"], "DE"),
        (vec!["X-Frontgate-Viewer-Ip: 198.51.100.9"], "-"),
        (vec!["X-Frontgate-Viewer-Ip: 192.0.2.9"], "-"),
        (vec!["X-Frontgate-Viewer-Ip: 2001:db8::1"], "-"),
    ] {
        let told = ask(&headers);
        let place: Vec<&str> = told[9..14].iter().map(String::as_str).collect();
        assert_eq!(place, ["-", country, "-", "-", "-"], "{headers:?}");
    }
}

fn geo(origin: &str, root: &str, list: &str) -> String {
    configs::private(origin, "").replace(
        "[[distributions.origins]]",
        &format!("[distributions.geo-restriction]\n{list}\n[[distributions.origins]]"),
    ) + root
}

#[test]
fn countries_are_allowed_or_blocked_and_the_unknown_are_served() {
    let origin = RecordingOrigin::start();
    for (list, rows) in [
        ("block = [\"DE\", \"XX\"]", [("DE", 403), ("XX", 403), ("FR", 200), ("", 200)]),
        ("allow = [\"DE\"]", [("DE", 200), ("XX", 403), ("FR", 403), ("", 200)]),
    ] {
        let edge = Edge::serve(&geo(&origin.url(), "", list));
        for (country, status) in rows {
            let header = format!("X-Frontgate-Viewer-Country: {country}");
            let headers: Vec<&str> = if country.is_empty() { vec![] } else { vec![&header] };
            let asked = origin.requests().len();
            let response = edge.get(HOST, "/public/x", &headers);
            assert_eq!(response.status, status, "{list} {country}");
            assert_eq!(origin.requests().len() > asked, status == 200, "{list} {country}");
            if status == 403 {
                assert_eq!(response.reason(), Some("geo-blocked"));
                assert_eq!(response.header("content-type"), Some("text/html"));
                let sentence =
                    "The Amazon CloudFront distribution is configured to block access from your country.";
                assert!(response.text().contains(sentence), "{}", response.text());
                // The whole distribution, before the signature and before the method.
                assert_eq!(edge.get(HOST, "/x", &headers).reason(), Some("geo-blocked"));
                assert_eq!(edge.send(request("TRACE", HOST, "/x", &headers)).reason(), Some("geo-blocked"));
            } else {
                assert!(!origin.last().head.to_lowercase().contains("x-frontgate"));
                assert_eq!(edge.get(HOST, "/x", &headers).reason(), Some("missing-key-pair-id"));
            }
        }
        for headers in [
            vec!["X-Frontgate-Viewer-Country: Germany"],
            vec!["X-Frontgate-Viewer-Country: D1"],
            vec!["X-Frontgate-Viewer-Country: DE", "X-Frontgate-Viewer-Country: DE"],
        ] {
            let response = edge.get(HOST, "/public/x", &headers);
            assert_eq!((response.status, response.text().lines().count()), (400, 1), "{headers:?}");
        }
        let proxied = ["X-Frontgate-Viewer-Country: XX", "X-Forwarded-For: 192.0.2.1"];
        assert_eq!(edge.get(HOST, "/public/x", &proxied).status, 200);
    }
}

#[test]
fn a_database_tells_countries_without_test_mode_and_is_read_again() {
    let (origin, dir) = (RecordingOrigin::start(), tempfile::tempdir().unwrap());
    let loopback = |country: &str| {
        let known = json!({"country": {"iso_code": country}});
        mmdb::write(&dir.path().join("c.mmdb"), "GeoLite2-Country", &[("127.0.0.0", 8, known)]);
    };
    loopback("DE");
    let server =
        format!("[server]\ncountry-database = {:?}\n", dir.path().join("c.mmdb").display().to_string());
    let config = server + &geo(&origin.url(), "", "block = [\"DE\"]");
    let edge = Edge::serve_with(&config, &[]);
    let status = |headers: &[&str]| edge.get(HOST, "/public/x", headers).status;
    assert_eq!(status(&[]), 403);
    // Without test mode the header is an ordinary one.
    assert_eq!(status(&["X-Frontgate-Viewer-Country: FR"]), 403);
    loopback("FR");
    edge.signal("HUP");
    wait_for(|| (status(&[]) == 200).then_some(()));
    assert_eq!(status(&["X-Frontgate-Viewer-Country: DE"]), 200);
    assert_eq!(origin.last().headers("x-frontgate-viewer-country"), ["DE"]);
    // A broken one keeps what runs.
    std::fs::write(dir.path().join("c.mmdb"), "broken").unwrap();
    edge.signal("HUP");
    wait_for(|| edge.log().contains("the reload failed").then_some(()));
    assert_eq!(status(&[]), 200);
}

#[test]
fn a_restriction_by_countries_that_nobody_knows_is_refused_outside_of_tests() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config.toml"), geo("http://127.0.0.1:9", "", "block = [\"DE\"]"))
        .unwrap();
    let run = |args: &[&str]| frontgate().current_dir(dir.path()).args(args).output().unwrap();
    for args in [&["check"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains("no viewer's country is ever known"), "{}", stderr(&output));
        assert!(stderr(&output).contains("country-database"), "{}", stderr(&output));
    }
    let output = run(&["check", "--test-mode"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("not shown in DE"), "{}", stdout(&output));
    let explain = |args: &[&str]| {
        let url = format!("https://{HOST}/public/x");
        let output = run(&[&["explain", &url, "--json"], args].concat());
        let json: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
        (output.status.code(), json["reason"].as_str().map(str::to_owned))
    };
    assert_eq!(explain(&[]), (Some(0), None));
    assert_eq!(explain(&["--country", "fr"]), (Some(0), None));
    assert_eq!(explain(&["--country", "DE"]), (Some(1), Some("geo-blocked".to_owned())));
}

/// An origin that answers what its target says: header lines, percent-free, between `|`.
fn talking_origin() -> RecordingOrigin {
    RecordingOrigin::answering(|asked, stream| {
        let lines = asked.headers("x-answer").join("\r\n").replace('|', "\r\n");
        let lines = if lines.is_empty() { lines } else { lines + "\r\n" };
        write!(stream, "HTTP/1.1 200 OK\r\n{lines}Content-Length: 2\r\n\r\nok").is_ok()
    })
}

/// The values of headers, `-` where one isn't there.
fn told<'r>(response: &'r Response, names: &[&str]) -> Vec<&'r str> {
    names.iter().map(|name| response.header(name).unwrap_or("-")).collect()
}

const CORS: [&str; 6] = [
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-expose-headers",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-max-age",
];

#[test]
fn every_managed_response_policy_adds_its_own() {
    let origin = talking_origin();
    let security = [
        ("strict-transport-security", "max-age=31536000"),
        ("x-frame-options", "SAMEORIGIN"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("x-xss-protection", "1; mode=block"),
        ("x-content-type-options", "nosniff"),
    ];
    let all = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";
    for (id, name, has_cors, has_preflight, is_secure) in [
        ("60669652-455b-4ae9-85a4-c4c02393f86c", "SimpleCORS", true, false, false),
        ("5cc3b908-e619-4b99-88e5-2cf7f45965bd", "CORS-With-Preflight", true, true, false),
        ("67f7725c-6f97-4210-82d7-5512b31e9d03", "SecurityHeadersPolicy", false, false, true),
        ("e61eb60c-9c35-4d20-a928-2b84e02af89c", "CORS-and-SecurityHeadersPolicy", true, false, true),
        (
            "eaab4381-ed33-4a86-88ca-d9558dc6cd63",
            "CORS-with-preflight-and-SecurityHeadersPolicy",
            true,
            true,
            true,
        ),
    ] {
        for policy in [name, id] {
            let edge =
                Edge::serve(&site(&origin.url(), "", &format!("response-headers-policy = \"{policy}\"")));
            let across = "Origin: https://anyone.example";
            let allowed = if has_cors { "*" } else { "-" };
            assert_eq!(
                told(&edge.get(HOST, "/x", &[across]), &CORS),
                [allowed, "-", "-", "-", "-", "-"],
                "{policy}"
            );
            assert_eq!(told(&edge.get(HOST, "/x", &[]), &CORS), ["-"; 6], "{policy}");
            let asking = [across, "Access-Control-Request-Method: PUT"];
            let preflight = edge.send(request("OPTIONS", HOST, "/x", &asking));
            let (exposed, methods) = if has_preflight { ("*", all) } else { ("-", "-") };
            assert_eq!(told(&preflight, &CORS), [allowed, "-", exposed, methods, "-", "-"], "{policy}");
            // The origin answered the preflight: CloudFront doesn't.
            assert_eq!(origin.last().line(), "OPTIONS /x HTTP/1.1");
            let own = "X-Answer: Access-Control-Allow-Origin: https://one.example|X-Content-Type-Options: x|X-Frame-Options: DENY";
            let response = edge.get(HOST, "/x", &[across, own]);
            assert_eq!(
                response.header("access-control-allow-origin"),
                Some("https://one.example"),
                "{policy}"
            );
            for (header, value) in security {
                let value = if is_secure { value } else { "-" };
                assert_eq!(told(&edge.get(HOST, "/x", &[]), &[header]), [value], "{policy}");
            }
            let (sniff, frame) = if is_secure { ("nosniff", "DENY") } else { ("x", "DENY") };
            assert_eq!(
                told(&response, &["x-content-type-options", "x-frame-options"]),
                [sniff, frame],
                "{policy}"
            );
            assert_eq!(response.head.to_lowercase().matches("x-frame-options").count(), 1);
        }
    }
}

fn player(more: &str) -> String {
    format!(
        "[[response-headers-policies]]\nid = \"player\"\ncors = {{ allow-origins = [\"https://app.example.com\", \
         \"https://*.example.org\"], allow-credentials = true, allow-methods = [\"GET\", \"HEAD\"], allow-headers = [\"Range\"], \
         expose-headers = [\"Content-Range\"], max-age = \"10m\", override = true }}\n{more}\n"
    )
}

#[test]
fn cors_is_granted_to_whom_the_policy_lists() {
    let origin = talking_origin();
    let edge = Edge::serve(&site(&origin.url(), &player(""), "response-headers-policy = \"player\""));
    let granted = |from: &'static str, preflight: bool| {
        let more = if preflight { ["GET, HEAD", "Range", "600"] } else { ["-"; 3] };
        [&[from, "true", "Content-Range"][..], &more].concat()
    };
    let no = vec!["-"; 6];
    for (from, method, expected, vary) in [
        ("https://app.example.com", "GET", granted("https://app.example.com", false), true),
        ("https://app.example.com", "OPTIONS", granted("https://app.example.com", true), true),
        ("https://a.b.example.org", "GET", granted("https://a.b.example.org", false), true),
        ("https://example.org", "GET", no.clone(), true),
        ("http://app.example.com", "GET", no.clone(), true),
        ("https://app.example.com.evil.net", "OPTIONS", no.clone(), true),
        ("null", "GET", no.clone(), true),
        ("", "GET", no, true),
    ] {
        for own in ["", "X-Answer: Access-Control-Allow-Origin: *|Access-Control-Allow-Credentials: true"] {
            // Without Origin nobody reads what the origin says for others.
            if from.is_empty() && !own.is_empty() {
                continue;
            }
            let origin_line = format!("Origin: {from}");
            let mut headers = vec!["Access-Control-Request-Method: GET"];
            headers.extend([origin_line.as_str()].iter().filter(|_| !from.is_empty()));
            headers.extend([own].iter().filter(|own| !own.is_empty()));
            let response = edge.send(request(method, HOST, "/x", &headers));
            assert_eq!(told(&response, &CORS), expected, "{method} {from} {own}");
            assert_eq!(response.header("vary").is_some_and(|vary| vary.eq_ignore_ascii_case("origin")), vary);
        }
    }
    let headers = ["Origin: https://app.example.com", "X-Answer: Vary: Accept-Encoding|Vary: oRIGIN, Cookie"];
    let response = edge.get(HOST, "/x", &headers);
    assert_eq!(response.head.to_lowercase().matches("vary: ").count(), 2, "{}", response.head);
}

#[test]
fn headers_are_removed_added_and_timed() {
    let origin = talking_origin();
    let policy = "[[response-headers-policies]]\nid = \"own\"\n\
        security-headers = { strict-transport-security = \"max-age=60\", frame-options = { value = \"DENY\", override = true }, \
        content-security-policy = \"default-src 'self'\" }\n\
        custom-headers = [{ header = \"X-Soft\", value = \"ours\" }, { header = \"X-Hard\", value = \"ours\", override = true }, \
        { header = \"X-Empty\" }]\nremove-headers = [\"X-Powered-By\", \"Server\"]\nserver-timing-sampling = 100\n";
    let edge = Edge::serve(&site(&origin.url(), policy, "response-headers-policy = \"own\""));
    let own = "X-Answer: Server: app|X-Powered-By: php|X-Soft: theirs|X-Hard: theirs|X-Frame-Options: SAMEORIGIN|\
               Server-Timing: db;dur=5|Strict-Transport-Security: max-age=1";
    let response = edge.get(HOST, "/x", &[own]);
    let names = [
        "server",
        "x-powered-by",
        "x-soft",
        "x-hard",
        "x-frame-options",
        "strict-transport-security",
        "x-empty",
    ];
    let expected = ["CloudFront", "-", "theirs", "ours", "DENY", "max-age=1", ""];
    let found: Vec<&str> = told(&response, &names).iter().map(|value| value.trim()).collect();
    assert!(response.head.to_lowercase().contains("\r\nx-empty:"), "{}", response.head);
    assert_eq!(found[..6], expected[..6]);
    assert_eq!(told(&response, &["content-security-policy"]), ["default-src 'self'"]);
    let timing = response.header("server-timing").unwrap().to_owned();
    let id = response.header("x-amz-cf-id").unwrap();
    let parts: Vec<&str> = timing.split(',').collect();
    assert_eq!(parts.len(), 7, "{timing}");
    assert_eq!(parts[0], "cdn-upstream-layer;desc=\"EDGE\"");
    assert!(parts[1].starts_with("cdn-upstream-fbl;dur="), "{timing}");
    assert_eq!(parts[2], "cdn-cache-miss");
    assert_eq!(parts[3], format!("cdn-pop;desc=\"{}\"", response.header("x-amz-cf-pop").unwrap()));
    assert_eq!(parts[4], format!("cdn-rid;desc=\"{id}\""));
    assert!(parts[5].starts_with("cdn-downstream-fbl;dur="), "{timing}");
    assert_eq!(parts[6], "db;dur=5");
}

#[test]
fn timing_is_sampled_and_can_be_asked_for() {
    let origin = talking_origin();
    for (percent, least, most) in [("0", 0, 0), ("50", 20, 80), ("100.0", 100, 100)] {
        let policy =
            format!("[[response-headers-policies]]\nid = \"own\"\nserver-timing-sampling = {percent}\n");
        let edge = Edge::serve(&site(&origin.url(), &policy, "response-headers-policy = \"own\""));
        let has = |headers: &[&str]| edge.get(HOST, "/x", headers).header("server-timing").is_some();
        let count = (0..100).filter(|_| has(&[])).count();
        assert!((least..=most).contains(&count), "{percent}: {count} of 100");
        assert!(has(&["Pragma: no-cache, Server-Timing"]), "{percent}");
    }
}

/// A private site whose private behavior has these lines, with the policy `player`.
fn private(origin: &str, lines: &str) -> String {
    player("custom-headers = [{ header = \"X-Served-By\", value = \"frontgate\" }]")
        + &configs::private(origin, "").replace(
            "trusted-key-groups = [\"one\"]",
            &format!("trusted-key-groups = [\"one\"]\nresponse-headers-policy = \"player\"\n{lines}"),
        )
}

#[test]
fn our_own_answers_have_the_policys_headers_where_they_should() {
    let origin = talking_origin();
    let names = ["access-control-allow-origin", "x-served-by"];
    let ours = ["https://app.example.com", "frontgate"];
    let from = ["Origin: https://app.example.com"];
    for (lines, path, method, status, expected) in [
        ("", "/x", "GET", 403, ["-", "-"]),
        ("policy-headers-on-denials = true", "/x", "GET", 403, ours),
        ("policy-headers-on-denials = true", "/x", "HEAD", 403, ours),
        ("", "/x", "TRACE", 403, ["-", "-"]),
        ("policy-headers-on-denials = true", "/x", "TRACE", 403, ours),
        // Redirects have them at CloudFront.
        ("viewer-protocol-policy = \"redirect-to-https\"", "/x", "GET", 301, ours),
        // Another behavior's answers don't.
        ("policy-headers-on-denials = true", "/public/x", "GET", 200, ["-", "-"]),
    ] {
        let edge = Edge::serve(&private(&origin.url(), lines));
        let response = edge.send(request(method, HOST, path, &from));
        assert_eq!(
            (response.status, told(&response, &names)),
            (status, expected.to_vec()),
            "{lines} {method} {path}"
        );
        assert_eq!(response.header("server").unwrap_or("CloudFront"), "CloudFront");
    }
}

#[test]
fn a_preflight_needs_credentials_unless_the_behavior_says_otherwise() {
    let origin = talking_origin();
    let preflight = ["Origin: https://app.example.com", "Access-Control-Request-Method: GET"];
    for (lines, status) in [("", 403), ("preflight-without-credentials = true", 200)] {
        let edge = Edge::serve(&private(&origin.url(), lines));
        let asked = origin.requests().len();
        let response = edge.send(request("OPTIONS", HOST, "/x?Signature=x&a=1", &preflight));
        assert_eq!(response.status, status, "{lines}");
        if status == 200 {
            assert_eq!(origin.last().line(), "OPTIONS /x?a=1 HTTP/1.1");
            assert_eq!(told(&response, &["access-control-allow-methods"]), ["GET, HEAD"]);
        }
        // One that brings a body is none, and reaches no private path's origin.
        let with_body =
            request("OPTIONS", HOST, "/x", &[&preflight[..], &["Content-Length: 4"]].concat()) + "body";
        assert_eq!(edge.send(with_body).status, if status == 200 { 400 } else { 403 }, "{lines}");
        // Only a whole preflight, and only OPTIONS.
        for (method, headers) in [
            ("OPTIONS", &preflight[..1]),
            ("OPTIONS", &preflight[1..]),
            ("GET", &preflight[..]),
            ("POST", &preflight[..]),
        ] {
            let response = edge.send(request(method, HOST, "/x", headers));
            assert_eq!(response.reason(), Some("missing-key-pair-id"), "{lines} {method}");
        }
        assert_eq!(origin.requests().len(), asked + usize::from(status == 200));
        let url = format!("http://{HOST}/x");
        let explain =
            frontgate().current_dir(edge.dir.path()).args(["explain", &url, "--preflight"]).output().unwrap();
        assert_eq!(explain.status.code(), Some(if status == 200 { 0 } else { 1 }), "{}", stdout(&explain));
    }
}

#[test]
fn signing_cookies_reach_the_origin_where_the_behavior_says_so() {
    use crate::support::{Raw, canned, cloudfront_base64, sign_raw};
    let origin = talking_origin();
    let message = canned(&format!("http://{HOST}/x"), "1990000000");
    let signature = cloudfront_base64(&sign_raw(&[Raw::new("rsa", "SHA1", message)]).remove(0));
    let signing = format!(
        "CloudFront-Expires=1990000000; CloudFront-Key-Pair-Id={}; CloudFront-Signature={signature}",
        configs::id("rsa")
    );
    for (lines, forwarded) in
        [("", "a=1".to_owned()), ("forward-signing-cookies = true", format!("{signing}; a=1"))]
    {
        let edge = Edge::serve(&private(&origin.url(), lines));
        let response = edge.get(HOST, "/x", &[&format!("Cookie: a=1; {signing}")]);
        assert_eq!(response.status, 200, "{:?}", response.reason());
        assert_eq!(origin.last().headers("cookie"), [forwarded], "{lines}");
    }
}

fn check(config: &str) -> (Option<i32>, String, Vec<String>, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config.toml"), config).unwrap();
    let output = frontgate().current_dir(dir.path()).args(["check", "--json"]).output().unwrap();
    let json: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let list = |key: &str| json[key].as_array().unwrap().iter().map(ToString::to_string).collect::<Vec<_>>();
    (output.status.code(), json["distributions"].to_string(), list("errors"), list("warnings"))
}

#[test]
fn a_policy_that_is_not_understood_is_an_error() {
    let origin_policy = |headers: &str| (custom(headers, "", ""), "origin-request-policy = \"api\"");
    let response_policy = |lines: &str| {
        (
            format!("[[response-headers-policies]]\nid = \"own\"\n{lines}\n"),
            "response-headers-policy = \"own\"",
        )
    };
    let cors = |more: &str| response_policy(&format!("cors = {{ {more} }}"));
    for ((root, behavior), words) in [
        (
            (String::new(), "origin-request-policy = \"AllViewr\""),
            vec!["did you mean `AllViewer`?", "HostHeaderOnly"],
        ),
        ((String::new(), "response-headers-policy = \"SimpleCors\""), vec!["did you mean `SimpleCORS`?"]),
        ((String::new(), "response-headers-policy = 5"), vec!["of the wrong kind"]),
        ((custom("", "", "").replace("api", "AllViewer"), ""), vec!["is a policy of CloudFront's"]),
        ((custom("", "", "") + &custom("", "", ""), ""), vec!["is defined twice"]),
        (origin_policy("behavior = \"whitelist\""), vec!["CloudFront's `whitelist` is `allow-list` here"]),
        (origin_policy("behavior = \"allow-list\""), vec!["has no names in its list"]),
        (origin_policy("behavior = \"none\", items = [\"a\"]"), vec!["without a list"]),
        (origin_policy("items = [\"a\"]"), vec!["lacks `behavior`"]),
        (origin_policy("behavior = \"all\", items = [\"Accept\"]"), vec!["only `CloudFront-*` ones"]),
        (
            origin_policy("behavior = \"all\", items = [\"CloudFront-Viewer-Town\"]"),
            vec!["no such header", "CloudFront-Viewer-City"],
        ),
        (origin_policy("behavior = \"allow-list\", items = [\"a b\"]"), vec!["not the name of a header"]),
        (origin_policy("behavior = \"allow-list\", items = [\"Cookie\"]"), vec!["the policy's `cookies`"]),
        (
            origin_policy("behavior = \"allow-list\", items = [\"X-Real-IP\"]"),
            vec!["never reaches the origin"],
        ),
        (
            origin_policy("behavior = \"all-except\", items = [\"CloudFront-Viewer-City\"]"),
            vec!["never reach the origin"],
        ),
        ((custom("", "behavior = \"allow-list\", items = [\"*\"]", ""), ""), vec!["whole names"]),
        ((custom("", "", "behavior = \"allow-list\", items = [\"a=1\"]"), ""), vec!["without its value"]),
        ((custom("", "", "").replace("id =", "header = 5\nid ="), ""), vec!["did you mean `headers`?"]),
        (cors("allow-origins = [\"*\"], allow-credentials = true"), vec!["can't stand beside"]),
        (
            cors("allow-origins = [\"https://a.b\"], allow-headers = [\"*\"], allow-credentials = true"),
            vec!["can't stand beside"],
        ),
        (cors("allow-origins = []"), vec!["allows no origins"]),
        (cors("allow-origins = [\"https://a.*.example.com\"]"), vec!["a value that is not an origin"]),
        (cors("allow-origins = [\"*\"], allow-methods = [\"FETCH\"]"), vec!["FETCH", "ALL"]),
        (cors("allow-origins = [\"*\"], max-age = 600"), vec!["of the wrong kind"]),
        (response_policy("security-headers = { frame-options = \"ALLOW\" }"), vec!["SAMEORIGIN"]),
        (response_policy("security-headers = { referrer-policy = \"none\" }"), vec!["no-referrer"]),
        (response_policy("security-headers = { strict-transport-security = \"60\" }"), vec!["max-age="]),
        (
            response_policy("security-headers = { frame-option = \"DENY\" }"),
            vec!["did you mean `frame-options`?"],
        ),
        (
            response_policy("custom-headers = [{ header = \"Content-Length\", value = \"1\" }]"),
            vec!["can't be changed"],
        ),
        (response_policy("remove-headers = [\"X-Amz-Cf-Id\"]"), vec!["can't be changed"]),
        (response_policy("server-timing-sampling = 101"), vec!["0 to 100"]),
        ((String::new(), "preflight-without-credentials = \"yes\""), vec!["true or false"]),
    ] {
        let (code, _, errors, _) = check(&site("http://127.0.0.1:9", &root, behavior));
        assert_eq!((code, errors.len()), (Some(2), 1), "{root}{behavior}: {errors:?}");
        for word in words {
            assert!(errors[0].contains(word), "{word} in {errors:?}");
        }
        assert!(errors[0].contains("\"line\":") && !errors[0].contains("\"line\":null"), "{errors:?}");
    }
}

#[test]
fn a_list_of_countries_that_is_not_understood_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let server = database(dir.path(), "GeoLite2-Country", "DE");
    for (list, words) in [
        ("allow = [\"DE\"]\nblock = [\"FR\"]", "either `allow` or `block`"),
        ("", "either `allow` or `block`"),
        ("block = []", "either `allow` or `block`"),
        ("block = [\"UK\"]", "is GB"),
        ("block = [\"de\"]", "did you mean `DE`?"),
        ("block = [\"Germany\"]", "two capital letters"),
        ("block = \"DE\"", "of the wrong kind"),
        ("countries = [\"DE\"]\nblock = [\"DE\"]", "has no key `countries`"),
    ] {
        let (code, _, errors, _) = check(&(server.clone() + &geo("http://127.0.0.1:9", "", list)));
        assert_eq!(code, Some(2), "{list}");
        assert!(errors.iter().any(|error| error.contains(words)), "{list}: {errors:?}");
    }
    assert_eq!(check(&(server + &geo("http://127.0.0.1:9", "", "allow = [\"XK\"]"))).0, Some(0));
    mmdb::write(
        &dir.path().join("asn.mmdb"),
        "GeoLite2-ASN",
        &[("127.0.0.0", 8, json!({"autonomous_system_number": 1}))],
    );
    std::fs::write(dir.path().join("text.mmdb"), "text").unwrap();
    for (file, words) in [
        ("no.mmdb", "can't be read"),
        ("text.mmdb", "not a MaxMind database"),
        ("asn.mmdb", "GeoLite2-ASN database"),
    ] {
        let server =
            format!("[server]\ncountry-database = {:?}\n", dir.path().join(file).display().to_string());
        let (code, _, errors, _) = check(&(server + &geo("http://127.0.0.1:9", "", "block = [\"DE\"]")));
        assert_eq!((code, errors.len()), (Some(2), 1), "{file}: {errors:?}");
        assert!(errors[0].contains(words), "{file}: {errors:?}");
    }
}

#[test]
fn what_can_never_be_known_is_a_warning_and_policies_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let managed = "origin-request-policy = \"AllViewerAndCloudFrontHeaders-2022-06\"\nresponse-headers-policy = \"SimpleCORS\"";
    let (code, told, _, warnings) = check(&site("http://127.0.0.1:9", "", managed));
    assert_eq!((code, warnings.len()), (Some(0), 1), "{warnings:?}");
    assert!(
        warnings[0].contains("CloudFront-Viewer-Country") && warnings[0].contains("CloudFront-Viewer-City"),
        "{warnings:?}"
    );
    assert!(told.contains("AllViewerAndCloudFrontHeaders-2022-06") && told.contains("SimpleCORS"), "{told}");
    let city = database(dir.path(), "GeoIP2-City", "DE");
    assert_eq!(check(&site("http://127.0.0.1:9", &city, managed)).3.len(), 0);
    let country = database(dir.path(), "GeoLite2-Country", "DE");
    let (_, _, _, warnings) = check(&site("http://127.0.0.1:9", &country, managed));
    assert!(warnings[0].contains("City") && !warnings[0].contains("Viewer-Country,"), "{warnings:?}");
    let items = r#"behavior = "all", items = ["CloudFront-Viewer-Header-Order", "CloudFront-Viewer-JA3-Fingerprint", "CloudFront-Viewer-TLS"]"#;
    let (code, _, _, warnings) = check(&site(
        "http://127.0.0.1:9",
        &(city + &custom(items, "", "")),
        "origin-request-policy = \"api\"",
    ));
    assert_eq!((code, warnings.len()), (Some(0), 2), "{warnings:?}");
}
