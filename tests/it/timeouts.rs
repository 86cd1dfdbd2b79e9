//! Dead, slow, lying and huge origins; slow viewers; the end of the process.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::configs;
use crate::support::{Edge, RecordingOrigin, Response, answer_and_close, read_head, request, wait_for};

const HOST: &str = "d111111abcdef8.cloudfront.net";

fn page_of(response: &Response) -> (u16, Option<&str>, bool) {
    (response.status, response.reason(), response.text().contains("The request could not be satisfied."))
}

#[test]
fn a_dead_origin_is_502_and_a_silent_one_504() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let edge = Edge::serve(&configs::private(&format!("http://{nobody}"), ""));
    let dead = edge.get(HOST, "/public/x", &[]);
    assert_eq!(page_of(&dead), (502, Some("origin-error"), true));
    assert_eq!(dead.header("X-Cache"), Some("Error from cloudfront"));

    let origin = RecordingOrigin::answering(|_, _| {
        thread::sleep(Duration::from_secs(30));
        false
    });
    let edge = Edge::serve(&configs::private(&origin.url(), "response-timeout = \"300ms\""));
    let begun = Instant::now();
    assert_eq!(page_of(&edge.get(HOST, "/public/x", &[])), (504, Some("origin-error"), true));
    // A GET is asked as often as connections are attempted, a POST once.
    assert!(begun.elapsed() >= Duration::from_millis(900));
    assert_eq!(origin.requests().len(), 3);
    assert_eq!(edge.send(request("POST", HOST, "/public/x", &["Content-Length: 0"])).status, 504);
    assert_eq!(origin.requests().len(), 4);
    assert!(edge.log().contains("did not respond in time"));

    // A host that takes connections and never answers them: an unaccepted queue of one.
    let edge = Edge::serve(&configs::private("http://name.invalid:1", ""));
    assert_eq!(edge.get(HOST, "/public/x", &[]).status, 502);
}

#[test]
fn an_origin_that_talks_garbage_is_502() {
    for answer in [
        &b"garbage\r\n\r\n"[..],
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n",
        b"",
        b"HTTP/1.1 200",
    ] {
        let origin = RecordingOrigin::answering(move |_, stream| answer_and_close(stream, answer));
        let edge = Edge::serve(&configs::private(&origin.url(), ""));
        let response = edge.get(HOST, "/public/x", &[]);
        assert_eq!(
            page_of(&response),
            (502, Some("origin-error"), true),
            "{:?}",
            String::from_utf8_lossy(answer)
        );
    }
}

#[test]
fn a_body_that_breaks_off_is_never_complete() {
    for (head, body, framing) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", "part", "length"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\nff", "chunks"),
    ] {
        let origin = RecordingOrigin::answering(move |_, stream| {
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
            thread::sleep(Duration::from_millis(100));
            false
        });
        let edge = Edge::serve(&configs::private(&origin.url(), ""));
        let response = edge.get(HOST, "/public/x", &[]);
        assert_eq!((response.status, response.complete), (200, false), "{framing}");
        wait_for(|| edge.log().contains("origin_error").then_some(()));
    }
    // One that stalls in the middle is cut after the response timeout.
    let origin = RecordingOrigin::answering(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
        thread::sleep(Duration::from_secs(30));
        false
    });
    let edge = Edge::serve(&configs::private(&origin.url(), "response-timeout = \"300ms\""));
    let begun = Instant::now();
    let response = edge.get(HOST, "/public/x", &[]);
    assert_eq!((response.status, response.complete, response.text()), (200, false, "part".to_owned()));
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_request_that_met_a_closed_connection_goes_out_again_where_that_is_safe() {
    // Closes each connection after one answer, without saying so: the next request meets a dead one.
    let origin = RecordingOrigin::answering(|_, stream| {
        answer_and_close(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    });
    let edge = Edge::serve(&configs::private(&origin.url(), ""));
    for round in 0..20 {
        assert_eq!(edge.get(HOST, "/public/x", &[]).status, 200, "{round}");
    }
    assert_eq!(origin.requests().len(), 20);
}

#[test]
fn a_viewer_that_stops_in_the_middle_of_its_body_holds_up_nobody_else() {
    // An origin that answers before it has read the body, and keeps the connection.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || {
                while crate::support::read_head(&mut stream).is_some() {
                    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
                }
            });
        }
    });
    let edge = Edge::serve(&configs::private(&format!("http://{address}"), "response-timeout = \"1s\""));
    let stopped: Vec<TcpStream> = (0..10)
        .map(|_| {
            let mut stream = TcpStream::connect(edge.address).unwrap();
            write!(stream, "POST /public/x HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1000000\r\n\r\nx")
                .unwrap();
            assert_eq!(Response::read(&mut stream, false).status, 200);
            stream
        })
        .collect();
    for _ in 0..30 {
        let begun = Instant::now();
        assert_eq!(edge.get(HOST, "/public/x", &[]).status, 200);
        assert!(begun.elapsed() < Duration::from_secs(1));
    }
    drop(stopped);
}

