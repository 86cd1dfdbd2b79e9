//! The metrics as promtool and Prometheus read them.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::configs;
use crate::support::{Edge, RecordingOrigin, Response, frontgate, request, stderr, stdout, wait_for};

const HOST: &str = "d111111abcdef8.cloudfront.net";

fn config(origin: &str) -> String {
    format!("[admin]\nlisten = \"127.0.0.1:0\"\n{}", configs::private(origin, "response-timeout = \"500ms\""))
}

#[test]
fn promtool_finds_nothing_to_say_about_the_metrics() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&config(&origin.url()));
    assert_eq!(edge.get(HOST, "/public/x", &[]).status, 200);
    assert_eq!(edge.get(HOST, "/x", &[]).status, 403);
    wait_for(|| edge.admin_page("/metrics").text().contains("missing-key-pair-id").then_some(()));
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool, which script/test installs");
    let page = edge.admin_page("/metrics");
    assert_eq!(page.header("Content-Type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    promtool.stdin.take().unwrap().write_all(&page.body).unwrap();
    let output = promtool.wait_with_output().unwrap();
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    // Every metric is explained.
    let docs = std::fs::read_to_string(crate::support::root().join("docs/operation.md")).unwrap();
    for name in page.text().lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let name = name.split(' ').next().unwrap();
        assert!(docs.contains(&format!("`{name}`")), "docs/operation.md doesn't name {name}");
    }
}

/// A Prometheus that scrapes one address.
struct Prometheus {
    child: Child,
    address: SocketAddr,
}

impl Prometheus {
    fn start(dir: &std::path::Path, scraped: SocketAddr) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let config = format!(
            "global:\n  scrape_interval: 1s\nscrape_configs:\n  - job_name: frontgate\n    authorization:\n      \
             credentials_file: token\n    static_configs:\n      - targets: ['{scraped}']\n"
        );
        std::fs::write(dir.join("prometheus.yml"), config).unwrap();
        let log = std::fs::File::create(dir.join("prometheus.log")).unwrap();
        let child = Command::new("prometheus")
            .current_dir(dir)
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=tsdb"])
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("prometheus, which script/test installs");
        Self { child, address }
    }

    fn query(&self, query: &str) -> Option<Value> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        let target = format!("/api/v1/query?query={query}");
        stream.write_all(request("GET", &self.address.to_string(), &target, &[]).as_bytes()).ok()?;
        let response = Response::read(&mut stream, false);
        let json: Value = serde_json::from_slice(&response.body).ok()?;
        let result = json["data"]["result"].as_array()?.first()?.clone();
        Some(result)
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn prometheus_scrapes_it_with_its_token() {
    let origin = RecordingOrigin::start();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("token"), "a-token-of-good-length\n").unwrap();
    let config = config(&origin.url()).replace("0\"\n", "0\"\ntoken-file = \"token\"\n");
    std::fs::write(dir.path().join("config.toml"), config).unwrap();
    let mut command = frontgate();
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    let edge = Edge::start(command, dir);
    for _ in 0..7 {
        assert_eq!(edge.get(HOST, "/public/x", &[]).status, 200);
    }
    let prometheus = Prometheus::start(edge.dir.path(), edge.admin.unwrap());
    let begun = std::time::Instant::now();
    let mut last = None;
    while last.as_deref() != Some("7") {
        let log = std::fs::read_to_string(edge.file("prometheus.log")).unwrap();
        assert!(begun.elapsed() < Duration::from_secs(60), "{last:?}: {log}");
        thread::sleep(Duration::from_millis(100));
        let series = prometheus.query("frontgate_requests_total%7Bstatus=%22200%22%7D");
        last = series.and_then(|series| series["value"][1].as_str().map(str::to_owned));
    }
    let series = prometheus.query("up%7Bjob=%22frontgate%22%7D").unwrap();
    assert_eq!(series["value"][1], "1", "{series}");
}
