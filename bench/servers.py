"""The compared servers: how each is configured, started and awaited."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from load import HOST, connect
from machine import BenchError, Cores, Process, free_port

FOLDER = Path(__file__).parent
LARGE = "/public/large.bin"
_PATIENCE = 20.0  # seconds, for things that should happen at once


@dataclass
class Stage:
    """The environment of a server: a directory for its files, the cores, the links, and the origin's port."""

    folder: Path
    cores: Cores
    links: Path
    files: int  # open files allowed
    body: int = 1024
    large: int = 100 << 20
    origin_port: int = 0
    running: list[Server] = field(default_factory=list)
    started: int = 0

    def start(self, recipe: Recipe, timed: bool = False) -> Server:
        """Starts a server and waits for its first response."""
        server = Server(recipe.name, self, recipe, timed)
        self.running.append(server)
        server.wait_for_answer()
        return server

    def stop(self, server: Server) -> None:
        self.running.remove(server)
        server.process.stop()

    def stop_all(self) -> None:
        while self.running:
            self.stop(self.running[-1])

    def fresh_path(self, name: str) -> Path:
        self.started += 1
        return self.folder / f"{self.started:04}-{name}"


class Server:
    """A running server."""

    def __init__(self, name: str, stage: Stage, recipe: Recipe, timed: bool):
        self.name = name
        self.is_secure = bool(recipe.certificate)
        self.port = free_port()
        self.log = stage.fresh_path(f"{recipe.kind}.log")
        command = recipe.prepare(stage, self.port)
        cores = recipe.cores or stage.cores.proxy
        self.process = Process(command, cores, self.log, timed)
        self.first_answer = 0.0  # seconds after the start

    def wait_for_answer(self) -> None:
        deadline = self.process.begun + _PATIENCE
        while True:
            try:
                connection = connect(self.port, self.is_secure)
                connection.request("GET", "/public/first", headers={"Host": HOST})
                answer = connection.getresponse()
                answer.read()
                self.first_answer = time.perf_counter() - self.process.begun
                connection.close()
                if answer.status != 200:
                    raise BenchError(f"{self.name} answered {answer.status} to its first request")
                return
            except ConnectionError:
                self.process.check_alive()
                if time.perf_counter() > deadline:
                    raise BenchError(f"{self.name} doesn't answer; its log is {self.log}") from None


class Recipe:
    """Prepares a server: writes its files and returns its command."""

    kind = ""
    name = ""
    cores: frozenset[int] = frozenset()  # none: the proxy's
    certificate: str = ""  # the type of its key, "ecdsa" or "rsa"; None: plain HTTP

    def prepare(self, stage: Stage, port: int) -> list[str]:
        raise NotImplementedError


@dataclass
class Origin(Recipe):
    """nginx that responds from memory, on the load generator's core."""

    cores: frozenset[int] = frozenset()
    kind = "origin"
    name = "origin"

    def prepare(self, stage: Stage, port: int) -> list[str]:
        large = stage.folder / "large.bin"
        with large.open("wb") as file:
            file.truncate(stage.large)
        stage.origin_port = port
        values = {"folder": stage.folder, "port": port, "body": "x" * stage.body, "large": large}
        return _nginx_command(stage, "origin.conf", "origin", values | {"user": _user_line()})


@dataclass
class Nginx(Recipe):
    """nginx with `proxy_pass`."""

    name: str = "nginx"
    buffers: str = ""
    access_log: bool = False
    connections: int = 1024
    verifies: bool = False
    certificate: str = ""
    kind = "nginx"

    def prepare(self, stage: Stage, port: int) -> list[str]:
        own = stage.fresh_path(self.kind).name
        modules = script = ""
        locations = "location / { proxy_pass http://origin; }"
        if self.verifies:
            verifier = stage.folder / f"{own}.js"
            key = (stage.links / "rsa.public.pem").read_text()
            key = "".join(line for line in key.splitlines() if not line.startswith("-----"))
            _fill("verify.js", verifier, {"key": key, "base": f"http://{HOST}"})
            modules = f"load_module {js_module()};"
            script = f"js_import verifier from {verifier};"
            locations = (
                "location /public/ { proxy_pass http://origin; }\n"
                "location / { js_content verifier.verify; }\n"
                "location @origin { proxy_pass http://origin; }"
            )
        values = {
            "folder": stage.folder, "name": own, "port": port, "origin": stage.origin_port,
            "files": stage.files, "connections": self.connections, "buffers": self.buffers,
            "access_log": stage.folder / f"{own}.access.log" if self.access_log else "off",
            "modules": modules, "script": script, "locations": locations, "user": _user_line(), "ssl": "", "tls": "",
        }
        if self.certificate:
            files = certificate(stage, self.certificate)
            values["ssl"] = "ssl http2"
            values["tls"] = (
                f"ssl_certificate {files.certificate}; ssl_certificate_key {files.key};\n"
                "        ssl_protocols TLSv1.2 TLSv1.3; ssl_session_tickets on;"
            )
        return _nginx_command(stage, "nginx.conf", own, values)


def njs() -> Nginx:
    """nginx whose njs module verifies each signature with `crypto.subtle`."""
    return Nginx(name="nginx + njs", verifies=True)


