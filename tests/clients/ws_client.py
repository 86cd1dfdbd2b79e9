"""A WebSocket client with the `websockets` library, told line by line what to do; each command is answered by a line.

First line of stdin: {"address": …, "uri": "wss://HOST/path", "ca": FILE, "headers": [[NAME, VALUE], …]}, answered by
{"opened": SUBPROTOCOL} or {"refused": STATUS, "body": TEXT}. Then ["echo", TEXT], ["echo-bytes", COUNT], ["ping"],
["send", TEXT], ["closed", SECONDS], ["close"].
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import ssl
import sys
import time

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect


def connecting(job: dict) -> connect:
    host, _, port = job["address"].rpartition(":")
    secure = job["uri"].startswith("wss:")
    return connect(
        job["uri"],
        sock=socket.create_connection((host, int(port)), timeout=20),
        ssl=ssl.create_default_context(cafile=job["ca"]) if secure else None,
        additional_headers=[tuple(header) for header in job.get("headers", [])],
        subprotocols=["chat"],
        compression=None,
        max_size=None,
        open_timeout=20,
        ping_interval=None,
        proxy=None,
    )


def act(tunnel: ClientConnection, name: str, *arguments) -> object:
    if name == "echo":
        tunnel.send(arguments[0])
        return tunnel.recv(20)
    if name == "echo-bytes":
        body = os.urandom(arguments[0])
        tunnel.send(body)
        return hashlib.sha256(tunnel.recv(60)).digest() == hashlib.sha256(body).digest()
    if name == "ping":
        return tunnel.ping().wait(20)
    if name == "send":
        return tunnel.send(arguments[0])
    if name == "closed":
        begun = time.monotonic()
        try:
            tunnel.recv(arguments[0])
        except ConnectionClosed:
            return time.monotonic() - begun
        except TimeoutError:
            return None
        return "a message"
    if name == "close":
        return tunnel.close()
    raise SystemExit(f"no command is called {name}")


def main() -> None:
    with contextlib.ExitStack() as ending:
        drive(ending)


def drive(ending: contextlib.ExitStack) -> None:
    try:
        tunnel = ending.enter_context(connecting(json.loads(sys.stdin.readline())))
    except InvalidStatus as refusal:
        body = (refusal.response.body or b"").decode()
        print(json.dumps({"refused": refusal.response.status_code, "body": body}))
        return
    except (InvalidHandshake, EOFError, OSError) as error:
        print(json.dumps({"refused": 0, "body": str(error)}))
        return
    print(json.dumps({"opened": tunnel.subprotocol}), flush=True)
    for line in sys.stdin:
        try:
            answer = act(tunnel, *json.loads(line))
        except ConnectionClosed as error:
            answer = {"closed": str(error)}
        print(json.dumps(answer), flush=True)


main()
