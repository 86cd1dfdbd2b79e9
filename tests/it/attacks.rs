//! What bad input gets, over the plain and the TLS listener alike: a bound, an end, and no effect on other viewers.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::configs;
use crate::support::tls::{self, HOST};
use crate::support::{Edge, RecordingOrigin, Response, request, wait_for};

/// A viewer's connection, in the clear or not.
trait Wire: Read + Write + Send {}
impl<T: Read + Write + Send> Wire for T {}

const KINDS: [&str; 2] = ["plain", "TLS"];

fn open(edge: &Edge, kind: &str) -> Box<dyn Wire> {
    if kind == "TLS" {
        return Box::new(tls::connect(edge.https[0]));
    }
    let stream = TcpStream::connect(edge.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    Box::new(stream)
}

/// The status of the answer to some bytes; none where the connection ends without one.
fn ask(edge: &Edge, kind: &str, bytes: &[u8]) -> Option<u16> {
    let mut stream = open(edge, kind);
    // The other side may have closed before it has taken all of it.
    let _ = stream.write_all(bytes);
    let _ = stream.flush();
    Response::read_unless_closed(&mut stream, false).map(|response| response.status)
}

fn site(origin: &RecordingOrigin, limits: &str) -> Edge {
    tls::serve(&format!("limits = {{ {limits} }}"), "", &configs::main(&origin.url()))
}

/// Others are answered at once.
fn others_are_served(edge: &Edge) {
    for kind in KINDS {
        let begun = Instant::now();
        assert_eq!(
            ask(edge, kind, request("GET", HOST, "/public/other", &[]).as_bytes()),
            Some(200),
            "{kind}"
        );
        assert!(begun.elapsed() < Duration::from_secs(2), "{kind}: {:?}", begun.elapsed());
    }
}

/// Heads that two readers may read differently, or that are no HTTP. `H` stands for a Host line.
const MALFORMED: [&[u8]; 55] = [
    b"POST /public/x HTTP/1.1\r\nH\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
    b"POST /public/x HTTP/1.1\r\nH\r\nContent-Length: 3, 5\r\n\r\nabcde",
    b"POST /public/x HTTP/1.1\r\nH\r\nContent-Length: +3\r\n\r\nabc",
    b"POST /public/x HTTP/1.1\r\nH\r\nContent-Length: -3\r\n\r\nabc",
    b"POST /public/x HTTP/1.1\r\nH\r\nContent-Length: 0x3\r\n\r\nabc",
    b"POST /public/x HTTP/1.1\r\nH\r\nContent-Length: 3 3\r\n\r\nabc",
    b"POST /public/x HTTP/1.1\r\nH\r\nContent-Length: three\r\n\r\nabc",
    b"POST /public/x HTTP/1.1\r\nH\r\nContent-Length: 99999999999999999999\r\n\r\nabc",
    b"POST /public/x HTTP/1.1\r\nH\r\nContent-Length : 3\r\n\r\nabc",
    b"POST /public/x HTTP/1.1\r\nH\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    b"POST /public/x HTTP/1.1\r\nH\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"POST /public/x HTTP/1.1\r\nH\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    b"POST /public/x HTTP/1.1\r\nH\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
    b"POST /public/x HTTP/1.1\r\nH\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    b"POST /public/x HTTP/1.1\r\nH\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    b"POST /public/x HTTP/1.0\r\nH\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET /public/x HTTP/1.1\r\nH\r\nX: a\r\n folded\r\n\r\n",
    b"GET /public/x HTTP/1.1\r\nH\r\nX: a\r\n\tfolded\r\n\r\n",
    b"GET /public/x HTTP/1.1\r\n H\r\n\r\n",
    b"GET /public/x HTTP/1.1\r\nH\r\nX: a\rb\r\n\r\n",
    b"GET /public/x HTTP/1.1\r\nH\r\nX: a\rY: b\r\n\r\n",
    b"GET /public/x HTTP/1.1\r\nH\r\nX: a\0b\r\n\r\n",
    b"GET /public/x HTTP/1.1\r\nH\r\nX\0: a\r\n\r\n",
    b"GET /public/x HTTP/1.1\r\nH\r\nX: a\x7fb\r\n\r\n",
    b"GET /public/x HTTP/1.1\r\nH\r\nX : a\r\n\r\n",
    b"GET /public/x HTTP/1.1\r\nH\r\nX Y: a\r\n\r\n",
    b"GET /public/x HTTP/1.1\r\nH\r\n: a\r\n\r\n",
    b"GET /public/x HTTP/1.1\r\nH\r\nno colon\r\n\r\n",
    b"GET /public/x HTTP/1.1\r\nH\r\n\xc3\xa9: a\r\n\r\n",
    b"GET /public/x HTTP/1.1\r\nH\r\nX(: a\r\n\r\n",
    b"GET /public/x HTTP/1.1\r\nH\r\nHost: other.example.org\r\n\r\n",
    b"GET /public/x HTTP/1.1\r\nHost : d111111abcdef8.cloudfront.net\r\n\r\n",
    b"GET /public/x HTTP/1.1\r\n\r\n",
    b"GET http://other.example.org/public/x HTTP/1.1\r\nH\r\n\r\n",
    b"GET http:///public/x HTTP/1.1\r\nH\r\n\r\n",
    b"GET /public/x y HTTP/1.1\r\nH\r\n\r\n",
    b"GET /public/\0x HTTP/1.1\r\nH\r\n\r\n",
    b"GET /public/\x01x HTTP/1.1\r\nH\r\n\r\n",
    b"GET  HTTP/1.1\r\nH\r\n\r\n",
    b"G(T /public/x HTTP/1.1\r\nH\r\n\r\n",
    b"GET /public/x HTTP/1.2\r\nH\r\n\r\n",
    b"GET /public/x HTTP/2.0\r\nH\r\n\r\n",
    b"GET /public/x http/1.1\r\nH\r\n\r\n",
    b"GET /public/x\r\nH\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
    b"GET /public/x HTTP/1.1\nH\r\n\r\n",
    b"GET /public/x HTTP/1.1\r\nHost: d111111abcdef8.cloudfront.net\nX: y\r\n\r\n",
    b"GET /public/x HTTP/1.1\r\nH\r\nX: y\n\r\n",
    b"GET /public/x HTTP/1.1\r\nH\r\n\n",
    b"POST /public/x HTTP/1.1\r\nH\r\nX: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /public/x HTTP/1.1\r\nH\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /public/x HTTP/1.1\r\nH\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    b"POST /public/x HTTP/1.1\r\nH\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
    b"POST /public/x HTTP/1.1\r\nH\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
];

fn with_host(bytes: &[u8]) -> Vec<u8> {
    let at = bytes.windows(3).position(|window| window == b"H\r\n").filter(|at| {
        // The line that is `H` alone, perhaps behind a space.
        matches!(bytes.get(at.wrapping_sub(1)), Some(b'\n' | b' '))
    });
    let Some(at) = at else { return bytes.to_vec() };
    [&bytes[..at], format!("Host: {HOST}").as_bytes(), &bytes[at + 1..]].concat()
}

#[test]
fn what_may_be_read_in_two_ways_is_refused() {
    let origin = RecordingOrigin::start();
    let edge = site(&origin, "");
    for kind in KINDS {
        for bytes in MALFORMED {
            let bytes = with_host(bytes);
            // What is smuggled behind must not become a request that somebody believes to be judged.
            // Without a body there is no doubt where the next request begins.
            let behind: &[u8] = if bytes.starts_with(b"POST") {
                b"GET /public/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
            } else {
                b""
            };
            for bytes in [&bytes, &[&bytes[..], behind].concat()] {
                let status = ask(&edge, kind, bytes);
                assert!(
                    status
                        .is_none_or(|status| (400..500).contains(&status) || status == 501 || status == 505),
                    "{kind} {status:?}: {}",
                    bytes.escape_ascii()
                );
                let seen = origin.requests();
                assert!(seen.is_empty(), "{kind} {seen:?}: {}", bytes.escape_ascii());
            }
        }
    }
    others_are_served(&edge);
}

#[test]
fn both_kinds_of_length_are_refused_or_made_one() {
    for kind in KINDS {
        let origin = RecordingOrigin::start();
        let edge = site(&origin, "");
        for (length, body) in [
            (4, "0\r\n\r\nGET /public/smuggled HTTP/1.1\r\n\r\n"),
            (6, "0\r\n\r\nG"),
            (5, "3\r\nabc\r\n0\r\n\r\n"),
        ] {
            for lines in [
                "Content-Length: L\r\nTransfer-Encoding: chunked",
                "Transfer-Encoding: chunked\r\nContent-Length: L",
            ] {
                let lines = lines.replace('L', &length.to_string());
                let text = format!("POST /public/x HTTP/1.1\r\nHost: {HOST}\r\n{lines}\r\n\r\n{body}");
                let before = origin.requests().len();
                let status = ask(&edge, kind, text.as_bytes());
                assert!(status.is_none_or(|status| [200, 400].contains(&status)), "{status:?}: {text}");
                for asked in &origin.requests()[before..] {
                    assert_eq!(asked.target(), "/public/x", "{text}");
                    let both = !asked.headers("content-length").is_empty()
                        && !asked.headers("transfer-encoding").is_empty();
                    assert!(!both, "{asked:?}");
                }
            }
        }
    }
}

#[test]
fn chunks_are_read_in_one_way_only() {
    let head = format!(
        "POST /public/x HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    for kind in KINDS {
        let origin = RecordingOrigin::start();
        let edge = site(&origin, "");
        let long = format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(20_000));
        let trailers =
            format!("5\r\nhello\r\n0\r\n{}\r\n", format!("T: {}\r\n", "y".repeat(1000)).repeat(200));
        for body in [
            "0x5\r\nhello\r\n0\r\n\r\n",
            "-5\r\nhello\r\n0\r\n\r\n",
            "+5\r\nhello\r\n0\r\n\r\n",
            "FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n",
            "5\r\nhelloXX\r\n0\r\n\r\n",
            "5\r\nhello0\r\n\r\n",
            "5\rXhello\r\n0\r\n\r\n",
            "\r\nhello\r\n0\r\n\r\n",
            "5 5\r\nhello\r\n0\r\n\r\n",
            &long,
            &trailers,
        ] {
            let status = ask(&edge, kind, (head.clone() + body).as_bytes());
            let shown = &body[..body.len().min(60)];
            assert!(status.is_none_or(|status| status / 100 == 4), "{kind} {status:?}: {shown:?}");
        }
        // What is allowed passes, without what only we were told.
        let head = head.replace("/public/x", "/public/allowed");
        let body = "5;name=\"value\"\r\nhello\r\n0\r\nHost: evil.example.org\r\nContent-Length: 9\r\n\r\n";
        assert_eq!(ask(&edge, kind, (head.clone() + body).as_bytes()), Some(200));
        let asked: Vec<_> =
            origin.requests().into_iter().filter(|asked| asked.target() == "/public/allowed").collect();
        assert_eq!((asked.len(), asked[0].body.as_slice()), (1, &b"hello"[..]));
        assert_eq!((asked[0].headers("host").len(), asked[0].headers("content-length").len()), (1, 0));
    }
}

