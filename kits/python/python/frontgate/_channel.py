"""JSON lines to and from the edge's process. One request at a time, each with a time limit."""

from __future__ import annotations

import json
import select
import time
from threading import Lock
from typing import IO, Any, Optional

Message = dict[str, Any]
_READ_AT_ONCE = 1 << 16


class Ended(Exception):
    """The process closed its end, or the pipe to it is broken."""


class TimedOut(Exception):
    """The process did not respond in time."""


class Channel:
    """The pipes of one process. They are unbuffered, so that a fork can close them without a lock."""

    def __init__(self, to: IO[bytes], back: IO[bytes]) -> None:
        self._to, self._back = to, back
        self._lock = Lock()
        self._last_id = 0
        self._unread = b""

    def ask(self, question: Message, timeout: float) -> Message:
        """Sends a request and returns its response. Late responses to earlier requests are dropped."""
        deadline = time.monotonic() + timeout
        if not self._lock.acquire(timeout=timeout):
            raise TimedOut
        try:
            self._last_id += 1
            self._write(json.dumps({"id": self._last_id, **question}).encode() + b"\n")
            while True:
                answer = self.read(deadline)
                if answer.get("id") == self._last_id:
                    return answer
        finally:
            self._lock.release()

    def read(self, deadline: float) -> Message:
        """Returns the next message."""
        while b"\n" not in self._unread:
            self._read_more(deadline)
        line, _, self._unread = self._unread.partition(b"\n")
        message = _parsed(line)
        return message if message is not None else self.read(deadline)

    def wait_for_end(self, deadline: float) -> bool:
        """Returns whether the process closed its end in time."""
        try:
            while True:
                self._unread = b""
                self._read_more(deadline)
        except Ended:
            return True
        except TimedOut:
            return False

    def close(self) -> None:
        """Closes both pipes, which stops the process."""
        for pipe in (self._to, self._back):
            try:
                pipe.close()
            except OSError:
                pass

    def close_input(self) -> None:
        """Closes the process's input: no more requests follow."""
        try:
            self._to.close()
        except OSError:
            pass

    def _write(self, line: bytes) -> None:
        left = memoryview(line)
        try:
            while left:
                left = left[self._to.write(left) :]
        except (OSError, ValueError) as error:
            raise Ended from error

    def _read_more(self, deadline: float) -> None:
        try:
            poll = select.poll()
            poll.register(self._back, select.POLLIN)
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise TimedOut
            read = self._back.read(_READ_AT_ONCE)
        except (OSError, ValueError) as error:
            raise Ended from error
        if not read:
            raise Ended
        self._unread += read


def _parsed(line: bytes) -> Optional[Message]:
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None
