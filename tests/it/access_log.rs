//! The access log and the log on stderr: one line for each request, however it ended; nothing that opens a door; no line
//! that a viewer wrote.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::configs;
use crate::support::{Edge, RecordingOrigin, Response, canned, cloudfront_base64, request, wait_for};

const HOST: &str = "d111111abcdef8.cloudfront.net";
const FIELDS: usize = 33;

fn config(log: &str, origin: &str) -> String {
    format!("[access-log]\n{log}\n{}", configs::private(origin, "response-timeout = \"1s\""))
}

/// The lines of a log once there are so many, its head not counted.
fn lines(file: &Path, count: usize) -> Vec<String> {
    wait_for(|| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let lines: Vec<String> =
            text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
        (lines.len() >= count && text.ends_with('\n')).then_some(lines)
    })
}

fn json_lines(file: &Path, count: usize) -> Vec<Value> {
    let lines = lines(file, count);
    lines.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
}

/// What CloudFront's format undoes to.
fn decoded(field: &str) -> String {
    percent_decode(field.as_bytes())
}

fn percent_decode(field: &[u8]) -> String {
    let (mut bytes, mut at) = (Vec::new(), 0);
    while at < field.len() {
        if field[at] == b'%' {
            let hex = std::str::from_utf8(&field[at + 1..at + 3]).unwrap();
            bytes.push(u8::from_str_radix(hex, 16).unwrap());
            at += 3;
        } else {
            bytes.push(field[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Answers by path: a part, a body that breaks off, nothing.
fn origin() -> RecordingOrigin {
    RecordingOrigin::answering(|asked, stream| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n";
        match asked.target().split('?').next().unwrap() {
            "/public/part" => {
                let part = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-9/100\r\nContent-Length: 5\r\n\r\nhello";
                stream.write_all(part.as_bytes()).is_ok()
            }
            "/public/breaks" => {
                let _ = write!(stream, "{head}Content-Length: 100\r\n\r\npart");
                thread::sleep(Duration::from_millis(100));
                false
            }
            "/public/large" => {
                let _ = write!(stream, "{head}Content-Length: {}\r\n\r\n", 64 << 20);
                stream.write_all(&vec![b'x'; 64 << 20]).is_ok()
            }
            "/public/silent" => {
                thread::sleep(Duration::from_secs(5));
                false
            }
            "/public/trailers" => {
                let body = "5\r\nhello\r\n0\r\nX-Tr: 1\r\n\r\n";
                write!(stream, "{head}Trailer: X-Tr\r\nTransfer-Encoding: chunked\r\n\r\n{body}").is_ok()
            }
            "/public/missing" => {
                stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").is_ok()
            }
            _ => write!(stream, "{head}Content-Length: 5\r\n\r\nhello").is_ok(),
        }
    })
}

/// Target, method, header lines; status, result types, reason.
type Row =
    (&'static str, &'static str, &'static [&'static str], u64, [&'static str; 3], Option<&'static str>);

#[test]
fn every_request_has_its_line_also_the_aborted() {
    let origin = origin();
    let edge = Edge::serve(&config("format = \"json\"\nfile = \"access.log\"", &origin.url()));
    let file = edge.file("access.log");
    let mut count = 0;
    let mut line_of = |send: &dyn Fn()| {
        send();
        count += 1;
        json_lines(&file, count).pop().unwrap()
    };
    let rows: &[Row] = &[
        ("/public/x?a=1", "GET", &["Referer: https://a/b", "User-Agent: me 1.0"], 200, ["Miss"; 3], None),
        ("/public/x", "HEAD", &[], 200, ["Miss"; 3], None),
        ("/public/x", "POST", &["Content-Length: 0"], 200, ["Miss"; 3], None),
        ("/public/part", "GET", &["Range: bytes=5-9"], 206, ["Miss"; 3], None),
        ("/public/trailers", "GET", &[], 200, ["Miss"; 3], None),
        ("/public/trailers", "GET", &["TE: trailers"], 200, ["Miss"; 3], None),
        ("/public/missing", "GET", &[], 404, ["Error"; 3], None),
        ("/x", "GET", &[], 403, ["Error"; 3], Some("missing-key-pair-id")),
        (
            "/public/x",
            "BREW",
            &[],
            403,
            ["Error", "Error", "InvalidRequestMethod"],
            Some("method-not-allowed"),
        ),
        ("/public/breaks", "GET", &[], 200, ["Error", "Miss", "OriginReadError"], None),
        (
            "/public/silent",
            "POST",
            &["Content-Length: 0"],
            504,
            ["Error", "Error", "OriginCommError"],
            Some("origin-error"),
        ),
    ];
    for (target, method, headers, status, results, reason) in rows {
        let line = line_of(&|| drop(edge.send(request(method, HOST, target, headers))));
        let found = ["x-edge-result-type", "x-edge-response-result-type", "x-edge-detailed-result-type"];
        assert_eq!(found.map(|name| line[name].as_str().unwrap()), *results, "{line}");
        assert_eq!((line["sc-status"].as_u64(), line["reason"].as_str()), (Some(*status), *reason), "{line}");
        assert_eq!(
            (line["cs-method"].as_str(), line["distribution"].as_str()),
            (Some(*method), Some("EDFDVBD6EXAMPLE"))
        );
        let behavior = if target.starts_with("/public/") { "/public/*" } else { "*" };
        assert_eq!(line["behavior"], behavior);
        assert_eq!(
            (&line["c-ip"], &line["cs-protocol"], &line["cs(Host)"]),
            (&"127.0.0.1".into(), &"http".into(), &HOST.into())
        );
    }
    let all = json_lines(&file, rows.len());
    let (plain, part) = (&all[0], &all[3]);
    assert_eq!((&plain["cs-uri-stem"], &plain["cs-uri-query"]), (&"/public/x".into(), &"a=1".into()));
    assert_eq!((&plain["cs(Referer)"], &plain["cs(User-Agent)"]), (&"https://a/b".into(), &"me 1.0".into()));
    assert_eq!(
        (&plain["sc-content-type"], &plain["sc-content-len"]),
        (&"text/plain; charset=utf-8".into(), &5.into())
    );
    assert_eq!((&part["sc-range-start"], &part["sc-range-end"]), (&5.into(), &9.into()));
    // The whole of what was written on the socket, but for the date that hyper adds.
    let asked = request("GET", HOST, "/public/x?a=1", rows[0].2);
    assert_eq!(plain["cs-bytes"].as_u64(), Some(asked.len() as u64));
    let sent = edge.send(&asked);
    count += 1;
    let line = json_lines(&file, count).pop().unwrap();
    let whole = sent.head.len() + 2 + sent.body.len();
    let logged = usize::try_from(line["sc-bytes"].as_u64().unwrap()).unwrap();
    assert!(whole - logged < 60, "{whole} {logged}");

    // One who leaves before there is a response, one who leaves in the middle of it.
    for (target, status, results) in [
        ("/public/silent", 0, ["Error", "Error", "ClientHungUpRequest"]),
        ("/public/large", 200, ["Error", "Miss", "ClientCommError"]),
    ] {
        let asked_before = origin.requests().len();
        let mut stream = TcpStream::connect(edge.address).unwrap();
        stream.write_all(request("GET", HOST, target, &[]).as_bytes()).unwrap();
        wait_for(|| (origin.requests().len() > asked_before).then_some(()));
        if status == 200 {
            assert_eq!(Response::read_head_only(&mut stream), 200);
        }
        drop(stream);
        count += 1;
        let line = json_lines(&file, count).pop().unwrap();
        let found = ["x-edge-result-type", "x-edge-response-result-type", "x-edge-detailed-result-type"];
        assert_eq!(found.map(|name| line[name].as_str().unwrap()), results, "{line}");
        assert_eq!(line["sc-status"].as_u64(), Some(status), "{line}");
        wait_for(|| edge.log().contains("aborted=true").then_some(()));
    }
}

/// A good link that names a key in its query.
fn signed(url: &str) -> String {
    let signature =
        crate::support::sign_raw(&[crate::support::Raw::new("rsa", "SHA1", canned(url, "1990000000"))]);
    let (signature, key) = (cloudfront_base64(&signature[0]), configs::id("rsa"));
    let path = url.splitn(4, '/').nth(3).unwrap();
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("/{path}{sign}Expires=1990000000&Signature={signature}&Key-Pair-Id={key}")
}

#[test]
fn signatures_are_written_only_where_they_are_asked_for() {
    let origin = RecordingOrigin::start();
    let link = signed(&format!("http://{HOST}/x?a=1"));
    let secret = link.split("Signature=").nth(1).unwrap().split('&').next().unwrap();
    let cookies =
        format!("Cookie: theme=dark; CloudFront-Signature={secret}; CloudFront-Policy={secret}; session=s1");
    let referer = format!("Referer: https://{HOST}{link}");
    for (more, format, shows_signatures, shows_cookies) in [
        ("", "json", false, false),
        ("", "cloudfront", false, false),
        ("include-cookies = true", "json", false, true),
        ("include-cookies = true", "cloudfront", false, true),
        ("signatures = \"full\"", "json", true, false),
        ("signatures = \"full\"\ninclude-cookies = true", "cloudfront", true, true),
    ] {
        let log = format!("format = \"{format}\"\nfile = \"access.log\"\n{more}");
        let edge = Edge::serve(&config(&log, &origin.url()));
        assert_eq!(edge.get(HOST, &link, &[&cookies, &referer]).status, 200);
        let line = decoded(&lines(&edge.file("access.log"), 1)[0]);
        let part = &secret[..20];
        assert_eq!(line.contains(part), shows_signatures, "{more} {format}: {line}");
        assert_eq!(line.contains("session=s1"), shows_cookies, "{more} {format}: {line}");
        assert!(line.contains(configs::id("rsa")) && line.contains("Expires=1990000000"), "{line}");
        assert_eq!(line.contains("&Signature=...&Key-Pair-Id="), !shows_signatures, "{line}");
        let cut = "theme=dark; CloudFront-Signature=...; CloudFront-Policy=...; session=s1";
        assert_eq!(line.contains(cut), shows_cookies && !shows_signatures, "{line}");
        assert!(!edge.log().contains(part));
    }
}

#[test]
fn no_viewer_writes_a_line_of_its_own() {
    let origin = RecordingOrigin::start();
    // What a head may hold: tabs and bytes above ASCII; among these, what some readers take for a line's end.
    let odd = "a\tb\u{85}c\u{2028}d\u{2029}\",\"sc-status\":999,\"x\":\"\\u000a'";
    let target = "/public/%0a%0d2026-01-01%09x|\"{}\\^?q=%0A#<".replace(['#', '<'], "");
    for format in ["json", "cloudfront"] {
        let edge = Edge::serve(&config(
            &format!("format = \"{format}\"\nfile = \"access.log\"\ninclude-cookies = true"),
            &origin.url(),
        ));
        let fields =
            ["User-Agent", "Referer", "Cookie", "X-Forwarded-For"].map(|name| format!("{name}: {odd}"));
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        assert_eq!(edge.get(HOST, &target, &fields).status, 200);
        assert_eq!(edge.get("evil\thost", &target, &fields).status, 400);
        assert_eq!(edge.get(HOST, "/public/last", &[]).status, 200);
        let file = edge.file("access.log");
        lines(&file, 3);
        edge.signal("HUP");
        let text = std::fs::read_to_string(&file).unwrap();
        // As a reader would that knows more line ends than one.
        let ends = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}', '\u{b}', '\u{c}'];
        let found: Vec<&str> =
            text.split(ends).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        assert_eq!(found.len(), 3, "{text}");
        for line in &found {
            match format {
                "json" => {
                    let line: Value = serde_json::from_str(line).unwrap();
                    assert!(line["sc-status"] != 999, "{line}");
                }
                _ => assert_eq!(line.split('\t').count(), FIELDS, "{line}"),
            }
        }
        if format == "cloudfront" {
            let agent = found[0].split('\t').nth(10).unwrap();
            assert_eq!(decoded(agent), odd);
            assert!(agent.bytes().all(|byte| byte.is_ascii_graphic()), "{agent}");
        }
    }
}

#[test]
fn a_file_that_was_moved_away_is_made_anew_on_sighup() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&config("file = \"access.log\"", &origin.url()));
    let (file, old) = (edge.file("access.log"), edge.file("access.log.1"));
    let ask = |number: usize| {
        assert_eq!(edge.get(HOST, &format!("/public/{number}"), &[]).status, 200);
    };
    (0..5).for_each(ask);
    lines(&file, 5);
    std::fs::rename(&file, &old).unwrap();
    (5..8).for_each(ask);
    lines(&old, 8);
    // Said once, a second after; not for each line.
    let mut before_hup = 8;
    wait_for(|| {
        ask(8);
        before_hup += 1;
        edge.log().contains("was moved or removed").then_some(())
    });
    lines(&old, before_hup);
    edge.signal("HUP");
    wait_for(|| file.exists().then_some(()));
    (0..4).for_each(ask);
    let new = std::fs::read_to_string(&file).map(|_| lines(&file, 4)).unwrap();
    assert_eq!(new.len(), 4);
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("#Version: 1.0\n#Fields: date "));
    assert_eq!(lines(&old, before_hup).len(), before_hup);
    assert_eq!(edge.log().matches("was moved or removed").count(), 1);
    // And a file that has lines is gone on with, without a second head.
    edge.signal("HUP");
    wait_for(|| (edge.log().matches("was reloaded").count() >= 2).then_some(()));
    ask(0);
    lines(&file, 5);
    assert_eq!(std::fs::read_to_string(&file).unwrap().matches("#Version").count(), 1);
}

