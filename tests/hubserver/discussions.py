"""How does the local Hub answer about discussions and pull requests?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from tests.hubserver.board import Event, Topic
from tests.hubserver.git_storage import ConflictError, GitRepository
from tests.hubserver.reply import Reply, error_reply, json_reply
from tests.hubserver.storage import stamp

if TYPE_CHECKING:
    from tests.hubserver.accounts import Account
    from tests.hubserver.routes import Request
    from tests.hubserver.storage import Repository

PAGE: Final = 10
"""Topics on a page of the list."""
BODY_LIMIT: Final = 65_536
"""Characters of one comment."""


def answer_discussions(
    request: Request, account: Account | None, repository: Repository, rest: list[str]
) -> Reply:
    """Answer below ``/api/models/<id>/discussions``."""
    if not repository.board.enabled:
        return error_reply(403, "", "Discussions are disabled for this repo")
    if request.method == "GET":
        return _one(repository, rest[0]) if rest else _list(request, repository)
    if account is None or account.role != "write" or not account.discusses:
        return error_reply(403, "", "Forbidden: missing permission discussion.write")
    body = json.loads(request.body) if request.body else {}
    if any(len(str(value)) > BODY_LIMIT for value in body.values()):
        return error_reply(413, "", "Comment is too long")
    if not rest:
        return _create(repository, account, body)
    topic = repository.board.topics.get(int(rest[0]))
    if topic is None:
        return error_reply(404, "", "Discussion not found")
    return _change(repository, account, topic, rest[1:], body)


def _list(request: Request, repository: Repository) -> Reply:
    kind, status, author, page = (
        request.query.get(name, [default])[0]
        for name, default in (("type", "all"), ("status", "all"), ("author", ""), ("p", "0"))
    )
    chosen = [
        topic
        for topic in sorted(repository.board.topics.values(), key=lambda t: -t.num)
        if (author in {"", topic.author} or not repository.board.filters)
        and kind in {"all", "pull_request" if topic.is_pull_request else "discussion"}
        and (status == "all" or (topic.status in {"open", "draft"}) == (status == "open"))
    ]
    start = PAGE * int(page)
    listed = [_head(repository, topic) for topic in chosen[start : start + PAGE]]
    return json_reply({"count": len(chosen), "start": start, "discussions": listed})


def _head(repository: Repository, topic: Topic) -> dict[str, object]:
    return {
        "num": topic.num,
        "title": topic.title,
        "author": {"name": topic.author, "type": "user"},
        "status": topic.status,
        "isPullRequest": topic.is_pull_request,
        "createdAt": stamp(topic.num),
        "repo": {"name": repository.repo_id, "type": "model"},
    }


def _one(repository: Repository, num: str) -> Reply:
    topic = repository.board.topics.get(int(num))
    if topic is None:
        return error_reply(404, "", "Discussion not found")
    document = _head(repository, topic) | {"events": [_event(e) for e in topic.events]}
    if topic.is_pull_request and isinstance(repository, GitRepository):
        is_open = topic.ref in repository.read_refs() and topic.status in {"open", "draft"}
        document |= {
            "changes": {"base": "refs/heads/main", "mergeCommitId": topic.merge_commit or None},
            "filesWithConflicts": is_open and repository.conflicts(topic.ref),
            "diff": repository.diff(topic.ref) if is_open else "",
        }
    return json_reply(document)


def _event(event: Event) -> dict[str, object]:
    data: dict[str, object]
    match event.kind:
        case "comment":
            latest = {
                "raw": "" if event.hidden else event.text,
                "html": "",
                "updatedAt": stamp(len(event.edits)),
                "author": {"name": event.author},
            }
            history = [{"raw": text} for text in event.edits]
            data = {
                "edited": bool(event.edits),
                "hidden": event.hidden,
                "latest": latest,
                "history": history,
                "numEdits": len(history),
            }
        case "commit":
            data = {"subject": event.text, "oid": event.oid}
        case _:
            data = {"status": event.text}
    return {
        "id": event.event_id,
        "type": event.kind,
        "createdAt": stamp(0),
        "author": {"name": event.author},
        "data": data,
    }


def _create(repository: Repository, account: Account, body: dict[str, object]) -> Reply:
    is_pull_request = bool(body["pullRequest"])
    topic = repository.board.open(
        str(body["title"]), str(body["description"]), account.name, is_pull_request=is_pull_request
    )
    if is_pull_request and isinstance(repository, GitRepository):
        topic.status = "draft"
        repository.git("update-ref", topic.ref, repository.read_refs()["main"])
    return json_reply({"num": topic.num})


def _change(
    repository: Repository, account: Account, topic: Topic, words: list[str], body: dict[str, str]
) -> Reply:
    board = repository.board
    owns = repository.repo_id in account.writes
    match words:
        case ["comment"]:
            made = board.add(topic, "comment", account.name, body["comment"])
            return json_reply({"newMessage": _event(made)})
        case ["comment", event_id, "edit"]:
            found = next((e for e in topic.comments if e.event_id == event_id), None)
            if found is None:
                return error_reply(404, "", "Comment not found")
            if found.author != account.name and not owns:
                return error_reply(403, "", "Forbidden: not your comment")
            board.edit(found, body["content"])
            return json_reply({"updatedComment": _event(found)})
        case ["status"] if owns or topic.author == account.name:
            topic.status = body["status"]
            if "comment" in body:
                board.add(topic, "comment", account.name, body["comment"])
            made = board.add(topic, "status-change", account.name, body["status"])
            return json_reply({"newStatus": _event(made)})
        case ["merge"] if owns:
            return _merge(repository, topic, account)
        case _:
            return error_reply(403, "", "Forbidden")


def _merge(repository: Repository, topic: Topic, account: Account) -> Reply:
    if not isinstance(repository, GitRepository) or topic.status not in {"open", "draft"}:
        return error_reply(400, "", "This pull request cannot be merged")
    try:
        topic.merge_commit = repository.merge(topic.ref)
    except ConflictError as error:
        return error_reply(409, "", str(error))
    topic.status = "merged"
    repository.board.add(topic, "status-change", account.name, "merged")
    return json_reply({})
