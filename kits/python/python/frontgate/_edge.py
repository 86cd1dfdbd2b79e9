"""The running edge, and `start`."""

from __future__ import annotations

import os
import re
from types import TracebackType
from typing import Any, Callable, Optional, Sequence, Union

from . import _assertions, _binary
from ._binary import Pathlike
from ._errors import UsageError
from ._links import Link, host_of, is_local, link_of, shortened
from ._models import KeyPair, Request
from ._process import Process
from ._viewer import Viewer

Origin = Union[str, "os.PathLike[str]", Callable[..., Any]]
Names = Union[str, Sequence[str]]


class Edge(Viewer):
    """A running edge. It is also a viewer at the current time and at 127.0.0.1. The key attributes are those of the newest pair."""

    __slots__ = ("_process", "_key", "_env", "_url", "_handler", "_bases", "__weakref__")

    def __init__(self, process: Process, handler: Optional[Any], bases: Optional[list[str]]) -> None:
        super().__init__(self)
        self._bases = bases
        self._process = process
        self._handler = handler
        self._url = str(process.ready["url"])
        self._take_key(process.ready)

    def __repr__(self) -> str:
        return f"<frontgate.Edge {self.url}, key {self.key_pair_id}>"

    @property
    def _address_of_edge(self) -> tuple[str, int]:
        host, _, port = self._url.partition("://")[2].rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def url(self) -> str:
        """The edge's URL, such as http://127.0.0.1:40113; append paths to it."""
        return self._url

    @property
    def pid(self) -> int:
        """The process id of the edge."""
        return int(self._process.ready["pid"])

    @property
    def key_pair(self) -> KeyPair:
        """The newest key pair."""
        return self._key

    @property
    def key_pair_id(self) -> str:
        """The key id for links."""
        return self._key.key_pair_id

    @property
    def private_key_file(self) -> str:
        """The path of the private key, PEM."""
        return self._key.private_key_file

    @property
    def public_key_file(self) -> str:
        """The path of the public key, PEM."""
        return self._key.public_key_file

    @property
    def private_key_pem(self) -> str:
        """The private key, PEM (PKCS#8)."""
        return self._key.private_key_pem

    @property
    def public_key_pem(self) -> str:
        """The public key, PEM."""
        return self._key.public_key_pem

    @property
    def env(self) -> dict[str, str]:
        """The environment variables for programs that sign: FRONTGATE_URL, FRONTGATE_KEY_PAIR_ID, …"""
        return dict(self._env)

    @property
    def requests(self) -> list[Request]:
        """Requests that reached the origin, at most the last 10,000. Handlers in the test also get the bodies."""
        return self.requests_since(0)

    def requests_since(self, number: int) -> list[Request]:
        """Requests that reached the origin after the request with this number."""
        return [Request._read(one) for one in self._ask("requests", since=number)["requests"]]

    def rotate_key(self, key_type: Optional[str] = None) -> KeyPair:
        """Creates a key pair ("rsa" or "ecdsa") and uses it from then on. Older ones stay trusted until `revoke_key`."""
        told = self._ask("rotate-key", **({} if key_type is None else {"type": key_type}))
        self._take_key(told)
        return self._key

    def revoke_key(self, key_pair_id: str) -> None:
        """Stops trusting this key."""
        self._ask("revoke-key", **{"key-pair-id": key_pair_id})

    def reload(
        self,
        *,
        config: Optional[Pathlike] = None,
        origin: Optional[Origin] = None,
        base_urls: Optional[Names] = None,
        public: Optional[Names] = None,
    ) -> None:
        """Changes the given options; the others stay. A faulty configuration raises and changes nothing."""
        told: dict[str, Any] = {}
        if config is not None:
            told["config"] = os.path.abspath(config)
        if base_urls is not None:
            told["base-urls"] = _names("base_urls", base_urls)
        if public is not None:
            told["public"] = _names("public", public)
        place, handler = _place_of(origin)
        if place is not None:
            told["origin"] = place
        try:
            self._ask("reload", **told)
        except BaseException:
            _end(handler)
            raise
        if place is not None:
            _end(self._handler)
            self._handler = handler
        if config is not None:
            self._bases = None
        elif base_urls is not None and self._bases is not None:
            self._bases = _names("base_urls", base_urls)

    def assert_private(self, pattern: str, *, host: Optional[str] = None) -> None:
        """Passes if every path of the pattern, such as /members/*, needs a signature."""
        __tracebackhide__ = True
        _assertions.private(self, pattern, host)

    def stop(self) -> None:
        """Stops the edge. Has no effect when called again, or in a fork of the process."""
        self._process.end()
        if self._process.owner == os.getpid():
            _end(self._handler)
            self._handler = None

    def __enter__(self) -> Edge:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.stop()

    def _refuse_foreign(self, link: Link) -> None:
        """Rejects links for foreign hosts: without a configuration, the edge's hosts are known."""
        host = host_of(link.host)
        if self._bases is None or is_local(host):
            return
        if host not in [host_of(link_of(base, self._url).host) for base in self._bases]:
            raise UsageError(
                f"{shortened(link.url)!r} is for {link.host}, which isn't a name of this edge: base_urls lists the "
                "other names that links may be signed for"
            )

    def _ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        return self._process.ask(do, **arguments)

    def _take_key(self, told: dict[str, Any]) -> None:
        self._key = KeyPair._read(told["key"])
        self._env = {str(name): str(value) for name, value in told["env"].items()}


