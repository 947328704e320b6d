"""A server on this machine that answers as OpenAI's completions do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Answer = Callable[[dict[str, Any], dict[str, str]], tuple[int, bytes, dict[str, str]]]
"""What was asked and its headers, to status, body and headers."""


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """Serve, and give the address of its completions without their last part."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, body, headers = answer(asked | {"path": self.path}, dict(self.headers))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()


def with_top(tokens: dict[str, float]) -> bytes:
    """Return an answer that tells these tokens and their log probabilities."""
    said = {"choices": [{"text": "", "logprobs": {"top_logprobs": [tokens]}}]}
    return json.dumps(said).encode()
