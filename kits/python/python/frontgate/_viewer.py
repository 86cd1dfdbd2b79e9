"""A viewer with time, address and cookies, and the assertions about the edge's responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping, Optional, Union

from . import _assertions
from ._errors import UsageError
from ._http import Response, ask
from ._links import Link, link_of
from ._models import Explanation
from ._protocols import Instance
from ._times import Time, header_of

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

Address = Union[str, "IPv4Address", "IPv6Address"]


class Viewer:
    """A client of the edge. It is immutable: `at`, `from_ip` and `with_cookies` return another viewer."""

    __slots__ = ("_edge", "_now", "_address", "_cookies")

    def __init__(
        self,
        edge: Instance,
        now: Optional[str] = None,
        address: Optional[str] = None,
        cookies: Optional[str] = None,
    ) -> None:
        self._edge = edge
        self._now = now
        self._address = address
        self._cookies = cookies

    def __repr__(self) -> str:
        cookies = " with cookies" if self._cookies else ""
        return f"<frontgate.Viewer of {self._edge.url} at {self._now or 'now'} from {self._address or '127.0.0.1'}{cookies}>"

    def at(self, time: Time) -> Viewer:
        """Returns this viewer at another time."""
        return Viewer(self._edge, header_of(time), self._address, self._cookies)

    def from_ip(self, address: Address) -> Viewer:
        """Returns this viewer at another address."""
        return Viewer(self._edge, self._now, _checked_address(address), self._cookies)

    def with_cookies(self, cookies: Union[Mapping[str, str], str]) -> Viewer:
        """Returns this viewer with exactly these cookies: a mapping, or "a=b; c=d"."""
        return Viewer(self._edge, self._now, self._address, _cookie_header(cookies))

    @property
    def headers(self) -> dict[str, str]:
        """The headers that make any HTTP client this viewer."""
        fields = {
            "X-Frontgate-Now": self._now,
            "X-Frontgate-Viewer-Ip": self._address,
            "Cookie": self._cookies,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Optional[Mapping[str, str]] = None,
        body: Union[bytes, str] = b"",
        head_only: bool = False,
    ) -> Response:
        """Sends a request to the edge, with the URL's bytes unchanged. `head_only` does not read the body."""
        link = self._link(url)
        content = body.encode() if isinstance(body, str) else body
        given = dict(headers or {})
        named = {name.lower() for name in given}
        own = {name: value for name, value in self._headers_for(link).items() if name.lower() not in named}
        answer = ask(self._edge._address_of_edge, link, method, {**own, **given}, content, head_only)
        if answer.reason == "bad-request" and answer.text.startswith("X-Frontgate-"):
            raise UsageError(answer.text.strip())
        return answer

    def _headers_for(self, link: Link) -> dict[str, str]:
        """The edge uses HTTP; an https link is judged as if it had arrived over TLS."""
        is_secure = link.url[:8].lower() == "https://"
        return {**self.headers, **({"X-Frontgate-Viewer-Proto": "https"} if is_secure else {})}

    def _link(self, url: str) -> Link:
        link = link_of(url, self._edge.url)
        self._edge._refuse_foreign(link)
        return link

    def get(self, url: str, *, headers: Optional[Mapping[str, str]] = None) -> Response:
        """GET."""
        return self.request("GET", url, headers=headers)

    def head(self, url: str, *, headers: Optional[Mapping[str, str]] = None) -> Response:
        """HEAD."""
        return self.request("HEAD", url, headers=headers)

    def explain(self, url: str, *, method: str = "GET") -> Explanation:
        """Explains why this viewer's request is allowed or denied. Nothing is sent to the origin."""
        question = {"method": method, "at": self._now, "ip": self._address, "cookies": self._cookies}
        given = {name: value for name, value in question.items() if value is not None}
        link = self._link(url)
        told = self._edge._ask("explain", url=link.url, **given)
        return Explanation(told["text"].rstrip("\n"), told["report"])

    def assert_allowed(self, url: str, *, method: str = "GET", allow_warnings: bool = False) -> Response:
        """Passes if the edge allows the request, whatever the origin's status. Returns the head of the response.

        It fails if a time of the link is in milliseconds, because CloudFront allows such a link for thousands of years;
        `allow_warnings=True` accepts that.
        """
        __tracebackhide__ = True
        return _assertions.allowed(self, url, method, allow_warnings=allow_warnings)

    def assert_denied(self, url: str, reason: Optional[str] = None, *, method: str = "GET") -> Response:
        """Passes if the edge itself denies the request, for this reason if one is given."""
        __tracebackhide__ = True
        return _assertions.denied(self, url, reason, method)

    def assert_valid_between(self, url: str, start: Optional[Time], end: Time, *, method: str = "GET") -> None:
        """Passes if the link is valid from `start` (DateGreaterThan) to `end` (DateLessThan), to the second.

        Both are exclusive, as in CloudFront: it is denied at `start` and allowed a second later; it is allowed a second
        before `end` and denied at `end`. `start=None`: it is allowed at any time before `end`.
        """
        __tracebackhide__ = True
        _assertions.valid_between(self, url, start, end, method)


def _checked_address(address: Address) -> str:
    from ipaddress import ip_address

    try:
        return str(ip_address(address))
    except ValueError:
        hint = ": name one address of the range" if "/" in str(address) else ""
        raise UsageError(f"{str(address)!r} is not an IP address such as 203.0.113.9 or 2001:db8::9{hint}") from None


def _cookie_header(cookies: Union[Mapping[str, str], str]) -> str:
    if isinstance(cookies, str):
        return cookies
    if not isinstance(cookies, Mapping):
        raise UsageError(f'cookies are a mapping of names to values, or a string "a=b; c=d"; this is {type(cookies).__name__}')
    for name, value in cookies.items():
        if not isinstance(value, str) or any(char in value for char in ";\r\n"):
            raise UsageError(
                f"the cookie {name!r} has a value that no client can send: a str without `;` and line breaks is needed"
            )
    return "; ".join(f"{name}={value}" for name, value in cookies.items())
