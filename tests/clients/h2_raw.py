"""An HTTP/2 client that sends whatever frames it is told to, right or wrong.

First line of stdin: {"address": …, "ca": FILE, "server-name": NAME, "preface": true, "settings": {"4": 0, …}}.
Each further line is a command, a list of its name and arguments; each is answered by one line. A reader thread takes
what the server sends all the while, acknowledges settings and pings, and gives back window unless `greedy` is off.
"""

from __future__ import annotations

import json
import select
import ssl
import sys
import threading
import time

import hpack
from hyperframe import frame as frames

from wire import connect

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Client:
    """A connection, and what has been seen on it."""

    def __init__(self, job: dict):
        self.stream = connect(job, ["h2"])
        # OpenSSL's connection is not for two threads at once: none may stay in it while it waits.
        self.stream.setblocking(False)
        self.tls = threading.Lock()
        self.gives_window = job.get("gives-window", True)
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.seen = threading.Condition()
        self.streams: dict[int, dict] = {}
        self.settings: dict[int, int] = {}
        self.goaway: dict | None = None
        self.is_closed = False
        self.pongs = self.settings_acks = 0
        self.sending = threading.Lock()
        if job.get("preface", True):
            first = frames.SettingsFrame(0, settings={int(k): v for k, v in job.get("settings", {}).items()})
            self.send(PREFACE + first.serialize())
        threading.Thread(target=self.read, daemon=True).start()

    # What is sent

    def send(self, data: bytes) -> bool:
        """Whether the server still takes it."""
        rest = memoryview(data)
        with self.sending:
            while rest and not self.is_closed:
                try:
                    with self.tls:
                        sent = self.stream.send(rest)
                    rest = rest[sent:]
                except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
                    select.select([], [self.stream], [], 0.1)
                except OSError:
                    self.close()
        return not self.is_closed

    def close(self) -> None:
        with self.seen:
            self.is_closed = True
            self.seen.notify_all()

    def receive(self) -> bytes:
        """The next bytes; none at the end."""
        while not self.is_closed:
            try:
                with self.tls:
                    return self.stream.recv(1 << 16)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                select.select([self.stream], [], [], 0.1)
            except OSError:
                break
        return b""

    def block(self, fields: list[list[str]]) -> bytes:
        # Nothing enters the table: what isn't sent after all must not be referred to later.
        return self.encoder.encode([hpack.NeverIndexedHeaderTuple(*map(str.encode, pair)) for pair in fields])

    def open(self, number: int, fields: list[list[str]], ends: bool = True, piece: int = 16_384) -> None:
        block = self.block(fields)
        head = frames.HeadersFrame(number, block[:piece])
        if ends:
            head.flags.add("END_STREAM")
        parts: list[frames.Frame] = [head]
        parts += [frames.ContinuationFrame(number, block[at : at + piece]) for at in range(piece, len(block), piece)]
        parts[-1].flags.add("END_HEADERS")
        self.send(b"".join(part.serialize() for part in parts))

    def data(self, number: int, length: int, ends: bool = False) -> None:
        body = frames.DataFrame(number, b"x" * length)
        if ends:
            body.flags.add("END_STREAM")
        self.send(body.serialize())

    def reset(self, number: int, code: int = 8) -> None:
        self.send(frames.RstStreamFrame(number, error_code=code).serialize())

    def window(self, number: int, increment: int) -> None:
        self.send(frames.WindowUpdateFrame(number, window_increment=increment).serialize())

    def raw(self, text: str) -> None:
        self.send(bytes.fromhex(text))

    def flood(self, kind: str, count: int, first: int, fields: list[list[str]]) -> int:
        """Sends frames of a kind until they are `count` or the server has had enough; how many were sent."""
        block = self.block(fields)
        for number in range(count):
            if not self.send(self.drop(kind, first + 2 * number, number, block)):
                return number
        return count

    def drop(self, kind: str, number: int, turn: int, block: bytes) -> bytes:
        """One drop of a flood."""
        head = frames.HeadersFrame(number, block, flags=["END_HEADERS"])
        if kind == "rapid-reset":
            head.flags.add("END_STREAM")
            return head.serialize() + frames.RstStreamFrame(number, error_code=8).serialize()
        if kind == "settings":
            return frames.SettingsFrame(0, settings={4: 65_535}).serialize()
        if kind == "ping":
            return frames.PingFrame(0, opaque_data=turn.to_bytes(8, "big")).serialize()
        if kind == "empty-data":
            begin = head.serialize() if turn == 0 else b""
            return begin + frames.DataFrame(number - 2 * turn, b"").serialize()
        if kind == "continuation":
            begin = frames.HeadersFrame(number, block).serialize() if turn == 0 else b""
            return begin + frames.ContinuationFrame(number - 2 * turn, b"").serialize()
        if kind == "growing-header":
            begin = frames.HeadersFrame(number, block).serialize() if turn == 0 else b""
            more = self.block([[f"x-{turn}", "y" * 8_000]])
            return begin + frames.ContinuationFrame(number - 2 * turn, more).serialize()
        if kind == "window-of-nothing":
            # Opens a stream that is reset because its window overflows: the server is made to reset it.
            begin = head.serialize()
            return begin + frames.WindowUpdateFrame(number, window_increment=0x7FFF_FFFF).serialize()
        if kind == "open-streams":
            return head.serialize()
        if kind == "priority":
            return frames.PriorityFrame(number, depends_on=0, stream_weight=turn % 255).serialize()
        raise SystemExit(f"no flood is called {kind}")

    # What is received

    def read(self) -> None:
        buffer, block = b"", b""
        while True:
            received = self.receive()
            if not received:
                return self.close()
            buffer += received
            while len(buffer) >= 9:
                frame, length = frames.Frame.parse_frame_header(memoryview(buffer[:9]))
                if len(buffer) < 9 + length:
                    break
                frame.parse_body(memoryview(buffer[9 : 9 + length]))
                buffer = buffer[9 + length :]
                with self.seen:
                    block = self.take(frame, block)
                    self.seen.notify_all()

    def take(self, frame: frames.Frame, block: bytes) -> bytes:
        state = self.streams.setdefault(frame.stream_id, {"bytes": 0}) if frame.stream_id else {}
        if isinstance(frame, (frames.HeadersFrame, frames.ContinuationFrame)):
            block += frame.data
            if "END_HEADERS" in frame.flags:
                fields = [(str(name, "latin-1"), str(value, "latin-1"))
                          for name, value in self.decoder.decode(block, raw=True)]
                state.setdefault("status", int(dict(fields).get(":status", 0)))
                state.setdefault("headers", fields[1:])
                block = b""
        elif isinstance(frame, frames.DataFrame):
            state["bytes"] += len(frame.data)
            if self.gives_window and frame.flow_controlled_length:
                increment = frame.flow_controlled_length
                update = frames.WindowUpdateFrame(0, window_increment=increment).serialize()
                update += frames.WindowUpdateFrame(frame.stream_id, window_increment=increment).serialize()
                self.answer(update)
        elif isinstance(frame, frames.RstStreamFrame):
            state["reset"] = frame.error_code
        elif isinstance(frame, frames.GoAwayFrame):
            self.goaway = {"code": frame.error_code, "last": frame.last_stream_id}
        elif isinstance(frame, frames.SettingsFrame):
            if "ACK" in frame.flags:
                self.settings_acks += 1
            else:
                self.settings.update(frame.settings)
                self.answer(frames.SettingsFrame(0, flags=["ACK"]).serialize())
        elif isinstance(frame, frames.PingFrame):
            if "ACK" in frame.flags:
                self.pongs += 1
            else:
                self.answer(frames.PingFrame(0, opaque_data=frame.opaque_data, flags=["ACK"]).serialize())
        if "END_STREAM" in frame.flags:
            state["ended"] = True
        return block

    def answer(self, data: bytes) -> None:
        # Not while holding up the reader: whoever floods must read on, or both sides would wait.
        threading.Thread(target=self.send, args=(data,), daemon=True).start()

    # What is told

    def wait(self, numbers: list[int], seconds: float = 10) -> dict:
        """Until these streams are over, or the connection is."""
        return self.until(lambda: all(self.is_over(number) for number in numbers), seconds)

    def wait_bytes(self, number: int, count: int, seconds: float = 10) -> dict:
        return self.until(lambda: self.streams.get(number, {}).get("bytes", 0) >= count, seconds)

    def wait_goaway(self, seconds: float = 10) -> dict:
        return self.until(lambda: self.goaway is not None, seconds)

    def wait_closed(self, seconds: float = 10) -> dict:
        return self.until(lambda: False, seconds)

    def is_over(self, number: int) -> bool:
        state = self.streams.get(number, {})
        return "ended" in state or "reset" in state

    def until(self, happened, seconds: float) -> dict:
        deadline = time.monotonic() + seconds
        with self.seen:
            while not happened() and not self.is_closed and (left := deadline - time.monotonic()) > 0:
                self.seen.wait(left)
            return {
                "streams": {str(number): state for number, state in self.streams.items()},
                "goaway": self.goaway,
                "closed": self.is_closed,
                "settings": {str(int(name)): value for name, value in self.settings.items()},
                "pongs": self.pongs,
                "settings-acks": self.settings_acks,
            }


def main() -> None:
    client = Client(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        answer = getattr(client, name)(*arguments)
        print(json.dumps(answer), flush=True)


main()
