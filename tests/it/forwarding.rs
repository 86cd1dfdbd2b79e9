//! What reaches the origin, and what comes back: bytes, headers, methods, bodies.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::configs;
use crate::support::{
    Edge, Recorded, RecordingOrigin, Response, answer_and_close, request, signing_cookies, signing_parameters,
};

const HOST: &str = "d111111abcdef8.cloudfront.net";

fn site() -> (RecordingOrigin, Edge) {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&configs::main(&origin.url()));
    (origin, edge)
}

#[test]
fn a_denial_is_cloudfronts_own_byte_for_byte() {
    let (_, edge) = site();
    let edge = Edge::serve_with(&std::fs::read_to_string(edge.dir.path().join("config.toml")).unwrap(), &[]);
    let mut stream = TcpStream::connect(edge.address).unwrap();
    write!(stream, "GET /image.jpg HTTP/1.1\r\nHost: {HOST}\r\n\r\n").unwrap();
    let response = Response::read(&mut stream, false);
    let lines: Vec<&str> = response.head.lines().collect();
    let expected = [
        ("HTTP/1.1 403 Forbidden", ""),
        ("Server: ", "CloudFront"),
        ("Date: ", "*"),
        ("Content-Type: ", "text/xml"),
        ("Content-Length: ", "146"),
        ("Connection: ", "keep-alive"),
        ("X-Cache: ", "Error from cloudfront"),
        ("Via: ", "*"),
        ("X-Amz-Cf-Pop: ", "*"),
        ("X-Amz-Cf-Id: ", "*"),
    ];
    assert_eq!(lines.len(), expected.len(), "{}", response.head);
    for (line, (name, value)) in lines.iter().zip(expected) {
        let rest = line.strip_prefix(name).unwrap_or_else(|| panic!("{name} in {}", response.head));
        assert!(value == "*" || rest == value, "{line}");
    }
    assert_eq!(
        response.text(),
        r#"<?xml version="1.0" encoding="UTF-8"?><Error><Code>MissingKey</Code><Message>Missing Key-Pair-Id query parameter or cookie value</Message></Error>"#
    );
    // The connection goes on, as it says.
    write!(stream, "HEAD /image.jpg HTTP/1.1\r\nHost: {HOST}\r\n\r\n").unwrap();
    let head = Response::read(&mut stream, true);
    assert_eq!((head.status, head.header("Content-Length")), (403, Some("146")));
}

#[test]
fn a_denial_of_a_request_whose_body_is_left_unread_says_that_it_closes() {
    let (origin, edge) = site();
    let sent = format!("POST /x HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1000000\r\n\r\nabc");
    let mut stream = TcpStream::connect(edge.address).unwrap();
    stream.write_all(sent.as_bytes()).unwrap();
    let response = Response::read(&mut stream, false);
    assert_eq!((response.status, response.header("Connection")), (403, Some("close")), "{}", response.head);
    let mut rest = Vec::new();
    assert_eq!(stream.read_to_end(&mut rest).unwrap_or(0), 0);
    assert!(origin.requests().is_empty());
}

#[test]
fn the_origin_gets_the_target_byte_for_byte_without_what_was_signed() {
    let (origin, edge) = site();
    for target in [
        "/a%20b/%C3%A9.mp4?b=1&a=%2f&&flag&empty=&a=2&u=https://x/?y",
        "//x//y",
        "/it's,(a)=b+c;d",
        "/a%2Fb%5c%00",
        "/{x}|\"q\"^[]",
        "/~x?~=~",
    ] {
        let parameters = signing_parameters(target);
        let separator = if target.contains('?') { '&' } else { '?' };
        let response = edge.get(HOST, &format!("{target}{separator}{parameters}"), &[]);
        assert_eq!(response.status, 200, "{target}: {:?}", response.reason());
        assert_eq!(origin.last().target(), target);
        let cookies = format!("Cookie: a=1; {}; b=2", signing_cookies(target));
        assert_eq!(edge.get(HOST, target, &[&cookies]).status, 200, "{target}");
        let last = origin.last();
        assert_eq!((last.target(), last.headers("cookie")), (target, vec!["a=1; b=2"]));
    }
    // Parameters first, in the middle and last: all go, and nothing else.
    let parameters = signing_parameters("/x?a=1&b=2");
    let (first, rest) = parameters.split_once('&').unwrap();
    assert_eq!(edge.get(HOST, &format!("/x?{first}&a=1&{rest}&b=2"), &[]).status, 200);
    assert_eq!(origin.last().target(), "/x?a=1&b=2");
}