#[test]
fn what_an_origin_must_not_say_is_502_and_what_a_viewer_must_not_say_400() {
    let origin = RecordingOrigin::answering(|asked, stream| {
        let answer = match asked.target() {
            "/public/upgrade" => {
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n".to_owned()
            }
            "/public/coding" => {
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".to_owned()
            }
            "/public/codings" => {
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
                    .to_owned()
            }
            "/public/lf" => "HTTP/1.1 200 OK\r\nX: y\nContent-Length: 0\r\n\r\n".to_owned(),
            "/public/huge" => {
                format!("HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 0\r\n\r\n", "y".repeat(40_000))
            }
            _ => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
        };
        answer_and_close(stream, answer.as_bytes())
    });
    let edge = Edge::serve(&configs::private(&origin.url(), ""));
    for path in ["/public/upgrade", "/public/huge", "/public/coding", "/public/codings", "/public/lf"] {
        assert_eq!(page_of(&edge.get(HOST, path, &[])), (502, Some("origin-error"), true), "{path}");
    }
    let broken = request("POST", HOST, "/public/x", &["Transfer-Encoding: chunked"]) + "zz\r\n";
    assert_eq!(page_of(&edge.send(broken)), (400, Some("bad-request"), true));
}

/// Streams `total` bytes and counts how many the socket has taken.
fn pouring(total: u64) -> (RecordingOrigin, Arc<AtomicU64>) {
    let poured: Arc<AtomicU64> = Arc::default();
    let counter = Arc::clone(&poured);
    let origin = RecordingOrigin::answering(move |_, stream| {
        let chunk = vec![b'x'; 256 << 10];
        let mut left = total;
        if write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {total}\r\n\r\n").is_err() {
            return false;
        }
        while left > 0 {
            let count = left.min(chunk.len() as u64);
            if stream.write_all(&chunk[..usize::try_from(count).unwrap()]).is_err() {
                return false;
            }
            left -= count;
            counter.fetch_add(count, Ordering::Relaxed);
        }
        true
    });
    (origin, poured)
}