#[test]
fn a_full_disk_is_said_once_and_stops_nothing() {
    let origin = RecordingOrigin::start();
    let config =
        format!("[admin]\nlisten = \"127.0.0.1:0\"\n{}", config("file = \"/dev/full\"", &origin.url()));
    let edge = Edge::serve(&config);
    for _ in 0..50 {
        assert_eq!(edge.get(HOST, "/public/x", &[]).status, 200);
    }
    wait_for(|| {
        edge.admin_page("/metrics")
            .text()
            .contains("frontgate_access_log_lost_lines_total 50\n")
            .then_some(())
    });
    assert_eq!(edge.log().matches("writing the access log failed").count(), 1);
}

#[test]
fn lines_that_nobody_takes_are_lost_and_that_is_said() {
    let origin = RecordingOrigin::start();
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Open for both, so that neither side waits for the other to come.
    let mut reader = std::fs::File::options().read(true).write(true).open(&pipe).unwrap();
    let edge = Edge::serve(&config(&format!("file = {pipe:?}"), &origin.url()));
    // Refused, so that no origin is asked: some hundreds fill the pipe, 16,384 the queue.
    let mut stream = TcpStream::connect(edge.address).unwrap();
    let mut asking = stream.try_clone().unwrap();
    let asked = thread::spawn(move || {
        let one = format!("GET /private HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
        let last = request("GET", HOST, "/private", &[]);
        asking.write_all((one.repeat(18_000) + &last).as_bytes()).unwrap();
    });
    std::io::copy(&mut stream, &mut std::io::sink()).unwrap();
    asked.join().unwrap();
    wait_for(|| edge.log().contains("writing the access log is too slow").then_some(()));
    assert!(!edge.log().contains("has caught up"));
    thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
    wait_for(|| edge.log().contains("writing the access log has caught up lost=").then_some(()));
    assert_eq!(edge.log().matches("is too slow").count(), 1);
}

#[test]
fn it_goes_to_stdout_or_nowhere_and_a_place_that_can_not_be_is_an_error() {
    let origin = RecordingOrigin::start();
    for (log, on_stdout) in
        [("format = \"json\"", 1), ("file = \"-\"", 3), ("format = \"off\"\nfile = \"-\"", 0)]
    {
        let edge = Edge::serve(&config(log, &origin.url()));
        assert_eq!(edge.get(HOST, "/public/x", &[]).status, 200);
        wait_for(|| (edge.stdout().lines().count() == on_stdout).then_some(()));
    }
    let edge = Edge::serve(&configs::private(&origin.url(), ""));
    assert_eq!(edge.get(HOST, "/public/x", &[]).status, 200);
    assert_eq!(edge.stdout(), "");
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config.toml"), config("file = \"no/such/access.log\"", &origin.url()))
        .unwrap();
    let output = crate::support::frontgate().current_dir(dir.path()).arg("serve").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        crate::support::stderr(&output).contains("config.toml:2:8: the access log can't be written there")
    );
}

