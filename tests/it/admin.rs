//! The admin listener: metrics as Prometheus reads them, health, and who may ask.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use crate::support::configs;
use crate::support::{
    Edge, RecordingOrigin, Response, frontgate, request, run, send_to, stderr, stdout, wait_for,
};

const HOST: &str = "d111111abcdef8.cloudfront.net";
const ADMIN: &str = "[admin]\nlisten = \"127.0.0.1:0\"\n";

fn config(origin: &str) -> String {
    format!("{ADMIN}{}", configs::private(origin, "response-timeout = \"500ms\""))
}

/// The value of one series; 0 where there is none.
fn value(metrics: &str, series: &str) -> f64 {
    let found = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    found.map_or(0.0, |value| value.parse().unwrap())
}

/// Asks until a series has a value: a response is counted when its body has ended, which its viewer may see before.
fn wait_for_value(edge: &Edge, series: &str, expected: f64) {
    let mut last = String::new();
    let begun = std::time::Instant::now();
    while value(&last, series) != expected {
        assert!(begun.elapsed() < Duration::from_secs(10), "{series} is not {expected}:\n{last}");
        last = edge.admin_page("/metrics").text();
        thread::sleep(Duration::from_millis(5));
    }
}

fn signed_path(url: &str) -> String {
    let key = crate::support::private_key("rsa");
    let id = configs::id("rsa");
    let output = run(&["sign", "url", url, "--expires-in", "2h", "--key-pair-id", id, "--private-key", &key]);
    assert!(output.status.success(), "{}", stderr(&output));
    format!("/{}", stdout(&output).trim().splitn(4, '/').nth(3).unwrap())
}

#[test]
fn what_happened_is_counted_by_what_it_was() {
    let origin = RecordingOrigin::answering(|asked, stream| {
        if asked.target() == "/public/silent" {
            thread::sleep(Duration::from_secs(3));
            return false;
        }
        let answer = if asked.target() == "/public/gone" { "410 Gone" } else { "200 OK" };
        write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 5\r\n\r\nhello").is_ok()
    });
    let edge = Edge::serve(&config(&origin.url()));
    let (one, key) = ("distribution=\"EDFDVBD6EXAMPLE\"", configs::id("rsa"));
    // Of keys that nobody has used, too.
    for key in [key, configs::id("ecdsa")] {
        let series = format!("frontgate_key_requests_total{{{one},key=\"{key}\"}} 0\n");
        assert!(edge.admin_page("/metrics").text().contains(&series));
    }
    let link = signed_path(&format!("http://{HOST}/x"));
    for _ in 0..3 {
        assert_eq!(edge.get(HOST, &link, &[]).status, 200);
    }
    let forged = link.replace("Signature=", "Signature=AAAA");
    for (method, target, headers, status) in [
        ("GET", "/public/x", &[][..], 200),
        ("GET", "/public/gone", &[], 410),
        ("POST", "/public/silent", &["Content-Length: 0"], 504),
        ("BREW", "/public/x", &[], 403),
        ("GET", &forged, &[], 403),
        ("GET", &link, &["X-Frontgate-Now: +3h"], 403),
        ("GET", "/x", &[], 403),
    ] {
        assert_eq!(edge.send(request(method, HOST, target, headers)).status, status, "{method} {target}");
    }
    assert_eq!(edge.send("nonsense\r\n\r\n").status, 400);
    let mut left = TcpStream::connect(edge.address).unwrap();
    left.write_all(request("GET", HOST, "/public/silent", &[]).as_bytes()).unwrap();
    wait_for(|| (origin.requests().len() == 7).then_some(()));
    drop(left);
    let requests = |behavior: &str, method: &str, status: &str, result: &str| {
        format!(
            "frontgate_requests_total{{{one},behavior=\"{behavior}\",method=\"{method}\",status=\"{status}\",result=\"{result}\"}}"
        )
    };
    let denied = |behavior: &str, reason: &str| {
        format!("frontgate_denials_total{{{one},behavior=\"{behavior}\",reason=\"{reason}\"}}")
    };
    for (series, expected) in [
        (requests("*", "GET", "200", "Miss"), 3.0),
        (requests("/public/*", "GET", "200", "Miss"), 1.0),
        (requests("/public/*", "GET", "410", "Error"), 1.0),
        (requests("/public/*", "POST", "504", "Error"), 1.0),
        (requests("/public/*", "other", "403", "Error"), 1.0),
        (requests("/public/*", "GET", "000", "Error"), 1.0),
        (requests("*", "GET", "403", "Error"), 3.0),
        (denied("*", "missing-key-pair-id"), 1.0),
        (denied("*", "signature-mismatch"), 1.0),
        (denied("*", "expired"), 1.0),
        (denied("/public/*", "method-not-allowed"), 1.0),
        (format!("frontgate_key_requests_total{{{one},key=\"{key}\"}}"), 3.0),
        (format!("frontgate_origin_response_seconds_count{{{one},origin=\"app\"}}"), 5.0),
        (format!("frontgate_origin_response_seconds_bucket{{le=\"+Inf\",{one},origin=\"app\"}}"), 5.0),
        (format!("frontgate_origin_failures_total{{{one},origin=\"app\",failure=\"OriginCommError\"}}"), 1.0),
        (format!("frontgate_sent_bytes_total{{{one},behavior=\"*\"}}"), 15.0 + 110.0 * 2.0 + 146.0),
        ("frontgate_interrupted_responses_total{by=\"viewer\"}".to_owned(), 1.0),
        ("frontgate_malformed_requests_total".to_owned(), 1.0),
        // One for the good link, one for the forged; the two other times and the one that has expired are remembered.
        ("frontgate_signature_verifications_total".to_owned(), 2.0),
        ("frontgate_verified_policy_cache_hits_total".to_owned(), 3.0),
        ("frontgate_verified_policy_cache_entries".to_owned(), 1.0),
        ("frontgate_connections_total{protocol=\"http\"}".to_owned(), 12.0),
        ("frontgate_open_connections{protocol=\"http\"}".to_owned(), 0.0),
        ("frontgate_config_last_reload_successful".to_owned(), 1.0),
    ] {
        wait_for_value(&edge, &series, expected);
    }
    let metrics = edge.admin_page("/metrics").text();
    let last = format!("frontgate_key_last_used_timestamp_seconds{{{one},key=\"{key}\"}}");
    let begun = value(&metrics, "process_start_time_seconds");
    assert!(value(&metrics, &last) >= begun && begun > 1.7e9, "{metrics}");
    assert!(
        value(&metrics, "process_resident_memory_bytes") > 1e6 && value(&metrics, "process_open_fds") > 5.0
    );
    // An open connection is one.
    let _open = TcpStream::connect(edge.address).unwrap();
    wait_for_value(&edge, "frontgate_open_connections{protocol=\"http\"}", 1.0);
}

