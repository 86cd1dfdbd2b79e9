//! Test mode, readiness, logs, ports, limits: how Frontgate behaves as a program (reference 5 and 6).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::configs;
use crate::support::{
    Edge, Raw, RecordingOrigin, canned, cloudfront_base64, frontgate, request, sign_raw, stderr, wait_for,
};

const HOST: &str = "d111111abcdef8.cloudfront.net";

#[test]
fn test_headers_move_time_and_address_and_never_reach_the_origin() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&configs::private(&origin.url(), ""));
    let signature =
        sign_raw(&[Raw::new("rsa", "SHA1", canned(&format!("http://{HOST}/x"), "2000"))]).remove(0);
    let link = format!(
        "/x?Expires=2000&Signature={}&Key-Pair-Id={}",
        cloudfront_base64(&signature),
        configs::id("rsa")
    );
    let at = |time: &str| edge.get(HOST, &link, &[&format!("X-Frontgate-Now: {time}")]);
    assert_eq!(at("1999").status, 200);
    assert_eq!(at("1970-01-01T00:33:19Z").status, 200);
    assert_eq!(at("2000").reason(), Some("expired"));
    assert_eq!(edge.get(HOST, &link, &[]).reason(), Some("expired"));
    assert!(!origin.last().head.to_lowercase().contains("x-frontgate"));
    for headers in [
        vec!["X-Frontgate-Now: yesterday"],
        vec!["X-Frontgate-Now: 1999", "X-Frontgate-Now: 1999"],
        vec!["X-Frontgate-Now: 1767290400000"],
        vec!["X-Frontgate-Viewer-Ip: localhost"],
    ] {
        let response = edge.get(HOST, &link, &headers);
        let text = response.text();
        assert_eq!((response.status, text.lines().count()), (400, 1), "{headers:?}: {text}");
    }
    // A request that came through a proxy may be a stranger's: its test headers are removed and don't count.
    for through in ["X-Forwarded-For: 1.2.3.4", "Forwarded: for=1.2.3.4", "Via: 1.1 tunnel"] {
        let response = edge.get(HOST, &link, &["X-Frontgate-Now: 1999", through]);
        assert_eq!(response.reason(), Some("expired"), "{through}");
        assert_eq!(edge.get(HOST, "/public/x", &["X-Frontgate-Now: nonsense", through]).status, 200);
        assert!(!origin.last().head.to_lowercase().contains("x-frontgate"));
    }
    wait_for(|| edge.log().contains("test headers ignored").then_some(()));
}

#[test]
fn without_test_mode_the_headers_are_ordinary_ones() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve_with(&configs::private(&origin.url(), ""), &[]);
    let response =
        edge.get(HOST, "/public/x", &["X-Frontgate-Now: nonsense", "X-Frontgate-Viewer-Ip: 1.2.3.4"]);
    assert_eq!(response.status, 200);
    assert_eq!(origin.last().headers("x-frontgate-now"), ["nonsense"]);
    let denied = edge.get(HOST, "/x", &["X-Frontgate-Now: 1"]);
    assert_eq!((denied.status, denied.reason()), (403, None));
    assert!(!edge.log().contains("test mode"));
}

#[test]
fn test_mode_is_announced_and_refused_where_strangers_reach_it() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&configs::private(&origin.url(), ""));
    wait_for(|| edge.log().contains("test mode").then_some(()));
    let folder = edge.dir.path();
    for args in [
        vec!["serve", "--listen", "0.0.0.0:0", "--test-mode"],
        vec!["dev", "--listen", "0.0.0.0:0"],
        vec!["serve", "--listen", "127.0.0.1:0", "--listen", "[::]:0", "--test-mode"],
    ] {
        let output = frontgate().current_dir(folder).args(&args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains("--test-mode-on-any-address"), "{args:?}: {}", stderr(&output));
    }
    // Among JSON lines it is one, and with -q nothing but errors is printed.
    let unused = format!("[[key-groups]]\nid = \"unused\"\npublic-keys = [\"{}\"]\n", configs::id("rsa"));
    let config = format!("{}\n{unused}", configs::private(&origin.url(), ""));
    let json = Edge::serve_with(&config, &["--test-mode", "--log-format", "json"]);
    let log = wait_for(|| Some(json.log()).filter(|log| log.contains("test mode") && log.ends_with('\n')));
    assert!(log.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{log}");
    assert!(log.contains("no behavior trusts key group"), "{log}");
    let quiet = Edge::serve_with(&config, &["--test-mode", "-q"]);
    assert_eq!(quiet.log(), "");
    let dir = tempfile::tempdir().unwrap();
    let mut command = frontgate();
    command.args(["dev", "--listen", "0.0.0.0:0", "--test-mode-on-any-address"]);
    let open = Edge::start(command, dir);
    assert!(open.address.ip().is_unspecified());
}

