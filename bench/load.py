"""The load: wrk with targets from a file. An answer that isn't the expected one ends the run."""

from __future__ import annotations

import http.client
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from machine import BenchError, Cores, die_with_parent

FOLDER = Path(__file__).parent
HOST = "media.example.com"  # what links are signed for, as in examples/bench_links.rs


@dataclass(frozen=True)
class Load:
    """What is asked of a proxy, and what has to come back."""

    targets: Path
    mode: str = "cycle"  # or "once": each target one time
    denied: float = 0.0  # the share that has to be answered 403
    body: int = 1024
    connections: int = 64
    threads: int = 1
    seconds: int = 2
    limit: int = 0  # ends earlier, after so many requests; 0 for never


@dataclass(frozen=True)
class Answered:
    """What wrk saw."""

    requests: int
    bytes: int
    seconds: float
    denied: int


def drive(port: int, load: Load, cores: Cores) -> Answered:
    """Runs wrk to its end and checks what it saw."""
    command = [
        *("taskset", "-c", ",".join(map(str, sorted(cores.load)))),
        *("wrk", f"-t{load.threads}", f"-c{load.connections}", f"-d{load.seconds}s", "--timeout", "20s"),
        *("-s", str(FOLDER / "requests.lua"), f"http://127.0.0.1:{port}"),
        *("--", str(load.targets), load.mode, str(load.limit), HOST),
    ]
    ran = subprocess.run(
        command, capture_output=True, text=True, timeout=load.seconds + 60, preexec_fn=die_with_parent
    )
    lines = [line for line in ran.stdout.splitlines() if line.startswith("{")]
    if ran.returncode != 0 or not lines:
        raise BenchError(f"`{' '.join(command)}` failed:\n{ran.stdout}{ran.stderr}")
    seen = json.loads(lines[-1])
    answered = Answered(seen["requests"], seen["bytes"], seen["microseconds"] / 1e6, seen["denied"])
    _check(load, answered, {name: seen[name] for name in ("connect", "read", "write", "timeout")}, command)
    return answered


def _check(load: Load, answered: Answered, errors: dict[str, int], command: list[str]) -> None:
    faults = []
    if any(errors.values()):
        faults.append(f"socket errors {errors}")
    if answered.requests == 0:
        faults.append("no request was answered")
    # Where good and bad alternate, the requests in flight at the end tip the balance by as many as there are.
    slack = load.connections if load.denied else 0
    if abs(answered.denied - load.denied * answered.requests) > slack:
        expected = f"{load.denied:.0%}"
        faults.append(f"{answered.denied} of {answered.requests} answers were 4xx or 5xx, expected {expected}")
    if answered.bytes < (answered.requests - answered.denied) * load.body:
        faults.append(f"{answered.bytes} bytes for {answered.requests} answers of {load.body}")
    if faults:
        raise BenchError(f"wrong answers to `{' '.join(command)}`: {'; '.join(faults)}")


def probe(port: int, load: Load, name: str, count: int = 4) -> None:
    """Asks for the first targets one by one: statuses and bodies exactly, which wrk only counts."""
    with load.targets.open() as file:
        targets = [next(file, "").strip() for _ in range(count)]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        for number, target in enumerate(filter(None, targets)):
            connection.request("GET", target, headers={"Host": HOST})
            answer = connection.getresponse()
            length = len(answer.read())
            # The forged ones are every second.
            status = 403 if load.denied and number % 2 else 200
            if answer.status != status or (status == 200 and length != load.body):
                found, expected = f"{answer.status} with {length} bytes", f"{status} with {load.body}"
                raise BenchError(f"{name} answered {found} to {target}, expected {expected}")
    finally:
        connection.close()


def measure_verification(example: Path, rounds: int, cores: Cores) -> dict[str, float]:
    """Microseconds of CPU of one verification, on the proxy's core: `rsa` and `ecdsa`."""
    core = ",".join(map(str, sorted(cores.proxy)))
    command = ["taskset", "-c", core, str(example), "verify", str(rounds)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if ran.returncode != 0:
        raise BenchError(f"`{' '.join(command)}` failed:\n{ran.stderr}")
    return json.loads(ran.stdout)
