"""What is the sha256 of a file whose host states none?

Only a file on this machine is hashed: a digest of one that lies elsewhere would cost the whole
transfer that digests are there to save.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from hubcheck.source.interface import Source


@runtime_checkable
class HashingSource(Protocol):
    """A source that can hash files where they lie."""

    def sha256_of(self, path: str) -> str:
        """Return the hex digest of a file; ``""`` where hashing it would be a transfer.

        Booked as ``ledger.hashed_bytes``, not as read.

        Raises:
            MissingModelError: there is no such file.
            UnreadableError: it changed while it was read.
        """
        ...


def sha256_of(source: Source, path: str) -> str:
    """Return the sha256 of a file, stated or computed here; ``""`` where it stays unknown."""
    return source.sha256_of(path) if isinstance(source, HashingSource) else ""
