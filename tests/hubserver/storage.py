"""What repositories does the local Hub hold, and which bytes does each commit have?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

from tests.hubserver.board import Board

LFS_SUFFIXES: Final = (".safetensors", ".bin", ".gguf", ".pt", ".onnx", ".npz", ".parquet")
"""What the Hub's default .gitattributes stores by LFS."""

_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)


class Content:
    """The bytes of one file: in memory, or in a file on disk that is read by range."""

    def __init__(self, source: bytes | Path, *, sha256: str = "", lfs: bool | None = None) -> None:
        """Take bytes, or the path of a file that does not change.

        Args:
            source: The bytes or the file.
            sha256: Digest to state, for a file too large to hash (a sparse one, say).
            lfs: Whether it is stored by LFS; ``None`` leaves that to the path.
        """
        self._source = source
        self._stated = sha256
        self.lfs = lfs

    @cached_property
    def size(self) -> int:
        """Number of bytes."""
        source = self._source
        return len(source) if isinstance(source, bytes) else source.stat().st_size

    def read(self, start: int, stop: int) -> bytes:
        """Return bytes ``start`` to ``stop``, exclusive."""
        if isinstance(self._source, bytes):
            return self._source[start:stop]
        with self._source.open("rb") as file:
            file.seek(start)
            return file.read(stop - start)

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the bytes."""
        if self._stated:
            return self._stated
        if isinstance(self._source, bytes):
            return hashlib.sha256(self._source).hexdigest()
        with self._source.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @cached_property
    def git_oid(self) -> str:
        """The id git gives a blob of these bytes."""
        digest = hashlib.sha1(b"blob %d\0" % self.size, usedforsecurity=False)
        digest.update(self.read(0, self.size))
        return digest.hexdigest()

    @cached_property
    def pointer(self) -> bytes:
        """The Git LFS pointer that stands for these bytes."""
        return (
            "version https://git-lfs.github.com/spec/v1\n"
            f"oid sha256:{self.sha256}\nsize {self.size}\n"
        ).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One state of a repository."""

    oid: str
    title: str
    parent: str
    date: str
    files: Mapping[str, Content]


@dataclass(slots=True, kw_only=True)
class Repository:
    """A model repository; ``refs`` maps ``main`` and ``refs/pr/1`` alike to a commit's oid."""

    repo_id: str
    private: bool = False
    gated: bool = False
    readers: frozenset[str] = frozenset()
    """Tokens that may read a private or gated repository."""
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    board: Board = field(default_factory=Board)
    """Its discussions and pull requests."""

    @property
    def created(self) -> str:
        """Time of creation, ISO 8601, the same in every run."""
        return stamp(0)

    def commit(
        self,
        changes: Mapping[str, Content | None],
        *,
        ref: str = "main",
        title: str = "Upload model",
    ) -> Commit:
        """Add a commit to ``ref``; a path that maps to ``None`` is removed.

        A ref that does not exist starts at ``main``.
        """
        parent = self.refs.get(ref, self.refs.get("main", ""))
        files = dict(self.commits[parent].files) if parent else {}
        for path, content in changes.items():
            if content is None:
                files.pop(path, None)
            else:
                files[path] = content
        digest = hashlib.sha1(f"{parent}\n{ref}\n{title}".encode(), usedforsecurity=False)
        digest.update(str(len(self.commits)).encode())
        for path, content in sorted(files.items()):
            digest.update(f"{path!r} {content.size}\n".encode())
        made = Commit(
            oid=digest.hexdigest(),
            title=title,
            parent=parent,
            date=stamp(len(self.commits)),
            files=dict(sorted(files.items())),
        )
        self.commits[made.oid] = made
        self.refs[ref] = made.oid
        return made

    def resolve(self, revision: str) -> Commit | None:
        """Return the commit a branch, ref or oid names."""
        names = (revision, f"refs/tags/{revision}", revision.removeprefix("refs/heads/"))
        oid = next((self.refs[name] for name in names if name in self.refs), revision)
        return self.commits.get(oid)

    def history(self, commit: Commit) -> list[Commit]:
        """Return ``commit`` and its ancestors, newest first."""
        chain = [commit]
        while chain[-1].parent:
            chain.append(self.commits[chain[-1].parent])
        return chain

    def may_read_files(self, token: str) -> bool:
        """Return whether the bearer of ``token`` (or ``""``) may read contents."""
        return not (self.private or self.gated) or token in self.readers


def is_lfs(path: str, content: Content | None = None) -> bool:
    """Return whether the Hub stores ``content`` at ``path`` by LFS."""
    if content is not None and content.lfs is not None:
        return content.lfs
    return path.endswith(LFS_SUFFIXES)


Files = Path | Mapping[str, bytes | Path | Content]
"""A folder, or a mapping from path to bytes, a file on disk, or a content."""


def contents_of(files: Files) -> dict[str, Content]:
    """Return the contents in ``files`` by path."""
    if isinstance(files, Path):
        return {
            found.relative_to(files).as_posix(): Content(found)
            for found in sorted(files.rglob("*"))
            if found.is_file()
        }
    return {
        path: source if isinstance(source, Content) else Content(source)
        for path, source in files.items()
    }


def stamp(step: int) -> str:
    """Return a time that is the same in every run: ``step`` minutes after the first commit."""
    return (_EPOCH + timedelta(minutes=step)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
