//! `frontgate test`: a command's environment and status, and what a test kit and the program say to each other.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{frontgate, stderr, stdout, wait_for};

fn test(args: &[&str]) -> Output {
    frontgate().arg("test").args(args).output().unwrap()
}

#[test]
fn a_command_finds_a_proxy_and_its_status_is_ours() {
    // curl and openssl, so that neither the signer nor the viewer is ours.
    let script = r#"
        set -e
        url="$FRONTGATE_URL/a%20b?size=large"
        signature=$(printf '{"Statement":[{"Resource":"%s","Condition":{"DateLessThan":{"AWS:EpochTime":2000000000}}}]}' "$url" |
            openssl dgst -sha1 -sign "$FRONTGATE_PRIVATE_KEY_FILE" | openssl base64 -A | tr '+=/' '-_~')
        link="$url&Expires=2000000000&Signature=$signature&Key-Pair-Id=$FRONTGATE_KEY_PAIR_ID"
        echo "$(curl -s "$link")"
        echo "$(curl -si -H 'X-Frontgate-Now: 2000000000' "$link" | tr -d '\r' | grep X-Frontgate-Reason)"
        grep -c 'PUBLIC KEY' "$FRONTGATE_PUBLIC_KEY_FILE"
        echo "$FRONTGATE_PRIVATE_KEY_FILE"
        exit 7
    "#;
    let output = test(&["--", "sh", "-c", script]);
    let (out, log) = (stdout(&output), stderr(&output));
    assert_eq!(output.status.code(), Some(7), "{out}{log}");
    let lines: Vec<&str> = out.lines().collect();
    let echoed: Value = serde_json::from_str(lines[0]).unwrap_or_else(|_| panic!("{out}{log}"));
    assert_eq!((&echoed["method"], &echoed["target"]), (&json!("GET"), &json!("/a%20b?size=large")));
    assert_eq!(lines[1..3], ["X-Frontgate-Reason: expired", "2"], "{out}");
    assert!(!Path::new(lines[3]).parent().unwrap().exists(), "{} is left", lines[3]);
    assert!(log.contains(r#"reason="expired""#) && log.contains("cause=\"expired (proven)"), "{log}");
    assert!(!log.contains("PRIVATE KEY"));
    assert_eq!(stderr(&test(&["-q", "--", "sh", "-c", "curl -s $FRONTGATE_URL/x"])), "");
}

#[test]
fn options_choose_origin_bases_paths_and_key() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.txt"), "from the folder").unwrap();
    let origin = folder.path().to_str().unwrap();
    let output = test(&[
        "--key-pair-id",
        "KMINE",
        "--key-type",
        "ecdsa",
        "--",
        "sh",
        "-c",
        "echo $FRONTGATE_KEY_PAIR_ID; openssl pkey -in $FRONTGATE_PRIVATE_KEY_FILE -noout -text | grep NIST",
    ]);
    assert_eq!(stdout(&output), "KMINE\nNIST CURVE: P-256\n");
    // A folder's root is the origin's: `/free/a.txt` isn't there, and 404 is the origin's word.
    let status =
        "for path in free/a.txt a.txt; do curl -so /dev/null -w '%{http_code} ' $FRONTGATE_URL/$path; done";
    let output = test(&["--origin", origin, "--public", "/free/*", "--", "sh", "-c", status]);
    assert_eq!(stdout(&output), "404 403 ");

    let config = folder.path().join("config.toml");
    let text = "[[public-keys]]\nid = \"KREAL\"\nfile = \"real.pem\"\n[[key-groups]]\nid = \"g\"\npublic-keys = [\"KREAL\"]\n\
        [[distributions]]\nid = \"E\"\ndomain-name = \"d1.cloudfront.net\"\npublic-base-urls = [\"https://media.example.com\"]\n\
        [[distributions.origins]]\nid = \"o\"\nurl = \"http://127.0.0.1:1\"\n[distributions.default-cache-behavior]\n\
        target-origin = \"o\"\ntrusted-key-groups = [\"g\"]\n";
    std::fs::write(&config, text).unwrap();
    std::fs::copy(crate::support::keys().join("rsa.public.pem"), folder.path().join("real.pem")).unwrap();
    let script = r#"
        link=$("$0" sign url https://media.example.com/film.mp4 --expires-in 1h --key-pair-id $FRONTGATE_KEY_PAIR_ID \
            --private-key $FRONTGATE_PRIVATE_KEY_FILE)
        curl -s -o /dev/null -w '%{http_code}' "$FRONTGATE_URL${link#https://media.example.com}"
    "#;
    let program = env!("CARGO_BIN_EXE_frontgate");
    let config = config.to_str().unwrap();
    let output = test(&["--config", config, "--origin", "echo:", "--", "sh", "-c", script, program]);
    assert_eq!(stdout(&output), "200", "{}", stderr(&output));
}

#[test]
fn what_cannot_be_is_said_once_with_the_remedy() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let status = |args: &[&str]| {
        let output = test(args);
        (output.status.code().unwrap(), stderr(&output))
    };
    for (args, code, says) in [
        (&["--", "no-such-command"][..], 127, "the command no-such-command is not found"),
        (&["--", "/etc/passwd"], 126, "can't be run: Permission denied"),
        (&["--"], 2, "COMMAND"),
        (&[], 2, "COMMAND"),
        (&["--control", "--", "true"], 2, "cannot be used with"),
        (&["--origin", "9000", "--", "true"], 2, "did you mean http://localhost:9000?"),
        (&["--listen", &address, "--", "true"], 2, "is in use by another process"),
        (&["--listen", "0.0.0.0:0", "--", "true"], 2, "not a loopback address"),
        (&["--private-key", "/no.pem", "--", "true"], 2, "the private key /no.pem can't be read"),
        (&["--private-key", "/etc/hostname", "--", "true"], 2, "expected an RSA or P-256 private key"),
        (
            &["--private-key", &crate::support::public_key("rsa"), "--", "true"],
            2,
            "\n  help      this is the public half",
        ),
        (&["--private-key", "-----BEGIN PRIVATE KEY-----\nMII", "--", "true"], 2, "found the text of one"),
        (&["--key-pair-id", "K-1", "--", "true"], 2, "expected letters and digits"),
        (&["--config", "/no.toml", "--", "true"], 2, "/no.toml: the configuration can't be read"),
        (&["--config", "x", "--public", "/*", "--", "true"], 2, "cannot be used with"),
        (
            &["--base-url", "media.example.com", "--", "true"],
            2,
            "expected `http://` or `https://` and a host",
        ),
        (&["--check-origin", "--origin", "http://127.0.0.1:1", "--", "true"], 2, "start it before the edge"),
        (&["--", "sh", "-c", "kill -9 $$"], 128 + 9, ""),
    ] {
        let (found, said) = status(args);
        assert_eq!(found, code, "{args:?}: {said}");
        assert!(said.contains(says), "{args:?}: {said}");
    }
}

