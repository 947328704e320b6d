"""How much has been read from one model, and may more be read?"""

from __future__ import annotations

import threading
from enum import StrEnum

from hubcheck.errors import BudgetExceededError, UsageError


class Purpose(StrEnum):
    """Why bytes were read; the three are reported apart."""

    HEADER = "header"
    DOCUMENT = "document"
    WEIGHTS = "weights"


class Ledger:
    """Counts bytes and requests of one model and refuses to pass a hard limit.

    The limit covers every byte that is transferred, headers and gaps between coalesced ranges
    included. Safe to use from several threads.
    """

    def __init__(self, max_read: int) -> None:
        """Start an empty ledger.

        Args:
            max_read: Hard limit in bytes, at least 1.

        Raises:
            UsageError: ``max_read`` is not positive.
        """
        if max_read < 1:
            raise UsageError(
                f"The read budget is {max_read} bytes.",
                cause="--max-read was given as zero or less.",
                next_step="give a positive size, for example --max-read 64MB.",
            )
        self.max_read = max_read
        self._bytes = dict.fromkeys(Purpose, 0)
        self._requests = 0
        self._hashed = 0
        self._cached = 0
        self._lock = threading.Lock()

    def charge(self, n_bytes: int, purpose: Purpose, *, requests: int) -> None:
        """Book ``n_bytes`` in ``requests`` requests, before they are made.

        Raises:
            BudgetExceededError: the booking would pass the limit; nothing is booked.
        """
        with self._lock:
            total = sum(self._bytes.values()) + n_bytes
            if total > self.max_read:
                raise BudgetExceededError(
                    f"Reading {n_bytes} more bytes would make {total}, over the limit of "
                    f"{self.max_read} bytes for this model.",
                    cause="the model needs more than --max-read allows at this depth.",
                    next_step="raise --max-read, or choose a lighter --depth.",
                )
            self._bytes[purpose] += n_bytes
            self._requests += requests

    def taken(self) -> tuple[int, int]:
        """Return the bytes and requests booked so far."""
        return self.bytes_read, self.requests

    def book(self, n_bytes: int, requests: int) -> None:
        """Book weights that other processes of one check read: a report tells the bytes of all.

        Raises:
            BudgetExceededError: as ``charge``.
        """
        self.charge(n_bytes, Purpose.WEIGHTS, requests=requests)

    def raise_limit(self, to: int) -> None:
        """Allow ``to`` bytes in all, if that is more: a check that escalates reads further."""
        with self._lock:
            self.max_read = max(self.max_read, to)

    def count_request(self) -> None:
        """Book one request that carries no bytes of the model (a listing, a redirect, a retry)."""
        with self._lock:
            self._requests += 1

    def note_hashed(self, n_bytes: int) -> None:
        """Book ``n_bytes`` of a local file that were hashed; no transfer, so outside the limit."""
        with self._lock:
            self._hashed += n_bytes

    def note_cached(self, n_bytes: int) -> None:
        """Book ``n_bytes`` of those charged as found in a cache.

        They count against the limit like any other: what is looked at must not depend on what an
        earlier run has left on the disk.
        """
        with self._lock:
            self._cached += n_bytes

    @property
    def cached_bytes(self) -> int:
        """Bytes of ``bytes_read`` that were not transferred, because a cache held them."""
        return self._cached

    @property
    def hashed_bytes(self) -> int:
        """Bytes of local files hashed so far; reported, not counted as read."""
        return self._hashed

    @property
    def bytes_read(self) -> int:
        """All bytes booked so far."""
        return sum(self._bytes.values())

    @property
    def requests(self) -> int:
        """All requests booked so far."""
        return self._requests

    @property
    def remaining(self) -> int:
        """Bytes that may still be read."""
        return self.max_read - self.bytes_read

    def by_purpose(self) -> dict[str, int]:
        """Return the bytes booked for each purpose."""
        return {purpose.value: n for purpose, n in self._bytes.items()}