#[test]
fn a_taken_port_is_an_error_although_our_own_listeners_share_theirs() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&configs::private(&origin.url(), ""));
    let address = edge.address.to_string();
    let output =
        frontgate().current_dir(edge.dir.path()).args(["serve", "--listen", &address]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains(&address) && stderr(&output).contains("in use"), "{}", stderr(&output));
    // What `--listen` doesn't move isn't said to be moved by it.
    let elsewhere = tempfile::tempdir().unwrap();
    let output = frontgate()
        .current_dir(elsewhere.path())
        .args(["dev", "--listen", "127.0.0.1:0", &format!("--tls={address}")])
        .output()
        .unwrap();
    let said = stderr(&output);
    assert!(said.contains("`listen` in [[server.https]]") && !said.contains("--listen"), "{said}");
    // Every worker has its own socket on the same port, and each serves.
    for _ in 0..40 {
        assert_eq!(edge.get(HOST, "/public/x", &[]).status, 200);
    }
}

#[test]
fn the_ready_file_is_whole_names_every_listener_and_a_stale_one_is_removed() {
    let origin = RecordingOrigin::start();
    let dir = tempfile::tempdir().unwrap();
    let ready = dir.path().join("ready.json");
    std::fs::write(&ready, "stale").unwrap();
    let failed = frontgate()
        .current_dir(dir.path())
        .args(["serve", "--config", "missing.toml", "--ready-file", "ready.json"])
        .output()
        .unwrap();
    assert_eq!((failed.status.code(), ready.exists()), (Some(2), false));
    std::fs::write(dir.path().join("config.toml"), configs::private(&origin.url(), "")).unwrap();
    let mut command = frontgate();
    command.args(["serve", "--listen", "127.0.0.1:0", "--listen", "[::1]:0"]);
    let edge = Edge::start(command, dir);
    let text = std::fs::read_to_string(&ready).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["pid"], edge.child.id());
    assert_eq!(json["http"].as_array().unwrap().len(), 2);
    assert_eq!((&json["https"], &json["admin"]), (&serde_json::json!([]), &serde_json::Value::Null));
    for address in json["http"].as_array().unwrap() {
        TcpStream::connect(address.as_str().unwrap()).unwrap();
    }
}

#[test]
fn the_log_says_why_and_holds_no_signature() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&configs::private(&origin.url(), ""));
    let secret = "S3cretS1gnatureS3cretS1gnature";
    let cookie = format!(
        "Cookie: CloudFront-Signature={secret}; CloudFront-Policy={secret}; CloudFront-Key-Pair-Id=KX"
    );
    let query = format!(
        "/x?a=1&Expires=1990000000&Signature={secret}&Policy={secret}&Key-Pair-Id={}",
        configs::id("rsa")
    );
    assert_eq!(edge.get(HOST, &query, &[]).status, 403);
    assert_eq!(edge.get(HOST, "/y", &[&cookie]).status, 403);
    assert_eq!(edge.get("unknown.example.com", &query, &[]).status, 403);
    for odd in [
        "/x?signature=",
        "/x&Signature=",
        "/x?%53ignature=",
        "/x?next=%2Fy%3FSignature%3D",
        "/x?a=1&amp;Policy=",
    ] {
        assert_eq!(edge.get(HOST, &format!("{odd}{secret}"), &[]).status, 403, "{odd}");
    }
    wait_for(|| (edge.log().matches("access").count() >= 8).then_some(()));
    let log = edge.log();
    assert!(!log.contains(secret), "{log}");
    assert_eq!(edge.send("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n").status, 400);
    wait_for(|| edge.log().contains("not HTTP was refused").then_some(()));
    assert!(
        log.contains("malformed-signature") && log.contains("unknown-key") && log.contains("/x?a=1"),
        "{log}"
    );
}

