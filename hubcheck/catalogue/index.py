"""Which families of a catalogue are nearest to a sketch?

The roots are scanned whole, slot by slot; members are read of the families that come out first, and
of no other. Everything happens here: what leaves this machine is which ranges were asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.catalogue.entry import Entry, Standing, family_key, read_entry
from hubcheck.catalogue.manifest import Generation, Manifest, read_manifest
from hubcheck.catalogue.sketch import (
    CHANNELS,
    EMBEDDING,
    N_SLOTS,
    TOKENS,
    Sketch,
)
from hubcheck.catalogue.tables import Table
from hubcheck.frozen import frozen
from hubcheck.source.interface import Source
from hubcheck.statistics.sketch_scan import frame_z, slot_z

CHANNEL_FRAME: Final = (EMBEDDING, *CHANNELS.values())
TOKEN_FRAME: Final = tuple(TOKENS.values())
NEAREST: Final = 8
"""Families of an answer: both parents of a merge, and room for whoever resembles them."""
MANY: Final = 200_000
"""Roots of one table above which the outermost layers alone are scanned, half of the bytes; the
best ``AGAIN`` of them are then ranked by all slots."""
AGAIN: Final = 256
MOST_MEMBERS: Final = 100_000
"""Members of one family that are looked at; the largest on the Hub has 88,000."""


@frozen
class Score:
    """How far a sketch's agreement with another lies above chance, frame by frame."""

    channels: float
    tokens: float

    @property
    def z(self) -> float:
        """The better of the two."""
        return max(self.channels, self.tokens)


@frozen
class Near:
    """A model of the catalogue beside the one that was asked about."""

    entry: Entry
    score: Score


@frozen
class NearFamily:
    """One family: its root, and its members, the nearest first."""

    root: Near
    members: tuple[Near, ...]
    """The root among them; those in quarantine are not."""
    quarantined: tuple[Near, ...]

    @property
    def nearest(self) -> Near:
        """The member that is nearest."""
        return self.members[0]

    @property
    def z(self) -> float:
        """Of the root or the nearest member, whichever is nearer."""
        return max(self.root.score.z, self.nearest.score.z)


def has(present_n: NDArray[np.uint32], slot: int) -> NDArray[np.bool_]:
    """Return which sketches have a slot."""
    return (present_n >> np.uint32(slot) & np.uint32(1)).astype(bool)


