//! HTTP/2 as foreign clients speak it, and as nobody should: raw frames against the TLS listener.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::configs;
use crate::support::tls::{self, Answer, HOST, Http2, certificates, get};
use crate::support::{Edge, RecordingOrigin, stderr, stdout, wait_for};
use crate::support::{signing_cookies, signing_parameters};

const PROTOCOL_ERROR: u64 = 1;
const REFUSED_STREAM: u64 = 7;

fn site(origin: &RecordingOrigin) -> Edge {
    tls::serve("", "", &configs::main(&origin.url()))
}

/// curl for HOST at an address, with the tests' authority.
fn curl(address: SocketAddr, args: &[&str], target: &str) -> Output {
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--max-time", "20", "--noproxy", "*", "--cacert"]).arg(certificates().join("ca.pem"));
    curl.args(["--resolve", &format!("{HOST}:{}:127.0.0.1", address.port())]).args(args);
    let output = curl.arg(format!("https://{HOST}:{}{target}", address.port())).output().expect("curl runs");
    assert!(output.status.success(), "{}", stderr(&output));
    output
}

#[test]
fn curl_is_answered_alike_over_http2_and_http1() {
    let origin = RecordingOrigin::start();
    let edge = site(&origin);
    let link = format!("/a.jpg?{}", signing_parameters("/a.jpg"));
    let reason = |args: &[&str], target: &str| {
        let args = [&["-w", "\n%{http_version}", "-D", "-"], args].concat();
        let output = stdout(&curl(edge.https[0], &args, target));
        let (text, version) = output.rsplit_once('\n').unwrap();
        // What is another in each answer, and the line that says which protocol it is.
        let mut lines: Vec<String> = text.lines().map(str::to_ascii_lowercase).collect();
        let own = ["http/", "x-amz-cf-id:", "date:", "via:", "connection:", "request id:", "keep-alive:"];
        lines.retain(|line| !own.iter().any(|own| line.starts_with(own)));
        (version.to_owned(), text.split(' ').nth(1).unwrap_or("").trim().to_owned(), lines)
    };
    let cookies = signing_cookies("/b.jpg");
    for (args, target, status) in [
        (vec![], link.as_str(), "200"),
        (vec!["-I"], link.as_str(), "200"),
        (vec![], "/a.jpg", "403"),
        (vec!["-b", cookies.as_str()], "/b.jpg", "200"),
        (vec!["-b", cookies.as_str()], "/c.jpg", "403"),
        (vec!["-X", "POST", "-d", "some"], "/public/x", "200"),
        (vec!["-X", "TRACE"], "/public/x", "403"),
    ] {
        let new = reason(&[&args[..], &["--http2"]].concat(), target);
        let old = reason(&[&args[..], &["--http1.1"]].concat(), target);
        assert_eq!((new.0.as_str(), old.0.as_str()), ("2", "1.1"), "{target}");
        assert_eq!((new.1.as_str(), new.2), (status, old.2), "{args:?} {target}");
    }
}

#[test]
fn bodies_of_megabytes_pass_both_ways() {
    let origin = RecordingOrigin::answering(|request, stream| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", request.body.len());
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&request.body)).is_ok()
    });
    let edge = site(&origin);
    let body: Vec<u8> = (0..8_u32 << 20).map(|at| (at % 251) as u8).collect();
    let file = edge.dir.path().join("body");
    std::fs::write(&file, &body).unwrap();
    let upload = format!("@{}", file.display());
    let sent = curl(edge.https[0], &["--http2", "--data-binary", &upload], "/public/echo");
    assert!(sent.stdout == body, "{} bytes", sent.stdout.len());
    // Without a length: in frames alone.
    let chunked = ["--http2", "-H", "Content-Length:", "-T", file.to_str().unwrap()];
    assert!(curl(edge.https[0], &chunked, "/public/echo").stdout == body);
}

