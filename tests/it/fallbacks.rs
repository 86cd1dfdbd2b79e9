//! Who helps out: a second origin, and a page in place of an error. Cloudfront 8.4 and 9.5.

use std::io::Write;
use std::net::TcpListener;

use crate::support::configs;
use crate::support::{Edge, RecordingOrigin, frontgate, public_key, request, stderr, stdout};

const HOST: &str = "media.example.com";

/// Answers with the status that the path's last segment names, and says who it is.
fn speaking(name: &'static str) -> RecordingOrigin {
    RecordingOrigin::answering(move |asked, stream| {
        let status = asked.target().rsplit('/').next().and_then(|last| last.parse().ok()).unwrap_or(200);
        let body = if asked.line().starts_with("HEAD ") { "" } else { name };
        let head = format!(
            "HTTP/1.1 {status} Whatever\r\nX-Who: {name}\r\nContent-Length: {}\r\n\r\n{body}",
            name.len()
        );
        stream.write_all(head.as_bytes()).is_ok()
    })
}

/// Takes connections and says nothing.
fn silent() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// A port on which nobody listens.
fn nobody() -> String {
    let address = silent().local_addr().unwrap();
    format!("http://{address}")
}

fn group(primary: &str, secondary: &str, more: &str) -> String {
    format!(
        r#"
[[distributions]]
id = "E1"
domain-name = "{HOST}"
[[distributions.origins]]
id = "first"
url = "{primary}"
connection-attempts = 1
connection-timeout = "300ms"
response-timeout = "300ms"
[[distributions.origins]]
id = "second"
url = "{secondary}"
origin-path = "/backup"
custom-headers = {{ X-Spare = "yes" }}
[[distributions.origin-groups]]
id = "either"
members = ["first", "second"]
{more}
[distributions.default-cache-behavior]
target-origin = "either"
allowed-methods = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
"#
    )
}

#[test]
fn a_group_fails_over_by_status_and_only_for_reads() {
    let (first, second) = (speaking("first"), speaking("second"));
    let edge = Edge::serve(&group(&first.url(), &second.url(), "failover-on = [404, 500]"));
    for (method, target, who) in [
        ("GET", "/a/200", "first"),
        ("GET", "/a/404", "second"),
        ("HEAD", "/a/404", "second"),
        ("OPTIONS", "/a/500", "second"),
        ("GET", "/a/403", "first"),
        ("GET", "/a/503", "first"),
        ("POST", "/a/404", "first"),
        ("PUT", "/a/500", "first"),
        ("DELETE", "/a/500", "first"),
    ] {
        let before = second.requests().len();
        let response = edge.send(request(
            method,
            HOST,
            target,
            &["Content-Length: 0"][usize::from(method == "GET" || method == "HEAD")..],
        ));
        assert_eq!(response.header("x-who"), Some(who), "{method} {target}: {}", response.head);
        assert_eq!(second.requests().len() - before, usize::from(who == "second"), "{method} {target}");
    }
    // The other origin has rules of its own.
    let asked = second.last();
    assert_eq!((asked.target(), asked.headers("x-spare")), ("/backup/a/500", vec!["yes"]));
    assert_eq!(asked.headers("host"), [second.address.to_string()]);
    assert!(first.last().headers("x-spare").is_empty());
}

#[test]
fn a_group_fails_over_when_the_first_origin_is_dead_or_silent() {
    let second = speaking("second");
    let deaf = silent();
    for primary in [nobody(), format!("http://{}", deaf.local_addr().unwrap())] {
        let edge = Edge::serve(&group(&primary, &second.url(), ""));
        let response = edge.get(HOST, "/a", &[]);
        assert_eq!((response.status, response.header("x-who")), (200, Some("second")), "{primary}");
        let response = edge.send(request("POST", HOST, "/a", &["Content-Length: 0"]));
        assert!(matches!(response.status, 502 | 504), "{primary}: {}", response.head);
    }
}

#[test]
fn when_both_fail_the_viewer_gets_the_second_ones_answer() {
    let (first, second) = (speaking("first"), speaking("second"));
    let edge = Edge::serve(&group(&first.url(), &second.url(), ""));
    let response = edge.get(HOST, "/a/502", &[]);
    assert_eq!((response.status, response.header("x-who")), (502, Some("second")));
    assert_eq!(response.header("x-cache"), Some("Error from cloudfront"));
    let edge = Edge::serve(&group(&first.url(), &nobody(), ""));
    assert_eq!(edge.get(HOST, "/a/500", &[]).status, 502);
}

