"""How does the local Hub speak HTTP?

Every request is logged before it is answered, and every body byte before it is sent, so that a
client that has its answer finds it counted.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, Protocol
from urllib.parse import unquote

from tests.hubserver.faults import Drop, Fault, Slow, Status, Unframed, spoiled
from tests.hubserver.link import Link
from tests.hubserver.reply import Reply, error_reply
from tests.hubserver.routes import Request


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request as the server saw it, and what it sent back."""

    origin: str
    """``hub`` or ``storage``."""
    method: str
    path: str
    """Unquoted and without the query; on storage the path of the file inside its repository."""
    headers: Mapping[str, str]
    status: int = 0
    body_bytes: int = 0
    is_content: bool = False
    """Whether the body was content of a file, not JSON, an error or a redirect."""
    began: float = 0.0
    """When the request was there, on the clock that only goes forward."""
    ended: float = 0.0
    """When the last byte of the answer was sent; 0 until then."""


class Counting(Protocol):
    """What an origin needs of the Hub it belongs to."""

    link: Link

    def record(self, exchange: Exchange) -> Fault | None:
        """Log a request and return what shall go wrong with it."""
        ...

    def connected(self) -> None:
        """Count an accepted connection."""
        ...


class Origin:
    """One origin: a listening socket and its thread."""

    def __init__(
        self, origin: str, host: str, reply_to: Callable[[Request], Reply], hub: Counting
    ) -> None:
        """Bind a port of ``host``; ``hub`` counts and spoils what passes."""
        handler = type(
            "Handler",
            (_Handler,),
            {"origin": origin, "reply_to": staticmethod(reply_to), "hub": hub},
        )
        self._server = _Listener(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self.address = f"http://{host}:{self._server.server_address[1]}"

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


class _Listener(ThreadingHTTPServer):
    # With the default of 5, a burst of 16 connections waits a second for a second try.
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Headers and body leave in one packet, as from a real server.
    wbufsize = 64 * 1024
    timeout = 30

    origin: ClassVar[str]
    reply_to: ClassVar[Callable[[Request], Reply]]
    hub: ClassVar[Counting]

    def setup(self) -> None:
        self.hub.connected()
        super().setup()

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay silent."""

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", "0")))
        request = Request(method=self.command, target=self.path, headers=headers, body=body)
        path = unquote(request.path)
        if self.origin == "storage":
            path = path.split("/", 2)[-1]
        exchange = Exchange(
            origin=self.origin,
            method=self.command,
            path=path,
            headers=headers,
            began=time.monotonic(),
        )
        fault = self.hub.record(exchange)
        try:
            # A refusal has done nothing; behind a fault of the server the deed may be done.
            refused = isinstance(fault, Status) and fault.status < 500
            reply = Reply() if refused else type(self).reply_to(request)
        except Exception as error:  # noqa: BLE001 - a bug in a route must not hang the client
            reply = error_reply(500, "", json.dumps(repr(error)))
        # The client may hang up at any time; that is its right.
        with suppress(ConnectionError, TimeoutError, socket.timeout):
            self._send(spoiled(reply, fault), exchange, fault)

    def _send(self, reply: Reply, exchange: Exchange, fault: Fault | None) -> None:
        if isinstance(fault, Slow):
            time.sleep(fault.seconds)
        self.hub.link.wait()
        exchange.status = reply.status
        exchange.is_content = reply.content is not None
        self.send_response(reply.status)
        if isinstance(fault, Unframed):
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(reply.length))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            left = fault.after if isinstance(fault, Drop) else reply.length
            for block in reply.blocks():
                sent = block[:left]
                left -= len(sent)
                exchange.body_bytes += len(sent)
                self.hub.link.carry(len(sent))
                self.wfile.write(sent)
        exchange.ended = time.monotonic()  # before the last packet leaves: the next may follow it
        self.wfile.flush()
        if isinstance(fault, Drop):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
