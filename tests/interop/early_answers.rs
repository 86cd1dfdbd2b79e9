//! Origins that answer before they have the request's body: what follows on the viewer's connection is body, never a
//! request, and a promised end comes.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::configs;
use crate::support::tls::{self, HOST};
use crate::support::{Edge, Response, read_head, wait_for};

/// Answers each head at once, and records everything that comes on each connection.
fn eager_origin() -> (String, Arc<Mutex<Vec<Vec<u8>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let received: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let record = Arc::clone(&received);
    thread::spawn(move || {
        for (number, mut stream) in listener.incoming().flatten().enumerate() {
            record.lock().unwrap().push(Vec::new());
            let record = Arc::clone(&record);
            thread::spawn(move || {
                let add = |bytes: &[u8]| record.lock().unwrap()[number].extend_from_slice(bytes);
                while let Some((head, rest)) = read_head(&mut stream) {
                    add(&head);
                    add(&rest);
                    if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_err() {
                        return;
                    }
                    let mut chunk = [0; 4096];
                    while head.starts_with(b"POST")
                        && let Ok(len @ 1..) = stream.read(&mut chunk)
                    {
                        add(&chunk[..len]);
                    }
                }
            });
        }
    });
    (format!("http://{address}"), received)
}

/// A program that is ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn started(mut command: Command, port: u16) -> Running {
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for(|| TcpStream::connect(("127.0.0.1", port)).ok());
    Running(child)
}

/// nginx, which answers both ways before it has a body; its log has a line for each request.
fn nginx(dir: &Path) -> (Running, u16) {
    let port = free_port();
    std::fs::write(
        dir.join("nginx.conf"),
        format!(
            "daemon off; pid nginx.pid; error_log error.log; worker_processes 1; events {{}}\n\
             http {{ access_log requests.log; client_body_temp_path tmp; proxy_temp_path tmp; \
             fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;\n\
             server {{ listen 127.0.0.1:{port}; location / {{ return 200 ok; }} }} }}"
        ),
    )
    .unwrap();
    let mut command = Command::new("nginx");
    command.args(["-p", "."]).args(["-c", "nginx.conf"]).current_dir(dir);
    (started(command, port), port)
}

const NODE: &str = "const fs = require('fs');
require('http').createServer((request, response) => {
  fs.appendFileSync('requests.log', request.url + '\\n');
  response.end('ok');
}).listen(+process.argv[2], '127.0.0.1');";

fn node(dir: &Path) -> (Running, u16) {
    let port = free_port();
    std::fs::write(dir.join("server.js"), NODE).unwrap();
    let mut command = Command::new("node");
    command.args(["server.js", &port.to_string()]).current_dir(dir);
    (started(command, port), port)
}

const EVIL: &str = "GET /public/evil HTTP/1.1\r\nHost: d111111abcdef8.cloudfront.net\r\n\r\n";

/// Heads that promise a body and the connection's end, each with the first bytes of its body.
fn beginnings() -> Vec<(&'static str, String)> {
    let head = |version: &str, lines: &str| {
        format!("POST /public/upload HTTP/{version}\r\nHost: {HOST}\r\n{lines}\r\n\r\n")
    };
    vec![
        ("length", head("1.1", "Content-Length: 100\r\nConnection: close") + "ab"),
        ("close among others", head("1.1", "Connection: x-a , Close\r\nContent-Length: 100") + "ab"),
        ("HTTP/1.0", head("1.0", "Content-Length: 100") + "ab"),
        ("HTTP/1.0, kept", head("1.0", "Content-Length: 100\r\nConnection: keep-alive") + "ab"),
        ("chunked", head("1.1", "Transfer-Encoding: chunked\r\nConnection: close") + "2\r\nab\r\n"),
        ("in a chunk", head("1.1", "Transfer-Encoding: chunked\r\nConnection: close") + "40\r\n"),
    ]
}

/// Everything that comes until the end, and how long that took.
fn rest_of(stream: &mut TcpStream) -> (Vec<u8>, Duration) {
    let (begun, mut rest) = (Instant::now(), Vec::new());
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut chunk = [0; 4096];
    while let Ok(len @ 1..) = stream.read(&mut chunk) {
        rest.extend_from_slice(&chunk[..len]);
    }
    (rest, begun.elapsed())
}

/// Sends a beginning, reads the answer and the end, and then sends a request as the rest of the body.
fn attack(edge: SocketAddr, name: &str, beginning: &str, pause: Duration) {
    let mut stream = TcpStream::connect(edge).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(beginning.as_bytes()).unwrap();
    assert_eq!(Response::read(&mut stream, false).status, 200, "{name}");
    let (rest, took) = rest_of(&mut stream);
    // Of the second that it may take, much is the machine's; the idle time, which it took before, is 30 s.
    assert!(rest.is_empty() && took < Duration::from_secs(10), "{name}: {rest:?} after {took:?}");
    thread::sleep(pause);
    // It may be gone by now, or take this as body.
    let _ = stream.write_all(EVIL.as_bytes());
    let (rest, _) = rest_of(&mut stream);
    assert!(rest.is_empty(), "{name}: {}", String::from_utf8_lossy(&rest));
    let _ = stream.shutdown(Shutdown::Both);
}

