"""What do the Hub's answers say about a repository: which commit, and which files?

The Hub passes on what uploaders wrote, and an endpoint may be anything: every field is checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from hubcheck.errors import HostileCheckpointError, NetworkFaultError, printable
from hubcheck.source.interface import FileEntry, Pin
from hubcheck.source.reference import HubReference, is_repo_id

MAX_SIZE: Final = 2**60
"""No file has an exbibyte; a larger figure is a mistake or an attack on arithmetic."""

DESCRIBED: Final = 1000
"""Files up to which the list in a description is taken for whole: as many as the Hub puts on a page
of a listing. Of repositories with tens of thousands it is known to be cut."""

COMMIT: Final = re.compile(r"[0-9a-f]{40}")
"""A revision in this form is a commit: it cannot come to mean something else."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_BLOB_ID: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_DATE: Final = re.compile(r"[0-9TZ:.+-]{10,40}", re.ASCII)


def read_pin(payload: object, asked: HubReference) -> Pin:
    """Return the commit that the Hub's description of a repository names.

    Args:
        payload: The JSON answer.
        asked: What was asked for, for the message.

    Raises:
        NetworkFaultError: the answer names no repository or no commit.
    """
    answer = payload if isinstance(payload, dict) else {}
    repo_id, commit, created = (str(answer.get(key, "")) for key in ("id", "sha", "createdAt"))
    if not is_repo_id(repo_id) or COMMIT.fullmatch(commit) is None:
        what = f"The Hub named no commit for '{asked.repo_id}' at '{asked.revision}'."
        raise NetworkFaultError(
            what,
            cause="the repository has no commit yet, or the endpoint is not a Hub.",
            next_step="check the endpoint (HF_ENDPOINT) and the repository's page.",
        )
    return Pin(
        ref=repo_id,
        revision=commit,
        created=created if _DATE.fullmatch(created) else "",
        asked=asked.asked,
    )


def described_files(payload: object) -> list[object]:
    """Return the files that the description of a commit lists, as the one page of a listing.

    Args:
        payload: The JSON answer, asked for with ``blobs=true``.

    Returns:
        No page where it does not say all of them, with their sizes.
    """
    listed = payload.get("siblings") if isinstance(payload, dict) else None
    if not isinstance(listed, list) or not 0 < len(listed) <= DESCRIBED:
        return []
    page: list[dict[str, object]] = []
    for item in listed:
        if not isinstance(item, dict) or type(item.get("size")) is not int:
            return []
        lfs = item.get("lfs")
        stored = {"lfs": {"oid": lfs.get("sha256")}} if isinstance(lfs, dict) else {}
        file = {"type": "file", "path": item.get("rfilename"), "size": item["size"]}
        page.append({**file, "oid": item.get("blobId"), **stored})
    return [page]


def read_entries(payload: object, repo_id: str) -> Iterator[FileEntry]:
    """Yield the files on one page of a listing; folders are left out.

    Raises:
        NetworkFaultError: the page has another form.
        HostileCheckpointError: a path leaves the repository.
    """
    if not isinstance(payload, list):
        raise listing_broken(repo_id, "a page is not a list")
    for item in payload:
        entry = _entry(item, repo_id)
        if entry is not None:
            yield entry


def by_path(entries: Iterable[FileEntry], repo_id: str) -> dict[str, FileEntry]:
    """Return the files of all pages by path, sorted.

    Pages overlap where somebody pushes between two of them, so a file may come twice.

    Raises:
        NetworkFaultError: one path stands for two contents.
    """
    found: dict[str, FileEntry] = {}
    for entry in entries:
        if found.setdefault(entry.path, entry) != entry:
            raise listing_broken(repo_id, f"'{printable(entry.path)}' is listed as two files")
    return {path: found[path] for path in sorted(found)}


def _entry(item: object, repo_id: str) -> FileEntry | None:
    """Return the file a listing's item describes, or ``None`` for a folder."""
    if not isinstance(item, dict):
        raise listing_broken(repo_id, "an item is not an object")
    if item.get("type") != "file":
        return None
    path, size, lfs = item.get("path"), item.get("size"), item.get("lfs")
    if not isinstance(path, str) or type(size) is not int or not 0 <= size < MAX_SIZE:
        raise listing_broken(repo_id, "a file has no path or size")
    if "\0" in path or not _is_utf8(path) or {"", ".", ".."} & set(path.split("/")):
        what = f"'{repo_id}' lists a file at '{printable(path)}'."
        raise HostileCheckpointError(
            what,
            cause="the path leaves the repository; git cannot store such a path.",
            next_step="do not use this repository.",
        )
    sha256 = str(lfs.get("oid", "")) if isinstance(lfs, dict) else ""
    blob_id = str(item.get("oid", ""))
    return FileEntry(
        path=path,
        size=size,
        sha256=sha256 if _SHA256.fullmatch(sha256) else "",
        blob_id=blob_id if _BLOB_ID.fullmatch(blob_id) else "",
    )


def _is_utf8(text: str) -> bool:
    # JSON can carry half of a surrogate pair, which no address can.
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def listing_broken(repo_id: str, detail: str) -> NetworkFaultError:
    """Return the error for a listing that cannot be used."""
    return NetworkFaultError(
        f"The listing of '{repo_id}' cannot be used: {detail}.",
        cause="the endpoint is not a Hub, or a proxy answers in its place.",
        next_step="check the endpoint (HF_ENDPOINT) and run again later.",
    )
