//! The origins that are built in, a real one, and real clients: `dev`, a folder, nginx, curl, a browser.

use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::process::{Child, Command, Stdio};

use crate::support::configs;
use crate::support::{
    Edge, RecordingOrigin, Response, frontgate, keys, public_key, root, run, stdout, wait_for,
};

/// The links that `dev` prints: the good one, the broken one.
fn links(edge: &Edge) -> (String, String) {
    let text = edge.stdout();
    let link = |name: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(name));
        line.unwrap_or_else(|| panic!("{text}")).trim().to_owned()
    };
    (link("signed link"), link("tampered"))
}

fn open(edge: &Edge, link: &str, headers: &[&str]) -> Response {
    let rest = link.strip_prefix("http://").unwrap();
    let (host, target) = rest.split_at(rest.find('/').unwrap());
    edge.get(host, target, headers)
}

fn curl(args: &[&str]) -> String {
    let output = Command::new("curl")
        .args(["-sS", "--max-time", "20"])
        .args(args)
        .output()
        .expect("curl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    stdout(&output)
}

#[test]
fn dev_prints_a_link_that_opens_and_a_broken_one_and_explain_says_why() {
    let edge = Edge::dev(&[]);
    let (good, broken) = links(&edge);
    let page = open(&edge, &good, &[]);
    assert_eq!((page.status, page.header("Content-Type")), (200, Some("text/html; charset=utf-8")));
    let denied = open(&edge, &broken, &[]);
    assert_eq!((denied.status, denied.reason()), (403, Some("signature-mismatch")));
    let differ = good.bytes().zip(broken.bytes()).filter(|(a, b)| a != b).count();
    assert_eq!((differ, good.len()), (1, broken.len()));
    // As at CloudFront, another host is another URL.
    let elsewhere = open(&edge, &good.replace("127.0.0.1", "localhost"), &[]);
    assert_eq!((elsewhere.status, elsewhere.reason()), (403, Some("signature-mismatch")));
    assert_eq!(open(&edge, &good, &["X-Frontgate-Now: +2d"]).reason(), Some("expired"));
    assert_eq!(curl(&["-o", "/dev/null", "-w", "%{http_code}", &good]), "200");
    // The command that it prints, with the broken link.
    let text = edge.stdout();
    let line = text.lines().find_map(|line| line.split_once("frontgate explain")).unwrap().1;
    let line = format!("explain{line}");
    let args: Vec<&str> =
        line.split(' ').map(|word| if word == "'…'" { broken.as_str() } else { word }).collect();
    let why = |link: &str| {
        let args: Vec<&str> = args.iter().map(|word| if *word == broken { link } else { word }).collect();
        let output = frontgate().current_dir(edge.dir.path()).args(args).output().unwrap();
        (output.status.code(), stdout(&output))
    };
    let (code, text) = why(&broken);
    assert!(
        code == Some(1) && text.contains("signature-mismatch") && text.contains("damaged signature"),
        "{text}"
    );
    // It judges as `dev` does: the host counts, and public paths are public.
    for link in [good.clone(), format!("http://{}/public/x", edge.address)] {
        assert_eq!(why(&link).0, Some(0), "{link}");
    }
    let (code, text) = why(&good.replace("127.0.0.1", "localhost"));
    let fix = format!("open instead: {good}");
    assert!(code == Some(1) && text.contains("cause: host (proven)") && text.contains(&fix), "{text}");
}

#[test]
fn the_lines_that_dev_prints_sign_links_that_open() {
    let edge = Edge::dev(&["-v"]);
    let text = edge.stdout();
    // From a heading, which is a comment of the language, to the empty line: pasted as it stands.
    let part = |begin: &str| {
        let lines = text.lines().skip_while(|line| !line.starts_with(begin));
        lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    };
    let installed = root().join("target/signers");
    let script = installed.join("dev-lines.mjs");
    std::fs::write(&script, part("// JavaScript")).unwrap();
    let mut python = Command::new(installed.join("venv/bin/python"));
    python.args(["-c", &part("# Python")]);
    let mut node = Command::new("node");
    node.arg(&script);
    for mut command in [python, node] {
        let output = command.current_dir(edge.dir.path()).output().unwrap();
        let link = stdout(&output);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(open(&edge, link.trim(), &[]).status, 200, "{link}");
    }
}

#[test]
fn dev_keeps_its_key_and_hides_it_from_git() {
    let edge = Edge::dev(&[]);
    let (good, _) = links(&edge);
    let folder = edge.dir.path().join(".frontgate");
    assert!(std::fs::read_to_string(folder.join(".gitignore")).unwrap().lines().any(|line| line == "*"));
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 4, "{names:?}");
    // Another one with the same key takes a link of the first, for the same port.
    let (port, keys) = (edge.address.to_string(), folder.display().to_string());
    let kept = tempfile::tempdir().unwrap();
    let copy = kept.path().join("keys");
    assert!(Command::new("cp").args(["-r", &keys]).arg(&copy).status().unwrap().success());
    drop(edge);
    let mut command = frontgate();
    command.args(["dev", "--listen", &port, "--keys", copy.to_str().unwrap()]);
    let again = Edge::start(command, tempfile::tempdir().unwrap());
    assert_eq!(open(&again, &good, &[]).status, 200);
}

