//! Denials that are explained while the proxy runs: each line has its cause in test mode, and no flood of denials slows the
//! proxy or grows it.

use std::io::Write;
use std::net::TcpStream;
use std::thread;

use serde_json::Value;

use crate::support::configs;
use crate::support::{
    Edge, Raw, RecordingOrigin, Response, canned, cloudfront_base64, frontgate, request, run, sign_raw,
    stderr, stdout, wait_for,
};

const HOST: &str = "d111111abcdef8.cloudfront.net";
const END: &str = "1990000000";

/// A path with a canned signature over some message.
fn signed(key: &str, path: &str, message: &str) -> String {
    let signature = sign_raw(&[Raw::new(key, "SHA1", message)]).remove(0);
    let separator = if path.contains('?') { '&' } else { '?' };
    format!(
        "{path}{separator}Expires={END}&Signature={}&Key-Pair-Id={}",
        cloudfront_base64(&signature),
        configs::id(key)
    )
}

/// What the log on stderr says of denied requests, once there are so many lines.
fn denials(edge: &Edge, count: usize) -> Vec<Value> {
    wait_for(|| {
        let log = edge.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str(line).ok());
        let found: Vec<Value> = lines.filter(|line: &Value| line["status"] == 403).collect();
        (found.len() >= count).then_some(found)
    })
}

fn serve(config: &str, args: &[&str]) -> Edge {
    Edge::serve_with(config, &[&["--log-format", "json"], args].concat())
}

#[test]
fn in_test_mode_a_denial_s_line_names_the_mistake() {
    let origin = RecordingOrigin::start();
    let edge = serve(&configs::private(&origin.url(), ""), &["--test-mode"]);
    let link = signed("rsa", "/a.mp4?x=1", &canned(&format!("http://{HOST}/a.mp4?x=1"), END));
    assert_eq!(edge.get(HOST, &link, &[]).status, 200);
    let tampered = edge.get(HOST, &format!("{link}&utm_source=newsletter"), &[]);
    assert_eq!((tampered.status, tampered.reason()), (403, Some("signature-mismatch")));
    assert!(tampered.text().contains("<Code>AccessDenied</Code><Message>Access denied</Message>"));
    let line = denials(&edge, 1).remove(0);
    let cause = line["cause"].as_str().unwrap();
    assert!(cause.starts_with("query-added (proven): "), "{line}");
    assert_eq!((&line["reason"], &line["level"]), (&"signature-mismatch".into(), &"INFO".into()));
    assert!(line["detail"].is_string() && !line["path"].as_str().unwrap().contains("Signature=C"), "{line}");
    // By the time that a test set.
    let expired = edge.get(HOST, &link, &[&format!("X-Frontgate-Now: {END}")]);
    assert_eq!((expired.status, expired.reason()), (403, Some("expired")));
    let line = denials(&edge, 2).remove(1);
    assert!(line["cause"].as_str().unwrap().starts_with("expired (proven): "), "{line}");
    // Cookies count, and nothing that opens a door is said.
    let cookie = format!(
        "Cookie: a=1; CloudFront-Expires={END}; CloudFront-Signature=SECRET; CloudFront-Key-Pair-Id=K0"
    );
    assert_eq!(edge.get(HOST, "/a.mp4", &[&cookie]).reason(), Some("unknown-key"));
    let line = denials(&edge, 3).remove(2);
    assert!(line["cause"].is_string() && !edge.log().contains("SECRET"), "{line}");
    // What isn't about signatures says it all in `detail`; what is let pass has no line.
    let barred = edge.send(request("BREW", HOST, "/public/x", &[]));
    assert_eq!((barred.status, barred.reason()), (403, Some("method-not-allowed")));
    assert_eq!(denials(&edge, 4).remove(3)["cause"], Value::Null);
}

#[test]
fn dev_names_the_mistake() {
    let edge = Edge::dev(&["--log-format", "json"]);
    let (id, file) = edge.dev_key();
    let url = format!("http://{}/image.svg", edge.address);
    let signed =
        run(&["sign", "url", &url, "--key-pair-id", &id, "--private-key", &file, "--expires-in", "1h"]);
    let target = stdout(&signed).trim().replace(&format!("http://{}", edge.address), "");
    let host = edge.address.to_string();
    assert_eq!(edge.get(&host, &target, &[]).status, 200);
    assert_eq!(edge.get(&host, &format!("{target}&fbclid=1"), &[]).reason(), Some("signature-mismatch"));
    assert_eq!(edge.get(&host, &target, &["X-Frontgate-Now: +2h"]).reason(), Some("expired"));
    let lines = denials(&edge, 2);
    for mistake in ["query-added", "expired"] {
        let named = |line: &Value| line["cause"].as_str().is_some_and(|cause| cause.starts_with(mistake));
        assert!(lines.iter().any(named), "{mistake}: {lines:?}");
    }
}