#[test]
fn heads_of_any_size_are_bounded() {
    let origin = RecordingOrigin::start();
    let edge = site(&origin, "");
    for kind in KINDS {
        let large = request("GET", HOST, "/public/x", &[&format!("X: {}", "y".repeat(40_000))]);
        assert_eq!(ask(&edge, kind, large.as_bytes()), Some(413), "{kind}");
        let long = format!("/public/{}", "y".repeat(9_000));
        assert_eq!(ask(&edge, kind, request("GET", HOST, &long, &[]).as_bytes()), Some(413), "{kind}");
        let lines: Vec<String> = (0..2_000).map(|number| format!("X-{number}: y")).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let status = ask(&edge, kind, request("GET", HOST, "/public/x", &lines).as_bytes());
        assert!(status.is_none_or(|status| [400, 413, 431].contains(&status)), "{kind} {status:?}");
        // One that never ends.
        let mut stream = open(&edge, kind);
        stream.write_all(format!("GET /public/x HTTP/1.1\r\nHost: {HOST}\r\nX: ").as_bytes()).unwrap();
        let chunk = vec![b'y'; 64 << 10];
        let taken = (0..1024).take_while(|_| stream.write_all(&chunk).is_ok()).count();
        assert!(taken < 256, "{kind}: {taken} × 64 KiB were taken");
    }
    assert!(origin.requests().is_empty());
    assert!(edge.peak_memory() < 48, "{} MiB", edge.peak_memory());
    others_are_served(&edge);
}