#[test]
fn nghttp_h2load_and_hey_get_all_that_they_ask_for() {
    let origin = RecordingOrigin::start();
    let edge = site(&origin);
    let port = edge.https[0].port();
    let url = format!("https://127.0.0.1:{port}/public/x");
    let authority = format!(":authority: {HOST}");
    let one = Command::new("nghttp").args(["-n", "-s", "-m", "20", "-H", &authority, &url]).output().unwrap();
    let (said, problems) = (stdout(&one), stderr(&one));
    let answered = said.lines().filter(|line| line.ends_with("/public/x") && line.contains(" 200 ")).count();
    assert_eq!(answered, 20, "{said}{problems}");
    let before = origin.requests().len();
    let many = Command::new("h2load")
        .args(["-n", "4000", "-c", "4", "-m", "100", "-H", &authority, &url])
        .output()
        .unwrap();
    let said = stdout(&many);
    assert!(said.contains("4000 succeeded, 0 failed, 0 errored, 0 timeout"), "{said}{}", stderr(&many));
    assert!(said.contains("status codes: 4000 2xx"), "{said}");
    assert!(said.contains("Application protocol: h2"), "{said}");
    assert_eq!(origin.requests().len() - before, 4000);
    let hey = |more: &[&str]| {
        let mut hey = Command::new("hey");
        hey.args(["-n", "1000", "-c", "20", "-host", HOST]).args(more).arg(&url);
        let said = stdout(&hey.output().unwrap());
        assert!(said.contains("[200]\t1000 responses"), "{more:?}: {said}");
    };
    hey(&["-h2"]);
    hey(&[]);
    hey(&["-disable-keepalive"]);
}

#[test]
fn the_bounds_are_announced() {
    let origin = RecordingOrigin::start();
    let edge = site(&origin);
    let mut client = Http2::connect(edge.https[0]);
    client.open(1, &get(HOST, "/public/x"));
    assert_eq!(client.answer(1).status, Some(200));
    let settings = client.call(json!(["wait", []]))["settings"].clone();
    // RFC 9113, 6.5.2: MAX_CONCURRENT_STREAMS, MAX_HEADER_LIST_SIZE.
    assert!(settings["3"].as_u64().is_some_and(|streams| (100..=1000).contains(&streams)), "{settings}");
    assert!(settings["6"].as_u64().is_some_and(|bytes| (32_768..=131_072).contains(&bytes)), "{settings}");
}

/// A request's fields with more behind them.
fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&get(HOST, "/public/x")[..], more].concat()
}

#[test]
fn a_request_has_one_host() {
    let origin = RecordingOrigin::start();
    let edge = site(&origin);
    let without = |more: &[(&'static str, &'static str)]| {
        let mut fields = with(more);
        fields.remove(2);
        fields
    };
    for (fields, status) in [
        (with(&[("host", HOST)]), 200),
        (with(&[("host", "other.example.org")]), 400),
        (with(&[("host", "media.example.com")]), 400),
        (with(&[("host", HOST), ("host", "media.example.com")]), 400),
        (with(&[("host", "")]), 400),
        // RFC 9113, 8.3.1: then `host` says it.
        (without(&[("host", HOST)]), 200),
        (without(&[]), 400),
        (without(&[("host", HOST), ("host", HOST)]), 400),
        ([(":authority", "user@a")].into_iter().chain(without(&[])).collect(), 400),
        ([(":authority", "a b")].into_iter().chain(without(&[])).collect(), 400),
    ] {
        let asked = origin.requests().len();
        let mut client = Http2::connect(edge.https[0]);
        client.open(1, &fields);
        let answer = client.answer(1);
        let is_refused = answer.status == Some(400) || answer.reset == Some(PROTOCOL_ERROR);
        assert!(
            if status == 400 { is_refused } else { answer.status == Some(200) },
            "{fields:?}: {answer:?}"
        );
        assert_eq!(origin.requests().len() - asked, usize::from(status == 200), "{fields:?}");
    }
    // A `host` that merely disagrees isn't malformed: the viewer is told.
    let mut client = Http2::connect(edge.https[0]);
    client.open(1, &with(&[("host", "media.example.com")]));
    let answer = client.answer(1);
    assert_eq!((answer.status, answer.reason.as_deref()), (Some(400), Some("bad-request")));
    client.open(3, &get(HOST, "/public/x"));
    assert_eq!(client.answer(3).status, Some(200));
}

