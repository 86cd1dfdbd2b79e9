"""Requests whose target goes out as it is: HTTP clients decode, encode and normalise, which changes what was signed."""

from __future__ import annotations

import json as _json
import socket
from typing import Any, Mapping, NamedTuple, Optional

from ._errors import FrontgateError, UsageError
from ._links import Link

TIMEOUT = 30.0
"""Seconds that one step of a request may take."""


class Response(NamedTuple):
    """An answer of the edge. Names of headers are in lower case; of repeated headers `headers` has the last."""

    status: int
    headers: dict[str, str]
    all_headers: list[tuple[str, str]]
    body: bytes

    @property
    def reason(self) -> Optional[str]:
        """Why the edge refused (`expired`, …), or None when it let the request through."""
        return self.headers.get("x-frontgate-reason")

    @property
    def warnings(self) -> list[str]:
        """What the edge warned of, by name (`milliseconds`, `plain-base64`): it opens, and isn't what was meant."""
        names = self.headers.get("x-frontgate-warning")
        return names.split(", ") if names else []

    @property
    def allowed(self) -> bool:
        """Whether the edge let the request through, whatever the origin said to it."""
        return self.reason is None

    @property
    def text(self) -> str:
        """The body, read as UTF-8."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body, read as JSON."""
        return _json.loads(self.body)


def ask(
    address: tuple[str, int],
    link: Link,
    method: str = "GET",
    headers: Optional[Mapping[str, str]] = None,
    body: bytes = b"",
    head_only: bool = False,
) -> Response:
    """Asks once on a connection of its own; redirects are not followed. `head_only` leaves the body unread, but that of a 400."""
    from http.client import HTTPException, HTTPResponse

    request = _request(link, method, dict(headers or {}), body)
    try:
        with socket.create_connection(address, TIMEOUT) as connection:
            connection.sendall(request)
            with HTTPResponse(connection, method=method) as answer:
                answer.begin()
                fields = [(name.lower(), value) for name, value in answer.getheaders()]
                is_read = not head_only or answer.status == 400
                return Response(answer.status, dict(fields), fields, answer.read() if is_read else b"")
    except (OSError, HTTPException) as error:
        where = "{}:{}".format(*address)
        raise FrontgateError(f"the edge at {where} didn't answer: {error or type(error).__name__}; was it stopped?") from error


def _request(link: Link, method: str, headers: dict[str, str], body: bytes) -> bytes:
    if not (method.isascii() and method.isalpha()):
        raise UsageError(f"{method!r} is no HTTP method")
    sent = {name.lower() for name in headers}
    fields = {} if "host" in sent else {"Host": link.host}
    fields.update(headers)
    if body and "content-length" not in sent:
        fields["Content-Length"] = str(len(body))
    fields["Connection"] = "close"
    for name, value in fields.items():
        if "\r" in f"{name}{value}" or "\n" in f"{name}{value}":
            raise UsageError(f"the header {name!r} holds a line break")
    lines = [f"{method} {link.target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode("utf-8") + body