#[test]
fn a_gibibyte_passes_in_little_memory_both_ways() {
    const GIB: u64 = 1 << 30;
    let (origin, _) = pouring(GIB);
    let edge = Edge::serve(&configs::private(&origin.url(), ""));
    let mut stream = TcpStream::connect(edge.address).unwrap();
    stream.write_all(request("GET", HOST, "/public/big", &[]).as_bytes()).unwrap();
    let mut chunk = vec![0; 1 << 20];
    let mut received = 0;
    loop {
        match stream.read(&mut chunk).unwrap() {
            0 => break,
            count => received += count as u64,
        }
    }
    assert!((GIB..GIB + 1000).contains(&received), "{received}");
    // And up: the origin reads without keeping.
    let sink = TcpListener::bind("127.0.0.1:0").unwrap();
    let upload = Edge::serve(&configs::private(&format!("http://{}", sink.local_addr().unwrap()), ""));
    let swallowed = thread::spawn(move || {
        let (mut stream, _) = sink.accept().unwrap();
        let (mut chunk, mut count) = (vec![0; 1 << 20], 0);
        while count < GIB {
            count += stream.read(&mut chunk).unwrap() as u64;
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        count
    });
    let mut stream = TcpStream::connect(upload.address).unwrap();
    stream
        .write_all(request("PUT", HOST, "/public/big", &[&format!("Content-Length: {GIB}")]).as_bytes())
        .unwrap();
    for _ in 0..GIB >> 20 {
        stream.write_all(&chunk).unwrap();
    }
    assert_eq!(Response::read(&mut stream, false).status, 204);
    assert!(swallowed.join().unwrap() >= GIB);
    for edge in [&edge, &upload] {
        assert!(edge.peak_memory() < 64, "{} MiB", edge.peak_memory());
    }
}

#[test]
fn a_viewer_that_does_not_read_stops_the_origin() {
    let (origin, poured) = pouring(1 << 30);
    let edge = Edge::serve(&configs::private(&origin.url(), "response-timeout = \"1s\""));
    let mut stream = TcpStream::connect(edge.address).unwrap();
    stream.write_all(request("GET", HOST, "/public/big", &[]).as_bytes()).unwrap();
    // Until nothing moves any more.
    let mut last = (0, Instant::now());
    wait_for(|| {
        let now = poured.load(Ordering::Relaxed);
        if now != last.0 {
            last = (now, Instant::now());
        }
        (now > 0 && last.1.elapsed() > Duration::from_millis(500)).then_some(())
    });
    assert!(poured.load(Ordering::Relaxed) < 64 << 20, "{}", poured.load(Ordering::Relaxed));
    assert!(edge.peak_memory() < 64, "{} MiB", edge.peak_memory());
    // The pause was the viewer's, not the origin's: the body goes on.
    thread::sleep(Duration::from_secs(1));
    let mut chunk = vec![0; 1 << 20];
    let mut received = 0;
    while received < 128 << 20 {
        received += stream.read(&mut chunk).unwrap();
    }
}

#[test]
fn slow_headers_keep_nobody_else_from_being_served() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&configs::private(&origin.url(), ""));
    let mut slow: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(edge.address).unwrap()).collect();
    for (number, stream) in slow.iter_mut().enumerate() {
        // Some silent, some in the middle of a line, some before the last line end.
        let part = [&b""[..], b"GET /pub", b"GET /public/x HTTP/1.1\r\nHost: a\r\n"][number % 3];
        stream.write_all(part).unwrap();
    }
    for _ in 0..50 {
        let begun = Instant::now();
        assert_eq!(edge.get(HOST, "/public/x", &[]).status, 200);
        assert!(begun.elapsed() < Duration::from_secs(2));
    }
    assert_eq!(origin.requests().len(), 50);
}