#[test]
fn a_signal_is_for_the_command_and_its_status_is_ours() {
    let mut child = frontgate()
        .args([
            "test",
            "--",
            "sh",
            "-c",
            "trap 'echo got it; kill $!; exit 3' TERM; echo ready; while :; do sleep 30 & wait $!; done",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "got it");
    assert_eq!(child.wait().unwrap().code(), Some(3));
}

/// A kit's side of the conversation.
struct Kit {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
    ready: Value,
}

impl Kit {
    fn start(args: &[&str]) -> Self {
        let mut command = frontgate();
        command.args(["test", "--control"]).args(args);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().map(BufReader::new));
        let mut kit = Self { child, stdin, stdout, ready: Value::Null };
        kit.ready = kit.line();
        kit
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.as_mut().unwrap().read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"))
    }

    fn ask(&mut self, question: &Value) -> Value {
        let stdin = self.stdin.as_mut().unwrap();
        writeln!(stdin, "{question}").unwrap();
        self.line()
    }

    fn has_ended(&mut self) -> bool {
        wait_for(|| self.child.try_wait().unwrap()).success() && !self.key_folder().exists()
    }

    fn key_folder(&self) -> &Path {
        let file = self.ready["ready"]["key"]["private-key-file"].as_str().unwrap();
        Path::new(file).parent().unwrap()
    }
}

