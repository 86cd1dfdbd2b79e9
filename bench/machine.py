"""The machine: its cores, the CPU time of processes, and how processes are started and stopped."""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


class BenchError(Exception):
    """An error that makes a run worthless. The run stops with the reason."""


@dataclass(frozen=True)
class Cores:
    """The proxy has its own core; load generator, origin and this program share another."""

    proxy: frozenset[int]
    load: frozenset[int]
    all: frozenset[int]

    @staticmethod
    def choose() -> Cores:
        available = sorted(os.sched_getaffinity(0))
        if len(available) < 2:
            raise BenchError("two cores are needed: one for the proxy, one for the load generator and the origin")
        return Cores(frozenset(available[:1]), frozenset(available[1:2]), frozenset(available))


def raise_file_limit() -> int:
    """Raises the limit of open files to the maximum; child processes inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def die_with_parent() -> None:
    """Runs in a child before exec: the child stops with this process, even if that is killed."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Process:
    """A server with its children, in a session of its own, so that Ctrl-C reaches it through `stop` only."""

    def __init__(self, command: list[str], cores: frozenset[int], log: Path, timed: bool = False):
        self.command = command
        self.log = log
        before = os.sched_getaffinity(0)
        # A child process inherits its cores. Nothing may run between fork and exec if the start is timed: then the
        # C library needs no copy of this process.
        os.sched_setaffinity(0, cores)
        try:
            with log.open("ab") as output:
                self.begun = time.perf_counter()
                self.child = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    close_fds=not timed,
                    start_new_session=not timed,
                    preexec_fn=None if timed else die_with_parent,
                )
        finally:
            os.sched_setaffinity(0, before)

    def check_alive(self) -> None:
        if self.child.poll() is not None:
            tail = self.log.read_text(errors="replace")[-2000:]
            raise BenchError(f"`{' '.join(self.command)}` ended with {self.child.returncode}:\n{tail}")

    def pids(self) -> list[int]:
        """The process and its descendants."""
        found = [self.child.pid]
        for pid in found:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                try:
                    found.extend(int(child) for child in children.read_text().split())
                except OSError:
                    continue  # the thread has ended meanwhile
        return found

    def resident_bytes(self) -> int:
        page = os.sysconf("SC_PAGE_SIZE")
        return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page for pid in self.pids())

    def cpu(self) -> CpuTime:
        return CpuTime.of(self.pids())

    def hang_up(self) -> None:
        """Reloads its configuration."""
        self.child.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """Stops it, by force after a timeout."""
        pids = self.pids() if self.child.poll() is None else []
        self.child.terminate()
        try:
            self.child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.child.wait()


@dataclass(frozen=True)
class CpuTime:
    """User and system time of some processes, counted twice."""

    threads: dict[int, int]  # nanoseconds of each thread that is alive
    ticks: int  # whole hundredths of a second, with the threads that have ended

    @staticmethod
    def of(pids: list[int]) -> CpuTime:
        threads: dict[int, int] = {}
        ticks = 0
        for pid in pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
            for thread in Path(f"/proc/{pid}/task").iterdir():
                try:
                    threads[int(thread.name)] = int((thread / "schedstat").read_text().split()[0])
                except OSError:
                    continue  # ended meanwhile: in `ticks`
        return CpuTime(threads, ticks)

    def seconds_since(self, before: CpuTime) -> float:
        """Exact if no thread has ended in between, otherwise from the coarser count."""
        exact = sum(spent - before.threads.get(thread, 0) for thread, spent in self.threads.items()) / 1e9
        coarse = (self.ticks - before.ticks) / os.sysconf("SC_CLK_TCK")
        if not self.threads or not set(before.threads) <= set(self.threads):
            return coarse
        # Threads that started and ended are in the coarse count only.
        return coarse if coarse > exact + 0.05 else exact


def cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