#[test]
fn what_is_malformed_is_refused_and_the_other_streams_go_on() {
    let origin = RecordingOrigin::start();
    let edge = site(&origin);
    let mut shuffled = with(&[("a", "b")]);
    shuffled.swap(3, 4);
    let plain = || get(HOST, "/public/x");
    let drop = |name: &str| plain().into_iter().filter(|(found, _)| *found != name).collect::<Vec<_>>();
    let cases = [
        with(&[("connection", "keep-alive")]),
        with(&[("connection", "close")]),
        with(&[("keep-alive", "timeout=5")]),
        with(&[("proxy-connection", "keep-alive")]),
        with(&[("transfer-encoding", "chunked")]),
        with(&[("upgrade", "websocket")]),
        with(&[("te", "gzip")]),
        with(&[("te", "trailers, deflate")]),
        with(&[("Upper", "case")]),
        with(&[("a b", "space")]),
        with(&[("a:b", "colon")]),
        with(&[("", "empty")]),
        with(&[("a", "x\r\ny: z")]),
        with(&[("a", "x\0y")]),
        with(&[(":method", "GET")]),
        with(&[(":unknown", "x")]),
        with(&[(":status", "200")]),
        with(&[("content-length", "5")]),
        with(&[("content-length", "x")]),
        shuffled,
        drop(":method"),
        drop(":scheme"),
        drop(":path"),
        [&drop(":path")[..], &[(":path", "")]].concat(),
        [&drop(":path")[..], &[(":path", "public/x")]].concat(),
        [&drop(":path")[..], &[(":path", "/public/x y")]].concat(),
        [&drop(":path")[..], &[(":path", "https://other.example.org/public/x")]].concat(),
        [&drop(":method")[..], &[(":method", "G T")]].concat(),
        vec![(":method", "CONNECT"), (":authority", "127.0.0.1:22")],
        [&drop(":path")[..], &[(":path", "/public/x"), (":protocol", "websocket")]].concat(),
    ];
    let mut client = Http2::connect(edge.https[0]);
    let mut stream = 1;
    for fields in &cases {
        client.open(stream, fields);
        let answer = client.answer(stream);
        let is_refused = answer.reset.is_some() || answer.status.is_some_and(|status| status / 100 == 4);
        assert!(is_refused || answer.is_closed, "{fields:?}: {answer:?}");
        assert!(origin.requests().is_empty(), "{fields:?} reached the origin");
        stream += 2;
        if answer.is_closed {
            client = Http2::connect(edge.https[0]);
            stream = 1;
        }
    }
    client.open(stream, &with(&[("te", "trailers")]));
    assert_eq!(client.answer(stream).status, Some(200));
    assert_eq!(origin.last().headers("te"), [""; 0]);
}

/// Names that only one connection means must not end it: h2 asks for a stream's error, no more.
#[test]
fn fields_of_one_connection_cost_their_own_stream_alone() {
    let origin = RecordingOrigin::start();
    let edge = site(&origin);
    let mut client = Http2::connect(edge.https[0]);
    for (turn, field) in
        [("connection", "x"), ("transfer-encoding", "chunked"), ("upgrade", "h2c"), ("te", "x")]
            .into_iter()
            .enumerate()
    {
        let stream = u32::try_from(turn).unwrap() * 2 + 1;
        client.open(stream, &with(&[field]));
        let answer = client.answer(stream);
        assert!(answer.reset == Some(PROTOCOL_ERROR) || answer.status == Some(400), "{field:?}: {answer:?}");
        assert!(!answer.is_closed, "{field:?}");
    }
    client.open(99, &get(HOST, "/public/x"));
    assert_eq!(client.answer(99).status, Some(200));
}

