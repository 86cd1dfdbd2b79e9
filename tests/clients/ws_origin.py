"""A WebSocket origin with the `websockets` library. Prints its port; each request's target and headers go to stdout.

Every message comes back. A request without an upgrade is answered 200.
"""

from __future__ import annotations

import contextlib
import http
import json
import sys

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Request, Response, ServerConnection, serve


def first(connection: ServerConnection, request: Request) -> Response | None:
    told = {"target": request.path, "headers": [[name.lower(), value] for name, value in request.headers.raw_items()]}
    print(json.dumps(told), flush=True)
    if "upgrade" not in request.headers:
        return connection.respond(http.HTTPStatus.OK, "no tunnel\n")
    return None


def echo(connection: ServerConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        for message in connection:
            connection.send(message)


def main() -> None:
    with serve(
        echo, "127.0.0.1", 0, process_request=first, subprotocols=["chat"], max_size=None, compression=None,
        ping_interval=None,
    ) as server:
        print(server.socket.getsockname()[1], flush=True)
        server.serve_forever()


sys.stdout.reconfigure(line_buffering=True)
main()
