"""Tests CloudFront's signed URLs and cookies offline, with a real verifier, and without waiting.

    with frontgate.start(origin="http://127.0.0.1:9000") as edge:
        edge.assert_allowed(sign(edge.url + "/film.mp4"))
"""

from ._assertions import REASONS
from ._edge import Edge, Origin, start
from ._errors import (
    BinaryError,
    ControlError,
    FrontgateError,
    OriginError,
    ProcessDied,
    StartError,
    UsageError,
)
from ._http import Response
from ._models import Explanation, KeyPair, Request
from ._times import Time
from ._viewer import Viewer

__all__ = [
    "REASONS",
    "BinaryError",
    "ControlError",
    "Edge",
    "Explanation",
    "FrontgateError",
    "KeyPair",
    "Origin",
    "OriginError",
    "ProcessDied",
    "Request",
    "Response",
    "StartError",
    "Time",
    "UsageError",
    "Viewer",
    "start",
]
