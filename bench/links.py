"""The links of the load, created by `examples/bench_links.rs` and kept for the next run."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from machine import BenchError


@dataclass(frozen=True)
class LinkCounts:
    """The number of links of each kind."""

    paths: int  # public links, and links that the wildcard policy covers
    rsa: int
    eight: int  # for each row with eight bases
    ecdsa: int


FULL = LinkCounts(paths=1_000, rsa=20_000, eight=8_000, ecdsa=1_000_000)
SMOKE = LinkCounts(paths=50, rsa=120, eight=80, ecdsa=2_000)


def make_links(example: Path, counts: LinkCounts, folder: Path) -> None:
    """Writes links into a directory, unless the same links already exist."""
    if (folder / "complete").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    numbers = [str(number) for number in (counts.paths, counts.rsa, counts.eight, counts.ecdsa)]
    ran = subprocess.run([str(example), "make", str(folder), *numbers], capture_output=True, text=True)
    if ran.returncode != 0:
        raise BenchError(f"{example} failed: {ran.stderr}")
    (folder / "complete").touch()


def kept_folder(root: Path, counts: LinkCounts) -> Path:
    """Returns the directory for links of this form and number."""
    source = (root / "examples/bench_links.rs").read_bytes()
    mark = hashlib.sha256(source + repr(counts).encode()).hexdigest()[:12]
    return root / "target/bench" / f"links-{mark}"


def part(links: Path, name: str, begin: int, end: int) -> Path:
    """Writes some of a file's lines to a new file."""
    file = links / f"{begin}-{end}-{name}"
    if not file.exists():
        with (links / name).open() as lines, file.open("w") as out:
            for number, line in enumerate(lines):
                if number >= end:
                    break
                if number >= begin:
                    out.write(line)
    return file
