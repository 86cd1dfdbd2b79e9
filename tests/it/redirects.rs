//! `redirect-to-https` (configuration: `redirect-port`): which port its Location has, and the warning where nothing speaks HTTPS.

use serde_json::Value;

use crate::support::configs;
use crate::support::tls;
use crate::support::{Edge, frontgate, request, stdout};

fn location(edge: &Edge, host: &str) -> String {
    let response = edge.get(host, "/redirect/a?b=c", &[]);
    assert_eq!(response.status, 301, "{host}");
    response.header("location").unwrap().to_owned()
}

#[test]
fn a_redirect_leads_to_a_port_that_listens() {
    // Every host, so that addresses are redirected, too.
    let site = configs::main("http://127.0.0.1:9");
    for (lines, expected) in [
        // Without a port; with one.
        ("", ["", ":LISTENER"]),
        ("redirect-port = 8443", [":8443", ":8443"]),
        ("redirect-port = 443", ["", ""]),
    ] {
        let edge = tls::serve(lines, "", &site);
        let port = edge.https[0].port().to_string();
        for (host, kept) in
            [("media.example.com", "media.example.com"), ("127.0.0.1", "127.0.0.1"), ("[::1]", "[::1]")]
        {
            for (sent, expected) in [(host.to_owned(), expected[0]), (format!("{host}:8080"), expected[1])] {
                let expected = expected.replace("LISTENER", &port);
                assert_eq!(
                    location(&edge, &sent),
                    format!("https://{kept}{expected}/redirect/a?b=c"),
                    "{lines} {sent}"
                );
            }
        }
        let post = edge.send(request("POST", "media.example.com:80", "/redirect/", &["Content-Length: 0"]));
        let expected = expected[1].replace("LISTENER", &port);
        let found = (post.status, post.header("location").map(str::to_owned));
        assert_eq!(found, (307, Some(format!("https://media.example.com{expected}/redirect/"))), "{lines}");
    }
    // Without an HTTPS listener there is no port to name.
    let edge = Edge::serve(&site);
    assert_eq!(location(&edge, "media.example.com:8080"), "https://media.example.com/redirect/a?b=c");
}

#[test]
fn a_reload_takes_another_redirect_port() {
    let site = configs::main("http://127.0.0.1:9");
    let edge = tls::serve("redirect-port = 8443", "", &site);
    assert!(location(&edge, "media.example.com").starts_with("https://media.example.com:8443/"));
    std::fs::write(edge.file("config.toml"), tls::tables("redirect-port = 9443", "") + &site).unwrap();
    crate::support::wait_for(|| {
        location(&edge, "media.example.com").starts_with("https://media.example.com:9443/").then_some(())
    });
}

#[test]
fn nothing_that_speaks_https_is_a_warning() {
    let warnings = |config: &str| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config.toml"), config).unwrap();
        let output = frontgate().current_dir(dir.path()).args(["check", "--json"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
        let json: Value = serde_json::from_str(&stdout(&output)).unwrap();
        let list = json["warnings"].as_array().unwrap().iter();
        list.filter(|one| one["expected"] == "an HTTPS listener").cloned().collect::<Vec<_>>()
    };
    let site = configs::main("http://127.0.0.1:9");
    let found = warnings(&site);
    let line = |text: &str| site.lines().position(|line| line.contains(text)).unwrap() + 1;
    let places: Vec<u64> = found.iter().map(|one| one["line"].as_u64().unwrap()).collect();
    assert_eq!(places, [line("\"https-only\"") as u64, line("\"redirect-to-https\"") as u64], "{found:?}");
    assert!(found[1]["message"].as_str().unwrap().contains("leads to where nothing listens"), "{found:?}");
    assert!(warnings(&(tls::tables("", "") + &site)).is_empty());
    // A proxy in front says what its viewers speak.
    assert!(warnings(&format!("[server]\ntrusted-proxies = [\"10.0.0.0/8\"]\n{site}")).is_empty());
}