#[test]
fn the_rest_of_a_body_is_never_run_as_a_request_and_reaches_the_origin() {
    let (origin, received) = eager_origin();
    let edge = Edge::serve(&configs::main(&origin));
    let text = |one: &Vec<u8>| String::from_utf8_lossy(one).into_owned();
    for pause in [0, 200, 700] {
        for (name, beginning) in beginnings() {
            let before = received.lock().unwrap().len();
            attack(edge.address, name, &beginning, Duration::from_millis(pause));
            if !name.starts_with("chunked") {
                // In one piece with the body that it is, where its bytes are no chunk of their own.
                wait_for(|| {
                    received
                        .lock()
                        .unwrap()
                        .iter()
                        .skip(before)
                        .any(|one| text(one).contains("evil"))
                        .then_some(())
                });
            }
            let uploads = received.lock().unwrap()[before..].iter().map(text).collect::<Vec<_>>();
            assert_eq!(uploads.len(), 1, "{name}: the upload is one request on one connection");
            assert!(uploads[0].starts_with("POST /public/upload "), "{name}: {uploads:?}");
        }
    }
    assert!(!edge.log().contains("/public/evil"), "{}", edge.log());
}

#[test]
fn real_origins_that_answer_early_get_one_request_for_one_request() {
    for start in [nginx, node] {
        let dir = tempfile::tempdir().unwrap();
        let (_running, port) = start(dir.path());
        let edge = Edge::serve(&configs::main(&format!("http://127.0.0.1:{port}")));
        for pause in [200, 1_500] {
            for (name, beginning) in beginnings() {
                attack(edge.address, name, &beginning, Duration::from_millis(pause));
            }
        }
        // One that comes later has been logged later.
        assert_eq!(edge.get(HOST, "/public/last", &[]).status, 200);
        let log = || std::fs::read_to_string(dir.path().join("requests.log")).unwrap_or_default();
        wait_for(|| log().contains("/public/last").then_some(()));
        assert!(log().contains("/public/upload") && !log().contains("evil"), "{}", log());
    }
}

#[test]
fn a_connection_that_goes_on_takes_the_rest_as_body_and_then_the_next_request() {
    let (origin, received) = eager_origin();
    let edge = Edge::serve(&configs::main(&origin));
    let mut stream = TcpStream::connect(edge.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let length = EVIL.len() + 2;
    write!(stream, "POST /public/upload HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {length}\r\n\r\nab")
        .unwrap();
    assert_eq!(Response::read(&mut stream, false).status, 200);
    // Longer than an idle connection waits for being parked.
    thread::sleep(Duration::from_millis(400));
    stream.write_all(EVIL.as_bytes()).unwrap();
    thread::sleep(Duration::from_millis(400));
    write!(stream, "GET /public/next HTTP/1.1\r\nHost: {HOST}\r\n\r\n").unwrap();
    assert_eq!(Response::read(&mut stream, false).status, 200);
    let received: Vec<String> =
        received.lock().unwrap().iter().map(|one| String::from_utf8_lossy(one).into_owned()).collect();
    assert_eq!(received.len(), 2, "{received:?}");
    assert!(received[0].starts_with("POST /public/upload ") && received[0].ends_with(EVIL), "{received:?}");
    assert!(received[1].starts_with("GET /public/next "), "{received:?}");
}

#[test]
fn an_end_is_promised_and_kept_without_a_body_and_under_tls() {
    let (origin, received) = eager_origin();
    let edge = tls::serve("", "", &configs::main(&origin));
    for head in [
        format!("GET /public/x HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"),
        format!("GET /public/x HTTP/1.0\r\nHost: {HOST}\r\n\r\n"),
        format!("GET /private/x HTTP/1.0\r\nHost: {HOST}\r\n\r\n"),
        format!(
            "POST /public/x HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nContent-Length: 9\r\n\r\nab"
        ),
    ] {
        let begun = Instant::now();
        let mut plain = TcpStream::connect(edge.address).unwrap();
        plain.write_all(head.as_bytes()).unwrap();
        let (answer, _) = rest_of(&mut plain);
        assert!(answer.starts_with(b"HTTP/1."), "{head}");
        let mut secured = tls::connect(edge.https[0]);
        secured.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // A clean end: one that was cut off is an error under TLS.
        secured.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1."), "{head}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{head}: {:?}", begun.elapsed());
    }
    drop(received);
}
