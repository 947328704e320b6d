"""What is the sketch of a model: its slots, and which of them it has?"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.catalogue.material import PLACES, Kind, Material, Place, material_of
from hubcheck.frozen import frozen
from hubcheck.model import Model
from hubcheck.statistics.sketch import (
    LEAST_TOKENS,
    SLOT_BYTES,
    VERSION,
    Measured,
    anchor_frame,
    anchors_measured,
    channels_measured,
    orthonormal,
    packed,
    planes,
    tokens_measured,
)

ORDER: Final[tuple[Place, ...]] = tuple((kind, place) for place in PLACES for kind in Kind)
N_SLOTS: Final = 1 + 2 * len(ORDER)
EMBEDDING: Final = 0
CHANNELS: Final = {place: 1 + i for i, place in enumerate(ORDER)}
TOKENS: Final = {place: 1 + len(ORDER) + i for i, place in enumerate(ORDER)}
OUTERMOST: Final = tuple(place for place in ORDER if place[1] in PLACES[:2])
N_BYTES: Final = N_SLOTS * SLOT_BYTES
"""1,088."""


@frozen
class Sketch:
    """512 bits a slot, and which slots the model has; 1,088 bytes."""

    slots: NDArray[np.uint8]
    """[slots, bytes]; a slot that is not there is zero."""
    present: int
    """Bit i: slot i is there."""
    version: int = VERSION

    def has(self, slot: int) -> bool:
        """Return whether a slot is there."""
        return bool(self.present >> slot & 1)

    def outermost(self) -> Sketch:
        """Return the sketch without the layers that are not the first or the last."""
        kept = [s for p in OUTERMOST for s in (CHANNELS[p], TOKENS[p])]
        return replace(self, present=self.present & sum(1 << s for s in (EMBEDDING, *kept)))


def sketch_of(model: Model) -> Sketch:
    """Read what a sketch needs of a model, and return it; see ``material.material_of``."""
    return sketched(material_of(model))


def sketched(material: Material) -> Sketch:
    """Return the sketch of what was read: a pure function."""
    found: dict[int, Measured] = {}
    rows, have = material.anchor_rows, material.have
    frame = None
    if rows is not None and int(have.sum()) >= LEAST_TOKENS:
        found[EMBEDDING] = anchors_measured(rows, have)
        frame = anchor_frame(rows, have)
    for place, matrix in material.matrices.items():
        found[CHANNELS[place]] = channels_measured(matrix)
        if frame is not None and frame.shape[1] == matrix.shape[1]:
            head = material.heads[place[0]]
            ready = orthonormal if place[0] is Kind.VALUES else planes
            found[TOKENS[place]] = tokens_measured(ready(matrix, head), frame)
    slots = np.zeros((N_SLOTS, SLOT_BYTES), dtype=np.uint8)
    for slot, measured in found.items():
        slots[slot] = np.frombuffer(packed(measured), dtype=np.uint8)
    return Sketch(slots=slots, present=sum(1 << slot for slot in found))


def planted(material: Material, kept: float, rng: np.random.Generator) -> Material:
    """Return a copy that keeps a share of a model, the rest being its own values out of place.

    Every row becomes ``kept`` of itself and sqrt(1 - kept^2) of the same row with its channels
    shuffled, each matrix by a shuffle of its own: what no model that was trained apart shares.
    """
    rest = float(np.sqrt(max(0.0, 1.0 - kept * kept)))

    def mixed(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
        away = matrix[:, rng.permutation(matrix.shape[1])]
        return np.asarray(kept * matrix + rest * away, dtype=np.float32)

    rows = material.anchor_rows
    return replace(
        material,
        matrices={place: mixed(matrix) for place, matrix in material.matrices.items()},
        anchor_rows=None if rows is None else mixed(rows),
    )
