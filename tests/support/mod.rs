//! What every test needs: the built binary on a free port, an origin that records bytes, raw HTTP.

#![expect(dead_code, reason = "each test binary uses a part")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) mod configs;
pub(crate) mod conformance;
#[path = "../conformance/table.rs"]
pub(crate) mod conformance_table;
pub(crate) mod console;
pub(crate) mod foreign;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod mmdb;
pub(crate) mod signatures;
pub(crate) mod tls;

pub(crate) use keys::{keys, private_key, public_key};
pub(crate) use links::{canned, cloudfront_base64, link_for, signed, signing_cookies, signing_parameters};
pub(crate) use signatures::{Raw, sign_raw};

/// The repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The built binary.
pub(crate) fn frontgate() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontgate"));
    command.current_dir(std::env::temp_dir()).env_remove("NO_COLOR");
    command
}

/// The binary as a user who isn't root, in a folder that this user can enter; and that user's id.
pub(crate) fn unprivileged(folder: &Path) -> (Command, u32) {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let own = std::fs::metadata(folder).unwrap().uid();
    if own != 0 {
        return (frontgate(), own);
    }
    let binary = folder.join("frontgate-copy");
    if !binary.exists() {
        std::fs::copy(env!("CARGO_BIN_EXE_frontgate"), &binary).unwrap();
    }
    let mut command = Command::new(binary);
    command.uid(NOBODY).gid(NOBODY).env("RUST_BACKTRACE", "0");
    (command, NOBODY)
}

/// Debian's `nobody`.
const NOBODY: u32 = 65534;

/// Runs the binary to its end.
pub(crate) fn run(args: &[&str]) -> Output {
    frontgate().args(args).output().expect("the binary runs")
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A running Frontgate, ended with the test.
pub(crate) struct Edge {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    /// The admin listener's.
    pub(crate) admin: Option<SocketAddr>,
    /// Its listeners that speak TLS.
    pub(crate) https: Vec<SocketAddr>,
    pub(crate) dir: TempDir,
}

impl Edge {
    /// `serve` with a configuration's text, on a free port, in test mode.
    pub(crate) fn serve(config: &str) -> Self {
        Self::serve_with(config, &["--test-mode"])
    }

    /// `serve` with more arguments.
    pub(crate) fn serve_with(config: &str, args: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("config.toml"), config).expect("a file");
        let mut command = frontgate();
        command.args(["serve", "--config", "config.toml", "--listen", "127.0.0.1:0"]).args(args);
        Self::start(command, dir)
    }

    /// `dev` with arguments, in an empty folder.
    pub(crate) fn dev(args: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let mut command = frontgate();
        command.args(["dev", "--listen", "127.0.0.1:0"]).args(args);
        Self::start(command, dir)
    }

    /// Starts a command in a folder and waits for its ready file.
    pub(crate) fn start(mut command: Command, dir: TempDir) -> Self {
        let log = |name: &str| std::fs::File::create(dir.path().join(name)).expect("a log");
        let ready = dir.path().join("ready.json");
        let mut child = command
            .current_dir(dir.path())
            .args(["--ready-file", "ready.json"])
            .stdin(Stdio::null())
            .stdout(log("stdout"))
            .stderr(log("stderr"))
            .spawn()
            .expect("the binary starts");
        let text = wait_for(|| {
            if let Some(status) = child.try_wait().expect("a child") {
                let log = std::fs::read_to_string(dir.path().join("stderr")).unwrap_or_default();
                panic!("frontgate ended with {status}: {log}");
            }
            std::fs::read_to_string(&ready).ok()
        });
        let ready: Value = serde_json::from_str(&text).expect("JSON in the ready file");
        let addresses = |kind: &str| -> Vec<SocketAddr> {
            let all = ready[kind].as_array().into_iter().flatten();
            all.map(|address| address.as_str().expect("text").parse().expect("an address")).collect()
        };
        let address = *addresses("http").first().expect("a listener");
        let admin = ready["admin"].as_str().map(|admin| admin.parse().expect("an address"));
        Self { child, address, https: addresses("https"), admin, dir }
    }

    /// Sends raw bytes on a connection of their own and reads the one response.
    pub(crate) fn send(&self, request: impl AsRef<[u8]>) -> Response {
        send_to(self.address, request.as_ref())
    }

    /// GET with the given header lines.
    pub(crate) fn get(&self, host: &str, target: &str, headers: &[&str]) -> Response {
        self.send(request("GET", host, target, headers))
    }

    pub(crate) fn stdout(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("stdout")).unwrap_or_default()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("stderr")).unwrap_or_default()
    }

    /// A page of the admin listener.
    pub(crate) fn admin_page(&self, path: &str) -> Response {
        let admin = self.admin.expect("an admin listener");
        send_to(admin, request("GET", &admin.to_string(), path, &[]).as_bytes())
    }

    /// The id and the private key's file of a running `dev`.
    pub(crate) fn dev_key(&self) -> (String, String) {
        let folder = self.file(".frontgate");
        let entries = std::fs::read_dir(&folder).expect("a folder of keys");
        let mut names =
            entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
        let id = names.find_map(|name| name.strip_suffix(".private.pem").map(str::to_owned)).expect("a key");
        let file = folder.join(format!("{id}.private.pem")).display().to_string();
        (id, file)
    }

    /// A file in its folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    /// Peak resident memory in MiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("procfs");
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("VmHWM");
        let kib: u64 = line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number");
        kib / 1024
    }

    /// CPU time that it has used, user and system.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("procfs");
        let (_, fields) = stat.rsplit_once(')').expect("a name in brackets");
        let ticks =
            fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("ticks"));
        // A tick is a hundredth of a second on every Linux that we know (sysconf(3), _SC_CLK_TCK).
        Duration::from_millis(10 * ticks.sum::<u64>())
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks until there is an answer, for at most ten seconds.
pub(crate) fn wait_for<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "waited in vain");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A request's text, closing the connection afterwards.
pub(crate) fn request(method: &str, host: &str, target: &str, headers: &[&str]) -> String {
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    text + "\r\n"
}

