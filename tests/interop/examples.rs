//! The files in `examples/` are what the programs that read them take.

use std::collections::BTreeSet;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::configs;
use crate::support::link_for;
use crate::support::tls::{self, HOST};
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
    let config = format!("[admin]\nlisten = \"127.0.0.1:0\"\n{}", configs::private(&origin.url(), ""));
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
    std::fs::write(&unit, text.replace("/usr/local/bin/frontgate", env!("CARGO_BIN_EXE_frontgate"))).unwrap();
    let output = Command::new("systemd-analyze").arg("verify").arg(&unit).output().expect("systemd-analyze");
    let said = stderr(&output);
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("frontgate.service")).collect();
    assert!(output.status.success() && ours.is_empty(), "{said}");
}

/// As the comments of the unit say: a user by sysusers.d, files for its group, and nobody else who reads them.
#[test]
fn the_unit_and_its_files_fit_its_user() {
    use std::os::unix::fs::{PermissionsExt, chown};
    use std::os::unix::process::CommandExt;
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let system = dir.path().join("system");
    std::fs::create_dir_all(system.join("etc")).unwrap();
    let created = Command::new("systemd-sysusers")
        .arg(format!("--root={}", system.display()))
        .arg(root().join("examples/systemd/frontgate.sysusers.conf"))
        .output()
        .expect("systemd-sysusers");
    assert!(created.status.success(), "{}", stderr(&created));
    let users = std::fs::read_to_string(system.join("etc/passwd")).unwrap();
    let ours = users.lines().find(|line| line.starts_with("frontgate:")).unwrap_or_else(|| panic!("{users}"));
    let ids: Vec<u32> = ours.split(':').skip(2).take(2).map(|id| id.parse().unwrap()).collect();
    let unit = example("systemd/frontgate.service");
    assert!(
        unit.contains("\nUser=frontgate\nGroup=frontgate\n") && !unit.contains("\nDynamicUser"),
        "{unit}"
    );
    if !is_roots(dir.path()) {
        return;
    }
    // The commands of the comments, with ids in place of names, which this system doesn't have.
    for (file, source) in [
        ("config.toml", None),
        ("K2JCJMDEHXQW5F.public.pem", Some(crate::support::public_key("rsa"))),
        ("media.pem", Some(tls::certificates().join("media.pem").display().to_string())),
        ("media.key", Some(tls::certificates().join("media.key").display().to_string())),
    ] {
        match source {
            Some(source) => _ = std::fs::copy(source, dir.path().join(file)).unwrap(),
            None => std::fs::write(dir.path().join(file), unit_config()).unwrap(),
        }
    }
    let etc = system.join("etc/frontgate").display().to_string();
    let installs: Vec<&str> = unit
        .lines()
        .filter_map(|line| line.strip_prefix("#     "))
        .filter(|line| line.contains("/etc/frontgate"))
        .collect();
    assert_eq!(installs.len(), 4, "{installs:?}");
    for line in installs {
        let line = line.replace("/etc/frontgate", &etc).replace("-g frontgate", &format!("-g {}", ids[1]));
        let output = Command::new("sh").args(["-ec", &line]).current_dir(dir.path()).output().unwrap();
        assert!(output.status.success(), "{line}: {}", stderr(&output));
    }
    chown(&system, Some(0), Some(0)).unwrap();
    let binary = dir.path().join("frontgate-copy");
    std::fs::copy(env!("CARGO_BIN_EXE_frontgate"), &binary).unwrap();
    for (uid, gid, code) in [(ids[0], ids[1], 0), (65534, 65534, 2)] {
        let mut check = Command::new(&binary);
        check.uid(uid).gid(gid).args(["check", "--config"]).arg(format!("{etc}/config.toml"));
        let output = check.output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{uid}: {}{}", stdout(&output), stderr(&output));
        if code == 2 {
            assert!(stderr(&output).contains("mode 0750"), "{}", stderr(&output));
        }
    }
    // Not even the user itself changes what it runs on.
    let mut touch = Command::new("touch");
    assert!(!touch.uid(ids[0]).gid(ids[1]).arg(format!("{etc}/config.toml")).status().unwrap().success());
}

/// Whether this process may become another user.
fn is_roots(ours: &Path) -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(ours).unwrap()) == 0
}

fn unit_config() -> String {
    format!(
        "[[server.https]]\nlisten = [\"127.0.0.1:0\"]\n\
         certificates = [{{ certificate = \"tls/media.pem\", private-key = \"tls/media.key\" }}]\n\
         [[public-keys]]\nid = \"K2JCJMDEHXQW5F\"\nfile = \"keys/K2JCJMDEHXQW5F.public.pem\"\n\
         [[key-groups]]\nid = \"g\"\npublic-keys = [\"K2JCJMDEHXQW5F\"]\n\
         [[distributions]]\nid = \"E\"\ndomain-name = \"{HOST}\"\n\
         [[distributions.origins]]\nid = \"app\"\nurl = \"http://127.0.0.1:9\"\n\
         [distributions.default-cache-behavior]\ntarget-origin = \"app\"\ntrusted-key-groups = [\"g\"]\n"
    )
}

