"""Is this small file a Git LFS pointer, and what content does it stand for?

A checkout without ``git lfs pull`` holds such pointers in place of the weights. They state the
content's digest and size, which is enough to recognise an identical file; ``lfs`` reads the rest.
"""

from __future__ import annotations

import re
from typing import Final

from hubcheck.errors import UnsupportedFormatError, printable
from hubcheck.frozen import frozen

MAX_POINTER: Final = 1024
"""Pointers are smaller than this many bytes (Git LFS specification, docs/spec.md)."""

NOT_AVAILABLE: Final = "LFS content not available"
"""What a report says in place of a format."""

MIN_POINTER: Final = 120
"""Shorter files cannot be one: its three lines take 43, 76 and at least 7 bytes."""

_POINTER: Final = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n"
    rb"(?:ext-[0-9]-[^\n]*\n)*"
    rb"oid sha256:(?P<oid>[0-9a-f]{64})\n"
    rb"size (?P<size>[0-9]{1,18})\n"
)


@frozen
class LfsPointer:
    """The content a pointer stands for."""

    sha256: str
    size: int


def parse_pointer(text: bytes) -> LfsPointer | None:
    """Return the pointer in ``text``, or ``None`` when the text is something else."""
    match = _POINTER.fullmatch(text) if len(text) < MAX_POINTER else None
    return match and LfsPointer(sha256=match["oid"].decode(), size=int(match["size"]))


def pointer_not_readable(path: str, detail: str = "") -> UnsupportedFormatError:
    """Return the error for reading the content that a pointer only stands for.

    Args:
        path: The pointer's path in the folder.
        detail: Why the repository's own server did not give it, if it was asked.
    """
    why = f" ({detail})" if detail else ""
    return UnsupportedFormatError(
        f"'{printable(path)}' is a Git LFS pointer; its content is not in this folder{why}.",
        cause="the repository was cloned or checked out without its large files.",
        next_step="run 'git lfs pull' in the folder, give a token that may read the repository's "
        "large files, or name the model on the Hub instead.",
        format_name=NOT_AVAILABLE,
    )
