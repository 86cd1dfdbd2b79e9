//! Origins over TLS, before which certificates of every kind are presented, and origins that are dead.

use std::io::{Read, Write};
use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{HandshakeKind, ProtocolVersion, ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use crate::support::{Edge, RecordingOrigin, Response, frontgate, read_head, request, run, stdout, wait_for};

/// An authority of our own.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    dir: TempDir,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ca.pem"), certificate.pem()).unwrap();
        Self { issuer: Issuer::new(params, key), certificate: certificate.der().clone(), dir }
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    fn key_line(&self) -> String {
        format!("certificate-authority = {:?}\n", self.file())
    }
}

/// What an origin presents.
struct Presented {
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
}

fn leaf(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, "an origin");
    params
}

fn issued(authority: &Authority, params: &CertificateParams) -> Presented {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &authority.issuer).unwrap();
    Presented { chain: vec![certificate.der().clone(), authority.certificate.clone()], key }
}

fn self_signed(params: &CertificateParams) -> Presented {
    let key = KeyPair::generate().unwrap();
    Presented { chain: vec![params.self_signed(&key).unwrap().der().clone()], key }
}

/// One request as it came to a TLS origin.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    sni: Option<String>,
    kind: HandshakeKind,
    version: ProtocolVersion,
    alpn: Option<Vec<u8>>,
    host: String,
    connection: usize,
    sent: usize,
}

/// An HTTPS server of rustls and threads.
struct TlsOrigin {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl TlsOrigin {
    fn start(presented: Presented) -> Self {
        Self::speaking(presented, rustls::ALL_VERSIONS, false)
    }

