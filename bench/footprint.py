"""Scenarios h and i: the time to the first response, and the memory of idle connections."""

from __future__ import annotations

import socket
import time
from typing import Callable

from bench import Bench
from load import HOST, drive
from machine import BenchError
from results import Goal, Row, Section, Series
from rounds import say
from servers import Haproxy, Nginx, Recipe, Server


def start(bench: Bench) -> Section:
    """(h) From the start of the process to its first response, and its memory at that time."""
    recipes: dict[str, Recipe] = {name: bench.frontgate(name) for name in bench.binaries} | {"nginx": Nginx()}
    milliseconds: dict[str, list[float]] = {name: [] for name in recipes}
    resident: dict[str, list[float]] = {name: [] for name in recipes}
    for _ in range(bench.settings.count(max(15, bench.settings.rounds), 2)):
        for name, recipe in recipes.items():
            server = bench.stage.start(recipe, timed=True)
            milliseconds[name].append(server.first_answer * 1000)
            time.sleep(0.2)
            resident[name].append(server.process.resident_bytes() / (1 << 20))
            bench.stage.stop(server)
    rows = []
    for figures, what, unit, limit in (
        (milliseconds, "start to first answer", "ms", 10),
        (resident, "memory then", "MiB", 10),
    ):
        for name, values in figures.items():
            found = Series(tuple(values))
            goals = [Goal(f"≤ {limit} {unit}", found.median, limit)] if name in bench.binaries else []
            ratio = f"{found.median / Series(tuple(figures['nginx'])).median:.2f} × nginx"
            rows.append(Row(f"{name}, {what}", found.shown(), unit, found.spread(), ratio, goals, summary=True))
    notes = ["The first answer comes from the origin. nginx's memory is that of its master and worker; shared pages count twice."]
    return Section("h", "start to first answer; idle memory", rows, notes)


def idle(bench: Bench) -> Section:
    """(i) Idle connections after one request."""
    wanted = bench.settings.count(5_000, 200)
    # Both ends of a connection to an origin in use are files too.
    if bench.stage.files < wanted + 500:
        raise BenchError(f"{wanted} connections need more open files than the {bench.stage.files} that are allowed")
    recipes: dict[str, Callable[[], Recipe]] = {
        "nginx": lambda: Nginx(connections=16_384),
        "haproxy": lambda: Haproxy(connections=8_192),
    }
    for name in bench.binaries:
        recipes[name] = lambda name=name: bench.frontgate(name)  # type: ignore[misc]
    grown: dict[str, list[float]] = {name: [] for name in recipes}
    for _ in range(min(3, bench.settings.rounds)):
        for name, recipe in recipes.items():
            server = bench.stage.start(recipe())
            grown[name].append(_kibibytes_each(bench, server, wanted))
            say(f"    {name:34} {grown[name][-1]:.2f} KiB for each connection")
            bench.stage.stop(server)
    rows = []
    for name in [*bench.binaries, "nginx", "haproxy"]:
        found = Series(tuple(grown[name]))
        goals = [Goal("≤ 8 KiB each", found.median, 8)] if name in bench.binaries else []
        rows.append(Row(name, found.shown(2), "KiB each", found.spread(2), goals=goals, summary=True))
    notes = ["Resident memory, without the kernel's."]
    return Section("i", f"{wanted:,} idle keep-alive connections", rows, notes)


def _kibibytes_each(bench: Bench, server: Server, wanted: int) -> float:
    drive(server.port, bench.load("public.txt", connections=1, limit=200, seconds=20), bench.stage.cores)
    before = server.process.resident_bytes()
    connections = []
    try:
        for _ in range(wanted):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
            connections.append(connection)
            _ask(connection, server.name, bench.stage.body)
        time.sleep(0.5)
        grown = server.process.resident_bytes() - before
        # The first connections must still be open, otherwise the number is wrong.
        _ask(connections[0], server.name, bench.stage.body)
    finally:
        for connection in connections:
            connection.close()
    return grown / 1024 / wanted


def _ask(connection: socket.socket, name: str, body: int) -> None:
    connection.sendall(f"GET /public/idle HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    answer = b""
    while (head := answer.find(b"\r\n\r\n")) < 0 or len(answer) < head + 4 + body:
        received = connection.recv(65_536)
        if not received:
            raise BenchError(f"{name} closed a connection that should have been kept: {answer[:100]!r}")
        answer += received
    if not answer.startswith(b"HTTP/1.1 200"):
        raise BenchError(f"{name} answered {answer[:60]!r} on an idle connection")
