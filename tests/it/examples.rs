//! The files in `examples/` are what the programs that read them take.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::sites;
use crate::support::{Edge, RecordingOrigin, frontgate, root, stderr, stdout, wait_for};

fn example(path: &str) -> String {
    std::fs::read_to_string(root().join("examples").join(path)).unwrap()
}

/// Every metric that a PromQL text names.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c| !is_part(c));
    let ours = words.filter(|word| word.starts_with("frontgate_") || word.starts_with("process_"));
    ours.map(str::to_owned).collect()
}

#[test]
fn the_dashboard_shows_every_metric_and_none_that_is_not_there() {
    let dashboard: Value = serde_json::from_str(&example("grafana.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let shown: BTreeSet<String> = targets
        .flat_map(|target| metrics_in(target["expr"].as_str().unwrap()))
        .map(|name| name.trim_end_matches("_bucket").to_owned())
        .collect();
    let origin = RecordingOrigin::start();
    let config = format!("[admin]\nlisten = \"127.0.0.1:0\"\n{}", sites::private(&origin.url(), ""));
    let edge = Edge::serve(&config);
    let metrics = edge.admin_page("/metrics").text();
    let there: BTreeSet<String> = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .map(str::to_owned)
        .collect();
    assert_eq!(shown, there);
}

#[test]
fn systemd_takes_the_unit() {
    let dir = tempfile::tempdir().unwrap();
    let unit = dir.path().join("frontgate.service");
    let text = example("systemd/frontgate.service");
    // systemd before 253, which Debian 12 has, doesn't know the newer type.
    let text = text.replace("Type=notify-reload", "Type=notify").replace("#ExecReload", "ExecReload");
    std::fs::write(&unit, text.replace("/usr/local/bin/frontgate", env!("CARGO_BIN_EXE_frontgate"))).unwrap();
    let output = Command::new("systemd-analyze").arg("verify").arg(&unit).output().expect("systemd-analyze");
    let said = stderr(&output);
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("frontgate.service")).collect();
    assert!(output.status.success() && ours.is_empty(), "{said}");
}

#[test]
fn a_service_manager_hears_when_it_is_ready_reloads_and_stops() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("notify");
    let manager = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
    let hear = || {
        let mut message = [0; 512];
        let len = manager.recv(&mut message).unwrap();
        String::from_utf8_lossy(&message[..len]).into_owned()
    };
    std::fs::write(dir.path().join("config.toml"), sites::private("http://127.0.0.1:9", "")).unwrap();
    let mut command = frontgate();
    command.args(["serve", "--listen", "127.0.0.1:0"]).env("NOTIFY_SOCKET", &socket);
    let mut edge = Edge::start(command, dir);
    assert_eq!(hear(), "READY=1\n");
    edge.signal("HUP");
    let reloading = hear();
    assert!(reloading.contains("RELOADING=1") && reloading.contains("MONOTONIC_USEC="), "{reloading}");
    assert_eq!(hear(), "READY=1\n");
    edge.signal("TERM");
    assert_eq!(hear(), "STOPPING=1\n");
    assert_eq!(wait_for(|| edge.child.try_wait().unwrap()).code(), Some(0));
}

/// The documents of a YAML file, read by PyYAML.
fn yaml(path: &str) -> Vec<Value> {
    let script = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))";
    let output = Command::new("/usr/bin/python3")
        .args(["-c", script])
        .arg(root().join("examples").join(path))
        .output()
        .expect("python3");
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

#[test]
fn the_manifests_fit_each_other_and_their_configuration_is_one() {
    let documents = yaml("kubernetes/frontgate.yaml");
    let kinds: Vec<&str> = documents.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["ConfigMap", "Deployment", "Service", "Service"]);
    let pod = &documents[1]["spec"]["template"];
    for service in &documents[2..] {
        assert_eq!(service["spec"]["selector"], pod["metadata"]["labels"]);
    }
    let container = &pod["spec"]["containers"][0];
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        assert_eq!(container[probe]["httpGet"]["port"], "admin");
    }
    // The configuration, with files where the pod would have them.
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().display().to_string();
    let config = documents[0]["data"]["config.toml"].as_str().unwrap().replace("/etc/frontgate", &folder);
    std::fs::create_dir_all(dir.path().join("keys")).unwrap();
    std::fs::create_dir_all(dir.path().join("admin")).unwrap();
    std::fs::copy(crate::support::public_key("rsa"), dir.path().join("keys/K2JCJMDEHXQW5F.public.pem"))
        .unwrap();
    std::fs::write(dir.path().join("admin/token"), "a-token-of-good-length").unwrap();
    std::fs::write(dir.path().join("config.toml"), config).unwrap();
    let check = frontgate().current_dir(dir.path()).arg("check").output().unwrap();
    assert!(check.status.success(), "{}", stderr(&check));
}

#[test]
fn the_compose_file_is_one() {
    let documents = yaml("compose-object-storage/compose.yaml");
    let services = documents[0]["services"].as_object().unwrap();
    assert!(services.contains_key("frontgate") && services.contains_key("storage"));
    let config: toml::Value = toml::from_str(&example("compose-object-storage/config.toml")).unwrap();
    let endpoint = config["distributions"][0]["origins"][0]["s3"]["endpoint"].as_str().unwrap();
    assert_eq!(endpoint, "http://storage:8333");
}

#[test]
fn nginx_and_caddy_take_their_files() {
    let dir = tempfile::tempdir().unwrap();
    let tls = dir.path().join("tls");
    std::fs::create_dir(&tls).unwrap();
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=media.example.com",
            "-days",
            "1",
        ])
        .arg("-keyout")
        .arg(tls.join("media.key"))
        .arg("-out")
        .arg(tls.join("media.pem"))
        .output()
        .expect("openssl");
    assert!(made.status.success(), "{}", stderr(&made));
    let file = dir.path().join("nginx.conf");
    // Before 1.25, which Debian 12 has, HTTP/2 was a word of `listen`.
    let text =
        example("nginx/nginx.conf").replace("listen 443 ssl;\n        http2 on;", "listen 443 ssl http2;");
    std::fs::write(&file, text).unwrap();
    let output = Command::new("nginx")
        .args(["-t", "-e", "stderr", "-g", "pid nginx.pid;", "-p"])
        .arg(dir.path())
        .arg("-c")
        .arg(&file)
        .output()
        .expect("nginx");
    assert!(output.status.success(), "{}", stderr(&output));
    let output = Command::new("caddy")
        .args(["validate", "--adapter", "caddyfile", "--config"])
        .arg(root().join("examples/caddy/Caddyfile"))
        .env("XDG_DATA_HOME", dir.path())
        .env("XDG_CONFIG_HOME", dir.path())
        .output()
        .expect("caddy, which script/test installs");
    assert!(output.status.success(), "{}", stderr(&output));
}
