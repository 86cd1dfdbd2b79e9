//! Tunnels, as Python's `websockets` opens and answers them: judged by the handshake, then bytes both ways.

use std::io::{BufRead, BufReader, Read as _, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::configs;
use crate::support::foreign::program;
use crate::support::tls::{self, HOST};
use crate::support::{Edge, RecordingOrigin, Response, wait_for};
use crate::support::{signing_cookies, signing_parameters};

/// How long a tunnel may stand still.
const IDLE: &str = "limits = { websocket-idle-timeout = \"1s\" }";

/// `tests/clients/ws_origin.py`: an echo.
struct Origin {
    child: Child,
    port: u16,
    requests: Arc<Mutex<Vec<Value>>>,
}

impl Origin {
    fn start() -> Self {
        let mut command = program("clients/ws_origin.py");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap().parse().unwrap();
        let requests: Arc<Mutex<Vec<Value>>> = Arc::default();
        let record = Arc::clone(&requests);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                record.lock().unwrap().push(serde_json::from_str(&line).unwrap());
            }
        });
        Self { child, port, requests }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn requests(&self) -> Vec<Value> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `tests/clients/ws_client.py`: one tunnel.
struct Tunnel {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    opened: Value,
}

impl Tunnel {
    fn open(address: SocketAddr, scheme: &str, target: &str, headers: &[(&str, &str)]) -> Self {
        let mut job = tls::connection(address);
        job["uri"] = json!(format!("{scheme}://{HOST}:{}{target}", address.port()));
        job["headers"] = json!(headers);
        let mut command = program("clients/ws_client.py");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut tunnel = Self { child, stdin, stdout, opened: Value::Null };
        tunnel.opened = tunnel.call(&job);
        tunnel
    }

    fn call(&mut self, command: &Value) -> Value {
        writeln!(self.stdin, "{command}").unwrap();
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no answer to {command}: {line:?}"))
    }