#[test]
fn cookies_may_come_in_crumbs() {
    let origin = RecordingOrigin::start();
    let edge = site(&origin);
    let cookies = signing_cookies("/a.jpg");
    let mut client = Http2::connect(edge.https[0]);
    let mut fields = get(HOST, "/a.jpg");
    fields.push(("cookie", "first=1"));
    fields.extend(cookies.split("; ").map(|crumb| ("cookie", crumb)));
    fields.push(("cookie", "last=2; more=3"));
    client.open(1, &fields);
    assert_eq!(client.answer(1).status, Some(200));
    // RFC 9113, 8.2.3: to an origin of HTTP/1.1 they go as one.
    assert_eq!(origin.last().headers("cookie"), ["first=1; last=2; more=3"]);
    fields.remove(5);
    client.open(3, &fields);
    assert_eq!(client.answer(3).status, Some(403));
}

#[test]
fn a_header_list_beyond_the_quota_is_refused_and_harms_no_other_stream() {
    let (begin, begun) = mpsc::channel::<()>();
    let begun = Mutex::new(begun);
    let origin = RecordingOrigin::answering(move |request, stream| {
        if request.target() == "/public/slow" {
            let _ = begun.lock().unwrap().recv_timeout(Duration::from_secs(10));
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").is_ok()
    });
    let edge = site(&origin);
    let mut client = Http2::connect(edge.https[0]);
    client.open(1, &get(HOST, "/public/slow"));
    wait_for(|| (origin.requests().len() == 1).then_some(()));
    let large = "y".repeat(8_000);
    let fits: Vec<(&str, &str)> = ["a", "b", "c"].into_iter().map(|name| (name, large.as_str())).collect();
    client.open(3, &with(&fits));
    assert_eq!(client.answer(3).status, Some(200));
    let beyond: Vec<(&str, &str)> =
        ["a", "b", "c", "d", "e"].into_iter().map(|name| (name, large.as_str())).collect();
    client.open(5, &with(&beyond));
    let answer = client.answer(5);
    assert!(matches!(answer.status, Some(413 | 431)) || answer.reset.is_some(), "{answer:?}");
    assert_eq!(origin.requests().len(), 2);
    begin.send(()).unwrap();
    let slow = client.answer(1);
    assert_eq!((slow.status, slow.bytes, slow.is_whole), (Some(200), 5, true));
}

/// An origin whose `/public/big` is a gibibyte; everything else is five bytes.
fn pouring() -> RecordingOrigin {
    RecordingOrigin::answering(|request, stream| {
        if request.target() != "/public/big" {
            return stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").is_ok();
        }
        let chunk = vec![b'x'; 1 << 20];
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
        (0..1024).all(|_| stream.write_all(&chunk).is_ok())
    })
}

#[test]
fn a_viewer_that_gives_no_window_holds_up_no_other_stream_and_fills_no_memory() {
    let origin = pouring();
    let edge = site(&origin);
    // RFC 9113, 6.5.2: INITIAL_WINDOW_SIZE is none, so each stream waits for a window of its own.
    let settings = json!({ "settings": { "4": 0 }, "gives-window": false });
    let mut client = Http2::connect_with(edge.https[0], settings);
    for stream in (1..100).step_by(2) {
        client.open(stream, &get(HOST, "/public/big"));
    }
    wait_for(|| (origin.requests().len() == 50).then_some(()));
    client.open(101, &get(HOST, "/public/small"));
    client.call(json!(["window", 101, 1000]));
    let small = client.answer(101);
    assert_eq!((small.status, small.bytes, small.is_whole), (Some(200), 5, true));
    // The window of the whole connection used up by one: the others wait, other viewers don't.
    client.call(json!(["window", 1, 1 << 20]));
    let seen = client.call(json!(["wait_bytes", 1, 65_530, 10]));
    assert_eq!(Answer::of(&seen, 1).bytes, 65_530);
    assert_eq!(edge.get(HOST, "/public/x", &[]).status, 200);
    thread::sleep(Duration::from_millis(500));
    assert!(edge.peak_memory() < 96, "{} MiB", edge.peak_memory());
    // And it goes on when there is window again.
    client.call(json!(["window", 0, 1 << 20]));
    let seen = client.call(json!(["wait_bytes", 1, 500_000, 10]));
    assert!(Answer::of(&seen, 1).bytes >= 500_000, "{seen}");
    assert!(edge.peak_memory() < 96, "{} MiB", edge.peak_memory());
}

#[test]
fn an_upload_that_the_origin_does_not_read_is_stopped_by_flow_control() {
    let origin = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let edge = tls::serve("", "", &configs::main(&format!("http://{}", origin.local_addr().unwrap())));
    let mut client = Http2::connect(edge.https[0]);
    let mut fields = get(HOST, "/public/x");
    fields[0] = (":method", "PUT");
    client.call(json!(["open", 1, fields, false]));
    origin.set_nonblocking(true).unwrap();
    let _kept = wait_for(|| origin.accept().ok());
    // Whoever sends more than its window is cut off; nobody keeps it.
    for _ in 0..2_000 {
        client.call(json!(["data", 1, 16_000]));
    }
    let seen = client.call(json!(["wait", [1], 10]));
    let answer = Answer::of(&seen, 1);
    assert!(answer.is_closed || answer.reset.is_some(), "{seen}");
    assert!(edge.peak_memory() < 64, "{} MiB", edge.peak_memory());
}

#[test]
fn sigterm_says_goaway_and_lets_open_streams_finish() {
    let (begin, begun) = mpsc::channel::<()>();
    let begun = Mutex::new(begun);
    let origin = RecordingOrigin::answering(move |_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst");
        let _ = begun.lock().unwrap().recv_timeout(Duration::from_secs(10));
        stream.write_all(b"later").is_ok()
    });
    let mut edge = site(&origin);
    let mut idle = Http2::connect(edge.https[0]);
    idle.call(json!(["wait", []]));
    let mut client = Http2::connect(edge.https[0]);
    client.open(1, &get(HOST, "/public/a"));
    client.open(3, &get(HOST, "/public/b"));
    wait_for(|| (origin.requests().len() == 2).then_some(()));
    edge.signal("TERM");
    for connection in [&mut idle, &mut client] {
        let seen = connection.call(json!(["wait_goaway", 10]));
        assert_eq!(seen["goaway"]["code"], 0, "{seen}");
    }
    wait_for(|| TcpStream::connect(edge.https[0]).is_err().then_some(()));
    // A stream that comes too late is not begun.
    client.open(5, &get(HOST, "/public/late"));
    assert_eq!(edge.child.try_wait().unwrap(), None);
    begin.send(()).unwrap();
    begin.send(()).unwrap();
    for stream in [1, 3] {
        let answer = client.answer(stream);
        assert_eq!((answer.status, answer.bytes, answer.is_whole), (Some(200), 10, true));
    }
    let late = Answer::of(&client.call(json!(["wait_closed", 10])), 5);
    assert!(late.status.is_none() && (late.is_closed || late.reset == Some(REFUSED_STREAM)), "{late:?}");
    assert_eq!(wait_for(|| edge.child.try_wait().unwrap()).code(), Some(0));
    assert_eq!(origin.requests().len(), 2);
}

