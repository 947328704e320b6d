"""Which values of two related models are held against each other, and what do they cost?

Rows of the same indices from matrices that correspond: what other tests read already, and a small
planned read beside it. Matrices stored by input are cut by input; where the two differ in that, a
square of both is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Anatomy, Matrix, Role
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.looks.change.stored import stored_as
from hubcheck.evidence.reading import Reader, Wanted
from hubcheck.frozen import frozen

WHOLE: Final = 64 * 1024
"""Values; a matrix this small is read whole: 128 KB in BF16."""
ATTENTION: Final = (Role.Q, Role.K, Role.V, Role.O)
DENSE: Final = (Role.GATE, Role.UP, Role.DOWN)
EXPERT: Final = (Role.EXPERT_GATE, Role.EXPERT_UP, Role.EXPERT_DOWN)
LATENT: Final = (Role.MLA_Q_A, Role.MLA_Q_B, Role.MLA_KV_A, Role.MLA_K_B, Role.MLA_V_B)
CROSS: Final = (Role.CROSS_Q, Role.CROSS_K, Role.CROSS_V, Role.CROSS_O)
AXES: Final = (Role.AXIS_IN, Role.AXIS_IN_2, Role.AXIS_OUT, Role.AXIS_HEADS, Role.LINEAR)
"""Of a model that is read by its free axes: one number, one place."""
MATRICES: Final = (*ATTENTION, *LATENT, *DENSE, *EXPERT, *CROSS, *AXES)
NORMS: Final = (Role.NORM_ATTN_IN, Role.NORM_ATTN_POST, Role.NORM_MLP_IN, Role.NORM_MLP_POST)
GAINS: Final = (*NORMS, Role.NORM_FINAL)
BY_TOKEN: Final = (Role.EMBED, Role.LM_HEAD)


@frozen
class Place:
    """A matrix of the subject and the base layer it is held against."""

    role: Role
    layer: int
    """Subject layer, -1 outside the layers."""
    base_layer: int
    expert: int = -1

    def at(self, base: Anatomy, subject: Anatomy) -> tuple[Matrix, Matrix] | None:
        """Return the matrices of base and subject, where both exist in one shape."""
        a = base.get(self.role, self.base_layer, self.expert)
        b = subject.get(self.role, self.layer, self.expert)
        if a is None or b is None or (a.n_out, a.n_in) != (b.n_out, b.n_in):
            return None
        return a, b


@frozen
class Pair:
    """The same values of both models."""

    place: Place
    base_ui: NDArray[np.float32]
    subject_ui: NDArray[np.float32]
    base_dtype: str
    """As stored; the name of a packed storage where there is one."""
    subject_dtype: str
    units: tuple[int, ...]
    """Canonical out indices of the rows; empty for all."""
    whole: bool
    """Every value of the matrix."""
    full_rows: bool
    """All inputs in their order, so that groups of neighbours are what they were."""


def places(
    base: Anatomy, subject: Anatomy, layers: Iterable[tuple[int, int]], draw: Draw
) -> list[Place]:
    """Return every matrix and norm of some (subject layer, base layer) that correspond."""
    found = []
    for layer, base_layer in layers:
        experts = min(base.geometry.experts, subject.geometry.experts)
        expert = draw.one_of(experts, layer) if experts else -1
        for role in (*MATRICES, *NORMS):
            place = Place(
                role=role,
                layer=layer,
                base_layer=base_layer,
                expert=expert if role in EXPERT else -1,
            )
            if place.at(base, subject) is not None:
                found.append(place)
    return found


def one_of_each_kind(anatomy: Anatomy, numbers: Sequence[int]) -> list[int]:
    """Return one place of each role and shape, of a model that is read by its axes."""
    kinds: dict[int, set[tuple[Role, int, int]]] = {}
    for m in anatomy.matrices.values():
        kinds.setdefault(m.layer, set()).add((m.role, m.n_out, m.n_in))
    seen: set[tuple[Role, int, int]] = set()
    chosen = []
    for number in numbers:
        if kinds.get(number, set()) - seen:
            seen |= kinds[number]
            chosen.append(number)
    return chosen


def wanted_rows(
    a: Matrix, b: Matrix, rows: int, draw: Draw, why: str, *, whole: int = WHOLE
) -> tuple[Wanted, Wanted]:
    """Return the same part of two matrices of one shape.

    Args:
        a: Of the base.
        b: Of the subject.
        rows: Stored rows, at most; small matrices are taken whole.
        whole: Values up to which a matrix is small.
        draw: Where the run of rows begins, the same for every matrix of the same height.
        why: Shown by ``--plan``.
    """
    units: tuple[int, ...] = ()
    inputs: tuple[int, ...] = ()
    if a.n_in > 1 and a.n_out * a.n_in > whole:
        if not (a.transposed and b.transposed):
            units = _run(a.n_out, rows, draw)
        if a.transposed or b.transposed:
            inputs = _run(a.n_in, rows, draw)
    return (
        Wanted(matrix=a, units=units, inputs=inputs, why=why),
        Wanted(matrix=b, units=units, inputs=inputs, why=why),
    )


def _run(size: int, rows: int, draw: Draw) -> tuple[int, ...]:
    """Return a run of ``rows`` indices, or nothing where that is all of them."""
    if rows >= size:
        return ()
    start = draw.start(size, rows)
    return tuple(range(start, start + rows))


def pair_of(place: Place, base: Reader, subject: Reader, wanted: tuple[Wanted, Wanted]) -> Pair:
    """Return fetched values as a pair.

    Where one model stores gains and the other gains less one (a Gemma as GGUF and as published),
    both are told as the latter: that is how they were trained and rounded.
    """
    a, b = wanted
    theirs, own = base.block(a), subject.block(b)
    if place.role in GAINS:
        most = max(base.anatomy.norm_offset, subject.anatomy.norm_offset)
        theirs = _less(theirs, most - base.anatomy.norm_offset)
        own = _less(own, most - subject.anatomy.norm_offset)
    return Pair(
        place=place,
        base_ui=theirs,
        subject_ui=own,
        base_dtype=stored_as(base.anatomy, a.matrix),
        subject_dtype=stored_as(subject.anatomy, b.matrix),
        units=b.units,
        whole=not b.units and not b.inputs,
        full_rows=not b.inputs and b.matrix.n_in > 1,
    )


def _less(values: NDArray[np.float32], offset: float) -> NDArray[np.float32]:
    return values - np.float32(offset) if offset else values


def read_before(
    base: Reader,
    subject: Reader,
    asked: tuple[Sequence[Wanted], Sequence[Wanted]],
    base_of: Mapping[int, int],
) -> list[Pair]:
    """Return the pairs among what a comparison read; they cost nothing.

    Args:
        base: The base.
        subject: The subject.
        asked: What was read of base and of subject.
        base_of: Subject layer to base layer; -1 to -1 is understood.
    """
    theirs: dict[tuple[Role, int, int], list[Wanted]] = {}
    for one in asked[0]:
        m = one.matrix
        if not m.bias:
            theirs.setdefault((m.role, m.layer, m.expert), []).append(one)
    found = []
    for one in dict.fromkeys(asked[1]):
        m = one.matrix
        base_layer = -1 if m.layer < 0 else base_of.get(m.layer, -2)
        if m.bias or base_layer == -2:  # noqa: PLR2004 - no layer of the base
            continue
        for other in theirs.get((m.role, base_layer, m.expert), ()):
            # rows of tokens differ in number between vocabularies and were aligned when drawn
            aligned = m.role in BY_TOKEN and bool(one.units) and len(one.units) == len(other.units)
            same = one.units == other.units and m.n_out == other.matrix.n_out
            alike = one.inputs == other.inputs and m.n_in == other.matrix.n_in
            if (aligned or same) and alike:
                place = Place(role=m.role, layer=m.layer, base_layer=base_layer, expert=m.expert)
                found.append(pair_of(place, base, subject, (other, one)))
                break
    return found
