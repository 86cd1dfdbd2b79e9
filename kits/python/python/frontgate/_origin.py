"""An origin that is a function in the test, or a WSGI application: a small server on a free loopback port."""

from __future__ import annotations

import inspect
import socket
import sys
import traceback
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from itertools import count
from threading import Thread
from typing import Any, Callable, Mapping
from urllib.parse import unquote_to_bytes

from ._errors import UsageError
from ._models import Request

Parts = tuple[int, list[tuple[str, str]], bytes]
_Answering = Callable[["_Connection", bytes], Parts]
_BYTES_AT_MOST = 64 << 20


class HandlerServer:
    """Serves a function or a WSGI application until it is stopped."""

    def __init__(self, handler: Callable[..., Any]) -> None:
        answering = _run_wsgi(handler) if _is_wsgi(handler) else _run_function(handler)
        self._server = _Server(("127.0.0.1", 0), _Connection)
        self._server.answer = answering
        self.url = "http://127.0.0.1:{}".format(self._server.server_address[1])
        self._is_stopping = False
        self._thread = Thread(target=self._serve, name="frontgate-origin", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stops the server and releases the port."""
        self._is_stopping = True
        try:
            # Wakes the thread, which waits for a connection.
            socket.create_connection(("127.0.0.1", self._server.server_port), 5.0).close()
        except OSError:
            pass
        self._thread.join(5.0)
        self._server.server_close()

    def _serve(self) -> None:
        while not self._is_stopping:
            try:
                connection, address = self._server.get_request()
            except OSError:
                continue
            self._server.process_request(connection, address)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignores broken connections. A handler's own errors are printed where they occur."""

    answer: _Answering


class _Connection(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:
        """Logs nothing: the edge has a log."""

    @property
    def target(self) -> str:
        """The target as sent: `path` lacks a leading //."""
        return self.requestline.split(" ")[1]

    def _answer(self) -> None:
        self.close_connection = True
        try:
            status, headers, content = self.server.answer(self, self._body())
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            said = f"the origin's handler raised {type(error).__name__}: {error}\n"
            status, headers, content = 500, [], said.encode()
        self._send(status, headers, content)

    def _send(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status, responses.get(status, "Status"))
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(min(int(self.headers.get("Content-Length") or 0), _BYTES_AT_MOST))
        body = b""
        while len(body) < _BYTES_AT_MOST:
            size = int(self.rfile.readline().split(b";")[0], 16)
            body += self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                break
        return body


def _is_wsgi(handler: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(handler).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    needed = [one for one in positional if one.default is one.empty]
    if len(needed) > 2:
        raise UsageError(
            f"{handler!r} takes {len(needed)} arguments: an origin is a function(Request) or a WSGI application "
            "(environ, start_response); run an ASGI application with its own server, and give its URL"
        )
    return len(needed) == 2


def _run_function(handler: Callable[..., Any]) -> _Answering:
    numbers = count(1)

    def answer(connection: _Connection, body: bytes) -> Parts:
        headers = [(name.lower(), value) for name, value in connection.headers.items()]
        return _parts(handler(Request(next(numbers), connection.command, connection.target, headers, body)))

    return answer


def _run_wsgi(application: Callable[..., Any]) -> _Answering:
    def answer(connection: _Connection, body: bytes) -> Parts:
        started: list[tuple[str, list[tuple[str, str]]]] = []
        written: list[bytes] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Callable[[bytes], None]:
            started.append((status, headers))
            return written.append

        chunks = application(_environ(connection, body), start_response)
        try:
            written.extend(chunks)
        finally:
            getattr(chunks, "close", lambda: None)()
        if not started:
            raise TypeError("the WSGI application didn't call start_response")
        status, headers = started[-1]
        return int(status.split(" ")[0]), headers, b"".join(written)

    return answer


def _parts(given: Any) -> Parts:
    status, headers, body = given if isinstance(given, tuple) and len(given) == 3 else (200, {}, given)
    if isinstance(body, str):
        body = body.encode()
    if not isinstance(status, int) or not isinstance(body, bytes):
        raise TypeError(f"an origin's handler returns str, bytes or (status, headers, body), not {type(given).__name__}")
    return status, list(headers.items() if isinstance(headers, Mapping) else headers), body


def _environ(connection: _Connection, body: bytes) -> dict[str, Any]:
    path, _, query = connection.target.partition("?")
    host, port = connection.server.server_address[:2]
    environ: dict[str, Any] = {
        "REQUEST_METHOD": connection.command,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "REQUEST_URI": connection.target,
        "CONTENT_TYPE": connection.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": str(host),
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": str(connection.client_address[0]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in connection.headers.items():
        key = "HTTP_" + name.upper().replace("-", "_")
        if key not in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"):
            environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ
