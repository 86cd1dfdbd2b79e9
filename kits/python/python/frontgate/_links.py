"""The parts of a link, byte for byte: nothing is decoded, encoded or normalized."""

from __future__ import annotations

import re
from typing import NamedTuple

from ._errors import UsageError

_ABSOLUTE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)(.*)", re.DOTALL)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:]+)(:[0-9]{1,5})?")
_UNSENDABLE = re.compile(r"[\x00-\x20\x7f]")
_LONG_VALUE = re.compile(r"((?:Signature|Policy)=[^&#;]{6})[^&#;]{6,}")


class Link(NamedTuple):
    """The parts that a viewer sends for a URL."""

    url: str
    host: str
    target: str


def link_of(url: str, base: str) -> Link:
    """Parses a URL; a path alone is relative to `base`. The fragment is removed, because clients do not send it."""
    if not isinstance(url, str):
        raise UsageError(f"a URL is a str; this is {type(url).__name__}: {shortened(repr(url))}")
    whole = url if _ABSOLUTE.match(url) else _below(base, url)
    found = _ABSOLUTE.fullmatch(whole)
    if not found or found[1].lower() not in ("http", "https"):
        raise UsageError(f"{shortened(url)!r} can't be requested: expected http://…, https://…, or a path such as /video.mp4")
    authority, rest = found[2].rpartition("@")[2], found[3].partition("#")[0]
    if not authority:
        raise UsageError(f"{shortened(url)!r} names no host")
    if not _AUTHORITY.fullmatch(authority):
        raise UsageError(f"{shortened(url)!r} names {authority!r}, which is not a host with an optional port: is a / missing after it?")
    target = rest if rest.startswith("/") else "/" + rest
    _refuse_what_cannot_be_sent(url, authority + target)
    return Link(whole, authority, target)


def host_of(authority: str) -> str:
    """Returns the host without the port, in lower case."""
    return (authority.rpartition(":")[0] if re.search(r":[0-9]+$", authority) else authority).lower()


def is_local(host: str) -> bool:
    """Returns whether a host is this machine or an address."""
    return host == "localhost" or host.endswith(".localhost") or host.startswith("[") or bool(re.fullmatch(r"[0-9.]+", host))


def shortened(url: str) -> str:
    """Shortens signatures and policies in a URL, for messages."""
    return _LONG_VALUE.sub(r"\1…", url)


def _below(base: str, path: str) -> str:
    if not path.startswith(("/", "?")):
        raise UsageError(f"{shortened(path)!r} is neither a URL nor a path: a path begins with /")
    return base + (path if path.startswith("/") else "/" + path)


def _refuse_what_cannot_be_sent(url: str, sent: str) -> None:
    found = _UNSENDABLE.search(sent)
    if found:
        raise UsageError(
            f"{shortened(url)!r} holds {found[0]!r}, which no client can send: percent-encode it before signing, "
            "and give out the URL that was signed"
        )