pub(crate) fn send_to(address: SocketAddr, request: &[u8]) -> Response {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    stream.write_all(request).expect("a request is written");
    Response::read(&mut stream, request.starts_with(b"HEAD "))
}

/// A response as bytes.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Status line and header lines, as sent.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// Whether the body ended as it announced.
    pub(crate) complete: bool,
}

impl Response {
    /// Reads one response.
    pub(crate) fn read(stream: &mut impl Read, is_head: bool) -> Self {
        Self::read_unless_closed(stream, is_head).expect("a response's head")
    }

    /// Reads one response; none where the connection ends instead.
    pub(crate) fn read_unless_closed(stream: &mut impl Read, is_head: bool) -> Option<Self> {
        let (head, rest) = read_head(stream)?;
        let head = String::from_utf8_lossy(&head).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let mut response = Self { status, head, body: Vec::new(), complete: true };
        if is_head || status == 304 || status == 204 || status / 100 == 1 {
            return Some(response);
        }
        if response.header("transfer-encoding") == Some("chunked") {
            (response.body, response.complete) = read_chunked(stream, rest);
        } else if let Some(length) = response.header("content-length").and_then(|value| value.parse().ok()) {
            (response.body, response.complete) = read_exactly(stream, rest, length);
        } else {
            response.body = rest;
            response.complete = stream.read_to_end(&mut response.body).is_ok();
        }
        Some(response)
    }