#[test]
fn a_connection_that_was_idle_answers_again_also_to_a_head_in_pieces() {
    // Slower than the time after which an idle connection is parked: one that waits for its answer is not idle.
    let origin = RecordingOrigin::answering(|_, stream| {
        thread::sleep(Duration::from_millis(400));
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo").unwrap();
        thread::sleep(Duration::from_millis(400));
        stream.write_all(b"dy").is_ok()
    });
    let edge = Edge::serve(&configs::private(&origin.url(), ""));
    let mut stream = TcpStream::connect(edge.address).unwrap();
    let request = format!("GET /public/x HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
    let pause = || thread::sleep(Duration::from_millis(300));
    for pieces in [
        // Idle before, in pieces, and with the beginning of the next one behind.
        [&request[..], "", ""],
        ["G", &request[1..40], &request[40..]],
        [&request[..20], &request[20..], &request[..30]],
        [&request[30..], "", ""],
    ] {
        for piece in pieces {
            pause();
            stream.write_all(piece.as_bytes()).unwrap();
        }
        let response = Response::read(&mut stream, false);
        assert_eq!((response.status, response.text().as_str()), (200, "body"));
        assert_eq!(response.header("Connection"), None);
    }
    assert_eq!(origin.requests().len(), 4);
}

#[test]
fn a_slow_viewer_gets_the_whole_answer_and_then_the_end() {
    // More than the system's buffers hold. It takes more only when a third of them is free; of so many lengths, some end
    // in what waits in the proxy then.
    let lengths = (0..20).map(|step| (5 << 20) + step * (96 << 10));
    let origin = RecordingOrigin::answering(|request, stream| {
        let len: usize = request.target()["/public/".len()..].parse().unwrap();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n");
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&vec![b'x'; len])).is_ok()
    });
    let edge = Edge::serve(&configs::private(&origin.url(), ""));
    let ask = &|len: usize, request: String| {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(4 << 10).unwrap();
        socket.connect(&edge.address.into()).unwrap();
        let mut stream = TcpStream::from(socket);
        stream.write_all(request.as_bytes()).unwrap();
        let (mut received, mut chunk) = (Vec::new(), vec![0; 64 << 10]);
        loop {
            // Slower than the look at what is idle, once all that is left is on its way.
            if received.len() + (4 << 20) > len {
                thread::sleep(Duration::from_millis(120));
            }
            let mut filled = 0;
            let begun = Instant::now();
            while filled < chunk.len() {
                match stream.read(&mut chunk[filled..]).unwrap() {
                    0 => break,
                    len => filled += len,
                }
            }
            assert!(begun.elapsed() < Duration::from_secs(5), "the end comes with the last byte");
            received.extend_from_slice(&chunk[..filled]);
            if filled < chunk.len() {
                break;
            }
        }
        let head = received.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        assert_eq!(received.len() - head, len);
    };
    thread::scope(|scope| {
        for len in lengths {
            let target = format!("/public/{len}");
            let old = format!("GET {target} HTTP/1.0\r\nHost: {HOST}\r\n\r\n");
            let new = request("GET", HOST, &target, &[]);
            scope.spawn(move || ask(len, if len % (192 << 10) == 0 { old } else { new }));
        }
    });
}

#[test]
fn an_upload_goes_on_to_its_end_after_the_origin_has_answered() {
    const LEN: usize = 8 << 20;
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
        // More than all buffers between hold, to a viewer that reads when it has sent everything.
        format!("HTTP/1.1 200 OK\r\nContent-Length: {LEN}\r\n\r\n{}", "x".repeat(LEN)),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let uploading = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let (_, mut rest) = read_head(&mut stream).unwrap();
            let mut writer = stream.try_clone().unwrap();
            let writing = thread::spawn(move || writer.write_all(answer.as_bytes()));
            let mut chunk = vec![0; 64 << 10];
            while rest.len() < LEN {
                thread::sleep(Duration::from_millis(1));
                let len = stream.read(&mut chunk).unwrap();
                assert!(len > 0, "cut off after {} bytes", rest.len());
                rest.extend_from_slice(&chunk[..len]);
            }
            writing.join().unwrap().unwrap();
        });
        let edge = Edge::serve(&configs::private(&origin, ""));
        let mut stream = TcpStream::connect(edge.address).unwrap();
        let head = format!("POST /public/x HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {LEN}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&vec![b'u'; LEN]).unwrap();
        assert_eq!(Response::read(&mut stream, false).status, 200);
        uploading.join().unwrap();
    }
}

#[test]
fn a_head_that_never_ends_is_cut_off_also_where_it_grows_by_a_byte_now_and_then() {
    let edge = Edge::serve(&configs::private("http://127.0.0.1:9", ""));
    let mut stream = TcpStream::connect(edge.address).unwrap();
    let begun = Instant::now();
    // Half a minute for a head, and a quarter of a second until it is known to be one.
    let is_cut_off = (0..).map(|_| thread::sleep(Duration::from_millis(120))).find_map(|()| {
        let failed = stream.write_all(b"x").is_err();
        (failed || begun.elapsed() > Duration::from_secs(45)).then_some(failed)
    });
    assert_eq!(is_cut_off, Some(true), "{:?}", begun.elapsed());
}

