"""Measures how long an edge takes to be ready: the median of twenty starts, in milliseconds. `python benchmarks/start.py`"""

from __future__ import annotations

import statistics
import time
from typing import Callable

import frontgate

TIMES = 20


def main() -> None:
    """Measures each kind of start."""
    with frontgate.start() as edge:
        key = edge.private_key_file
        measure("a fresh RSA key", lambda: frontgate.start())
        measure("a fresh ECDSA key", lambda: frontgate.start(key_type="ecdsa"))
        measure("a given key", lambda: frontgate.start(private_key=key))
        measure("an origin in the test", lambda: frontgate.start(origin=lambda request: "hello"))


def measure(name: str, start: Callable[[], frontgate.Edge]) -> None:
    """Prints the medians of starting and of stopping."""
    starting, stopping = [], []
    for _ in range(TIMES):
        begun = time.perf_counter()
        edge = start()
        ready = time.perf_counter()
        edge.stop()
        starting.append(ready - begun)
        stopping.append(time.perf_counter() - ready)
    print(f"{name}: {_ms(starting)} to start (at most {max(starting) * 1000:.1f}), {_ms(stopping)} to stop")


def _ms(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1000:.1f} ms"


if __name__ == "__main__":
    main()
