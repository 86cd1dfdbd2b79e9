//! The PROXY protocol, versions 1 and 2, byte by byte: who is believed, and what ends the connection.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::configs;
use crate::support::tls::{self, HOST};
use crate::support::{Edge, RecordingOrigin, Response, link_for, request};

const ON: &str = "proxy-protocol = true";
/// PROXY protocol, 2.2.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;

/// A header of version 2, with what stands behind the addresses.
fn v2(command: u8, addresses: Option<(SocketAddr, SocketAddr)>, more: &[u8]) -> Vec<u8> {
    let mut family = 0;
    let mut body = Vec::new();
    if let Some((source, destination)) = addresses {
        for address in [source, destination] {
            match address.ip() {
                IpAddr::V4(ip) => body.extend(ip.octets()),
                IpAddr::V6(ip) => body.extend(ip.octets()),
            }
            family = if address.is_ipv4() { 0x11 } else { 0x21 };
        }
        body.extend(source.port().to_be_bytes());
        body.extend(destination.port().to_be_bytes());
    }
    body.extend(more);
    let len = u16::try_from(body.len()).unwrap().to_be_bytes();
    [SIGNATURE, &[command, family], &len[..], &body].concat()
}

fn pair(source: &str) -> Option<(SocketAddr, SocketAddr)> {
    let source: SocketAddr = source.parse().unwrap();
    let destination = if source.is_ipv4() { "192.0.2.1:443" } else { "[2001:db8::1]:443" };
    Some((source, destination.parse().unwrap()))
}

