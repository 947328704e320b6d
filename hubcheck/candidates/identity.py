"""Which files of two models are the same bytes, without reading any of them?

The Hub states the SHA-256 of a file stored by LFS and the git blob id of any other; equal digests
are equal bytes. Files that any two models may share by accident (an empty index, a licence) do not
count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from hubcheck.frozen import frozen
from hubcheck.source.interface import FileEntry
from hubcheck.source.weight_files import format_of

MIN_WEIGHTS: Final = 100_000
"""Bytes; a smaller weight file can be a stub that many repositories share."""
MIN_TOKENIZER: Final = 2_000
TOKENIZERS: Final = frozenset(
    {"tokenizer.json", "tokenizer.model", "tekken.json", "vocab.json", "merges.txt", "vocab.txt",
     "spiece.model", "sentencepiece.bpe.model", "spm.model", "tiktoken.model"}
)  # fmt: skip


class FileKind(StrEnum):
    """What a shared file says."""

    WEIGHTS = "weights"
    TOKENIZER = "tokenizer"


@frozen
class Fingerprint:
    """What is known of one file's content."""

    path: str
    size: int
    sha256: str
    git_oid: str
    """Git blob id of the content; empty for a file stored by LFS, whose blob is a pointer."""


@frozen
class SharedFile:
    """A file that two models have in common, byte for byte."""

    kind: FileKind
    path: str
    """In the other model."""
    size: int


def fingerprints(listed: Iterable[tuple[FileEntry, str]]) -> tuple[Fingerprint, ...]:
    """Return the fingerprints of a listing: (file, git blob id)."""
    return tuple(
        Fingerprint(
            path=e.path, size=e.size, sha256=e.sha256.lower(), git_oid="" if e.sha256 else oid
        )
        for e, oid in listed
    )


def fingerprint_of(path: str, data: bytes) -> Fingerprint:
    """Return the fingerprint of a file that was read."""
    blob = hashlib.sha1(b"blob %d\0" % len(data), usedforsecurity=False)
    blob.update(data)
    return Fingerprint(
        path=path,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        git_oid=blob.hexdigest(),
    )


def kind_of(path: str, size: int) -> FileKind | None:
    """Return what a shared file of this name would say, or None when it would say nothing."""
    name = path.rpartition("/")[2].lower()
    if name in TOKENIZERS or name.endswith(".tiktoken"):
        return FileKind.TOKENIZER if size >= MIN_TOKENIZER else None
    return FileKind.WEIGHTS if format_of(path) and size >= MIN_WEIGHTS else None


def shared_files(
    subject: Sequence[Fingerprint], other: Sequence[Fingerprint]
) -> tuple[SharedFile, ...]:
    """Return the files of another model whose bytes the subject holds as well, names aside."""
    digests = {f.sha256 for f in subject if f.sha256}
    oids = {f.git_oid for f in subject if f.git_oid}
    sizes = {f.size for f in subject}
    found = []
    for file in other:
        kind = kind_of(file.path, file.size)
        same = file.sha256 in digests or file.git_oid in oids
        if kind is not None and same and file.size in sizes:
            found.append(SharedFile(kind=kind, path=file.path, size=file.size))
    return tuple(found)