#[test]
fn at_the_end_the_last_lines_are_written_too() {
    let origin = origin();
    let config = config("format = \"json\"\nfile = \"access.log\"", &origin.url());
    let mut edge = Edge::serve(&format!("[server]\nshutdown-grace = \"100ms\"\n{config}"));
    let mut stream = TcpStream::connect(edge.address).unwrap();
    stream.write_all(request("GET", HOST, "/public/silent", &[]).as_bytes()).unwrap();
    wait_for(|| (!origin.requests().is_empty()).then_some(()));
    assert_eq!(edge.get(HOST, "/public/x", &[]).status, 200);
    edge.signal("TERM");
    assert_eq!(wait_for(|| edge.child.try_wait().unwrap()).code(), Some(0));
    let text = std::fs::read_to_string(edge.file("access.log")).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains("ClientHungUpRequest"), "{text}");
}

#[test]
fn stderr_is_quiet_and_says_each_denial_in_words() {
    let origin = RecordingOrigin::start();
    let config = configs::private(&origin.url(), "");
    for (args, ordinary, denials) in
        [(&["--test-mode"][..], 0, 1), (&["-v"], 1, 1), (&["-q"], 0, 0), (&["--log-format", "json"], 0, 1)]
    {
        let edge = Edge::serve_with(&config, args);
        assert_eq!(edge.get(HOST, "/public/ordinary", &[]).status, 200);
        assert_eq!(edge.get(HOST, "/denied", &[]).status, 403);
        let mut edge = edge;
        edge.signal("TERM");
        wait_for(|| edge.child.try_wait().unwrap());
        let log = edge.log();
        assert_eq!(log.matches("/public/ordinary").count(), ordinary, "{args:?}: {log}");
        let said = log.lines().filter(|line| line.contains("/denied")).collect::<Vec<_>>();
        assert_eq!(said.len(), denials, "{args:?}: {log}");
        assert!(
            said.iter()
                .all(|line| line.contains("missing-key-pair-id") && line.contains("no signing parameters")),
            "{log}"
        );
        if args.contains(&"json") {
            for line in log.lines() {
                let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
                assert!(line["level"].is_string(), "{line}");
            }
        }
    }
    // `dev` has somebody who looks on.
    let dev = Edge::dev(&[]);
    assert_eq!(dev.get("127.0.0.1", "/public/index.html", &[]).status / 100, 2);
    wait_for(|| dev.log().contains("/public/index.html").then_some(()));
}

#[test]
fn an_error_stays_one_in_the_log_whatever_the_status_of_its_page() {
    let origin = RecordingOrigin::answering(|request, stream| {
        let status = if request.target() == "/public/page" { "200 OK" } else { "404 Not Found" };
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").is_ok()
    });
    let page = "[[distributions.custom-error-responses]]\nresponse-page-path = \"/public/page\"\nresponse-code = 200\n";
    let pages = [403, 404].map(|status| format!("{page}error-code = {status}\n")).concat();
    let edge = Edge::serve(&(config("format = \"json\"\nfile = \"access.log\"", &origin.url()) + &pages));
    for target in ["/public/missing", "/private"] {
        assert_eq!(edge.get(HOST, target, &[]).status, 200, "{target}");
    }
    for line in json_lines(&edge.file("access.log"), 2) {
        assert_eq!(
            (&line["sc-status"], &line["x-edge-result-type"]),
            (&200.into(), &"Error".into()),
            "{line}"
        );
    }
}