/// Sends a header and a request; none where the connection ends without an answer.
fn ask(edge: &Edge, header: &[u8], target: &str) -> Option<Response> {
    let mut stream = TcpStream::connect(edge.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let bytes = [header, request("GET", HOST, target, &[]).as_bytes()].concat();
    // The other side may have closed before it has taken all of it.
    let _ = stream.write_all(&bytes);
    Response::read_unless_closed(&mut stream, false)
}

fn outcome(response: Option<&Response>) -> String {
    let Some(response) = response else { return "closed".to_owned() };
    response.reason().map_or_else(|| response.status.to_string(), str::to_owned)
}

#[test]
fn the_address_that_is_said_is_the_viewers() {
    let origin = RecordingOrigin::start();
    let edge = tls::serve(ON, ON, &configs::main(&origin.url()));
    let link = link_for("203.0.113.9/32");
    let long = [&[0xE0, 0x01, 0x00][..], &[b'x'; 256]].concat();
    for (header, expected) in [
        (b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n".to_vec(), "200"),
        (b"PROXY TCP4 203.0.113.10 192.0.2.1 4711 443\r\n".to_vec(), "ip-mismatch"),
        (b"PROXY TCP6 2001:db8::9 2001:db8::1 4711 443\r\n".to_vec(), "ip-mismatch"),
        (v2(PROXY, pair("203.0.113.9:4711"), b""), "200"),
        (v2(PROXY, pair("203.0.113.9:4711"), &long), "200"),
        (v2(PROXY, pair("203.0.113.10:4711"), b""), "ip-mismatch"),
        (v2(PROXY, pair("[2001:db8::9]:4711"), b""), "ip-mismatch"),
        // IPv4 that an IPv6 socket saw.
        (v2(PROXY, pair("[::ffff:203.0.113.9]:4711"), b""), "200"),
        // Its own health checks: the connection's peer.
        (b"PROXY UNKNOWN\r\n".to_vec(), "ip-mismatch"),
        (b"PROXY UNKNOWN 203.0.113.9 192.0.2.1 4711 443\r\n".to_vec(), "ip-mismatch"),
        (v2(LOCAL, None, b""), "ip-mismatch"),
        (v2(LOCAL, pair("203.0.113.9:4711"), b""), "ip-mismatch"),
    ] {
        let found = ask(&edge, &header, &link);
        assert_eq!(outcome(found.as_ref()), expected, "{}", header.escape_ascii());
        // And over TLS, where the header stands before the handshake.
        let mut stream = tls::connect_behind(edge.https[0], &header);
        stream.write_all(request("GET", HOST, &link, &[]).as_bytes()).unwrap();
        let found = Response::read(&mut stream, false);
        assert_eq!(outcome(Some(&found)), expected, "TLS: {}", header.escape_ascii());
    }
    for (header, address) in [
        (b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n".to_vec(), "203.0.113.9"),
        (v2(PROXY, pair("[2001:db8::9]:4711"), b""), "2001:db8::9"),
        (v2(LOCAL, None, b""), "127.0.0.1"),
    ] {
        assert_eq!(outcome(ask(&edge, &header, "/public/x").as_ref()), "200");
        assert_eq!(origin.last().headers("x-forwarded-for"), [address]);
    }
}

#[test]
fn it_holds_for_every_request_of_the_connection_and_may_come_in_pieces() {
    let origin = RecordingOrigin::start();
    let edge = tls::serve(ON, "", &configs::main(&origin.url()));
    let ask = format!("GET {} HTTP/1.1\r\nHost: {HOST}\r\n\r\n", link_for("203.0.113.9/32"));
    for header in
        [b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n".to_vec(), v2(PROXY, pair("203.0.113.9:1"), b"")]
    {
        let mut stream = TcpStream::connect(edge.address).unwrap();
        stream.set_nodelay(true).unwrap();
        for byte in header {
            stream.write_all(&[byte]).unwrap();
            thread::sleep(Duration::from_millis(2));
        }
        for pause in [0, 300] {
            // Long enough to be parked.
            thread::sleep(Duration::from_millis(pause));
            stream.write_all(ask.as_bytes()).unwrap();
            assert_eq!(Response::read(&mut stream, false).status, 200);
        }
    }
}

#[test]
fn whoever_does_not_begin_with_it_is_closed() {
    let origin = RecordingOrigin::start();
    let edge = tls::serve(ON, "", &configs::main(&origin.url()));
    let mut bad: Vec<Vec<u8>> = [
        "",
        "PROXY",
        "PROXY \r\n",
        "PROXY TCP4\r\n",
        "PROXY TCP4 203.0.113.9 192.0.2.1 4711\r\n",
        "PROXY TCP4 203.0.113.9 192.0.2.1 4711 443 5\r\n",
        "PROXY TCP4 203.0.113.9 192.0.2.1 99999 443\r\n",
        "PROXY TCP4 203.0.113.999 192.0.2.1 4711 443\r\n",
        "PROXY TCP4 2001:db8::9 2001:db8::1 4711 443\r\n",
        "PROXY TCP6 203.0.113.9 192.0.2.1 4711 443\r\n",
        "PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\n",
        "PROXY TCP4  203.0.113.9 192.0.2.1 4711 443\r\n",
        "proxy TCP4 203.0.113.9 192.0.2.1 4711 443\r\n",
        "PROXY UDP4 203.0.113.9 192.0.2.1 4711 443\r\n",
        "\r\nPROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    // PROXY protocol, 2.1: 107 bytes at most.
    bad.push([b"PROXY UNKNOWN ", &[b'x'; 200][..], b"\r\n"].concat());
    let good = v2(PROXY, pair("203.0.113.9:4711"), b"");
    let changed = |at: usize, to: u8| {
        let mut bytes = good.clone();
        bytes[at] = to;
        bytes
    };
    // Version, command, the signature, addresses that are shorter than their kind.
    bad.extend([changed(12, 0x11), changed(12, 0x2F), changed(11, b'x'), changed(15, 4)]);
    // Longer than anybody's: what is to come of it is not waited for.
    bad.push([SIGNATURE, &[PROXY, 0x11, 0xFF, 0xFF], &[0; 12]].concat());
    for header in bad {
        let begun = Instant::now();
        let found = ask(&edge, &header, "/public/x");
        assert_eq!(outcome(found.as_ref()), "closed", "{}", header.escape_ascii());
        assert!(begun.elapsed() < Duration::from_secs(15), "{}", header.escape_ascii());
    }
    assert!(origin.requests().is_empty());
}

#[test]
fn whoever_is_slow_with_it_is_closed_and_nobody_else_waits() {
    let origin = RecordingOrigin::start();
    let edge = tls::serve(ON, ON, &configs::main(&origin.url()));
    let parts: [&[u8]; 4] = [b"", b"P", b"PROXY TCP4 203.0.113.9 192.0.2.1 47", &SIGNATURE[..8]];
    let slow: Vec<TcpStream> = [edge.address, edge.https[0]]
        .into_iter()
        .flat_map(|address| parts.iter().cycle().take(40).map(move |part| (address, part)))
        .map(|(address, part)| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(part).unwrap();
            stream
        })
        .collect();
    let begun = Instant::now();
    let quick = ask(&edge, b"PROXY UNKNOWN\r\n", "/public/x");
    assert_eq!(outcome(quick.as_ref()), "200");
    assert!(begun.elapsed() < Duration::from_secs(2));
    for mut stream in slow {
        stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        // The end, or a reset; no timeout of ours.
        let mut byte = [0];
        let ended = match stream.read(&mut byte) {
            Ok(count) => count == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        };
        assert!(ended, "after {:?}", begun.elapsed());
    }
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[test]
fn with_trusted_proxies_only_they_may_send_it() {
    let origin = RecordingOrigin::start();
    for (trusted, expected) in [("192.0.2.0/24", "closed"), ("127.0.0.0/8", "200")] {
        let lines = format!("{ON}\ntrusted-proxies = [\"{trusted}\"]");
        let edge = tls::serve(&lines, "", &configs::main(&origin.url()));
        let header = v2(PROXY, pair("203.0.113.9:4711"), b"");
        let found = ask(&edge, &header, &link_for("203.0.113.9/32"));
        assert_eq!(outcome(found.as_ref()), expected, "{trusted}");
    }
}

#[test]
fn a_listener_that_does_not_ask_for_it_does_not_take_it() {
    let origin = RecordingOrigin::start();
    let edge = tls::serve("", "", &configs::main(&origin.url()));
    for header in [b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n".to_vec(), v2(LOCAL, None, b"")] {
        let found = ask(&edge, &header, "/public/x");
        assert!(found.is_none_or(|response| response.status == 400));
    }
    assert!(origin.requests().is_empty());
}
