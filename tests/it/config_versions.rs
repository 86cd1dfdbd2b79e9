//! A reload replaces what changed and nothing else: the number of a configuration, and the connections to its origins.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::support::{Edge, RecordingOrigin, Response, wait_for};

const HOST: &str = "d111111abcdef8.cloudfront.net";

/// An origin that records which connections it got requests on.
struct CountingOrigin {
    origin: RecordingOrigin,
    connections: Arc<Mutex<BTreeSet<SocketAddr>>>,
}

impl CountingOrigin {
    fn start() -> Self {
        let connections: Arc<Mutex<BTreeSet<SocketAddr>>> = Arc::default();
        let seen = Arc::clone(&connections);
        let origin = RecordingOrigin::answering(move |_, stream| {
            seen.lock().unwrap().insert(stream.peer_addr().unwrap());
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").is_ok()
        });
        Self { origin, connections }
    }

    fn connections(&self) -> usize {
        self.connections.lock().unwrap().len()
    }
}

/// Two public origins; the second one has these lines of its own.
fn config(first: &CountingOrigin, second: &CountingOrigin, of_second: &str) -> String {
    let (first, second) = (first.origin.url(), second.origin.url());
    format!(
        r#"
[admin]
listen = "127.0.0.1:0"
[server]
workers = 1
reload = "signal"
[[distributions]]
id = "EDFDVBD6EXAMPLE"
domain-name = "{HOST}"
[[distributions.origins]]
id = "first"
url = "{first}"
keep-alive-timeout = "60s"
[[distributions.origins]]
id = "second"
url = "{second}"
keep-alive-timeout = "60s"
{of_second}
[distributions.default-cache-behavior]
target-origin = "first"
[[distributions.cache-behaviors]]
path-pattern = "/second/*"
target-origin = "second"
"#
    )
}

fn get_both(edge: &Edge) {
    for path in ["/x", "/second/x"] {
        assert_eq!(edge.get(HOST, path, &[]).status, 200, "{path}");
    }
}

/// The value of a series in `/metrics`, and 0 without it.
fn metric(edge: &Edge, series: &str) -> u64 {
    let metrics = edge.admin_page("/metrics").text();
    let line = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0, |value| value.parse().unwrap())
}

fn version(edge: &Edge) -> u64 {
    metric(edge, "frontgate_config_version")
}

/// Writes the configuration and reloads it, until the reload has ended in one way or another.
fn reload(edge: &Edge, config: &str) {
    let reloads = || {
        let count = |outcome| metric(edge, &format!("frontgate_reloads_total{{outcome=\"{outcome}\"}}"));
        ["ok", "failed", "refused"].map(count).iter().sum::<u64>()
    };
    let before = reloads();
    std::fs::write(edge.file("config.toml"), config).unwrap();
    edge.signal("HUP");
    wait_for(|| (reloads() == before + 1).then_some(()));
}

#[test]
fn a_reload_keeps_the_connections_and_counters_of_unchanged_origins() {
    let (first, second) = (CountingOrigin::start(), CountingOrigin::start());
    let edge = Edge::serve(&config(&first, &second, ""));
    get_both(&edge);
    get_both(&edge);
    assert_eq!((first.connections(), second.connections()), (1, 1));

    reload(&edge, &config(&first, &second, "custom-headers = { X-From = \"edge\" }"));
    get_both(&edge);
    assert_eq!((first.connections(), second.connections()), (1, 2), "only the second origin changed");
    assert_eq!(second.origin.last().headers("x-from"), ["edge"]);

    // What a distribution says of an origin doesn't change the origin.
    let other = config(&first, &second, "custom-headers = { X-From = \"edge\" }");
    reload(&edge, &other.replace("/second/*", "/*/x"));
    get_both(&edge);
    assert_eq!((first.connections(), second.connections()), (1, 2));

    let of = |id: &str| format!("{{distribution=\"EDFDVBD6EXAMPLE\",origin=\"{id}\"}}");
    for origin in ["first", "second"] {
        let series = format!("frontgate_origin_response_seconds_count{}", of(origin));
        wait_for(|| (metric(&edge, &series) == 4).then_some(()));
    }
    let requests = "frontgate_requests_total{distribution=\"EDFDVBD6EXAMPLE\",behavior=\"*\",method=\"GET\",status=\"200\",result=\"Miss\"}";
    wait_for(|| (metric(&edge, requests) == 4).then_some(()));
}

#[test]
fn only_an_accepted_reload_changes_the_version() {
    let (first, second) = (CountingOrigin::start(), CountingOrigin::start());
    let good = config(&first, &second, "");
    let edge = Edge::serve(&good);
    assert_eq!(version(&edge), 1);
    reload(&edge, &good.replace("[admin]", "nonsense = 1\n[admin]"));
    reload(&edge, &good.replace("workers = 1", "workers = 2"));
    assert_eq!(version(&edge), 1);
    // The line comes after the count of reloads.
    wait_for(|| (edge.log().matches("keeping the current configuration").count() == 2).then_some(()));

    reload(&edge, &config(&first, &second, "response-timeout = \"20s\""));
    assert_eq!(version(&edge), 2);
    wait_for(|| edge.log().contains("the configuration was reloaded").then_some(()));
    let log = edge.log();
    let line = log.lines().find(|line| line.contains("the configuration was reloaded")).unwrap();
    assert!(line.contains("version=2") && line.contains("changed_origins=1"), "{line}");
    // The same text is a configuration of its own, in which nothing changed.
    reload(&edge, &config(&first, &second, "response-timeout = \"20s\""));
    assert_eq!(version(&edge), 3);
    wait_for(|| edge.log().contains("version=3 changed_origins=0").then_some(()));
}

/// Ends the load also where the test fails.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn forty_reloads_under_load_lose_no_request_and_open_no_connection_to_an_unchanged_origin() {
    const CLIENTS: usize = 3;
    let (first, second) = (CountingOrigin::start(), CountingOrigin::start());
    let edge = Edge::serve(&config(&first, &second, ""));
    let (stop, sent, address) = (AtomicBool::new(false), AtomicU64::new(0), edge.address);
    thread::scope(|scope| {
        let _stop = StopOnDrop(&stop);
        for _ in 0..CLIENTS {
            let (stop, sent) = (&stop, &sent);
            scope.spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                while !stop.load(Ordering::Relaxed) {
                    write!(stream, "GET /x HTTP/1.1\r\nHost: {HOST}\r\n\r\n").unwrap();
                    let response = Response::read(&mut stream, false);
                    assert_eq!((response.status, response.complete), (200, true));
                    sent.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for round in 1..=40 {
            let before = sent.load(Ordering::Relaxed);
            wait_for(|| (sent.load(Ordering::Relaxed) > before + 10).then_some(()));
            reload(&edge, &config(&first, &second, &format!("custom-headers = {{ X-Round = \"{round}\" }}")));
            assert_eq!(version(&edge), round + 1);
            assert_eq!(edge.get(HOST, "/second/x", &[]).status, 200);
            assert_eq!(second.origin.last().headers("x-round"), [round.to_string()]);
        }
    });
    assert_eq!(first.origin.requests().len() as u64, sent.load(Ordering::Relaxed));
    assert!(first.connections() <= CLIENTS, "{} connections for {CLIENTS} clients", first.connections());
    assert_eq!(second.connections(), 40, "a changed origin gets new connections");
}
