"""The table on the terminal, and bench/RESULTS.md."""

from __future__ import annotations

import platform
import subprocess
from datetime import datetime, timezone
from pathlib import Path

from machine import Cores, cpu_model
from results import Section

_HEADER = ["", "system", "median", "unit", "spread", "ratio", "goal", "met"]


def terminal(sections: list[Section], judged: bool) -> str:
    """One table with columns as wide as necessary."""
    lines = [_HEADER]
    for section in sections:
        lines.append([section.letter, section.title, "", "", "", "", "", ""])
        lines += [["", *cells] for cells in _cells(section, judged)]
    widths = [max(len(line[column]) for line in lines if line[2] or column != 1) for column in range(len(_HEADER))]
    right = {2, 4}
    text = []
    for line in lines:
        if not any(line[2:]):
            text.append(f"{line[0]}  {line[1]}")
            continue
        cells = [cell.rjust(width) if column in right else cell.ljust(width)
                 for column, (cell, width) in enumerate(zip(line, widths))]
        text.append("  ".join(cells).rstrip())
    return "\n".join(text)


def _cells(section: Section, judged: bool) -> list[list[str]]:
    """The cells of a section's rows; a second goal has a line of its own."""
    cells = []
    for row in section.rows:
        goals = [(goal.text, goal.verdict() if judged else "not judged") for goal in row.goals] or [("", "")]
        cells.append([row.system, row.figure, row.unit, row.spread, row.ratio, *goals[0]])
        cells += [["", "", "", "", "", *goal] for goal in goals[1:]]
    return cells


def markdown(sections: list[Section], judged: bool, facts: list[tuple[str, str]]) -> str:
    """RESULTS.md: the summary, all tables, and the environment."""
    parts = [
        "# Frontgate compared with other servers\n",
        "Written by `./script/bench`. The tables show CPU time (user and system) of the proxy's own processes. The proxy "
        "is pinned to one core, load generator and origin to the other. The systems are measured in turn, round by "
        "round. Figures are medians, the lowest and the highest round, and ratios of medians. Compare within a run only: "
        "machines differ by a factor of two.\n",
        "<!-- summary -->",
        _summary(sections, judged),
        "<!-- /summary -->\n",
    ]
    for section in sections:
        parts.append(f"## {section.letter}: {section.title}\n")
        parts.append(_table(_HEADER[1:], _cells(section, judged)))
        parts += [f"\n{note}" for note in section.notes]
        parts.append("")
    parts.append("## Environment\n")
    parts.append(_table(["", ""], [[name, value] for name, value in facts]))
    return "\n".join(parts) + "\n"


def _summary(sections: list[Section], judged: bool) -> str:
    lines = []
    for section in sections:
        rows = [row for row in section.rows if row.summary]
        for row in rows:
            reach = "; ".join(goal.text for goal in row.goals)
            verdicts = "; ".join(goal.verdict() for goal in row.goals) if judged else ""
            title = f"{section.letter}: {section.title}" if row is rows[0] else ""
            lines.append([title, row.system, f"{row.figure} {row.unit}", row.ratio, reach, verdicts])
    return _table(["scenario", "system", "median", "ratio", "goal", "met"], lines)


def _table(header: list[str], lines: list[list[str]]) -> str:
    rows = [header, ["---"] * len(header), *lines]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def facts(root: Path, cores: Cores, binaries: dict[str, Path], command: str) -> list[tuple[str, str]]:
    """The machine, the versions and the commit."""
    changed = _said(["git", "-C", str(root), "status", "--porcelain", "--", ".", ":!bench/RESULTS.md"])
    commit = _said(["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"]) or "unknown"
    found = [
        ("command", f"`{command}`"),
        ("date", datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
        ("commit", commit + (" with uncommitted changes" if changed else "")),
        ("machine", f"{cpu_model()}, {len(cores.all)} cores, Linux {platform.release()}"),
        ("cores", f"proxy on {sorted(cores.proxy)}, load generator and origin on {sorted(cores.load)}"),
    ]
    found += [(name, _said([str(binary), "--version"])) for name, binary in binaries.items()]
    njs = _said(["dpkg-query", "-W", "-f", "${Version}", "libnginx-mod-http-js"]) or "unknown"
    found += [
        ("nginx", _said(["nginx", "-v"])),
        ("njs", f"libnginx-mod-http-js {njs}"),
        ("HAProxy", _said(["haproxy", "-v"]).partition(" - ")[0]),
        ("wrk", _said(["wrk", "-v"]).partition(" Copyright")[0]),
        ("h2load", _said(["h2load", "--version"])),
        ("OpenSSL", _said(["openssl", "version"])),
        ("Rust", _said(["rustc", "--version"])),
        ("Python", platform.python_version()),
    ]
    return found


def _said(command: list[str]) -> str:
    """The first line that a command prints, on stdout or stderr."""
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except OSError:
        return "unknown"
    lines = (ran.stdout + ran.stderr).strip().splitlines()
    return lines[0].strip() if lines else ""