    fn echo(&mut self, text: &str) -> Value {
        self.call(&json!(["echo", text]))
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn site(origin: &Origin) -> Edge {
    tls::serve("", "", &configs::main(&origin.url()))
}

/// Both listeners, with the scheme that a WebSocket has there.
fn listeners(edge: &Edge) -> [(SocketAddr, &'static str); 2] {
    [(edge.address, "ws"), (edge.https[0], "wss")]
}

#[test]
fn a_signed_link_and_signed_cookies_open_a_tunnel() {
    let origin = Origin::start();
    let edge = site(&origin);
    let link = format!("/live?room=1&{}", signing_parameters("/live?room=1"));
    let cookies = signing_cookies("/live?room=2");
    for (address, scheme) in listeners(&edge) {
        for (target, headers, asked) in [
            (link.as_str(), vec![], "/live?room=1"),
            ("/live?room=2", vec![("Cookie", cookies.as_str())], "/live?room=2"),
            ("/public/live", vec![], "/public/live"),
        ] {
            let mut tunnel = Tunnel::open(address, scheme, target, &headers);
            assert_eq!(tunnel.opened, json!({ "opened": "chat" }), "{scheme} {target}");
            assert_eq!(tunnel.echo("ahoy"), "ahoy");
            assert_eq!(tunnel.call(&json!(["ping"])), true);
            assert_eq!(tunnel.call(&json!(["echo-bytes", 70_000])), true);
            let request = wait_for(|| origin.requests().pop().filter(|request| request["target"] == asked));
            let headers = request["headers"].as_array().unwrap();
            let has = |name: &str, value: &str| {
                headers
                    .iter()
                    .any(|field| field[0] == name && field[1].as_str().unwrap().eq_ignore_ascii_case(value))
            };
            assert!(has("upgrade", "websocket") && has("connection", "upgrade"), "{request}");
            assert!(!request.to_string().contains("CloudFront-Signature"), "{request}");
        }
    }
}

#[test]
fn without_credentials_the_handshake_is_refused_and_the_origin_not_asked() {
    let origin = Origin::start();
    let edge = site(&origin);
    let link = format!("/live?{}", signing_parameters("/live"));
    for (address, scheme) in listeners(&edge) {
        for (target, code) in [
            ("/live".to_owned(), "MissingKey"),
            (link.replace("/live", "/other"), "AccessDenied"),
            (link.replace("Key-Pair-Id=K", "Key-Pair-Id=L"), "InvalidKey"),
        ] {
            let tunnel = Tunnel::open(address, scheme, &target, &[]);
            assert_eq!(tunnel.opened["refused"], 403, "{target}");
            assert!(tunnel.opened["body"].as_str().unwrap().contains(code), "{}", tunnel.opened);
        }
    }
    assert_eq!(origin.requests(), [Value::Null; 0]);
}

#[test]
fn large_messages_pass_in_little_memory() {
    let origin = Origin::start();
    let edge = site(&origin);
    for (address, scheme) in listeners(&edge) {
        let mut tunnel = Tunnel::open(address, scheme, "/public/live", &[]);
        for _ in 0..2 {
            assert_eq!(tunnel.call(&json!(["echo-bytes", 32 << 20])), true);
        }
    }
    assert!(edge.peak_memory() < 48, "{} MiB", edge.peak_memory());
}

const HANDSHAKE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[test]
fn what_is_no_handshake_opens_no_tunnel() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&configs::main(&origin.url()));
    for (method, version, headers) in [
        (
            "GET",
            "1.1",
            "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n".to_owned(),
        ),
        ("GET", "1.1", "Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n".to_owned()),
        ("GET", "1.1", HANDSHAKE.replace("Connection: Upgrade", "Connection: keep-alive")),
        ("GET", "1.0", HANDSHAKE.to_owned()),
        ("POST", "1.1", format!("{HANDSHAKE}Content-Length: 0\r\n")),
    ] {
        let text = format!("{method} /public/x HTTP/{version}\r\nHost: {HOST}\r\n{headers}\r\n");
        let before = origin.requests().len();
        let mut stream = TcpStream::connect(edge.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let response = Response::read(&mut stream, false);
        assert_ne!(response.status, 101, "{text}");
        // Where it is passed on it is as an ordinary request.
        for asked in &origin.requests()[before..] {
            assert_eq!(asked.headers("upgrade"), [""; 0], "{text}");
        }
    }
}

#[test]
fn an_origin_that_wants_no_tunnel_answers_as_ever() {
    let origin = RecordingOrigin::answering(|_, stream| {
        stream.write_all(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 4\r\n\r\nnope").is_ok()
    });
    let edge = Edge::serve(&configs::main(&origin.url()));
    let response = edge.send(format!("GET /public/x HTTP/1.1\r\nHost: {HOST}\r\n{HANDSHAKE}\r\n"));
    assert_eq!((response.status, response.text()), (426, "nope".to_owned()));
    assert_eq!(response.header("x-cache"), Some("Error from cloudfront"));
}

/// What is sent behind the handshake before its answer belongs to the tunnel.
#[test]
fn bytes_that_come_with_the_handshake_reach_the_other_side() {
    let origin = RecordingOrigin::answering(|_, stream| {
        let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                      Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nearly";
        stream.write_all(answer.as_bytes()).unwrap();
        let mut got = [0; 4];
        let _ = stream.read_exact(&mut got).and_then(|()| stream.write_all(&got));
        false
    });
    let edge = tls::serve("", "", &configs::main(&origin.url()));
    let ask = format!("GET /public/x HTTP/1.1\r\nHost: {HOST}\r\n{HANDSHAKE}\r\n");
    let mut plain = TcpStream::connect(edge.address).unwrap();
    plain.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut tls = tls::connect(edge.https[0]);
    let streams: [&mut dyn ReadWrite; 2] = [&mut plain, &mut tls];
    for stream in streams {
        stream.write_all(ask.as_bytes()).unwrap();
        // By its own: `read_head` would take what comes behind.
        let mut got = Vec::new();
        while !got.ends_with(b"\r\n\r\nearly") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            got.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&got).to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 101 "), "{head}");
        for line in ["upgrade: websocket", "sec-websocket-accept: s3ppl"] {
            assert!(head.contains(line), "{head}");
        }
        stream.write_all(b"late").unwrap();
        let mut rest = Vec::new();
        // The origin ends after that, and so does the tunnel.
        let _ = stream.read_to_end(&mut rest);
        assert_eq!(rest, b"late");
    }
}

trait ReadWrite: std::io::Read + Write {}
impl<T: std::io::Read + Write> ReadWrite for T {}

#[test]
fn a_tunnel_that_stands_still_is_ended() {
    let origin = Origin::start();
    let edge = tls::serve(IDLE, "", &configs::main(&origin.url()));
    for (address, scheme) in listeners(&edge) {
        let mut tunnel = Tunnel::open(address, scheme, "/public/live", &[]);
        assert_eq!(tunnel.opened, json!({ "opened": "chat" }), "{}", edge.log());
        // Whatever moves keeps it open.
        for _ in 0..4 {
            thread::sleep(Duration::from_millis(500));
            assert_eq!(tunnel.echo("still here"), "still here");
        }
        let after = tunnel.call(&json!(["closed", 10]));
        assert!(after.as_f64().is_some_and(|seconds| (0.5..6.0).contains(&seconds)), "{scheme}: {after}");
    }
}

#[test]
fn sigterm_waits_for_tunnels_and_the_grace_ends_them() {
    let origin = Origin::start();
    for (grace, is_closed_by_viewer) in [("20s", true), ("1s", false)] {
        let lines = format!("shutdown-grace = \"{grace}\"");
        let mut edge = tls::serve(&lines, "", &configs::main(&origin.url()));
        let mut tunnels = listeners(&edge).map(|(at, scheme)| Tunnel::open(at, scheme, "/public/live", &[]));
        for tunnel in &mut tunnels {
            assert_eq!(tunnel.echo("before"), "before");
        }
        edge.signal("TERM");
        wait_for(|| TcpStream::connect(edge.address).is_err().then_some(()));
        let begun = Instant::now();
        if is_closed_by_viewer {
            for tunnel in &mut tunnels {
                assert_eq!(tunnel.echo("while draining"), "while draining");
            }
            assert_eq!(edge.child.try_wait().unwrap(), None);
            for tunnel in &mut tunnels {
                tunnel.call(&json!(["close"]));
            }
        }
        assert_eq!(wait_for(|| edge.child.try_wait().unwrap()).code(), Some(0));
        assert!(begun.elapsed() < Duration::from_secs(8), "{grace}: {:?}", begun.elapsed());
    }
}