    fn speaking(
        presented: Presented,
        versions: &[&'static rustls::SupportedProtocolVersion],
        closes: bool,
    ) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::try_from(presented.key.serialize_der()).unwrap();
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(presented.chain, key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let record = Arc::clone(&seen);
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().flatten().enumerate() {
                let (config, record) = (Arc::clone(&config), Arc::clone(&record));
                thread::spawn(move || {
                    let tls = ServerConnection::new(config).unwrap();
                    answer(StreamOwned::new(tls, stream), connection, closes, &record);
                });
            }
        });
        Self { port, seen }
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// Answers with as many bytes as the path says, or `hello`.
fn answer(
    mut stream: StreamOwned<ServerConnection, TcpStream>,
    connection: usize,
    closes: bool,
    record: &Mutex<Vec<Seen>>,
) {
    while let Some((head, rest)) = read_head(&mut stream) {
        let head = String::from_utf8_lossy(&head).into_owned();
        let header = |name: &str| {
            let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
            lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
        };
        let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut sent = rest.len();
        let mut chunk = vec![0; 64 << 10];
        while sent < length {
            sent += stream.read(&mut chunk).unwrap();
        }
        record.lock().unwrap().push(Seen {
            sni: stream.conn.server_name().map(str::to_owned),
            kind: stream.conn.handshake_kind().unwrap(),
            version: stream.conn.protocol_version().unwrap(),
            alpn: stream.conn.alpn_protocol().map(<[u8]>::to_vec),
            host: header("host").unwrap_or_default(),
            connection,
            sent,
        });
        let path = head.split(' ').nth(1).unwrap_or("/");
        let body = match path.trim_start_matches('/').parse::<usize>() {
            Ok(length) => (0..length).map(|at| (at % 251) as u8).collect(),
            Err(_) => b"hello".to_vec(),
        };
        let close = if closes { "Connection: close\r\n" } else { "" };
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{close}\r\n", body.len());
        if stream.write_all(head.as_bytes()).is_err() || stream.write_all(&body).is_err() || closes {
            stream.conn.send_close_notify();
            let _ = stream.flush();
            return;
        }
    }
}

/// A public distribution before one origin.
fn site(origin: &str) -> String {
    format!(
        "[server]\nworkers = 1\n[[distributions]]\nid = \"E\"\ndomain-name = \"a.example.com\"\n\
         [[distributions.origins]]\nid = \"o\"\n{origin}\n\
         [distributions.default-cache-behavior]\ntarget-origin = \"o\"\n\
         allowed-methods = [\"GET\", \"HEAD\", \"OPTIONS\", \"PUT\", \"POST\", \"PATCH\", \"DELETE\"]\n"
    )
}

fn get(edge: &Edge, target: &str) -> Response {
    edge.get("a.example.com", target, &[])
}

#[test]
fn a_certificate_is_checked_and_one_that_is_refused_is_told_of_once() {
    let (ours, other) = (Authority::new("Our Authority"), Authority::new("Another Authority"));
    let expired = |mut params: CertificateParams| {
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
        params
    };
    let early = |mut params: CertificateParams| {
        (params.not_before, params.not_after) = (date_time_ymd(2100, 1, 1), date_time_ymd(2101, 1, 1));
        params
    };
    let localhost = || leaf(&["localhost"]);
    let cases: [(&str, Presented, &str, Option<&[&str]>); 9] = [
        ("good", issued(&ours, &localhost()), "localhost", None),
        ("good for the address", issued(&ours, &leaf(&["127.0.0.1"])), "127.0.0.1", None),
        (
            "self-signed",
            self_signed(&localhost()),
            "localhost",
            Some(&[r#"a certificate of "an origin", signed by itself"#, "`certificate-authority`"]),
        ),
        (
            "of another authority",
            issued(&other, &localhost()),
            "localhost",
            Some(&[r#"issued by "Another Authority""#, "UnknownIssuer", "`certificate-authority`"]),
        ),
        (
            "expired",
            issued(&ours, &expired(localhost())),
            "localhost",
            Some(&["certificate expired", "the origin needs a new certificate"]),
        ),
        ("early", issued(&ours, &early(localhost())), "localhost", Some(&["not valid yet", "clocks"])),
        (
            "for another name",
            issued(&ours, &leaf(&["wrong.example.com"])),
            "localhost",
            Some(&["localhost", "wrong.example.com", "it must be for the origin's name"]),
        ),
        (
            "for the name, asked for the address",
            issued(&ours, &localhost()),
            "127.0.0.1",
            Some(&["127.0.0.1", "it must be for the origin's name"]),
        ),
        ("an authority's own", self_signed(&CertificateParams::default()), "localhost", Some(&["presents"])),
    ];
    for (what, presented, host, refused) in cases {
        let origin = TlsOrigin::start(presented);
        let url = format!("url = \"https://{host}:{}\"\n", origin.port);
        let edge = Edge::serve(&site(&(url + &ours.key_line())));
        let answers = [get(&edge, "/"), get(&edge, "/")];
        let Some(words) = refused else {
            assert_eq!(answers.map(|answer| answer.text()), ["hello", "hello"], "{what}: {}", edge.log());
            let sni = (host == "localhost").then(|| "localhost".to_owned());
            for seen in origin.seen() {
                assert_eq!(seen.alpn.as_deref(), Some(&b"http/1.1"[..]), "{what}");
                assert_eq!((&seen.sni, seen.connection), (&sni, 0), "{what}");
                assert_eq!(seen.host, format!("{host}:{}", origin.port), "{what}");
            }
            continue;
        };
        for answer in answers {
            assert_eq!(answer.status, 502, "{what}");
            assert!(answer.text().contains("CloudFront wasn't able to connect to the origin."), "{what}");
        }
        // The log has a thread of its own: once both requests have their lines, all is there.
        let log = wait_for(|| Some(edge.log()).filter(|log| log.matches("status=502").count() == 2));
        let told = |line: &&str| line.contains("WARN") && line.contains("certificate is refused");
        let lines: Vec<&str> = log.lines().filter(told).collect();
        assert_eq!(lines.len(), 1, "{what}: {log}");
        for word in words {
            assert!(lines[0].contains(word), "{what}: {word} is not in {}", lines[0]);
        }
        assert_eq!(origin.seen(), [], "{what}");
    }
}

#[test]
fn without_an_authority_of_its_own_an_origin_is_checked_against_the_systems() {
    let ours = Authority::new("Our Authority");
    let origin = TlsOrigin::start(issued(&ours, &leaf(&["localhost"])));
    let config = site(&format!("url = \"https://localhost:{}\"", origin.port));
    let start = |trusted: &std::path::Path| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config.toml"), &config).unwrap();
        let mut command = frontgate();
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("SSL_CERT_FILE", trusted)
            .env_remove("SSL_CERT_DIR");
        Edge::start(command, dir)
    };
    assert_eq!(get(&start(&ours.file()), "/").status, 200);
    assert_eq!(get(&start(&Authority::new("Another").file()), "/").status, 502);
    let nobody = ours.dir.path().join("empty.pem");
    std::fs::write(&nobody, "").unwrap();
    let edge = start(&nobody);
    assert_eq!(get(&edge, "/").status, 502);
    wait_for(|| edge.log().contains("the system has no certificate authorities").then_some(()));
}

#[test]
fn a_session_is_resumed_on_the_next_connection_in_both_versions() {
    let ours = Authority::new("Our Authority");
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let presented = issued(&ours, &leaf(&["localhost"]));
        let origin = TlsOrigin::speaking(presented, &[version], true);
        let url = format!("url = \"https://localhost:{}\"\n", origin.port);
        let edge = Edge::serve(&site(&(url + &ours.key_line())));
        for _ in 0..3 {
            assert_eq!(get(&edge, "/").text(), "hello");
        }
        let seen = origin.seen();
        let kinds: Vec<HandshakeKind> = seen.iter().map(|seen| seen.kind).collect();
        let resumed = HandshakeKind::Resumed;
        assert_eq!(kinds, [HandshakeKind::Full, resumed, resumed], "{version:?}");
        assert!(seen.iter().all(|seen| seen.version == version.version), "{seen:?}");
    }
}

#[test]
fn bodies_pass_whole_over_tls_both_ways() {
    let ours = Authority::new("Our Authority");
    let origin = TlsOrigin::start(issued(&ours, &leaf(&["localhost"])));
    let url = format!("url = \"https://localhost:{}\"\n", origin.port);
    let edge = Edge::serve(&site(&(url + &ours.key_line())));
    for length in [0, 1, 16_384, 20_000_000] {
        let answer = get(&edge, &format!("/{length}"));
        assert!(answer.complete && answer.body.len() == length, "{length}");
        assert!(answer.body.iter().enumerate().all(|(at, &byte)| byte == (at % 251) as u8), "{length}");
    }
    let length = 20_000_000;
    let mut upload =
        request("PUT", "a.example.com", "/x", &[&format!("Content-Length: {length}")]).into_bytes();
    upload.resize(upload.len() + length, b'u');
    assert_eq!(edge.send(upload).text(), "hello");
    assert_eq!(origin.seen().last().unwrap().sent, length);
}

#[test]
fn an_origin_that_speaks_no_tls_is_502_and_one_that_says_nothing_504_in_time() {
    let ours = Authority::new("Our Authority");
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = plain.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in plain.incoming().flatten() {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        }
    });
    let limits = "connection-attempts = 1\nconnection-timeout = \"400ms\"\n";
    let edge =
        Edge::serve(&site(&format!("url = \"https://localhost:{port}\"\n{limits}{}", ours.key_line())));
    assert_eq!(get(&edge, "/").status, 502);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let edge =
        Edge::serve(&site(&format!("url = \"https://localhost:{port}\"\n{limits}{}", ours.key_line())));
    let begun = Instant::now();
    assert_eq!(get(&edge, "/").status, 504);
    let took = begun.elapsed();
    assert!((400..1500).contains(&took.as_millis()), "{took:?}");
}

#[test]
fn match_viewer_speaks_plain_to_a_plain_viewer() {
    let plain = RecordingOrigin::start();
    let edge = Edge::serve(&site(&format!(
        "url = \"https://127.0.0.1\"\nprotocol-policy = \"match-viewer\"\nhttp-port = {}",
        plain.address.port()
    )));
    assert_eq!(get(&edge, "/").status, 200);
    assert_eq!(plain.last().headers("host"), [plain.address.to_string()]);
}

#[test]
fn keys_that_contradict_the_url_or_name_no_authority_are_errors_at_load() {
    let ours = Authority::new("Our Authority");
    let path = ours.dir.path().display().to_string();
    std::fs::write(ours.dir.path().join("empty.pem"), "no certificate").unwrap();
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    std::fs::write(ours.dir.path().join("broken.pem"), broken).unwrap();
    let https = "url = \"https://o\"\n";
    for (origin, fault) in [
        (format!("{https}{}", ours.key_line()), None),
        (format!("{https}protocol-policy = \"https-only\""), None),
        ("url = \"http://o\"\nprotocol-policy = \"http-only\"".to_owned(), None),
        (format!("{https}protocol-policy = \"match-viewer\"\nhttp-port = 8080"), None),
        ("url = \"http://o:9000\"\nprotocol-policy = \"match-viewer\"\nhttps-port = 9443".to_owned(), None),
        (format!("{https}protocol-policy = \"http-only\""), Some("`protocol-policy` can't be used")),
        (format!("{https}protocol-policy = \"viewer\""), Some("`protocol-policy` can't be used")),
        (format!("{https}https-port = 1"), Some("`https-port` has no meaning")),
        (
            format!("{https}protocol-policy = \"match-viewer\"\nhttps-port = 1"),
            Some("`https-port` has no meaning for this origin: its `url` has that port"),
        ),
        (
            format!("{https}protocol-policy = \"match-viewer\"\nhttp-port = 70000"),
            Some("`http-port` is not a port"),
        ),
        (format!("url = \"http://o\"\n{}", ours.key_line()), Some("`certificate-authority` has no meaning")),
        (format!("url = \"demo:\"\n{}", ours.key_line()), Some("`certificate-authority` has no meaning")),
        (format!("{https}certificate-authority = \"{path}/none.pem\""), Some("none.pem")),
        (format!("{https}certificate-authority = \"{path}/empty.pem\""), Some("empty.pem has none")),
        (format!("{https}certificate-authority = \"{path}/broken.pem\""), Some("broken.pem")),
        ("url = \"https://o/path\"".to_owned(), Some("`url` can't be used")),
    ] {
        let config = ours.dir.path().join("config.toml");
        std::fs::write(&config, site(&origin)).unwrap();
        let output = run(&["check", "--json", "--config", config.to_str().unwrap()]);
        let answer = stdout(&output);
        assert_eq!(output.status.code(), Some(if fault.is_some() { 2 } else { 0 }), "{origin}: {answer}");
        assert!(answer.contains(fault.unwrap_or_default()), "{origin}: {answer}");
    }
}

/// A port on which connections are neither taken nor refused: its queue is full. With what must stay for that.
fn blackhole() -> (SocketAddr, Vec<Box<dyn Send>>) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(1).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let mut kept: Vec<Box<dyn Send>> = vec![Box::new(socket)];
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        kept.push(Box::new(stream));
    }
    (address, kept)
}

