"""How is what several questions need, a document or a digest, read only once?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hubcheck.source.arriving import read_each
from hubcheck.source.belonging import Belonging, belonging_of
from hubcheck.source.hashing import sha256_of
from hubcheck.source.interface import FileEntry, Pin, Source, Span
from hubcheck.source.ledger import Ledger, Purpose
from hubcheck.source.reusing import Bytes, Room, read_into


class RememberingSource:
    """A source that keeps the documents read through it, and the digests computed.

    Everything else passes through.

    The card is asked for its declaration and for its disclosures, the config for its sizes and for
    the name it leaks. Documents are capped at some megabytes by those who ask.
    """

    def __init__(self, source: Source) -> None:
        """Wrap a source; nothing is read."""
        self._source = source
        self._pin = source.pin
        self._documents: dict[str, bytes] = {}
        self._files: tuple[FileEntry, ...] | None = None
        self._hashed: dict[str, str] = {}

    @property
    def pin(self) -> Pin:
        """The model and the state it is fixed to."""
        return self._pin

    def rename(self, ref: str) -> None:
        """Call the model something else: what is only proposed to a repository is not it."""
        self._pin = replace(self._pin, ref=ref)

    def belonging(self) -> Belonging:
        """Return how the model's commit stands to its repository."""
        return belonging_of(self._source)

    @property
    def ledger(self) -> Ledger:
        """What has been read so far, and the limit."""
        return self._source.ledger

    def files(self) -> tuple[FileEntry, ...]:
        """Return every file of the model, listed once."""
        if self._files is None:
            self._files = self._source.files()
        return self._files

    def read(self, spans: Sequence[Span], purpose: Purpose) -> list[bytes]:
        """Read spans of the wrapped source."""
        return self._source.read(spans, purpose)

    def read_each(self, spans: Sequence[Span], purpose: Purpose) -> Iterator[tuple[int, bytes]]:
        """Read spans of the wrapped source as they come in."""
        return read_each(self._source, spans, purpose)

    def read_into(self, spans: Sequence[Span], room: Room, purpose: Purpose) -> Sequence[Bytes]:
        """Read spans of the wrapped source into a room, where it can."""
        return read_into(self._source, spans, room, purpose)

    def sha256_of(self, path: str) -> str:
        """Return the digest of a file on this machine, from memory the second time."""
        if path not in self._hashed:
            self._hashed[path] = sha256_of(self._source, path)
        return self._hashed[path]

    def remember(self, paths: Sequence[str], *, limit: int) -> None:
        """Read documents that will be asked for, those that are there, by one call.

        Args:
            paths: Which.
            limit: One that is longer is left to whoever asks for it.

        Raises:
            HubcheckError: the source failed; nothing is remembered.
        """
        sizes = {entry.path: entry.size for entry in self.files()}
        there = [p for p in paths if 0 < sizes.get(p, 0) <= limit and p not in self._documents]
        spans = [Span(path=path, start=0, stop=sizes[path]) for path in there]
        if spans:
            data = self._source.read(spans, Purpose.DOCUMENT)
            self._documents.update(zip(there, data, strict=True))

    def forget(self) -> None:
        """Forget the documents; one that is asked for again is read again."""
        self._documents.clear()

    def read_document(self, path: str, *, limit: int) -> bytes:
        """Return a document, from memory the second time."""
        known = self._documents.get(path)
        if known is not None and len(known) <= limit:
            return known
        data = self._source.read_document(path, limit=limit)
        self._documents[path] = data
        return data
