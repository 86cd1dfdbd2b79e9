//! Real origins, each as its users run it. What they serve says which path they took: a line `READ:/members/secret.txt`.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::root;

/// What a distribution's origin table says of an origin, and what is known of it.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) name: String,
    /// Lines of `[[distributions.origins]]`.
    pub(super) lines: String,
    /// Where it can be asked directly.
    pub(super) port: Option<u16>,
    pub(super) exception: Option<Exception>,
}

/// What an origin does that isn't among the readings (`docs/security.md`, what isn't guaranteed).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exception {
    /// It serves `/file` for `/file/x`.
    PathInfo,
    /// What it has decoded once it takes for a URL, in which `%2e` is a dot: `%252e` is decoded twice.
    DotsTwice,
}

impl Origin {
    fn http(name: &str, port: u16) -> Self {
        let lines = format!("url = \"http://127.0.0.1:{port}\"");
        Self { name: name.to_owned(), lines, port: Some(port), exception: None }
    }

    pub(super) fn of_lines(name: &str, lines: String) -> Self {
        Self { name: name.to_owned(), lines, port: None, exception: None }
    }
}

/// The processes, ended with the test.
pub(super) struct Origins {
    pub(super) list: Vec<Origin>,
    children: Vec<Child>,
    dir: TempDir,
}

impl Drop for Origins {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The files of every static origin.
pub(super) const FILES: [&str; 6] = [
    "/index.html",
    "/members/secret.txt",
    "/members/index.html",
    "/secure/secret.txt",
    "/public/a.css",
    "/public/a.txt",
];

impl Origins {
    pub(super) fn start() -> Self {
        let installed = Command::new(root().join("script/origins")).stdout(Stdio::null()).status();
        assert!(installed.expect("bash runs").success(), "script/origins failed");
        let dir = tempfile::tempdir().expect("a folder");
        // Apache, started by root, serves as another user.
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).expect("a mode");
        let mut all = Self { list: Vec::new(), children: Vec::new(), dir };
        for file in FILES {
            let at = all.path("site").join(&file[1..]);
            std::fs::create_dir_all(at.parent().expect("a folder")).expect("a folder");
            std::fs::write(at, format!("READ:{file}\n")).expect("a file");
        }
        let site = all.path("site");
        all.list.push(Origin::of_lines("file:", format!("url = \"file:{}\"", site.display())));
        all.list.push(Origin::of_lines("demo:", "url = \"demo:\"".to_owned()));
        all.nginx();
        all.apache();
        all.programs();
        all.gunicorn();
        all.php();
        all.caddy();
        all.tomcat();
        all.wait();
        all
    }