#[test]
fn on_a_public_path_signing_names_are_ordinary_ones() {
    let (origin, edge) = site();
    let target = "/public/x?Signature=1&Expires=2&Hash-Algorithm=3";
    let response = edge.get(HOST, target, &["Cookie: CloudFront-Policy=x; a=1"]);
    assert_eq!(response.status, 200);
    let last = origin.last();
    assert_eq!((last.target(), last.headers("cookie")), (target, vec!["CloudFront-Policy=x; a=1"]));
    let response = edge.get(HOST, "/public/x", &["Cookie: c=3; a=1", "Cookie: b=2"]);
    assert_eq!((response.status, origin.last().headers("cookie")), (200, vec!["a=1; b=2; c=3"]));
}

#[test]
fn the_origin_gets_cloudfronts_headers_and_none_of_one_connection() {
    let origin = RecordingOrigin::answering(|_, stream| {
        let head = "HTTP/1.1 200 OK\r\nServer: app\r\nConnection: X-Hop, close\r\nConnection: X-Hop-Two\r\nX-Hop: 1\r\n\
                    X-Hop-Two: 1\r\nKeep-Alive: timeout=5\r\nVia: 1.1 app\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\
                    X-Amz-Cf-Id: theirs\r\nETag: \"x\"\r\nContent-Length: 2\r\n\r\nok";
        answer_and_close(stream, head.as_bytes())
    });
    let lines = "custom-headers = { X-Origin-Secret = \"hello\", User-Agent = \"Frontgate\" }\norigin-path = \"/app\"";
    let edge = Edge::serve(&configs::private(&origin.url(), lines));
    let headers = [
        "User-Agent: viewer",
        "Accept: text/html",
        "Authorization: Bearer x",
        "X-Forwarded-For: 198.51.100.7",
        "X-Forwarded-For: 198.51.100.8",
        "Via: 1.0 corporate",
        "Connection: X-Mine, Host",
        "Connection: x-mine-two",
        "X-Mine: 1",
        "X-Mine-Two: 1",
        "Keep-Alive: 300",
        "Proxy-Authorization: Basic x",
        "TE: trailers",
        "X-Real-IP: 1.2.3.4",
        "X_Origin_Secret: guessed",
        "CloudFront-Viewer-Country: XX",
        "X-Edge-Location: here",
        "X-Forwarded-Proto: https",
        "X-HTTP-Method-Override: DELETE",
        "X-Origin-Secret: guessed",
        "Range: bytes=0-3",
        "If-None-Match: \"x\"",
        "Origin: https://app.example.com",
    ];
    let response = edge.get(HOST, "/public/x?y", &headers);
    let got = origin.last();
    assert_eq!(got.line(), "GET /app/public/x?y HTTP/1.1");
    for (name, expected) in [
        ("host", vec![origin.address.to_string()]),
        ("user-agent", vec!["Frontgate".to_owned()]),
        ("accept", vec!["text/html".to_owned()]),
        ("authorization", vec!["Bearer x".to_owned()]),
        ("x-forwarded-for", vec!["198.51.100.7,198.51.100.8,127.0.0.1".to_owned()]),
        ("x-origin-secret", vec!["hello".to_owned()]),
        ("range", vec!["bytes=0-3".to_owned()]),
        ("if-none-match", vec!["\"x\"".to_owned()]),
        ("origin", vec!["https://app.example.com".to_owned()]),
        ("x-mine", vec![]),
        ("x-mine-two", vec![]),
        ("keep-alive", vec![]),
        ("proxy-authorization", vec![]),
        ("te", vec![]),
        ("x-real-ip", vec![]),
        ("x_origin_secret", vec![]),
        ("cloudfront-viewer-country", vec![]),
        ("x-edge-location", vec![]),
        ("x-forwarded-proto", vec![]),
        ("x-http-method-override", vec![]),
        ("connection", vec![]),
        ("x-amz-cf-id", vec![response.header("x-amz-cf-id").unwrap().to_owned()]),
    ] {
        assert_eq!(got.headers(name), expected, "{name} in\n{}", got.head);
    }
    let via = got.headers("via");
    assert!(
        via.len() == 1 && via[0].starts_with("1.0 corporate, 1.1 ") && via[0].ends_with("(CloudFront)"),
        "{via:?}"
    );
    assert_eq!(response.status, 200);
    for (name, expected) in [
        ("server", Some("app")),
        ("x-cache", Some("Miss from cloudfront")),
        ("x-hop", None),
        ("x-hop-two", None),
        ("keep-alive", None),
        ("etag", Some("\"x\"")),
    ] {
        assert_eq!(response.header(name), expected, "{name} in\n{}", response.head);
    }
    assert_eq!(response.head.matches("et-Cookie: ").count(), 2);
    assert!(response.header("via").unwrap().ends_with(".cloudfront.net (CloudFront)"));
    assert_ne!(response.header("x-amz-cf-id"), Some("theirs"));
    assert_eq!(response.head.to_lowercase().matches("x-amz-cf-id").count(), 1);
}

