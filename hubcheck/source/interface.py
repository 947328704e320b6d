"""What is a place that bytes come from, and what does it promise?

Units: all sizes and offsets are bytes; ``start`` is inclusive, ``stop`` exclusive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Protocol

from hubcheck.frozen import frozen
from hubcheck.source.ledger import Ledger, Purpose


@frozen
class FileEntry:
    """One file of a model."""

    path: str
    """Path inside the model, with forward slashes; never absolute, never with ``..``."""
    size: int
    """Size in bytes (of the content, not of an LFS pointer)."""
    sha256: str
    """Hex digest where the host states one or it was computed; ``""`` means not stated."""
    blob_id: str = ""
    """Git's own digest of the file, where a repository states one: equal ids, equal bytes. For a
    file kept outside git (LFS) it is the pointer's, which serves as well."""

    @property
    def digest(self) -> str:
        """What can be compared without reading: the sha256, else git's id, else ``""``."""
        return self.sha256.lower() or (f"git:{self.blob_id}" if self.blob_id else "")


@frozen
class Pin:
    """A model fixed to one state."""

    ref: str
    """The model without a revision: ``org/name`` or the path the user typed."""
    revision: str
    """A 40-hex commit on the Hub; ``local`` for a folder or file."""
    created: str
    """ISO 8601 time the repository was created, where the host states one, else ``""``."""
    asked: str = field(default="", compare=False)
    """The branch, tag or ref that was named; ``""`` for the default one and for a folder. No part
    of the state: two names of one commit are one model."""

    def __str__(self) -> str:
        """Return ``ref@1a2b3c4`` for a commit and the bare path for a local model."""
        return self.ref if self.revision == "local" else f"{self.ref}@{self.revision[:7]}"


@frozen
class Span:
    """A range of bytes in one file."""

    path: str
    start: int
    stop: int

    @property
    def size(self) -> int:
        """Number of bytes in the span."""
        return self.stop - self.start


class Source(Protocol):
    """A model whose bytes can be read by range; every read is charged to its ledger first."""

    @property
    def pin(self) -> Pin:
        """The model and the state it is fixed to."""
        ...

    @property
    def ledger(self) -> Ledger:
        """What has been read so far, and the limit."""
        ...

    def files(self) -> tuple[FileEntry, ...]:
        """Return every file of the model, sorted by path. Costs no weight bytes."""
        ...

    def read(self, spans: Sequence[Span], purpose: Purpose) -> list[bytes]:
        """Return the bytes of each span, in the order asked.

        Neighbouring spans are fetched together, and remote fetches run side by side. Every result
        has exactly ``span.size`` bytes.

        Raises:
            BudgetExceededError: before any byte is read, when the ledger refuses.
            NetworkFaultError: when the host answers with anything but the asked-for range.
            MissingModelError: when the file does not exist.
        """
        ...

    def read_document(self, path: str, *, limit: int) -> bytes:
        """Return a whole small file (a card, a config, a tokenizer) of at most ``limit`` bytes.

        Raises:
            MissingModelError: when the file does not exist.
            UnreadableError: when the file is larger than ``limit``.
        """
        ...
