"""How are bytes read into memory that is used again?

A model that is streamed passes through some megabytes. Fresh memory for every read costs several
times the copy out of the system's cache: each page of it is cleared first.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Final, Protocol, runtime_checkable

from hubcheck.source.interface import Source, Span
from hubcheck.source.ledger import Purpose

Bytes = bytes | memoryview
ALIGNED: Final = 64
"""Spans begin at multiples of it, so that arithmetic on their values starts at a whole vector."""


class Room:
    """Memory of one thread; what lay in it is gone once it is asked for again."""

    def __init__(self) -> None:
        """Begin with none."""
        self._held = bytearray()

    def places(self, sizes: Sequence[int]) -> list[memoryview]:
        """Return a place of so many bytes for each size."""
        ends = [*accumulate(-(-size // ALIGNED) * ALIGNED for size in sizes)]
        if ends and ends[-1] > len(self._held):
            self._held = bytearray(ends[-1])
        whole = memoryview(self._held)
        return [whole[a : a + n] for a, n in zip([0, *ends], sizes, strict=False)]


@runtime_checkable
class ReusingSource(Protocol):
    """A source that can read into a room."""

    def read_into(self, spans: Sequence[Span], room: Room, purpose: Purpose) -> Sequence[Bytes]:
        """Return the bytes of each span; those in the room are good until it is asked again.

        Raises:
            HubcheckError: as ``Source.read``.
        """
        ...


def read_into(
    source: Source, spans: Sequence[Span], room: Room, purpose: Purpose
) -> Sequence[Bytes]:
    """Return the bytes of each span, in the room where the source can read into it.

    Raises:
        HubcheckError: as ``Source.read``.
    """
    if isinstance(source, ReusingSource):
        return source.read_into(spans, room, purpose)
    return source.read(spans, purpose)