#[test]
fn running_out_of_files_ends_no_listener() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&configs::private(&origin.url(), ""));
    // Lowered while it runs: at the start it takes fewer connections where the limit is low.
    let pid = edge.child.id().to_string();
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    let limit = format!("--nofile={0}:{0}", open + 4);
    assert!(Command::new("prlimit").args(["--pid", &pid, &limit]).status().unwrap().success());
    let many: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(edge.address).unwrap()).collect();
    wait_for(|| edge.log().contains("could not be accepted").then_some(()));
    drop(many);
    wait_for(|| (edge.get(HOST, "/public/x", &[]).status == 200).then_some(()));
}

#[test]
fn a_silent_connection_ends_after_the_header_timeout() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&configs::private(&origin.url(), ""));
    let begun = Instant::now();
    let ended: Vec<u64> = std::thread::scope(|scope| {
        let parts = [&b""[..], b"GET /public/x HTT"];
        let waiting = parts.map(|part| {
            let mut stream = TcpStream::connect(edge.address).unwrap();
            stream.write_all(part).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(45))).unwrap();
            scope.spawn(move || {
                let mut rest = Vec::new();
                let _ = stream.read_to_end(&mut rest);
                begun.elapsed().as_secs()
            })
        });
        waiting.map(|thread| thread.join().unwrap()).to_vec()
    });
    assert!(ended.iter().all(|seconds| (29..40).contains(seconds)), "{ended:?}");
    assert_eq!(edge.send(request("GET", HOST, "/public/x", &[])).status, 200);
}

/// Starts `serve` with a stderr of the test's choice.
fn serve_with_stderr(
    config: &str,
    stderr: std::process::Stdio,
) -> (std::process::Child, std::net::SocketAddr, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config.toml"), config).unwrap();
    let mut child = frontgate()
        .current_dir(dir.path())
        .args(["serve", "--listen", "127.0.0.1:0", "--ready-file", "ready.json", "--test-mode"])
        .stderr(stderr)
        .spawn()
        .unwrap();
    let text = wait_for(|| {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::fs::read_to_string(dir.path().join("ready.json")).ok()
    });
    let ready: serde_json::Value = serde_json::from_str(&text).unwrap();
    let address = ready["http"][0].as_str().unwrap().parse().unwrap();
    (child, address, dir)
}

#[test]
fn a_stderr_that_nobody_reads_or_that_is_full_stops_nothing() {
    let origin = RecordingOrigin::start();
    // A warning, so that something is said at the start.
    let config = configs::private(&origin.url(), "").replace("trusted-key-groups = [\"one\"]", "");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for stderr in [std::process::Stdio::from(full), std::process::Stdio::piped()] {
        let (mut child, address, _dir) = serve_with_stderr(&config, stderr);
        let mut stream = TcpStream::connect(address).unwrap();
        // More lines than the log's queue and the pipe hold.
        let request = format!("GET /public/x HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 0\r\n\r\n");
        let mut reader = stream.try_clone().unwrap();
        let reading = std::thread::spawn(move || {
            let (mut count, mut chunk) = (0, vec![0; 64 << 10]);
            while count < 20_000 {
                match reader.read(&mut chunk) {
                    Ok(0) | Err(_) => break,
                    Ok(len) => {
                        count += chunk[..len].windows(9).filter(|window| window == b"HTTP/1.1 ").count();
                    }
                }
            }
            count
        });
        for _ in 0..200 {
            stream.write_all(request.repeat(100).as_bytes()).unwrap();
        }
        assert!(reading.join().unwrap() > 19_000);
        drop(stream);
        let status = Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap();
        assert!(status.success());
        let ended = wait_for(|| child.try_wait().unwrap());
        assert_eq!(ended.code(), Some(0));
    }
}
