"""How does the local GitHub answer over a socket?

Stateful, and strict: what GitHub's description does not allow is noted as a violation, whoever
wrote it, and answered 422.
"""

from __future__ import annotations

import hashlib
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
from tests.githubserver.world import (
    BODY_LIMIT,
    NAME,
    OWNER,
    TIME,
    Login,
    World,
    comment_json,
    pull_json,
    user,
)

HOME: Final = f"/repos/{OWNER}/{NAME}"
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


@dataclass
class Refusal(Exception):
    """An answer of 400 or more."""

    status: int
    message: str
    headers: dict[str, str] = field(default_factory=dict)


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
            raise Refusal(422, f"Validation Failed: {violations[0]}")
        with self.lock:
            status, document, extra = self._route(method, target, login, body)
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
            raise Refusal(401, "Bad credentials")
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
            raise Refusal(404, "Not Found")
        rest = path.removeprefix(HOME)
        given = json.loads(body) if body else {}
        if method != "GET" and not login.write:
            raise Refusal(403, FORBIDDEN)
        for pattern, wanted, function in _ROUTES:
            found = re.fullmatch(pattern, rest)
            if found and method == wanted:
                result: tuple[int, Any, dict[str, str]] = function(
                    self, login, found.groups(), query, given
                )
                return result
        raise Refusal(404, "Not Found")

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


Answer = tuple[int, Any, dict[str, str]]
Route = Callable[[LocalGitHub, Login, tuple[str, ...], dict[str, str], Any], Answer]


def _pulls(hub: LocalGitHub, _l: Login, _p: tuple[str, ...], query: dict[str, str], _b: Any) -> Answer:
    items = [pull_json(n, p) for n, p in sorted(hub.world.pulls.items())]
    if "head" in query:
        items = [i for i in items if i["head"]["label"] == query["head"]]
    shown, headers = hub.page(items, query, "/pulls")
    return 200, shown, headers


def _pull(hub: LocalGitHub, _l: Login, parts: tuple[str, ...], _q: dict[str, str], _b: Any) -> Answer:
    pull = hub.world.pulls.get(int(parts[0]))
    if pull is None:
        raise Refusal(404, "Not Found")
    return 200, pull_json(int(parts[0]), pull), {}


def _create(hub: LocalGitHub, login: Login, parts: tuple[str, ...], _q: dict[str, str], body: Any) -> Answer:
    _check_body(body["body"])
    remark = hub.world.add_comment(int(parts[0]), login.name, body["body"])
    return 201, comment_json(remark, int(parts[0]), hub.address), {}


def _edit(hub: LocalGitHub, _l: Login, parts: tuple[str, ...], _q: dict[str, str], body: Any) -> Answer:
    remark = hub.world.find(int(parts[0]))
    if remark is None:
        raise Refusal(404, "Not Found")
    _check_body(body["body"])
    remark.body = body["body"]
    number = next(n for n, l in hub.world.comments.items() if remark in l)
    return 200, comment_json(remark, number, hub.address), {}


def _delete(hub: LocalGitHub, _l: Login, parts: tuple[str, ...], _q: dict[str, str], _b: Any) -> Answer:
    if hub.world.find(int(parts[0])) is None:
        raise Refusal(404, "Not Found")
    hub.world.remove(int(parts[0]))
    return 204, None, {}


def _check_body(text: str) -> None:
    if len(text) > BODY_LIMIT:
        raise Refusal(422, "Body is too long (maximum is 65536 characters)")


def _status(hub: LocalGitHub, login: Login, parts: tuple[str, ...], _q: dict[str, str], body: Any) -> Answer:
    if len(body.get("description", "")) > 140:
        raise Refusal(422, "Description is too long (maximum is 140 characters)")
    hub.world.statuses.append(body | {"sha": parts[0]})
    shown = {
        "url": f"{hub.address}{HOME}/statuses/{parts[0]}", "avatar_url": None, "id": 1,
        "node_id": "S_1", "state": body["state"], "description": body.get("description"),
        "target_url": body.get("target_url"), "context": body.get("context", "default"),
        "created_at": TIME, "updated_at": TIME, "creator": user(login.name),
    }  # fmt: skip
    return 201, shown, {}


def _artifacts(hub: LocalGitHub, _l: Login, parts: tuple[str, ...], query: dict[str, str], _b: Any) -> Answer:
    items = [
        {"id": i, "node_id": f"A_{i}", "name": name, "size_in_bytes": len(data),
         "url": f"{hub.address}{HOME}/actions/artifacts/{i}", "expired": False,
         "archive_download_url": f"{hub.address}{HOME}/actions/artifacts/{i}/zip",
         "created_at": TIME, "expires_at": TIME, "updated_at": TIME}
        for i, name, data in hub.world.artifacts.get(int(parts[0]), [])
        if query.get("name", name) == name
    ]  # fmt: skip
    shown, headers = hub.page(items, query, f"/actions/runs/{parts[0]}/artifacts")
    return 200, {"total_count": len(items), "artifacts": shown}, headers


def _archive(hub: LocalGitHub, _l: Login, parts: tuple[str, ...], _q: dict[str, str], _b: Any) -> Answer:
    return 302, None, {"Location": f"http://localhost:{hub._server.server_port}/storage/{parts[0]}"}