    /// Until all of them listen. The Java machine takes some seconds.
    fn wait(&mut self) {
        let begun = Instant::now();
        for origin in &self.list {
            let Some(port) = origin.port else { continue };
            while TcpStream::connect(("127.0.0.1", port)).is_err() {
                let ended = self.children.iter_mut().find_map(|child| child.try_wait().expect("a child"));
                let late = begun.elapsed() > Duration::from_secs(120);
                assert!(ended.is_none() && !late, "{} doesn't listen: {}", origin.name, self.logs());
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }

    fn logs(&self) -> String {
        let entries = std::fs::read_dir(self.dir.path()).expect("a folder").flatten();
        let logs =
            entries.map(|entry| entry.path()).filter(|file| file.extension().is_some_and(|end| end == "log"));
        logs.map(|file| {
            format!("{}:\n{}", file.display(), std::fs::read_to_string(&file).unwrap_or_default())
        })
        .collect()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn spawn(&mut self, name: &str, command: &mut Command) {
        let log =
            std::fs::File::create(self.path(&format!("{}.log", name.replace('/', " ")))).expect("a log");
        command.stdin(Stdio::null()).stderr(log.try_clone().expect("a log")).stdout(log);
        let child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}: run ./script/test"));
        self.children.push(child);
    }

    /// A program that prints the ports of its servers.
    fn spawn_with_ports(&mut self, command: &mut Command) {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().expect("the origins are installed: ./script/origins");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("stdout");
        self.children.push(child);
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let ports: Value = serde_json::from_str(&line).expect("the ports");
        for (name, port) in ports.as_object().expect("an object") {
            let port = u16::try_from(port.as_u64().expect("a port")).expect("a port");
            let exception = (name == "node new URL of decoded").then_some(Exception::DotsTwice);
            self.list.push(Origin { exception, ..Origin::http(name, port) });
        }
    }

    fn nginx(&mut self) {
        let [merging, not_merging] = free_ports();
        let dir = self.dir.path().display().to_string();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {dir}/{kind};"))
            .join("\n");
        let server = |port: u16, more: &str| {
            format!("server {{ listen 127.0.0.1:{port}; root {dir}/site; {more} }}\n")
        };
        let text = format!(
            "daemon off; master_process off; pid {dir}/nginx.pid; error_log {dir}/nginx.log;\n\
             events {{}}\nhttp {{ access_log off; {temporary}\n{}{} }}\n",
            server(merging, ""),
            server(not_merging, "merge_slashes off;"),
        );
        std::fs::write(self.path("nginx.conf"), text).expect("a file");
        let file = self.path("nginx.conf");
        self.spawn("nginx", Command::new("nginx").arg("-c").arg(file));
        self.list.push(Origin::http("nginx", merging));
        self.list.push(Origin::http("nginx without merge_slashes", not_merging));
    }

    fn apache(&mut self) {
        let ports: [u16; 3] = free_ports();
        let dir = self.dir.path().display().to_string();
        let modules = ["mpm_event", "authz_core", "dir", "mime"]
            .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
            .concat();
        let mut text = format!(
            "ServerName localhost\nUser nobody\nGroup nogroup\nServerRoot {dir}\nPidFile {dir}/apache.pid\nErrorLog {dir}/apache.log\nLogLevel crit\n\
             {modules}TypesConfig /dev/null\nDocumentRoot {dir}/site\n\
             <Directory {dir}/site>\nRequire all granted\n</Directory>\n"
        );
        for (port, slashes) in ports.iter().zip(["Off", "On", "NoDecode"]) {
            text += &format!(
                "Listen 127.0.0.1:{port}\n<VirtualHost 127.0.0.1:{port}>\nDocumentRoot {dir}/site\n\
                 AllowEncodedSlashes {slashes}\n</VirtualHost>\n"
            );
            self.list.push(Origin::http(&format!("apache, AllowEncodedSlashes {slashes}"), *port));
        }
        std::fs::write(self.path("apache.conf"), text).expect("a file");
        let file = self.path("apache.conf");
        self.spawn("apache", Command::new("apache2").arg("-f").arg(file).args(["-D", "FOREGROUND"]));
    }

    fn programs(&mut self) {
        let site = self.path("site");
        let program = |name: &str| root().join("tests/readings").join(name);
        let home = root().join("target/origins");
        let mut node = Command::new("node");
        self.spawn_with_ports(node.arg("--no-deprecation").arg(program("origins.cjs")).arg(&home).arg(&site));
        let mut python = Command::new(home.join("venv/bin/python"));
        python.env("PYTHONDONTWRITEBYTECODE", "1");
        self.spawn_with_ports(python.arg(program("origins.py")).arg(&site));
    }

    fn gunicorn(&mut self) {
        let [port] = free_ports();
        let mut command = Command::new(root().join("target/origins/venv/bin/gunicorn"));
        command.env("PYTHONDONTWRITEBYTECODE", "1").arg("--chdir").arg(root().join("tests/readings"));
        command.args(["--threads", "4", "-b", &format!("127.0.0.1:{port}"), "origins:wsgi"]);
        self.spawn("gunicorn", &mut command);
        self.list.push(Origin::http("gunicorn", port));
    }

    fn php(&mut self) {
        let [routed, files] = free_ports();
        let site = self.path("site");
        let router = root().join("tests/readings/router.php");
        let address = |port: u16| format!("127.0.0.1:{port}");
        self.spawn("php, parse_url", Command::new("php").args(["-q", "-S", &address(routed)]).arg(router));
        self.spawn("php, files", Command::new("php").args(["-q", "-S", &address(files), "-t"]).arg(site));
        self.list.push(Origin::http("php, parse_url", routed));
        self.list.push(Origin { exception: Some(Exception::PathInfo), ..Origin::http("php, files", files) });
    }

    fn caddy(&mut self) {
        let [port] = free_ports();
        let dir = self.dir.path().display().to_string();
        let text = format!(
            "{{\nadmin off\nauto_https off\n}}\nhttp://:{port} {{\nbind 127.0.0.1\n\
             root * {dir}/site\nfile_server\n}}\n"
        );
        std::fs::write(self.path("Caddyfile"), text).expect("a file");
        let file = self.path("Caddyfile");
        let mut command = Command::new("caddy");
        command.env("HOME", self.dir.path()).args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
        self.spawn("caddy", &mut command);
        self.list.push(Origin::http("caddy", port));
    }

    fn tomcat(&mut self) {
        let [port] = free_ports();
        let base = self.path("tomcat");
        for folder in ["conf", "logs", "temp", "work", "webapps"] {
            std::fs::create_dir_all(base.join(folder)).expect("a folder");
        }
        std::fs::write(base.join("conf/web.xml"), WEB_XML).expect("a file");
        let site = self.path("site").display().to_string();
        let server = format!(
            "<Server port=\"-1\"><Service name=\"Catalina\"><Connector port=\"{port}\" address=\"127.0.0.1\"/>\
             <Engine name=\"Catalina\" defaultHost=\"localhost\"><Host name=\"localhost\" appBase=\"webapps\">\
             <Context path=\"\" docBase=\"{site}\"/></Host></Engine></Service></Server>"
        );
        std::fs::write(base.join("conf/server.xml"), server).expect("a file");
        let home = "/usr/share/tomcat10";
        let mut command = Command::new("java");
        command.args(["-XX:TieredStopAtLevel=1", "-Xmx128m", "-cp"]);
        command.arg(format!("{home}/bin/bootstrap.jar:{home}/bin/tomcat-juli.jar"));
        command.arg(format!("-Dcatalina.home={home}")).arg(format!("-Dcatalina.base={}", base.display()));
        command.args(["org.apache.catalina.startup.Bootstrap", "start"]);
        self.spawn("tomcat", &mut command);
        self.list.push(Origin::http("tomcat", port));
    }
}

/// Tomcat's default servlet, for every path.
const WEB_XML: &str = "<web-app><servlet><servlet-name>default</servlet-name>\
    <servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class></servlet>\
    <servlet-mapping><servlet-name>default</servlet-name><url-pattern>/</url-pattern></servlet-mapping></web-app>";

/// Ports that no process listens on, below those that the system gives to connections.
fn free_ports<const N: usize>() -> [u16; N] {
    use std::sync::atomic::{AtomicU16, Ordering};
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = 22_000 + u16::try_from(std::process::id() % 900).expect("small") * 10;
    let mut free = std::iter::from_fn(|| Some(begin + NEXT.fetch_add(1, Ordering::Relaxed)))
        .filter(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok());
    std::array::from_fn(|_| free.next().expect("a free port"))
}