#[test]
fn only_who_brings_the_token_is_told_more_than_health() {
    let origin = RecordingOrigin::start();
    let dir = tempfile::tempdir().unwrap();
    let token = "s3cret-token-of-good-length";
    std::fs::write(dir.path().join("admin.token"), format!("{token}\n")).unwrap();
    let config = config(&origin.url()).replace("0\"\n", "0\"\ntoken-file = \"admin.token\"\n");
    std::fs::write(dir.path().join("config.toml"), config).unwrap();
    let mut command = frontgate();
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    let edge = Edge::start(command, dir);
    let ask = |path: &str, headers: &[&str]| {
        send_to(edge.admin.unwrap(), request("GET", "frontgate.example.com", path, headers).as_bytes())
    };
    wait_for(|| (ask("/health/ready", &[]).status == 200).then_some(()));
    let bearer = format!("Authorization: Bearer {token}");
    for (headers, status) in [
        (vec![], 401),
        (vec![bearer.as_str()], 200),
        (vec!["Authorization: Bearer"], 401),
        (vec!["Authorization: Bearer s3cret-token-of-good-lengtH"], 401),
        (vec!["Authorization: Bearer s3cret-token-of-good-length-"], 401),
        (vec!["Authorization: Basic czNjcmV0"], 401),
    ] {
        for path in ["/metrics", "/", "/nothing"] {
            let expected = if path == "/nothing" && status == 200 { 404 } else { status };
            let response = ask(path, &headers);
            assert_eq!(response.status, expected, "{path} {headers:?}");
            assert_eq!(response.header("WWW-Authenticate").is_some(), status == 401);
        }
        assert_eq!((ask("/health/live", &headers).status, ask("/health/ready", &headers).status), (200, 200));
    }
    // A token that was replaced opens nothing any more.
    std::fs::write(edge.file("admin.token"), "another-token-of-good-length\n").unwrap();
    wait_for(|| (ask("/metrics", &[&bearer]).status == 401).then_some(()));
    assert_eq!(ask("/metrics", &["Authorization: bearer another-token-of-good-length"]).status, 200);
}

