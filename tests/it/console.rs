//! The console: what its pages show and never show, who may ask, and live rows; in a browser, too (`tests/browser/console.mjs`).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::configs;
use crate::support::console::{TOKEN, config, console, encoded, guarded, numbers, post, post_with};
use crate::support::{Edge, RecordingOrigin, Response, request, send_to, signed, wait_for};

const HOST: &str = "d111111abcdef8.cloudfront.net";

/// An edge with a console before an origin that says hello.
fn edge() -> (Edge, RecordingOrigin) {
    let origin = RecordingOrigin::start();
    (Edge::serve(&config(&origin.url())), origin)
}

/// Sends a request, and waits until the console has it.
fn send(edge: &Edge, host: &str, target: &str, headers: &[&str]) -> (u16, u64) {
    let known = numbers(edge).first().copied().unwrap_or(0);
    let status = edge.get(host, target, headers).status;
    (status, wait_for(|| numbers(edge).first().copied().filter(|number| *number > known)))
}

/// What a parameter of a link says.
fn parameter<'l>(link: &'l str, name: &str) -> &'l str {
    let (_, rest) = link.split_once(&format!("{name}=")).expect("a parameter");
    rest.split('&').next().unwrap()
}

#[test]
fn every_page_reads_without_a_script_and_takes_nothing_from_elsewhere() {
    let edge = Edge::dev(&["--console", "127.0.0.1:0"]);
    let (_, number) = send(&edge, &edge.address.to_string(), "/x", &[]);
    for path in ["/", &format!("/requests/{number}"), "/explain", "/paths", "/keys", "/sign"] {
        let page = edge.admin_page(path);
        let text = page.text();
        assert_eq!(
            (page.status, page.header("Content-Type")),
            (200, Some("text/html; charset=utf-8")),
            "{path}"
        );
        let policy = page.header("Content-Security-Policy").expect("a policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part) && !policy.contains("unsafe"), "{path}: {policy}");
        }
        for (name, value) in [
            ("Referrer-Policy", "same-origin"),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-store"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("X-Frame-Options", "DENY"),
        ] {
            assert_eq!(page.header(name), Some(value), "{path} {name}");
        }
        assert!(
            text.contains("<html lang=\"en\">") && text.contains("<main") && text.contains("<h1>"),
            "{path}"
        );
        assert!(text.len() < 40_000, "{path}: {} bytes", text.len());
        assert_eq!(
            text.matches("<script").count(),
            text.matches("<script type=\"module\" src=\"/assets/").count()
        );
        assert!(!text.contains(" style=") && !text.contains("<style"), "{path}");
        let mut handlers = text.split(" on").skip(1).map(|rest| rest.trim_start_matches(char::is_alphabetic));
        assert!(!handlers.any(|rest| rest.starts_with('=')), "{path}");
        for attribute in [" src=\"", " href=\"", " action=\""] {
            for value in text.split(attribute).skip(1) {
                let is_own = value.starts_with('/') && !value.starts_with("//") || value.starts_with("#main");
                assert!(is_own, "{path}: {attribute}{}", value.split('"').next().unwrap());
            }
        }
    }
    let text = edge.admin_page("/").text();
    let assets: Vec<&str> = text.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assert_eq!(assets.len(), 4, "{assets:?}");
    for path in assets {
        let asset = edge.admin_page(path);
        let is_kept = asset.header("Cache-Control").is_some_and(|kept| kept.contains("immutable"));
        assert!(
            asset.status == 200 && is_kept && asset.header("X-Content-Type-Options") == Some("nosniff"),
            "{path}"
        );
    }
    assert_eq!(edge.admin_page("/assets/000000000000.js").status, 404);
    assert_eq!(edge.admin_page("/requests/999999").status, 404);
    assert_eq!(edge.admin_page("/requests/1x").status, 404);
}