/// Ends within a limit, by a close, a reset, or an answer that says that it closes.
fn ends_within(stream: &mut impl Read, limit: Duration) -> bool {
    let begun = Instant::now();
    let mut chunk = [0; 1024];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return begun.elapsed() < limit,
            Ok(_) => {}
            Err(error) => {
                let waited =
                    [std::io::ErrorKind::WouldBlock, std::io::ErrorKind::TimedOut].contains(&error.kind());
                return !waited && begun.elapsed() < limit;
            }
        }
    }
}

#[test]
fn heads_and_bodies_that_do_not_come_end_their_connection_alone() {
    let origin = RecordingOrigin::start();
    let edge = site(&origin, "head-timeout = \"1s\", idle-timeout = \"1s\", body-timeout = \"1s\"");
    let parts = [
        String::new(),
        "GET /pub".to_owned(),
        format!("GET /public/x HTTP/1.1\r\nHost: {HOST}\r\n"),
        format!("POST /public/x HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1000\r\n\r\nx"),
        format!("POST /public/x HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"),
        format!("GET /public/x HTTP/1.1\r\nHost: {HOST}\r\n\r\nGET /pub"),
    ];
    for kind in KINDS {
        let mut slow: Vec<(Box<dyn Wire>, &String)> = parts
            .iter()
            .cycle()
            .take(60)
            .map(|part| {
                let mut stream = open(&edge, kind);
                stream.write_all(part.as_bytes()).unwrap();
                stream.flush().unwrap();
                (stream, part)
            })
            .collect();
        others_are_served(&edge);
        for (stream, part) in &mut slow {
            assert!(ends_within(stream, Duration::from_secs(10)), "{kind}: {part:?}");
        }
    }
    others_are_served(&edge);
}

