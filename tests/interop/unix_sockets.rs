//! Origins behind a Unix socket: real servers of Python and Node, WebSockets, and sockets that aren't there.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::configs;
use crate::support::unprivileged;
use crate::support::{Edge, frontgate, stderr, stdout, wait_for};

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const PYTHON: &str = r#"
import http.server, socketserver, sys, os
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def address_string(self): return "viewer"
    def log_message(self, *words): pass
    def do_GET(self):
        body = f"python {self.path} {self.headers['Host']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))[::-1]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
Server(sys.argv[1], Handler).serve_forever()
"#;

const NODE: &str = r#"
const http = require("http");
const server = http.createServer((request, response) => response.end(`node ${request.url} ${request.headers.host}`));
server.on("upgrade", (request, socket) => {
  socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
  socket.pipe(socket);
});
server.listen(process.argv[1]);
"#;

fn start(program: &str, flag: &str, script: &str, socket: &Path) -> Server {
    let mut command = Command::new(program);
    command.args([flag, script]).arg(socket).stderr(Stdio::inherit());
    let server = Server(command.spawn().unwrap());
    wait_for(|| std::os::unix::net::UnixStream::connect(socket).ok());
    server
}

#[test]
fn requests_reach_servers_of_python_and_node() {
    let dir = tempfile::tempdir().unwrap();
    for (program, flag, script) in [("/usr/bin/python3", "-c", PYTHON), ("node", "-e", NODE)] {
        let name = program.rsplit('/').next().unwrap().trim_end_matches('3');
        let socket = dir.path().join(format!("{name}.sock"));
        let _server = start(program, flag, script, &socket);
        let url = format!("unix:{}", socket.display());
        let edge = Edge::serve(&configs::main(&url));
        for _ in 0..3 {
            let response = edge.get("media.example.com", "/public/a?b=c", &[]);
            assert_eq!((response.status, response.text()), (200, format!("{name} /public/a?b=c localhost")));
        }
        // The same with the viewer's own Host.
        let all = configs::main(&url).replace(
            "path-pattern = \"/public/*\"",
            "path-pattern = \"/public/*\"\norigin-request-policy = \"AllViewer\"",
        );
        let edge = Edge::serve(&all);
        let response = edge.get("media.example.com", "/public/a", &[]);
        assert_eq!(response.text(), format!("{name} /public/a media.example.com"));
        if name == "python" {
            let post = edge.send(
                "POST /public/a HTTP/1.1\r\nHost: media.example.com\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
            );
            assert_eq!((post.status, post.text().as_str()), (200, "olleh"));
        }
    }
}

#[test]
fn a_websocket_is_tunnelled_through_a_socket() {
    use std::io::{Read, Write};
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("node.sock");
    let _server = start("node", "-e", NODE, &socket);
    let edge = Edge::serve(&configs::main(&format!("unix:{}", socket.display())));
    let mut viewer = std::net::TcpStream::connect(edge.address).unwrap();
    viewer.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
    viewer
        .write_all(
            b"GET /public/ws HTTP/1.1\r\nHost: media.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
              Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        )
        .unwrap();
    let (head, _) = crate::support::read_head(&mut viewer).unwrap();
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    viewer.write_all(b"\x81\x05hello").unwrap();
    let mut echo = [0; 7];
    viewer.read_exact(&mut echo).unwrap();
    assert_eq!(&echo, b"\x81\x05hello");
}

#[test]
fn a_relative_socket_belongs_to_the_folder_of_the_configuration_and_may_come_later() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config.toml"), configs::main("unix:app.sock")).unwrap();
    let socket = dir.path().join("app.sock");
    let mut command = frontgate();
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    let edge = Edge::start(command, dir);
    let response = edge.get("media.example.com", "/public/a", &[]);
    assert_eq!(response.status, 502);
    let log = wait_for(|| Some(edge.log()).filter(|log| log.contains("no connection to the origin")));
    assert!(log.contains("app.sock: No such file"), "{log}");
    let _server = start("/usr/bin/python3", "-c", PYTHON, &socket);
    assert_eq!(edge.get("media.example.com", "/public/a", &[]).status, 200);
}

fn check(folder: &Path, config: &str) -> (Option<i32>, Vec<Value>, Vec<Value>) {
    std::fs::write(folder.join("config.toml"), config).unwrap();
    let (mut check, _) = unprivileged(folder);
    let output = check.current_dir(folder).args(["check", "--json"]).output().unwrap();
    let json: Value = serde_json::from_str(&stdout(&output))
        .unwrap_or_else(|_| panic!("{}{}", stdout(&output), stderr(&output)));
    let list = |kind: &str| json[kind].as_array().unwrap().clone();
    (output.status.code(), list("errors"), list("warnings"))
}