/// How many streams are open at the same time, over all connections of one viewer's flood.
const MAX_STREAMS: u64 = 1000;

/// What a flood may cost, and what it may end in.
struct Flood {
    kind: &'static str,
    count: u32,
    /// Whether the server must put an end to it.
    must_end: bool,
}

const FLOODS: [Flood; 9] = [
    Flood { kind: "rapid-reset", count: 10_000, must_end: false },
    Flood { kind: "window-of-nothing", count: 5_000, must_end: true },
    Flood { kind: "settings", count: 20_000, must_end: true },
    Flood { kind: "ping", count: 20_000, must_end: true },
    Flood { kind: "priority", count: 20_000, must_end: true },
    Flood { kind: "empty-data", count: 20_000, must_end: true },
    Flood { kind: "continuation", count: 20_000, must_end: true },
    Flood { kind: "growing-header", count: 4_000, must_end: true },
    Flood { kind: "open-streams", count: 5_000, must_end: false },
];

#[test]
fn floods_of_frames_cost_little_and_nobody_else_anything() {
    for Flood { kind, count, must_end } in FLOODS {
        // An origin that never answers: what is opened stays open.
        let origin = RecordingOrigin::answering(|request, stream| {
            if request.target() == "/public/x" {
                return stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").is_ok();
            }
            thread::sleep(Duration::from_secs(30));
            false
        });
        // Few, so that a slow machine's flood is one, too.
        let limits = "limits = { idle-frames-per-second = 100 }";
        let edge = tls::serve(limits, "", &configs::main(&origin.url()));
        let mut other = Http2::connect(edge.https[0]);
        let mut client = Http2::connect(edge.https[0]);
        let fields: Vec<(&str, &str)> = if kind == "empty-data" {
            vec![(":method", "PUT"), (":scheme", "https"), (":authority", HOST), (":path", "/public/hang")]
        } else {
            get(HOST, "/public/hang")
        };
        let cpu = edge.cpu();
        let (sent, seen) = thread::scope(|scope| {
            let flooding = scope.spawn(|| {
                let sent = client.call(json!(["flood", kind, count, 1, fields]));
                (sent, client.call(json!(["wait_closed", 1])))
            });
            let mut stream = 1;
            while !flooding.is_finished() {
                let begun = Instant::now();
                assert_eq!(edge.get(HOST, "/public/x", &[]).status, 200, "{kind}");
                other.open(stream, &get(HOST, "/public/x"));
                assert_eq!(other.answer(stream).status, Some(200), "{kind}");
                assert!(begun.elapsed() < Duration::from_secs(2), "{kind}: {:?}", begun.elapsed());
                stream += 2;
                thread::sleep(Duration::from_millis(20));
            }
            flooding.join().unwrap()
        });
        let spent = edge.cpu().checked_sub(cpu).unwrap();
        let told = json!([kind, sent, seen["closed"], seen["goaway"], spent.as_millis(), edge.peak_memory()]);
        let is_ended = seen["closed"] == true || seen["goaway"] != Value::Null;
        assert!(is_ended || !must_end, "{told}");
        // Streams that may stay open cost what a request and its connection to an origin cost, each about 90 KiB here.
        let memory = if kind == "open-streams" { 96 + MAX_STREAMS * 90 / 1024 } else { 96 };
        assert!(edge.peak_memory() < memory, "{told}");
        assert!(spent < Duration::from_secs(4), "{told}");
        // As many streams as were announced, and not all of the flood's, come as far as the origin.
        if kind == "open-streams" {
            let hanging = origin.requests().iter().filter(|asked| asked.target() == "/public/hang").count();
            assert!(hanging as u64 <= MAX_STREAMS, "{told}: {hanging}");
        }
        println!("{told}");
    }
}