#[test]
fn the_demo_site_has_a_page_an_image_a_video_sized_file_and_a_playlist() {
    let edge = Edge::dev(&[]);
    let host = edge.address.to_string();
    let (id, key) = edge.dev_key();
    let signed = |path: &str| {
        let url = format!("http://{host}{path}");
        let output =
            run(&["sign", "url", &url, "--key-pair-id", &id, "--private-key", &key, "--expires-in", "1h"]);
        stdout(&output).trim().to_owned()
    };
    for (path, content_type) in [
        ("/image.svg", "image/svg+xml"),
        ("/hls/playlist.m3u8", "application/vnd.apple.mpegurl"),
        ("/hls/segment-0.ts", "video/mp2t"),
    ] {
        assert_eq!(edge.get(&host, path, &[]).status, 403);
        let response = open(&edge, &signed(path), &[]);
        assert_eq!((response.status, response.header("Content-Type")), (200, Some(content_type)), "{path}");
    }
    let video = open(&edge, &signed("/video.bin"), &[]);
    assert_eq!((video.status, video.body.len(), video.complete), (200, 64 << 20, true));
    let part = open(&edge, &signed("/video.bin"), &["Range: bytes=1000-1999"]);
    assert_eq!((part.status, part.header("Content-Range")), (206, Some("bytes 1000-1999/67108864")));
    assert_eq!(part.body, video.body[1000..2000]);
    assert_eq!(edge.get(&host, "/public/index.html", &[]).status, 200);
    assert_eq!(open(&edge, &signed("/nothing"), &[]).status, 404);
}

#[test]
fn a_folder_shows_its_files_and_neither_keys_nor_hidden_names_nor_what_lies_outside() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("site");
    for (name, text) in [
        ("public/a b.txt", "spaced"),
        ("public/app.js", "let a;"),
        ("public/.env", "SECRET"),
        (".git/config", "SECRET"),
        (".well-known/public", "well known"),
        ("keys/K1.private.pem", "SECRET"),
        ("../outside.txt", "SECRET"),
    ] {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    std::fs::copy(public_key("rsa"), folder.join("keys/K1.public.pem")).unwrap();
    symlink("../../outside.txt", folder.join("public/link-out")).unwrap();
    symlink("/etc/passwd", folder.join("public/absolute")).unwrap();
    symlink("../keys", folder.join("public/link-keys")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.join("public/fifo")).status().unwrap().success());
    let config = "[[public-keys]]\nid = \"K1\"\nfile = \"site/keys/K1.public.pem\"\n[[key-groups]]\nid = \"g\"\npublic-keys = [\"K1\"]\n\
         [[distributions]]\nid = \"E\"\ndomain-name = \"a.example.com\"\n[[distributions.origins]]\nid = \"o\"\nurl = \"file:site\"\n\
         [distributions.default-cache-behavior]\ntarget-origin = \"o\"\n";
    std::fs::write(dir.path().join("config.toml"), config).unwrap();
    let mut command = frontgate();
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    let edge = Edge::start(command, dir);
    let get = |path: &str| edge.get("a.example.com", path, &[]);
    assert_eq!(
        (get("/public/a%20b.txt").status, get("/public/a%20b.txt").text()),
        (200, "spaced".to_owned())
    );
    assert_eq!(
        get("/public/app.js").header("Content-Type").unwrap().split(';').next(),
        Some("text/javascript")
    );
    assert_eq!(get("/.well-known/public").text(), "well known");
    for path in [
        "/outside.txt",
        "/../outside.txt",
        "/public/../../outside.txt",
        "/public/..%2f..%2foutside.txt",
        "/%2e%2e/outside.txt",
        "/public/link-out",
        "/public/absolute",
        "/public/fifo",
        "/public/.env",
        "/public/%2eenv",
        "/.git/config",
        "/keys/K1.private.pem",
        "/keys/K1.public.pem",
        "/public/link-keys/K1.private.pem",
        "/public/a%20b.txt%00.js",
        "/public/",
        "/public",
        "//public/app.js",
        "/",
    ] {
        let response = get(path);
        assert_eq!(response.status, 404, "{path}: {}", response.text());
        assert!(!response.text().contains("SECRET"), "{path}");
    }
}