    /// The status of a response whose body nobody reads.
    pub(crate) fn read_head_only(stream: &mut TcpStream) -> u16 {
        let (head, _) = read_head(stream).expect("a response's head");
        let head = String::from_utf8_lossy(&head).into_owned();
        head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// A header's first value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The reason that test mode tells.
    pub(crate) fn reason(&self) -> Option<&str> {
        self.header("x-frontgate-reason")
    }
}

/// Bytes up to the empty line, and what came after it.
pub(crate) fn read_head(stream: &mut impl Read) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut head = Vec::new();
    let mut chunk = [0; 16 << 10];
    loop {
        if let Some(at) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = head.split_off(at + 4);
            head.truncate(at + 2);
            return Some((head, rest));
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(count) => head.extend_from_slice(&chunk[..count]),
        }
    }
}

fn read_exactly(stream: &mut impl Read, mut body: Vec<u8>, length: usize) -> (Vec<u8>, bool) {
    let mut chunk = vec![0; 64 << 10];
    while body.len() < length {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return (body, false),
            Ok(count) => body.extend_from_slice(&chunk[..count]),
        }
    }
    body.truncate(length);
    (body, true)
}

fn read_chunked(stream: &mut impl Read, mut raw: Vec<u8>) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    let mut chunk = vec![0; 64 << 10];
    loop {
        while let Some(at) = raw.windows(2).position(|window| window == b"\r\n") {
            let size = String::from_utf8_lossy(&raw[..at]).into_owned();
            let size =
                usize::from_str_radix(size.split(';').next().unwrap_or("").trim(), 16).expect("a size");
            if size == 0 {
                return (body, true);
            }
            if raw.len() < at + 2 + size + 2 {
                break;
            }
            body.extend_from_slice(&raw[at + 2..at + 2 + size]);
            raw.drain(..at + 2 + size + 2);
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return (body, false),
            Ok(count) => raw.extend_from_slice(&chunk[..count]),
        }
    }
}

/// An origin of raw sockets: records what it gets, and answers what it is told.
pub(crate) struct RecordingOrigin {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<Recorded>>>,
}

/// A request as the origin got it.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    /// Request line and header lines, as sent.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Recorded {
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap_or("")
    }

    pub(crate) fn target(&self) -> &str {
        self.line().split(' ').nth(1).unwrap_or("")
    }

    /// A header's values, each line one.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }
}

impl RecordingOrigin {
    /// Answers everything with 200 and a few bytes.
    pub(crate) fn start() -> Self {
        Self::answering(|_, stream| {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello")
                .is_ok()
        })
    }

    /// Answers by a function, which says whether the connection goes on.
    pub(crate) fn answering(
        answer: impl Fn(&Recorded, &mut TcpStream) -> bool + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let requests: Arc<Mutex<Vec<Recorded>>> = Arc::default();
        let (record, answer) = (Arc::clone(&requests), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (record, answer) = (Arc::clone(&record), Arc::clone(&answer));
                thread::spawn(move || serve(stream, &record, answer.as_ref()));
            }
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.requests.lock().expect("a lock").clone()
    }

    pub(crate) fn last(&self) -> Recorded {
        self.requests().last().cloned().expect("the origin was asked")
    }
}

/// An origin's answer after which it closes the connection.
pub(crate) fn answer_and_close(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    let _ = stream.write_all(bytes);
    false
}

fn serve(
    mut stream: TcpStream,
    record: &Mutex<Vec<Recorded>>,
    answer: &(dyn Fn(&Recorded, &mut TcpStream) -> bool + Send + Sync),
) {
    let _ = stream.set_nodelay(true);
    while let Some((head, rest)) = read_head(&mut stream) {
        let mut recorded = Recorded { head: String::from_utf8_lossy(&head).into_owned(), body: Vec::new() };
        if recorded.headers("transfer-encoding") == ["chunked"] {
            (recorded.body, _) = read_chunked(&mut stream, rest);
        } else if let Some(length) = recorded.headers("content-length").first().and_then(|v| v.parse().ok()) {
            (recorded.body, _) = read_exactly(&mut stream, rest, length);
        }
        record.lock().expect("a lock").push(recorded.clone());
        if !answer(&recorded, &mut stream) {
            return;
        }
    }
}
