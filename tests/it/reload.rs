//! Reloading under load: by SIGHUP and by watching, all or nothing, without a request lost.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::support::configs;
use crate::support::{Edge, RecordingOrigin, Response, frontgate, request, send_to, wait_for};

const HOST: &str = "d111111abcdef8.cloudfront.net";
const ADMIN: &str = "[admin]\nlisten = \"127.0.0.1:0\"\n";

fn config(origin: &str) -> String {
    format!("{ADMIN}{}", configs::private(origin, ""))
}

/// Reloads by what came of them, and whether the last one did well.
fn reloads(edge: &Edge) -> [u64; 4] {
    let metrics = edge.admin_page("/metrics").text();
    let value = |series: &str| {
        let line = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')).unwrap();
        line.parse().unwrap()
    };
    let outcomes = ["ok", "failed", "refused"]
        .map(|outcome| format!("frontgate_reloads_total{{outcome=\"{outcome}\"}}"));
    let [ok, failed, refused] = outcomes.map(|series| value(&series));
    [ok, failed, refused, value("frontgate_config_last_reload_successful")]
}

/// What an editor does that saves by renaming.
fn save(file: &Path, text: &str) {
    let new = file.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(&new, file).unwrap();
}

/// Where `/free` goes, or isn't open.
fn is_free(edge: &Edge, path: &str) -> bool {
    edge.get(HOST, path, &[]).status == 200
}

/// Ends the load also where the test fails.
struct AtTheEnd<'a>(&'a AtomicBool);

