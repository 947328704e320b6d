"""To which family of a catalogue does a new model belong, as far as sketches can say?

A sketch proposes; whether a model joins is decided by the exact test of whoever calls. So a model
whose sketch was forged, by pasting a victim's anchor rows, keys and values into junk, never becomes
a member and never stands for the victim's family.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.catalogue.index import Score, frames
from hubcheck.catalogue.sketch import N_SLOTS, Sketch
from hubcheck.frozen import frozen
from hubcheck.statistics.sketch import SLOT_BYTES

NEAR: Final = 7.0
"""z from which a model is put to the exact test before it joins. Above the greatest of trained
strangers (6.3 of 79,800 pairs, ``benchmarks/catalogue``); a family that was split for want of a
test is found again by every query, as two families."""


@frozen
class Proposed:
    """The family that a sketch is nearest to."""

    root: str
    score: Score


class Roots:
    """The roots of a catalogue that grows, ready to be scanned."""

    def __init__(self) -> None:
        """Start without any."""
        self.names: list[str] = []
        self._room = 0
        self._bits = np.zeros((N_SLOTS, 0, SLOT_BYTES), dtype=np.uint8)
        self._present: NDArray[np.uint32] = np.zeros(0, dtype=np.uint32)

    def add(self, name: str, sketch: Sketch) -> None:
        """Add a root."""
        place = len(self.names)
        if place == self._room:
            self._room = max(64, 2 * self._room)
            bits = np.zeros((N_SLOTS, self._room, SLOT_BYTES), dtype=np.uint8)
            bits[:, :place] = self._bits[:, :place]
            present = np.zeros(self._room, dtype=np.uint32)
            present[:place] = self._present[:place]
            self._bits, self._present = bits, present
        self.names.append(name)
        self._bits[:, place] = sketch.slots
        self._present[place] = sketch.present

    def nearest(self, sketch: Sketch) -> Proposed | None:
        """Return the family that a sketch is near; None where it is near to none."""
        count = len(self.names)
        if not count:
            return None
        bits = [self._bits[s, :count] for s in range(N_SLOTS)]
        channels, tokens = frames(sketch, bits, self._present[:count])
        best = int(np.argmax(np.maximum(channels, tokens)))
        score = Score(channels=float(channels[best]), tokens=float(tokens[best]))
        return Proposed(root=self.names[best], score=score) if score.z >= NEAR else None
