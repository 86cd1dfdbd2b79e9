//! The console in Chromium, and its lines of code in their languages.

use std::io::Write;
use std::net::TcpStream;

use serde_json::json;

use crate::support::console::{TOKEN, console, guarded, numbers, post, post_with};
use crate::support::foreign::{ask, signers};
use crate::support::{Edge, Response, root, stdout, wait_for};

#[test]
fn a_link_is_signed_with_the_key_of_dev_and_so_is_one_by_each_line_of_code() {
    let edge = Edge::dev(&["--console", "127.0.0.1:0"]);
    let admin = console(&edge);
    let base = format!("http://{}", edge.address);
    // AWS's SDK for JavaScript rewrites such characters in the URL, and not in a custom policy.
    let (quoted, url) = (format!("{base}/image.svg?b=1&c='$(x)'"), format!("{base}/image.svg?b=1"));
    let custom = vec![("not-before", "-1m"), ("ip", "127.0.0.0/8")];
    for (url, more, is_canned) in [(&quoted, vec![], true), (&url, custom, false)] {
        let mut form = vec![("url", url.as_str()), ("lifetime", "2h")];
        form.extend(more);
        let page = post(admin, "/sign", &form).text();
        let part = |id: &str| {
            let text = page
                .split(&format!("id=\"{id}\">"))
                .nth(1)
                .and_then(|rest| rest.split("</").next())
                .expect("a part");
            text.replace("&amp;", "&")
                .replace("&#39;", "'")
                .replace("&quot;", "\"")
                .replace("&gt;", ">")
                .replace("&lt;", "<")
        };
        assert_eq!(page.contains("a canned policy"), is_canned, "{page}");
        assert!(!page.contains("PRIVATE KEY"));
        let open = |link: &str| {
            edge.get(&edge.address.to_string(), link.strip_prefix(&base).expect(link), &[]).status
        };
        assert_eq!(open(&part("signed")), 200);
        for (number, file) in [(0, "sign.py"), (1, "sign.mjs"), (8, "aws.sh"), (9, "frontgate.sh")] {
            std::fs::write(edge.file(file), part(&format!("code{number}"))).unwrap();
            let bin = signers().join("venv/bin");
            let own = std::path::Path::new(env!("CARGO_BIN_EXE_frontgate")).parent().unwrap();
            let path = format!("{}:{}:{}", bin.display(), own.display(), std::env::var("PATH").unwrap());
            let mut command = match file.rsplit('.').next() {
                Some("py") => std::process::Command::new(bin.join("python")),
                Some("mjs") => {
                    let modules = edge.file("node_modules");
                    let _ = std::os::unix::fs::symlink(signers().join("node_modules"), modules);
                    std::process::Command::new("node")
                }
                _ => {
                    let mut shell = std::process::Command::new("sh");
                    shell.arg("-e");
                    shell
                }
            };
            let output = command.arg(file).env("PATH", path).current_dir(edge.dir.path()).output().unwrap();
            let link = stdout(&output).trim().lines().last().unwrap_or_default().to_owned();
            assert!(output.status.success() && link.contains("Signature="), "{file}: {output:?}");
            assert_eq!(open(&link), 200, "{file}: {link}");
        }
    }
    for (name, value, says) in [
        ("url", "http://127.0.0.1/a b", "/a%20b"),
        ("url", "localhost:8080/a", "sign instead: http://localhost:8080/a"),
        ("url", &format!("{base}/*"), "rewrite it as a custom policy"),
        ("lifetime", "2", "is not a duration"),
        ("lifetime", "1 month", "differ in length"),
        ("not-before", "tomorrow", "is not a time"),
        ("not-before", "2026-13-01", "13 is not a month"),
        ("ip", "::1", "IPv6"),
        ("resource", "a\"b", "printable ASCII"),
    ] {
        let mut form = vec![("url", url.as_str()), ("lifetime", "2h")];
        form.retain(|(known, _)| *known != name);
        form.push((name, value));
        let page = post(admin, "/sign", &form).text();
        assert!(
            page.contains(says) && page.contains("aria-invalid") && !page.contains("Signature="),
            "{name}: {page}"
        );
    }
    assert_eq!(post_with(admin, "/sign", &[("url", &url), ("lifetime", "2h")], &[]).status, 403);
}

#[test]
fn in_chromium_a_tampered_link_appears_is_explained_and_time_is_moved() {
    let edge = Edge::dev(&["--console", "127.0.0.1:0"]);
    let admin = console(&edge);
    let (guarded, _origin) = guarded();
    let blessed = std::env::var_os("FRONTGATE_BLESS").is_some();
    let screenshots = if blessed { root().join("docs") } else { root().join("target/console") };
    // As many as are kept, so that the first page is as full as it gets.
    let mut stream = TcpStream::connect(edge.address).unwrap();
    for number in 0..1_000 {
        let text = format!("GET /public/{number} HTTP/1.1\r\nHost: {}\r\n\r\n", edge.address);
        stream.write_all(text.as_bytes()).unwrap();
        let _ = Response::read(&mut stream, false);
    }
    wait_for(|| (numbers(&edge).len() == 50).then_some(()));
    let seen = ask(
        "browser/console.mjs",
        &json!({
            "console": format!("http://{admin}"), "proxy": format!("http://{}", edge.address),
            "guarded": format!("http://{}", console(&guarded)), "token": TOKEN, "screenshots": screenshots,
        }),
    );
    assert_eq!(seen["violations"], json!([]), "{seen}");
    assert_eq!(seen["errors"], json!([]), "{seen}");
    assert_eq!(seen["signedStatus"], 200, "{seen}");
    assert_eq!(seen["tamperedStatus"], 403, "{seen}");
    assert!(seen["appearedAfter"].as_f64().is_some_and(|millis| millis < 1_000.0), "{seen}");
    assert_eq!(seen["cause"], "query-added", "{seen}");
    assert_eq!(seen["marked"], "?utm_source=x", "{seen}");
    assert_eq!(seen["then"], "✓ Allowed", "{seen}");
    assert_eq!(seen["later"], "✗ Denied, expired", "{seen}");
    assert_eq!(seen["pasted"], "✗ Denied, signature-mismatch", "{seen}");
    assert_eq!(seen["copied"], seen["link"], "{seen}");
    assert_eq!(seen["loggedIn"], "Requests", "{seen}");
    assert_eq!(seen["withoutScript"], "✗ Denied, signature-mismatch", "{seen}");
    assert_eq!(
        seen["keyboard"],
        json!(["link", "cookies", "method", "at", "address", "Explain", "pause"]),
        "{seen}"
    );
    // Where even a line of text takes long, the machine is busy with something else.
    let [loaded, line] = ["loaded", "line"].map(|name| seen[name].as_f64().expect("milliseconds"));
    assert!(loaded < 100_f64.max(3.0 * line), "{seen}");
}
