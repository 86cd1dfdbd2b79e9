"""What viewers and assertions need of an edge and of each other, so that neither imports the other."""

from __future__ import annotations

from typing import Any, Protocol

from ._http import Response
from ._links import Link
from ._models import Explanation
from ._times import Time


class Instance(Protocol):
    """A running edge, as its viewers use it."""

    @property
    def _address_of_edge(self) -> tuple[str, int]: ...

    @property
    def url(self) -> str: ...

    def _refuse_foreign(self, link: Link) -> None: ...

    def _ask(self, do: str, **arguments: Any) -> dict[str, Any]: ...


class Requester(Protocol):
    """A viewer, as the assertions use it."""

    def at(self, time: Time) -> Requester: ...

    def request(self, method: str, url: str, *, head_only: bool = False) -> Response: ...

    def explain(self, url: str, *, method: str = "GET") -> Explanation: ...


class RequestingInstance(Instance, Requester, Protocol):
    """An edge that is a viewer, too."""
