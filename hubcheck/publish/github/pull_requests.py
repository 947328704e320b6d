"""Which pull request does a commit belong to, and what is known about it?

``workflow_run`` names none for a fork, so the open ones are searched for the commit at their head.
A pull request whose head has moved on is not answered about the old commit.
"""

from __future__ import annotations

import re
from typing import Any, Final

from hubcheck.frozen import frozen
from hubcheck.publish.github.client import GitHub
from hubcheck.publish.github.comments import PullRequestPlace

_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
STATUS_TEXT: Final = 140
"""Characters of a status's description that GitHub takes."""


@frozen
class PullRequest:
    """An open pull request, as GitHub describes it now."""

    place: PullRequestPlace
    head: str
    """Commit at its head."""
    head_repository: str
    """``owner/name`` of the head, empty when the fork was deleted."""
    base_ref: str


def is_commit(text: str) -> bool:
    """Return whether a text is a full commit id."""
    return _COMMIT.fullmatch(text) is not None


def pull_request(github: GitHub, place: PullRequestPlace) -> PullRequest:
    """Return a pull request by its number."""
    return _read(github.get(f"{place.path}/pulls/{place.number}"), place.owner, place.name)


def find_by_head(
    github: GitHub, owner: str, name: str, commit: str, *, head: str = "", only: bool = False
) -> PullRequest | None:
    """Return the open pull request with this commit at its head, or None.

    Args:
        github: The client.
        owner: Of the repository that is asked.
        name: Of that repository.
        commit: The full id.
        head: ``owner:branch`` of the head where it is known: one page instead of many.
        only: Look no further than that page.
    """
    path = f"/repos/{owner}/{name}/pulls"
    filters = ({"head": head}, *(() if only else ({},))) if head else ({},)
    for query in filters:
        for entry in github.pages(path, state="open", **query):
            found = _read(entry, owner, name)
            if found.head == commit:
                return found
    return None


def set_status(
    github: GitHub,
    place: PullRequestPlace,
    commit: str,
    *,
    state: str,
    context: str,
    description: str,
    address: str = "",
) -> None:
    """Set a commit status; a ``workflow_run`` job's own result reaches no pull request."""
    body = {"state": state, "context": context, "description": description[:STATUS_TEXT]}
    if address:
        body["target_url"] = address
    # Of several the last one counts, so that one too many does no harm and one too few does.
    github.post(f"{place.path}/statuses/{commit}", body, repeatable=True)


def _read(entry: Any, owner: str, name: str) -> PullRequest:
    entry = entry if isinstance(entry, dict) else {}
    head = entry.get("head") or {}
    return PullRequest(
        place=PullRequestPlace(owner=owner, name=name, number=int(entry.get("number") or 0)),
        head=str(head.get("sha") or ""),
        head_repository=str((head.get("repo") or {}).get("full_name") or ""),
        base_ref=str((entry.get("base") or {}).get("ref") or ""),
    )
