"""The edge's process: many at once, none left over, safe in threads and forks."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable

import frontgate as kit
import pytest
from frontgate import BinaryError, ControlError, Edge, ProcessDied, StartError
from signing import signer_of
from waiting import ended_within

Sign = Callable[..., str]


def run(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_an_edge_ends_with_its_block() -> None:
    with pytest.raises(KeyError):
        with kit.start() as edge:
            raise KeyError
    assert ended_within(edge.pid, 2)
    assert not Path(edge.private_key_file).exists()


def test_an_edge_ends_with_its_program_that_forgot_it() -> None:
    with run("import frontgate; print(frontgate.start().pid)") as program:
        out, err = program.communicate(timeout=60)
    assert (program.returncode, err) == (0, "")
    assert ended_within(int(out), 2)


def test_an_edge_ends_soon_after_its_program_is_killed() -> None:
    with run("import frontgate, signal; print(frontgate.start().pid, flush=True); signal.pause()") as program:
        assert program.stdout
        pid = int(program.stdout.readline())
        os.kill(pid, 0)
        program.kill()
        assert ended_within(pid, 2)


def test_an_edge_ends_although_a_fork_of_its_program_lives() -> None:
    code = """
import frontgate, os, signal
edge = frontgate.start()
child = os.fork()
if child:
    print(edge.pid, child, flush=True)
signal.pause()
"""
    with run(code) as program:
        assert program.stdout
        pid, child = map(int, program.stdout.readline().split())
        try:
            program.kill()
            assert ended_within(pid, 2)
        finally:
            os.kill(child, signal.SIGKILL)


def test_fifty_at_once() -> None:
    with ThreadPoolExecutor(50) as pool:
        edges = list(pool.map(lambda _: kit.start(start_timeout=60), range(50)))
        try:
            links = list(pool.map(lambda edge: signer_of(edge)("/film.mp4"), edges))
            list(pool.map(lambda edge, link: edge.assert_allowed(link), edges, links))
            list(pool.map(lambda edge, link: edge.assert_denied(link), edges, links[1:] + links[:1]))
            assert [[one.target for one in edge.requests] for edge in edges] == [["/film.mp4"]] * 50
        finally:
            list(pool.map(Edge.stop, edges))
    assert len({edge.url for edge in edges}) == 50
    assert all(ended_within(edge.pid, 2) for edge in edges)


def test_threads_may_share_an_edge(frontgate: Edge, sign: Sign) -> None:
    link = sign("/film.mp4")
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda second: frontgate.at(second).explain(link).report["at"], range(1, 101)))
    assert told == [f"1970-01-01T00:{second // 60:02}:{second % 60:02}Z" for second in range(1, 101)]


def _in_a_fork(edge: Edge, link: str, said: str) -> None:
    edge.assert_allowed(link)
    try:
        edge.explain(link)
    except ControlError as error:
        Path(said).write_text(str(error))
    edge.stop()


def test_a_fork_may_ask_and_stops_nothing(frontgate: Edge, sign: Sign, tmp_path: Path) -> None:
    link, said = sign("/film.mp4"), tmp_path / "said"
    child = multiprocessing.get_context("fork").Process(target=_in_a_fork, args=(frontgate, link, str(said)))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert f"`explain` can only be called in process {os.getpid()}, which started the edge" in said.read_text()
    frontgate.assert_allowed(link)
    assert len(frontgate.requests) == 2


def test_the_end_of_a_fork_stops_nothing() -> None:
    code = """
import frontgate, os, sys
edge = frontgate.start()
if os.fork() == 0:
    sys.exit(0)
assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
print(edge.requests)
"""
    with run(code) as program:
        assert program.communicate(timeout=60) == ("[]\n", "")


def test_a_process_that_died_is_named() -> None:
    with kit.start() as edge:
        os.kill(edge.pid, signal.SIGKILL)
        with pytest.raises(ProcessDied, match=rf"the edge's process {edge.pid} died \(signal 9\); (it logged|the end of)"):
            edge.requests
    # It had no time to tidy up: the kit does that.
    assert not Path(edge.private_key_file).parent.exists()


def program(path: Path, text: str) -> Path:
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("exit 3", "ended before it was ready (status 3); is it the program of this package?; it logged nothing"),
        ("echo first >&2; echo last >&2; exit 1", "the end of its log:\n  first\n  last"),
        ("""echo '{"error": "the origin is on holiday"}'; exit 2""", "the origin is on holiday"),
        (
            """echo '{"ready": {"protocol": 2, "version": "9.0.0"}}'; read -r line""",
            "(version 9.0.0) speaks protocol 2, this package protocol 1: install the same version of both",
        ),
        ("read -r line", "the edge wasn't ready within 0.2 s; it logged nothing"),
    ],
)
def test_what_does_not_start_says_why(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(StartError) as raised:
        kit.start(binary=program(tmp_path / "other", text), start_timeout=0.2 if "read" in text[:5] else 10.0)
    assert says in str(raised.value)


def elf(path: Path, machine: int, *, mode: int = 0o755) -> Path:
    path.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00" + machine.to_bytes(2, "little") + bytes(44))
    path.chmod(mode)
    return path


def test_a_program_for_another_machine(tmp_path: Path) -> None:
    here, other = os.uname().machine, {"x86_64": (183, "aarch64")}.get(os.uname().machine, (62, "x86_64"))
    with pytest.raises(BinaryError, match=f"it is built for {other[1]}, and this machine is {here}; install the wheel"):
        kit.start(binary=elf(tmp_path / "other", other[0]))


def test_a_program_whose_loader_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "other"
    path.write_text("#!/no/such/loader\n")
    path.chmod(0o755)
    with pytest.raises(BinaryError, match="the file is there, but not what loads it"):
        kit.start(binary=path)


def test_what_is_no_program(tmp_path: Path) -> None:
    path = tmp_path / "other"
    path.write_bytes(b"\0\1\2\3")
    path.chmod(0o755)
    with pytest.raises(BinaryError, match="it is not a program for this system"):
        kit.start(binary=path)
    path.chmod(0o644)
    with pytest.raises(BinaryError, match="permission denied; `chmod [+]x` it"):
        kit.start(binary=path)
    with pytest.raises(BinaryError, match="binary= names .*, a directory"):
        kit.start(binary=tmp_path)
    with pytest.raises(BinaryError, match="binary= names .*, which doesn't exist"):
        kit.start(binary=tmp_path / "none")


def test_the_environment_names_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTGATE_BINARY", str(tmp_path / "none"))
    with pytest.raises(BinaryError, match="FRONTGATE_BINARY names .*, which doesn't exist"):
        kit.start()


def test_no_program_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FRONTGATE_BINARY", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("frontgate._binary._installed", lambda: iter([tmp_path / "bin" / "frontgate"]))
    with pytest.raises(BinaryError) as raised:
        kit.start()
    lines = str(raised.value).splitlines()
    assert lines[0] == "program `frontgate` not found; searched in"
    assert lines[1:3] == [f"  {tmp_path}/bin/frontgate", "  the folders of PATH"]
    assert lines[3].startswith("install the wheel")
    on_path = program(tmp_path / "frontgate", "exit 3")
    with pytest.raises(StartError, match=f"{on_path} ended before it was ready"):
        kit.start()


def test_the_command_line_is_that_of_the_program() -> None:
    command = [sys.executable, "-m", "frontgate", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("frontgate "), done.stderr
    command = [sys.executable, "-m", "frontgate"]
    done = subprocess.run(command, env={"FRONTGATE_BINARY": "/none"}, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (
        1,
        "frontgate: FRONTGATE_BINARY names /none, which doesn't exist; leave it out to take the one of this package\n",
    )
