"""The load: targets from a file, by wrk, over HTTP/2 by h2load; handshakes by openssl. A wrong response aborts the run."""

from __future__ import annotations

import http.client
import json
import re
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from machine import BenchError, Cores, die_with_parent

FOLDER = Path(__file__).parent
HOST = "media.example.com"  # the host of the links, as in examples/bench_links.rs


@dataclass(frozen=True)
class Load:
    """The requests to a proxy, and the expected responses."""

    targets: Path
    mode: str = "cycle"  # or "once": each target one time
    denied: float = 0.0  # the expected share of 403
    body: int = 1024
    connections: int = 64
    threads: int = 1
    seconds: int = 2
    limit: int = 0  # stops earlier, after this number of requests; 0: never
    protocol: str = "http"  # or "https", "h2", "handshakes"
    streams: int = 1  # of each connection at a time, over HTTP/2

    @property
    def is_secure(self) -> bool:
        return self.protocol != "http"


@dataclass(frozen=True)
class Answered:
    """The results of the load generator."""

    requests: int
    bytes: int
    seconds: float
    denied: int


def drive(port: int, load: Load, cores: Cores) -> Answered:
    """Runs the load generator and checks its results."""
    if load.protocol == "h2":
        return _drive_http2(port, load, cores)
    if load.protocol == "handshakes":
        return _drive_handshakes(port, load, cores)
    command = [
        *("wrk", f"-t{load.threads}", f"-c{load.connections}", f"-d{load.seconds}s", "--timeout", "20s"),
        *("-s", str(FOLDER / "requests.lua"), f"{load.protocol}://127.0.0.1:{port}"),
        *("--", str(load.targets), load.mode, str(load.limit), HOST),
    ]
    said = _run(command, load, cores)
    lines = [line for line in said.splitlines() if line.startswith("{")]
    if not lines:
        raise BenchError(f"`{' '.join(command)}` says nothing:\n{said}")
    seen = json.loads(lines[-1])
    answered = Answered(seen["requests"], seen["bytes"], seen["microseconds"] / 1e6, seen["denied"])
    _check(load, answered, {name: seen[name] for name in ("connect", "read", "write", "timeout")}, command)
    return answered


def _run(command: list[str], load: Load, cores: Cores) -> str:
    """Runs a load generator on its own core and returns its output."""
    command = ["taskset", "-c", ",".join(map(str, sorted(cores.load))), *command]
    ran = subprocess.run(
        command, capture_output=True, text=True, timeout=load.seconds + 60, preexec_fn=die_with_parent
    )
    if ran.returncode != 0:
        raise BenchError(f"`{' '.join(command)}` failed:\n{ran.stdout}{ran.stderr}")
    return ran.stdout


def _drive_http2(port: int, load: Load, cores: Cores) -> Answered:
    """h2load asks for a file's targets over and over, on so many streams of so many connections."""
    amount = ["-n", str(load.limit)] if load.limit else ["-D", str(load.seconds)]
    command = [
        *("h2load", f"-t{load.threads}", f"-c{load.connections}", f"-m{load.streams}", *amount),
        *("-B", f"https://127.0.0.1:{port}", "-H", f":authority: {HOST}", "-i", str(_urls(load.targets))),
    ]
    said = _run(command, load, cores)
    found = {
        "seconds": re.search(r"^finished in ([\d.]+)(ms|s|us)", said, re.M),
        "done": re.search(r"(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", said),
        "bytes": re.search(r"^traffic: .* [\d.]+\w+ \((\d+)\) data", said, re.M),
        "protocol": re.search("^Application protocol: h2$", said, re.M),
    }
    if missing := [name for name, match in found.items() if not match]:
        raise BenchError(f"`{' '.join(command)}` says nothing of {missing}:\n{said}")
    done, succeeded, failed, errored, timeout = map(int, found["done"].groups())  # type: ignore[union-attr]
    unit = {"s": 1, "ms": 1e-3, "us": 1e-6}[found["seconds"][2]]  # type: ignore[index]
    seconds = float(found["seconds"][1]) * unit if load.limit else load.seconds  # type: ignore[index]
    answered = Answered(done, int(found["bytes"][1]), seconds, done - succeeded)  # type: ignore[index]
    _check(load, answered, {"failed": failed, "errored": errored, "timeout": timeout}, command)
    return answered


def _urls(targets: Path) -> Path:
    """The targets in h2load's format."""
    urls = targets.with_suffix(".urls")
    if not urls.exists():
        urls.write_text("".join(f"https://{HOST}{line}\n" for line in targets.read_text().splitlines()))
    return urls


def _drive_handshakes(port: int, load: Load, cores: Cores) -> Answered:
    """openssl makes full TLS 1.3 handshakes, one connection after another, without requests."""
    # It counts in whole seconds, of which the first and the last may be short.
    command = ["openssl", "s_time", "-connect", f"127.0.0.1:{port}", "-new", "-tls1_3", "-time", str(load.seconds)]
    if load.limit:
        command[-1] = "1"
    said = _run(command, load, cores)
    counted = re.search(r"^(\d+) connections in (\d+) real seconds, (\d+) bytes read per connection", said, re.M)
    if not counted or not int(counted[1]):
        raise BenchError(f"`{' '.join(command)}` made no connection:\n{said}")
    return Answered(int(counted[1]), 0, float(counted[2]), 0)


def _check(load: Load, answered: Answered, errors: dict[str, int], command: list[str]) -> None:
    faults = []
    if any(errors.values()):
        faults.append(f"socket errors {errors}")
    if answered.requests == 0:
        faults.append("no request was answered")
    # If good and bad requests alternate, those in flight at the end change the balance by their number.
    slack = load.connections if load.denied else 0
    if abs(answered.denied - load.denied * answered.requests) > slack:
        expected = f"{load.denied:.0%}"
        faults.append(f"{answered.denied} of {answered.requests} answers were 4xx or 5xx, expected {expected}")
    if answered.bytes < (answered.requests - answered.denied) * load.body:
        faults.append(f"{answered.bytes} bytes for {answered.requests} answers of {load.body}")
    if faults:
        raise BenchError(f"wrong answers to `{' '.join(command)}`: {'; '.join(faults)}")


def probe(port: int, load: Load, name: str, count: int = 4) -> None:
    """Requests the first targets one by one and checks status and body exactly, which wrk only counts."""
    with load.targets.open() as file:
        targets = [next(file, "").strip() for _ in range(count)]
    connection = connect(port, load.is_secure)
    try:
        for number, target in enumerate(filter(None, targets)):
            connection.request("GET", target, headers={"Host": HOST})
            answer = connection.getresponse()
            length = len(answer.read())
            # Every second request is forged.
            status = 403 if load.denied and number % 2 else 200
            if answer.status != status or (status == 200 and length != load.body):
                found, expected = f"{answer.status} with {length} bytes", f"{status} with {load.body}"
                raise BenchError(f"{name} answered {found} to {target}, expected {expected}")
    finally:
        connection.close()


def connect(port: int, is_secure: bool) -> http.client.HTTPConnection:
    """Connects to a server without verifying its certificate."""
    if not is_secure:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=context)


def measure_verification(example: Path, rounds: int, cores: Cores) -> dict[str, float]:
    """CPU time of one verification in microseconds, on the proxy's core: `rsa` and `ecdsa`."""
    core = ",".join(map(str, sorted(cores.proxy)))
    command = ["taskset", "-c", core, str(example), "verify", str(rounds)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if ran.returncode != 0:
        raise BenchError(f"`{' '.join(command)}` failed:\n{ran.stderr}")
    return json.loads(ran.stdout)
