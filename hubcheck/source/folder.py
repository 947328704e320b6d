"""How are the bytes of a model on this machine read?

A folder is a model; a file is a model of that one file plus the card, config and tokenizer beside
it. Nothing outside the folder is ever opened: a symbolic link may point anywhere inside it, and in
the Hub's cache layout (``snapshots/<commit>/x -> ../../blobs/y``) into the ``blobs`` folder beside
``snapshots``. Any other link is left out of the listing, and reading it is an error that names it.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from hubcheck.errors import (
    HostileCheckpointError,
    UsageError,
    printable,
)
from hubcheck.source.file_spans import changed, fill, read_span
from hubcheck.source.folder_tree import allowed_roots, walk
from hubcheck.source.interface import FileEntry, Pin, Span
from hubcheck.source.ledger import Ledger, Purpose
from hubcheck.source.pointer import (
    MAX_POINTER,
    MIN_POINTER,
    parse_pointer,
    pointer_not_readable,
)
from hubcheck.source.ranges import check_spans, document_too_large, missing_file
from hubcheck.source.reference import LargeFiles
from hubcheck.source.reusing import Bytes, Room
from hubcheck.system import open_for_reading, read_at

if TYPE_CHECKING:
    from hubcheck.source.lfs import LfsContent

Authorise = Callable[[str], str]
"""From a server's origin to the ``Authorization`` header for it, ``""`` for none."""

HASH_LIMIT: Final = 32 * 1024 * 1024
"""Bytes hashed by default, smallest files first: configs and tokenizers in 0.1 s, no weights."""

MAX_FILES: Final = 100_000
"""More files than any model has; a folder such as ``/`` is refused instead of walked."""

BESIDE_A_FILE: Final = (
    "README.md",
    "adapter_config.json",
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
)
"""What is shown beside a model given as one file."""

_HASH_BLOCK: Final = 1024 * 1024


