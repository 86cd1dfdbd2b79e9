//! `frontgate dev` in front of what front-end developers have, seen by Chromium: `tests/browser/dev.mjs`.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::support::foreign::{ask, program};
use crate::support::{Edge, frontgate, run, stderr, stdout};

fn sign(edge: &Edge, url: &str) -> String {
    let (id, key) = edge.dev_key();
    let args = ["sign", "url", url, "--key-pair-id", &id, "--private-key", &key, "--expires-in", "1h"];
    stdout(&run(&args)).trim().to_owned()
}

fn printed(edge: &Edge, name: &str) -> String {
    let text = edge.stdout();
    let line = text.lines().find_map(|line| line.trim().strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).trim().to_owned()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A Vite server, which ends with this.
struct Vite {
    child: Child,
    port: u16,
}

impl Vite {
    fn start(folder: &Path) -> Self {
        let mut command = program("browser/vite.mjs");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        writeln!(child.stdin.as_mut().unwrap(), "{}", json!({ "folder": folder })).unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { port: line.trim().parse().unwrap_or_else(|_| panic!("Vite says {line:?}")), child }
    }
}

impl Drop for Vite {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_vite_application_with_hot_reload_runs_behind_dev_and_its_media_need_a_signature() {
    let folder = tempfile::tempdir().unwrap();
    let vite = Vite::start(folder.path());
    let edge = Edge::dev(&["--private", "/media/*", &format!("127.0.0.1:{}", vite.port)]);
    let base = format!("http://{}", edge.address);
    let seen = ask(
        "browser/dev.mjs",
        &json!({
            "case": "vite", "base": base, "module": folder.path().join("text.js"),
            "signed": sign(&edge, &format!("{base}/media/picture.svg")),
        }),
    );
    let expected = json!({
        "first": "first", "second": "second", "isSamePage": true, "failed": [], "unsigned": 403, "signed": 200,
    });
    assert_eq!(seen, expected);
}

#[test]
fn chromium_opens_a_private_site_by_the_link_with_cookies() {
    let edge = Edge::dev(&[]);
    let base = format!("http://{}", edge.address);
    let seen = ask(
        "browser/dev.mjs",
        &json!({ "case": "link", "base": base, "link": printed(&edge, "with cookies") }),
    );
    assert_eq!(
        (&seen["before"], &seen["at"], &seen["fetched"]),
        (&403.into(), &format!("{base}/").into(), &200.into()),
        "{seen}"
    );
    assert_eq!(
        seen["names"],
        json!(["CloudFront-Key-Pair-Id", "CloudFront-Policy", "CloudFront-Signature"]),
        "{seen}"
    );
    assert_eq!((&seen["later"], &seen["again"]), (&403.into(), &200.into()), "{seen}");
    assert_eq!((&seen["isHttpOnly"], &seen["byScript"]), (&true.into(), &"".into()), "{seen}");
}

#[test]
fn scripts_of_another_origin_read_private_files_with_cors() {
    let app = format!("http://localhost:{}", free_port());
    let seen = |args: &[&str]| {
        let edge = Edge::dev(args);
        let unsigned = format!("http://{}/image.svg", edge.address);
        ask(
            "browser/dev.mjs",
            &json!({ "case": "cors", "app": app, "signed": sign(&edge, &unsigned), "unsigned": unsigned }),
        )
    };
    assert_eq!(seen(&["--cors", &app]), json!({ "signed": 200, "unsigned": "blocked" }));
    assert_eq!(seen(&["--cors", "any"]), json!({ "signed": 200, "unsigned": "blocked" }));
    assert_eq!(
        seen(&["--cors", "http://localhost:1"]),
        json!({ "signed": "blocked", "unsigned": "blocked" })
    );
}

/// A home whose Chromium trusts an authority, as docs/reference.md has it done.
fn trusting(authority: &Path) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let database = home.path().join(".pki/nssdb");
    std::fs::create_dir_all(&database).unwrap();
    let database = format!("sql:{}", database.display());
    let certutil = |args: &[&str]| {
        let output = Command::new("certutil").args(["-d", &database]).args(args).output();
        let output = output.expect("certutil: apt-get install libnss3-tools");
        assert!(output.status.success(), "{}", stderr(&output));
    };
    certutil(&["-N", "--empty-password"]);
    certutil(&["-A", "-t", "C,,", "-n", "frontgate", "-i", authority.to_str().unwrap()]);
    home
}

/// An application on one host and its films on another one, both behind one `dev --tls`.
fn player(app: &str, media: &str, domain: &str) -> (Value, Edge) {
    let (port, tls) = (free_port(), free_port());
    let app = format!("https://{app}:{tls}");
    let edge = Edge::dev(&[
        &format!("127.0.0.1:{port}"),
        &format!("--tls=127.0.0.1:{tls}"),
        "--host",
        media,
        "--private",
        "/films/*",
        "--cors",
        &app,
    ]);
    let home = trusting(&edge.file(".frontgate/authority.pem"));
    let (id, key) = edge.dev_key();
    let films = tempfile::tempdir().unwrap();
    let seen = ask(
        "browser/dev.mjs",
        &json!({
            "case": "hls", "app": app, "media": format!("https://{media}:{tls}"), "domain": domain, "port": port,
            "films": films.path(), "home": home.path(), "keyPairId": id, "privateKey": key,
        }),
    );
    (seen, edge)
}

#[test]
fn hls_plays_from_another_host_below_one_name_with_signed_cookies_over_tls() {
    let (seen, _edge) = player("app.shop.localhost", "media.shop.localhost", "shop.localhost");
    assert_eq!(
        (&seen["before"], &seen["stored"], &seen["after"]),
        (&"blocked".into(), &3.into(), &200.into()),
        "{seen}"
    );
    assert!(seen["plays"]["time"].as_f64().is_some_and(|time| time >= 1.0), "{seen}");
    assert_eq!(seen["plays"]["width"], 320, "{seen}");
}

#[test]
fn two_hosts_directly_below_localhost_share_no_cookie_and_explain_says_so() {
    let (seen, edge) = player("app.localhost", "media.localhost", "localhost");
    assert_eq!(
        (&seen["before"], &seen["stored"], &seen["after"]),
        (&"blocked".into(), &0.into(), &"blocked".into()),
        "{seen}"
    );
    let (id, key) = edge.dev_key();
    let url = format!("https://media.localhost:{}/films/film.m3u8", edge.https[0].port());
    let signed = run(&[
        "sign",
        "cookies",
        &url,
        "--resource",
        &url.replace("film.m3u8", "*"),
        "--key-pair-id",
        &id,
        "--private-key",
        &key,
        "--expires-in",
        "1h",
        "--format",
        "set-cookie",
        "--domain",
        "localhost",
    ]);
    let pasted = format!("{url}\n{}", stdout(&signed));
    let file = edge.file("pasted.txt");
    std::fs::write(&file, pasted).unwrap();
    let output = frontgate()
        .current_dir(edge.dir.path())
        .args(["explain", "--keys", ".frontgate", "--file", file.to_str().unwrap()])
        .output()
        .unwrap();
    let text = stdout(&output);
    assert!(
        text.contains("cookie-not-sent-by-browser") && text.contains("Domain"),
        "{text}{}",
        stderr(&output)
    );
}
