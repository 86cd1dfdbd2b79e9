"""A TLS connection to the server under test."""

from __future__ import annotations

import socket
import ssl


def connect(job: dict, alpn: list[str]) -> ssl.SSLSocket:
    """Connects to `address` with the authority in `ca`, asking for `server-name`."""
    context = ssl.create_default_context(cafile=job["ca"])
    context.set_alpn_protocols(alpn)
    host, _, port = job["address"].rpartition(":")
    plain = socket.create_connection((host, int(port)), timeout=20)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream = context.wrap_socket(plain, server_hostname=job["server-name"])
    stream.settimeout(20)
    return stream