class FolderSource:
    """A model in a local folder, or in one local file; see ``interface.Source``."""

    def __init__(
        self,
        path: Path,
        *,
        typed: str,
        ledger: Ledger,
        authorise: Authorise | None = None,
        large_files: LargeFiles | None = None,
    ) -> None:
        """Take a path that exists; the folder is listed on the first call of ``files``.

        Args:
            path: The folder or file.
            typed: The path as the user wrote it.
            ledger: Books what is read; local reads make no requests.
            authorise: Which token opens which server's content of LFS pointers; none: no content.
            large_files: Where their content lies, whatever the folder says about itself.
        """
        self._only = () if path.is_dir() else (path.name, *BESIDE_A_FILE)
        # The file itself may be a link (a cached model is); its folder is where the user points.
        self._root = (path.parent if self._only else path).resolve()
        self._roots = allowed_roots(self._root)
        if self._only:
            self._roots += (path.resolve(),)
        self._ledger = ledger
        self._pin = Pin(ref=typed, revision="local", created="")
        self._entries: dict[str, FileEntry] | None = None
        self._pointers: set[str] = set()
        self._refused: dict[str, str] = {}
        self._far = large_files or authorise
        self._content: LfsContent | None = None

    @property
    def pin(self) -> Pin:
        """The path the user typed; its revision is ``local``."""
        return self._pin

    @property
    def ledger(self) -> Ledger:
        """What has been read so far, and the limit."""
        return self._ledger

    @property
    def refused(self) -> Mapping[str, str]:
        """Paths left out of ``files`` and the reason for each, sorted by path."""
        self._listing()
        return MappingProxyType(dict(sorted(self._refused.items())))

    def files(self) -> tuple[FileEntry, ...]:
        """Return every file, sorted by path; reads nothing but LFS pointers and the folder."""
        return tuple(self._listing().values())

    def read(self, spans: Sequence[Span], purpose: Purpose) -> list[bytes]:
        """Return the bytes of each span; see ``interface.Source.read``."""
        results = [b""] * len(spans)
        for i, data in self.read_each(spans, purpose):
            results[i] = data
        return results

    def read_each(self, spans: Sequence[Span], purpose: Purpose) -> Iterator[tuple[int, bytes]]:
        """Yield one span after the other; see ``arriving.ArrivingSource``."""
        far = self._far_of(spans)
        if far:
            yield from enumerate(self._read_far(spans, far, purpose))
            return
        for i, descriptor in self._opened(spans, purpose):
            yield i, read_span(descriptor, spans[i]) if spans[i].size else b""

    def read_into(self, spans: Sequence[Span], room: Room, purpose: Purpose) -> Sequence[Bytes]:
        """Return the bytes of each span, those on this machine in a room; see ``reusing``."""
        if self._far_of(spans):
            return self.read(spans, purpose)
        places = room.places([span.size for span in spans])
        for i, descriptor in self._opened(spans, purpose):
            fill(descriptor, spans[i], places[i])
        return places

    def _far_of(self, spans: Sequence[Span]) -> frozenset[int]:
        """Return which spans lie with an LFS server; what cannot be read is refused."""
        self._refuse_unreadable({span.path for span in spans})
        check_spans(spans, self._listing())
        return frozenset(i for i, span in enumerate(spans) if span.path in self._pointers)

    def _opened(self, spans: Sequence[Span], purpose: Purpose) -> Iterator[tuple[int, int]]:
        """Book spans, and yield each in the order of the disk, with its file's descriptor.

        That of a span without a byte may be -1.
        """
        self._ledger.charge(sum(span.size for span in spans), purpose, requests=0)
        order = sorted(range(len(spans)), key=lambda i: (spans[i].path, spans[i].start))
        descriptor, opened = -1, ""
        try:
            for i in order:
                span = spans[i]
                if span.size and (descriptor < 0 or span.path != opened):
                    if descriptor >= 0:
                        os.close(descriptor)
                        descriptor = -1
                    descriptor, opened = self._open(span.path), span.path
                yield i, descriptor
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    def _read_far(
        self, spans: Sequence[Span], far: frozenset[int], purpose: Purpose
    ) -> list[bytes]:
        """Read spans of which some lie with the repository's LFS server."""
        near = [span for i, span in enumerate(spans) if i not in far]
        there = self._far_content(spans[min(far)].path)
        fetched = iter(there.read([spans[i] for i in sorted(far)], self._listing(), purpose))
        local = iter(self.read(near, purpose))
        return [next(fetched) if i in far else next(local) for i in range(len(spans))]

    def _far_content(self, path: str) -> LfsContent:
        """Return the server that has the content of pointers; see ``lfs.open_content``."""
        if self._content is None:
            if self._far is None:
                raise pointer_not_readable(path)
            # The HTTP side is imported here: folders without pointers must not wait for it.
            from hubcheck.source.lfs import open_content

            self._content = open_content(self._root, path, self._far, self._ledger)
        return self._content

    def place_of(self, path: str) -> Path | None:
        """Return where a file lies on this machine; None for one that lies with an LFS server.

        Raises:
            UnreadableError: it leaves the folder, or is no file of the size that was listed.
        """
        self._refuse_unreadable({path} - set(self._pointers))
        check_spans([Span(path=path, start=0, stop=0)], self._listing())
        if path in self._pointers:
            return None
        os.close(self._open(path))
        return self._inside(path)

    def read_document(self, path: str, *, limit: int) -> bytes:
        """Return a whole small file; see ``interface.Source.read_document``."""
        self._refuse_unreadable({path})
        entry = self._listing().get(path)
        if entry is None:
            raise missing_file(path)
        if entry.size > limit:
            raise document_too_large(entry, limit)
        return self.read([Span(path=path, start=0, stop=entry.size)], Purpose.DOCUMENT)[0]

    def digests(self, *, limit_bytes: int = HASH_LIMIT) -> dict[str, str]:
        """Return the SHA-256 of files, smallest first, until ``limit_bytes`` would be passed.

        LFS pointers state theirs and cost nothing. Hashing is no transfer: it is booked as
        ``ledger.hashed_bytes`` and not held against the read budget.
        """
        known: dict[str, str] = {}
        left = limit_bytes
        for entry in sorted(self.files(), key=lambda e: (e.size, e.path)):
            if entry.sha256:
                known[entry.path] = entry.sha256
            elif entry.size <= left:
                left -= entry.size
                known[entry.path] = self._hash(entry)
        return dict(sorted(known.items()))

    def sha256_of(self, path: str) -> str:
        """Return the SHA-256 of one file; see ``hashing.HashingSource``."""
        check_spans([Span(path=path, start=0, stop=0)], self._listing())
        return self._listing()[path].sha256 or self._hash(self._listing()[path])

    def _hash(self, entry: FileEntry) -> str:
        digest = hashlib.sha256()
        descriptor = self._open(entry.path)
        try:
            for start in range(0, entry.size, _HASH_BLOCK):
                stop = min(start + _HASH_BLOCK, entry.size)
                digest.update(read_span(descriptor, Span(path=entry.path, start=start, stop=stop)))
        finally:
            os.close(descriptor)
        self._ledger.note_hashed(entry.size)
        return digest.hexdigest()

    def _listing(self) -> dict[str, FileEntry]:
        if self._entries is None:
            found: dict[str, FileEntry] = {}
            for path in self._only or walk(self._root):
                entry = self._entry(path)
                if entry is not None:
                    found[path] = entry
                if len(found) + len(self._refused) > MAX_FILES:
                    raise _too_many_files(self._root)
            self._entries = dict(sorted(found.items()))
        return self._entries

    def _entry(self, path: str) -> FileEntry | None:
        try:
            status = self._inside(path).stat()
        except OSError:
            if not self._only:
                self._refused[path] = "it cannot be opened (a broken link, or no permission)"
            return None
        except HostileCheckpointError:
            self._refused[path] = "it is a link that leaves the folder"
            return None
        if not stat.S_ISREG(status.st_mode):
            self._refused[path] = "it is not a regular file"
            return None
        if MIN_POINTER <= status.st_size < MAX_POINTER:
            descriptor = self._open(path, size=status.st_size)
            try:
                pointer = parse_pointer(read_at(descriptor, MAX_POINTER, 0))
            finally:
                os.close(descriptor)
            if pointer is not None:
                self._pointers.add(path)
                return FileEntry(path=path, size=pointer.size, sha256=pointer.sha256)
        return FileEntry(path=path, size=status.st_size, sha256="")

    def _refuse_unreadable(self, paths: set[str]) -> None:
        self._listing()
        for path in sorted(paths):
            if path in self._refused:
                raise _refused_path(path, self._refused[path])
            if path in self._pointers:
                self._far_content(path)

    def _inside(self, path: str) -> Path:
        # realpath, because Path.resolve turns a loop of links into a RuntimeError before 3.13.
        real = Path(os.path.realpath(self._root / path, strict=True))
        if any(real.is_relative_to(root) for root in self._roots):
            return real
        raise _refused_path(path, "it is a link that leaves the folder")

    def _open(self, path: str, *, size: int | None = None) -> int:
        expected = self._listing()[path].size if size is None else size
        try:
            descriptor = open_for_reading(self._inside(path))
        except OSError as error:
            raise changed(path, error.strerror or "it cannot be opened") from error
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size != expected:
            os.close(descriptor)
            raise changed(path, f"it had {expected} bytes when listed, now {status.st_size}")
        return descriptor


def _refused_path(path: str, reason: str) -> HostileCheckpointError:
    return HostileCheckpointError(
        f"'{printable(path)}' is not read: {reason}.",
        cause="a model must not make hubcheck open files outside its own folder.",
        next_step="put the file itself into the folder, or name the folder it really lies in.",
    )


def _too_many_files(root: Path) -> UsageError:
    return UsageError(
        f"'{printable(root)}' holds more than {MAX_FILES} files.",
        cause="the path names a folder above the model.",
        next_step="name the folder that holds the weights.",
    )
