//! How much memory a viewer holds that does nothing: docs/security.md has the figures, of an optimised binary.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::support::configs;
use crate::support::tls::{self, HOST};
use crate::support::{Edge, RecordingOrigin, Response, request, wait_for};

trait Wire: Read + Write {}
impl<T: Read + Write> Wire for T {}

fn resident(edge: &Edge) -> usize {
    let statm = std::fs::read_to_string(format!("/proc/{}/statm", edge.child.id())).unwrap();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap() * 4096
}

fn plain(edge: &Edge) -> TcpStream {
    let stream = TcpStream::connect(edge.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// What a connection begins with: the preface, and SETTINGS with which no stream has a window for a body.
fn preface() -> Vec<u8> {
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &frame(4, 0, 0, &[0, 4, 0, 0, 0, 0])[..]].concat()
}

/// A whole GET, its header fields as literals that nobody keeps (RFC 7541, 6.2.2).
fn get(stream: u32, path: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let fields = [&[0x82, 0x87][..], &[0x04], &text(path), &[0x01], &text(HOST)].concat();
    frame(1, 0b101, stream, &fields)
}

/// Bytes that each of so many took more than nobody.
fn each(edge: &Edge, before: usize, count: usize, what: &str) -> usize {
    let each = resident(edge).saturating_sub(before) / count;
    println!("{what}: {each} bytes");
    each
}

#[test]
fn idle_connections_are_cheap() {
    let origin = RecordingOrigin::start();
    for (kind, limit) in [("plain", 8 << 10), ("TLS", 18 << 10), ("HTTP/2", 48 << 10)] {
        let edge = tls::serve("", "", &configs::main(&origin.url()));
        assert_eq!(tls::send(edge.https[0], request("GET", HOST, "/public/x", &[])).status, 200);
        let before = resident(&edge);
        let ask = format!("GET /public/x HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
        let idle: Vec<Box<dyn Wire>> = (0..1_000)
            .map(|number| {
                if number % 50 == 0 {
                    // Those before are parked by then: what all of them held at once isn't what they hold.
                    thread::sleep(Duration::from_millis(150));
                }
                let mut stream: Box<dyn Wire> = match kind {
                    "plain" => Box::new(plain(&edge)),
                    "TLS" => Box::new(tls::connect(edge.https[0])),
                    _ => Box::new(tls::connect_http2(edge.https[0])),
                };
                if kind == "HTTP/2" {
                    stream.write_all(&[preface(), get(1, "/public/x")].concat()).unwrap();
                    let mut seen = Vec::new();
                    // HEADERS on stream 1.
                    while !seen.windows(6).any(|window| window == [1, 4, 0, 0, 0, 1]) {
                        let mut chunk = [0; 4096];
                        let count = stream.read(&mut chunk).unwrap();
                        assert!(count > 0, "the connection ended");
                        seen.extend_from_slice(&chunk[..count]);
                    }
                    stream.write_all(&frame(3, 0, 1, &[0, 0, 0, 8])).unwrap();
                } else {
                    stream.write_all(ask.as_bytes()).unwrap();
                    assert_eq!(Response::read(&mut stream, false).status, 200);
                }
                stream
            })
            .collect();
        // Until they are parked.
        thread::sleep(Duration::from_millis(500));
        let found = each(&edge, before, idle.len(), kind);
        assert!(found < limit, "{kind}: {found}");
    }
}

#[test]
fn open_streams_are_cheap() {
    const BIG: usize = 10 << 20;
    for (what, path, limit) in [
        ("a stream that waits for its origin", "/public/silent", 64 << 10),
        ("a stream that waits for its viewer", "/public/big", 72 << 10),
    ] {
        let origin = RecordingOrigin::answering(|request, stream| {
            if request.target() == "/public/silent" {
                thread::sleep(Duration::from_secs(20));
                return false;
            }
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {BIG}\r\n\r\n");
            stream.write_all(&vec![b'x'; BIG]).is_ok()
        });
        let limits = "limits = { origin-connections-per-viewer = 128 }";
        let edge = tls::serve(limits, "", &configs::main(&origin.url()));
        assert_eq!(edge.get(HOST, "/public/big", &[]).body.len(), BIG);
        let before = resident(&edge);
        let mut open = Vec::new();
        for connection in 0..5 {
            let mut stream = tls::connect_http2(edge.https[0]);
            let requests = (0..100).flat_map(|number| get(2 * number + 1, path));
            stream.write_all(&preface().into_iter().chain(requests).collect::<Vec<_>>()).unwrap();
            open.push(stream);
            wait_for(|| (origin.requests().len() == 1 + 100 * (connection + 1)).then_some(()));
        }
        // Until the origin's bytes have filled what they can.
        thread::sleep(Duration::from_secs(1));
        let found = each(&edge, before, 500, what);
        assert!(found < limit, "{what}: {found}");
    }
}