#[test]
fn a_dead_origin_costs_the_requests_to_others_nothing() {
    let (dead, _kept) = blackhole();
    let alive = RecordingOrigin::start();
    let config = format!(
        "[server]\nworkers = 1\n[[distributions]]\nid = \"E\"\ndomain-name = \"a.example.com\"\n\
         [[distributions.origins]]\nid = \"alive\"\nurl = \"http://localhost:{}\"\n\
         [[distributions.origins]]\nid = \"dead\"\nurl = \"http://{dead}\"\nconnection-timeout = \"2s\"\n\
         connection-attempts = 1\n\
         [[distributions.origins]]\nid = \"unnamed\"\nurl = \"http://nobody.invalid\"\nconnection-timeout = \"2s\"\n\
         [distributions.default-cache-behavior]\ntarget-origin = \"alive\"\n\
         [[distributions.cache-behaviors]]\npath-pattern = \"/dead/*\"\ntarget-origin = \"dead\"\n\
         [[distributions.cache-behaviors]]\npath-pattern = \"/unnamed/*\"\ntarget-origin = \"unnamed\"\n",
        alive.address.port()
    );
    let edge = Edge::serve(&config);
    let address = edge.address;
    // As many as the system's look-ups would need threads for, and more.
    let waiting: Vec<_> = (0..200)
        .map(|number| {
            let path = if number % 2 == 0 { "/dead/x" } else { "/unnamed/x" };
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(request("GET", "a.example.com", path, &[]).as_bytes()).unwrap();
            (path, stream)
        })
        .collect();
    let mut slowest = Duration::ZERO;
    for _ in 0..50 {
        let begun = Instant::now();
        assert_eq!(get(&edge, "/x").status, 200);
        slowest = slowest.max(begun.elapsed());
    }
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    for (path, mut stream) in waiting {
        let status = Response::read(&mut stream, false).status;
        let expected: &[u16] = if path == "/dead/x" { &[504] } else { &[502, 504] };
        assert!(expected.contains(&status), "{path}: {status}");
    }
}

#[test]
fn a_name_of_which_one_address_is_dead_is_reached_by_another() {
    let listed = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    let both = listed.lines().any(|line| line.starts_with("::1") && line.contains("localhost"));
    let alive = RecordingOrigin::start();
    let edge = Edge::serve(&site(&format!("url = \"http://localhost:{}\"", alive.address.port())));
    let begun = Instant::now();
    assert_eq!(get(&edge, "/").status, 200);
    assert!(begun.elapsed() < Duration::from_secs(1), "with ::1: {both}");
    // Where the machine has the other kind for that name too.
    let Ok(listener) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) else { return };
    if !both {
        return;
    }
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_head(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    });
    let edge = Edge::serve(&site(&format!("url = \"http://localhost:{port}\"")));
    assert_eq!(get(&edge, "/").status, 204);
}