#[test]
fn sigterm_lets_a_download_finish_and_refuses_new_connections() {
    let (begin, begun) = std::sync::mpsc::channel::<()>();
    let begun = std::sync::Mutex::new(begun);
    let origin = RecordingOrigin::answering(move |_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst");
        let _ = begun.lock().unwrap().recv_timeout(Duration::from_secs(10));
        stream.write_all(b"later").is_ok()
    });
    let mut edge = Edge::serve(&configs::private(&origin.url(), ""));
    let idle = TcpStream::connect(edge.address).unwrap();
    let mut stream = TcpStream::connect(edge.address).unwrap();
    write!(stream, "GET /public/x HTTP/1.1\r\nHost: {HOST}\r\n\r\n").unwrap();
    wait_for(|| (!origin.requests().is_empty()).then_some(()));
    edge.signal("TERM");
    wait_for(|| TcpStream::connect(edge.address).is_err().then_some(()));
    assert_eq!(edge.child.try_wait().unwrap(), None);
    begin.send(()).unwrap();
    let response = Response::read(&mut stream, false);
    assert_eq!((response.status, response.text(), response.complete), (200, "firstlater".to_owned(), true));
    let status = wait_for(|| edge.child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
    assert!(!edge.dir.path().join("ready.json").exists());
    drop(idle);
}

#[test]
fn when_the_grace_runs_out_the_end_comes_all_the_same() {
    let hanging = || {
        RecordingOrigin::answering(|_, stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst");
            thread::sleep(Duration::from_secs(30));
            false
        })
    };
    for (grace, signals, code) in
        [("200ms", vec!["TERM"], 0), ("30s", vec!["TERM", "TERM"], 143), ("30s", vec!["INT", "INT"], 130)]
    {
        let origin = hanging();
        let config =
            format!("[server]\nshutdown-grace = \"{grace}\"\n{}", configs::private(&origin.url(), ""));
        let mut edge = Edge::serve(&config);
        let mut stream = TcpStream::connect(edge.address).unwrap();
        stream.write_all(request("GET", HOST, "/public/x", &[]).as_bytes()).unwrap();
        wait_for(|| (!origin.requests().is_empty()).then_some(()));
        for signal in signals {
            edge.signal(signal);
            wait_for(|| TcpStream::connect(edge.address).is_err().then_some(()));
            wait_for(|| edge.log().contains("press Ctrl-C again").then_some(()));
        }
        let status = wait_for(|| edge.child.try_wait().unwrap());
        assert_eq!(status.code(), Some(code));
    }
}

#[test]
fn sighup_takes_another_configuration_and_a_broken_one_changes_nothing() {
    let (one, two) = (RecordingOrigin::start(), RecordingOrigin::start());
    let edge = Edge::serve(&configs::private(&one.url(), ""));
    let file = edge.dir.path().join("config.toml");
    assert_eq!(edge.get(HOST, "/public/x", &[]).status, 200);
    std::fs::write(&file, "[server]\nnonsense = 1").unwrap();
    edge.signal("HUP");
    wait_for(|| edge.log().contains("the reload failed").then_some(()));
    assert_eq!((edge.get(HOST, "/public/x", &[]).status, one.requests().len()), (200, 2));
    std::fs::write(&file, configs::private(&two.url(), "").replace("/public/*", "/free/*")).unwrap();
    edge.signal("HUP");
    wait_for(|| edge.log().contains("was reloaded").then_some(()));
    assert_eq!(edge.get(HOST, "/public/x", &[]).reason(), Some("missing-key-pair-id"));
    assert_eq!(
        (edge.get(HOST, "/free/x", &[]).status, two.requests().len(), one.requests().len()),
        (200, 1, 2)
    );
}