#[test]
fn without_test_mode_nothing_is_said_of_causes_also_with_the_console() {
    let origin = RecordingOrigin::start();
    let link = signed("rsa", "/x", "something else");
    for admin in ["", "[admin]\nlisten = \"127.0.0.1:0\"\n"] {
        let mut edge = serve(&format!("{admin}{}", configs::private(&origin.url(), "")), &[]);
        assert_eq!(edge.get(HOST, &link, &[]).status, 403);
        edge.signal("TERM");
        assert_eq!(wait_for(|| edge.child.try_wait().unwrap()).code(), Some(0));
        let line = denials(&edge, 1).remove(0);
        assert_eq!((&line["reason"], &line["cause"]), (&"signature-mismatch".into(), &Value::Null));
    }
}

/// ECDSA: each candidate is a verification, and none fits. So each search takes its whole budget.
#[test]
fn a_flood_of_denials_is_answered_and_told_but_not_searched() {
    let origin = RecordingOrigin::start();
    let mut edge = serve(&configs::private(&origin.url(), ""), &["--test-mode"]);
    let link = signed("ecdsa", "/a/b%20c.mp4?x=1&y=2", "something else");
    assert_eq!(edge.get(HOST, &link, &[]).reason(), Some("signature-mismatch"));
    let before = edge.peak_memory();
    let address = edge.address;
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let bad = format!("GET {link} HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
            let good = format!("GET /public/x HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
            thread::spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                for _ in 0..EACH {
                    for (asked, status) in [(&bad, 403), (&good, 200)] {
                        stream.write_all(asked.as_bytes()).unwrap();
                        assert_eq!(Response::read(&mut stream, false).status, status);
                    }
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let grown = edge.peak_memory() - before;
    assert!(grown < 32, "{grown} MiB");
    // Whatever waits yet is told at the end.
    edge.signal("TERM");
    assert_eq!(wait_for(|| edge.child.try_wait().unwrap()).code(), Some(0));
    let lines = denials(&edge, 1 + THREADS * EACH);
    assert_eq!(lines.len(), 1 + THREADS * EACH);
    let says =
        |words: &str| lines.iter().filter(|line| line["cause"].as_str().unwrap().contains(words)).count();
    assert!(says("not searched, busy") > 0 && says("not searched") < lines.len(), "{lines:?}");
    assert_eq!(says("not explained"), 0);
}

#[test]
fn dev_shows_its_console_on_a_port_of_its_own() {
    let edge = Edge::dev(&[]);
    let admin = edge.admin.expect("a console");
    assert!(admin.ip().is_loopback() && admin.port() != edge.address.port());
    assert!(edge.stdout().contains(&format!("console      http://{admin}/\n")), "{}", edge.stdout());
    assert_eq!(edge.admin_page("/").status, 200);
    assert_eq!(edge.admin_page("/health/ready").status, 200);
    // Where the usual port is taken, a second one takes another.
    let second = Edge::dev(&[]);
    assert_ne!(second.admin.unwrap(), admin);
    let third = Edge::dev(&["--console", "127.0.0.1:0"]);
    assert!(third.stdout().contains(&format!("http://{}/", third.admin.unwrap())));
    let without = Edge::dev(&["--console", "off"]);
    assert_eq!((without.admin, without.stdout().contains("console  ")), (None, false));
    let taken = admin.to_string();
    for (address, words) in [
        (taken.as_str(), "`--console` takes another address"),
        ("0.0.0.0:0", "is not a loopback address"),
        ("9090", "did you mean 127.0.0.1:9090?"),
    ] {
        let output = frontgate()
            .current_dir(edge.dir.path())
            .args(["dev", "--listen", "127.0.0.1:0", "--console", address])
            .output()
            .unwrap();
        let said = stderr(&output);
        assert!(output.status.code() == Some(2) && said.contains(words), "{address}: {said}");
    }
}

const THREADS: usize = 30;
const EACH: usize = 10;
