"""Requests with an unchanged target: HTTP clients decode, encode and normalize, which changes what was signed."""

from __future__ import annotations

import json as _json
import socket
from typing import Any, Mapping, NamedTuple, Optional

from ._errors import FrontgateError, UsageError
from ._links import Link

TIMEOUT = 30.0
"""Seconds that one step of a request may take."""


class Response(NamedTuple):
    """A response of the edge. Header names are in lower case; for repeated headers, `headers` has the last."""

    status: int
    headers: dict[str, str]
    all_headers: list[tuple[str, str]]
    body: bytes

    @property
    def reason(self) -> Optional[str]:
        """The reason of a denial (`expired`, …), or None if the edge allowed the request."""
        return self.headers.get("x-frontgate-reason")

    @property
    def warnings(self) -> list[str]:
        """The edge's warnings by name (`milliseconds`, `plain-base64`): allowed, but probably not intended."""
        names = self.headers.get("x-frontgate-warning")
        return names.split(", ") if names else []

    @property
    def allowed(self) -> bool:
        """Whether the edge allowed the request, whatever the origin's status."""
        return self.reason is None

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON."""
        return _json.loads(self.body)


def ask(
    address: tuple[str, int],
    link: Link,
    method: str = "GET",
    headers: Optional[Mapping[str, str]] = None,
    body: bytes = b"",
    head_only: bool = False,
) -> Response:
    """Sends one request on a new connection, without following redirects. `head_only` does not read the body, except for 400."""
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
        raise FrontgateError(f"the edge at {where} didn't respond: {error or type(error).__name__}; was it stopped?") from error


def _request(link: Link, method: str, headers: dict[str, str], body: bytes) -> bytes:
    if not (method.isascii() and method.isalpha()):
        raise UsageError(f"{method!r} is not an HTTP method")
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
