"""Scenario j: two cores instead of one."""

from __future__ import annotations

from dataclasses import replace

from bench import Bench
from machine import Cores
from results import Goal, Row, Section, Series, cost_row
from servers import Origin


def two_cores(bench: Bench) -> Section:
    """(j) One worker and two under the same load."""
    available = sorted(bench.stage.cores.all)
    enough = len(available) >= 4
    one, two = frozenset(available[:1]), frozenset(available[:2])
    rest = frozenset(available[2:]) if enough else bench.stage.cores.all
    if not enough:
        one = two = rest
    stage = replace(bench.stage, cores=Cores(two, rest, bench.stage.cores.all), running=[])
    spread = replace(bench, stage=stage)
    load = bench.load("wildcard.txt", threads=2 if enough else 1, connections=128)
    cases = []
    for name in bench.binaries:
        cases.append(spread.case(f"{name}, one worker", spread.frontgate(name, workers=1, cores=one), load))
        cases.append(spread.case(f"{name}, two workers", spread.frontgate(name, workers=2, cores=two), load))
    try:
        stage.start(Origin(cores=rest))
        results = spread.run(cases)
    finally:
        stage.stop_all()

    rows = []
    for name in bench.binaries:
        first, second = results[f"{name}, one worker"], results[f"{name}, two workers"]
        single, double = Series(tuple(first.throughput)), Series(tuple(second.throughput))
        gain = double.median / single.median
        goals = [Goal("≥ 1.8 × the throughput", gain, 1.8, at_least=True)] if enough else []
        rows.append(Row(f"{name}, one worker", single.shown(0), "requests/s", single.spread(0)))
        rows.append(
            Row(f"{name}, two workers", double.shown(0), "requests/s", double.spread(0), f"{gain:.2f} × one", goals,
                summary=True)
        )
        rows.append(cost_row(f"{name}, one worker", first.cost))
        ratio = f"{second.cost.median / first.cost.median:.2f} × one"
        rows.append(cost_row(f"{name}, two workers", second.cost, ratio=ratio, summary=True))
    return Section("j", "two cores instead of one, signed requests", rows, [_note(len(available), enough)])


def _note(cores: int, enough: bool) -> str:
    if enough:
        return f"Of {cores} cores, the workers use one or two, load generator and origin the rest."
    return (
        f"This machine has {cores} cores, which proxy, load generator and origin share. Two workers cannot reach twice the "
        "throughput, so the goal is not judged. The rows show that two workers use no more CPU time per request than "
        "one, so they do not wait for each other."
    )
