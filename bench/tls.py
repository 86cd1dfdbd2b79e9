"""Scenarios k, l and m: the cost of TLS over HTTP/1.1, over HTTP/2, and of handshakes."""

from __future__ import annotations

from bench import Bench
from results import Goal, Section, cost_row, times
from rounds import Case
from servers import Haproxy, Nginx

_PUBLIC = "public.txt"


def http1(bench: Bench) -> Section:
    """(k) Scenario a over TLS, on kept connections."""
    load = bench.load(_PUBLIC, protocol="https")
    cases = [bench.case("nginx", Nginx(certificate="ecdsa"), load)]
    cases.append(bench.case("haproxy", Haproxy(certificate="ecdsa"), load))
    cases += [bench.case(name, bench.frontgate(name, certificate="ecdsa"), load) for name in _secured(bench)]
    rows = _against_nginx(bench, cases, 1.0)
    notes = ["TLS 1.3. The figures include the 64 handshakes of each round: a few percent, for all systems alike."]
    return Section("k", "public path, 1 KiB, HTTP/1.1 over TLS", rows, notes)


def http2(bench: Bench) -> Section:
    """(l) The same over HTTP/2: a few connections with many streams, and one stream on each of many."""
    few = bench.load(_PUBLIC, protocol="h2", connections=8, streams=8)
    many = bench.load(_PUBLIC, protocol="h2", connections=64)
    rows = []
    for load, shape, limit in ((few, "8 × 8", 0.9), (many, "64 × 1", 1.0)):
        cases = [bench.case("nginx", Nginx(certificate="ecdsa"), load)]
        cases.append(bench.case("haproxy", Haproxy(certificate="ecdsa"), load))
        cases += [bench.case(name, bench.frontgate(name, certificate="ecdsa"), load) for name in _secured(bench)]
        rows += _against_nginx(bench, cases, limit, f", {shape}")
    notes = ["Connections × concurrent streams of each, by h2load. All systems use HTTP/1.1 to the origin."]
    return Section("l", "public path, 1 KiB, HTTP/2 over TLS", rows, notes)


def handshakes(bench: Bench) -> Section:
    """(m) Full handshakes without a request."""
    load = bench.load(_PUBLIC, protocol="handshakes")
    rows = []
    for kind, title in (("ecdsa", "ECDSA P-256"), ("rsa", "RSA-2048")):
        cases = [bench.case("nginx", Nginx(certificate=kind), load)]
        cases.append(bench.case("haproxy", Haproxy(certificate=kind), load))
        cases += [bench.case(name, bench.frontgate(name, certificate=kind), load) for name in _secured(bench)]
        rows += _against_nginx(bench, cases, 0.7, f", {title}", unit="µs/handshake")
    notes = ["TLS 1.3 by openssl's s_time, one connection after another, without resumption. From accept to close."]
    return Section("m", "a full handshake", rows, notes)


def _secured(bench: Bench) -> list[str]:
    """The builds that support TLS."""
    return [name for name in bench.binaries if bench.frontgate(name, certificate="ecdsa").understands_itself(bench.stage)]


def _against_nginx(bench: Bench, cases: list[Case], limit: float, shape: str = "", unit: str = "µs/request") -> list:
    """The rows of cases, each relative to nginx."""
    results = bench.run(cases)
    nginx = results["nginx"].cost
    rows = []
    for label, measured in results.items():
        goals = []
        if label in bench.binaries:
            goals.append(Goal(f"≤ {limit} × nginx", measured.cost.median, limit * nginx.median))
        ratio = "" if label == "nginx" else times(measured.cost, nginx, "nginx")
        row = cost_row(label + shape, measured.cost, ratio=ratio, goals=goals, summary=True)
        row.unit = unit
        rows.append(row)
    # Frontgate first, then the others.
    return sorted(rows, key=lambda row: not row.goals)
