"""Scenario g: large bodies."""

from __future__ import annotations

from pathlib import Path

from bench import Bench
from results import Goal, Row, Section, Series
from rounds import Case
from servers import LARGE, Haproxy, Nginx

# Without temporary files: by default, nginx writes to disk what the viewer does not read at once, at twice the cost.
_LARGER_BUFFERS = (
    "proxy_buffer_size 128k; proxy_buffers 8 128k; proxy_busy_buffers_size 256k; proxy_max_temp_file_size 0;"
)


def large(bench: Bench) -> Section:
    """(g) 100 MiB bodies over 4 connections, in CPU seconds per GiB."""
    targets = bench.stage.folder / "large.txt"
    targets.write_text(f"{LARGE}\n")
    load = bench.load(
        targets,
        body=bench.stage.large,
        connections=4,
        seconds=max(3, bench.settings.seconds),
        limit=bench.settings.count(0, 12),
    )
    cases = [
        Case("nginx", Nginx(), load),
        Case("nginx, 128 KiB buffers", Nginx(buffers=_LARGER_BUFFERS), load),
        Case("haproxy", Haproxy(), load),
        Case("haproxy, splice", Haproxy(options="option splice-response"), load),
    ]
    cases += [Case(name, bench.frontgate(name), load) for name in bench.binaries]
    results = {label: Series(tuple(found.cpu_per_gib)) for label, found in bench.run(cases).items()}

    default, larger = results["nginx"], results["nginx, 128 KiB buffers"]
    rows = []
    for label in [*bench.binaries, "nginx, 128 KiB buffers", "nginx", "haproxy", "haproxy, splice"]:
        cost = results[label]
        ratio = f"{cost.median / larger.median:.2f} × larger buffers; {cost.median / default.median:.2f} × nginx"
        goals = []
        if label in bench.binaries:
            goals.append(Goal("≤ 1.0 × nginx with 128 KiB buffers", cost.median, larger.median))
        rows.append(Row(label, cost.shown(3), "CPU s/GiB", cost.spread(3), ratio, goals, summary=True))
    notes = ["nginx with 128 KiB buffers writes no temporary files. nginx with its default configuration does."]
    mebibytes = bench.stage.large >> 20
    return Section("g", f"{mebibytes} MiB bodies, 4 connections", rows, notes)
