"""Scenarios n and o: the memory of thousands of waiting viewers, and whether an hour of traffic leaks memory."""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
import threading
import time

from bench import Bench
from load import HOST, drive
from machine import BenchError
from results import Goal, Row, Section, Series
from rounds import say
from servers import Server

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")
_END_STREAM = 0x1


def waiting(bench: Bench) -> Section:
    """(n) Idle TLS connections after one request, and streams that wait for the origin."""
    wanted = bench.settings.count(10_000, 200)
    if bench.stage.files < wanted + 500:
        raise BenchError(f"{wanted} connections need more open files than the {bench.stage.files} that are allowed")
    rows = []
    for name in bench.binaries:
        recipe = bench.frontgate(name, certificate="ecdsa")
        if not recipe.understands_itself(bench.stage):
            continue
        for protocol, title in (("http/1.1", "idle connection, HTTP/1.1"), ("h2", "idle connection, HTTP/2")):
            server = bench.stage.start(bench.frontgate(name, certificate="ecdsa"))
            rows.append(_row(f"{name}, {title}", _connections(bench, server, wanted, protocol)))
            bench.stage.stop(server)
        with _SilentOrigin() as origin:
            server = bench.stage.start(bench.frontgate(name, certificate="ecdsa", origin=origin.port))
            streams = bench.settings.count(100, 10)
            rows.append(_row(f"{name}, waiting stream", _streams(bench, server, bench.settings.count(50, 5), streams)))
            bench.stage.stop(server)
    notes = [
        f"{wanted:,} connections. Resident memory; the kernel's is not counted. A waiting stream's figure includes its "
        "connection to the origin."
    ]
    return Section("n", "idle connections and waiting streams over TLS", rows, notes)


def soak(bench: Bench) -> Section:
    """(o) As many requests as 1,000 per second in an hour, as fast as possible: of every kind, with a reload after each part."""
    parts = bench.settings.count(36, 3)
    requests = bench.settings.count(100_000, 300)
    rows = []
    for name in bench.binaries:
        recipe = bench.frontgate(name, certificate="ecdsa")
        if not recipe.understands_itself(bench.stage):
            continue
        server = bench.stage.start(recipe)
        public, signed = "public.txt", "wildcard.txt"
        kinds = [
            bench.load(public, protocol="https", limit=requests, seconds=60),
            bench.load(public, protocol="h2", connections=8, streams=8, limit=requests, seconds=60),
            bench.load(signed, protocol="https", limit=requests, seconds=60),
            bench.load("half-forged.txt", protocol="https", limit=requests, seconds=60, denied=0.5),
        ]
        resident: list[float] = []
        served = 0
        for part in range(parts):
            served += drive(server.port, kinds[part % len(kinds)], bench.stage.cores).requests
            server.process.hang_up()
            resident.append(server.process.resident_bytes() / (1 << 20))
        bench.stage.stop(server)
        third = max(1, parts // 3)
        early, late = max(resident[:third]), max(resident[-third:])
        say(f"    {name:34} {served:,} requests, {parts} reloads, {early:.1f} MiB, then {late:.1f}")
        goals = [Goal("≤ 1.1 × the first third", late, 1.1 * early)]
        shown = Series(tuple(resident))
        rows.append(
            Row(f"{name}, memory at the end", f"{late:.1f}", "MiB", shown.spread(1), f"{late / early:.2f} × the first third", goals, True)
        )
    notes = [f"{parts * requests:,} requests and {parts} reloads: public, signed and forged, over HTTP/1.1 and HTTP/2."]
    return Section("o", "an hour of traffic", rows, notes)


def _row(system: str, kibibytes: float) -> Row:
    return Row(system, f"{kibibytes:.1f}", "KiB each", summary=True)


def _connections(bench: Bench, server: Server, wanted: int, protocol: str) -> float:
    drive(server.port, bench.load("public.txt", protocol="https", connections=1, limit=200, seconds=20), bench.stage.cores)
    before = server.process.resident_bytes()
    kept = []
    try:
        for _ in range(wanted):
            connection = _secured(server.port, protocol)
            kept.append(connection)
            if protocol == "h2":
                connection.sendall(_PREFACE + _ask(1, "/public/idle"))
                _until_end(connection)
            else:
                connection.sendall(f"GET /public/idle HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
                _until(connection, bench.stage.body)
        time.sleep(1)
        return (server.process.resident_bytes() - before) / 1024 / wanted
    finally:
        for connection in kept:
            connection.close()


def _streams(bench: Bench, server: Server, connections: int, streams: int) -> float:
    kept = [_secured(server.port, "h2") for _ in range(connections)]
    try:
        for connection in kept:
            connection.sendall(_PREFACE)
        time.sleep(0.5)
        before = server.process.resident_bytes()
        for connection in kept:
            connection.sendall(b"".join(_ask(2 * number + 1, "/public/wait") for number in range(streams)))
        time.sleep(3)
        return (server.process.resident_bytes() - before) / 1024 / (connections * streams)
    finally:
        for connection in kept:
            connection.close()


@functools.cache
def _context(protocol: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols([protocol])
    return context


def _secured(port: int, protocol: str) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port), timeout=20)
    return _context(protocol).wrap_socket(plain, server_hostname=HOST)


def _ask(stream: int, path: str) -> bytes:
    """A HEADERS frame: :method GET and :scheme https of the static table, the others literally (RFC 7541, 6.2.2)."""
    block = b"\x82\x87" + bytes([0x04, len(path)]) + path.encode() + bytes([0x01, len(HOST)]) + HOST.encode()
    return len(block).to_bytes(3, "big") + bytes([1, 5]) + stream.to_bytes(4, "big") + block


def _until_end(connection: ssl.SSLSocket) -> None:
    """Reads frames up to the end of a stream."""
    held = b""
    while True:
        while len(held) >= 9:
            length, kind, flags = int.from_bytes(held[:3], "big"), held[3], held[4]
            if len(held) < 9 + length:
                break
            held = held[9 + length :]
            if kind in (0, 1) and flags & _END_STREAM:
                return
        received = connection.recv(65_536)
        if not received:
            raise BenchError("a connection was closed that should have been kept")
        held += received


def _until(connection: ssl.SSLSocket, body: int) -> None:
    answer = b""
    while (head := answer.find(b"\r\n\r\n")) < 0 or len(answer) < head + 4 + body:
        received = connection.recv(65_536)
        if not received:
            raise BenchError(f"a connection was closed that should have been kept: {answer[:100]!r}")
        answer += received


class _SilentOrigin:
    """An origin that never responds to `/public/wait`, and responds to everything else at once."""

    def __enter__(self) -> _SilentOrigin:
        self.loop = asyncio.new_event_loop()
        listening = asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=4096)
        self.server = self.loop.run_until_complete(listening)
        self.port = self.server.sockets[0].getsockname()[1]
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if b"/public/wait" not in head:
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n" + b"x" * 1024)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
