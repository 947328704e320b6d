"""On which commit does a checkout stand, and which of its files are that commit's?

Without running git: a checkout belongs to whoever made it, and its config can name commands.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

from hubcheck.publish.github.pull_requests import is_commit

GIT_HEAD_LIMIT: Final = 1_000
INDEX_LIMIT: Final = 64_000_000
"""Bytes of git's index that are read; a hundred thousand files take about 10 MB."""

_BEFORE_PATH: Final = 62
"""Bytes of an index entry before its path: ten 32-bit numbers, a SHA-1 and 16 bits of flags."""
_LONG_NAME: Final = 0xFFF
"""The flags' low bits hold the length of the path, or this where it is longer."""


def git_head(folder: Path) -> str:
    """Return the commit that a checkout stands on; empty if unclear."""
    try:
        text = (folder / ".git" / "HEAD").read_text("utf-8")[:GIT_HEAD_LIMIT].strip()
        if text.startswith("ref: "):
            name = text.removeprefix("ref: ")
            if ".." in name or name.startswith("/"):
                return ""
            text = (folder / ".git" / name).read_text("utf-8")[:GIT_HEAD_LIMIT].strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return text if is_commit(text) else ""


def read_index(checkout: Path) -> bytes:
    """Return git's index of a checkout; empty when there is none that is read here."""
    try:
        with (checkout / ".git" / "index").open("rb") as file:
            data = file.read(INDEX_LIMIT)
    except OSError:
        return b""
    return data if data.startswith(b"DIRC") else b""


def as_checked_out(index: bytes, checkout: Path, path: str) -> bool:
    """Return whether a file is tracked and still has the size and time that git wrote it with.

    This is git's own test before it looks into a file. An index in another form than the common
    one, and a link, count as no.

    Args:
        index: From ``read_index``.
        checkout: The folder that ``path`` starts from.
        path: With ``/`` between its parts.
    """
    name = path.encode("utf-8", "surrogateescape")
    try:
        state = (checkout / path).lstat()
    except OSError:
        return False
    kept = struct.pack(">I", state.st_size & 0xFFFFFFFF)
    seconds = struct.pack(">I", int(state.st_mtime) & 0xFFFFFFFF)
    at = index.find(name + b"\0")
    while at >= 0:
        entry = index[max(at - _BEFORE_PATH, 0) : at]
        if len(entry) == _BEFORE_PATH:
            length = int.from_bytes(entry[60:62], "big") & _LONG_NAME
            if length == min(len(name), _LONG_NAME):
                regular = int.from_bytes(entry[24:28], "big") & 0o170000 == 0o100000  # noqa: PLR2004 - git's mode of a file
                return regular and entry[36:40] == kept and entry[8:12] == seconds
        at = index.find(name + b"\0", at + 1)
    return False
