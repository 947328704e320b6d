"""Which model does a commit hold, without a checkout?

The files of one folder at one commit, read over the API. What lies in git itself arrives as it is;
what lies in Git LFS stays a pointer, whose content is then read by range from the repository's own
server. Names come from the commit, so each is held against the folder it may land in. A file that
a check would read and that cannot be had here is named: it may be the one that decides.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from hubcheck.candidates.read_files import is_licence_file, is_read_file
from hubcheck.errors import UsageError, printable
from hubcheck.publish.github.client import GitHub
from hubcheck.source.weight_files import holds_weights

MOST_FILES: Final = 400
"""Files of one model that are fetched; a 100B model has about a hundred."""
WRAPPED_LIMIT: Final = 20_000_000
"""Bytes of a file that is taken as JSON; it travels as base64, a third longer."""
BLOB_LIMIT: Final = 100_000_000
"""Bytes of one file that lies in git itself: GitHub takes and gives no larger one."""
ALL_LIMIT: Final = 8_000_000_000
"""Bytes in all: a hosted runner has 14 GB of disk left."""
LONGEST_NAME: Final = 255
"""Bytes of one name: what a file system on Linux takes."""

_FILE: Final = frozenset({"100644", "100755"})
_NEVER: Final = frozenset({"", ".", "..", ".git"})
"""Names that lead elsewhere, or that make a folder say which server has its large files."""


@dataclass(slots=True)
class Fetched:
    """What was written, and what was not, with the reason."""

    files: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """Files that a check would read, with the reason why they are not there."""
    n_bytes: int = 0
    is_there: bool = False
    """Whether the commit holds anything in that folder, read by a check or not."""


def fetch_model(
    github: GitHub, owner: str, name: str, commit: str, *, folder: str, into: Path
) -> Fetched:
    """Write the files of a commit's folder below ``into``; none where there is no such folder.

    Args:
        github: The client.
        owner: Of the repository (of the pull request's base: it knows the head's commits too).
        name: Of that repository.
        commit: The full id.
        folder: Of the model inside the repository; ``.`` is the whole.
        into: An empty folder.

    Raises:
        UsageError: it is no folder of a single model.
        GitHubError: it cannot be read.
    """
    fetched = Fetched()
    prefix = "" if PurePosixPath(folder) == PurePosixPath() else f"{PurePosixPath(folder)}/"
    tree = github.get(f"/repos/{owner}/{name}/git/trees/{commit}", recursive="1")
    listed = tree.get("tree") if isinstance(tree, dict) else None
    entries = [e for e in listed or () if isinstance(e, dict) and _path(e).startswith(prefix)]
    fetched.is_there = bool(entries)
    chosen = [e for e in entries if e.get("type") != "tree" and _wanted(_path(e))]
    if len(chosen) > MOST_FILES or tree.get("truncated"):
        raise UsageError(
            f"'{printable(folder)}' holds {len(chosen)} files at {commit[:7]}.",
            cause="the folder is not the one of a single model.",
            next_step="name the folder that holds the weights in the input model.",
        )
    for entry in chosen:
        path = _path(entry)
        inside = path[len(prefix) :]
        reason = _refusal(entry, inside, fetched.n_bytes)
        if reason and is_read_file(path):
            fetched.left_out.append(f"{printable(path)} ({reason})")
        if reason:
            continue
        data = _blob(github, f"/repos/{owner}/{name}/git/blobs/{entry['sha']}", _size(entry))
        target = into / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        fetched.files.append(path)
        fetched.n_bytes += len(data)
    return fetched


def folders_with_weights(github: GitHub, owner: str, name: str, commit: str) -> tuple[str, ...]:
    """Return the folders of a commit that hold weights, sorted; without the repository's root.

    Raises:
        UsageError: GitHub does not list the whole commit.
        GitHubError: it cannot be read.
    """
    tree = github.get(f"/repos/{owner}/{name}/git/trees/{commit}", recursive="1")
    listed = tree.get("tree") if isinstance(tree, dict) else None
    if not isinstance(tree, dict) or tree.get("truncated"):
        raise UsageError(
            f"The files of {commit[:7]} are more than GitHub lists.",
            cause="the repository holds a hundred thousand files.",
            next_step="name the models' folders instead of a pattern.",
        )
    paths = [_path(e) for e in listed or () if isinstance(e, dict) and e.get("type") == "blob"]
    return tuple(sorted({p.rpartition("/")[0] for p in paths if "/" in p and holds_weights(p)}))


def _wanted(path: str) -> bool:
    return is_read_file(path) or is_licence_file(path)


def _refusal(entry: dict[str, Any], inside: str, n_bytes: int) -> str:
    """Return why an entry of a tree is not written; empty when it is."""
    if entry.get("type") != "blob" or entry.get("mode") not in _FILE:
        return "a link or a submodule, not a file"
    if not all(_is_name(part) for part in inside.split("/")):
        return "its name cannot be a file here"
    if _size(entry) > BLOB_LIMIT:
        return f"{_size(entry)} bytes in git itself; use Git LFS"
    if n_bytes + _size(entry) > ALL_LIMIT:
        return "the model does not fit here"
    return ""


def _is_name(part: str) -> bool:
    """Return whether a text can name a file in its folder and nothing else."""
    try:
        length = len(part.encode())
    except UnicodeEncodeError:
        return False
    return part.casefold() not in _NEVER and part.isprintable() and length <= LONGEST_NAME


def _blob(github: GitHub, path: str, size: int) -> bytes:
    if size > WRAPPED_LIMIT:
        return github.raw(path, limit=BLOB_LIMIT)
    return base64.b64decode(github.get(path)["content"])


def _path(entry: dict[str, Any]) -> str:
    return str(entry.get("path") or "")


def _size(entry: dict[str, Any]) -> int:
    return int(entry.get("size") or 0)
