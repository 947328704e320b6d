"""A model that lives in a dictionary: the source that tests read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hubcheck.errors import MissingModelError, UnreadableError
from hubcheck.source.interface import FileEntry, Pin, Span
from hubcheck.source.ledger import Ledger, Purpose


class MemorySource:
    """A ``Source`` over file contents in memory; every read is charged and remembered."""

    def __init__(
        self,
        contents: Mapping[str, bytes],
        *,
        ref: str = "org/model",
        max_read: int = 1 << 40,
        sizes: Mapping[str, int] | None = None,
    ) -> None:
        """Hold the files.

        Args:
            contents: Path to content.
            ref: The name that the pin shows.
            max_read: Limit of the ledger in bytes.
            sizes: Sizes to state for files that are longer than their content; the rest reads as
                zero bytes. Lets a test have a file of any size.
        """
        self._contents = dict(contents)
        self._sizes = {path: len(content) for path, content in contents.items()} | dict(sizes or {})
        self.pin = Pin(ref=ref, revision="0" * 40, created="")
        self.ledger = Ledger(max_read)
        self.calls: list[tuple[Span, ...]] = []
        """The spans of every ``read`` so far, one entry a call."""

    def files(self) -> tuple[FileEntry, ...]:
        """Return every file, sorted by path."""
        return tuple(
            FileEntry(path=path, size=size, sha256="") for path, size in sorted(self._sizes.items())
        )

    def read(self, spans: Sequence[Span], purpose: Purpose) -> list[bytes]:
        """Return the bytes of each span; a span outside its file fails the test."""
        self.calls.append(tuple(spans))
        for span in spans:
            size = self._size(span.path)
            assert 0 <= span.start <= span.stop <= size, f"{span} leaves a file of {size} bytes"
        self.ledger.charge(sum(s.size for s in spans), purpose, requests=len(spans))
        return [
            self._contents[span.path][span.start : span.stop].ljust(span.size, b"\0")
            for span in spans
        ]

    def read_document(self, path: str, *, limit: int) -> bytes:
        """Return a whole file of at most ``limit`` bytes."""
        size = self._size(path)
        if size > limit:
            raise UnreadableError(
                f"'{path}' is {size} bytes long, over the limit of {limit}.",
                cause="the file is not what its name says.",
                next_step="look at the file.",
            )
        self.ledger.charge(size, Purpose.DOCUMENT, requests=1)
        return self._contents[path].ljust(size, b"\0")

    def _size(self, path: str) -> int:
        """Return the stated size of a file."""
        if path not in self._sizes:
            raise MissingModelError(
                f"'{path}' does not exist.",
                cause="the model has no such file.",
                next_step="check the name.",
            )
        return self._sizes[path]
