"""Scenarios c and d: every request has its own link, each new, or each seen before."""

from __future__ import annotations

from bench import Bench
from results import Goal, Row, Section, Series, cost_row, times
from rounds import Case, Measured
from servers import njs

_NEW = {
    "": ("canned.txt", 1),
    ", eight bases, always the last": ("canned-last.txt", 8),
    ", eight bases, any of them": ("canned-varying.txt", 8),
    ", ECDSA P-256": ("canned-ecdsa.txt", 1),
}


def new_links(bench: Bench) -> Section:
    """(c) Each link is requested once, from a proxy that has just started."""
    cases = [bench.case("nginx + njs", njs(), bench.load("canned.txt"))]
    for name in bench.binaries:
        cases.append(bench.case(f"{name}, public", bench.frontgate(name), bench.load("public.txt")))
        for variant, (targets, bases) in _NEW.items():
            load = bench.load(targets, mode="once")
            cases.append(bench.case(name + variant, bench.frontgate(name, bases=bases), load, fresh=True))
    results, verification = bench.run_with_verification(cases)

    rows = []
    for name in bench.binaries:
        rows += _rows_of(name, results, verification)
    rows.append(cost_row("nginx + njs, verifying", results["nginx + njs"].cost, summary=True))
    rows += [verification_row(kind, cost) for kind, cost in verification.items()]
    notes = [
        "(a) and one verification are measured in the same rounds. With eight bases, a request has eight candidates. A "
        "new link for the last base shows the gain from trying the previous link's base first; a link for any base shows "
        "the cost without that gain.",
    ]
    return Section("c", "every request its own canned link, each new", rows, notes)


def _rows_of(name: str, results: dict[str, Measured], verification: dict[str, Series]) -> list[Row]:
    public, verifying = results[f"{name}, public"].cost, results["nginx + njs"].cost
    rows = [cost_row(f"{name}, (a)", public)]
    for variant in _NEW:
        cost = results[name + variant].cost
        kind = "ecdsa" if "ECDSA" in variant else "rsa"
        verified = (cost.median - public.median) / verification[kind].median
        ratio = f"(a) + {verified:.2f} × one verification"
        goals = []
        if "eight" not in variant:
            limit = public.median + 1.1 * verification[kind].median
            goals.append(Goal("≤ (a) + 1.1 × one verification", cost.median, limit))
        if not variant:
            cheaper = verifying.median / cost.median
            goals.append(Goal("≥ 4 × cheaper than njs", cheaper, 4, at_least=True))
            ratio += f"; njs {cheaper:.1f} ×"
        rows.append(cost_row(name + variant, cost, ratio=ratio, goals=goals, summary=not variant))
    return rows


def verification_row(kind: str, cost: Series) -> Row:
    name = {"rsa": "RSA-2048, SHA-1", "ecdsa": "ECDSA P-256, SHA-256"}[kind]
    return Row(f"one verification, {name}", cost.shown(), "µs", cost.spread())


def seen_links(bench: Bench) -> Section:
    """(d) All links, each requested before."""
    warm_up = [bench.load("canned.txt", mode="once", seconds=120, limit=0)]
    cases: list[Case] = []
    for name in bench.binaries:
        cases.append(bench.case(f"{name}, (a)", bench.frontgate(name), bench.load("public.txt")))
        cases.append(bench.case(name, bench.frontgate(name), bench.load("canned.txt"), warm_up=warm_up))
    results = bench.run(cases)

    rows = []
    for name in bench.binaries:
        public, cost = results[f"{name}, (a)"].cost, results[name].cost
        goal = Goal("≤ 1.1 × (a)", cost.median, 1.1 * public.median)
        rows.append(cost_row(f"{name}, (a)", public))
        rows.append(cost_row(name, cost, ratio=times(cost, public, "(a)"), goals=[goal], summary=True))
    links = bench.settings.count(20_000, 120)
    return Section("d", f"every request its own link, each of {links:,} seen before", rows)