/// A window of one byte takes no response, however short its body, and asking for many keeps nothing of them.
#[test]
fn a_viewer_that_takes_next_to_nothing_is_cut_off_and_holds_no_memory() {
    let body = vec![b'x'; 50_000];
    let origin = RecordingOrigin::answering(move |_, stream| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), &body].concat()).is_ok()
    });
    let limits = "limits = { write-timeout = \"1s\", idle-timeout = \"1s\" }";
    let edge = tls::serve(limits, "", &configs::main(&origin.url()));
    let mut clients: Vec<Http2> = (0..8)
        .map(|_| {
            let settings = json!({ "settings": { "4": 1 }, "gives-window": false });
            let mut client = Http2::connect_with(edge.https[0], settings);
            for stream in (1..200).step_by(2) {
                client.open(stream, &get(HOST, "/public/x"));
            }
            client
        })
        .collect();
    for client in &mut clients {
        let seen = client.call(json!(["wait", [1], 10]));
        assert!(Answer::of(&seen, 1).reset.is_some() || seen["closed"] == true, "{seen}");
    }
    assert!(edge.peak_memory() < 64, "{} MiB", edge.peak_memory());
    let seen = clients[0].call(json!(["wait_closed", 15]));
    assert!(Answer::of(&seen, 1).is_closed, "{seen}");
}

