"""How do files get into a repository of the local Hub?

The commit API as the Hub's client uses it: ask how each file is to be uploaded, put large ones on
the storage host, then send one commit with the rest.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import yaml

from tests.hubserver.git_storage import ConflictError, GitRepository
from tests.hubserver.reply import Reply, error_reply, json_reply
from tests.hubserver.storage import Content, Repository, is_lfs

if TYPE_CHECKING:
    from tests.hubserver.accounts import Account
    from tests.hubserver.board import Topic
    from tests.hubserver.routes import Hub, Request

REGULAR_LIMIT: Final = 10 * 1024 * 1024
"""Larger files go to LFS whatever they are called."""

_FRONT_MATTER: Final = re.compile(r"\A\s*---[\r\n]+(.*?)[\r\n]+---(\r\n|\n|\Z)", re.DOTALL)


def forbidden(message: str = "Forbidden: you must use a write token") -> Reply:
    """Return the answer to somebody who may not."""
    return error_reply(403, "", message)


def preupload(
    request: Request, account: Account | None, repository: Repository, revision: str
) -> Reply:
    """Say for each file whether it goes into git or to LFS."""
    if not _may(request, account, repository, revision):
        return forbidden()
    commit = repository.resolve(revision)
    files = []
    for file in json.loads(request.body)["files"]:
        sample = base64.b64decode(file["sample"])
        large = is_lfs(file["path"]) or b"\0" in sample or file["size"] > REGULAR_LIMIT
        old = commit.files.get(file["path"]) if commit else None
        answer = {
            "path": file["path"],
            "uploadMode": "lfs" if large else "regular",
            "shouldIgnore": False,
        }
        if old is not None:
            answer["oid"] = old.sha256 if is_lfs(file["path"], old) else old.git_oid
        files.append(answer)
    return json_reply({"files": files})


def commit(
    hub: Hub, request: Request, account: Account | None, repository: Repository, revision: str
) -> Reply:
    """Take a commit; with ``create_pr`` as a pull request of its own."""
    if account is None or not _may(request, account, repository, revision):
        return forbidden()
    if not isinstance(repository, GitRepository):
        return error_reply(501, "", "this repository is not backed by git")
    lines = [json.loads(line) for line in request.body.splitlines()]
    header = next(line["value"] for line in lines if line["key"] == "header")
    try:
        changes = _changes(repository, revision, lines)
        topic = None
        if _creates(request):
            topic = repository.board.open(
                header["summary"],
                header["description"] or "no description",
                account.name,
                is_pull_request=True,
            )
        start = header.get("parentCommit", "")
        if topic is not None and not start:
            start = repository.read_refs().get(revision, "")
        made = repository.commit(
            changes,
            ref=topic.ref if topic else revision,
            title=header["summary"],
            parent=start,
            description="" if topic else header["description"],
        )
    except ConflictError as error:
        return error_reply(412, "", f"A commit has happened since. Please refresh: {error}")
    _tell(repository, topic, revision, account, made.oid, made.title)
    answer: dict[str, object] = {
        "success": True,
        "commitOid": made.oid,
        "commitUrl": f"{hub.endpoint}/{repository.repo_id}/commit/{made.oid}",
        "hookOutput": "",
    }
    if topic is not None:
        answer["pullRequestUrl"] = f"{hub.endpoint}/{repository.repo_id}/discussions/{topic.num}"
    return json_reply(answer)


def lfs_batch(hub: Hub, request: Request, account: Account | None, repository: Repository) -> Reply:
    """Say where LFS objects lie, or are to be put; known ones need not be."""
    if json.loads(request.body)["operation"] == "download":
        return _lfs_download(hub, request, repository)
    if account is None or account.role != "write":
        return forbidden()
    objects: list[dict[str, object]] = []
    for wanted in json.loads(request.body)["objects"]:
        item: dict[str, object] = {"oid": wanted["oid"], "size": wanted["size"]}
        if hub.stored(wanted["oid"]) is None:
            verify = f"{hub.endpoint}/{repository.repo_id}.git/info/lfs/objects/verify"
            item["authenticated"] = True
            item["actions"] = {
                "upload": {"href": hub.upload_address(wanted["oid"]), "header": {}},
                "verify": {"href": verify, "header": {}},
            }
        objects.append(item)
    return json_reply({"transfer": "basic", "objects": objects})


def _lfs_download(hub: Hub, request: Request, repository: Repository) -> Reply:
    if not repository.may_read_files(request.token):
        return forbidden()
    held = {
        content.sha256: (path, content)
        for commit in repository.commits.values()
        for path, content in commit.files.items()
    }
    objects: list[dict[str, object]] = []
    for wanted in json.loads(request.body)["objects"]:
        item: dict[str, object] = {"oid": wanted["oid"], "size": wanted["size"]}
        found = held.get(wanted["oid"])
        if found is None:
            item["error"] = {"code": 404, "message": "Object does not exist"}
        else:
            item["actions"] = {"download": {"href": hub.signed_address(found[1], found[0])}}
        objects.append(item)
    return json_reply({"transfer": "basic", "objects": objects})


def lfs_verify(hub: Hub, request: Request) -> Reply:
    """Confirm that an LFS object has arrived whole."""
    wanted = json.loads(request.body)
    stored = hub.stored(wanted["oid"])
    if stored is None or stored.size != wanted["size"]:
        return error_reply(404, "", "object not found")
    return json_reply({})


def validate_yaml(request: Request) -> Reply:
    """Say whether a card's front matter can be read."""
    found = _FRONT_MATTER.match(json.loads(request.body)["content"])
    errors, warnings = [], []
    if found is None:
        warnings.append({"message": "empty or missing yaml metadata in repo card"})
    else:
        try:
            if not isinstance(yaml.safe_load(found[1]), dict | None):
                errors.append({"message": "not a mapping"})
        except yaml.YAMLError as error:
            errors.append({"message": str(error)})
    answer = json_reply({"errors": errors, "warnings": warnings})
    if errors:
        return Reply(status=400, headers=answer.headers, body=answer.body)
    return answer