#[test]
fn prometheus_takes_its_files_and_the_alerts_fire() {
    for arguments in [
        ["check", "config", "prometheus.yml"],
        ["check", "rules", "frontgate.rules.yml"],
        ["test", "rules", "frontgate.rules.test.yml"],
    ] {
        let mut promtool = Command::new("promtool");
        let output = promtool.args(arguments).current_dir(root().join("examples/prometheus")).output();
        let output = output.expect("promtool, which script/test installs");
        assert!(output.status.success(), "{arguments:?}: {}{}", stdout(&output), stderr(&output));
    }
    // They name no metric that isn't there.
    let rules = metrics_in(&example("prometheus/frontgate.rules.yml"));
    let config = format!("[admin]\nlisten = \"127.0.0.1:0\"\n{}", configs::private("http://127.0.0.1:9", ""));
    let metrics = Edge::serve(&config).admin_page("/metrics").text();
    let types: BTreeSet<&str> =
        metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let missing: Vec<&String> = rules.iter().filter(|name| !types.contains(name.as_str())).collect();
    assert!(rules.len() > 6 && missing.is_empty(), "{missing:?}");
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
    std::fs::write(dir.path().join("config.toml"), configs::private("http://127.0.0.1:9", "")).unwrap();
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
fn the_tests_of_a_container_pass_without_one_too() {
    let documents = yaml("compose-tests/compose.yaml");
    let command = &documents[0]["services"]["tests"]["command"];
    assert_eq!(
        command,
        &serde_json::json!(["frontgate", "test", "--origin", "http://app:80", "--", "sh", "e2e.sh"])
    );
    let origin = RecordingOrigin::start();
    let mut tests = frontgate();
    tests.args(["test", "--origin", &origin.url(), "--", "sh", "e2e.sh"]);
    let output = tests.current_dir(root().join("examples/compose-tests")).output().unwrap();
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    assert_eq!((stdout(&output).lines().count(), origin.requests().len()), (5, 2));
}

/// Each job's last step, as a runner runs it, where `script/kits` has installed what the step before installs.
#[test]
fn the_steps_of_the_workflow_pass() {
    let documents = yaml("github-workflow.yaml");
    let jobs = documents[0]["jobs"].as_object().unwrap();
    let kits = root().join("target/kits");
    let ours = Path::new(env!("CARGO_BIN_EXE_frontgate")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{}:{path}", kits.join("python/venv/bin").display(), ours.display());
    let folders = [
        ("python", kits.join("python/example"), "pip install -r requirements.txt frontgate pytest"),
        ("node", kits.join("node/node-express"), "npm ci && npm install --no-save frontgate"),
        ("any-language", root().join("examples/compose-tests"), "pip install frontgate"),
    ];
    assert_eq!(jobs.len(), folders.len());
    for (job, folder, install) in folders {
        let steps: Vec<&str> =
            jobs[job]["steps"].as_array().unwrap().iter().filter_map(|step| step["run"].as_str()).collect();
        let [installs, runs] = steps[..] else { panic!("{job}: {steps:?}") };
        assert_eq!(installs, install);
        let mut shell = Command::new("bash");
        shell.args(["-e", "-c", runs]).current_dir(&folder).env("PATH", &path);
        let output = shell.output().unwrap_or_else(|error| panic!("{job}: {}: {error}", folder.display()));
        assert!(output.status.success(), "{job}: {}{}", stdout(&output), stderr(&output));
    }
}

#[test]
fn the_configurations_of_containers_are_good_ones() {
    for (file, key) in [
        ("examples/compose-object-storage/config.toml", "KSTORAGEEXAMPLE"),
        ("docker/config.toml", "KDOCKEREXAMPLE"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("keys")).unwrap();
        let public = dir.path().join(format!("keys/{key}.public.pem"));
        std::fs::copy(crate::support::public_key("rsa"), public).unwrap();
        std::fs::copy(root().join(file), dir.path().join("config.toml")).unwrap();
        let mut check = frontgate();
        check
            .current_dir(dir.path())
            .arg("check")
            .env("AWS_ACCESS_KEY_ID", "A")
            .env("AWS_SECRET_ACCESS_KEY", "S");
        let output = check.output().unwrap();
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{file}");
    }
}

/// A folder with the certificate that the examples name, in `tls`.
fn with_certificate() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let tls = dir.path().join("tls");
    std::fs::create_dir(&tls).unwrap();
    for file in ["media.pem", "media.key"] {
        std::fs::copy(tls::certificates().join(file), tls.join(file)).unwrap();
    }
    dir
}

/// nginx's example as the nginx of Debian 12 reads it: before 1.25, HTTP/2 was a word of `listen`.
fn nginx_example() -> String {
    example("nginx/nginx.conf").replace("listen 443 ssl;\n        http2 on;", "listen 443 ssl http2;")
}

fn nginx(dir: &Path) -> Command {
    let mut nginx = Command::new("nginx");
    nginx.args(["-e", "stderr", "-g", "pid nginx.pid; daemon off;", "-c", "nginx.conf", "-p"]).arg(dir);
    nginx.stderr(Stdio::null());
    nginx
}

fn caddy(dir: &Path, command: &str, file: &Path) -> Command {
    let mut caddy = Command::new("caddy");
    caddy.args([command, "--adapter", "caddyfile", "--config"]).arg(file);
    caddy.env("XDG_DATA_HOME", dir).env("XDG_CONFIG_HOME", dir).stderr(Stdio::null());
    caddy
}

#[test]
fn nginx_and_caddy_take_their_files() {
    let dir = with_certificate();
    std::fs::write(dir.path().join("nginx.conf"), nginx_example()).unwrap();
    let output = nginx(dir.path()).arg("-t").stderr(Stdio::piped()).output().expect("nginx");
    assert!(output.status.success(), "{}", stderr(&output));
    let file = root().join("examples/caddy/Caddyfile");
    let output = caddy(dir.path(), "validate", &file).stderr(Stdio::piped()).output();
    let output = output.expect("caddy, which script/test installs");
    assert!(output.status.success(), "{}", stderr(&output));
}

/// A server in front, ended with the test.
struct Front {
    child: Child,
    port: u16,
    _dir: tempfile::TempDir,
}

impl Front {
    /// Starts one with its example, which listens on a free port and has Frontgate behind it.
    fn start(name: &str, edge: &Edge) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (dir, behind) = (with_certificate(), edge.address.to_string());
        let mut command = if name == "nginx" {
            let text = nginx_example().replace("listen 443", &format!("listen 127.0.0.1:{port}"));
            std::fs::write(dir.path().join("nginx.conf"), text.replace("127.0.0.1:8080", &behind)).unwrap();
            nginx(dir.path())
        } else {
            // An authority of its own in place of one on the internet.
            let options = "{\nadmin off\nauto_https disable_redirects\nlocal_certs\nskip_install_trust\n}\n";
            let text = example("caddy/Caddyfile").replace("127.0.0.1:8080", &behind);
            let site = format!("https://{HOST}:{port} {{\nbind 127.0.0.1");
            let file = dir.path().join("Caddyfile");
            std::fs::write(&file, options.to_owned() + &text.replace("media.example.com {", &site)).unwrap();
            caddy(dir.path(), "run", &file)
        };
        let child = command.spawn().unwrap();
        wait_for(|| TcpStream::connect(("127.0.0.1", port)).ok());
        Self { child, port, _dir: dir }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // nginx takes its workers with it only when it is asked.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// What the edge says to a viewer on a loopback address of its own: 200, or the reason.
fn outcome(viewer: &str, url: &str, port: u16, headers: &[&str]) -> String {
    let mut curl = Command::new("curl");
    curl.args([
        "-sk",
        "--max-time",
        "10",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code} %header{x-frontgate-reason}",
    ]);
    curl.args(["--interface", viewer, "--connect-to", &format!("::127.0.0.1:{port}"), url]);
    headers.iter().for_each(|header| _ = curl.args(["-H", header]));
    stdout(&curl.output().unwrap()).trim().to_owned()
}

#[test]
fn behind_nginx_and_caddy_the_viewer_is_who_they_say_and_speaks_what_they_say() {
    let link = |address: &str| format!("https://{HOST}{}", link_for(&format!("{address}/32")));
    let (viewers, others) = (link("127.0.0.2"), link("203.0.113.9"));
    for (name, file) in [("nginx", "nginx/nginx.conf"), ("caddy", "caddy/Caddyfile")] {
        let origin = RecordingOrigin::start();
        // What the example says of our side. The front server asks from 127.0.0.1, the viewer doesn't.
        let text = example(file);
        let ours: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("#     ")).collect();
        // Without bases: what was signed for https opens only where the viewer is known to speak it.
        let edge = Edge::serve(&format!("{}\n{}", ours.join("\n"), configs::private(&origin.url(), "")));
        let front = Front::start(name, &edge);
        // Caddy makes its certificate when it has begun to listen.
        wait_for(|| (outcome("127.0.0.2", &viewers, front.port, &[]) != "000").then_some(()));
        for (url, headers, expected) in [
            (&viewers, &[][..], "200"),
            (&others, &[], "403 ip-mismatch"),
            (&others, &["X-Forwarded-For: 203.0.113.9"], "403 ip-mismatch"),
            (&viewers, &["X-Forwarded-For: 203.0.113.9"], "200"),
            (&viewers, &["X-Forwarded-Proto: http"], "200"),
        ] {
            assert_eq!(outcome("127.0.0.2", url, front.port, headers), expected, "{name} {headers:?}");
        }
        let told = origin.last().headers("x-forwarded-for").join(",");
        assert_eq!(told.replace(' ', ""), "127.0.0.2,127.0.0.1", "{name}");
        // Who comes by itself and says the same isn't believed.
        let plain = viewers.replace("https://", "http://");
        for headers in
            [&["X-Forwarded-Proto: https"][..], &["X-Forwarded-Proto: https", "X-Forwarded-For: 127.0.0.2"]]
        {
            let found = outcome("127.0.0.2", &plain, edge.address.port(), headers);
            assert_eq!(found, "403 resource-mismatch", "{headers:?}");
        }
    }
}