/// A real nginx before a folder, ended with the test.
struct Nginx {
    child: Child,
    port: u16,
    dir: tempfile::TempDir,
}

impl Nginx {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().display().to_string();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        std::fs::create_dir_all(dir.path().join("www/public")).unwrap();
        std::fs::write(
            dir.path().join("www/public/file.bin"),
            (0..200_000u32).map(|n| n as u8).collect::<Vec<_>>(),
        )
        .unwrap();
        let config = format!(
            "daemon off; master_process off; worker_processes 1; pid {path}/pid; error_log {path}/error.log;\n\
             events {{}}\nhttp {{ access_log {path}/access.log; client_body_temp_path {path}/b; proxy_temp_path {path}/p;\n\
             fastcgi_temp_path {path}/f; uwsgi_temp_path {path}/u; scgi_temp_path {path}/s;\n\
             server {{ listen 127.0.0.1:{port}; root {path}/www; gzip on; gzip_types application/octet-stream;\n\
             location = /public/put {{ return 201 \"$request_method $http_x_forwarded_for\"; }} }} }}\n"
        );
        std::fs::write(dir.path().join("nginx.conf"), config).unwrap();
        assert!(Command::new("chmod").args(["755", &path]).status().unwrap().success());
        let child = Command::new("nginx")
            .args(["-c", &format!("{path}/nginx.conf")])
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx is installed");
        wait_for(|| std::net::TcpStream::connect(("127.0.0.1", port)).ok());
        Self { child, port, dir }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn nginx_answers_through_us_as_it_answers_alone() {
    let nginx = Nginx::start();
    let edge = Edge::serve(&configs::private(&format!("http://127.0.0.1:{}", nginx.port), ""));
    let straight = format!("http://127.0.0.1:{}/public/file.bin", nginx.port);
    let through = format!("http://{}/public/file.bin", edge.address);
    let etag = curl(&["-o", "/dev/null", "-w", "%header{etag}", &straight]);
    assert!(etag.starts_with('"'), "{etag}");
    let not_modified = format!("If-None-Match: {etag}");
    for args in [
        vec![],
        vec!["-r", "0-99"],
        vec!["-r", "-500"],
        vec!["-r", "999999-"],
        vec!["-r", "0-1,5-6"],
        vec!["-I"],
        vec!["-H", &not_modified],
        vec!["-H", "Accept-Encoding: gzip"],
        vec!["-X", "DELETE"],
    ] {
        // Multipart boundaries differ with each response.
        let told = "%{http_code} %header{content-range} %header{etag} %header{content-length} %header{content-encoding}";
        let sum = |url: &str| {
            let file = nginx.dir.path().join("out");
            let _ = std::fs::remove_file(&file);
            let mut all = vec!["-o", file.to_str().unwrap(), "-w", told];
            all.extend(&args);
            all.push(url);
            let head = curl(&all);
            let body = std::fs::read(&file).unwrap_or_default();
            (head, if args.contains(&"0-1,5-6") || args.contains(&"-I") { Vec::new() } else { body })
        };
        assert_eq!(sum(&straight), sum(&through), "{args:?}");
    }
    let put = format!("http://{}/public/put", edge.address);
    assert_eq!(curl(&["-X", "PUT", "-d", "x=1", &put]), "PUT 127.0.0.1");
    assert_eq!(
        curl(&[
            "-X",
            "PUT",
            "-d",
            "x=1",
            "-H",
            "Expect: 100-continue",
            "-H",
            "X-Forwarded-For: 1.1.1.1",
            &put
        ]),
        "PUT 1.1.1.1,127.0.0.1"
    );
}

#[test]
fn curl_sends_dot_segments_and_brackets_only_when_told_to() {
    let edge = Edge::dev(&[]);
    let (id, key) = edge.dev_key();
    let url = format!("http://{}/hls/../image.svg?x=[1-2]", edge.address);
    let signed =
        run(&["sign", "url", &url, "--key-pair-id", &id, "--private-key", &key, "--expires-in", "1h"]);
    let link = stdout(&signed).trim().to_owned();
    let status = |args: &[&str]| curl(&[args, &["-o", "/dev/null", "-w", "%{http_code}", &link]].concat());
    // The signature fits; the demo site doesn't resolve dot segments, so it has no such file.
    assert_eq!(status(&["--path-as-is", "-g"]), "404");
    assert_eq!(status(&["-g"]), "403");
}

#[test]
fn a_browser_opens_a_signed_link_and_carries_signed_cookies() {
    let edge = Edge::dev(&[]);
    let (good, broken) = links(&edge);
    let page = browse(&good);
    assert!(page.contains("<title>") && page.contains("Frontgate"), "{page}");
    assert!(browse(&broken).contains("AccessDenied"));
    // A login page sets the three cookies, then sends the browser on to a private page.
    let signing = run(&[
        "sign",
        "cookies",
        "http://localhost/*",
        "--resource",
        "http://localhost:*/*",
        "--expires-in",
        "1h",
        "--key-pair-id",
        configs::id("rsa"),
        "--private-key",
        &keys().join("rsa.private.pem").display().to_string(),
        "--format",
        "set-cookie",
    ]);
    let cookies = stdout(&signing).lines().map(|line| format!("{line}\r\n")).collect::<String>();
    let origin = RecordingOrigin::answering(move |asked, stream| {
        use std::io::Write;
        let (head, body) = if asked.target() == "/public/login" {
            (cookies.as_str(), "<script>location = '/members/page'</script>")
        } else {
            ("", "<p id=members>welcome, member</p>")
        };
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{head}Content-Length: {length}\r\n\r\n{body}"
        )
        .is_ok()
    });
    let edge = Edge::serve(&configs::private(&origin.url(), ""));
    assert!(browse(&format!("http://localhost:{}/members/page", edge.address.port())).contains("MissingKey"));
    let page = browse(&format!("http://localhost:{}/public/login", edge.address.port()));
    assert!(page.contains("welcome, member"), "{page}");
    assert!(origin.last().headers("cookie").is_empty(), "the signing cookies stay at the edge");
}