#[test]
fn the_last_requests_are_listed_the_newest_first_and_by_what_one_looks_for() {
    let (edge, _origin) = edge();
    let link = signed(&format!("http://{HOST}/films/a.mp4"), &[]);
    let (first, open) = send(&edge, HOST, "/public/a", &[]);
    let (second, good) = send(&edge, HOST, &link, &[]);
    let (third, late) = send(&edge, HOST, &link, &["X-Frontgate-Now: +3h"]);
    assert_eq!((first, second, third), (200, 200, 403));
    assert_eq!(numbers(&edge), [late, good, open]);
    let found = |query: &str| {
        let page = edge.admin_page(&format!("/?{query}")).text();
        [open, good, late].map(|number| page.contains(&format!("<tr id=\"r{number}\">")))
    };
    for (query, expected) in [
        ("status=403", [false, false, true]),
        ("status=2xx", [true, true, false]),
        ("reason=expired", [false, false, true]),
        ("reason=none", [true, true, false]),
        ("access=private", [false, true, true]),
        ("access=public", [true, false, false]),
        ("text=films", [false, true, true]),
        ("text=films&status=4xx", [false, false, true]),
        (&format!("before={late}"), [true, true, false]),
        ("status=", [true, true, true]),
    ] {
        assert_eq!(found(query), expected, "{query}");
    }
    let page = edge.admin_page(&format!("/requests/{good}")).text();
    for stage in [
        "Host",
        "Distribution",
        "Behavior",
        "Credentials",
        "Policy",
        "Signature",
        "Conditions",
        "Origin",
        "Response",
    ] {
        assert!(page.contains(&format!("<strong>{stage}</strong>")), "{stage}: {page}");
    }
    assert!(
        page.contains("Allowed")
            && page.contains(configs::id("rsa"))
            && page.contains("Until the origin’s head")
    );
    let page = edge.admin_page(&format!("/requests/{late}")).text();
    assert!(page.contains("Denied, expired") && page.contains("sign a new link"), "{page}");
    let keys = edge.admin_page("/keys").text();
    let row = keys.split("<tr>").find(|row| row.contains(configs::id("rsa"))).expect("the key");
    assert!(row.contains("RSA-2048") && row.contains("data-label=\"Allowed\">1</td>"), "{row}");
    let paths = edge.admin_page("/paths?distribution=EDFDVBD6EXAMPLE&path=/public/x").text();
    assert!(paths.contains("<code>/public/x</code> belongs to <code>/public/*</code>"), "{paths}");
    let paths = edge.admin_page("/paths?distribution=EDFDVBD6EXAMPLE&path=/public/../x").text();
    assert!(paths.contains("belongs to <code>*</code>") && paths.contains("badge private"), "{paths}");
}