/// A proxy whose admin listener has a token.
fn with_token(token: &str) -> Edge {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("admin.token"), format!("{token}\n")).unwrap();
    let config = config("http://127.0.0.1:9").replace("0\"\n", "0\"\ntoken-file = \"admin.token\"\n");
    std::fs::write(dir.path().join("config.toml"), config).unwrap();
    let mut command = frontgate();
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    Edge::start(command, dir)
}

/// A connection from another address of this machine.
fn connect_from(last: u8, to: SocketAddr) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, last], 0)).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    socket.into()
}

const TOKEN: &str = "s3cret-token-of-good-length";

#[test]
fn health_is_answered_at_once_whatever_hangs_on_the_admin_listener() {
    let edge = with_token(TOKEN);
    let admin = edge.admin.unwrap();
    wait_for(|| (edge.admin_page("/health/ready").status == 200).then_some(()));
    let form = "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                Content-Length: 100\r\n\r\ntoken=";
    let parts = ["", "GET /heal", "GET /health/live HTTP/1.1\r\nX", "GET /metrics HTTP/1.1\r\nHost", form];
    let hang = |number: usize| {
        let mut stream = TcpStream::connect(admin).unwrap();
        let _ = stream.write_all(parts[number % parts.len()].as_bytes());
        stream
    };
    let mut hanging: Vec<TcpStream> = (0..400).map(hang).collect();
    let bearer = format!("Authorization: Bearer {TOKEN}");
    for path in ["/health/live", "/health/ready", "/metrics"] {
        // Of several, since the machine may be busy; each took five seconds and more before, the time for a head.
        let fastest = (0..5).map(|round| {
            hanging.extend((0..80).map(|number| hang(number + round)));
            let begun = std::time::Instant::now();
            assert_eq!(
                send_to(admin, request("GET", "x", path, &[&bearer]).as_bytes()).status,
                200,
                "{path}"
            );
            begun.elapsed()
        });
        let fastest = fastest.min().unwrap();
        assert!(fastest < Duration::from_secs(1), "{path}: {fastest:?}");
    }
}

#[test]
fn wrong_tokens_are_slow_in_header_and_form_and_lock_no_owner_out() {
    let edge = with_token(TOKEN);
    let admin = edge.admin.unwrap();
    let guess = |last: u8, text: &str| {
        let mut stream = connect_from(last, admin);
        stream.write_all(text.as_bytes()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Response::read(&mut stream, false).status
    };
    let bearer = |token: &str| request("GET", "x", "/metrics", &[&format!("Authorization: Bearer {token}")]);
    let form = |token: &str| {
        let body = format!("token={token}");
        let length = format!("Content-Length: {}", body.len());
        let kind = "Content-Type: application/x-www-form-urlencoded";
        request("POST", "x", "/login", &[kind, &length, "Sec-Fetch-Site: same-origin"]) + &body
    };
    for text in [bearer("wrong"), form("wrong"), bearer("s3cret-token-of-good-lengtH")] {
        let begun = std::time::Instant::now();
        assert_eq!(guess(2, &text), 401, "{text}");
        assert!(begun.elapsed() >= Duration::from_millis(500), "{text}: {:?}", begun.elapsed());
    }
    // From the address of a wrong token, the right one is as slow.
    let begun = std::time::Instant::now();
    assert_eq!((guess(2, &bearer(TOKEN)), guess(2, &form(TOKEN))), (200, 303));
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
    // While others guess on every connection, the owner is let in.
    let flood: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut stream = connect_from(3, admin);
            let _ = stream.write_all(bearer("wrong").as_bytes());
            stream
        })
        .collect();
    for _ in 0..5 {
        assert_eq!(guess(1, &bearer(TOKEN)), 200);
    }
    drop(flood);
}

