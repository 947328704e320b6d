"""What goes into the comparison of two whole models, and what comes out?

Everything here is immutable and the same on every process of a team.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hubcheck.devices.choice import NUMPY, Device
from hubcheck.devices.team import ALONE, Team
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, Phrase


def told_nobody(_done: int, _total: int) -> None:
    """Take note of nothing."""


@frozen
class Resources:
    """What a long comparison may use."""

    team: Team = ALONE
    device: Device = NUMPY
    state: Path | None = None
    """Folder where finished work is kept, so that a stopped run can go on; None keeps nothing."""
    told: Callable[[int, int], None] = told_nobody
    """Told the bytes that are done and the bytes in all, over all processes."""
    notes: Clauses = ()
    """What a reader should know of them: a package that is missing, for example."""


@frozen
class TensorChange:
    """One matrix or vector of the subject beside the base's."""

    role: str
    layer: int
    """Subject layer; -1 outside the layers."""
    base_layer: int
    expert: int
    """-1 where it belongs to no expert."""
    bias: bool
    subject_tensor: str
    """Stored name; hostile text."""
    base_tensor: str
    values: int
    equal: int
    """Values with equal bits, compared as ``compared`` says."""
    relative: float
    """|subject - base| / |base|."""
    cosine: float
    largest: float
    """Largest |subject - base| of any value."""
    rank: int
    """Estimated rank of the change; -1 where ``rank_reason`` says why there is none."""
    rank_reason: str
    compared: str
    """``stored BF16``, ``rounded to BF16``, or ``unpacked`` where the storage is packed."""


@frozen
class Cell:
    """All tensors of one role in one layer together; the fields of the report's ``Change``."""

    layer: int
    base_layer: int
    role: str
    relative: float
    equal: float
    cosine: float
    rank: int
    values: int
    whole: bool = True


@frozen
class Unmatched:
    """A tensor, or a part of one, that was not compared."""

    tensor: str
    """Stored name; hostile text."""
    side: str
    """``subject`` or ``base``."""
    values: int
    why: Phrase


@frozen
class WholeChange:
    """Every value of the subject that has a counterpart in the base, compared."""

    tensors: tuple[TensorChange, ...]
    """Sorted by layer, role and expert."""
    cells: tuple[Cell, ...]
    """Sorted by layer and role."""
    unmatched: tuple[Unmatched, ...]
    values: int
    equal_values: int
    """Values with equal bits, counted."""
    equal: float
    """Their share, 0 to 1, rounded down."""
    relative: float
    cosine: float
    said: Clauses
    """What was measured of the whole model; holds no text of a model."""
    notes: Clauses
    """What a reader should know of how it was done; printable."""
    processes: int
    resumed_values: int
    """Values that an earlier, stopped run had compared."""