#[test]
fn the_rest_is_on_older_pages_and_no_more_than_a_thousand_is_kept() {
    let (edge, _origin) = edge();
    let mut stream = TcpStream::connect(edge.address).unwrap();
    for number in 0..1_005 {
        stream
            .write_all(format!("GET /public/{number} HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes())
            .unwrap();
        assert_eq!(Response::read(&mut stream, false).status, 200);
    }
    wait_for(|| (numbers(&edge).first() == Some(&1_005)).then_some(()));
    let (mut path, mut seen) = ("/".to_owned(), Vec::new());
    loop {
        let page = edge.admin_page(&path).text();
        seen.extend(
            page.split("<tr id=\"r")
                .skip(1)
                .map(|row| row.split('"').next().unwrap().parse::<u64>().unwrap()),
        );
        let Some((_, older)) = page.split_once("class=\"older\"><a href=\"") else { break };
        path = older.split('"').next().unwrap().to_owned();
    }
    assert_eq!(seen, (6..=1_005).rev().collect::<Vec<_>>());
    assert_eq!((edge.admin_page("/requests/5").status, edge.admin_page("/requests/6").status), (404, 200));
}

#[test]
fn no_page_and_no_event_holds_what_opens_a_door() {
    let (edge, _origin) = edge();
    let admin = console(&edge);
    let url = format!("http://{HOST}/a.jpg");
    let links = [signed(&url, &[]), signed(&url, &["--not-before", "-1h"])];
    let mut secrets = Vec::new();
    let mut asked = Vec::new();
    for link in &links {
        let name = if link.contains("Policy=") { "Policy" } else { "Expires" };
        let (signature, value) = (parameter(link, "Signature"), parameter(link, name));
        secrets.extend(
            [signature.to_owned(), parameter(link, name).to_owned()].into_iter().filter(|one| one.len() > 40),
        );
        let mut cookie = format!(
            "Cookie: session=S3CRETS3CRETS3CRETS3CRETS3CRETS3CRETS3CRETS3CRET; CloudFront-Signature={signature}"
        );
        cookie += &format!("; CloudFront-{name}={value}; CloudFront-Key-Pair-Id={}", configs::id("rsa"));
        let referer = format!("Referer: http://{HOST}{link}");
        let strange = format!("X-Came-By: {signature}");
        for (target, headers) in [
            (link.clone(), vec![]),
            (format!("{link}&utm_source=x"), vec![]),
            (link.replace("Signature=", "signature="), vec![]),
            (link.replace('&', "&amp;"), vec![]),
            (link.replace("Signature=", "Signature=AAAA"), vec![]),
            (link.replace('?', "&"), vec![]),
            (
                "/c.jpg".to_owned(),
                vec![referer.as_str(), strange.as_str(), "Authorization: Bearer S3CRETS3CRET"],
            ),
            (format!("/b.jpg?next={}", encoded(&format!("http://{HOST}{link}"))), vec![]),
            ("/a.jpg".to_owned(), vec![cookie.as_str()]),
            ("/b.jpg".to_owned(), vec![cookie.as_str()]),
        ] {
            asked.push(send(&edge, HOST, &target, &headers).1);
        }
    }
    secrets.push("S3CRETS3CRET".to_owned());
    let mut pages = vec![edge.admin_page("/"), edge.admin_page("/keys"), edge.admin_page("/paths")];
    for number in &asked {
        let path = format!("/requests/{number}");
        pages.push(edge.admin_page(&path));
        pages.push(post(admin, &path, &[("at", "+9d"), ("address", "203.0.113.9")]));
    }
    for link in &links {
        for target in [link.clone(), format!("{link}&b=1"), link.replace("Signature=", "Signature=AA")] {
            let page = post(admin, "/explain", &[("link", &format!("http://{HOST}{target}"))]);
            assert!(page.text().contains("id=\"answer\""), "{}", page.text());
            pages.push(page);
        }
        // What is no link may hold one all the same.
        pages.push(post(admin, "/explain", &[("link", &link[1..])]));
        pages.push(post(admin, "/explain", &[("link", &format!("http://{HOST}{link}")), ("at", link)]));
    }
    let mut texts: Vec<String> = pages.iter().map(Response::text).collect();
    texts.push(edge.admin_page("/").head);
    texts.push(
        Events::open(&edge, "after=0", &[])
            .until(|text| text.matches("event: request").count() >= asked.len()),
    );
    texts.push(edge.log());
    for text in &texts {
        for secret in &secrets {
            // Neither whole nor a part from which the rest could be told.
            for part in secret.as_bytes().chunks(40).filter(|part| part.len() > 11) {
                let part = std::str::from_utf8(part).unwrap();
                assert!(!text.contains(part), "{part} in {text}");
            }
        }
    }
}

#[test]
fn what_a_stranger_writes_stays_text() {
    let (edge, _origin) = edge();
    let attack = "<img/src=x/onerror=alert(1)>'\"`${x}&lt;";
    let bidi = "%E2%80%AE\u{202e}";
    for (host, target) in [
        (HOST, format!("/{attack}?{attack}={attack}")),
        (HOST, format!("/x?Key-Pair-Id={attack}&Signature={attack}&Policy={attack}&Expires={attack}")),
        (HOST, format!("/x?Key-Pair-Id=K&Signature=AAAA&Hash-Algorithm={attack}&Expires=5")),
        (HOST, format!("/{bidi}")),
        (HOST, "/%3Cimg/src=x%3E\"'{}`?\"'=`".to_owned()),
        ("evil\"><script>alert(1)</script>", "/x".to_owned()),
    ] {
        // Some of them aren't HTTP, so that hyper refuses them and nobody hears of them.
        let _ = edge.send(request("GET", host, &target, &[]));
    }
    let admin = console(&edge);
    send(&edge, HOST, "/last", &[]);
    assert!(numbers(&edge).len() > 2);
    let mut texts = vec![edge.admin_page("/").text()];
    for number in numbers(&edge) {
        texts.push(edge.admin_page(&format!("/requests/{number}")).text());
        texts
            .push(post(admin, &format!("/requests/{number}"), &[("at", attack), ("address", attack)]).text());
    }
    let quoted = encoded(attack);
    for path in [
        format!("/?status={quoted}&reason={quoted}&access={quoted}&text={quoted}"),
        format!("/paths?distribution=EDFDVBD6EXAMPLE&path={quoted}"),
        format!("/events?text={quoted}"),
        format!("/nothing/{quoted}"),
    ]
    .iter()
    .filter(|path| !path.starts_with("/events"))
    {
        texts.push(edge.admin_page(path).text());
    }
    for form in [
        vec![("link", attack)],
        vec![("link", "http://a/x"), ("method", attack), ("at", attack)],
        vec![("link", "http://a/x"), ("cookies", attack), ("address", attack)],
        vec![("pasted", attack)],
    ] {
        texts.push(post(admin, "/explain", &form).text());
    }
    texts.push(Events::open(&edge, "after=0", &[]).until(|text| text.contains("event: request")));
    for text in texts {
        for markup in ["<img/", "<script>", "onerror=alert(1)>", "\u{202e}"] {
            assert!(!text.contains(markup), "{markup}: {text}");
        }
    }
}

#[test]
fn at_another_time_and_from_another_address_the_answer_is_another_one() {
    let (edge, _origin) = edge();
    let admin = console(&edge);
    let link = signed(&format!("http://{HOST}/x"), &["--ip", "203.0.113.0/24"]);
    let (status, number) = send(&edge, HOST, &link, &[]);
    assert_eq!(status, 403);
    let path = format!("/requests/{number}");
    let page = edge.admin_page(&path).text();
    assert!(page.contains("Denied, ip-mismatch") && page.contains("<code>outside-range</code>"), "{page}");
    for (at, address, says) in [
        ("", "203.0.113.9", "denied, ip-mismatch → allowed"),
        ("+3h", "203.0.113.9", "denied, ip-mismatch → denied, expired"),
        ("+1h", "", "The same answer as before: denied, ip-mismatch"),
    ] {
        let text = post(admin, &path, &[("at", at), ("address", address)]).text();
        assert!(text.contains(says), "{at} {address}: {text}");
    }
    for (at, address, says) in [
        ("tomorrow", "", "is not a time"),
        ("1767225600000", "", "milliseconds"),
        ("", "localhost", "expected an IPv4 or IPv6 address"),
    ] {
        let text = post(admin, &path, &[("at", at), ("address", address)]).text();
        assert!(text.contains(says) && text.contains("aria-invalid=\"true\""), "{at} {address}: {text}");
    }
    // The same for something pasted, which the page that comes back doesn't hold.
    let pasted = format!("http://{HOST}{link}");
    let text =
        post(admin, "/explain", &[("link", &pasted), ("address", "203.0.113.9"), ("at", "now")]).text();
    assert!(text.contains("Allowed"), "{text}");
    let kept = text
        .split("name=\"pasted\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a number");
    let text = post(admin, "/explain", &[("pasted", kept), ("at", "+3h"), ("address", "203.0.113.9")]).text();
    assert!(text.contains("allowed → denied, expired"), "{text}");
    assert!(post(admin, "/explain", &[("pasted", "99")]).text().contains("paste it again"));
    // Cookies, as a header or without its name.
    let cookies: String =
        link.split_once('?').unwrap().1.split('&').map(|pair| format!("CloudFront-{pair}; ")).collect();
    for cookies in [cookies.clone(), format!("Cookie: {cookies}")] {
        let url = format!("http://{HOST}/x");
        let form = [("link", url.as_str()), ("cookies", &cookies), ("address", "203.0.113.9")];
        let text = post(admin, "/explain", &form).text();
        assert!(text.contains("Allowed") && text.contains("in the cookies"), "{text}");
    }
}

#[test]
fn whatever_the_command_line_reads_is_explained_when_it_is_pasted() {
    let (edge, _origin) = edge();
    let admin = console(&edge);
    let url = format!("http://{HOST}{}", signed(&format!("http://{HOST}/x"), &[]));
    let explained = |text: &str| post(admin, "/explain", &[("link", text)]).text();
    let json = format!("{{\"type\": \"networkError\", \"url\": \"{url}\"}}");
    for text in [
        format!("curl '{url}' \\\n  -H 'accept: */*'"),
        format!("fetch(\"{url}\", {{\n  \"method\": \"GET\"\n}});"),
        json,
        format!("GET {url} 403 (Forbidden)"),
    ] {
        let page = explained(&text);
        assert!(page.contains("Allowed") && page.contains("id=\"judge\""), "{text}: {page}");
    }
    // Cookies that a browser wouldn't send.
    let cookies: String = url.split_once('?').unwrap().1.split('&').fold(String::new(), |lines, pair| {
        lines + &format!("Set-Cookie: CloudFront-{pair}; Path=/elsewhere\n")
    });
    let page = explained(&format!("http://{HOST}/x\n{cookies}"));
    assert!(page.contains("Denied, missing-key-pair-id") && page.contains("/elsewhere"), "{page}");
    // Several: each verdict, and the whole answer behind a button.
    let page = explained(&format!("{url}\n{url}&b=1\n").repeat(5));
    assert_eq!(page.matches("Show every check").count(), 8, "{page}");
    assert!(page.contains("<strong>allowed</strong>") && page.contains("query-added"), "{page}");
    assert!(page.contains("2 more") && !page.contains("Signature=abc"), "{page}");
    let number =
        page.split("name=\"pasted\" value=\"").nth(2).and_then(|rest| rest.split('"').next()).unwrap();
    let page = post(admin, "/explain", &[("pasted", number)]).text();
    assert!(page.contains("<code>query-added</code>"), "{page}");
    // What it seems to be is named, and a key isn't shown.
    let page = explained("-----BEGIN PRIVATE KEY-----\nMIISECRET\n-----END PRIVATE KEY-----");
    assert!(page.contains("This is a private key") && !page.contains("MIISECRET"), "{page}");
}

#[test]
fn only_the_consoles_own_pages_change_anything() {
    let (edge, _origin) = edge();
    let admin = console(&edge);
    let own = format!("Origin: http://{admin}");
    let form = [("link", "http://a.example.com/x")];
    for (headers, status) in [
        (vec![own.as_str()], 200),
        (vec![own.as_str(), "Sec-Fetch-Site: same-origin"], 200),
        (vec!["Sec-Fetch-Site: same-origin"], 200),
        (vec![], 403),
        (vec!["Origin: null"], 403),
        (vec!["Origin: http://evil.example.com"], 403),
        (vec!["Origin: http://127.0.0.1:1"], 403),
        (vec![own.as_str(), "Sec-Fetch-Site: same-site"], 403),
        (vec![own.as_str(), "Sec-Fetch-Site: cross-site"], 403),
        (vec!["Authorization: Bearer x"], 403),
    ] {
        assert_eq!(post_with(admin, "/explain", &form, &headers).status, status, "{headers:?}");
    }
    // Nor does another site's page get to hold what is read here.
    for (headers, status) in [
        (vec!["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"], 403),
        (vec!["Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty"], 403),
        (vec!["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"], 200),
        (vec!["Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"], 200),
    ] {
        let text = request("GET", &admin.to_string(), "/", &headers);
        assert_eq!(send_to(admin, text.as_bytes()).status, status, "{headers:?}");
    }
    // Under a name that may point here by somebody else's will.
    for (host, status) in
        [("127.0.0.1:9090", 200), ("localhost", 200), ("[::1]:1", 200), ("evil.example.com", 403)]
    {
        for path in ["/", "/explain", "/paths", "/keys"] {
            assert_eq!(
                send_to(admin, request("GET", host, path, &[]).as_bytes()).status,
                status,
                "{host} {path}"
            );
        }
    }
    for (method, path, allowed) in [
        ("POST", "/", "GET, HEAD"),
        ("PUT", "/explain", "GET, HEAD, POST"),
        ("GET", "/logout", "POST"),
        ("DELETE", "/requests/1", "GET, HEAD, POST"),
        ("POST", "/events", "GET, HEAD"),
    ] {
        let response =
            send_to(admin, request(method, &admin.to_string(), path, &["Content-Length: 0"]).as_bytes());
        assert_eq!((response.status, response.header("Allow")), (405, Some(allowed)), "{method} {path}");
    }
    assert_eq!(edge.admin_page("/sign").status, 404);
    assert_eq!(edge.admin_page("/login").status, 404);
}

#[test]
fn forms_are_bounded() {
    let (edge, _origin) = edge();
    let admin = console(&edge);
    let long = format!("http://a.example.com/{}", "x".repeat(90_000));
    let page = post(admin, "/explain", &[("link", &long)]);
    assert!(page.status == 200 && page.text().contains("too-large"), "{}", page.status);
    let longer = format!("http://a.example.com/{}", "x".repeat(140_000));
    assert!(post(admin, "/explain", &[("link", &longer)]).text().contains("The URL is too long"));
    let longest = "x".repeat(5 << 20);
    assert_eq!(post(admin, "/explain", &[("link", &longest)]).status, 413);
    assert_eq!(post(admin, "/requests/1", &[("at", &longer)]).status, 413);
    let own = format!("Origin: http://{admin}");
    for kind in ["Content-Type: text/plain", "Content-Type: multipart/form-data; boundary=x", "X: y"] {
        let text =
            request("POST", &admin.to_string(), "/explain", &[&own, kind, "Content-Length: 7"]) + "link=/x";
        assert_eq!(send_to(admin, text.as_bytes()).status, 415, "{kind}");
    }
    for garbage in [
        &b"%%%\xff\xfe&&&=&link"[..],
        b"link=%00%ff",
        b"link=http://\xff/x",
        b"link=http://a/x&at=%F0%9F%92%A9",
    ] {
        let length = format!("Content-Length: {}", garbage.len());
        let kind = "Content-Type: application/x-www-form-urlencoded";
        let mut bytes = request("POST", &admin.to_string(), "/explain", &[&own, kind, &length]).into_bytes();
        bytes.extend(garbage);
        let page = send_to(admin, &bytes);
        assert!(page.status == 200 && page.text().contains("class=\"fault\""), "{}", page.text());
    }
}

#[test]
fn with_a_token_a_browser_shows_it_once_and_never_in_a_url() {
    let (edge, _origin) = guarded();
    let admin = console(&edge);
    let get = |path: &str, headers: &[&str]| {
        send_to(admin, request("GET", "console.example.com", path, headers).as_bytes())
    };
    let bearer = format!("Authorization: Bearer {TOKEN}");
    for path in ["/", "/requests/1", "/explain", "/paths", "/keys", "/events"] {
        assert_eq!(get(path, &[]).status, 401, "{path}");
        assert_eq!(get(&format!("{path}?token={TOKEN}"), &[]).status, 401, "{path}");
        assert_eq!(get(path, &[&format!("Cookie: frontgate-console={TOKEN}")]).status, 401, "{path}");
        let asked = get(path, &["Accept: text/html"]);
        assert_eq!((asked.status, asked.header("WWW-Authenticate")), (401, Some("Bearer")), "{path}");
        assert!(asked.text().contains("action=\"/login\"") && !asked.text().contains("<nav"), "{path}");
        assert!(asked.header("Content-Security-Policy").is_some());
    }
    for path in ["/", "/explain", "/paths", "/keys"] {
        assert_eq!(get(path, &[&bearer]).status, 200, "{path}");
    }
    // A program posts with the token alone.
    let posted = post_with(admin, "/explain", &[("link", "http://a.example.com/x")], &[&bearer]);
    assert_eq!(posted.status, 200);
    assert_eq!(post(admin, "/explain", &[("link", "http://a.example.com/x")]).status, 401);

    assert_eq!(post(admin, "/login", &[("token", "another-token-of-length")]).status, 401);
    assert_eq!(
        post_with(admin, "/login", &[("token", TOKEN)], &["Origin: http://evil.example.com"]).status,
        403
    );
    assert_eq!(get(&format!("/login?token={TOKEN}"), &[]).header("Set-Cookie"), None);
    let entered = post(admin, "/login", &[("token", TOKEN), ("to", "/keys")]);
    assert_eq!((entered.status, entered.header("Location")), (303, Some("/keys")));
    let set = entered.header("Set-Cookie").expect("a cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.contains(TOKEN) && !set.contains("Domain"), "{set}");
    let away = post(admin, "/login", &[("token", TOKEN), ("to", "//evil.example.com/")]);
    assert_eq!(away.header("Location"), Some("/"));

    let cookie = format!("Cookie: theme=dark; {}", set.split(';').next().unwrap());
    for path in ["/", "/explain", "/paths", "/keys", "/metrics"] {
        assert_eq!(get(path, &[&cookie]).status, 200, "{path}");
    }
    assert!(get("/", &[&cookie]).text().contains("Log out"));
    let own = format!("Origin: http://{admin}");
    let link = [("link", "http://a.example.com/x")];
    assert_eq!(post_with(admin, "/explain", &link, &[&cookie, &own]).status, 200);
    // The cookie alone isn't enough for a change: another site's page brings it, too, where browsers are old.
    assert_eq!(post_with(admin, "/explain", &link, &[&cookie]).status, 403);
    assert_eq!(post_with(admin, "/logout", &[], &[&cookie]).status, 403);
    let left = post_with(admin, "/logout", &[], &[&cookie, &own]);
    assert!(left.status == 303 && left.header("Set-Cookie").is_some_and(|set| set.contains("Max-Age=0")));
    assert_eq!(get("/", &[&cookie]).status, 401);

    // Another token ends what was begun with this one.
    let set = post(admin, "/login", &[("token", TOKEN)]).header("Set-Cookie").expect("a cookie").to_owned();
    let cookie = format!("Cookie: {}", set.split(';').next().unwrap());
    assert_eq!(get("/", &[&cookie]).status, 200);
    let mut events = Events::open(&edge, "after=0", &[&cookie]);
    std::fs::write(edge.file("admin.token"), "another-token-of-good-length\n").unwrap();
    wait_for(|| (get("/", &[&cookie]).status == 401).then_some(()));
    // A page that was live is told nothing more.
    assert_eq!(edge.get(HOST, "/after-the-rotation", &[]).status, 403);
    let text = events.until(|text| text.ends_with("0\r\n\r\n"));
    assert!(!text.contains("after-the-rotation"), "{text}");
}

#[test]
fn what_looks_like_a_signature_is_shown_under_no_name() {
    let (edge, _origin) = edge();
    let value = "Zk39QvT7aLx0PbWc2Rj8uNs5Yd1Ge/".repeat(8);
    for target in [format!("/x?Expires=1&Sig={value}"), format!("/y?Sig={value}==&Key-Pair-Id=K")] {
        assert_eq!(edge.get(HOST, &target, &[]).status, 403);
    }
    let looked_up =
        format!("/paths?distribution=EDFDVBD6EXAMPLE&path=%2Fx%3FSignature%3D{}", value.replace('/', "%2F"));
    for path in ["/", "/requests/1", "/requests/2", looked_up.as_str()] {
        let text = wait_for(|| Some(edge.admin_page(path)).filter(|page| page.status == 200)).text();
        assert!(!text.contains(&value[..40]), "{path}: {text}");
    }
    assert!(edge.admin_page(&looked_up).text().contains("<code>/x</code>"));
}

/// A stream of events.
struct Events {
    stream: TcpStream,
    text: String,
}

impl Events {
    fn open(edge: &Edge, query: &str, headers: &[&str]) -> Self {
        let admin = console(edge);
        let mut stream = TcpStream::connect(admin).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout");
        let text = request("GET", &admin.to_string(), &format!("/events?{query}"), headers);
        stream.write_all(text.as_bytes()).expect("a request");
        let mut events = Self { stream, text: String::new() };
        events.until(|text| text.contains("\r\n\r\n"));
        events
    }

    fn status(&self) -> u16 {
        self.text.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
    }

    /// Reads on until the text is as it should be, for ten seconds at most; gives all of it.
    fn until(&mut self, is_enough: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        let mut chunk = [0; 64 << 10];
        while !is_enough(&self.text) {
            assert!(begun.elapsed() < Duration::from_secs(10), "waited in vain: {}", self.text);
            if let Ok(count) = self.stream.read(&mut chunk) {
                self.text += &String::from_utf8_lossy(&chunk[..count]);
            }
        }
        self.text.clone()
    }

    fn last_id(&self) -> u64 {
        let ids = self.text.lines().filter_map(|line| line.strip_prefix("id: "));
        ids.filter_map(|id| id.trim().parse().ok()).next_back().expect("an id")
    }
}

#[test]
fn a_request_is_told_within_a_second_and_after_a_break_nothing_twice() {
    let (edge, _origin) = edge();
    let mut events = Events::open(&edge, "after=0", &[]);
    assert!(events.text.contains("text/event-stream") && events.text.contains("no-store"), "{}", events.text);
    let begun = Instant::now();
    assert_eq!(edge.get(HOST, "/x?a=1", &[]).status, 403);
    let text = events.until(|text| text.contains("<span class=\"cause\">not-sent"));
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(text.contains("event: request") && text.contains("missing-key-pair-id"), "{text}");
    let last = events.last_id();
    drop(events);
    assert_eq!(edge.get(HOST, "/public/y", &[]).status, 200);
    let mut again = Events::open(&edge, "after=0", &[&format!("Last-Event-ID: {last}")]);
    let text = again.until(|text| text.contains("/public/y"));
    assert!(!text.contains("/x?a=1"), "{text}");
    // A page that shows private paths is told of nothing else.
    let mut private = Events::open(&edge, &format!("after={}&access=private", again.last_id()), &[]);
    assert_eq!(edge.get(HOST, "/public/z", &[]).status, 200);
    assert_eq!(edge.get(HOST, "/w", &[]).status, 403);
    let text = private.until(|text| text.contains("/w<"));
    assert!(!text.contains("/public/z"), "{text}");
}

#[test]
fn streams_are_bounded_and_one_that_ends_makes_room() {
    let (edge, _origin) = edge();
    let mut open: Vec<Events> = (0..16).map(|_| Events::open(&edge, "after=0", &[])).collect();
    assert!(open.iter().all(|events| events.status() == 200));
    assert_eq!(Events::open(&edge, "after=0", &[]).status(), 503);
    // The pages themselves still come.
    assert_eq!(edge.admin_page("/").status, 200);
    open.pop();
    wait_for(|| (Events::open(&edge, "after=0", &[]).status() == 200).then_some(()));
}

#[test]
fn where_it_is_off_there_is_nothing_of_it_and_nothing_is_kept() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&config(&origin.url()).replace("[admin]\n", "[admin]\nconsole = false\n"));
    assert_eq!(edge.get(HOST, "/public/x", &[]).status, 200);
    for path in ["/requests/1", "/explain", "/paths", "/keys", "/sign", "/events", "/login"] {
        assert_eq!(edge.admin_page(path).status, 404, "{path}");
    }
    let index = edge.admin_page("/").text();
    assert!(index.contains("/metrics") && !index.contains("/public/x"), "{index}");
    assert_eq!(edge.admin_page("/metrics").status, 200);
}