impl Drop for Kit {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_kit_is_answered_by_number_and_told_what_is_wrong() {
    let mut kit = Kit::start(&[]);
    let ready = kit.ready["ready"].clone();
    assert_eq!((&ready["protocol"], &ready["env"]["FRONTGATE_URL"]), (&json!(1), &ready["url"]));
    assert_eq!(ready["version"], env!("CARGO_PKG_VERSION"));
    let url = ready["url"].as_str().unwrap();
    let explained = kit
        .ask(&json!({"id": 1, "do": "explain", "url": format!("{url}/a?b"), "at": "2030-01-01T00:00:00Z",
        "ip": "203.0.113.9", "cookies": "a=b"}));
    let report = &explained["ok"]["report"];
    assert_eq!((&explained["id"], &report["reason"]), (&json!(1), &json!("missing-key-pair-id")));
    assert_eq!(
        (&report["at"], &report["viewer-ip"]),
        (&json!("2030-01-01T00:00:00Z"), &json!("203.0.113.9"))
    );
    assert!(explained["ok"]["text"].as_str().unwrap().starts_with("denied: 403 MissingKey"), "{explained}");
    for (question, says) in [
        (json!({"id": 2, "do": "explain", "url": "x"}), "\"x\" is not a URL"),
        (json!({"id": 2, "do": "explain", "url": "/", "at": "1893456000000"}), "milliseconds"),
        (json!({"id": 2, "do": "explain", "url": "/", "ip": "localhost"}), "no IP address"),
        (json!({"id": 2, "do": "explain"}), "missing field `url`"),
        (json!({"id": 2, "do": "explain", "url": "/", "att": "now"}), "unknown field `att`"),
        (json!({"id": 2, "do": "sing"}), "unknown variant `sing`"),
        (json!({"id": 2}), "missing field `do`"),
        (json!({"id": 2, "do": "revoke-key", "key-pair-id": "KX"}), "the key KX isn't trusted"),
        (json!({"id": 2, "do": "exposed", "pattern": "/a b"}), "not a path pattern"),
        (json!({"id": 2, "do": "exposed", "pattern": "https://a.com/*"}), "not a path pattern"),
        (json!({"id": 2, "do": "exposed", "pattern": "/*", "host": "a b"}), "not a host"),
        (json!({"id": 2, "do": "reload", "config": "/no.toml"}), "can't be read"),
        (json!({"id": 2, "do": "reload", "origin": "9"}), "did you mean"),
    ] {
        let answer = kit.ask(&question);
        assert_eq!(answer["id"], 2, "{answer}");
        assert!(answer["error"].as_str().is_some_and(|error| error.contains(says)), "{question}: {answer}");
    }
    let answer = kit.ask(&json!(["no object"]));
    assert!(answer["id"].is_null() && answer["error"].is_string(), "{answer}");
    let exposed = kit.ask(&json!({"id": 3, "do": "exposed", "pattern": "/p*"}));
    let found = json!({"path": "/public/", "behavior": "/public/*", "distribution": "test"});
    assert_eq!(exposed, json!({"id": 3, "ok": {"exposed": found}}));
    let exposed = kit.ask(&json!({"id": 3, "do": "exposed", "pattern": "/members/*"}));
    assert_eq!(exposed, json!({"id": 3, "ok": {"exposed": null}}));
    assert_eq!(kit.ask(&json!({"id": 4, "do": "reload", "public": ["/p?"]})), json!({"id": 4, "ok": {}}));
    let exposed = kit.ask(&json!({"id": 5, "do": "exposed", "pattern": "/*"}));
    assert_eq!(exposed["ok"]["exposed"]["behavior"], "/p?");
    assert_eq!(
        kit.ask(&json!({"id": 6, "do": "requests"})),
        json!({"id": 6, "ok": {"requests": [], "last": 0}})
    );
    assert_eq!(kit.ask(&json!({"id": 7, "do": "stop"})), json!({"id": 7, "ok": {}}));
    let address = url.trim_start_matches("http://");
    assert!(std::net::TcpStream::connect(address).is_err(), "the port is free once the answer is there");
    assert!(kit.has_ended());
}

#[test]
fn a_kit_that_goes_away_leaves_nothing_behind() {
    let mut kit = Kit::start(&[]);
    assert!(kit.key_folder().exists());
    kit.stdin = None;
    assert!(kit.has_ended());
    let mut kit = Kit::start(&[]);
    Command::new("kill").args(["-TERM", &kit.child.id().to_string()]).status().unwrap();
    assert!(kit.has_ended());
    // A Ctrl-C is for the kit: this goes on, and is asked again.
    let mut kit = Kit::start(&[]);
    Command::new("kill").args(["-INT", &kit.child.id().to_string()]).status().unwrap();
    assert_eq!(kit.ask(&json!({"id": 1, "do": "requests"}))["id"], 1);
}

/// However early a signal comes, the keys go: nothing may lie about in the system's folder for temporary files.
#[test]
fn a_signal_at_any_time_leaves_no_key_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let is_empty = || std::fs::read_dir(temporary.path()).unwrap().next().is_none();
    for (args, signal) in [
        (&["--control"][..], "TERM"),
        (&["--control"], "HUP"),
        (&["--", "sleep", "30"], "TERM"),
        (&["--", "sleep", "30"], "HUP"),
        (&["--", "sleep", "30"], "QUIT"),
    ] {
        for round in 0..4 {
            // Whoever runs the tests may ignore some of them, as `nohup` does, and that is handed down.
            let mut child = Command::new("env")
                .args(["--default-signal=HUP,QUIT", env!("CARGO_BIN_EXE_frontgate"), "test"])
                .args(args)
                .env("TMPDIR", temporary.path())
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            // At different moments: as soon as the folder is there, or later.
            wait_for(|| (!is_empty()).then_some(()));
            let files = || {
                std::fs::read_dir(temporary.path())
                    .unwrap()
                    .flatten()
                    .flat_map(|folder| std::fs::read_dir(folder.path()))
            };
            wait_for(|| (round % 2 == 0 || files().flatten().count() > 0).then_some(()));
            Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
            wait_for(|| child.try_wait().unwrap());
            assert!(is_empty(), "{args:?} {signal} {round}");
        }
    }
}