#[test]
fn an_origins_errors_pass_and_are_marked() {
    let origin = RecordingOrigin::answering(|asked, stream| {
        let status = asked.target().rsplit('/').next().unwrap_or("500").to_owned();
        write!(stream, "HTTP/1.1 {status} Whatever\r\nContent-Length: 4\r\n\r\nbody").is_ok()
    });
    let edge = Edge::serve(&configs::main(&origin.url()));
    for (status, x_cache) in [
        (200, "Miss from cloudfront"),
        (302, "Miss from cloudfront"),
        (403, "Error from cloudfront"),
        (404, "Error from cloudfront"),
        (503, "Error from cloudfront"),
    ] {
        let response = edge.get(HOST, &format!("/public/{status}"), &[]);
        let found = (response.status, response.header("x-cache"), response.text());
        assert_eq!(found, (status, Some(x_cache), "body".to_owned()));
        assert_eq!(response.reason(), None);
    }
}

#[test]
fn every_method_and_its_body_pass() {
    let (origin, edge) = site();
    let big = "x".repeat(300_000);
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let lengths = format!("Content-Length: {}", big.len());
        let response = edge.send(request(method, HOST, "/public/x", &[&lengths]) + &big);
        assert_eq!(response.status, 200, "{method}");
        assert_eq!(
            (origin.last().line(), origin.last().body.len()),
            (&*format!("{method} /public/x HTTP/1.1"), big.len())
        );
        let chunked = format!("4\r\nwiki\r\n{:x};ext=1\r\n{big}\r\n0\r\n\r\n", big.len());
        let response =
            edge.send(request(method, HOST, "/public/x", &["Transfer-Encoding: chunked"]) + &chunked);
        assert_eq!((response.status, origin.last().body.len()), (200, big.len() + 4), "{method}");
    }
    let asked = origin.requests().len();
    assert_eq!(edge.send(request("OPTIONS", HOST, "/public/x", &[])).status, 200);
    assert_eq!(edge.send(request("HEAD", HOST, "/public/x", &[])).status, 200);
    assert_eq!(origin.requests().len(), asked + 2);
    for method in ["GET", "HEAD"] {
        let response = edge.send(request(method, HOST, "/public/x", &["Content-Length: 3"]) + "abc");
        assert_eq!((response.status, response.reason()), (403, Some("bad-request")), "{method}");
    }
    for (method, path) in
        [("POST", "/get/x"), ("OPTIONS", "/get/x"), ("TRACE", "/public/x"), ("FOO", "/public/x")]
    {
        let response = edge.send(request(method, HOST, path, &[]));
        assert_eq!((response.status, response.reason()), (403, Some("method-not-allowed")), "{method}");
        assert!(response.text().contains("The distribution supports only cachable requests."));
    }
    assert_eq!(origin.requests().len(), asked + 2);
}

