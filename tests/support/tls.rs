//! What the tests of TLS and HTTP/2 need: an authority, certificates, and clients that speak over them.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

use super::foreign::program;
use super::{Edge, Response, root};

/// The host that most tests ask for.
pub(crate) const HOST: &str = "d111111abcdef8.cloudfront.net";

/// An authority of the tests' own (`ca.pem`) and the leaves that it vouches for.
pub(crate) fn certificates() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = root().join("target/test-certificates").join(std::process::id().to_string());
        std::fs::create_dir_all(&folder).expect("a folder");
        let mut params = valid_now("Tests of Frontgate");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        write(&folder, "ca", &certificate, &key);
        let issuer = Issuer::new(params, key);
        for (name, names) in LEAVES {
            let mut params = valid_now(name);
            params.is_ca = IsCa::ExplicitNoCa;
            params.subject_alt_names = vec![SanType::IpAddress(Ipv4Addr::LOCALHOST.into())];
            let names = names.iter().map(|name| SanType::DnsName((*name).try_into().expect("a name")));
            params.subject_alt_names.extend(names);
            let key = KeyPair::generate().expect("a key");
            let certificate = params.signed_by(&key, &issuer).expect("a certificate");
            write(&folder, name, &certificate, &key);
        }
        folder
    });
    &FOLDER
}

/// A certificate's common name, valid from yesterday for 30 days.
#[expect(clippy::disallowed_methods, reason = "clients check certificates at the present time")]
fn valid_now(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time");
    params.not_before = date_time_ymd(1970, 1, 1) + now - DAY;
    params.not_after = params.not_before + 30 * DAY;
    params
}

const DAY: Duration = Duration::from_secs(86_400);

fn write(folder: &Path, name: &str, certificate: &Certificate, key: &KeyPair) {
    std::fs::write(folder.join(format!("{name}.pem")), certificate.pem()).expect("a file");
    std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).expect("a file");
}

/// Leaves and their names.
const LEAVES: [(&str, &[&str]); 2] = [
    (
        "media",
        &[
            HOST,
            "media.example.com",
            "media.example.test",
            "localhost",
            "one.example.com",
            "*.cdn.example.com",
        ],
    ),
    ("app", &["app.example.test"]),
];

/// The tables of a server that listens with TLS on a free port, beside its plain listener. `lines` go into `[server]`,
/// `https` into its `[[server.https]]`.
pub(crate) fn tables(lines: &str, https: &str) -> String {
    let (certificate, key) = (certificates().join("media.pem"), certificates().join("media.key"));
    format!(
        "[server]\n{lines}\n[[server.https]]\nlisten = [\"127.0.0.1:0\"]\n\
         certificates = [{{ certificate = {certificate:?}, private-key = {key:?} }}]\n{https}\n"
    )
}

/// `serve` with a site behind both kinds of listener.
pub(crate) fn serve(lines: &str, https: &str, site: &str) -> Edge {
    Edge::serve(&(tables(lines, https) + site))
}

/// What the clients in `tests/clients` are told of a server.
pub(crate) fn connection(address: SocketAddr) -> Value {
    json!({ "address": address.to_string(), "ca": certificates().join("ca.pem"), "server-name": HOST })
}

/// A connection over TLS that offers HTTP/1.1.
pub(crate) type Stream = StreamOwned<ClientConnection, TcpStream>;

/// Connects, and shakes hands.
pub(crate) fn connect(address: SocketAddr) -> Stream {
    connect_behind(address, b"")
}

/// A client that is about to shake hands, and offers HTTP/1.1.
pub(crate) fn client() -> ClientConnection {
    client_offering("http/1.1")
}

fn client_offering(protocol: &str) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(certificates().join("ca.pem")).expect("a certificate"))
        .expect("an authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let mut config = config
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.into()];
    let name = ServerName::try_from(HOST).expect("a name");
    ClientConnection::new(Arc::new(config), name).expect("a client")
}