fn pages(app: &str, more: &str) -> String {
    let (id, file) = (configs::id("rsa"), public_key("rsa"));
    format!(
        r#"
[[public-keys]]
id = "{id}"
file = {file:?}
[[key-groups]]
id = "g"
public-keys = ["{id}"]
[[distributions]]
id = "E1"
domain-name = "{HOST}"
[[distributions.origins]]
id = "app"
url = "{app}"
[[distributions.origins]]
id = "site"
url = "file:site"
[distributions.default-cache-behavior]
target-origin = "app"
trusted-key-groups = ["g"]
[[distributions.cache-behaviors]]
path-pattern = "/open/*"
target-origin = "app"
[[distributions.cache-behaviors]]
path-pattern = "/public/*"
target-origin = "site"
{more}
"#
    )
}

fn page(error: u16, path: &str, response: u16) -> String {
    format!(
        "[[distributions.custom-error-responses]]\nerror-code = {error}\nresponse-page-path = \"{path}\"\n\
         response-code = {response}\n"
    )
}

/// Starts with a folder `site` that has a login page.
fn with_site(config: &str) -> Edge {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("site/public")).unwrap();
    std::fs::write(dir.path().join("site/public/login.html"), LOGIN).unwrap();
    std::fs::write(dir.path().join("config.toml"), config).unwrap();
    let mut command = frontgate();
    command.args(["serve", "--config", "config.toml", "--listen", "127.0.0.1:0", "--test-mode"]);
    Edge::start(command, dir)
}

/// AWS's guide on signed cookies: a page that leads whoever has none to where they are given out.
const LOGIN: &str =
    "<!doctype html><meta http-equiv=\"refresh\" content=\"0; url=https://app.example.com/login\">";

#[test]
fn a_viewer_without_credentials_is_led_to_the_login() {
    let app = speaking("app");
    let edge = with_site(&pages(&app.url(), &page(403, "/public/login.html", 403)));
    let response = edge.get(HOST, "/members/film.mp4", &["User-Agent: test"]);
    assert_eq!((response.status, response.text().as_str()), (403, LOGIN));
    assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(response.header("x-cache"), Some("Error from cloudfront"));
    assert_eq!(response.reason(), Some("missing-key-pair-id"));
    assert!(response.header("x-amz-cf-id").is_some_and(|id| id.len() == 56));
    // Other denials and our own pages, too; and nothing reached the application.
    for (method, target, reason) in [
        ("GET", "/members/x?Expires=1&Signature=a&Key-Pair-Id=KNOBODY", "unknown-key"),
        ("POST", "/open/x", "method-not-allowed"),
    ] {
        let response =
            edge.send(request(method, HOST, target, &["Content-Length: 0"][usize::from(method == "GET")..]));
        assert_eq!((response.status, response.reason()), (403, Some(reason)), "{target}");
        assert_eq!(response.text(), LOGIN, "{target}");
    }
    let head = edge.send(request("HEAD", HOST, "/members/film.mp4", &[]));
    assert_eq!((head.status, head.header("content-length")), (403, Some(&*LOGIN.len().to_string())));
    assert!(app.requests().is_empty());
    assert_eq!(edge.get(HOST, "/open/a", &[]).header("x-who"), Some("app"));
}

#[test]
fn an_origins_error_gets_its_page_and_a_page_that_fails_is_shown_as_it_is() {
    let app = speaking("app");
    let more = [
        page(404, "/public/login.html", 200),
        page(500, "/public/nothing.html", 503),
        page(502, "/open/404", 502),
    ];
    let edge = with_site(&pages(&app.url(), &more.concat()));
    let found = edge.get(HOST, "/open/404", &["Range: bytes=0-3", "If-None-Match: \"x\""]);
    assert_eq!((found.status, found.text().as_str()), (200, LOGIN));
    assert_eq!((found.header("x-who"), found.header("x-cache")), (None, Some("Error from cloudfront")));
    assert_eq!(edge.get(HOST, "/open/500", &[]).status, 404, "the page is missing: its own status");
    assert_eq!(edge.get(HOST, "/open/503", &[]).text(), "app", "a status without a page passes");
    let response = edge.get(HOST, "/open/502", &["Cookie: a=b", "Authorization: secret"]);
    assert_eq!((response.status, response.header("x-who")), (404, Some("app")), "not a page of a page");
    let asked = app.last();
    assert_eq!(asked.line(), "GET /open/404 HTTP/1.1");
    assert!(
        asked.headers("cookie").is_empty() && asked.headers("authorization").is_empty(),
        "{}",
        asked.head
    );
}

