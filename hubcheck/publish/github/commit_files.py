"""Which model does a commit hold, without a checkout?

The files of one folder at one commit, read over the API: small ones as blobs, weights that lie in
LFS from its storage. Names come from the commit, so each is held against the folder it may land in;
what is too large stays a pointer, which still proves equal weights by its digest.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from hubcheck.errors import UsageError, printable
from hubcheck.publish.github.client import TIMEOUT, GitHub
from hubcheck.publish.github.errors import GitHubError, NotFoundError
from hubcheck.source.pointer import MAX_POINTER, parse_pointer

MOST_FILES: Final = 400
"""Files of one model that are fetched; a 100B model has about a hundred."""
BLOB_LIMIT: Final = 20_000_000
"""Bytes of one file that lies in git itself; it travels as base64, a third longer."""
ALL_LIMIT: Final = 8_000_000_000
"""Bytes in all: a hosted runner has 14 GB of disk left."""
WANTED: Final = (".json", ".md", ".safetensors", ".model", ".txt")
"""What a check reads: configs, card, tokenizer, weights."""

_MODE_FILE: Final = frozenset({"100644", "100755"})
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,200}")


@dataclass(slots=True)
class Fetched:
    """What was written, and what was not, with the reason."""

    files: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    n_bytes: int = 0


def fetch_model(
    github: GitHub,
    owner: str,
    name: str,
    commit: str,
    *,
    folder: str,
    into: Path,
    lfs_server: str,
    lfs_repository: str,
) -> Fetched:
    """Write the files of a commit's folder below ``into``; none where there is no such folder.

    Args:
        github: The client.
        owner: Of the repository (of the pull request's base: it knows the head's commits too).
        name: Of that repository.
        commit: The full id.
        folder: Of the model inside the repository; ``.`` is the whole.
        into: An empty folder.
        lfs_server: Address of the server that holds large files.
        lfs_repository: ``owner/name`` of the repository whose large files are meant.

    Raises:
        UsageError: it is no folder of a single model.
        GitHubError: it cannot be read.
    """
    fetched = Fetched()
    prefix = "" if folder in {"", "."} else f"{PurePosixPath(folder)}/"
    path = f"/repos/{owner}/{name}/git/trees/{commit}"
    tree = github.get(path, recursive="1")
    entries = tree.get("tree") if isinstance(tree, dict) else None
    chosen = [e for e in entries or () if _wanted(e, prefix)]
    if len(chosen) > MOST_FILES or tree.get("truncated"):
        raise UsageError(
            f"'{printable(folder)}' holds {len(chosen)} files at {commit[:7]}.",
            cause="the folder is not the one of a single model.",
            next_step="name the folder that holds the weights in the input model.",
        )
    large: list[tuple[Path, str, int]] = []
    for entry in chosen:
        target = into / str(entry["path"])[len(prefix) :]
        if int(entry.get("size") or 0) > BLOB_LIMIT:
            fetched.left_out.append(f"{printable(entry['path'])}: too large for a file in git")
            continue
        blob = f"/repos/{owner}/{name}/git/blobs/{entry['sha']}"
        data = base64.b64decode(github.get(blob)["content"])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        fetched.files.append(str(entry["path"]))
        fetched.n_bytes += len(data)
        pointer = parse_pointer(data) if len(data) < MAX_POINTER else None
        if pointer is not None:
            large.append((target, pointer.sha256, pointer.size))
    _fetch_large(large, f"{lfs_server}/{lfs_repository}.git/info/lfs/objects/batch", fetched)
    return fetched


def _wanted(entry: Any, prefix: str) -> bool:
    """Return whether an entry of a tree is a plain file that a check reads, under a safe name."""
    if not isinstance(entry, dict) or entry.get("type") != "blob":
        return False
    path, mode = str(entry.get("path") or ""), entry.get("mode")
    if mode not in _MODE_FILE or not path.startswith(prefix) or not path.lower().endswith(WANTED):
        return False
    parts = path[len(prefix) :].split("/")
    return 0 < len(parts) <= 3 and all(_NAME.fullmatch(part) for part in parts)  # noqa: PLR2004 - two folders deep at most


def _fetch_large(large: list[tuple[Path, str, int]], batch: str, fetched: Fetched) -> None:
    """Replace pointers by what they point at, as far as it fits; a digest decides."""
    if not large:
        return
    # No token: the objects of a fork belong to someone else. A private repository's stay pointers.
    with requests.Session() as session:
        for target, digest, size in large:
            if fetched.n_bytes + size > ALL_LIMIT:
                fetched.left_out.append(f"{printable(target.name)}: {size} bytes do not fit")
                continue
            try:
                _fetch_object(session, batch, target, digest, size)
            except (requests.RequestException, GitHubError, ValueError, KeyError) as error:
                reason = printable(error, limit=200)
                fetched.left_out.append(f"{printable(target.name)}: not fetched: {reason}")
            else:
                fetched.n_bytes += size


def _fetch_object(
    session: requests.Session, batch: str, target: Path, digest: str, size: int
) -> None:
    answer = session.post(
        batch,
        json={
            "operation": "download",
            "transfers": ["basic"],
            "objects": [{"oid": digest, "size": size}],
        },
        headers={
            "Accept": "application/vnd.git-lfs+json",
            "Content-Type": "application/vnd.git-lfs+json",
        },
        timeout=TIMEOUT,
    )
    answer.raise_for_status()
    action = answer.json()["objects"][0]["actions"]["download"]
    address = str(action["href"])
    if urlsplit(address).scheme not in {"https", urlsplit(batch).scheme}:
        raise NotFoundError("its address is neither https nor like the server's.")
    headers = {str(k): str(v) for k, v in (action.get("header") or {}).items()}
    done, found = 0, hashlib.sha256()
    part = target.with_name(target.name + ".part")
    with session.get(address, headers=headers, timeout=TIMEOUT, stream=True) as response:
        response.raise_for_status()
        with part.open("wb") as file:
            for piece in response.iter_content(1 << 20):
                done += len(piece)
                if done > size:
                    break
                found.update(piece)
                file.write(piece)
    if done != size or found.hexdigest() != digest:
        part.unlink()
        raise NotFoundError("what arrived is not what its pointer names.")
    os.replace(part, target)  # noqa: PTH105 - the name of the system call says that it is atomic