/// Connects, shakes hands, and agrees on HTTP/2.
pub(crate) fn connect_http2(address: SocketAddr) -> Stream {
    connect_as(client_offering("h2"), address, b"")
}

/// Connects, sends some bytes, and shakes hands behind them.
pub(crate) fn connect_behind(address: SocketAddr, bytes: &[u8]) -> Stream {
    connect_as(client(), address, bytes)
}

fn connect_as(mut tls: ClientConnection, address: SocketAddr, bytes: &[u8]) -> Stream {
    let mut tcp = TcpStream::connect(address).expect("a connection");
    tcp.set_nodelay(true).expect("an option");
    tcp.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    tcp.write_all(bytes).expect("bytes are sent");
    tls.complete_io(&mut tcp).expect("a handshake");
    StreamOwned::new(tls, tcp)
}

/// Sends raw bytes over TLS on a connection of their own and reads the one response.
pub(crate) fn send(address: SocketAddr, request: impl AsRef<[u8]>) -> Response {
    let request = request.as_ref();
    let mut stream = connect(address);
    stream.write_all(request).expect("a request is written");
    Response::read(&mut stream, request.starts_with(b"HEAD "))
}

/// `tests/clients/h2_raw.py`: sends the frames that it is told to.
pub(crate) struct Http2 {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Http2 {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::connect_with(address, json!({}))
    }

    /// With more members: `settings`, `gives-window`, `preface`.
    pub(crate) fn connect_with(address: SocketAddr, more: Value) -> Self {
        let mut job = connection(address);
        if let (Some(job), Value::Object(more)) = (job.as_object_mut(), more) {
            job.extend(more);
        }
        let mut command = program("clients/h2_raw.py");
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the client starts");
        let stdin = child.stdin.take().expect("stdin");
        let stdout = BufReader::new(child.stdout.take().expect("stdout"));
        let mut client = Self { child, stdin, stdout };
        writeln!(client.stdin, "{job}").expect("the client listens");
        client
    }

    /// One command: its name, then its arguments.
    pub(crate) fn call(&mut self, command: Value) -> Value {
        writeln!(self.stdin, "{command}").expect("the client listens");
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("the client answers");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no answer to {command}: {line:?}"))
    }

    /// Opens a stream with these header fields and ends it.
    pub(crate) fn open(&mut self, stream: u32, fields: &[(&str, &str)]) {
        self.call(json!(["open", stream, fields]));
    }

    /// Waits until a stream is over; what is known of it then.
    pub(crate) fn answer(&mut self, stream: u32) -> Answer {
        let seen = self.call(json!(["wait", [stream], 20]));
        Answer::of(&seen, stream)
    }
}

impl Drop for Http2 {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What has come on one stream.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: Option<u64>,
    pub(crate) reset: Option<u64>,
    pub(crate) bytes: u64,
    pub(crate) is_whole: bool,
    pub(crate) reason: Option<String>,
    /// Whether the whole connection was ended meanwhile.
    pub(crate) is_closed: bool,
}

impl Answer {
    pub(crate) fn of(seen: &Value, stream: u32) -> Self {
        let state = &seen["streams"][stream.to_string()];
        let headers = state["headers"].as_array().into_iter().flatten();
        let reason =
            headers.filter(|field| field[0] == "x-frontgate-reason").find_map(|field| field[1].as_str());
        Self {
            status: state["status"].as_u64(),
            reset: state["reset"].as_u64(),
            bytes: state["bytes"].as_u64().unwrap_or(0),
            is_whole: state["ended"] == true,
            reason: reason.map(str::to_owned),
            is_closed: seen["closed"] == true || !seen["goaway"].is_null(),
        }
    }
}

/// The header fields of a GET.
pub(crate) fn get<'a>(authority: &'a str, path: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![(":method", "GET"), (":scheme", "https"), (":authority", authority), (":path", path)]
}
