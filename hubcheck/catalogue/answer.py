"""Which families of a catalogue is a model nearest to, and which copy would have been seen?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from hubcheck.catalogue.calibration import stands_out
from hubcheck.catalogue.index import NEAREST, Index, NearFamily, score_of_sketches
from hubcheck.catalogue.material import Material, material_of
from hubcheck.catalogue.sketch import Sketch, planted, sketched
from hubcheck.frozen import frozen
from hubcheck.model import Model
from hubcheck.source.interface import Pin
from hubcheck.statistics.planted import NOT_DETECTABLE

GRID: Final = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Shares that are planted."""
MARGIN: Final = 1.3
"""Standard deviations of z below its planted value that nine of ten plantings stay above."""


@frozen
class Seen:
    """The least share kept that would have stood out of the catalogue, frame by frame."""

    plain: float
    """Of a copy whose channels are in place: either frame may see it."""
    turned: float
    """Of one whose channels were relabelled or turned: the token frame alone."""


@frozen
class Answer:
    """What a catalogue says of one model."""

    subject: Pin
    families: tuple[NearFamily, ...]
    n_models: int
    threshold: float
    """z that no stranger of so many is expected to reach."""
    seen: Seen
    sketch: Sketch
    bytes_read: int
    requests: int
    catalogue_bytes: int
    catalogue_requests: int

    @property
    def standing_out(self) -> tuple[NearFamily, ...]:
        """The families that no stranger is expected to be."""
        return tuple(f for f in self.families if f.z >= self.threshold)


def answered(subject: Model, index: Index, *, families: int = NEAREST) -> Answer:
    """Sketch a model, and look for it; nothing of it leaves this machine.

    Raises:
        UnsupportedFormatError: no sketch can be made of it.
    """
    material = material_of(subject)
    own = sketched(material)
    threshold = stands_out(index.n_models)
    nearest = index.nearest(own, families=families)
    return Answer(
        subject=subject.pin,
        families=nearest,
        n_models=index.n_models,
        threshold=threshold,
        seen=would_have_seen(material, own, threshold),
        sketch=own,
        bytes_read=subject.source.ledger.bytes_read,
        requests=subject.source.ledger.requests,
        catalogue_bytes=index.source.ledger.bytes_read,
        catalogue_requests=index.source.ledger.requests,
    )


def would_have_seen(material: Material, own: Sketch, threshold: float) -> Seen:
    """Return the least share kept whose planted copy stands out, in nine plantings of ten.

    Copies are planted into the model itself, so its own width, heads and anchors decide. The draw
    is fixed: the answer of a catalogue does not depend on the run.
    """

    def z_of(kept: float) -> tuple[float, float]:
        rng = np.random.default_rng(int(kept * 100))
        score = score_of_sketches(own, sketched(planted(material, kept, rng)))
        return score.z - MARGIN, score.tokens - MARGIN

    planted_z = {}

    def least(frame: int) -> float:
        def found(kept: float) -> bool:
            if kept not in planted_z:
                planted_z[kept] = z_of(kept)
            return planted_z[kept][frame] >= threshold

        return _least(found)

    return Seen(plain=least(0), turned=least(1))


def _least(found: Callable[[float], bool]) -> float:
    """Return the first of ``GRID`` that is found, by bisection; ``NOT_DETECTABLE`` for none."""
    low, high = 0, len(GRID)
    while low < high:
        middle = (low + high) // 2
        if found(GRID[middle]):
            high = middle
        else:
            low = middle + 1
    return GRID[low] if low < len(GRID) else NOT_DETECTABLE
