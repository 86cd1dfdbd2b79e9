"""Scenario e: half of the requests have forged signatures."""

from __future__ import annotations

import re
import time

from bench import Bench
from canned import verification_row
from load import drive, probe
from machine import BenchError
from results import Goal, Row, Section, Series, cost_row
from rounds import Measured


def forged(bench: Bench) -> Section:
    """(e) Valid links of a wildcard policy and forged canned links, alternating."""
    cases = []
    half = bench.load("half-forged.txt", denied=0.5)
    for name in bench.binaries:
        cases.append(bench.case(f"{name}, (a)", bench.frontgate(name), bench.load("public.txt")))
        for suffix, bases in (("", 1), (", eight bases", 8)):
            recipe = bench.frontgate(name, bases=bases)
            cases.append(bench.case(f"{name}, good{suffix}", recipe, bench.load("wildcard.txt")))
            cases.append(bench.case(f"{name}, half{suffix}", recipe, half))
    results, verification = bench.run_with_verification(cases)

    rows = []
    for name in bench.binaries:
        rows += _rows_of(name, results, verification["rsa"])
        rows.append(_remembered(bench, name))
    rows.append(verification_row("rsa", verification["rsa"]))
    notes = [
        "The load alternates between a valid link of the policy of (b) and a forged canned link (one character of the "
        "signature changed). The cost of a denial is that of two such requests minus that of a valid one.",
        "Remembered: a proxy gets many links, then this load, and logs at its end how many policies are still cached. "
        "The links are not requested again.",
    ]
    return Section("e", "half of the requests have forged signatures", rows, notes)


def _rows_of(name: str, results: dict[str, Measured], verification: Series) -> list[Row]:
    public = results[f"{name}, (a)"].cost
    rows = [cost_row(f"{name}, (a)", public)]
    for suffix, candidates in (("", 1), (", eight bases", 8)):
        good, mixed = results[f"{name}, good{suffix}"].cost, results[f"{name}, half{suffix}"].cost
        pairs = zip(good.values, mixed.values)
        denial = Series(tuple(2 * cost - cheap for cheap, cost in pairs))
        verified = (denial.median - public.median / 2) / verification.median
        limit = candidates * verification.median + public.median / 2
        goals = []
        if candidates == 1:
            goals.append(Goal("≤ one verification + (a) / 2", denial.median, limit))
        rows.append(cost_row(f"{name}, half forged{suffix}", mixed))
        ratio = f"(a) / 2 + {verified:.2f} × one verification"
        rows.append(cost_row(f"{name}, a denial{suffix}", denial, ratio=ratio, goals=goals, summary=not suffix))
    return rows


def _remembered(bench: Bench, name: str) -> Row:
    """Counts the cached policies after a flood of forged links, from the last line of the log."""
    server = bench.stage.start(bench.frontgate(name, quiet=False))
    shown = bench.settings.count(5_000, 120)
    # One by one: wrk leaves some requests unanswered at its end.
    probe(server.port, bench.load("canned.txt"), name, shown)
    drive(server.port, bench.load("half-forged.txt", denied=0.5), bench.stage.cores)
    time.sleep(0.2)  # requests in flight when the load ended
    bench.stage.stop(server)
    log = server.log.read_text(errors="replace")[-20_000:]
    counts = re.findall(r"verified policies hits=(\d+) misses=(\d+) entries=(\d+)", re.sub(r"\x1b\[\d*m", "", log))
    if not counts:
        raise BenchError(f"{name} doesn't say what it remembers: {log[-500:]}")
    entries = int(counts[-1][2])
    # The policy of the wildcard is one more.
    goal = Goal("all remembered", entries, shown + 1, at_least=True)
    label = f"{name}, remembered afterwards"
    return Row(label, f"{entries:,}", f"of {shown + 1:,} policies", goals=[goal], summary=True)
