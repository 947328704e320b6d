"""Which rows of declared base, suspect and subject say whether the suspect's change is held?

The same rows of the same matrices of all three models. Of a model whose layers fit a few megabytes
rows of every matrix are read; of a larger one nothing is: the rows of gate and up that the orders
were tested on are there, drawn by one seed and so the same in all three.

A change that no training made proves nothing by being held. Not asked about: rounding to a coarser
format or a few levels, values set to zero, and a change of low rank (a public adapter that both
models merged).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Matrix, Role
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.looks.change.grid import grid_of
from hubcheck.evidence.looks.change.low_rank import rank_of_change
from hubcheck.evidence.looks.change.stored import coarsest, narrowest, rounding_variance
from hubcheck.evidence.looks.change.values import ATTENTION, DENSE, EXPERT
from hubcheck.evidence.looks.closeness.calibration import Rows
from hubcheck.evidence.reading import Reader, Wanted
from hubcheck.evidence.refused import Refused, Why
from hubcheck.frozen import frozen
from hubcheck.statistics.closeness import HeldShare, held_share

LAYERS: Final = 4
WHY: Final = "held-change"
SIZES: Final = ((Rows.ALL_64, 64), (Rows.ALL_32, 32))
FEWEST_ROWS: Final = 64
"""Rows of gate and up, where they alone are there."""
OWN: Final = 4.0
"""Energy of a change over that of rounding from which it is more than that."""
CHANGED: Final = 64
"""Values of a matrix that a suspect must have changed for the rest to be held against it."""
MOSTLY: Final = 0.5


@frozen
class HeldChange:
    """What rows of three models say of the suspect's change."""

    rows: Rows
    share: HeldShare
    matrices: int
    """Matrices that the suspect changed, and that say something."""
    equal: int
    """Those of them whose rows the subject holds bit for bit."""


def held_change(
    declared: Reader, suspect: Reader, subject: Reader, draw: Draw, *, limit: int
) -> HeldChange | Refused:
    """Return how much of a suspect's change to a declared base a subject holds.

    Args:
        declared: The declared base.
        suspect: Related to it, and to the subject.
        subject: The model under test.
        draw: The seeded choices, those of every other look.
        limit: Bytes that may be added for each model; the budgets hold as well.

    Raises:
        BudgetExceededError: a ledger refuses all the same.
        UnreadableError: a value is not finite.
    """
    readers = (declared, suspect, subject)
    geometries = [r.anatomy.geometry for r in readers]
    if len({(g.hidden, g.neurons, g.experts) for g in geometries}) > 1:
        return Refused(code=Why.OTHER_WIDTH)
    if len({g.layers for g in geometries}) > 1:
        return Refused(code=Why.OTHER_DEPTH)
    layers = draw.layers(geometries[0].layers)
    for rows, size in SIZES:
        planned = _affordable(readers, layers, size, draw, limit)
        if planned:
            for reader, wanted in zip(readers, zip(*planned, strict=True), strict=True):
                reader.fetch(wanted)
            return _summed_up(rows, readers, planned)
    there = _there(readers, layers)
    return _summed_up(Rows.MLP_64, readers, there) if there else Refused(code=Why.BUDGET)


def _affordable(
    readers: Sequence[Reader], layers: Sequence[int], size: int, draw: Draw, limit: int
) -> list[tuple[Wanted, ...]]:
    """Return rows of every matrix of as many layers as fit, the same of all three models."""
    planned: list[tuple[Wanted, ...]] = []
    for layer in layers[:LAYERS]:
        of_layer = _rows_of(readers, layer, size, draw)
        if len(of_layer) < len(ATTENTION) + len(DENSE):
            return []
        more = [*planned, *of_layer]
        for n, reader in enumerate(readers):
            room = min(limit, reader.anatomy.checkpoint.source.ledger.remaining)
            if reader.cost([wanted[n] for wanted in more]) > room:
                return planned
        planned = more
    return planned