/// Whoever agrees on HTTP/2 and then says nothing has no place for ever.
#[test]
fn a_connection_without_a_preface_is_closed() {
    let origin = RecordingOrigin::start();
    let limits = "limits = { write-timeout = \"1s\", idle-timeout = \"1s\" }";
    let edge = tls::serve(limits, "", &configs::main(&origin.url()));
    let mut client = Http2::connect_with(edge.https[0], json!({ "preface": false }));
    let seen = client.call(json!(["wait_closed", 10]));
    assert!(seen["closed"] == true, "{seen}");
}

/// Streams to which no window is given take neither all places nor all memory.
#[test]
fn streams_without_a_window_leave_places_for_other_viewers() {
    let origin = pouring();
    let limits =
        "limits = { origin-connections-per-worker = 16, origin-connections-per-viewer = 8 }\nworkers = 1";
    let edge = tls::serve(limits, "", &configs::main(&origin.url()));
    let settings = json!({ "settings": { "4": 0 }, "gives-window": false });
    let mut greedy: Vec<Http2> = (0..3)
        .map(|_| {
            let mut client = Http2::connect_with(edge.https[0], settings.clone());
            for stream in (1..100).step_by(2) {
                client.open(stream, &get(HOST, "/public/big"));
            }
            client
        })
        .collect();
    let big = || origin.requests().iter().filter(|asked| asked.target() == "/public/big").count();
    wait_for(|| (big() >= 12).then_some(()));
    // Those that hold nothing have places of their own.
    assert_eq!(edge.get(HOST, "/public/x", &[]).status, 200);
    assert!(big() <= 16, "{}", big());
    // And what stands still makes room for what doesn't, however many there are.
    let mut other = Http2::connect(edge.https[0]);
    for stream in (1..40).step_by(2) {
        other.open(stream, &get(HOST, "/public/x"));
    }
    for stream in (1..40).step_by(2) {
        assert_eq!(other.answer(stream).status, Some(200));
    }
    assert!(edge.peak_memory() < 96, "{} MiB", edge.peak_memory());
    greedy[0].call(json!(["wait", []]));
}

/// Downloads at full speed send many WINDOW_UPDATEs, which belong to what is sent.
#[test]
fn a_fast_download_is_no_flood_of_frames() {
    let origin = RecordingOrigin::answering(|_, stream| {
        let body = vec![b'x'; 64 << 20];
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).is_ok()
    });
    let limits = "limits = { idle-frames-per-second = 10 }";
    let edge = tls::serve(limits, "", &configs::main(&origin.url()));
    assert_eq!(curl(edge.https[0], &["--http2"], "/public/x").stdout.len(), 64 << 20);
    let url = format!("https://127.0.0.1:{}/public/x", edge.https[0].port());
    let authority = format!(":authority: {HOST}");
    let nghttp = Command::new("nghttp").args(["-n", "-s", "-H", &authority, &url]).output().unwrap();
    assert!(stdout(&nghttp).contains(" 200 "), "{}{}", stdout(&nghttp), stderr(&nghttp));
}