#[test]
fn without_a_token_nobody_asks_by_a_name_or_changes_anything() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&config(&origin.url()));
    let admin = edge.admin.unwrap();
    for (host, status) in
        [("127.0.0.1:9090", 200), ("localhost", 200), ("[::1]:1", 200), ("evil.example.com", 403)]
    {
        assert_eq!(send_to(admin, request("GET", host, "/metrics", &[]).as_bytes()).status, status, "{host}");
    }
    assert_eq!(send_to(admin, b"GET /metrics HTTP/1.0\r\n\r\n").status, 403);
    for (head, status) in [
        ("GET http://127.0.0.1/metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n", 200),
        ("GET http://evil.example.com/metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n", 403),
        ("GET http://127.0.0.1/metrics HTTP/1.1\r\nHost: evil.example.com\r\n", 403),
        ("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example.com\r\n", 400),
        ("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n", 400),
    ] {
        let asked = send_to(admin, format!("{head}Connection: close\r\n\r\n").as_bytes());
        assert_eq!(asked.status, status, "{head}");
    }
    let post = send_to(admin, request("POST", "localhost", "/metrics", &["Content-Length: 0"]).as_bytes());
    assert_eq!((post.status, post.header("Allow")), (405, Some("GET, HEAD")));
    wait_for(|| (edge.admin_page("/health/ready").status == 200).then_some(()));
    let page = edge.admin_page("/");
    assert!(page.header("Content-Type").unwrap().starts_with("text/html"));
    for link in ["/metrics", "/health/live", "/health/ready"] {
        assert!(page.text().contains(&format!("href=\"{link}\"")));
        assert_eq!(edge.admin_page(link).status, 200);
    }
    assert_eq!(edge.admin_page("/nothing").status, 404);
    let open = send_to(
        admin,
        request("GET", "localhost", "/metrics", &["Accept: application/openmetrics-text"]).as_bytes(),
    );
    assert!(open.text().ends_with("# EOF\n") && open.header("Content-Type").unwrap().contains("openmetrics"));
}

#[test]
fn it_is_not_ready_any_more_while_it_drains() {
    let origin = RecordingOrigin::answering(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst");
        thread::sleep(Duration::from_millis(1500));
        stream.write_all(b"later").is_ok()
    });
    let mut edge = Edge::serve(&config(&origin.url()).replace("500ms", "5s"));
    wait_for(|| (edge.admin_page("/health/ready").status == 200).then_some(()));
    let mut stream = TcpStream::connect(edge.address).unwrap();
    stream.write_all(request("GET", HOST, "/public/x", &[]).as_bytes()).unwrap();
    wait_for(|| (!origin.requests().is_empty()).then_some(()));
    edge.signal("TERM");
    wait_for(|| {
        let page = edge.admin_page("/health/ready");
        (page.status == 503 && page.text() == "draining\n").then_some(())
    });
    assert_eq!(edge.admin_page("/health/live").status, 200);
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("firstlater"), "{answer}");
    assert_eq!(wait_for(|| edge.child.try_wait().unwrap()).code(), Some(0));
}

#[test]
fn an_address_that_is_taken_or_open_to_strangers_is_an_error_at_the_start() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    for (admin, words) in [
        (format!("listen = \"{address}\""), "in use by another process; `listen` in [admin] takes"),
        ("listen = \"0.0.0.0:9090\"".to_owned(), "open to others without a token"),
        ("listen = \"9090\"".to_owned(), "`listen` can't be used"),
        ("token-file = \"x\"".to_owned(), "lacks `listen`"),
        ("listen = \"127.0.0.1:0\"\ntoken-file = \"missing\"".to_owned(), "the admin token can't be read"),
        ("listen = \"127.0.0.1:0\"\ntoken-file = \"short\"".to_owned(), "it holds no token"),
        ("listen = \"127.0.0.1:0\"\npassword = \"x\"".to_owned(), "has no key `password`"),
        ("listen = \"127.0.0.1:0\"\nconsole = \"off\"".to_owned(), "true or false"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("short"), "short\n").unwrap();
        let config = format!("[admin]\n{admin}\n{}", configs::private("http://127.0.0.1:9", ""));
        std::fs::write(dir.path().join("config.toml"), config).unwrap();
        let output =
            frontgate().current_dir(dir.path()).args(["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{admin}");
        assert!(stderr(&output).contains(words), "{admin}: {}", stderr(&output));
    }
}
