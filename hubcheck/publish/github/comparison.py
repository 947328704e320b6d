"""Which files did the commits between two commits change?"""

from __future__ import annotations

from typing import Final

from hubcheck.publish.github.client import GitHub

FILE_LIMIT: Final = 300
"""Files that GitHub lists at most, without saying that there are more."""


def changed_files(
    github: GitHub, owner: str, name: str, before: str, after: str
) -> frozenset[str] | None:
    """Return the paths that changed, of a renamed file both; None when they may not be all.

    Args:
        github: The client.
        owner: Of the repository.
        name: Of the repository.
        before: The full id of a commit.
        after: The full id of a later one. When the first is not among its ancestors GitHub compares
            with where they parted, which says nothing about the first: None.

    Raises:
        GitHubError: a subclass says why; ``contents: read`` is needed.
    """
    # The files come with the first page of commits, however few it holds.
    answer = github.get(f"/repos/{owner}/{name}/compare/{before}...{after}", per_page=1)
    entries = answer.get("files") if isinstance(answer, dict) else None
    if (
        not isinstance(entries, list)
        or len(entries) >= FILE_LIMIT
        or answer.get("status") != "ahead"
    ):
        return None
    paths: set[str] = set()
    for entry in entries:
        path = entry.get("filename") if isinstance(entry, dict) else None
        if not isinstance(path, str) or not path:
            return None
        paths.add(path)
        earlier = entry.get("previous_filename")
        if isinstance(earlier, str):
            paths.add(earlier)
    return frozenset(paths)
