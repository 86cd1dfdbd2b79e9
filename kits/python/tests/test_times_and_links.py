"""Times and URLs as people write them."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from frontgate import Edge, UsageError
from frontgate._links import link_of, shortened
from frontgate._times import header_of, seconds_of

BASE = "http://127.0.0.1:40113"


@pytest.mark.parametrize(
    ("time", "header"),
    [
        (1988150400, "1988150400"),
        (1988150400.9, "1988150400"),
        (-1, "-1"),
        ("1988150400", "1988150400"),
        ("2033-01-01T00:00:00Z", "1988150400"),
        ("2033-01-01 02:00:00.5+02:00", "1988150400"),
        (datetime(2033, 1, 1, tzinfo=timezone.utc), "1988150400"),
        (datetime(2033, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), "1988150400"),
        ("+2h", "+2h"),
        ("now", "now"),
        (timedelta(hours=2), "+7200s"),
        (timedelta(minutes=-5), "-300s"),
    ],
)
def test_times(time: Any, header: str) -> None:
    assert header_of(time) == header


@pytest.mark.parametrize(
    ("time", "says"),
    [
        (datetime(2033, 1, 1), "has no time zone"),
        (date(2033, 1, 1), "(date) is not a valid time"),
        (1988150400000, "is in milliseconds; CloudFront's times are Unix seconds: divide by 1000, 1988150400"),
        ("1988150400000", "is in milliseconds"),
        (True, "(bool) is not a valid time"),
        (None, "(NoneType) is not a valid time"),
        (float("nan"), "nan is not a valid time"),
        (float("inf"), "inf is not a valid time"),
        ("tomorrow", "'tomorrow' is not a valid time: expected a datetime with a time zone"),
        ("2033-02-30T00:00:00Z", "'2033-02-30T00:00:00Z' is not a valid time (day"),
        ("2033-01-01", "is not a valid time"),
    ],
)
def test_what_is_no_time(time: Any, says: str) -> None:
    with pytest.raises(UsageError) as raised:
        header_of(time)
    assert says in str(raised.value)


@pytest.mark.parametrize("time", ["+2h", "now", timedelta(hours=2)])
def test_what_is_relative_is_no_end_of_a_link(time: Any) -> None:
    with pytest.raises(UsageError, match="is relative to now; a fixed time is needed here"):
        seconds_of(time)


@pytest.mark.parametrize(
    ("url", "host", "target"),
    [
        ("/a//../%7e?x=%2F&y#z", "127.0.0.1:40113", "/a//../%7e?x=%2F&y"),
        ("?a=b", "127.0.0.1:40113", "/?a=b"),
        ("https://media.example.com", "media.example.com", "/"),
        ("https://media.example.com?a=b", "media.example.com", "/?a=b"),
        ("HTTP://user:secret@media.example.com:8080/a", "media.example.com:8080", "/a"),
        ("http://[::1]:80/é", "[::1]:80", "/é"),
        ("//a/b", "127.0.0.1:40113", "//a/b"),
    ],
)
def test_links(url: str, host: str, target: str) -> None:
    link = link_of(url, BASE)
    assert (link.host, link.target) == (host, target)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("a/b", "'a/b' is neither a URL nor a path: a path begins with /"),
        ("ftp://h/a", "'ftp://h/a' can't be requested"),
        ("https:///a", "names no host"),
        ("/a b", "holds ' ', which no client can send: percent-encode it before signing"),
        ("/a\r\nX: y", r"holds '\r'"),
        (b"/a", "a URL is a str; this is bytes"),
    ],
)
def test_what_is_no_link(url: Any, says: str) -> None:
    with pytest.raises(UsageError) as raised:
        link_of(url, BASE)
    assert says in str(raised.value)


def test_messages_hold_the_beginning_of_a_signature_only() -> None:
    url = "https://h/a?Policy=eyJTdGF0ZW1lbnQi&Signature=ABCDEFGHIJKLMNOP~&Key-Pair-Id=K1"
    assert shortened(url) == "https://h/a?Policy=eyJTdG…&Signature=ABCDEF…&Key-Pair-Id=K1"


@pytest.mark.frontgate(scope="module")
def test_addresses_and_cookies_are_looked_at(frontgate: Edge) -> None:
    with pytest.raises(UsageError, match="'203.0.113.0/24' is not an IP address.*name one address of the range"):
        frontgate.from_ip("203.0.113.0/24")
    with pytest.raises(UsageError, match="the cookie 'a' has a value that no client can send"):
        frontgate.with_cookies({"a": "b;c"})
    with pytest.raises(UsageError, match="cookies are a mapping"):
        frontgate.with_cookies(["a=b"])  # type: ignore[arg-type]


@pytest.mark.frontgate(scope="module")
def test_a_viewer_is_made_in_any_order_and_does_not_change(frontgate: Edge) -> None:
    one = frontgate.at(1).from_ip("203.0.113.9").with_cookies({"a": "b", "c": "d"})
    other = frontgate.with_cookies("a=b; c=d").from_ip("203.0.113.9").at("1")
    expected = {"X-Frontgate-Now": "1", "X-Frontgate-Viewer-Ip": "203.0.113.9", "Cookie": "a=b; c=d"}
    assert one.headers == other.headers == expected
    assert frontgate.headers == {}
