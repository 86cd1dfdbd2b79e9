"""Sends requests over HTTP/2 with the `h2` library, one after another, and tells what came back.

stdin:  {"address": "127.0.0.1:8443", "ca": FILE, "server-name": NAME, "requests": [[[NAME, VALUE], …], …]}
stdout: [{"status": 200, "headers": [[NAME, VALUE], …], "body": TEXT} | {"broken": WHY}, …]
A request may have no body. Names and values go out as they are, pseudo-headers first.
"""

from __future__ import annotations

import json
import ssl
import sys

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from wire import connect


class Connection:
    """One connection, used until the server ends it."""

    def __init__(self, job: dict):
        self.stream: ssl.SSLSocket = connect(job, ["h2"])
        if self.stream.selected_alpn_protocol() != "h2":
            raise SystemExit(f"ALPN chose {self.stream.selected_alpn_protocol()}")
        config = h2.config.H2Configuration(
            client_side=True,
            header_encoding=None,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
        self.machine = h2.connection.H2Connection(config)
        self.machine.initiate_connection()
        self.is_over = False
        self.flush()

    def flush(self) -> None:
        self.stream.sendall(self.machine.data_to_send())

    def ask(self, headers: list[list[str]]) -> dict:
        number = self.machine.get_next_available_stream_id()
        fields = [(name.encode(), value.encode()) for name, value in headers]
        self.machine.send_headers(number, fields, end_stream=True)
        self.flush()
        answer: dict = {"body": ""}
        while True:
            received = self.stream.recv(1 << 16)
            if not received:
                self.is_over = True
                return {"broken": "the connection was closed"}
            for event in self.machine.receive_data(received):
                if isinstance(event, h2.events.ConnectionTerminated):
                    # Streams that were begun before go on.
                    self.is_over = True
                    if event.last_stream_id < number:
                        return {"broken": f"GOAWAY {event.error_code}"}
                elif getattr(event, "stream_id", None) != number:
                    continue
                elif isinstance(event, h2.events.ResponseReceived):
                    fields = [[part.decode(errors="replace") for part in field] for field in event.headers]
                    answer["status"] = int(fields[0][1])
                    answer["headers"] = fields[1:]
                elif isinstance(event, h2.events.DataReceived):
                    answer["body"] += event.data.decode(errors="replace")
                    self.machine.acknowledge_received_data(event.flow_controlled_length, number)
                elif isinstance(event, h2.events.StreamReset):
                    return {"broken": f"RST_STREAM {event.error_code}"}
                elif isinstance(event, h2.events.StreamEnded):
                    self.flush()
                    return answer
            self.flush()


def main() -> None:
    job = json.load(sys.stdin)
    connection: Connection | None = None
    answers = []
    for headers in job["requests"]:
        if connection is None or connection.is_over:
            connection = Connection(job)
        try:
            answers.append(connection.ask(headers))
        except (OSError, h2.exceptions.ProtocolError) as error:
            answers.append({"broken": str(error)})
            connection = None
    json.dump(answers, sys.stdout)


main()
