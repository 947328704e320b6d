"""What does each route of the local GitHub do?"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.githubserver.world import (
    BODY_LIMIT,
    HOME,
    TIME,
    Login,
    comment_json,
    pull_json,
    user,
)

if TYPE_CHECKING:
    from tests.githubserver.server import LocalGitHub


@dataclass
class RefusalError(Exception):
    """An answer of 400 or more."""

    status: int
    message: str
    headers: dict[str, str] = field(default_factory=dict)


Answer = tuple[int, Any, dict[str, str]]
Route = Callable[["LocalGitHub", Login, tuple[str, ...], dict[str, str], Any], Answer]


def _pulls(
    hub: LocalGitHub, _l: Login, _p: tuple[str, ...], query: dict[str, str], _b: Any
) -> Answer:
    items = [pull_json(n, p) for n, p in sorted(hub.world.pulls.items())]
    if "head" in query:
        items = [i for i in items if i["head"]["label"] == query["head"]]
    shown, headers = hub.page(items, query, "/pulls")
    return 200, shown, headers


def _pull(
    hub: LocalGitHub, _l: Login, parts: tuple[str, ...], _q: dict[str, str], _b: Any
) -> Answer:
    pull = hub.world.pulls.get(int(parts[0]))
    if pull is None:
        raise RefusalError(404, "Not Found")
    return 200, pull_json(int(parts[0]), pull), {}


def _create(
    hub: LocalGitHub, login: Login, parts: tuple[str, ...], _q: dict[str, str], body: Any
) -> Answer:
    _check_body(body["body"])
    remark = hub.world.add_comment(int(parts[0]), login.name, body["body"])
    return 201, comment_json(remark, int(parts[0]), hub.address), {}


def _edit(
    hub: LocalGitHub, _l: Login, parts: tuple[str, ...], _q: dict[str, str], body: Any
) -> Answer:
    remark = hub.world.find(int(parts[0]))
    if remark is None:
        raise RefusalError(404, "Not Found")
    _check_body(body["body"])
    remark.body = body["body"]
    number = next(n for n, many in hub.world.comments.items() if remark in many)
    return 200, comment_json(remark, number, hub.address), {}


def _delete(
    hub: LocalGitHub, _l: Login, parts: tuple[str, ...], _q: dict[str, str], _b: Any
) -> Answer:
    if hub.world.find(int(parts[0])) is None:
        raise RefusalError(404, "Not Found")
    hub.world.remove(int(parts[0]))
    return 204, None, {}


def _check_body(text: str) -> None:
    if len(text) > BODY_LIMIT:
        raise RefusalError(422, "Body is too long (maximum is 65536 characters)")


def _status(
    hub: LocalGitHub, login: Login, parts: tuple[str, ...], _q: dict[str, str], body: Any
) -> Answer:
    if len(body.get("description", "")) > 140:
        raise RefusalError(422, "Description is too long (maximum is 140 characters)")
    hub.world.statuses.append(body | {"sha": parts[0]})
    shown = {
        "url": f"{hub.address}{HOME}/statuses/{parts[0]}", "avatar_url": None, "id": 1,
        "node_id": "S_1", "state": body["state"], "description": body.get("description"),
        "target_url": body.get("target_url"), "context": body.get("context", "default"),
        "created_at": TIME, "updated_at": TIME, "creator": user(login.name),
    }  # fmt: skip
    return 201, shown, {}


def _check_run(
    hub: LocalGitHub, _l: Login, _p: tuple[str, ...], _q: dict[str, str], body: Any
) -> Answer:
    hub.world.check_runs.append(body)
    number, output = len(hub.world.check_runs), body["output"]
    address = f"{hub.address}{HOME}/check-runs/{number}"
    shown = {
        "id": number, "node_id": f"CR_{number}", "head_sha": body["head_sha"],
        "name": body["name"], "url": address, "html_url": address,
        "details_url": body.get("details_url"), "status": body["status"],
        "conclusion": body["conclusion"], "started_at": TIME, "completed_at": TIME,
        "external_id": "", "check_suite": {"id": 1}, "app": None, "pull_requests": [],
        "output": {"title": output["title"], "summary": output["summary"], "text": output["text"],
                   "annotations_count": len(output["annotations"]),
                   "annotations_url": f"{address}/annotations"},
    }  # fmt: skip
    return 201, shown, {}


def _artifacts(
    hub: LocalGitHub, _l: Login, parts: tuple[str, ...], query: dict[str, str], _b: Any
) -> Answer:
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


def _archive(
    hub: LocalGitHub, _l: Login, parts: tuple[str, ...], _q: dict[str, str], _b: Any
) -> Answer:
    return 302, None, {"Location": f"http://localhost:{hub.port}/storage/{parts[0]}"}


def _tree(
    hub: LocalGitHub, _l: Login, parts: tuple[str, ...], _q: dict[str, str], _b: Any
) -> Answer:
    entries = hub.world.trees.get(parts[0])
    if entries is None:
        raise RefusalError(404, "Not Found")
    return 200, {"sha": parts[0], "url": hub.address, "tree": entries, "truncated": False}, {}


def _blob(
    hub: LocalGitHub, _l: Login, parts: tuple[str, ...], _q: dict[str, str], _b: Any
) -> Answer:
    data = hub.world.blobs.get(parts[0])
    if data is None:
        raise RefusalError(404, "Not Found")
    shown = {
        "sha": parts[0], "node_id": "B_1", "size": len(data), "url": hub.address,
        "content": base64.encodebytes(data).decode(), "encoding": "base64",
    }  # fmt: skip
    return 200, shown, {}


def _new_tree(
    hub: LocalGitHub, _l: Login, _p: tuple[str, ...], _q: dict[str, str], body: Any
) -> Answer:
    sha = hashlib.sha256(json.dumps(body["tree"], sort_keys=True).encode()).hexdigest()[:40]
    hub.world.trees[sha] = body["tree"]
    shown = [
        {"path": e["path"], "mode": e["mode"], "type": e["type"], "sha": sha} for e in body["tree"]
    ]
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


def _new_commit(
    hub: LocalGitHub, _l: Login, _p: tuple[str, ...], _q: dict[str, str], body: Any
) -> Answer:
    sha = hashlib.sha256(f"{hub.world.next_id()}".encode()).hexdigest()[:40]
    hub.world.commits[sha] = body | {"parents": body.get("parents", [])}
    return 201, _commit_json(hub, sha), {}


def _commit(
    hub: LocalGitHub, _l: Login, parts: tuple[str, ...], _q: dict[str, str], _b: Any
) -> Answer:
    return 200, _commit_json(hub, parts[0]), {}


def _ref_json(hub: LocalGitHub, name: str) -> dict[str, Any]:
    target = {"type": "commit", "sha": hub.world.refs[name], "url": hub.address}
    return {"ref": f"refs/{name}", "node_id": "R_1", "url": hub.address, "object": target}


def _ref(
    hub: LocalGitHub, _l: Login, parts: tuple[str, ...], _q: dict[str, str], _b: Any
) -> Answer:
    if parts[0] not in hub.world.refs:
        raise RefusalError(404, "Not Found")
    return 200, _ref_json(hub, parts[0]), {}


def _new_ref(
    hub: LocalGitHub, _l: Login, _p: tuple[str, ...], _q: dict[str, str], body: Any
) -> Answer:
    name = body["ref"].removeprefix("refs/")
    if name in hub.world.refs:
        raise RefusalError(422, "Reference already exists")
    hub.world.refs[name] = body["sha"]
    return 201, _ref_json(hub, name), {}


def _move_ref(
    hub: LocalGitHub, _l: Login, parts: tuple[str, ...], _q: dict[str, str], body: Any
) -> Answer:
    if hub.world.refs.get(parts[0]) not in hub.world.commits[body["sha"]]["parents"]:
        raise RefusalError(422, "Update is not a fast forward")
    hub.world.refs[parts[0]] = body["sha"]
    return 200, _ref_json(hub, parts[0]), {}


ROUTES: Final[tuple[tuple[str, str, Route], ...]] = (
    (r"/pulls", "GET", _pulls),
    (r"/pulls/(\d+)", "GET", _pull),
    (r"/issues/(\d+)/comments", "POST", _create),
    (r"/issues/comments/(\d+)", "PATCH", _edit),
    (r"/issues/comments/(\d+)", "DELETE", _delete),
    (r"/statuses/([0-9a-f]{40})", "POST", _status),
    (r"/check-runs", "POST", _check_run),
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