#[test]
fn expect_100_continue_is_answered_here_when_the_request_may_pass() {
    let (origin, edge) = site();
    let head = |path: &str| {
        format!("PUT {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    };
    let mut stream = TcpStream::connect(edge.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.write_all(head("/public/x").as_bytes()).unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hello").unwrap();
    assert_eq!(Response::read(&mut stream, false).status, 200);
    assert_eq!((origin.last().body, origin.requests()[0].headers("expect")), (b"hello".to_vec(), vec![]));
    // A denied one isn't invited to send its body.
    let response = edge.send(head("/private"));
    assert_eq!((response.status, response.header("Connection")), (403, Some("close")));
}

#[test]
fn the_default_root_object_is_for_the_root_only() {
    let (origin, edge) = site();
    assert_eq!(edge.get(HOST, &format!("/?{}", signing_parameters("/")), &[]).status, 200);
    assert_eq!(origin.last().target(), "/index.html");
    assert_eq!(edge.get(HOST, &format!("/?a=1&{}", signing_parameters("/?a=1")), &[]).status, 200);
    assert_eq!(origin.last().target(), "/index.html?a=1");
    assert_eq!(edge.get(HOST, "/public/", &[]).status, 200);
    assert_eq!(origin.last().target(), "/public/");
    // Signed for the object, asked for the root: another URL.
    let response = edge.get(HOST, &format!("/?{}", signing_parameters("/index.html")), &[]);
    assert_eq!(response.reason(), Some("signature-mismatch"));
}

#[test]
fn a_request_has_one_host_and_a_target_that_agrees_with_it() {
    let (origin, edge) = site();
    let ask = |head: &str| {
        let response = edge.send(format!("{head}\r\nConnection: close\r\n\r\n"));
        (response.status, response.reason().map(str::to_owned))
    };
    let bad = (400, Some("bad-request".to_owned()));
    assert_eq!(ask("GET /public/x HTTP/1.1"), bad);
    assert_eq!(ask(&format!("GET /public/x HTTP/1.1\r\nHost: {HOST}\r\nHost: {HOST}")), bad);
    assert_eq!(ask("GET /public/x HTTP/1.1\r\nHost: a b"), bad);
    assert_eq!(ask("GET /public/x HTTP/1.1\r\nHost: user@a"), bad);
    assert_eq!(ask(&format!("GET http://other.example/public/x HTTP/1.1\r\nHost: {HOST}")), bad);
    assert_eq!(ask(&format!("GET http://{HOST}/public/x HTTP/1.1\r\nHost: {HOST}")), (200, None));
    assert_eq!(origin.last().line(), "GET /public/x HTTP/1.1");
    assert_eq!(ask(&format!("OPTIONS * HTTP/1.1\r\nHost: {HOST}")), bad);
    assert_eq!(ask(&format!("CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443")).0 / 100, 4);
}

#[test]
fn ambiguous_framing_is_refused_or_resolved_never_passed_on() {
    let (origin, edge) = site();
    let ask = |headers: &[&str], body: &str| {
        let response = edge.send(request("POST", HOST, "/public/x", headers) + body);
        (response.status, origin.requests().last().map(|last: &Recorded| last.body.clone()))
    };
    assert_eq!(ask(&["Content-Length: 3", "Content-Length: 5"], "abcde").0, 400);
    assert_eq!(ask(&["Content-Length: 3, 5"], "abcde").0, 400);
    assert_eq!(ask(&["Transfer-Encoding: chunked, gzip"], "0\r\n\r\n").0, 400);
    assert_eq!(ask(&["Transfer-Encoding: gzip"], "0\r\n\r\n").0, 400);
    assert!(origin.requests().is_empty());
    let both = ask(&["Content-Length: 5", "Transfer-Encoding: chunked"], "3\r\nabc\r\n0\r\n\r\n");
    let seen = origin.requests();
    // RFC 9112, 6.3: chunked wins; what the origin gets says one thing only.
    assert!(
        both.0 == 400 && seen.is_empty()
            || seen[0].headers("content-length").is_empty() && seen[0].body == b"abc"
    );
}

#[test]
fn plain_http_is_refused_or_redirected_as_the_behavior_says() {
    let (origin, edge) = site();
    let refused = edge.get(HOST, "/https/x", &[]);
    assert_eq!((refused.status, refused.reason()), (403, Some("https-required")));
    assert_eq!(refused.header("Content-Type"), Some("text/html"));
    let target = "/redirect/a%20b?Signature=x&Key-Pair-Id=y";
    let moved = edge.get(&format!("{HOST}:8080"), target, &[]);
    assert_eq!((moved.status, moved.body.len()), (301, 167));
    assert_eq!(moved.header("Location"), Some(&*format!("https://{HOST}{target}")));
    assert_eq!(moved.header("X-Cache"), Some("Redirect from cloudfront"));
    assert_eq!(edge.send(request("POST", HOST, "/redirect/x", &["Content-Length: 0"])).status, 307);
    assert!(origin.requests().is_empty());
}

#[test]
fn requests_beyond_cloudfronts_quotas_are_413_and_the_connection_ends() {
    let (origin, edge) = site();
    let target = |len: usize| format!("/public/{}", "x".repeat(len - "/public/".len()));
    assert_eq!(edge.get(HOST, &target(8192), &[]).status, 200);
    let beyond = edge.get(HOST, &target(8193), &[]);
    assert_eq!(
        (beyond.status, beyond.reason(), beyond.header("Connection")),
        (413, Some("too-large"), Some("close"))
    );
    assert!(beyond.text().contains("413 ERROR") && beyond.text().contains("Bad request."));
    // The head counts with its line ends: fill it to the last byte, then one more.
    let bare = request("GET", HOST, "/public/x", &["X-Frontgate-Now: now", "X: "]).len();
    for (fill, status) in [(32_768 - bare, 200), (32_769 - bare, 413)] {
        let filled = format!("X: {}", "y".repeat(fill));
        assert_eq!(edge.get(HOST, "/public/x", &["X-Frontgate-Now: now", &filled]).status, status, "{fill}");
    }
    let huge = edge.get(HOST, "/public/x", &[&format!("X: {}", "y".repeat(100_000))]);
    assert_eq!((huge.status, origin.requests().len()), (413, 2));
}

#[test]
fn one_connection_serves_many_requests_and_http_1_0_is_understood() {
    let (origin, edge) = site();
    let mut stream = TcpStream::connect(edge.address).unwrap();
    for _ in 0..3 {
        write!(stream, "GET /public/x HTTP/1.1\r\nHost: {HOST}\r\n\r\n").unwrap();
        assert_eq!(Response::read(&mut stream, false).text(), "hello");
    }
    // Two at once: both are answered, in order.
    write!(
        stream,
        "GET /public/1 HTTP/1.1\r\nHost: {HOST}\r\n\r\nGET /x HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut both = String::new();
    stream.read_to_string(&mut both).unwrap();
    let (first, second) = (both.find("HTTP/1.1 200").unwrap(), both.find("HTTP/1.1 403").unwrap());
    assert!(first < second && both.matches("HTTP/1.1 ").count() == 2, "{both}");
    // What says that it closes says so once.
    assert_eq!(both[second..].matches("Connection: ").count(), 1, "{both}");
    assert!(both.contains("Connection: close"));
    let old = edge.send(format!("GET /public/x HTTP/1.0\r\nHost: {HOST}\r\n\r\n"));
    assert_eq!((old.status, old.text()), (200, "hello".to_owned()));
    let old = edge.send(format!("GET /x HTTP/1.0\r\nHost: {HOST}\r\n\r\n"));
    assert_eq!((old.status, old.header("Connection")), (403, Some("close")));
    assert!(origin.last().line().ends_with("HTTP/1.1"));
}

#[test]
fn no_spelling_of_a_private_path_is_public() {
    let origin = RecordingOrigin::start();
    let config = configs::private(&origin.url(), "")
        .replace("trusted-key-groups = [\"one\"]\nallowed", "allowed")
        .replace(
            "path-pattern = \"/public/*\"",
            "path-pattern = \"/team@x/*\"\ntrusted-key-groups = [\"one\"]",
        )
        + "[[distributions.cache-behaviors]]\npath-pattern = \"/caf%C3%A9/*\"\ntarget-origin = \"app\"\ntrusted-key-groups = [\"one\"]\n\
           [[distributions.cache-behaviors]]\npath-pattern = \"/private/*\"\ntarget-origin = \"app\"\ntrusted-key-groups = [\"one\"]\n";
    let edge = Edge::serve(&config);
    assert_eq!(edge.get(HOST, "/anything", &[]).status, 200);
    for path in [
        "/team@x/s",
        "/team%40x/s",
        "/caf%C3%A9/s",
        "/caf%c3%a9/s",
        "/café/s",
        "/private/s",
        "/%70rivate/s",
        "//private/s",
        "/private//s",
        "/private%2fs",
        "/x/../private/s",
        "/x/..;y/private/s",
        "/x%5c..%5cprivate/s",
        "/x\\..\\private/s",
        "/./private/s",
        "/a%5cb\\..\\private/s",
        "/a%2fb/../team%40x/s",
        "/;%2fz/private/s",
        "/x/..;x%2fy/private/s",
    ] {
        assert_eq!(edge.get(HOST, path, &[]).reason(), Some("missing-key-pair-id"), "{path}");
    }
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn no_path_climbs_out_of_the_origins_own_path() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&configs::private(&origin.url(), "origin-path = \"/site\""));
    for path in [
        "/../site/x",
        "/..%2fsite/public/x",
        "/public/../../site/x",
        "/public/%2e%2e/%2e%2e/x",
        "/public\\..\\..\\x",
    ] {
        let response = edge.get(HOST, path, &[]);
        assert_eq!((response.status, response.reason()), (400, Some("bad-request")), "{path}");
    }
    assert!(origin.requests().is_empty());
    assert_eq!(edge.get(HOST, "/public/a/../b", &[]).status, 200);
    assert_eq!(origin.last().target(), "/site/public/a/../b");
}

#[test]
fn odd_paths_of_any_length_cost_little() {
    let (_, edge) = site();
    let begun = std::time::Instant::now();
    for unit in ["/..;a", "%2e%2e/", "\\..;a//", "%5c..%2f;x", "%", "/;/", "%2f%2e"] {
        let path = format!("/{}", unit.repeat(8_000 / unit.len()));
        for _ in 0..5 {
            assert!(edge.get(HOST, &path, &[]).status >= 400, "{unit}");
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

/// An origin may close a connection while it is kept; who comes next neither waits for it nor fails.
#[test]
fn a_kept_connection_that_the_origin_has_closed_costs_nobody_a_wait() {
    let origin = RecordingOrigin::answering(|_, stream| {
        answer_and_close(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    });
    let edge = Edge::serve(&format!("[server]\nworkers = 1\n{}", configs::main(&origin.url())));
    for round in 0..6 {
        let begun = std::time::Instant::now();
        let method = if round % 2 == 0 { "GET" } else { "POST" };
        let length: &[&str] = if method == "POST" { &["Content-Length: 0"] } else { &[] };
        let response = edge.send(request(method, HOST, "/api/x", length));
        assert!(matches!(response.status, 200 | 403), "{method}: {}", response.head);
        let response = edge.send(request("GET", HOST, "/public/x", &[]));
        assert_eq!(response.status, 200, "round {round}");
        assert!(begun.elapsed() < Duration::from_secs(5), "round {round}: {:?}", begun.elapsed());
        // Until the end of the connection has come.
        std::thread::sleep(Duration::from_millis(100));
    }
}
