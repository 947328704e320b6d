"""Which pushes to which model does a delivery of the Hub's webhook announce?

Read tolerantly: fields may be missing or new, a scope that is not known counts as the one above it.
Everything in a delivery may have been chosen by whoever pushed; ids are held against their grammar,
and nothing else of the body is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from hubcheck.errors import printable
from hubcheck.frozen import frozen
from hubcheck.source.reference import is_repo_id

MAX_REFS: Final = 64
"""Refs of one delivery that are looked at; a push by hand moves one, a mirror some dozens."""
MAIN: Final = "refs/heads/main"

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_NO_COMMIT: Final = "0" * 40
"""How git spells that a ref was created or deleted; the Hub says null."""
_PULL_REQUEST: Final = re.compile(r"refs/pr/([1-9][0-9]{0,8})")


@frozen
class Push:
    """One ref of a model that has moved to another commit."""

    repo: str
    ref: str
    """``refs/heads/main`` or ``refs/pr/3``."""
    old_sha: str
    """Empty when the ref was created, or when the delivery does not say."""
    new_sha: str

    @property
    def pull_request(self) -> int:
        """The number of the Hub's pull request, 0 for a branch."""
        found = _PULL_REQUEST.fullmatch(self.ref)
        return int(found[1]) if found else 0


@frozen
class Ignored:
    """A delivery that is understood and starts nothing."""

    reason: str


@frozen
class Malformed:
    """A body that is no delivery of the Hub's."""

    reason: str


def read_delivery(body: bytes) -> tuple[Push, ...] | Ignored | Malformed:
    """Return the pushes that a delivery announces; each names another ref.

    Args:
        body: The whole body, of a size that was checked.
    """
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return Malformed(reason="the body is not JSON")
    if not isinstance(document, dict):
        return Malformed(reason="the body is not an object")
    event, repo = _object(document, "event"), _object(document, "repo")
    scope, name = _text(event, "scope"), _text(repo, "name")
    if not scope or not name:
        return Malformed(reason="event.scope or repo.name is missing")
    if scope.split(".", 1)[0] != "repo":
        return Ignored(reason=f"nothing was pushed: scope {printable(scope, limit=60)}")
    if _text(event, "action") == "delete":
        return Ignored(reason="the repository was deleted")
    if _text(repo, "type") not in ("model", ""):
        return Ignored(reason=f"not a model but a {printable(_text(repo, 'type'), limit=30)}")
    if not is_repo_id(name):
        return Malformed(reason="repo.name is not the id of a repository")
    return _pushes(document, repo, name)


def _pushes(
    document: Mapping[str, Any], repo: Mapping[str, Any], name: str
) -> tuple[Push, ...] | Ignored:
    listed = document.get("updatedRefs")
    if not isinstance(listed, list) or not listed:
        head = _commit(repo.get("headSha"))
        if not head or not _text(_object(document, "event"), "scope").startswith("repo.content"):
            return Ignored(reason="no ref was moved")
        # An older form of the delivery names only where the default branch stands.
        listed = [{"ref": MAIN, "newSha": head}]
    found: dict[str, Push] = {}
    for item in listed[:MAX_REFS]:
        if not isinstance(item, dict):
            continue
        ref, new = _text(item, "ref"), _commit(item.get("newSha"))
        ref = MAIN if ref == "main" else ref
        if new and (ref == MAIN or _PULL_REQUEST.fullmatch(ref)):
            old = _commit(item.get("oldSha"))
            found[ref] = Push(repo=name, ref=ref, old_sha=old, new_sha=new)
    if not found:
        return Ignored(reason="only refs other than main and pull requests moved, or were deleted")
    return tuple(found.values())


def _object(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = values.get(key)
    return value if isinstance(value, dict) else {}


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return value if isinstance(value, str) else ""


def _commit(value: object) -> str:
    if isinstance(value, str) and _COMMIT.fullmatch(value) and value != _NO_COMMIT:
        return value
    return ""
