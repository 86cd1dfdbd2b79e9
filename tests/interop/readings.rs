//! What real origins take paths for, and that no private byte of theirs is had by it. `script/readings` sends more paths.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::s3::Storage;
use crate::support::configs;
use crate::support::{Edge, Raw, Response, cloudfront_base64, sign_raw};

mod origins;
mod paths;

use origins::{Exception, FILES, Origin, Origins};

/// A distribution in front of each origin: its behaviors, and whose bytes must not be had.
struct Arrangement {
    name: &'static str,
    default: &'static str,
    behaviors: &'static [(&'static str, &'static str)],
    /// The Resource of a policy of key group `one` that is sent.
    resource: Option<&'static str>,
    /// Whether a path is closed to the request, by the path that the origin says it read.
    is_closed: fn(&str) -> bool,
}

const ONE: &str = "trusted-key-groups = [\"one\"]";
const TWO: &str = "trusted-key-groups = [\"two\"]";

fn is_member(path: &str) -> bool {
    path.starts_with("/members/") || path.starts_with("/hls/")
}

const ARRANGEMENTS: [Arrangement; 5] = [
    Arrangement {
        name: "below a public default",
        default: "",
        behaviors: &[("/members/*", ONE), ("/hls/*", ONE)],
        resource: None,
        is_closed: is_member,
    },
    Arrangement {
        name: "but for public ones",
        default: ONE,
        behaviors: &[("/public/*", ""), ("*.css", "")],
        resource: None,
        is_closed: |path| !path.starts_with("/public/") && !path.ends_with(".css"),
    },
    Arrangement {
        name: "of another key group",
        default: ONE,
        behaviors: &[("/members/*", TWO), ("/hls/*", TWO)],
        resource: Some("*"),
        is_closed: is_member,
    },
    Arrangement {
        name: "outside the Resource",
        default: ONE,
        behaviors: &[],
        resource: Some("http://*/*.jpg"),
        is_closed: |path| !path.ends_with(".jpg"),
    },
    Arrangement {
        name: "https-only",
        default: "",
        behaviors: &[
            ("/members/*", "viewer-protocol-policy = \"https-only\""),
            ("/hls/*", "viewer-protocol-policy = \"https-only\""),
        ],
        resource: None,
        is_closed: is_member,
    },
];

fn domain(origin: usize, arrangement: usize) -> String {
    format!("o{origin}a{arrangement}.example.com")
}

fn configuration(origins: &[Origin]) -> String {
    let mut text = configs::keys(&["one", "two"]);
    for (at, origin) in origins.iter().enumerate() {
        for (number, arrangement) in ARRANGEMENTS.iter().enumerate() {
            let domain = domain(at, number);
            text += &format!(
                "[[distributions]]\nid = \"{domain}\"\ndomain-name = \"{domain}\"\n[[distributions.origins]]\nid = \"app\"\n{}\n\
                 [distributions.default-cache-behavior]\ntarget-origin = \"app\"\n{}\n",
                origin.lines, arrangement.default
            );
            for (pattern, lines) in arrangement.behaviors {
                text += &format!(
                    "[[distributions.cache-behaviors]]\npath-pattern = \"{pattern}\"\ntarget-origin = \"app\"\n{lines}\n"
                );
            }
        }
    }
    text
}

/// A kept connection, opened anew where it was closed.
struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
}

impl Client {
    fn get(&mut self, host: &str, path: &str, cookies: &str) -> Option<Response> {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{cookies}\r\n");
        for _ in 0..3 {
            let mut stream = self.stream.take().unwrap_or_else(|| {
                let stream = TcpStream::connect(self.address).expect("a connection");
                stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
                stream.set_nodelay(true).expect("an option");
                stream
            });
            let sent = stream.write_all(head.as_bytes());
            let Some(response) = sent.ok().and_then(|()| Response::read_unless_closed(&mut stream, false))
            else {
                continue;
            };
            let is_kept =
                response.header("connection").is_none_or(|value| !value.eq_ignore_ascii_case("close"));
            let is_framed =
                ["content-length", "transfer-encoding"].iter().any(|name| response.header(name).is_some());
            if is_kept && is_framed {
                self.stream = Some(stream);
            }
            return Some(response);
        }
        None
    }
}

/// The path that an origin says it read.
fn read_path(response: &Response) -> Option<String> {
    let text = response.text();
    match text.strip_prefix("READ:") {
        Some(rest) => Some(rest.trim_end_matches('\n').to_owned()),
        None => text.contains("#EXTM3U").then(|| "/hls/playlist.m3u8".to_owned()),
    }
}

fn cookies(resource: &str) -> String {
    let policy = format!(
        r#"{{"Statement":[{{"Resource":"{resource}","Condition":{{"DateLessThan":{{"AWS:EpochTime":4102444800}}}}}}]}}"#
    );
    let signature = sign_raw(&[Raw::new("rsa", "SHA1", policy.as_bytes())]).remove(0);
    format!(
        "Cookie: CloudFront-Policy={}; CloudFront-Signature={}; CloudFront-Key-Pair-Id={}\r\n",
        cloudfront_base64(policy.as_bytes()),
        cloudfront_base64(&signature),
        configs::id("rsa")
    )
}

