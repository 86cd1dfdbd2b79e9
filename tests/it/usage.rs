//! What the program says when it is called wrongly, and the commands for scripts and shells: health, completions, manual pages.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{frontgate, run, stderr, stdout};

/// The one JSON object on stderr.
fn error_object(args: &[&str]) -> Value {
    let output = run(args);
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    assert_eq!(stdout(&output), "", "{args:?}");
    let text = stderr(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1, "{args:?}: {text}");
    serde_json::from_str(lines[0]).unwrap_or_else(|error| panic!("{args:?}: {error}: {text}"))
}

#[test]
fn with_json_the_errors_of_every_command_are_json() {
    for args in [
        &["sign", "url", "/x", "--json", "--key-pair-id", "K1", "--private-key", "none.pem"][..],
        &["sign", "url", "--json", "--no-such-option"],
        &["sign", "cookies", "https://a.com/x", "--json", "--key-pair-id", "K1", "--private-key", "none.pem"],
        &["explain", "--json", "--at", "never", "https://a.com/x"],
        &["explain", "--json", "--file", "none.har"],
        &["keygen", "--json", "--id", "not an id"],
        &["check", "--json", "--no-such-option"],
        &["no-such-command", "--json"],
    ] {
        let object = error_object(args);
        let error = object["error"].as_object().unwrap_or_else(|| panic!("{args:?}: {object}"));
        assert!(!error["message"].as_str().unwrap().is_empty(), "{args:?}");
        assert!(error["help"].is_null() || error["help"].is_string(), "{args:?}");
        assert_eq!(object.as_object().unwrap().len(), 1, "{args:?}: {object}");
    }
    // `check` keeps its list on stdout.
    let output = run(&["check", "--json", "--config", "none.toml"]);
    let list: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(list["errors"].as_array().unwrap().len(), 1, "{list}");
    assert_eq!(stderr(&output), "");
    // A `--json` behind `--` belongs to the command that is run.
    let output = run(&["test", "--no-such-option", "--", "--json"]);
    assert!(stderr(&output).starts_with("error: "), "{}", stderr(&output));
}

#[test]
fn wrong_options_and_commands_name_the_right_one() {
    for (args, expected) in [
        (&["serve", "--port", "9000"][..], "--listen 127.0.0.1:PORT"),
        (&["serve", "-p", "9000"], "--listen 127.0.0.1:PORT"),
        (&["test", "--port", "9000", "--", "true"], "--listen 127.0.0.1:PORT"),
        (&["serve", "--keys", "keys"], "[[public-keys]]"),
        (&["check", "--keys", "keys"], "[[public-keys]]"),
        (&["serve", "--tls"], "[[server.https]]"),
        (&["dev", "--config", "config.toml"], "frontgate serve --config"),
        (&["dev", "--origin", "http://localhost:1"], "frontgate dev http://localhost:3000"),
        (&["keygen", "--expires-in", "2h"], "`frontgate sign url`"),
        (&["check", "--timeline"], "`frontgate explain`"),
        (&["version"], "frontgate --version"),
        (&["init"], "frontgate dev"),
        (&["verify"], "frontgate explain URL"),
        (&["validate"], "frontgate check"),
        (&["genkey"], "frontgate keygen"),
    ] {
        let output = run(args);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let tip = text.lines().find(|line| line.trim_start().starts_with("tip:"));
        assert!(tip.is_some_and(|tip| tip.contains(expected)), "{args:?}: {text}");
        assert!(!text.contains("as a value, use '-- "), "{args:?}: {text}");
    }
    // What is known nowhere gets no advice that can't work.
    assert!(!stderr(&run(&["check", "--zzz"])).contains("tip:"));
    // A misspelt option is still recognised.
    assert!(stderr(&run(&["serve", "--confg", "x"])).contains("'--config'"));
}

#[test]
fn global_options_stand_under_their_own_heading() {
    for command in [
        &["serve"][..],
        &["dev"],
        &["keygen"],
        &["sign", "url"],
        &["sign", "cookies"],
        &["check"],
        &["explain"],
        &["test"],
    ] {
        let mut args = command.to_vec();
        args.push("--help");
        let help = stdout(&run(&args));
        let (own, global) =
            help.split_once("Global options:").unwrap_or_else(|| panic!("{command:?}: {help}"));
        for option in ["--color", "--quiet", "--verbose", "--log-format"] {
            assert!(!own.contains(option), "{command:?}: {option}");
            assert!(global.contains(option), "{command:?}: {option}");
        }
    }
}

#[test]
fn completions_are_scripts_that_their_shells_read() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let script = stdout(&output);
        assert!(script.contains("key-pair-id"), "{shell}");
        if shell == "bash" {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("frontgate.bash");
            std::fs::write(&file, script).unwrap();
            let completed = Command::new("bash")
                .arg("-c")
                .arg(format!(
                    ". {}; COMP_WORDS=(frontgate keygen --ty); COMP_CWORD=2; _frontgate frontgate --ty keygen; echo ${{COMPREPLY[@]}}",
                    file.display()
                ))
                .output()
                .unwrap();
            assert_eq!(String::from_utf8_lossy(&completed.stdout).trim(), "--type");
        }
    }
    assert_eq!(run(&["completions", "tcsh"]).status.code(), Some(2));
}

#[test]
fn manual_pages_cover_every_command() {
    let dir = tempfile::tempdir().unwrap();
    let pages = dir.path().join("man1");
    let output = frontgate().arg("man").arg(&pages).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for page in [
        "frontgate",
        "frontgate-serve",
        "frontgate-dev",
        "frontgate-sign-url",
        "frontgate-explain",
        "frontgate-health",
    ] {
        let text = std::fs::read_to_string(pages.join(format!("{page}.1"))).unwrap();
        assert!(text.contains(".SH NAME"), "{page}");
    }
    assert!(stdout(&run(&["man"])).contains(".TH frontgate 1"));
    // A file stands where the directory belongs.
    let output = frontgate().arg("man").arg(pages.join("frontgate.1")).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

/// A listener that sends each response in turn, or none.
fn admin(responses: Vec<Option<&'static str>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for response in responses {
            let (mut stream, _) = listener.accept().unwrap();
            if let Some(response) = response {
                let mut head = [0; 1024];
                let _ = stream.read(&mut head);
                let _ = stream.write_all(response.as_bytes());
            }
            kept.push(stream);
        }
        std::thread::sleep(Duration::from_secs(60));
    });
    format!("http://{address}")
}

#[test]
fn health_is_the_status_of_a_running_proxy() {
    const READY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    const STOPPING: &str =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let url = admin(vec![Some(READY), Some(STOPPING), None]);
    assert_eq!(run(&["health", &url]).status.code(), Some(0));
    let output = run(&["health", &url]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("503"), "{}", stderr(&output));
    // One that accepts and stays silent: no answer within two seconds is not ready. The bound leaves room for a busy machine.
    let began = Instant::now();
    assert_eq!(run(&["health", &url]).status.code(), Some(1));
    assert!(
        (Duration::from_secs(2)..Duration::from_secs(20)).contains(&began.elapsed()),
        "{:?}",
        began.elapsed()
    );
    // No listener at all.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(run(&["health", &format!("http://{free}")]).status.code(), Some(1));
    for wrong in ["localhost:9090", "https://localhost:9090", ""] {
        assert_eq!(run(&["health", wrong]).status.code(), Some(2), "{wrong:?}");
    }
}
