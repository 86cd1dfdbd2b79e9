"""Measures systems in turn, round by round, so that other load of the machine affects all of them equally."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from load import Load, drive, probe
from results import Series
from servers import Recipe, Server, Stage


@dataclass
class Case:
    """One system under one load."""

    label: str
    recipe: Recipe
    load: Load
    fresh: bool = False  # started again for each round, so that its cache is empty
    warm_up: list[Load] = field(default_factory=list)


@dataclass
class Measured:
    """The rounds of one case."""

    cpu_us: list[float] = field(default_factory=list)  # per request
    cpu_per_gib: list[float] = field(default_factory=list)  # seconds
    throughput: list[float] = field(default_factory=list)  # requests per second
    requests: int = 0
    log: Path | None = None  # the server's log

    @property
    def cost(self) -> Series:
        return Series(tuple(self.cpu_us))


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def interleave(
    stage: Stage, cases: list[Case], rounds: int, every_round: Callable[[], None] = lambda: None
) -> dict[str, Measured]:
    """Measures each case once per round. Servers that may cache are started once."""
    results = {case.label: Measured() for case in cases}
    lasting: dict[str, Server] = {}
    try:
        for number in range(rounds):
            for case in _rotated(cases, number):
                server = lasting.get(case.label) or _ready(stage, case)
                if not case.fresh:
                    lasting[case.label] = server
                _measure(stage, case, server, results[case.label])
                if case.fresh:
                    stage.stop(server)
            every_round()
    finally:
        for server in lasting.values():
            stage.stop(server)
    return results


def _rotated(cases: list[Case], by: int) -> list[Case]:
    # Each round begins with another system, so that none always follows the same one.
    by %= len(cases)
    return cases[by:] + cases[:by]


def _ready(stage: Stage, case: Case) -> Server:
    server = stage.start(case.recipe)
    for load in case.warm_up:
        drive(server.port, load, stage.cores)
    if not case.fresh:
        probe(server.port, case.load, case.label)
    return server


def _measure(stage: Stage, case: Case, server: Server, into: Measured) -> None:
    before = server.process.cpu()
    answered = drive(server.port, case.load, stage.cores)
    spent = server.process.cpu().seconds_since(before)
    server.process.check_alive()
    into.cpu_us.append(spent * 1e6 / answered.requests)
    if answered.bytes:
        into.cpu_per_gib.append(spent / (answered.bytes / (1 << 30)))
    into.requests += answered.requests
    into.log = server.log
    into.throughput.append(answered.requests / answered.seconds)
    say(f"    {case.label:34} {into.cpu_us[-1]:9.2f} µs/request {into.throughput[-1]:9.0f} requests/s")
