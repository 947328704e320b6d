"""How is a model read that is one folder, or one file, of a repository?

``org/name:unet`` is the folder ``unet`` by itself, ``org/name:x.fp16.safetensors`` that one file
with the card, config and tokenizer beside it: the same as naming a local folder or file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hubcheck.errors import MissingModelError, printable
from hubcheck.source.arriving import read_each
from hubcheck.source.belonging import Belonging, belonging_of
from hubcheck.source.folder import BESIDE_A_FILE
from hubcheck.source.interface import FileEntry, Pin, Source, Span
from hubcheck.source.ledger import Ledger, Purpose


class InsideSource:
    """A folder or file of another source; see ``interface.Source``."""

    def __init__(self, source: Source, inside: str) -> None:
        """Find it in the listing.

        Args:
            source: The repository.
            inside: Path of the folder or file in it, without a slash at either end.

        Raises:
            MissingModelError: the repository has nothing there.
        """
        self._source = source
        pin = source.pin
        self._pin = Pin(ref=f"{pin.ref}:{inside}", revision=pin.revision, created=pin.created)
        by_path = {entry.path: entry for entry in source.files()}
        folder, slash, name = inside.rpartition("/")
        self._prefix = folder + slash if inside in by_path else f"{inside}/"
        shown = {self._prefix + n for n in (name, *BESIDE_A_FILE)}
        self._files = tuple(
            replace(entry, path=path.removeprefix(self._prefix))
            for path, entry in by_path.items()
            if path.startswith(self._prefix) and (inside not in by_path or path in shown)
        )
        if not self._files:
            raise MissingModelError(
                f"'{printable(pin)}' has neither a folder nor a file '{printable(inside)}'.",
                cause="the path after the colon is misspelled, or of another revision.",
                next_step="look at the repository's files; a path is written org/name:folder.",
            )

    @property
    def pin(self) -> Pin:
        """The repository, the path inside it, and the commit."""
        return self._pin

    @property
    def ledger(self) -> Ledger:
        """What has been read so far, and the limit."""
        return self._source.ledger

    def belonging(self) -> Belonging:
        """Return how the repository's commit stands to it."""
        return belonging_of(self._source)

    def files(self) -> tuple[FileEntry, ...]:
        """Return the files there, paths counted from the folder."""
        return self._files

    def read(self, spans: Sequence[Span], purpose: Purpose) -> list[bytes]:
        """Return the bytes of each span; see ``interface.Source.read``."""
        return self._source.read(self._there(spans), purpose)

    def read_each(self, spans: Sequence[Span], purpose: Purpose) -> Iterator[tuple[int, bytes]]:
        """Yield every span as soon as it is there; see ``arriving.ArrivingSource``."""
        return read_each(self._source, self._there(spans), purpose)

    def _there(self, spans: Sequence[Span]) -> list[Span]:
        """Return spans as the repository names them."""
        return [Span(path=self._prefix + s.path, start=s.start, stop=s.stop) for s in spans]

    def read_document(self, path: str, *, limit: int) -> bytes:
        """Return a whole small file; see ``interface.Source.read_document``."""
        return self._source.read_document(self._prefix + path, limit=limit)