/// Bytes of closed paths that were had: one line each.
fn leaks(edge: SocketAddr, at: usize, origin: &Origin, paths: &[String], cookies: &[String]) -> Vec<String> {
    let mut client = Client { address: edge, stream: None };
    let mut leaks = Vec::new();
    for path in paths {
        for (number, arrangement) in ARRANGEMENTS.iter().enumerate() {
            let response = client.get(&domain(at, number), path, &cookies[number]);
            let response = response.unwrap_or_else(|| panic!("{}: no response to {path}", origin.name));
            let Some(read) = read_path(&response).filter(|_| response.status < 300) else { continue };
            if (arrangement.is_closed)(&read) && !is_excepted(origin, path, &read) {
                leaks.push(format!("{}, {}: {path} is read as {read}", origin.name, arrangement.name));
            }
        }
    }
    leaks
}

fn decoded(path: &str) -> String {
    percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// Decoded, slashes merged, dot segments resolved.
fn cleaned(path: &str) -> String {
    let decoded = decoded(path);
    let mut kept: Vec<&str> = Vec::new();
    for segment in decoded.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            other => kept.push(other),
        }
    }
    kept.iter().map(|segment| format!("/{segment}")).collect()
}

/// What `docs/security.md` names among what isn't guaranteed.
fn is_excepted(origin: &Origin, path: &str, read: &str) -> bool {
    match origin.exception {
        None => false,
        Some(Exception::PathInfo) => cleaned(path).contains(&format!("{read}/")),
        Some(Exception::DotsTwice) => path.to_ascii_lowercase().contains("%252e"),
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

fn storage(origins: &mut Origins) -> Storage {
    let storage = Storage::start();
    let objects: Vec<(&str, String)> = FILES.iter().map(|file| (*file, format!("READ:{file}\n"))).collect();
    storage.put(&objects);
    origins.list.push(Origin::of_lines("SeaweedFS", storage.origin_lines()));
    storage
}

/// The bytes of attacks that once had private content, among generated ones.
#[test]
fn no_real_origin_gives_private_bytes_for_any_spelling() {
    let mut origins = Origins::start();
    let _storage = storage(&mut origins);
    assert!(origins.list.len() >= 18, "{:?}", origins.list);
    let count = usize::try_from(setting("FRONTGATE_READINGS", 300)).expect("a number");
    let paths = paths::generated(count, setting("FRONTGATE_READINGS_SEED", 1));
    assert_eq!(paths.len(), count);
    for opened in paths::OPENED {
        assert!(paths.iter().any(|path| path == opened), "{opened}");
    }
    let edge = Edge::serve(&configuration(&origins.list));
    let cookies = ARRANGEMENTS.each_ref().map(|one| one.resource.map_or_else(String::new, cookies));
    let found: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (origins.list.iter().enumerate())
            .map(|(at, origin)| {
                let (paths, cookies, address) = (&paths, &cookies, edge.address);
                scope.spawn(move || leaks(address, at, origin, paths, cookies))
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a thread")).collect()
    });
    let shown: Vec<&String> = found.iter().take(50).collect();
    assert!(found.is_empty(), "{} paths had private bytes: {shown:#?}", found.len());
    println!(
        "{} origins, {} paths, {} arrangements: no private byte",
        origins.list.len(),
        count,
        ARRANGEMENTS.len()
    );
    every_origin_was_asked(edge.address, &origins.list, &cookies);
    the_paths_are_read_as_private_ones(&origins.list);
}

/// Else the test would pass where nothing is served at all.
fn every_origin_was_asked(edge: SocketAddr, origins: &[Origin], cookies: &[String]) {
    let mut client = Client { address: edge, stream: None };
    for (at, origin) in origins.iter().enumerate() {
        let (public, private) = match origin.name.as_str() {
            "demo:" => ("/public/index.html", "/hls/playlist.m3u8"),
            _ => ("/public/a.css", "/members/secret.txt"),
        };
        assert_eq!(
            client.get(&domain(at, 1), public, "").expect("a response").status,
            200,
            "{}",
            origin.name
        );
        // The key of group one opens what the default behavior has.
        let response = client.get(&domain(at, 2), public, &cookies[2]).expect("a response");
        assert_eq!(response.status, 200, "{}: {}", origin.name, response.text());
        assert_eq!(
            client.get(&domain(at, 0), private, "").expect("a response").status,
            403,
            "{}",
            origin.name
        );
    }
}

/// Each path that ever had private content has it at some origin that is asked without Frontgate.
fn the_paths_are_read_as_private_ones(origins: &[Origin]) {
    let mut unread: BTreeSet<&str> = paths::OPENED.into_iter().collect();
    for origin in origins {
        let Some(port) = origin.port else { continue };
        let mut client = Client { address: ([127, 0, 0, 1], port).into(), stream: None };
        unread.retain(|path| {
            let read = client.get("localhost", path, "").as_ref().and_then(read_path);
            !read.is_some_and(|read| is_member(&decoded(&read)))
        });
    }
    assert!(unread.is_empty(), "no origin reads these as private paths: {unread:?}");
}