def _tree(hub: LocalGitHub, _l: Login, parts: tuple[str, ...], _q: dict[str, str], _b: Any) -> Answer:
    entries = hub.world.trees.get(parts[0])
    if entries is None:
        raise Refusal(404, "Not Found")
    return 200, {"sha": parts[0], "url": hub.address, "tree": entries, "truncated": False}, {}


def _blob(hub: LocalGitHub, _l: Login, parts: tuple[str, ...], _q: dict[str, str], _b: Any) -> Answer:
    data = hub.world.blobs.get(parts[0])
    if data is None:
        raise Refusal(404, "Not Found")
    return 200, data, {}


def _new_tree(hub: LocalGitHub, _l: Login, _p: tuple[str, ...], _q: dict[str, str], body: Any) -> Answer:
    sha = hashlib.sha1(json.dumps(body["tree"], sort_keys=True).encode()).hexdigest()
    hub.world.trees[sha] = body["tree"]
    shown = [{"path": e["path"], "mode": e["mode"], "type": e["type"], "sha": sha} for e in body["tree"]]
    return 201, {"sha": sha, "url": hub.address, "truncated": False, "tree": shown}, {}


def _commit_json(hub: LocalGitHub, sha: str) -> dict[str, Any]:
    commit = hub.world.commits[sha]
    who = {"name": "bot", "email": "bot@example.org", "date": TIME}
    return {
        "sha": sha, "node_id": f"C_{sha}", "url": hub.address, "html_url": hub.address,
        "author": who, "committer": who, "message": commit["message"],
        "tree": {"sha": commit["tree"], "url": hub.address},
        "parents": [{"sha": p, "url": hub.address, "html_url": hub.address} for p in commit["parents"]],
        "verification": {"verified": False, "reason": "unsigned", "signature": None,
                         "payload": None, "verified_at": None},
    }  # fmt: skip


def _new_commit(hub: LocalGitHub, _l: Login, _p: tuple[str, ...], _q: dict[str, str], body: Any) -> Answer:
    sha = hashlib.sha1(f"{hub.world.next_id()}".encode()).hexdigest()
    hub.world.commits[sha] = body | {"parents": body.get("parents", [])}
    return 201, _commit_json(hub, sha), {}


def _commit(hub: LocalGitHub, _l: Login, parts: tuple[str, ...], _q: dict[str, str], _b: Any) -> Answer:
    return 200, _commit_json(hub, parts[0]), {}


def _ref_json(hub: LocalGitHub, name: str) -> dict[str, Any]:
    target = {"type": "commit", "sha": hub.world.refs[name], "url": hub.address}
    return {"ref": f"refs/{name}", "node_id": "R_1", "url": hub.address, "object": target}


def _ref(hub: LocalGitHub, _l: Login, parts: tuple[str, ...], _q: dict[str, str], _b: Any) -> Answer:
    if parts[0] not in hub.world.refs:
        raise Refusal(404, "Not Found")
    return 200, _ref_json(hub, parts[0]), {}


def _new_ref(hub: LocalGitHub, _l: Login, _p: tuple[str, ...], _q: dict[str, str], body: Any) -> Answer:
    name = body["ref"].removeprefix("refs/")
    if name in hub.world.refs:
        raise Refusal(422, "Reference already exists")
    hub.world.refs[name] = body["sha"]
    return 201, _ref_json(hub, name), {}


def _move_ref(hub: LocalGitHub, _l: Login, parts: tuple[str, ...], _q: dict[str, str], body: Any) -> Answer:
    if hub.world.refs.get(parts[0]) not in hub.world.commits[body["sha"]]["parents"]:
        raise Refusal(422, "Update is not a fast forward")
    hub.world.refs[parts[0]] = body["sha"]
    return 200, _ref_json(hub, parts[0]), {}


_ROUTES: Final[tuple[tuple[str, str, Route], ...]] = (
    (r"/pulls", "GET", _pulls),
    (r"/pulls/(\d+)", "GET", _pull),
    (r"/issues/(\d+)/comments", "POST", _create),
    (r"/issues/comments/(\d+)", "PATCH", _edit),
    (r"/issues/comments/(\d+)", "DELETE", _delete),
    (r"/statuses/([0-9a-f]{40})", "POST", _status),
    (r"/actions/runs/(\d+)/artifacts", "GET", _artifacts),
    (r"/actions/artifacts/(\d+)/zip", "GET", _archive),
    (r"/git/trees/([0-9a-f]{40})", "GET", _tree),
    (r"/git/blobs/([0-9a-f]{40})", "GET", _blob),
    (r"/git/trees", "POST", _new_tree),
    (r"/git/commits", "POST", _new_commit),
    (r"/git/commits/([0-9a-f]{40})", "GET", _commit),
    (r"/git/ref/(heads/.+)", "GET", _ref),
    (r"/git/refs", "POST", _new_ref),
    (r"/git/refs/(heads/.+)", "PATCH", _move_ref),
)


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
        except Refusal as refusal:
            self._put(refusal.status, {"message": refusal.message}, refusal.headers)
            return
        self._put(status, document, extra)

    def _storage(self, headers: dict[str, str]) -> None:
        """Serve an artifact from the other host, which refuses a token of this one."""
        number = int(self.path.rpartition("/")[2])
        if "authorization" in headers:
            self.hub.violations.append("the token was sent to the storage host")
        found = (d for l in self.hub.world.artifacts.values() for i, _, d in l if i == number)
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

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _serve
