"""Converts times to the edge's format."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Union

from ._errors import UsageError

Time = Union[datetime, timedelta, int, float, str]
"""A date-time with a zone, Unix seconds, an RFC 3339 string, or relative to now: a timedelta, "+2h", "-5m", "now"."""

_RELATIVE = re.compile(r"now|[+-](\d+[smhd])+", re.ASCII)
_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_SECONDS = re.compile(r"-?\d{1,11}", re.ASCII)
_FIRST_IN_MILLISECONDS = 10**11
_EXPECTED = (
    'expected a datetime with a time zone, Unix seconds, an RFC 3339 string such as "2033-01-01T00:00:00Z", '
    'or one relative to now: a timedelta, "+2h", "-5m", "now"'
)


def header_of(time: Time) -> str:
    """Returns the value of `X-Frontgate-Now`. A relative time stays relative to each request."""
    if isinstance(time, timedelta):
        return f"{_whole(time.total_seconds(), time):+d}s"
    if isinstance(time, str) and _RELATIVE.fullmatch(time.strip()):
        return time.strip()
    return str(seconds_of(time))


def seconds_of(time: Time) -> int:
    """Returns the Unix seconds of an absolute time. Fractions are dropped, because CloudFront uses whole seconds."""
    if isinstance(time, datetime):
        return _of_datetime(time)
    if isinstance(time, str):
        return _of_text(time.strip())
    if isinstance(time, timedelta):
        raise UsageError(f"{time!r} is relative to now; a fixed time is needed here: add it to datetime.now(timezone.utc)")
    if isinstance(time, bool) or not isinstance(time, (int, float)):
        raise UsageError(f"{time!r} ({type(time).__name__}) is not a valid time: {_EXPECTED}")
    return _in_seconds(_whole(time, time))


def rfc_3339(seconds: int) -> str:
    """Formats a time for messages."""
    try:
        return (datetime(1970, 1, 1) + timedelta(seconds=seconds)).isoformat() + "Z"
    except OverflowError:
        return str(seconds)


def _of_datetime(time: datetime) -> int:
    if time.utcoffset() is None:
        raise UsageError(
            f"{time!r} has no time zone, so it is another moment on another machine: "
            "use datetime.now(timezone.utc) or time.replace(tzinfo=timezone.utc)"
        )
    return _whole(time.timestamp(), time)


def _of_text(text: str) -> int:
    if _SECONDS.fullmatch(text):
        return _in_seconds(int(text))
    if text.isascii() and text.isdigit():
        return _in_seconds(int(text))
    if _RELATIVE.fullmatch(text):
        raise UsageError(f'"{text}" is relative to now; a fixed time is needed here: a datetime, seconds or RFC 3339')
    found = _RFC_3339.fullmatch(text)
    if not found:
        raise UsageError(f"{text!r} is not a valid time: {_EXPECTED}")
    day, clock, zone = found.groups()
    zone = "+00:00" if zone in "Zz" else zone
    try:
        return _of_datetime(datetime.fromisoformat(f"{day}T{clock}{zone}"))
    except ValueError as error:
        raise UsageError(f"{text!r} is not a valid time ({error}): {_EXPECTED}") from None


def _in_seconds(number: int) -> int:
    if abs(number) >= _FIRST_IN_MILLISECONDS:
        raise UsageError(f"{number} is in milliseconds; CloudFront's times are Unix seconds: divide by 1000, {number // 1000}")
    return number


def _whole(number: float, time: object) -> int:
    try:
        return int(number // 1)
    except (ValueError, OverflowError):
        raise UsageError(f"{time!r} is not a valid time: {_EXPECTED}") from None
