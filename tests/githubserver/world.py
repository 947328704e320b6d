"""What is there on the local GitHub: repositories, pull requests, comments, statuses, commits?"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

EVENTS: Final = Path(__file__).parent / "events"
TIME: Final = "2026-01-01T00:00:00Z"
OWNER: Final = "octo"
NAME: Final = "models"
HOME: Final = f"/repos/{OWNER}/{NAME}"
BOT: Final = "github-actions[bot]"
HEAD: Final = "a" * 40
BODY_LIMIT: Final = 65_536


@dataclass
class Login:
    """Who a token belongs to, and whether it may write."""

    name: str = BOT
    write: bool = True


@dataclass
class Remark:
    """One comment."""

    number: int
    author: str
    body: str
    minimised: bool = False

    @property
    def node(self) -> str:
        """The id in GraphQL."""
        return f"IC_{self.number}"


@dataclass
class World:
    """Everything that requests can read and change."""

    tokens: dict[str, Login] = field(default_factory=lambda: {"bot-token": Login()})
    comments: dict[int, list[Remark]] = field(default_factory=dict)
    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    check_runs: list[dict[str, Any]] = field(default_factory=list)
    artifacts: dict[int, list[tuple[int, str, bytes]]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    trees: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    commits: dict[str, dict[str, Any]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    last: int = 3_000_000_000
    """Ids of comments have long left 32 bits."""

    def next_id(self) -> int:
        """Return a new id."""
        self.last += 1
        return self.last

    def add_pull(self, number: int, *, head: str = HEAD, fork: bool = False) -> None:
        """Open a pull request."""
        self.pulls[number] = {"head": head, "fork": fork}
        self.comments.setdefault(number, [])

    def add_comment(self, number: int, author: str, body: str) -> Remark:
        """Write a comment."""
        remark = Remark(number=self.next_id(), author=author, body=body)
        self.comments.setdefault(number, []).append(remark)
        return remark

    def find(self, comment: int) -> Remark | None:
        """Return a comment by its id."""
        return next(
            (r for many in self.comments.values() for r in many if r.number == comment), None
        )

    def remove(self, comment: int) -> None:
        """Delete a comment."""
        for remarks in self.comments.values():
            remarks[:] = [r for r in remarks if r.number != comment]

    def standing(self, number: int, author: str = BOT) -> list[Remark]:
        """Return the comments of an author that are not folded away."""
        return [r for r in self.comments[number] if r.author == author and not r.minimised]

    def add_commit(self, commit: str, files: dict[str, bytes]) -> None:
        """Put files into a commit."""
        entries = []
        for path, data in files.items():
            sha = hashlib.sha1(data).hexdigest()  # noqa: S324 - git's own
            self.blobs[sha] = data
            entries.append(
                {"path": path, "mode": "100644", "type": "blob", "sha": sha, "size": len(data)}
            )
        self.trees[commit] = entries


def event(name: str, **changes: Any) -> dict[str, Any]:
    """Return the example of a webhook, about this world's repository."""
    document: dict[str, Any] = json.loads(_text(name))
    return document | changes


@cache
def _text(name: str) -> str:
    text = (EVENTS / f"{name}.json").read_text()
    return text.replace("Codertocat/Hello-World", f"{OWNER}/{NAME}")


@cache
def _pull() -> str:
    return json.dumps(event("pull_request")["pull_request"])


def user(name: str) -> dict[str, Any]:
    """Return a user as the REST API shows one."""
    return {**event("pull_request")["sender"], "login": name}


def comment_json(remark: Remark, number: int, home: str) -> dict[str, Any]:
    """Return a comment as the REST API shows one."""
    return {
        "id": remark.number,
        "node_id": remark.node,
        "url": f"{home}/repos/{OWNER}/{NAME}/issues/comments/{remark.number}",
        "html_url": f"https://github.com/{OWNER}/{NAME}/pull/{number}#issuecomment-{remark.number}",
        "issue_url": f"{home}/repos/{OWNER}/{NAME}/issues/{number}",
        "body": remark.body,
        "user": user(remark.author),
        "created_at": TIME,
        "updated_at": TIME,
        "author_association": "NONE",
    }


def pull_json(number: int, pull: dict[str, Any]) -> dict[str, Any]:
    """Return a pull request as the REST API shows one."""
    shown: dict[str, Any] = json.loads(_pull())
    shown |= {"number": number, "state": "open", "auto_merge": None}
    shown["head"] |= {"sha": pull["head"], "label": f"{OWNER}:changes"}
    if pull["fork"]:
        shown["head"]["repo"]["full_name"] = f"stranger/{NAME}"
        shown["head"]["label"] = "stranger:changes"
    return shown
