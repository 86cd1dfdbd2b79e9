"""Scenario f: a million distinct links."""

from __future__ import annotations

import statistics
from pathlib import Path

from bench import Bench
from load import Load, drive
from links import part
from results import Goal, Row, Section, Series, cost_row
from rounds import say
from servers import Server

_TENTHS = 10
_MAX_SIZE = 64 << 20  # the configuration's default
_ALLOWANCE = 32 << 20


def million(bench: Bench) -> Section:
    """(f) Memory and cost over a million links of an ECDSA key, in tenths."""
    total = bench.settings.count(1_000_000, 2_000)
    tenth = total // _TENTHS
    parts = [
        part(bench.stage.links, "canned-ecdsa.txt", number * tenth, (number + 1) * tenth) for number in range(_TENTHS)
    ]
    rows = []
    for name in bench.binaries:
        rows += _rows_of(bench, name, parts)
    notes = [
        "Links of an ECDSA key, because signing a million with RSA takes most of an hour. (c) is measured with the same "
        "key between the tenths, each time with a proxy that has just started.",
    ]
    return Section("f", f"{total:,} distinct links", rows, notes)


def _rows_of(bench: Bench, name: str, parts: list[Path]) -> list[Row]:
    stage = bench.stage
    server = stage.start(bench.frontgate(name, max_size=str(_MAX_SIZE)))
    drive(server.port, bench.load("public.txt"), stage.cores)
    before = server.process.resident_bytes()
    costs, fresh_costs, grown = [], [], []
    for number, targets in enumerate(parts):
        costs.append(_cost(bench, server, Load(targets, mode="once", seconds=300)))
        grown.append(server.process.resident_bytes() - before)
        fresh = stage.start(bench.frontgate(name))
        drive(fresh.port, bench.load("public.txt", limit=bench.settings.count(3_000, 100)), stage.cores)
        limit = bench.settings.count(20_000, 100)
        fresh_costs.append(_cost(bench, fresh, Load(parts[0], mode="once", seconds=60, limit=limit)))
        stage.stop(fresh)
        say(f"    {name} tenth {number + 1}: {costs[-1]:.1f} µs, (c) {fresh_costs[-1]:.1f} µs, {grown[-1] >> 20} MiB")
    stage.stop(server)
    return _judge(name, costs, fresh_costs, grown)


def _cost(bench: Bench, server: Server, load: Load) -> float:
    before = server.process.cpu()
    answered = drive(server.port, load, bench.stage.cores)
    return server.process.cpu().seconds_since(before) * 1e6 / answered.requests


def _judge(name: str, costs: list[float], fresh_costs: list[float], grown: list[int]) -> list[Row]:
    cost, fresh = Series(tuple(costs)), Series(tuple(fresh_costs))
    memory = Series(tuple(bytes / (1 << 20) for bytes in grown))
    # Other load slows down both, so the increase is compared with (c), measured in between.
    relative = [own / beside for own, beside in zip(costs, fresh_costs)]
    rise = statistics.median(relative[-3:]) / statistics.median(relative[:3])
    most = max(memory.values)
    limit = (_MAX_SIZE + _ALLOWANCE) / (1 << 20)
    return [
        cost_row(f"{name}, (c) with ECDSA", fresh),
        cost_row(
            name,
            cost,
            ratio=f"{cost.median / fresh.median:.2f} × (c)",
            goals=[Goal("≤ 1.05 × (c)", cost.median, 1.05 * fresh.median)],
            summary=True,
        ),
        Row(f"{name}, last three tenths to the first", f"{rise:.2f}", "×", goals=[Goal("≤ 1.05", rise, 1.05)]),
        Row(
            f"{name}, memory grown",
            f"{most:.1f}",
            "MiB at most",
            memory.spread(),
            goals=[Goal("≤ max-size + 32 MiB", most, limit)],
            summary=True,
        ),
    ]
