"""How does the local GitHub answer over a socket?

Stateful, and strict: what GitHub's description does not allow is noted as a violation, whoever
wrote it, and answered 422.
"""

from __future__ import annotations

import base64
import json
import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Final, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.githubserver import contract, graphql_api
from tests.githubserver.routes import ROUTES, RefusalError
from tests.githubserver.world import HOME, Login, World

FORBIDDEN: Final = "Resource not accessible by integration"


@dataclass
class Fault:
    """What goes wrong with requests whose method and path match."""

    match: str
    """Pattern of ``METHOD /path``."""
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "fault"
    times: int = 1
    drop: bool = False
    """Close the connection instead of answering."""
    after: bool = False
    """Carry the request out first."""
    delay: float = 0.0


class LocalGitHub:
    """A GitHub on this machine; use as a context manager.

    Attributes:
        world: What is there.
        faults: What goes wrong.
        requests: ``METHOD /path`` of every request so far.
        violations: What GitHub's description says against requests or answers.
        before: Called with ``METHOD /path`` before each request is carried out.
    """

    def __init__(self, *, public: str = "") -> None:
        """Bind a port; nothing is served before the context is entered.

        Args:
            public: The address under which clients see this server, behind a proxy.
        """
        self.world = World()
        self.faults: list[Fault] = []
        self.requests: list[str] = []
        self.violations: list[str] = []
        self.before: Callable[[str], None] = lambda _line: None
        self.lock = threading.RLock()
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.public = public

    @property
    def port(self) -> int:
        """Port of the server."""
        return self._server.server_port

    @property
    def address(self) -> str:
        """Address of the API."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Start serving."""
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def take_fault(self, line: str) -> Fault | None:
        """Return the first fault that matches, and count it down."""
        with self.lock:
            for fault in self.faults:
                if fault.times > 0 and re.search(fault.match, line):
                    fault.times -= 1
                    return fault
        return None

    def answer(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, Any, dict[str, str]]:
        """Carry a request out; return status, document (or bytes) and headers."""
        login = self._login(headers)
        path = urlsplit(target).path
        if path == "/graphql":
            return 200, graphql_api.run(self, login, json.loads(body)), {}
        violations = contract.request_errors(method, target, headers, body)
        if violations:
            self.violations += violations
            raise RefusalError(422, f"Validation Failed: {violations[0]}")
        with self.lock:
            status, document, extra = self._route(method, target, login, body)
        if "vnd.github.raw" in headers.get("accept", "") and document.get("encoding") == "base64":
            document = base64.b64decode(document["content"])
        if not isinstance(document, bytes) and status not in {204, 302}:
            # Of a list the first entry stands for all: they are made alike.
            shown = document[:1] if isinstance(document, list) else document
            self.violations += contract.answer_errors(method, target, headers, status, shown)
        return status, document, extra

    def _login(self, headers: dict[str, str]) -> Login:
        given = headers.get("authorization", "")
        if not given:
            return Login(name="", write=False)
        login = self.world.tokens.get(given.removeprefix("Bearer "))
        if login is None:
            raise RefusalError(401, "Bad credentials")
        return login

    def _route(
        self, method: str, target: str, login: Login, body: bytes
    ) -> tuple[int, Any, dict[str, str]]:
        split = urlsplit(target)
        query = {k: v[0] for k, v in parse_qs(split.query).items()}
        path = unquote(split.path)
        if path.startswith("/storage/"):
            return 200, b"", {}
        if not path.startswith(HOME):
            raise RefusalError(404, "Not Found")
        rest = path.removeprefix(HOME)
        given = json.loads(body) if body else {}
        if method != "GET" and not login.write:
            raise RefusalError(403, FORBIDDEN)
        for pattern, wanted, function in ROUTES:
            found = re.fullmatch(pattern, rest)
            if found and method == wanted:
                result: tuple[int, Any, dict[str, str]] = function(
                    self, login, found.groups(), query, given
                )
                return result
        raise RefusalError(404, "Not Found")

    def page(
        self, items: list[Any], query: dict[str, str], rest: str
    ) -> tuple[list[Any], dict[str, str]]:
        """Return one page of a list and its Link header."""
        size, number = int(query.get("per_page", 30)), int(query.get("page", 1))
        shown = items[(number - 1) * size : number * size]
        if number * size >= len(items):
            return shown, {}
        others = "".join(f"&{k}={v}" for k, v in query.items() if k not in {"page", "per_page"})
        home = self.public or self.address
        link = f"<{home}{HOME}{rest}?per_page={size}&page={number + 1}{others}>"
        return shown, {"Link": f'{link}; rel="next"'}


class _Server(ThreadingHTTPServer):
    """Says nothing about clients that did not wait for their answer."""

    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about a broken pipe; anything else is a fault of the test."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Takes a request off the wire and puts the answer on it."""

    protocol_version = "HTTP/1.1"
    hub: ClassVar[LocalGitHub]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Say nothing."""

    def _serve(self) -> None:
        hub = self.hub
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        line = f"{self.command} {urlsplit(self.path).path}"
        headers = {k.lower(): v for k, v in self.headers.items()}
        with hub.lock:
            hub.requests.append(line)
        hub.before(line)
        fault = hub.take_fault(line)
        if fault is not None:
            time.sleep(fault.delay)
            if fault.after:
                hub.answer(self.command, self.path, headers, body)
            if fault.drop:
                self.close_connection = True
                return
            self._put(fault.status, {"message": fault.message}, fault.headers)
            return
        if self.path.startswith("/storage/"):
            self._storage(headers)
            return
        try:
            status, document, extra = hub.answer(self.command, self.path, headers, body)
        except RefusalError as refusal:
            self._put(refusal.status, {"message": refusal.message}, refusal.headers)
            return
        self._put(status, document, extra)

    def _storage(self, headers: dict[str, str]) -> None:
        """Serve an artifact from the other host, which refuses a token of this one."""
        number = int(self.path.rpartition("/")[2])
        if "authorization" in headers:
            self.hub.violations.append("the token was sent to the storage host")
        stored = self.hub.world.artifacts.values()
        found = (d for many in stored for i, _, d in many if i == number)
        self._put(200, next(found), {})

    def _put(self, status: int, document: Any, headers: dict[str, str]) -> None:
        raw = isinstance(document, bytes)
        data = document if raw else b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        kind = "application/octet-stream" if raw else "application/json; charset=utf-8"
        if data:
            self.send_header("Content-Type", kind)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _serve  # noqa: N815 - the parent's names
