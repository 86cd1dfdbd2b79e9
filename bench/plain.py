"""Scenarios a and b: the cost of a public request, and of one with a cached policy."""

from __future__ import annotations

from bench import Bench
from results import Goal, Section, cost_row, times
from rounds import Case, Measured
from servers import BareHyper, Haproxy, Nginx, njs


def public(bench: Bench) -> Section:
    """(a) 1 KiB at a public path."""
    load = bench.load("public.txt")
    cases = [bench.case("nginx", Nginx(), load), bench.case("haproxy", Haproxy(), load)]
    cases.append(bench.case("bare hyper", BareHyper(bench.example.parent / "bare_hyper"), load))
    cases += [bench.case(name, bench.frontgate(name), load) for name in bench.binaries]
    cases += [_with_log(bench, name) for name in bench.binaries]
    cases.append(bench.case("nginx, access log", Nginx(access_log=True), load))
    results = bench.run(cases)

    nginx, logging_nginx = results["nginx"].cost, results["nginx, access log"].cost
    rows = []
    for name in bench.binaries:
        cost = results[name].cost
        goal = Goal("≤ 1.0 × nginx", cost.median, nginx.median)
        rows.append(cost_row(name, cost, ratio=times(cost, nginx, "nginx"), goals=[goal], summary=True))
    rows.append(cost_row("nginx", nginx, summary=True))
    for other in ("haproxy", "bare hyper"):
        cost = results[other].cost
        rows.append(cost_row(other, cost, ratio=times(cost, nginx, "nginx"), summary=True))
    for name in bench.binaries:
        cost = results[f"{name}, access log"].cost
        rows.append(cost_row(f"{name}, access log", cost, ratio=times(cost, logging_nginx, "nginx, access log")))
    rows.append(cost_row("nginx, access log", logging_nginx))
    notes = ["Bare hyper only forwards requests: the minimum cost of a proxy built on hyper."]
    notes += ["Access logs are off, except in rows that name one; there, the log is a file."]
    notes += [_written(name, results[f"{name}, access log"]) for name in bench.binaries]
    return Section("a", "public path, 1 KiB", rows, notes)


def _written(name: str, measured: Measured) -> str:
    """A log that loses lines costs less than a complete one."""
    lines = measured.log.read_bytes().count(b"\n") if measured.log else 0
    share = min(1, lines / measured.requests)
    return f"{name} wrote {share:.1%} of its requests into the log; it loses lines that come faster than they are written."


def _with_log(bench: Bench, name: str) -> Case:
    return bench.case(f"{name}, access log", bench.frontgate(name, quiet=False, verbose=True), bench.load("public.txt"))


def remembered(bench: Bench) -> Section:
    """(b) One wildcard policy for 1,000 paths, RSA-2048 with SHA-1."""
    load = bench.load("wildcard.txt")
    cases = [bench.case("nginx", Nginx(), load), bench.case("nginx + njs", njs(), load)]
    cases += [bench.case(name, bench.frontgate(name), load) for name in bench.binaries]
    results = bench.run(cases)

    nginx, verifying = results["nginx"].cost, results["nginx + njs"].cost
    rows = []
    for name in bench.binaries:
        cost = results[name].cost
        goals = [
            Goal("≤ 1.05 × nginx", cost.median, 1.05 * nginx.median),
            Goal("≥ 8 × cheaper than njs", verifying.median / cost.median, 8, at_least=True),
        ]
        ratio = f"{times(cost, nginx, 'nginx')}; njs {verifying.median / cost.median:.1f} ×"
        rows.append(cost_row(name, cost, ratio=ratio, goals=goals, summary=True))
    rows.append(cost_row("nginx, verifying nothing", nginx, summary=True))
    rows.append(cost_row("nginx + njs, verifying", verifying, ratio=times(verifying, nginx, "nginx"), summary=True))
    notes = [
        "nginx forwards the same signed URLs to the origin without verification; Frontgate removes the signing values. njs "
        "imports the key for each request, because it keeps no state between requests: two thirds of its time."
    ]
    return Section("b", "signed, one wildcard policy over 1,000 paths", rows, notes)