impl Drop for AtTheEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_hundred_reloads_lose_no_request() {
    let origin = RecordingOrigin::start();
    let first = config(&origin.url());
    let edge = Edge::serve(&first);
    let (over, asked, address) = (AtomicBool::new(false), AtomicU64::new(0), edge.address);
    thread::scope(|scope| {
        let _end = AtTheEnd(&over);
        for number in 0..4 {
            let (over, asked) = (&over, &asked);
            scope.spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                while !over.load(Ordering::Relaxed) {
                    // Half of them on one connection that lives through all reloads, half on fresh ones.
                    let response = if number % 2 == 0 {
                        write!(stream, "GET /public/x HTTP/1.1\r\nHost: {HOST}\r\n\r\n").unwrap();
                        Response::read(&mut stream, false)
                    } else {
                        send_to(address, request("GET", HOST, "/public/x", &[]).as_bytes())
                    };
                    assert_eq!((response.status, response.complete), (200, true));
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let file = edge.file("config.toml");
        for round in 1..=100 {
            // Another one each time, every tenth broken.
            let extra = format!("# {round}\n");
            match round % 10 {
                0 => save(&file, &format!("{extra}nonsense = 1\n{first}")),
                _ => save(&file, &(extra + &first)),
            }
            edge.signal("HUP");
            let before = asked.load(Ordering::Relaxed);
            wait_for(|| (reloads(&edge)[..2].iter().sum::<u64>() >= round).then_some(()));
            wait_for(|| (asked.load(Ordering::Relaxed) > before).then_some(()));
        }
    });
    let counted = reloads(&edge);
    assert!(counted[0] >= 90 && counted[1] >= 10 && counted[2] == 0, "{counted:?}");
    assert!(asked.load(Ordering::Relaxed) > 400);
    assert_eq!(origin.requests().len() as u64, asked.load(Ordering::Relaxed));
}

#[test]
fn what_is_fixed_at_the_start_is_not_changed_and_nothing_else_with_it() {
    let origin = RecordingOrigin::start();
    let base = format!("[server]\nworkers = 1\n{}", config(&origin.url()));
    let dir = tempfile::tempdir().unwrap();
    let free = base.replace("/public/*", "/free/*");
    let start = |config: &str, listen: &[&str]| {
        std::fs::write(dir.path().join("config.toml"), config).unwrap();
        let mut command = frontgate();
        command.args(["serve", "--config"]).arg(dir.path().join("config.toml")).args(listen);
        Edge::start(command, tempfile::tempdir().unwrap())
    };
    let edge = start(&base, &["--listen", "127.0.0.1:0"]);
    let file = dir.path().join("config.toml");
    for (number, (changed, name)) in [
        (free.replace("workers = 1", "workers = 2"), "[server] workers"),
        (free.replace("workers = 1", "workers = 1\nshutdown-grace = \"5s\""), "[server] shutdown-grace"),
        (free.replace("workers = 1", "workers = 1\nreload = \"signal\""), "[server] reload"),
        (
            free.replace("workers = 1", "workers = 1\nlimits = { connections-per-worker = 5 }"),
            "[server.limits] connections-per-worker",
        ),
        (free.replace("127.0.0.1:0", "127.0.0.1:1"), "[admin] listen"),
        (free.replace(ADMIN, ""), "[admin] listen"),
        (free.replace(ADMIN, &format!("{ADMIN}console = false\n")), "[admin] console"),
        (format!("[verified-policy-cache]\nmax-size = 0\n{free}"), "[verified-policy-cache] max-size"),
        (format!("[access-log]\nformat = \"json\"\n{free}"), "[access-log]"),
    ]
    .into_iter()
    .enumerate()
    {
        save(&file, &changed);
        wait_for(|| (reloads(&edge) == [0, 0, number as u64 + 1, 0]).then_some(()));
        wait_for(|| (edge.log().matches("the reload was refused").count() == number + 1).then_some(()));
        let log = edge.log();
        let said = log.lines().rfind(|line| line.contains("a restart is needed")).unwrap();
        assert!(said.contains(&format!("{name} is fixed at the start")), "{said}");
        assert!(is_free(&edge, "/public/x") && !is_free(&edge, "/free/x"), "{name}");
    }
    // `--listen` stood in place of the file's: what the file says doesn't count, then as now.
    save(&file, &free.replace("workers = 1", "workers = 1\nlisten = [\"127.0.0.1:1\"]"));
    wait_for(|| (reloads(&edge)[0] == 1).then_some(()));
    assert!(!is_free(&edge, "/public/x") && is_free(&edge, "/free/x"));
    drop(edge);
    // Without it, it does.
    let here =
        |port: u16| base.replace("workers = 1", &format!("workers = 1\nlisten = [\"127.0.0.1:{port}\"]"));
    let edge = start(&here(0), &[]);
    save(&file, &here(1));
    wait_for(|| (reloads(&edge)[2] == 1).then_some(()));
    let said = "[server] listen is fixed at the start; running [127.0.0.1:0], found [127.0.0.1:1]";
    wait_for(|| edge.log().contains(said).then_some(()));
}

#[test]
fn a_broken_file_keeps_what_runs_and_says_so_wherever_one_looks() {
    let origin = RecordingOrigin::start();
    let good = config(&origin.url());
    let edge = Edge::serve(&good);
    let file = edge.file("config.toml");
    for (number, broken) in [
        "not toml".to_owned(),
        good.replace("/public/*", "/free/*") + "nonsense = 1",
        good.replace("trusted-key-groups = [\"one\"]", "trusted-key-groups = [\"none\"]"),
        String::new(),
    ]
    .iter()
    .enumerate()
    {
        save(&file, broken);
        wait_for(|| (reloads(&edge) == [0, number as u64 + 1, 0, 0]).then_some(()));
        wait_for(|| (edge.log().matches("the reload failed").count() == number + 1).then_some(()));
        assert!(is_free(&edge, "/public/x") && !is_free(&edge, "/x"));
        let check = frontgate().args(["check", "--config"]).arg(&file).output().unwrap();
        let said = crate::support::stderr(&check);
        assert_eq!(check.status.code(), Some(2), "{said}");
        // The same faults, with their places.
        let fault = said.lines().find(|line| line.starts_with("error: ")).unwrap();
        let fault = fault.split("config.toml").nth(1).unwrap();
        assert!(edge.log().contains(fault), "{fault}: {}", edge.log());
    }
    std::fs::remove_file(&file).unwrap();
    wait_for(|| (reloads(&edge)[1] == 5).then_some(()));
    save(&file, &good.replace("/public/*", "/free/*"));
    wait_for(|| (reloads(&edge) == [1, 5, 0, 1]).then_some(()));
    assert!(is_free(&edge, "/free/x"));
}

#[test]
fn a_change_of_any_file_is_noticed_however_it_is_written() {
    let origin = RecordingOrigin::start();
    let edge = Edge::serve(&config(&origin.url()));
    let file = edge.file("config.toml");
    let mut count = 0;
    let mut noticed = |what: &str, change: &dyn Fn(&str)| {
        count += 1;
        let path = format!("/free{count}");
        change(&config(&origin.url()).replace("/public/*", &format!("{path}/*")));
        wait_for(|| is_free(&edge, &format!("{path}/x")).then_some(()));
        assert!(!is_free(&edge, "/public/x"), "{what}");
    };
    noticed("written in place", &|text| std::fs::write(&file, text).unwrap());
    noticed("renamed over", &|text| save(&file, text));
    noticed("removed and made anew", &|text| {
        std::fs::remove_file(&file).unwrap();
        thread::sleep(Duration::from_millis(20));
        std::fs::write(&file, text).unwrap();
    });
    noticed("written in pieces", &|text| {
        let mut open = std::fs::File::create(&file).unwrap();
        for piece in text.as_bytes().chunks(text.len() / 10) {
            open.write_all(piece).unwrap();
            thread::sleep(Duration::from_millis(20));
        }
    });
    // As Kubernetes does: the file is a link through a link to a folder, and that link is replaced.
    let turn = |number: &str, text: &str| {
        let folder = edge.file(number);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("config.toml"), text).unwrap();
        std::os::unix::fs::symlink(&folder, edge.file("..data_tmp")).unwrap();
        std::fs::rename(edge.file("..data_tmp"), edge.file("..data")).unwrap();
    };
    noticed("a link in its place", &|text| {
        turn("..1", text);
        std::fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("..data/config.toml", &file).unwrap();
    });
    noticed("the link's folder replaced", &|text| {
        turn("..2", text);
        std::fs::remove_dir_all(edge.file("..1")).unwrap();
    });
    noticed("replaced again", &|text| turn("..3", text));
    noticed("written behind the links", &|text| std::fs::write(edge.file("..3/config.toml"), text).unwrap());
    // None of these was read half-written.
    assert!(!edge.log().contains("the reload failed"), "{}", edge.log());
}

#[test]
fn a_key_whose_file_changes_is_taken_and_one_that_was_missing_mends_a_failed_reload() {
    let origin = RecordingOrigin::start();
    let id = configs::id("rsa");
    let keys = tempfile::tempdir().unwrap();
    let file = keys.path().join("key.pem");
    std::fs::copy(crate::support::public_key("rsa"), &file).unwrap();
    let config = config(&origin.url());
    let config = config.replace(&format!("{:?}", crate::support::public_key("rsa")), &format!("{file:?}"));
    let edge = Edge::serve(&config);
    let url = format!("http://{HOST}/x");
    let sign = |key: &str| {
        let key = crate::support::private_key(key);
        let args = ["sign", "url", &url, "--expires-in", "2h", "--key-pair-id", id, "--private-key", &key];
        let link = crate::support::stdout(&crate::support::run(&args));
        format!("/{}", link.trim().splitn(4, '/').nth(3).unwrap())
    };
    let (old, new) = (sign("rsa"), sign("rsa2"));
    assert_eq!((edge.get(HOST, &old, &[]).status, edge.get(HOST, &new, &[]).status), (200, 403));
    save(&file, &std::fs::read_to_string(crate::support::public_key("rsa2")).unwrap());
    wait_for(|| (edge.get(HOST, &new, &[]).status == 200).then_some(()));
    // Remembered or not, the old key's links are over.
    assert_eq!(edge.get(HOST, &old, &[]).reason(), Some("signature-mismatch"));
    std::fs::remove_file(&file).unwrap();
    wait_for(|| edge.log().contains("the reload failed").then_some(()));
    assert_eq!(edge.get(HOST, &new, &[]).status, 200);
    std::fs::copy(crate::support::public_key("rsa"), &file).unwrap();
    wait_for(|| (edge.get(HOST, &old, &[]).status == 200).then_some(()));
}

/// Gives what reads from a pipe its content, after doing something while it waits for it.
fn feed(pipe: &Path, content: &[u8], meanwhile: impl FnOnce()) {
    // Waits until somebody reads.
    let mut writer = std::fs::File::options().write(true).open(pipe).unwrap();
    meanwhile();
    writer.write_all(content).unwrap();
}

#[test]
fn what_is_written_while_the_files_are_read_is_a_change() {
    let origin = RecordingOrigin::start();
    let plain = config(&origin.url());
    let folder = tempfile::tempdir().unwrap();
    let (pipe, database) = (folder.path().join("pipe"), folder.path().join("countries.mmdb"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    crate::support::mmdb::write(
        &database,
        "GeoLite2-Country",
        &[("192.0.2.0", 24, serde_json::json!({"country": {"iso_code": "DE"}}))],
    );
    let database = std::fs::read(&database).unwrap();
    // Reading the pipe takes until the test lets it end.
    let slow = format!("[server]\ncountry-database = {pipe:?}\n{plain}");
    let free = |path: &str| plain.replace("/public/*", &format!("{path}/*"));

    // While it starts.
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    std::fs::write(&file, &slow).unwrap();
    let mut command = frontgate();
    command.args(["serve", "--config", "config.toml", "--listen", "127.0.0.1:0"]);
    let edge = thread::scope(|scope| {
        scope.spawn(|| feed(&pipe, &database, || save(&file, &free("/first"))));
        Edge::start(command, dir)
    });
    wait_for(|| is_free(&edge, "/first/x").then_some(()));

    // While it reloads, with another list of files.
    save(&file, &slow);
    feed(&pipe, &database, || save(&file, &free("/second")));
    wait_for(|| is_free(&edge, "/second/x").then_some(()));
    assert!(!edge.log().contains("the reload failed"), "{}", edge.log());
}

#[test]
fn where_only_signals_reload_no_file_does() {
    let origin = RecordingOrigin::start();
    let base = format!("[server]\nreload = \"signal\"\n{}", config(&origin.url()));
    let edge = Edge::serve(&base);
    save(&edge.file("config.toml"), &base.replace("/public/*", "/free/*"));
    // Longer than a watch takes to notice.
    thread::sleep(Duration::from_millis(700));
    assert!(is_free(&edge, "/public/x"));
    edge.signal("HUP");
    wait_for(|| is_free(&edge, "/free/x").then_some(()));
    wait_for(|| (reloads(&edge) == [1, 0, 0, 1]).then_some(()));
}

#[test]
fn a_request_in_flight_ends_as_it_began() {
    let origin = RecordingOrigin::answering(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst");
        thread::sleep(Duration::from_millis(800));
        stream.write_all(b"later").is_ok()
    });
    let edge = Edge::serve(&config(&origin.url()));
    let mut stream = TcpStream::connect(edge.address).unwrap();
    stream.write_all(request("GET", HOST, "/public/x", &[]).as_bytes()).unwrap();
    wait_for(|| (!origin.requests().is_empty()).then_some(()));
    save(&edge.file("config.toml"), &config("http://127.0.0.1:9").replace("/public/*", "/free/*"));
    edge.signal("HUP");
    wait_for(|| edge.log().contains("was reloaded").then_some(()));
    assert_eq!(edge.get(HOST, "/public/x", &[]).status, 403);
    let response = Response::read(&mut stream, false);
    assert_eq!((response.status, response.text().as_str()), (200, "firstlater"));
}
