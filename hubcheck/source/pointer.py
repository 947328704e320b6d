"""Is this small file a Git LFS pointer, and what content does it stand for?

A checkout without ``git lfs pull`` holds such pointers in place of the weights. They state the
content's digest and size, which is enough to recognise an identical file, and nothing to read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hubcheck.errors import UnsupportedFormatError, printable

MAX_POINTER: Final = 1024
"""Pointers are smaller than this many bytes (Git LFS specification, docs/spec.md)."""

MIN_POINTER: Final = 120
"""Shorter files cannot be one: its three lines take 43, 76 and at least 7 bytes."""

_POINTER: Final = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n"
    rb"(?:ext-[0-9]-[^\n]*\n)*"
    rb"oid sha256:(?P<oid>[0-9a-f]{64})\n"
    rb"size (?P<size>[0-9]{1,18})\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LfsPointer:
    """The content a pointer stands for."""

    sha256: str
    size: int


def parse_pointer(text: bytes) -> LfsPointer | None:
    """Return the pointer in ``text``, or ``None`` when the text is something else."""
    match = _POINTER.fullmatch(text) if len(text) < MAX_POINTER else None
    return match and LfsPointer(sha256=match["oid"].decode(), size=int(match["size"]))


def pointer_not_readable(path: str) -> UnsupportedFormatError:
    """Return the error for reading the content that a pointer only stands for."""
    return UnsupportedFormatError(
        f"'{printable(path)}' is a Git LFS pointer; its content is not in this folder.",
        cause="the repository was cloned or checked out without its large files.",
        next_step="run 'git lfs pull' in the folder, or name the model on the Hub instead.",
        format_name="LFS pointer",
    )
