"""A GitHub that takes ``repository_dispatch`` and nothing else, by the rules that GitHub states."""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Final, Self

MAX_KEYS: Final = 10
"""GitHub's limit for the top level of ``client_payload``."""
MAX_NAME: Final = 100


class Dispatches:
    """A server on a port of its own; use as a context manager."""

    def __init__(self, *, token: str, status: int = 204) -> None:
        """Take the one token that may dispatch, and what is answered to it."""
        self.taken: list[dict[str, Any]] = []
        self.token = token
        self.status = status
        handler = type("Handler", (_Handler,), {"github": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )

    @property
    def address(self) -> str:
        """Address of the API."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Start serving."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, authorization: str, body: bytes) -> int:
        """Take a dispatch, or refuse it as GitHub would."""
        if authorization != f"Bearer {self.token}":
            return 401
        if path != "/repos/acme/checks/dispatches":
            return 404
        document = json.loads(body)
        keys = document.get("client_payload", {})
        if not 0 < len(document.get("event_type", "")) <= MAX_NAME or len(keys) > MAX_KEYS:
            return 422
        self.taken.append(document)
        return self.status


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent when a client is killed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    github: ClassVar[Dispatches]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        status = self.github.answer(self.path, self.headers.get("Authorization", ""), body)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay silent."""