/// A configuration whose key is readable for every user.
fn site(url: &str, more: &str) -> String {
    format!(
        "[[distributions]]\nid = \"E\"\ndomain-name = \"a.example.com\"\n[[distributions.origins]]\nid = \"o\"\n\
         url = \"{url}\"\n{more}\n[distributions.default-cache-behavior]\ntarget-origin = \"o\"\n"
    )
}

#[test]
fn check_warns_of_sockets_and_folders_that_cannot_be_used() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    let listener = |name: &str| std::os::unix::net::UnixListener::bind(folder.join(name)).unwrap();
    let (_good, _closed) = (listener("good.sock"), listener("closed.sock"));
    let chmod = |name: &str, mode| {
        std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    chmod("good.sock", 0o777);
    chmod("closed.sock", 0o000);
    std::fs::write(folder.join("file"), "").unwrap();
    std::fs::create_dir(folder.join("closed")).unwrap();
    chmod("closed", 0o300);
    for (url, words) in [
        ("unix:good.sock", vec![]),
        ("unix://good.sock", vec![]),
        ("unix:gone.sock", vec!["the origin's socket", "doesn't exist", "start the application"]),
        ("unix:file", vec!["is not a socket"]),
        ("unix:closed", vec!["is a directory"]),
        ("unix:closed.sock", vec!["mode 0000", "uid "]),
        ("file:closed", vec!["the origin's folder can't be read", "mode 0300", "uid "]),
    ] {
        let (code, errors, warnings) = check(folder, &site(url, ""));
        let text = format!("{warnings:?}");
        assert_eq!(
            (code, errors.len(), warnings.len()),
            (Some(0), 0, usize::from(!words.is_empty())),
            "{url}: {text}"
        );
        assert!(words.iter().all(|word| text.contains(word)), "{url} {words:?}: {text}");
        assert!(words.is_empty() || warnings[0]["line"] == 6, "{url}: {text}");
    }
    chmod("closed", 0o700);
    for (url, more, words) in [
        ("unix:", "", vec!["the path of a Unix socket"]),
        ("http://unix:/run/app.sock", "", vec!["unix:/run/app.sock"]),
        (&format!("unix:/{}", "x".repeat(120)), "", vec!["at most 107 bytes"]),
        ("unix:good.sock", "protocol-policy = \"match-viewer\"", vec!["no meaning", "Unix socket"]),
        ("unix:good.sock", "https-port = 1", vec!["no meaning", "Unix socket"]),
        ("file:gone", "", vec!["doesn't exist"]),
        ("file:file", "", vec!["is a file"]),
    ] {
        let (code, errors, _) = check(folder, &site(url, more));
        let text = format!("{errors:?}");
        assert_eq!((code, errors.len()), (Some(2), 1), "{url}: {text}");
        assert!(words.iter().all(|word| text.contains(word)), "{url} {words:?}: {text}");
    }
}

#[test]
fn dev_says_what_is_wrong_with_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    std::fs::create_dir(folder.join("closed")).unwrap();
    std::fs::create_dir(folder.join("open")).unwrap();
    std::fs::write(folder.join("file"), "").unwrap();
    let chmod = |name: &str, mode| {
        std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    chmod("closed", 0o000);
    chmod("open", 0o555);
    for (arguments, words) in [
        (&["dev", "./nodir"][..], vec!["./nodir can't be an origin: it doesn't exist", "help"]),
        (&["dev", "some/dir"], vec!["some/dir can't be an origin: it doesn't exist"]),
        (&["dev", "/no/such/dir"], vec!["/no/such/dir can't be an origin: it doesn't exist"]),
        (&["dev", "./file"], vec!["found a file"]),
        (&["dev", "./closed"], vec!["./closed can't be an origin", "mode 0000", "uid "]),
        (
            &["dev", "--keys", "open/.frontgate"],
            vec!["can't be created", "mode 0555", "uid ", "`--keys DIR`"],
        ),
        (&["dev", "--keys", "open"], vec!["can't be written", "mode 0555", "uid ", "`--keys DIR`"]),
        (&["dev", "--keys", "closed"], vec!["can't be read", "mode 0000", "uid "]),
        (&["keygen", "--out", "open/keys"], vec!["can't be created", "mode 0555", "`--out DIR`"]),
    ] {
        let (mut command, _) = unprivileged(folder);
        command.current_dir(folder).args(arguments);
        if arguments[0] == "dev" {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let output = command.output().unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(words.iter().all(|word| said.contains(word)), "{arguments:?} {words:?}: {said}");
    }
    chmod("closed", 0o700);
    chmod("open", 0o700);
}