@dataclass
class Haproxy(Recipe):
    """HAProxy in HTTP mode."""

    name: str = "haproxy"
    options: str = ""
    connections: int = 4096
    certificate: str = ""
    kind = "haproxy"

    def prepare(self, stage: Stage, port: int) -> list[str]:
        file = stage.fresh_path("haproxy.cfg")
        values = {
            "port": port, "origin": stage.origin_port, "connections": self.connections, "options": self.options,
            "tls": "",
        }
        if self.certificate:
            both = certificate(stage, self.certificate).both
            values["tls"] = f"ssl crt {both} ssl-min-ver TLSv1.2 alpn h2,http/1.1"
        _fill("haproxy.cfg", file, values)
        return ["haproxy", "-db", "-q", "-f", str(file)]


@dataclass
class Frontgate(Recipe):
    """Frontgate with one base for each link, or with more."""

    binary: Path = Path()
    name: str = "frontgate"
    bases: int = 1
    workers: int = 1
    quiet: bool = True
    # Without -q, each request is a line on stderr.
    verbose: bool = False
    max_size: str = "64MiB"
    cores: frozenset[int] = frozenset()
    certificate: str = ""
    origin: int = 0  # another port than the stage's
    kind = "frontgate"

    def prepare(self, stage: Stage, port: int) -> list[str]:
        file = self.configure(stage, port)
        level = "-q" if self.quiet else "-v" if self.verbose else None
        return [str(self.binary), "serve", "--config", str(file), *([level] if level else [])]

    def understands_itself(self, stage: Stage) -> bool:
        """Returns whether this build supports its configuration: an older one may not."""
        check = [str(self.binary), "check", "--config", str(self.configure(stage, 0))]
        return subprocess.run(check, capture_output=True).returncode == 0

    def configure(self, stage: Stage, port: int) -> Path:
        file = stage.fresh_path("frontgate.toml")
        bases = (stage.links / "bases.txt").read_text().split()[: self.bases]
        values = {
            "port": port, "workers": self.workers, "max_size": self.max_size, "links": stage.links,
            "origin": self.origin or stage.origin_port, "bases": ", ".join(f'"{base}"' for base in bases), "https": "",
        }
        if self.certificate:
            files = certificate(stage, self.certificate)
            values["port"] = 0
            values["https"] = (
                f'[[server.https]]\nlisten = ["127.0.0.1:{port}"]\n'
                f'certificates = [{{ certificate = "{files.certificate}", private-key = "{files.key}" }}]\n'
            )
        _fill("frontgate.toml", file, values)
        return file


@dataclass
class BareHyper(Recipe):
    """A minimal proxy built on hyper: `examples/bare_hyper.rs`."""

    binary: Path = Path()
    name: str = "bare hyper"
    cores: frozenset[int] = frozenset()
    kind = "bare_hyper"

    def prepare(self, stage: Stage, port: int) -> list[str]:
        return [str(self.binary), f"127.0.0.1:{port}", f"127.0.0.1:{stage.origin_port}"]


@dataclass(frozen=True)
class Certificate:
    """A certificate's files; `both` contains certificate and key."""

    certificate: Path
    key: Path
    both: Path


def certificate(stage: Stage, kind: str) -> Certificate:
    """Creates a certificate for the links' host with openssl; all servers use it."""
    files = Certificate(*(stage.folder / f"{kind}{end}" for end in (".crt", ".key", ".both")))
    if not files.both.exists():
        key = {"ecdsa": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["rsa:2048"]}[kind]
        command = [
            *("openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", f"/CN={HOST}", "-newkey", *key),
            *("-addext", f"subjectAltName=DNS:{HOST}", "-keyout", str(files.key), "-out", str(files.certificate)),
        ]
        ran = subprocess.run(command, capture_output=True, text=True)
        if ran.returncode != 0:
            raise BenchError(f"`{' '.join(command)}` failed:\n{ran.stderr}")
        files.both.write_text(files.certificate.read_text() + files.key.read_text())
    return files


def js_module() -> str:
    for folder in ("/usr/lib/nginx/modules", "/usr/share/nginx/modules"):
        module = Path(folder) / "ngx_http_js_module.so"
        if module.exists():
            return str(module)
    raise BenchError("nginx's njs module is missing: install libnginx-mod-http-js")


def check_tools() -> None:
    missing = [tool for tool in ("nginx", "haproxy", "wrk", "h2load", "openssl", "taskset") if not shutil.which(tool)]
    if missing:
        raise BenchError(f"missing: {', '.join(missing)}; script/bench installs them")
    js_module()


def _user_line() -> str:
    # Workers of a master that runs as root would otherwise be another user, who cannot read these directories.
    return "user root;" if os.geteuid() == 0 else ""


def _nginx_command(stage: Stage, template: str, name: str, values: dict[str, object]) -> list[str]:
    file = stage.folder / f"{name}.conf"
    _fill(template, file, values)
    return ["nginx", "-e", "stderr", "-p", str(stage.folder), "-c", str(file)]


def _fill(template: str, file: Path, values: dict[str, object]) -> None:
    text = (FOLDER / "templates" / template).read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    # `@origin` of nginx and njs is the name of a location, not a placeholder.
    if left := re.search(r"@[a-z_]+@", text):
        raise BenchError(f"{template} has {left.group()} without a value")
    file.write_text(text)