#[test]
fn a_dead_origin_shows_its_page_and_a_dead_page_its_own_failure() {
    let edge = with_site(&pages(&nobody(), &page(502, "/public/login.html", 503)));
    let response = edge.get(HOST, "/open/a", &[]);
    assert_eq!((response.status, response.text().as_str()), (503, LOGIN));
    assert_eq!(response.reason(), Some("origin-error"));
    let edge = with_site(&pages(&nobody(), &page(403, "/open/login.html", 200)));
    let response = edge.get(HOST, "/members/a", &[]);
    assert_eq!((response.status, response.reason()), (502, Some("missing-key-pair-id")));
}

#[test]
fn what_cannot_help_out_is_a_fault() {
    let app = "http://127.0.0.1:9";
    for (more, words) in [
        (page(418, "/public/x", 200), "400, 403"),
        (page(403, "/public/x", 302), "200, 400"),
        (page(403, "public/x", 200), "a path"),
        (page(403, "/public/../x", 200), "a path"),
        (page(403, "/a", 403) + &page(403, "/b", 403), "two custom responses"),
        ("[[distributions.custom-error-responses]]\nerror-code = 403".to_owned(), "changes nothing"),
        (
            "[[distributions.custom-error-responses]]\nerror-code = 403\nresponse-code = 200".to_owned(),
            "or neither",
        ),
        ("[[distributions.origin-groups]]\nid = \"g\"\nmembers = [\"app\"]".to_owned(), "two members"),
        ("[[distributions.origin-groups]]\nid = \"g\"\nmembers = [\"app\", \"app\"]".to_owned(), "different"),
        (
            "[[distributions.origin-groups]]\nid = \"g\"\nmembers = [\"app\", \"sit\"]".to_owned(),
            "not defined",
        ),
        (
            "[[distributions.origin-groups]]\nid = \"app\"\nmembers = [\"app\", \"site\"]".to_owned(),
            "defined twice",
        ),
        (
            "[[distributions.origin-groups]]\nid = \"g\"\nmembers = [\"app\", \"site\"]\nfailover-on = [200]"
                .to_owned(),
            "400, 403, 404",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("site")).unwrap();
        std::fs::write(dir.path().join("config.toml"), pages(app, &more)).unwrap();
        let output = frontgate().current_dir(dir.path()).arg("check").output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{more}");
        assert!(stderr(&output).contains(words), "{words} in {}", stderr(&output));
    }
}

#[test]
fn a_page_that_is_private_or_hides_denials_is_a_warning() {
    for (more, words) in [
        (page(404, "/members/login.html", 404), "is private"),
        (page(403, "/public/login.html", 200), "with 200"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("site")).unwrap();
        std::fs::write(dir.path().join("config.toml"), pages("http://127.0.0.1:9", &more)).unwrap();
        let output = frontgate().current_dir(dir.path()).args(["check", "--json"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{more}");
        assert!(stdout(&output).contains(words), "{words} in {}", stdout(&output));
    }
}

#[test]
fn a_page_may_come_from_the_second_origin_and_keeps_the_behaviors_headers() {
    let second = speaking("second");
    let more = r#"
[[distributions.cache-behaviors]]
path-pattern = "/strict/*"
target-origin = "second"
response-headers-policy = "SecurityHeadersPolicy"
[[distributions.custom-error-responses]]
error-code = 404
response-page-path = "/page"
response-code = 404
"#;
    let edge = Edge::serve(&(group(&nobody(), &second.url(), "") + more));
    let page = edge.get(HOST, "/strict/404", &[]);
    assert_eq!((page.status, page.header("x-who")), (404, Some("second")), "{}", page.head);
    assert_eq!(second.last().target(), "/backup/page");
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"), "{}", page.head);
}