def _creates(request: Request) -> bool:
    return request.query.get("create_pr") == ["1"]


def _may(request: Request, account: Account | None, repository: Repository, revision: str) -> bool:
    if account is None:
        return False
    if _creates(request):
        return account.role == "write" and repository.board.enabled
    topic = _topic(repository, revision)
    return account.may_commit(repository.repo_id, revision, topic.author if topic else "")


def _topic(repository: Repository, revision: str) -> Topic | None:
    return next((t for t in repository.board.topics.values() if t.ref == revision), None)


def _tell(
    repository: Repository,
    topic: Topic | None,
    revision: str,
    account: Account,
    oid: str,
    title: str,
) -> None:
    topic = topic or _topic(repository, revision)
    if topic is not None:
        repository.board.add(topic, "commit", account.name, title, oid=oid)


def _changes(
    repository: GitRepository, revision: str, lines: list[dict[str, dict[str, str]]]
) -> dict[str, Content | None]:
    changes: dict[str, Content | None] = {}
    for line in lines:
        value = line["value"]
        path = unquote(value.get("path", ""))
        match line["key"]:
            case "file":
                changes[path] = Content(base64.b64decode(value["content"]), lfs=False)
            case "lfsFile":
                if value["oid"] not in repository.objects:
                    message = f"LFS object {value['oid']} was never uploaded"
                    raise ConflictError(message)
                stored = repository.objects[value["oid"]]
                stored.lfs = True
                changes[path] = stored
            case "deletedFile":
                changes[path] = None
            case "deletedFolder":
                head = repository.resolve(revision)
                prefix = path.rstrip("/") + "/"
                changes |= {p: None for p in (head.files if head else ()) if p.startswith(prefix)}
            case _:
                pass
    return changes
