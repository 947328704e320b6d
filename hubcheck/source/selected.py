"""How are some of a source's files read as a model of their own, under other names?

A folder of a repository, one file with what lies beside it, a component of a pipeline: the bytes,
the ledger and the commit stay those of the repository.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from hubcheck.source.arriving import read_each
from hubcheck.source.belonging import Belonging, belonging_of
from hubcheck.source.hashing import sha256_of
from hubcheck.source.interface import FileEntry, Pin, Source, Span
from hubcheck.source.ledger import Ledger, Purpose
from hubcheck.source.ranges import missing_file
from hubcheck.source.reusing import Bytes, Room, read_into


class SelectedSource:
    """Some files of another source; see ``interface.Source``."""

    def __init__(
        self,
        source: Source,
        shown: Mapping[str, str],
        *,
        ref: str,
        files: Sequence[FileEntry] | None = None,
    ) -> None:
        """Show some files; nothing is read.

        Args:
            source: The repository.
            shown: Path as it is shown to the path in the repository; paths that it does not list
                are left out.
            ref: What the model is called.
            files: The repository's files where more is known of them than the source lists, such
                as digests that were computed.
        """
        self._source = source
        self._pin = replace(source.pin, ref=ref)
        by_path = {entry.path: entry for entry in (source.files() if files is None else files)}
        self._real = {path: real for path, real in sorted(shown.items()) if real in by_path}
        self._files = tuple(replace(by_path[real], path=path) for path, real in self._real.items())

    @property
    def pin(self) -> Pin:
        """The model's name, and the repository's commit."""
        return self._pin

    @property
    def ledger(self) -> Ledger:
        """What has been read so far, and the limit."""
        return self._source.ledger

    def belonging(self) -> Belonging:
        """Return how the repository's commit stands to it."""
        return belonging_of(self._source)

    def files(self) -> tuple[FileEntry, ...]:
        """Return the files that are shown, sorted by path."""
        return self._files

    def read(self, spans: Sequence[Span], purpose: Purpose) -> list[bytes]:
        """Return the bytes of each span; see ``interface.Source.read``."""
        return self._source.read(self._there(spans), purpose)

    def read_each(self, spans: Sequence[Span], purpose: Purpose) -> Iterator[tuple[int, bytes]]:
        """Yield every span as soon as it is there; see ``arriving.ArrivingSource``."""
        return read_each(self._source, self._there(spans), purpose)

    def read_into(self, spans: Sequence[Span], room: Room, purpose: Purpose) -> Sequence[Bytes]:
        """Return the bytes of each span; see ``reusing.ReusingSource``."""
        return read_into(self._source, self._there(spans), room, purpose)

    def read_document(self, path: str, *, limit: int) -> bytes:
        """Return a whole small file; see ``interface.Source.read_document``."""
        return self._source.read_document(self._path(path), limit=limit)

    def sha256_of(self, path: str) -> str:
        """Return the digest of a file on this machine; see ``hashing.HashingSource``."""
        return sha256_of(self._source, self._path(path))

    def _there(self, spans: Sequence[Span]) -> list[Span]:
        """Return spans as the repository names them."""
        return [Span(path=self._path(s.path), start=s.start, stop=s.stop) for s in spans]

    def _path(self, path: str) -> str:
        if path not in self._real:
            raise missing_file(path)
        return self._real[path]