#[test]
fn a_head_of_a_byte_now_and_then_gains_no_time() {
    let origin = RecordingOrigin::start();
    let edge = site(&origin, "head-timeout = \"1s\"");
    for kind in KINDS {
        let mut stream = open(&edge, kind);
        let begun = Instant::now();
        let head = format!("GET /public/x HTTP/1.1\r\nHost: {HOST}\r\nX: {}", "y".repeat(100));
        let is_cut_off = head.bytes().any(|byte| {
            thread::sleep(Duration::from_millis(100));
            stream.write_all(&[byte]).and_then(|()| stream.flush()).is_err()
        });
        assert!(is_cut_off, "{kind}");
        assert!(begun.elapsed() < Duration::from_secs(8), "{kind}: {:?}", begun.elapsed());
    }
}

#[test]
fn viewers_that_take_nothing_fill_no_memory_and_are_cut_off() {
    let origin = RecordingOrigin::answering(|request, stream| {
        if request.target() != "/public/big" {
            return stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").is_ok();
        }
        let chunk = vec![b'x'; 1 << 20];
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
        (0..1024).all(|_| stream.write_all(&chunk).is_ok())
    });
    let edge = site(&origin, "write-timeout = \"1s\"");
    for kind in KINDS {
        let lazy: Vec<Box<dyn Wire>> = (0..40)
            .map(|_| {
                let mut stream = open(&edge, kind);
                stream.write_all(request("GET", HOST, "/public/big", &[]).as_bytes()).unwrap();
                stream.flush().unwrap();
                stream
            })
            .collect();
        others_are_served(&edge);
        // By the limit for a viewer that takes nothing; what is left is what the sockets held.
        thread::sleep(Duration::from_secs(3));
        for mut stream in lazy {
            let mut chunk = vec![0; 1 << 20];
            let mut received: u64 = 0;
            while let Ok(count @ 1..) = stream.read(&mut chunk) {
                received += count as u64;
            }
            assert!(received < 64 << 20, "{kind}: {received}");
        }
        assert!(edge.peak_memory() < 96, "{kind}: {} MiB", edge.peak_memory());
        others_are_served(&edge);
    }
}