def start(
    origin: Optional[Origin] = None,
    *,
    config: Optional[Pathlike] = None,
    base_urls: Names = (),
    public: Names = (),
    listen: Optional[str] = None,
    key_type: Optional[str] = None,
    key_pair_id: Optional[str] = None,
    private_key: Optional[Pathlike] = None,
    check_origin: bool = True,
    binary: Optional[Pathlike] = None,
    start_timeout: float = 10.0,
) -> Edge:
    """Starts an edge, which is ready when this returns. Use it in `with`, or call `stop()`.

    origin: a URL, a directory, a function(Request) -> str | bytes | (status, headers, body), or a WSGI application;
        None answers every path with the request as JSON.
    config: a config.toml of frontgate; the edge's key is trusted in all its key groups.
    base_urls: base URLs that links are signed for, besides the edge's own, such as https://media.example.com.
    public: path patterns that need no signature; default /public/*.
    listen: an address; default 127.0.0.1 and a free port.
    key_type, key_pair_id, private_key: "rsa" or "ecdsa", the key's id, the file of an existing key.
    check_origin: whether an origin URL that accepts no connections is an error.
    """
    if binary == "":
        raise UsageError("binary is the path of the program; this is empty: leave it out to take the installed one")
    program = _binary.find(binary)
    if config is not None and public:
        raise UsageError("public is for an edge without config: give the configuration a behavior for these paths")
    options = _options(
        config=config if config is None else os.path.abspath(config),
        base_url=_names("base_urls", base_urls),
        public=_names("public", public),
        listen=listen,
        key_type=key_type,
        key_pair_id=key_pair_id,
        private_key=private_key if private_key is None else _key_file(private_key),
    )
    place, handler = _place_of(origin)
    if place is not None:
        options += ["--origin", place]
        options += ["--check-origin"] if check_origin else []
    try:
        bases = None if config is not None else _names("base_urls", base_urls)
        return Edge(Process(program, options, start_timeout), handler, bases)
    except BaseException:
        _end(handler)
        raise


def _options(**given: Union[str, list[str], None]) -> list[str]:
    options = []
    for name, value in given.items():
        for one in [value] if isinstance(value, str) else value or []:
            options += ["--" + name.replace("_", "-"), one]
    return options


def _names(name: str, value: Names) -> list[str]:
    names = [value] if isinstance(value, str) else list(value or ())
    for one in names:
        if not isinstance(one, str):
            raise UsageError(f"{name} is a str or several of them; one is {one!r}")
    return names


def _key_file(path: Pathlike) -> str:
    name = os.fspath(path)
    if "-----BEGIN" in name:
        raise UsageError("private_key is the path of a PEM file; this is the key itself: write it to a file first")
    return os.path.abspath(name)


def _place_of(origin: Optional[Origin]) -> tuple[Optional[str], Optional[Any]]:
    """Returns the program's argument for an origin, and the server that stops with the edge."""
    if origin is None:
        return None, None
    if callable(origin):
        from ._origin import HandlerServer

        server = HandlerServer(origin)
        return server.url, server
    if not isinstance(origin, (str, os.PathLike)):
        raise UsageError(f"an origin is a URL, a directory, a function or a WSGI application; this is {type(origin).__name__}")
    place = os.fspath(origin)
    if not place:
        raise UsageError("an origin is a URL, a directory, a function or a WSGI application; this is an empty str")
    # The program suggests a correction for `localhost:3000`.
    is_address = isinstance(origin, str) and re.fullmatch(r"[A-Za-z0-9.-]*:?[0-9]+", place) and not os.path.exists(place)
    is_directory = not is_address and "://" not in place and not place.startswith(("echo:", "demo:", "file:"))
    return (os.path.abspath(place) if is_directory else place), None


def _end(handler: Optional[Any]) -> None:
    if handler is not None:
        handler.stop()