def frames(
    own: Sketch, bits_nsb: Sequence[NDArray[np.uint8]], present_n: NDArray[np.uint32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the z of every sketch in the channel frame and in the token frame.

    Args:
        own: The sketch that is asked about.
        bits_nsb: For each slot the bits of all sketches, [n, bytes]; empty for slots it lacks.
        present_n: Which slots each sketch has.
    """
    found = []
    for frame in (CHANNEL_FRAME, TOKEN_FRAME):
        slots = [s for s in frame if own.has(s)]
        both = [has(present_n, s) for s in slots]
        z = [slot_z(own.slots[s], bits_nsb[s], b) for s, b in zip(slots, both, strict=True)]
        found.append(frame_z(z, both) if slots else np.zeros(len(present_n), dtype=np.float32))
    return found[0], found[1]


class Index:
    """An opened catalogue."""

    def __init__(self, source: Source) -> None:
        """Read the manifest.

        Raises:
            MissingModelError: there is none.
            UnreadableError: it cannot be used.
        """
        self.source = source
        self.manifest: Manifest = read_manifest(source)
        self._tables: dict[str, Table] = {}

    @property
    def n_models(self) -> int:
        """How many models it holds: what choosing among them costs."""
        return self.manifest.n_models

    def nearest(self, own: Sketch, *, families: int = NEAREST) -> tuple[NearFamily, ...]:
        """Return the nearest families, the nearest first."""
        roots: dict[str, tuple[Near, float]] = {}
        for generation in self.manifest.generations:
            for near in self._nearest_roots(own, generation, families):
                roots[near.entry.ref.casefold()] = (near, near.score.z)
        ranked = sorted(roots.values(), key=lambda one: -one[1])[:families]
        found = [self._family(own, near) for near, _ in ranked]
        return tuple(sorted(found, key=lambda family: -family.z))

    def entries(self) -> Iterator[Entry]:
        """Yield every entry, the oldest generation first; one that was replaced comes twice."""
        for generation in self.manifest.generations:
            roots = self._table(generation.roots.path)
            bits = [roots.rows(f"bits.{s}", 0, generation.n_roots) for s in range(N_SLOTS)]
            lines = roots.texts("line", [(0, generation.n_roots)])[0]
            for i, line in enumerate(lines):
                yield read_entry(line, b"".join(slot[i].tobytes() for slot in bits))
            yield from self._members(generation, [(0, generation.n_members)])

    def _nearest_roots(self, own: Sketch, generation: Generation, families: int) -> list[Near]:
        table, count = self._table(generation.roots.path), generation.n_roots
        if not count:
            return []
        present = table.rows("present", 0, count)
        seen = own if count <= MANY else own.outermost()
        channels, tokens = self._scanned(table, seen, present)
        better = np.maximum(channels, tokens)
        few = min(families if seen is own else AGAIN, count)
        ranges = [(int(i), int(i) + 1) for i in np.argpartition(-better, few - 1)[:few]]
        lines = table.texts("line", ranges)
        slots = [table.several(f"bits.{s}", ranges) for s in range(N_SLOTS)]
        nearest = []
        for i, (line,) in enumerate(lines):
            entry = read_entry(line, b"".join(slot[i].tobytes() for slot in slots))
            nearest.append(Near(entry=entry, score=score_of(own, entry)))
        return sorted(nearest, key=lambda near: -near.score.z)[:families]

    def _scanned(
        self, table: Table, own: Sketch, present: NDArray[np.uint32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the z of every root in both frames; a piece of a slot is in memory at a time."""
        found = []
        for frame in (CHANNEL_FRAME, TOKEN_FRAME):
            slots = [s for s in frame if own.has(s)]
            both = [has(present, s) for s in slots]
            z = [np.zeros(len(present), np.float32) for _ in slots]
            for s, z_n, b in zip(slots, z, both, strict=True):
                for start, bits in table.pieces(f"bits.{s}", len(present)):
                    part = slice(start, start + len(bits))
                    z_n[part] = slot_z(own.slots[s], bits, b[part])
            found.append(frame_z(z, both) if slots else np.zeros(len(present), np.float32))
        return found[0], found[1]

    def _family(self, own: Sketch, root: Near) -> NearFamily:
        key = family_key(root.entry.ref)
        latest: dict[str, Near] = {}
        for generation in self.manifest.generations:
            for entry in self._members_of(generation, key):
                if entry.family.casefold() == root.entry.ref.casefold():
                    latest[entry.ref.casefold()] = Near(entry=entry, score=score_of(own, entry))
        held = [n for n in latest.values() if n.entry.standing is Standing.QUARANTINED]
        members = [n for n in latest.values() if n.entry.standing is Standing.MEMBER]
        return NearFamily(
            root=root,
            members=tuple(sorted([root, *members], key=lambda near: -near.score.z)),
            quarantined=tuple(sorted(held, key=lambda near: -near.score.z)),
        )

    def _members_of(self, generation: Generation, key: int) -> list[Entry]:
        if not generation.n_members:
            return []
        table = self._table(generation.members.path)
        count = table.count("families")
        families = table.rows("families", 0, count)
        place = int(np.searchsorted(families, np.uint64(key)))
        if place >= count or int(families[place]) != key:
            return []
        start, stop = (int(i) for i in table.rows("starts", place, place + 2))
        return list(self._members(generation, [(start, min(stop, start + MOST_MEMBERS))]))

    def _members(
        self, generation: Generation, ranges: Sequence[tuple[int, int]]
    ) -> Iterator[Entry]:
        if not generation.n_members:
            return
        table = self._table(generation.members.path)
        bits, lines = table.several("bits", ranges), table.texts("line", ranges)
        for some_bits, some_lines in zip(bits, lines, strict=True):
            for one, line in zip(some_bits, some_lines, strict=True):
                yield read_entry(line, one.tobytes())

    def _table(self, path: str) -> Table:
        if path not in self._tables:
            self._tables[path] = Table(self.source, path)
        return self._tables[path]


def score_of(own: Sketch, entry: Entry) -> Score:
    """Return how near one entry is."""
    return score_of_sketches(own, entry.sketch)


def score_of_sketches(own: Sketch, other: Sketch) -> Score:
    """Return how far two sketches agree above chance."""
    bits = [other.slots[s : s + 1] for s in range(N_SLOTS)]
    channels, tokens = frames(own, bits, np.array([other.present], dtype=np.uint32))
    return Score(channels=float(channels[0]), tokens=float(tokens[0]))