def _rows_of(
    readers: Sequence[Reader], layer: int, size: int, draw: Draw
) -> list[tuple[Wanted, ...]]:
    experts = readers[0].anatomy.geometry.experts
    expert = draw.one_of(experts, layer) if experts else -1
    found = []
    for role in (*ATTENTION, *(EXPERT if experts else DENSE)):
        matrices = _matrices(readers, role, layer, expert if role in EXPERT else -1)
        if not matrices:
            continue
        height = matrices[0].n_out
        start = draw.start(height, min(size, height))
        units = tuple(range(start, start + min(size, height)))
        found.append(tuple(Wanted(matrix=m, units=units, why=WHY) for m in matrices))
    return found


def _matrices(readers: Sequence[Reader], role: Role, layer: int, member: int) -> list[Matrix]:
    """Return the matrices of one role, where all three have it in one shape and by rows."""
    every = [r.anatomy.get(role, layer, member) for r in readers]
    found = [m for m in every if m is not None and not m.transposed]
    alike = len({(m.n_out, m.n_in) for m in found}) == 1
    return found if len(found) == len(readers) and alike else []


def _there(readers: Sequence[Reader], layers: Sequence[int]) -> list[tuple[Wanted, ...]]:
    """Return rows of gate and up that were read of all three models."""
    found = []
    for layer in layers:
        both = []
        for role in (Role.GATE, Role.UP):
            matrices = _matrices(readers, role, layer, -1)
            read = [
                {one.units: one for one in reader.there(matrix) if len(one.units) >= FEWEST_ROWS}
                for reader, matrix in zip(readers, matrices, strict=False)
            ]
            shared = [units for units in (read[0] if read else ()) if all(units in r for r in read)]
            both += [tuple(r[units] for r in read) for units in shared[:1]]
        if len(both) == 2:  # noqa: PLR2004 - gate and up
            found += both
    return found


def _summed_up(
    rows: Rows, readers: Sequence[Reader], planned: Sequence[tuple[Wanted, ...]]
) -> HeldChange:
    """Return what the rows say; the suspect's change must be one that training makes.

    Where as many matrices or more show a change that anyone can make, all are taken for such: a
    grid or a rank is not seen in every matrix that has one.
    """
    changes = []
    equal = anyones = 0
    for wanted in planned:
        base_ui, suspect_ui, subject_ui = (
            reader.block(one)[:FEWEST_ROWS] for reader, one in zip(readers, wanted, strict=True)
        )
        if int((base_ui != suspect_ui).sum()) < CHANGED:
            continue
        if not _is_trained(base_ui, suspect_ui):
            anyones += 1
            continue
        equal += bool(np.array_equal(suspect_ui, subject_ui))
        base = base_ui.astype(np.float64)
        changes.append((suspect_ui - base, subject_ui - base))
    if anyones >= len(changes):
        changes, equal = [], 0
    return HeldChange(rows=rows, share=held_share(changes), matrices=len(changes), equal=equal)


def _is_trained(base_ui: NDArray[np.float32], suspect_ui: NDArray[np.float32]) -> bool:
    """Return whether a suspect's change of some rows is more than storing or a public adapter."""
    moved = base_ui != suspect_ui
    if float((suspect_ui[moved] == 0).mean()) > MOSTLY:
        return False
    coarser = coarsest(narrowest(base_ui), narrowest(suspect_ui))
    change = suspect_ui.astype(np.float64) - base_ui
    # both may be what is left of finer values: of a base in float32 and an adapter merged into it
    variance = rounding_variance(suspect_ui, coarser) + rounding_variance(base_ui, coarser)
    if float(np.square(change).sum()) < OWN * float(variance[moved].sum()):
        return False
    if grid_of(suspect_ui) is not None and grid_of(base_ui) is None:
        return False
    rank = rank_of_change(change, variance)
    return rank is not None and not rank.is_low
