"""The edge's process. It never outlives the process that started it."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import time
from typing import IO, Any, Sequence

from . import _binary
from ._channel import Channel, Ended, Message, TimedOut
from ._errors import ControlError, FrontgateError, ProcessDied, StartError

PROTOCOL = 1
ANSWER_TIMEOUT = 30.0
STOP_TIMEOUT = 5.0
_TAIL_LINES = 20
_TAIL_BYTES = 8192

_running: set[Process] = set()


class Process:
    """A running `frontgate test --control`."""

    def __init__(self, binary: str, options: Sequence[str], start_timeout: float) -> None:
        self.owner = os.getpid()
        self._log = _log_file()
        arguments = [binary, "test", "--control", "--parent", str(self.owner), *options]
        try:
            # In a session of its own: a Ctrl-C for the tests, or for their debugger, must not reach the edge.
            self._child = subprocess.Popen(
                arguments,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                start_new_session=True,
            )
        except OSError as error:
            self._log.close()
            raise _binary.cannot_run(binary, error) from error
        except ValueError:
            self._log.close()
            raise StartError("an option holds a NUL character") from None
        assert self._child.stdin and self._child.stdout
        self._channel = Channel(self._child.stdin, self._child.stdout)
        _running.add(self)
        try:
            self.ready = self._wait_until_ready(binary, start_timeout)
        except BaseException:
            self.end(0.0)
            raise

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Sends a request to the edge. A rejection is a `ControlError` with the edge's message."""
        if os.getpid() != self.owner:
            raise ControlError(
                f"`{do}` can only be called in process {self.owner}, which started the edge; this is a fork of it, "
                "in which links can be requested and nothing else: start an edge of its own here"
            )
        if self not in _running:
            raise ControlError(f"`{do}` was called after the edge was stopped")
        try:
            answer = self._channel.ask({"do": do, **arguments}, ANSWER_TIMEOUT)
        except Ended:
            raise self._died() from None
        except TimedOut:
            raise ControlError(f"the edge didn't respond to `{do}` within {ANSWER_TIMEOUT:g} s{self._said()}") from None
        if "ok" not in answer:
            raise ControlError(str(answer.get("error", answer)))
        told = answer["ok"]
        return told if isinstance(told, dict) else {}

    def end(self, timeout: float = STOP_TIMEOUT) -> None:
        """Stops the process, by force after the timeout. Has no effect in a fork, or when called again."""
        if os.getpid() != self.owner or self not in _running:
            return
        _running.discard(self)
        self._channel.close_input()
        if not self._channel.wait_for_end(time.monotonic() + timeout):
            self._child.kill()
        try:
            self._child.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._channel.close()
        self._log.close()
        self._remove_keys()

    def _remove_keys(self) -> None:
        """Removes the keys of a killed process; any other process removes its own."""
        key = getattr(self, "ready", {}).get("key", {}).get("private-key-file", "")
        folder = os.path.dirname(key)
        if os.path.basename(folder).startswith("frontgate-test-") and os.path.isdir(folder):
            shutil.rmtree(folder, ignore_errors=True)

    def forget(self) -> None:
        """In a fork: closes the copies of the pipes, which would keep the process alive after its owner."""
        self._channel.close()
        self._child.returncode = 0

    def _wait_until_ready(self, binary: str, timeout: float) -> Message:
        try:
            first = self._channel.read(time.monotonic() + timeout)
        except TimedOut:
            raise StartError(f"the edge wasn't ready within {timeout:g} s{self._said()}") from None
        except Ended:
            raise self._did_not_start(binary) from None
        if "ready" not in first:
            raise StartError(str(first.get("error", first)))
        ready: Message = first["ready"]
        if ready.get("protocol") != PROTOCOL:
            raise StartError(
                f"{binary} (version {ready.get('version')}) speaks protocol {ready.get('protocol')}, this package "
                f"protocol {PROTOCOL}: install the same version of both"
            )
        return ready

    def _did_not_start(self, binary: str) -> FrontgateError:
        status = self._status()
        refused = self._tail().partition("error: ")[2] if status == "status 2" else ""
        if refused:
            return StartError(refused.replace("For more information, try '--help'.", "").strip())
        return StartError(f"{binary} ended before it was ready ({status}); is it the program of this package?{self._said()}")

    def _died(self) -> FrontgateError:
        return ProcessDied(f"the edge's process {self._child.pid} died ({self._status()}){self._said()}")

    def _status(self) -> str:
        try:
            code = self._child.wait(1.0)
        except subprocess.TimeoutExpired:
            return "its output ended"
        return f"signal {-code}" if code < 0 else f"status {code}"

    def _said(self) -> str:
        """Returns the end of the log, for a message."""
        lines = self._tail().splitlines()[-_TAIL_LINES:]
        return "; it logged nothing" if not lines else "; the end of its log:\n" + "\n".join(f"  {line}" for line in lines)

    def _tail(self) -> str:
        # The process shares the file's offset, so this must not move it.
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), _TAIL_BYTES, max(0, size - _TAIL_BYTES)).decode("utf-8", "replace")


def _log_file() -> IO[bytes]:
    from tempfile import TemporaryFile

    return TemporaryFile(prefix="frontgate-")


def _end_all() -> None:
    for process in list(_running):
        process.end()


def _forget_all() -> None:
    for process in list(_running):
        process.forget()


atexit.register(_end_all)
os.register_at_fork(after_in_child=_forget_all)