#[test]
fn a_line_that_is_too_long_is_one_error_and_a_wrong_parent_another() {
    let mut kit = Kit::start(&[]);
    let long = "x".repeat(3 << 20);
    let answer = kit.ask(&json!({"id": 20, "do": "explain", "url": long}));
    assert!(
        answer["id"].is_null() && answer["error"].as_str().unwrap().contains("1048576 bytes"),
        "{answer}"
    );
    assert_eq!(kit.ask(&json!({"id": 21, "do": "requests"}))["id"], 21);
    // Whoever reads no longer is gone.
    kit.stdout = None;
    writeln!(kit.stdin.as_mut().unwrap(), "{}", json!({"id": 22, "do": "requests"})).unwrap();
    assert!(kit.has_ended());
    let output = test(&["--control", "--parent", "1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stdout(&output).contains("process 1 isn't the parent"), "{}", stdout(&output));
}

/// The parent is killed while its pipe lives on in a process that it left behind.
#[test]
fn an_orphan_ends_within_two_seconds() {
    let script = format!(
        "mkfifo in; sleep 60 > in & echo $!; exec 4< in; {} test --control --parent $$ <&4 & echo $!; wait",
        env!("CARGO_BIN_EXE_frontgate")
    );
    let folder = tempfile::tempdir().unwrap();
    let mut parent = Command::new("sh")
        .args(["-c", &script])
        .current_dir(&folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(parent.stdout.take().unwrap()).lines().map(Result::unwrap);
    let (holder, edge) = (lines.next().unwrap(), lines.next().unwrap());
    let ready: Value = serde_json::from_str(&lines.next().unwrap()).unwrap();
    let keys =
        Path::new(ready["ready"]["key"]["private-key-file"].as_str().unwrap()).parent().unwrap().to_owned();
    assert!(keys.exists() && Path::new("/proc").join(&edge).exists());
    let killed = Instant::now();
    parent.kill().unwrap();
    parent.wait().unwrap();
    wait_for(|| (!keys.exists()).then_some(()));
    let is_gone = || {
        let stat = std::fs::read_to_string(format!("/proc/{edge}/stat")).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    };
    wait_for(|| is_gone().then_some(()));
    let took = killed.elapsed();
    assert!(Path::new("/proc").join(&holder).exists(), "the pipe was held all the time");
    Command::new("kill").arg(&holder).status().unwrap();
    assert!(took < Duration::from_secs(2), "{took:?}");
}
