#!/usr/bin/env python3
"""Compares Frontgate with nginx, HAProxy and nginx with njs. `./script/bench` builds the programs and runs this."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable

import bodies
import canned
import endurance
import footprint
import forged
import links
import million
import plain
import report
import scaling
import tls
from bench import Bench, Settings
from machine import BenchError, Cores, raise_file_limit
from results import Section
from rounds import say
from servers import Origin, Stage, check_tools

ROOT = Path(__file__).resolve().parent.parent
SCENARIOS: dict[str, Callable[[Bench], Section]] = {
    "a": plain.public,
    "b": plain.remembered,
    "c": canned.new_links,
    "d": canned.seen_links,
    "e": forged.forged,
    "f": million.million,
    "g": bodies.large,
    "h": footprint.start,
    "i": footprint.idle,
    "j": scaling.two_cores,
    "k": tls.http1,
    "l": tls.http2,
    "m": tls.handshakes,
    "n": endurance.waiting,
    "o": endurance.soak,
}


def main() -> int:
    options = parse(sys.argv[1:])
    # Every signal stops the child processes on the way out; a shell's background jobs ignore SIGINT.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run(options)
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="letters from a to o; all by default")
    parser.add_argument("--seconds", type=int, default=2, help="seconds of load per system and round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--smoke", action="store_true", help="a quick functional test; the figures are meaningless")
    parser.add_argument("--frontgate", type=Path, default=ROOT / "target/release/frontgate", help="the binary")
    parser.add_argument(
        "--baseline", action="append", default=[], metavar="NAME=PATH", help="another build of frontgate to compare (repeatable)"
    )
    parser.add_argument("--links", type=Path, help="examples/bench_links; by default next to the binary")
    parser.add_argument("--output", type=Path, help="the Markdown file; bench/RESULTS.md when every scenario is run")
    options = parser.parse_args(arguments)
    unknown = [letter for letter in options.scenarios if letter not in SCENARIOS]
    if unknown:
        parser.error(f"no such scenario: {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    if any("=" not in baseline for baseline in options.baseline):
        parser.error("--baseline takes NAME=PATH")
    if options.seconds < 1 or options.rounds < 1:
        parser.error("--seconds and --rounds begin at 1")
    return options


def run(options: argparse.Namespace) -> None:
    check_tools()
    chosen = [letter for letter in SCENARIOS if not options.scenarios or letter in options.scenarios]
    # A smoke run stops each load after some requests; the seconds are a limit for a busy machine.
    settings = Settings(1, 20, smoke=True) if options.smoke else Settings(options.rounds, options.seconds)
    binaries = find_binaries(options)
    example = options.links or options.frontgate.parent / "examples/bench_links"
    for needed in (example, example.parent / "bare_hyper"):
        if not needed.exists():
            raise BenchError(f"{needed} is missing: cargo build --release --example {needed.name}")
    cores = Cores.choose()
    files = raise_file_limit()
    with tempfile.TemporaryDirectory(prefix="frontgate-bench.") as folder:
        counts = links.SMOKE if options.smoke else links.FULL
        made = Path(folder) / "links" if options.smoke else links.kept_folder(ROOT, counts)
        say("links")
        links.make_links(example, counts, made)
        # From here on, nothing of this program runs on the proxy's core.
        os.sched_setaffinity(0, cores.load)
        stage = Stage(Path(folder), cores, made, files)
        if options.smoke:
            stage.large = 4 << 20
        sections = measure(Bench(stage, settings, example, binaries), chosen)
        judged = not options.smoke
        print(report.terminal(sections, judged))
        output = options.output
        if not output and judged and len(chosen) == len(SCENARIOS):
            output = ROOT / "bench/RESULTS.md"
        if output:
            command = shlex.join(["./script/bench", *sys.argv[1:]])
            output.write_text(report.markdown(sections, judged, report.facts(ROOT, cores, binaries, command)))
            say(f"written: {output}")


def find_binaries(options: argparse.Namespace) -> dict[str, Path]:
    binaries = {"frontgate": options.frontgate.resolve()}
    for baseline in options.baseline:
        name, _, path = baseline.partition("=")
        binaries[f"frontgate {name}"] = Path(path).resolve()
    for binary in binaries.values():
        if not os.access(binary, os.X_OK):
            raise BenchError(f"{binary} is missing: cargo build --release")
    return binaries


def measure(bench: Bench, chosen: list[str]) -> list[Section]:
    sections = []
    try:
        bench.stage.start(Origin(cores=bench.stage.cores.load))
        for letter in chosen:
            begun = time.monotonic()
            say(f"{letter}")
            sections.append(SCENARIOS[letter](bench))
            say(f"    {time.monotonic() - begun:.0f} s")
    finally:
        bench.stage.stop_all()
    return sections


if __name__ == "__main__":
    sys.exit(main())
