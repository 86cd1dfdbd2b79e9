"""The assertions: each sends requests to the edge, and a failure prints what `explain` prints."""

from __future__ import annotations

from typing import Optional

from ._errors import FrontgateError, OriginError, UsageError
from ._http import Response
from ._links import shortened
from ._protocols import Requester, RequestingInstance
from ._times import Time, rfc_3339, seconds_of

REASONS = (
    "missing-key-pair-id",
    "unknown-key",
    "missing-signature",
    "malformed-signature",
    "malformed-policy",
    "unknown-hash-algorithm",
    "signature-mismatch",
    "resource-mismatch",
    "expired",
    "not-yet-valid",
    "ip-mismatch",
    "unknown-host",
    "geo-blocked",
    "method-not-allowed",
    "https-required",
    "redirect-to-https",
    "bad-request",
    "too-large",
)
"""Why an edge refuses."""

_SIGNATURE_REASONS = REASONS[:11]
"""Those that speak of key, signature and policy: only they count where no reason is named."""

_ORIGIN_ERROR = "origin-error"
_LONG_AGO = 1
_MILLISECONDS = "milliseconds"


def allowed(
    viewer: Requester, url: str, method: str, wanted: str = "to be allowed", *, allow_warnings: bool = False
) -> Response:
    """Passes if the edge allowed the request, and did not warn about milliseconds."""
    __tracebackhide__ = True
    answer = _head(viewer, url, method)
    if not answer.allowed:
        _fail(viewer, url, method, wanted, answer)
    if _MILLISECONDS in answer.warnings and not allow_warnings:
        said = _warning(viewer, url, method)
        _fail(viewer, url, method, f"{wanted} as it was meant", answer, f"{said}; allow_warnings=True lets it pass")
    return answer


def denied(viewer: Requester, url: str, reason: Optional[str], method: str, wanted: str = "to be denied") -> Response:
    """Passes if the edge denied the request: for the given reason, otherwise because of key, signature or policy."""
    __tracebackhide__ = True
    _check_reason(reason)
    answer = _head(viewer, url, method)
    if reason is None and answer.reason not in _SIGNATURE_REASONS:
        _fail(viewer, url, method, wanted if answer.allowed else f"{wanted} for what was signed (name the reason if it was meant)", answer)
    if reason is not None and answer.reason != reason:
        _fail(viewer, url, method, f"{wanted} as {reason}", answer)
    return answer


def valid_between(viewer: Requester, url: str, start: Optional[Time], end: Time, method: str) -> None:
    """Sends requests at the four seconds around start and end."""
    __tracebackhide__ = True
    first, last = None if start is None else seconds_of(start), seconds_of(end)
    if last - (_LONG_AGO if first is None else first) < 2:
        raise UsageError(
            f"no whole second lies between {start!r} and {end!r}: both ends are exclusive, and end comes after start"
        )
    if first is None:
        allowed(viewer.at(_LONG_AGO), url, method, f"to be open at {rfc_3339(_LONG_AGO)}, having no not-before")
    else:
        denied(viewer.at(first), url, "not-yet-valid", method, f"to be closed at its start, {rfc_3339(first)},")
        allowed(viewer.at(first + 1), url, method, f"to be open a second after its start, {rfc_3339(first)},")
    allowed(viewer.at(last - 1), url, method, f"to be open a second before its end, {rfc_3339(last)},")
    denied(viewer.at(last), url, "expired", method, f"to be closed at its end, {rfc_3339(last)},")


def private(edge: RequestingInstance, pattern: str, host: Optional[str]) -> None:
    """Passes if no path of the pattern is public, by the configuration and by one request."""
    __tracebackhide__ = True
    if not pattern.startswith("/"):
        raise UsageError(f"{pattern!r} is not a path pattern: it begins with / and may hold * and ?, such as /members/*")
    told = edge._ask("exposed", pattern=pattern, **({} if host is None else {"host": host}))["exposed"]
    if told is not None:
        raise AssertionError(
            f"expected every path of {pattern} to need a signature, but {told['path']} is public: it belongs to the "
            f"behavior {told['behavior']} of the distribution {told['distribution']}, which trusts no key group\n"
            "  fix: give this behavior trusted-key-groups, or put one for the private paths before it"
        )
    url = _example(pattern) if host is None else f"https://{host}{_example(pattern)}"
    # The edge's own viewer has no cookies.
    answer = _head(edge, url, "GET")
    if answer.reason != "missing-key-pair-id":
        _fail(edge, url, "GET", "without a signature to be denied as missing-key-pair-id", answer)


def _head(viewer: Requester, url: str, method: str) -> Response:
    answer = viewer.request(method, url, head_only=True)
    if answer.reason == _ORIGIN_ERROR:
        raise OriginError(
            f"the edge let {shortened(url)} through, but its origin gave no response (status {answer.status}): start what "
            "listens there first, and keep it until the edge is stopped"
        )
    return answer


def _fail(viewer: Requester, url: str, method: str, wanted: str, answer: Response, happened: Optional[str] = None) -> None:
    __tracebackhide__ = True
    verb = "" if method == "GET" else f"{method} "
    if happened is None:
        happened = f"it was allowed (status {answer.status})" if answer.allowed else f"it was denied as {answer.reason} ({answer.status})"
    lines = [f"expected {verb}{shortened(url)} {wanted}".rstrip(",") + f", but {happened}"]
    lines += [f"  {line}".rstrip() for line in _explained(viewer, url, method).splitlines()]
    raise AssertionError("\n".join(lines))


def _warning(viewer: Requester, url: str, method: str) -> str:
    """Returns the text of the warning about milliseconds."""
    try:
        warnings = viewer.explain(url, method=method).report["warnings"]
        return str(next(warning["text"] for warning in warnings if warning["name"] == _MILLISECONDS))
    except (FrontgateError, KeyError, StopIteration):
        return _MILLISECONDS


def _explained(viewer: Requester, url: str, method: str) -> str:
    try:
        return viewer.explain(url, method=method).text
    except FrontgateError as error:
        return f"(no explanation: {error})"


def _check_reason(reason: Optional[str]) -> None:
    if reason is None or reason in REASONS:
        return
    from difflib import get_close_matches

    nearest = get_close_matches(str(reason), REASONS, 1, 0.0)[0]
    raise UsageError(f"{reason!r} is not a known reason; did you mean {nearest!r}? There are: {', '.join(REASONS)}")


def _example(pattern: str) -> str:
    return pattern.replace("*", "x").replace("?", "x")