#[test]
fn a_viewer_that_has_said_all_still_gets_its_answer() {
    let origin = RecordingOrigin::answering(|_, stream| {
        thread::sleep(Duration::from_millis(300));
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").is_ok()
    });
    let edge = site(&origin, "");
    let ask = request("GET", HOST, "/public/x", &[]);
    let mut stream = TcpStream::connect(edge.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(ask.as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let plain = Response::read_unless_closed(&mut stream, false).map(|response| response.text());
    let mut stream = tls::connect(edge.https[0]);
    stream.write_all(ask.as_bytes()).unwrap();
    stream.conn.send_close_notify();
    stream.flush().unwrap();
    let secured = Response::read_unless_closed(&mut stream, false).map(|response| response.text());
    // Either the answer, or the end; never a connection that hangs.
    for answer in [plain, secured] {
        assert!(answer.as_deref().is_none_or(|text| text == "hello"), "{answer:?}");
    }
    others_are_served(&edge);
}

#[test]
fn a_flood_of_handshakes_is_bounded_in_time_and_harms_nobody() {
    let origin = RecordingOrigin::start();
    let edge = site(&origin, "handshake-timeout = \"2s\"");
    let mut hello = Vec::new();
    tls::client().write_tls(&mut hello).unwrap();
    let parts: [&[u8]; 5] =
        [b"", &hello[..3], &hello[..hello.len() / 2], &hello, b"GET /public/x HTTP/1.1\r\n\r\n"];
    let mut flood: Vec<(TcpStream, usize)> = (0..500)
        .map(|number| {
            let mut stream = TcpStream::connect(edge.https[0]).unwrap();
            let _ = stream.write_all(parts[number % parts.len()]);
            (stream, number % parts.len())
        })
        .collect();
    for _ in 0..5 {
        others_are_served(&edge);
    }
    for (stream, part) in &mut flood {
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        assert!(ends_within(stream, Duration::from_secs(10)), "part {part}");
    }
    assert!(edge.peak_memory() < 96, "{} MiB", edge.peak_memory());
    others_are_served(&edge);
}

/// More than one worker serves at a time waits, and is served when others have gone.
#[test]
fn a_flood_of_connections_waits_its_turn() {
    let origin = RecordingOrigin::start();
    let edge = site(&origin, "connections-per-worker = 20, idle-timeout = \"2s\"");
    let flood: Vec<TcpStream> = (0..400).map(|_| TcpStream::connect(edge.address).unwrap()).collect();
    // The idle ones end, and whoever waits behind them has its turn.
    let mut stream = TcpStream::connect(edge.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(request("GET", HOST, "/public/x", &[]).as_bytes()).unwrap();
    assert_eq!(Response::read(&mut stream, false).status, 200);
    drop(flood);
    wait_for(|| {
        (ask(&edge, "plain", request("GET", HOST, "/public/x", &[]).as_bytes()) == Some(200)).then_some(())
    });
}

/// What the system allows in files is divided: viewers can't take those that their requests need.
#[test]
fn viewers_leave_files_for_origins_where_the_system_allows_few() {
    let origin = RecordingOrigin::start();
    let dir = tempfile::tempdir().unwrap();
    let config = "[server]\nworkers = 1\nlimits = { idle-timeout = \"2s\" }\n".to_owned()
        + &configs::main(&origin.url());
    std::fs::write(dir.path().join("config.toml"), config).unwrap();
    let mut shell = std::process::Command::new("sh");
    shell.args([
        "-c",
        "ulimit -n 400; exec \"$0\" serve --listen 127.0.0.1:0 \"$@\"",
        env!("CARGO_BIN_EXE_frontgate"),
    ]);
    let edge = Edge::start(shell, dir);
    wait_for(|| edge.log().contains("the limit of open files (RLIMIT_NOFILE) is too low").then_some(()));
    // 87 by that limit; the others wait until those end.
    let flood: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(edge.address).unwrap()).collect();
    let mut stream = TcpStream::connect(edge.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(request("GET", HOST, "/public/x", &[]).as_bytes()).unwrap();
    assert_eq!(Response::read(&mut stream, false).status, 200);
    assert!(!edge.log().contains("could not be accepted"), "{}", edge.log());
    drop(flood);
}

/// Also of a head that comes behind a body, in one piece with it.
#[test]
fn a_bare_line_feed_is_refused_in_every_head_of_a_connection_and_allowed_in_bodies() {
    let origin = RecordingOrigin::start();
    let edge = site(&origin, "");
    let bodies =
        ["Content-Length: 5\r\n\r\na\n\nb\n", "Transfer-Encoding: chunked\r\n\r\n5\r\na\n\nb\n\r\n0\r\n\r\n"];
    for kind in KINDS {
        for body in bodies {
            let mut stream = open(&edge, kind);
            let good = format!("POST /public/good HTTP/1.1\r\nHost: {HOST}\r\n{body}");
            let get = format!("GET /public/get HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
            let bad = format!("GET /public/bad HTTP/1.1\nHost: {HOST}\r\n\r\n");
            stream.write_all((good + &get + &bad).as_bytes()).unwrap();
            stream.flush().unwrap();
            let mut answers = Vec::new();
            let _ = stream.read_to_end(&mut answers);
            let answers = String::from_utf8_lossy(&answers).into_owned();
            let statuses: Vec<&str> = answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
            assert_eq!(statuses, ["200", "200", "400"], "{kind} {body:?}");
        }
    }
    for asked in origin.requests() {
        assert!(asked.target() == "/public/get" || asked.body == b"a\n\nb\n", "{asked:?}");
    }
    assert_eq!(origin.requests().len(), 8);
}
