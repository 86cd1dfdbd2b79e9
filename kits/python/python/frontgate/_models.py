"""Data from the edge: its keys, requests to its origin, explanations."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional


class KeyPair(NamedTuple):
    """A key pair that the edge trusts. The private key is not part of its repr."""

    key_pair_id: str
    private_key_file: str
    public_key_file: str
    private_key_pem: str
    public_key_pem: str

    def __repr__(self) -> str:
        return f"KeyPair(key_pair_id={self.key_pair_id!r}, private_key_file={self.private_key_file!r})"

    @classmethod
    def _read(cls, told: dict[str, Any]) -> KeyPair:
        return cls(
            told["key-pair-id"], told["private-key-file"], told["public-key-file"], told["private-key"], told["public-key"]
        )


class Request(NamedTuple):
    """A request that reached the origin. `headers` are in the order sent, with names in lower case."""

    number: int
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The target's query, not decoded."""
        return self.target.partition("?")[2]

    def header(self, name: str) -> Optional[str]:
        """The first value of a header, or None."""
        return next((value for key, value in self.headers if key == name.lower()), None)

    @classmethod
    def _read(cls, told: dict[str, Any]) -> Request:
        headers = [(name.lower(), value) for name, value in told["headers"]]
        return cls(told["number"], told["method"], told["target"], headers)


class Explanation(NamedTuple):
    """The output of `frontgate explain` for a request: `text` for people, `report` for programs."""

    text: str
    report: dict[str, Any]

    @property
    def allowed(self) -> bool:
        """Whether the request is allowed."""
        return bool(self.report.get("decision") == "allow")

    @property
    def reason(self) -> Optional[str]:
        """The reason of the denial, such as `expired`; None if it is allowed."""
        reason: Optional[str] = self.report.get("reason")
        return reason

    @property
    def cause(self) -> Optional[str]:
        """The most likely mistake, such as `scheme`; None if it is allowed or no mistake is recognized."""
        causes = self.report.get("causes") or [{}]
        cause: Optional[str] = causes[0].get("mistake")
        return cause

    def __str__(self) -> str:
        return self.text