/// The document that headless Chromium has after loading a URL.
fn browse(url: &str) -> String {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-sync",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--virtual-time-budget=3000",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(url)
        .stderr(Stdio::null())
        .output()
        .expect("chromium is installed");
    stdout(&output)
}

#[test]
fn the_repository_has_no_private_key() {
    let output = Command::new("git").arg("-C").arg(root()).args(["ls-files"]).output().unwrap();
    for file in stdout(&output).lines() {
        let text = std::fs::read(root().join(file)).unwrap_or_default();
        // The line by itself stands in tests and in pages; a key goes on.
        let key = b"PRIVATE KEY-----\nM";
        assert!(!text.windows(key.len()).any(|window| window == key), "{file}");
    }
}

#[test]
fn a_folder_shows_no_key_no_ready_file_and_no_copy_of_the_configuration() {
    let config = "[[distributions]]\nid = \"E\"\ndomain-name = \"a.example.com\"\n\
                  [[distributions.origins]]\nid = \"o\"\nurl = \"file:.\"\n\
                  [distributions.default-cache-behavior]\ntarget-origin = \"o\"\n";
    let edge = Edge::serve(config);
    let key = std::fs::read_to_string(crate::support::private_key("rsa")).unwrap();
    let page = format!("<p>A key:</p><pre>{key}</pre>");
    for (name, text, status) in [
        ("copied.pem", key.as_str(), 404),
        ("no-name", &format!("\u{feff}\n \r\n{key}"), 404),
        ("COPY.PRIVATE.PEM", "anything", 404),
        ("other.toml", config, 404),
        ("page.html", &page, 200),
        ("like.toml", &config.replace("file:.", "file:x"), 200),
    ] {
        std::fs::write(edge.file(name), text).unwrap();
        assert_eq!(edge.get("a.example.com", &format!("/{name}"), &[]).status, status, "{name}");
    }
    std::fs::hard_link(edge.file("ready.json"), edge.file("linked.json")).unwrap();
    for name in ["ready.json", "linked.json", "config.toml"] {
        assert!(edge.file(name).exists());
        assert_eq!(edge.get("a.example.com", &format!("/{name}"), &[]).status, 404, "{name}");
    }
}
