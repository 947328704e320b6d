"""How is the local Hub reached over sockets, and what did it count?

Two servers on two ports, since the Hub and its storage are two origins. Every request is logged
before it is answered, and every body byte before it is sent, so that a client that has its answer
finds it counted.
"""

from __future__ import annotations

import hmac
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import ClassVar, Final, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.hubserver.faults import Drop, Fault, FaultPlan, Slow, Unframed, spoiled
from tests.hubserver.link import Link
from tests.hubserver.reply import Reply, content_reply, error_reply
from tests.hubserver.routes import Request, answer
from tests.hubserver.storage import Commit, Content, Files, Repository, contents_of

HUB_HOST: Final = "127.0.0.1"
STORAGE_HOST: Final = "localhost"
"""Another name, not only another port: client 1.33 takes two ports of one host for one origin."""


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


@dataclass(slots=True)
class _Log:
    exchanges: list[Exchange] = field(default_factory=list)
    connections: int = 0


class LocalHub:
    """A Hub with a storage host on this machine; use as a context manager.

    Attributes:
        faults: What goes wrong; see ``FaultPlan.add``.
        exchanges: Every request so far, in the order of arrival.
        link: The line to both hosts.
    """

    def __init__(
        self, *, page_size: int = 1000, resolve_cache: bool = False, link: Link | None = None
    ) -> None:
        """Bind two ports; nothing is served before the context is entered.

        Args:
            page_size: Entries on a page of a listing.
            resolve_cache: Whether small files are redirected on the Hub itself, as the Hub does.
            link: The line to both hosts; by default nothing slows it.
        """
        self.link = link or Link()
        self.page_size = page_size
        self.resolve_cache = resolve_cache
        self.faults = FaultPlan()
        self._users: dict[str, str] = {}
        self._repositories: dict[str, Repository] = {}
        self._new_names: dict[str, str] = {}
        self._stored: dict[str, Content] = {}
        self._epoch = 0
        self._log = _Log()
        self._hub = _Server("hub", HUB_HOST, self._answer_hub, self)
        self._storage = _Server("storage", STORAGE_HOST, self._answer_storage, self)

    def __enter__(self) -> Self:
        """Start serving."""
        self._hub.start()
        self._storage.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop serving."""
        self._hub.stop()
        self._storage.stop()

    @property
    def users(self) -> Mapping[str, str]:
        """Name of the user behind each valid token."""
        return self._users

    @property
    def endpoint(self) -> str:
        """The Hub's address."""
        return self._hub.address

    @property
    def exchanges(self) -> list[Exchange]:
        """Every request so far."""
        return list(self._log.exchanges)

    @property
    def requests(self) -> int:
        """Number of requests so far, to both origins."""
        return len(self._log.exchanges)

    @property
    def connections(self) -> int:
        """Number of connections accepted so far, on both origins."""
        return self._log.connections

    def content_bytes(self, path: str = "") -> int:
        """Return the bytes of file content sent so far, for paths that end in ``path``."""
        return sum(
            seen.body_bytes
            for seen in self._log.exchanges
            if seen.is_content and seen.path.endswith(path)
        )

    def forget(self) -> None:
        """Start counting anew."""
        self._log.exchanges.clear()

    def add_repo(
        self,
        repo_id: str,
        files: Files,
        *,
        private: bool = False,
        gated: bool = False,
        readers: frozenset[str] = frozenset(),
    ) -> Repository:
        """Add a repository with one commit on ``main``.

        Args:
            repo_id: ``org/name``.
            files: A folder, or a mapping from path to bytes or to a file on disk.
            private: Hidden from all but ``readers``.
            gated: Described to all, contents only for ``readers``.
            readers: Tokens with access; they become valid tokens.
        """
        repository = Repository(repo_id=repo_id, private=private, gated=gated, readers=readers)
        self._repositories[repo_id] = repository
        for token in readers:
            self._users.setdefault(token, "reader")
        self.push(repo_id, files)
        return repository

    def push(self, repo_id: str, files: Files, *, ref: str = "main") -> Commit:
        """Add a commit to a ref of a repository."""
        return self._repositories[repo_id].commit(contents_of(files), ref=ref)

    def rename(self, old: str, new: str) -> None:
        """Give a repository a new name; the old one redirects."""
        repository = self._repositories.pop(old)
        repository.repo_id = new
        self._repositories[new] = repository
        self._new_names[old] = new

    def expire_signatures(self) -> None:
        """Make every signed address handed out so far invalid."""
        self._epoch += 1

    def repository(self, repo_id: str) -> Repository | None:
        """Return a repository by its present name."""
        return self._repositories.get(repo_id)

    def new_name(self, repo_id: str) -> str:
        """Return what a repository was renamed to, or ``""``."""
        return self._new_names.get(repo_id, "")

    def signed_address(self, content: Content, path: str) -> str:
        """Return an address on the storage host that works until signatures expire."""
        self._stored[content.sha256] = content
        signature = self._signature(content.sha256)
        return (
            f"{self._storage.address}/{content.sha256}/{quote(path)}"
            f"?X-Amz-Expires=3600&X-Amz-Signature={signature}"
        )

    def _signature(self, sha256: str) -> str:
        return hmac.digest(b"local hub", f"{sha256} {self._epoch}".encode(), "sha256").hex()

    def _answer_hub(self, request: Request) -> Reply:
        return answer(self, request)

    def _answer_storage(self, request: Request) -> Reply:
        if "authorization" in request.headers:
            # S3 refuses a request that is authorised twice.
            return Reply(status=400, body=b"only one auth mechanism allowed\n")
        sha256 = request.path.split("/")[1]
        given = parse_qs(urlsplit(request.target).query).get("X-Amz-Signature", [""])[0]
        if not hmac.compare_digest(given, self._signature(sha256)):
            return Reply(status=403, body=b"<Error><Code>AccessDenied</Code></Error>\n")
        content = self._stored[sha256]
        return content_reply(
            content, request.headers.get("range", ""), headers={"ETag": f'"{sha256}"'}
        )

    def record(self, exchange: Exchange) -> Fault | None:
        """Log a request and return what shall go wrong with it."""
        self._log.exchanges.append(exchange)
        return self.faults.take(origin=exchange.origin, path=exchange.path)

    def connected(self) -> None:
        """Count an accepted connection."""
        self._log.connections += 1


class _Server:
    """One origin: a listening socket and its thread."""

    def __init__(
        self, origin: str, host: str, reply_to: Callable[[Request], Reply], hub: LocalHub
    ) -> None:
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
        self._thread.start()

    def stop(self) -> None:
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
    hub: ClassVar[LocalHub]

    def setup(self) -> None:
        self.hub.connected()
        super().setup()

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
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
        exchange = Exchange(origin=self.origin, method=self.command, path=path, headers=headers)
        fault = self.hub.record(exchange)
        try:
            reply = type(self).reply_to(request)
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
        self.wfile.flush()
        if isinstance(fault, Drop):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
