//! `frontgate dev`: strict judgement, its options, the link with cookies, its log; and `explain --keys`, which judges alike.

use std::io::Write;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use serde_json::{Value, json};

use crate::support::{Edge, RecordingOrigin, Response, frontgate, request, run, stderr, stdout, wait_for};

/// A link that `dev` printed.
fn printed(edge: &Edge, name: &str) -> String {
    let text = edge.stdout();
    let line = text.lines().find_map(|line| line.trim().strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).trim().to_owned()
}

fn parts(link: &str) -> (&str, &str, &str) {
    let (scheme, rest) = link.split_once("://").unwrap();
    let (host, target) = rest.split_at(rest.find('/').unwrap());
    (scheme, host, target)
}

fn open(edge: &Edge, link: &str, headers: &[&str]) -> Response {
    let (_, host, target) = parts(link);
    edge.get(host, target, headers)
}

fn sign(edge: &Edge, url: &str, more: &[&str]) -> String {
    let (id, key) = edge.dev_key();
    let args = ["sign", "url", url, "--key-pair-id", &id, "--private-key", &key, "--expires-in", "1h"];
    let output = run(&[&args[..], more].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output).trim().to_owned()
}

fn explained(edge: &Edge, links: &[String]) -> Vec<Value> {
    let mut child = frontgate()
        .current_dir(edge.dir.path())
        .args(["explain", "--keys", ".frontgate", "--json", "-"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let text = links.join("\n");
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let lines = stdout(&output);
    lines.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
}

/// Reference 8: the proxy, the console and `explain --keys` give one answer to one URL.
#[test]
fn two_hundred_urls_get_the_same_answer_from_the_proxy_the_console_and_explain() {
    let edge = Edge::dev(&[
        "--tls=127.0.0.1:0",
        "--console",
        "127.0.0.1:0",
        "--host",
        "media.example.com",
        "--host",
        "media.shop.localhost",
        "--base-url",
        "https://d111111abcdef8.cloudfront.net",
        "--private",
        "/hls/*",
        "--public",
        "/image.*",
        "--private",
        "/i*",
    ]);
    let (plain, secure) = (edge.address.port(), edge.https[0].port());
    let bases: Vec<String> =
        ["127.0.0.1", "localhost", "media.example.com", "media.shop.localhost", "other.example.com"]
            .iter()
            .flat_map(|host| [format!("http://{host}:{plain}"), format!("https://{host}:{secure}")])
            .chain(["https://d111111abcdef8.cloudfront.net".to_owned(), "http://127.0.0.1:1".to_owned()])
            .collect();
    let mut links = Vec::new();
    for (number, signed) in bases.iter().enumerate() {
        for path in ["/hls/playlist.m3u8", "/index.html"] {
            let link = sign(&edge, &format!("{signed}{path}"), &[]);
            let (_, _, target) = parts(&link);
            for requested in bases.iter().cycle().skip(number).take(8) {
                links.push(format!("{requested}{target}"));
            }
        }
        links.push(format!("{signed}/image.svg"));
        links.push(format!("{signed}/.frontgate/open"));
        links.push(format!("{signed}/other"));
    }
    links.truncate(200);
    assert_eq!(links.len(), 200);

    let answers = explained(&edge, &links);
    assert_eq!(answers.len(), links.len());
    let mut counts = (0, 0);
    for (link, answer) in links.iter().zip(&answers) {
        let (scheme, host, target) = parts(link);
        let asked = edge.get(host, target, &[&format!("X-Frontgate-Viewer-Proto: {scheme}")]);
        let by_proxy = (asked.reason().map(str::to_owned), asked.reason().is_none());
        let by_command = (answer["reason"].as_str().map(str::to_owned), answer["decision"] == "allow");
        assert_eq!(by_proxy, by_command, "{link}: {answer}");
        let page = console(&edge, link);
        let verdict = page.split("id=\"verdict\">").nth(1).unwrap().split('<').next().unwrap();
        assert_eq!(verdict.contains("Allowed"), by_command.1, "{link}: {verdict}");
        assert!(page.contains(host), "the console shows another URL than {link}");
        if by_command.1 { counts.0 += 1 } else { counts.1 += 1 }
    }
    assert!(counts.0 >= 40 && counts.1 >= 40, "{counts:?}");
}

/// The console's answer to something pasted.
fn console(edge: &Edge, link: &str) -> String {
    let admin = edge.admin.unwrap();
    let form: String = form_urlencoded(link);
    let body = format!("link={form}&method=GET&at=now&address=127.0.0.1");
    let head = format!(
        "POST /explain HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\nOrigin: http://{admin}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    crate::support::send_to(admin, head.as_bytes()).text()
}

fn form_urlencoded(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() { (byte as char).to_string() } else { format!("%{byte:02X}") }
            },
        )
        .collect()
}

#[test]
fn a_link_for_another_host_or_scheme_is_denied_and_its_cause_has_the_link_that_works() {
    let edge = Edge::dev(&[]);
    let port = edge.address.port();
    let good = sign(&edge, &format!("http://localhost:{port}/image.svg"), &[]);
    assert_eq!(open(&edge, &good, &[]).status, 200);
    let requested = good.replace("localhost", "127.0.0.1");
    assert_eq!(open(&edge, &requested, &[]).reason(), Some("signature-mismatch"));
    let explain = |link: &str| {
        let output = frontgate()
            .current_dir(edge.dir.path())
            .args(["explain", "--keys", ".frontgate", link])
            .output()
            .unwrap();
        (output.status.code(), stdout(&output))
    };
    let (code, text) = explain(&requested);
    assert!(code == Some(1) && text.contains("cause: host (proven)"), "{text}");
    assert!(text.contains(&format!("open instead: {good}\n")), "{text}");
    assert!(text.contains(&format!("requested: http://127.0.0.1:{port}/image.svg\n")), "{text}");
    // A custom policy for the one host is the same mistake.
    let wide = format!("http://localhost:{port}/*");
    let custom = sign(&edge, &format!("http://localhost:{port}/image.svg"), &["--resource", &wide]);
    let (_, text) = explain(&custom.replace("localhost", "127.0.0.1"));
    assert!(text.contains("cause: host (proven)"), "{text}");
    assert!(text.contains(&format!("open instead: {custom}\n")), "{text}");
    // A scheme, too: https as requested, http as signed.
    let (_, text) = explain(&good.replace("http://", "https://"));
    assert!(text.contains("cause: scheme (proven)"), "{text}");
    // A name that nobody vouches for: the host is the cause, and what is shown is what was pasted.
    let (_, text) = explain(&good.replace("localhost", "media.example.com"));
    assert!(text.contains("cause: host (proven)"), "{text}");
    assert!(text.contains(&format!("requested: http://media.example.com:{port}/image.svg\n")), "{text}");
    // The log says where the link works, without its signature.
    let said = "host (proven): the link was signed for another host than it was opened under";
    let log = wait_for(|| Some(edge.log()).filter(|log| log.contains(said)));
    assert!(log.contains(&format!("; it was signed for http://localhost:{port}/image.svg\n")), "{log}");
    let host = edge.get(&format!("media.example.com:{port}"), parts(&good).2, &[]);
    assert_eq!(host.reason(), Some("signature-mismatch"));
}

#[test]
fn rules_hold_in_the_order_of_the_command_line() {
    let status = |edge: &Edge, path: &str| edge.get(&edge.address.to_string(), path, &[]).status;
    let edge = Edge::dev(&["--public", "/hls/playlist.m3u8", "--private", "/hls/*"]);
    for (path, expected) in
        [("/hls/playlist.m3u8", 200), ("/hls/segment-0.ts", 403), ("/image.svg", 200), ("/public/x", 404)]
    {
        assert_eq!(status(&edge, path), expected, "{path}");
    }
    let edge = Edge::dev(&["--private", "/hls/*", "--public", "/hls/playlist.m3u8"]);
    assert_eq!(status(&edge, "/hls/playlist.m3u8"), 403);
    let edge = Edge::dev(&["--public", "/image.svg"]);
    assert_eq!([status(&edge, "/image.svg"), status(&edge, "/public/index.html")], [200, 403]);
    let state: Value =
        serde_json::from_str(&std::fs::read_to_string(edge.file(".frontgate/dev.json")).unwrap()).unwrap();
    assert_eq!(state["patterns"], json!([{"pattern": "/image.svg", "access": "public"}]));
    assert_eq!(state["listeners"]["http"], json!([edge.address.to_string()]));
    assert_eq!(state["admin-url"], json!(format!("http://{}/", edge.admin.unwrap())));
    let output = run(&["dev", "--private", "/a/../b"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn without_a_state_file_every_urls_own_base_counts() {
    let edge = Edge::dev(&["--private", "/hls/*"]);
    std::fs::remove_file(edge.file(".frontgate/dev.json")).unwrap();
    let link = sign(&edge, "https://media.example.com/a", &[]);
    let public = "https://media.example.com/public/x".to_owned();
    let bare = "https://media.example.com/a".to_owned();
    let decisions: Vec<Value> =
        explained(&edge, &[link, public, bare]).iter().map(|one| one["decision"].clone()).collect();
    assert_eq!(decisions, ["allow", "allow", "deny"]);
    // A file that isn't one of ours is no reason to guess.
    std::fs::write(edge.file(".frontgate/dev.json"), "{}").unwrap();
    let output = frontgate()
        .current_dir(edge.dir.path())
        .args(["explain", "--keys", ".frontgate", "http://a/b"])
        .output()
        .unwrap();
    assert!(output.status.code() == Some(2) && stderr(&output).contains("dev.json"), "{}", stderr(&output));
}

#[test]
fn base_urls_count_for_every_host_and_hosts_for_themselves() {
    let edge = Edge::dev(&["--host", "Media.Example.com", "--base-url", "https://films.example.com/"]);
    let port = edge.address.port();
    assert!(printed(&edge, "signed link").starts_with(&format!("http://media.example.com:{port}/?")));
    let link = sign(&edge, "https://films.example.com/image.svg", &[]);
    for host in [format!("127.0.0.1:{port}"), "frontgate:8080".to_owned(), "media.example.com".to_owned()] {
        assert_eq!(edge.get(&host, parts(&link).2, &[]).status, 200, "{host}");
    }
    let own = sign(&edge, &format!("http://media.example.com:{port}/image.svg"), &[]);
    assert_eq!(open(&edge, &own, &[]).status, 200);
    assert_eq!(edge.get(&format!("127.0.0.1:{port}"), parts(&own).2, &[]).status, 403);
    let foreign = sign(&edge, &format!("http://other.example.com:{port}/image.svg"), &[]);
    assert_eq!(open(&edge, &foreign, &[]).status, 403);
    for (args, words) in [
        (["dev", "--host", "https://a.localhost"], "without scheme and port"),
        (["dev", "--host", "a.localhost:8080"], "without scheme and port"),
        (["dev", "--base-url", "films.example.com"], "http://"),
    ] {
        let output = run(&args);
        assert!(
            output.status.code() == Some(2) && stderr(&output).contains(words),
            "{args:?}: {}",
            stderr(&output)
        );
    }
}

/// `explain` knows the files of the demo site and of a folder, also from another working directory.
#[test]
fn a_link_of_another_file_is_named_also_without_a_common_name() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["holiday.jpg", "budget.ods"] {
        std::fs::write(folder.path().join(name), name).unwrap();
    }
    let shown = folder.path().to_str().unwrap().to_owned();
    for (args, signed, requested) in [
        (vec![], "/image.svg", "/video.bin"),
        (vec![], "/video.bin", "/image.svg"),
        (vec![shown.as_str()], "/holiday.jpg", "/budget.ods"),
    ] {
        let edge = Edge::dev(&args);
        let link = sign(&edge, &format!("http://{}{signed}", edge.address), &[]);
        let found = explained(&edge, &[link.replacen(signed, requested, 1)]).remove(0);
        let cause = &found["causes"][0];
        assert_eq!(cause["mistake"], "canned-for-another-file", "{requested}: {found}");
        assert_eq!(cause["signed"], json!(format!("http://{}{signed}", edge.address)));
    }
}

/// What differs is named for the URL that was requested, not for a base URL that is nearer to what was signed.
#[test]
fn a_link_of_the_other_listener_differs_in_scheme_and_port_alone() {
    let edge = Edge::dev(&["--tls=127.0.0.1:0", "--base-url", "http://frontgate:8080"]);
    let (plain, secure) = (edge.address.port(), edge.https[0].port());
    for (signed, requested, mistakes) in [
        (format!("http://localhost:{plain}"), format!("https://localhost:{secure}"), "scheme port"),
        (format!("https://localhost:{secure}"), format!("http://localhost:{plain}"), "scheme port"),
        ("http://localhost:8080".to_owned(), format!("https://localhost:{secure}"), "scheme port"),
        ("http://localhost:3000".to_owned(), format!("http://localhost:{plain}"), "port"),
        (format!("http://localhost:{plain}"), format!("http://127.0.0.1:{plain}"), "host"),
        (format!("http://localhost:{plain}"), format!("https://127.0.0.1:{secure}"), "host"),
    ] {
        let link = sign(&edge, &format!("{signed}/image.svg"), &[]);
        let sent = link.replacen(&signed, &requested, 1);
        let found = explained(&edge, std::slice::from_ref(&sent)).remove(0);
        let causes = found["causes"].as_array().unwrap();
        let names: Vec<&str> = causes.iter().map(|cause| cause["mistake"].as_str().unwrap()).collect();
        assert_eq!(names.join(" "), mistakes, "{sent}");
        for cause in causes {
            assert_eq!(cause["signed"], json!(format!("{signed}/image.svg")), "{sent}");
            assert_eq!(cause["requested"], json!(format!("{requested}/image.svg")), "{sent}");
        }
    }
}

#[test]
fn the_link_with_cookies_opens_the_site_and_only_for_this_machine() {
    let origin = RecordingOrigin::start();
    let edge = Edge::dev(&[&origin.url()]);
    let base = format!("http://{}", edge.address);
    let link = printed(&edge, "with cookies");
    assert!(link.starts_with(&format!("{base}/.frontgate/open?")), "{link}");
    let opened = open(&edge, &link, &[]);
    assert_eq!((opened.status, opened.header("Location")), (302, Some("/")));
    let cookies: Vec<&str> =
        opened.head.lines().filter_map(|line| line.strip_prefix("Set-Cookie: ")).collect();
    assert_eq!(cookies.len(), 3, "{}", opened.head);
    for cookie in &cookies {
        assert!(cookie.contains("; HttpOnly") && cookie.contains("; Path=/"), "{cookie}");
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    let sent: Vec<&str> = cookies.iter().map(|cookie| cookie.split(';').next().unwrap()).collect();
    let sent = format!("Cookie: {}", sent.join("; "));
    let host = edge.address.to_string();
    assert_eq!(edge.get(&host, "/private/page?x=1", &[&sent]).status, 200);
    // For `scheme://host/*`: not for the other name of this machine, and not after the link's end.
    let elsewhere = edge.get(&format!("localhost:{}", edge.address.port()), "/private/page", &[&sent]);
    assert_eq!(elsewhere.reason(), Some("resource-mismatch"));
    assert_eq!(edge.get(&host, "/x", &[&sent, "X-Frontgate-Now: +23h"]).status, 200);
    assert_eq!(edge.get(&host, "/x", &[&sent, "X-Frontgate-Now: +25h"]).reason(), Some("expired"));
    // Nobody that a tunnel or proxy brings, no other path, no other kind of signature.
    for through in ["X-Forwarded-For: 203.0.113.9", "Forwarded: for=203.0.113.9", "Via: 1.1 tunnel"] {
        let refused = open(&edge, &link, &[through]);
        assert_eq!((refused.status, refused.header("Set-Cookie")), (403, None), "{through}");
    }
    assert_eq!(edge.get(&host, "/.frontgate/open", &[]).reason(), Some("missing-key-pair-id"));
    let wide = sign(&edge, &format!("{base}/.frontgate/open"), &["--resource", &format!("{base}/*")]);
    let mut refused = vec![open(&edge, &wide, &[]), edge.get(&host, "/.frontgate/open", &[&sent])];
    refused.push(open(&edge, &sign(&edge, &format!("{base}/.frontgate/other"), &[]), &[]));
    refused.push(open(&edge, &sign(&edge, &format!("{base}/.frontgate/./open"), &[]), &[]));
    refused.push(open(&edge, &sign(&edge, &format!("{base}/%2efrontgate/open"), &[]), &[]));
    for refused in refused {
        assert!(refused.status / 100 == 4 && refused.header("Set-Cookie").is_none(), "{}", refused.head);
    }
    assert!(origin.requests().iter().all(|asked| !asked.target().contains("frontgate")), "never forwarded");
}

#[test]
fn cors_is_granted_with_credentials_and_denials_are_said_to_look_like_cors_errors() {
    let app = "Origin: http://localhost:5173";
    let edge = Edge::dev(&["--cors", "http://localhost:5173"]);
    let host = edge.address.to_string();
    let link = sign(&edge, &format!("http://{host}/image.svg"), &[]);
    let good = open(&edge, &link, &[app]);
    assert_eq!(good.header("Access-Control-Allow-Origin"), Some("http://localhost:5173"));
    assert_eq!(good.header("Access-Control-Allow-Credentials"), Some("true"));
    assert_eq!(
        open(&edge, &link, &["Origin: http://localhost:1"]).header("Access-Control-Allow-Origin"),
        None
    );
    let preflight = |edge: &Edge| {
        let asks =
            ["Access-Control-Request-Method: GET", "Access-Control-Request-Headers: x-player, range", app];
        edge.send(request("OPTIONS", &edge.address.to_string(), "/image.svg", &asks))
    };
    let passed = preflight(&edge);
    assert_eq!(passed.status / 100, 2, "{}", passed.head);
    assert_eq!(passed.header("Access-Control-Allow-Headers"), Some("x-player, range"));
    let denied = edge.get(&host, "/image.svg", &[app]);
    assert_eq!((denied.status, denied.header("Access-Control-Allow-Origin")), (403, None));
    let log = wait_for(|| Some(edge.log()).filter(|log| log.contains("CORS error")));
    assert!(
        log.contains("403 GET /image.svg missing-key-pair-id: no signature was sent\n         not-sent"),
        "{log}"
    );
    let any = Edge::dev(&["--cors", "any"]);
    let link = sign(&any, &format!("http://{}/image.svg", any.address), &[]);
    let good = open(&any, &link, &["Origin: https://anything.example"]);
    assert_eq!(good.header("Access-Control-Allow-Origin"), Some("https://anything.example"));
    let without = Edge::dev(&[]);
    assert_eq!(preflight(&without).status, 403);
    assert_eq!(run(&["dev", "--cors", "localhost:5173"]).status.code(), Some(2));
}

#[test]
fn the_clock_starts_where_it_is_told_to_and_a_browser_may_move_it_by_a_cookie() {
    let origin = RecordingOrigin::start();
    let edge = Edge::dev(&["--now", "2033-05-18T03:33:20Z", &origin.url()]);
    let host = edge.address.to_string();
    let (id, key) = edge.dev_key();
    let signed = |end: &str| {
        let url = format!("http://{host}/x");
        stdout(&run(&["sign", "url", &url, "--key-pair-id", &id, "--private-key", &key, "--expires", end]))
            .trim()
            .to_owned()
    };
    assert_eq!(open(&edge, &signed("2000000000"), &[]).reason(), Some("expired"));
    let link = signed("2000003600");
    assert_eq!(open(&edge, &link, &[]).status, 200);
    let asked = open(&edge, &link, &["Cookie: a=1; Frontgate-Now=%2B59m; b=2"]);
    assert_eq!(asked.status, 200);
    assert_eq!(origin.last().headers("cookie"), ["a=1; b=2"]);
    assert_eq!(open(&edge, &link, &["Cookie: Frontgate-Now=+61m"]).reason(), Some("expired"));
    assert_eq!(open(&edge, &link, &["Cookie: Frontgate-Now=+61m", "X-Frontgate-Now: +1m"]).status, 200);
    assert_eq!(open(&edge, &link, &["Cookie: Frontgate-Now=soon"]).status, 400);
    assert_eq!(open(&edge, &link, &["Cookie: Frontgate-Now=+61m", "Via: 1.1 x"]).status, 200);
    assert!(edge.stdout().contains("2033-05-18T03:3"), "{}", edge.stdout());
    assert!(wait_for(|| Some(edge.log()).filter(|log| log.contains("/x"))).contains("403 GET /x expired"));
}

#[test]
fn at_most_ten_lines_are_printed_and_quiet_prints_none() {
    let lines = |edge: &Edge| edge.stdout().lines().count() + edge.log().lines().count();
    let full = Edge::dev(&[
        "127.0.0.1:1",
        "--tls=127.0.0.1:0",
        "--now",
        "+1h",
        "--private",
        "/a",
        "--public",
        "/b",
        "--cors",
        "any",
    ]);
    wait_for(|| full.log().contains("nothing accepts connections").then_some(()));
    assert!((5..=10).contains(&lines(&full)), "{}{}", full.stdout(), full.log());
    let verbose = Edge::dev(&["-v"]);
    assert!(verbose.stdout().contains("CloudFrontSigner"));
    let quiet = Edge::dev(&["-q"]);
    assert_eq!(quiet.get(&quiet.address.to_string(), "/x", &[]).status, 403);
    quiet.signal("TERM");
    let mut quiet = quiet;
    wait_for(|| quiet.child.try_wait().unwrap());
    assert_eq!(lines(&quiet), 0, "{}{}", quiet.stdout(), quiet.log());
}

#[test]
fn the_log_has_a_line_for_each_request_and_folds_what_browsers_request_by_themselves() {
    let edge = Edge::dev(&[]);
    let host = edge.address.to_string();
    for path in ["/favicon.ico", "/favicon.ico", "/public/index.html", "/last?a=1"] {
        edge.get(&host, path, &[]);
    }
    let link = sign(&edge, &format!("http://{host}/image.svg"), &[]);
    open(&edge, &format!("{link}&utm=1"), &[]);
    let log =
        wait_for(|| Some(edge.log()).filter(|log| log.contains("/last") && log.contains("query-added")));
    assert_eq!(log.matches("/favicon.ico").count(), 1, "{log}");
    let line = log.lines().find(|line| line.contains("/public/index.html")).unwrap();
    let (time, rest) = line.split_at(8);
    assert!(
        time.bytes().enumerate().all(|(at, byte)| if at % 3 == 2 {
            byte == b':'
        } else {
            byte.is_ascii_digit()
        }),
        "{line}"
    );
    assert_eq!(rest, " 200 GET /public/index.html");
    assert!(log.contains("403 GET /last?a=1 missing-key-pair-id: no signature was sent\n"), "{log}");
    assert!(log.contains("403 GET /image.svg?utm=1 signature-mismatch: "), "{log}");
    assert!(!log.contains("Signature=") && !log.contains("INFO"), "{log}");
}

#[test]
fn a_taken_port_is_passed_over_only_where_none_was_asked_for() {
    let start = |args: &[&str]| {
        let mut command = frontgate();
        command.arg("dev").args(args);
        Edge::start(command, tempfile::tempdir().unwrap())
    };
    // 8080 is taken by this, or by somebody else.
    let _taken = TcpListener::bind("127.0.0.1:8080");
    let edge = start(&["--console", "off"]);
    assert!(edge.address.port() > 8080, "{}", edge.address);
    assert!(edge.stdout().contains("(8080 is in use)"), "{}", edge.stdout());
    let port = edge.address.port().to_string();
    let output = run(&["dev", "-p", &port]);
    assert!(output.status.code() == Some(2) && stderr(&output).contains("in use"), "{}", stderr(&output));
}

#[test]
fn a_dead_origin_is_said_and_a_port_is_enough_to_name_one() {
    let origin = RecordingOrigin::start();
    let port = origin.address.port();
    for given in
        [format!("{port}"), format!(":{port}"), format!("localhost:{port}"), format!("127.0.0.1:{port}/app")]
    {
        let edge = Edge::dev(&["--public", "*", &given]);
        assert_eq!(edge.get(&edge.address.to_string(), "/x", &[]).status, 200, "{given}");
        let path = if given.ends_with("/app") { "/app/x" } else { "/x" };
        assert_eq!(origin.last().target(), path);
        assert!(!edge.log().contains("nothing accepts"), "{}", edge.log());
    }
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let edge = Edge::dev(&[&free.to_string()]);
    let said = format!("nothing accepts connections on localhost:{free} yet");
    wait_for(|| edge.log().contains(&said).then_some(()));
    for (origin, words) in
        [("./nodir", "doesn't exist"), ("s3://", "the name of a bucket"), ("ftp://x", "http://")]
    {
        let output = run(&["dev", origin]);
        assert!(
            output.status.code() == Some(2) && stderr(&output).contains(words),
            "{origin}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn a_unix_socket_is_an_origin() {
    let dir = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(dir.path().join("app.sock")).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let Some((head, _)) = crate::support::read_head(&mut stream) else { continue };
            let body = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
            );
        }
    });
    let mut command = frontgate();
    command.args(["dev", "unix:app.sock", "--public", "*", "--listen", "127.0.0.1:0"]);
    let edge = Edge::start(command, dir);
    let answer = edge.get(&edge.address.to_string(), "/x?y=1", &[]);
    assert_eq!((answer.status, answer.text().as_str()), (200, "GET /x?y=1 HTTP/1.1"));
    assert!(edge.stdout().contains("unix:app.sock"), "{}", edge.stdout());
}

#[test]
fn a_storage_that_refuses_our_credentials_is_named_in_the_log() {
    let storage = RecordingOrigin::answering(|_, stream| {
        let body = "<Error><Code>SignatureDoesNotMatch</Code></Error>";
        write!(stream, "HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\n\r\n{body}", body.len()).is_ok()
    });
    let mut command = frontgate();
    command.args([
        "dev",
        "s3://films/2026",
        "--endpoint",
        &storage.url(),
        "--public",
        "*",
        "--listen",
        "127.0.0.1:0",
    ]);
    command.envs([("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "wrong")]);
    let edge = Edge::start(command, tempfile::tempdir().unwrap());
    assert_eq!(edge.get(&edge.address.to_string(), "/a.mp4", &[]).status, 403);
    assert_eq!(storage.last().target(), "/films/2026/a.mp4");
    let log = wait_for(|| Some(edge.log()).filter(|log| log.contains("the storage refused our credentials")));
    assert!(log.contains("403 GET /a.mp4\n"), "{log}");
    let config = format!(
        "[[distributions]]\nid = \"E\"\ndomain-name = \"a.example.com\"\n[[distributions.origins]]\nid = \"o\"\n\
         s3 = {{ bucket = \"films\", region = \"us-east-1\", endpoint = \"{}\", path-style = true }}\n\
         [distributions.default-cache-behavior]\ntarget-origin = \"o\"\n",
        storage.url()
    );
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config.toml"), config).unwrap();
    let mut command = frontgate();
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    command.envs([("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "wrong")]);
    let edge = Edge::start(command, dir);
    assert_eq!(edge.get("a.example.com", "/a.mp4", &[]).status, 403);
    let log = wait_for(|| {
        Some(edge.log()).filter(|log| log.contains("note=\"the storage refused our credentials"))
    });
    assert!(log.contains("INFO access:"), "{log}");
}
