"""Waits for the end of a process without sleeping."""

import os
import select


def ended_within(pid: int, seconds: float) -> bool:
    """Whether the process is gone in time; a process that nobody has reaped yet has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(handle)
