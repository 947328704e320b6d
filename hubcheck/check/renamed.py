"""Is a model whose tensor names say nothing the base, value by value, under other names?

Names can be changed by anyone. Where none of them says where in a model its tensor belongs, the
tensors of layers of the same make are candidates for each other by shape (``anatomy.same_layout``),
and the base's names go to those whose values are near: a few rows of two layers decide. The tests
then run on the model under those names. What was chosen by looking is paid for: the bound is
divided by the number of ways in which the names could have been given out. Where values are not
near nothing is given, so this never says that two models are unrelated.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from math import factorial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.gguf_names import FORMAT
from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.anatomy.read import FLOATS, anatomy_of
from hubcheck.anatomy.same_layout import Candidates, candidates_of
from hubcheck.checkpoint.interface import Checkpoint, RowBlock
from hubcheck.checkpoint.rows import cost_of, read_rows
from hubcheck.evidence.reading import Reader
from hubcheck.frozen import frozen
from hubcheck.model import Model

NEAR: Final = 0.5
"""Correlation of values from which two tensors are taken for one: between strangers it is zero to
within 0.05 over the rows read, a fine-tune keeps 0.9 and more."""
ROWS: Final = 16
"""Rows read of each tensor in each of two layers."""
LIMIT: Final = 16_000_000
"""Bytes read of each model where every tensor is a candidate: fewer rows of each, then none."""
MOST_WAYS: Final = 10**300
"""A bound divided by more says nothing, and is no float."""
MOST_NEAR: Final = 0.5
"""Share of the layers' parameters that must be near before any name is given."""
BODY: Final = frozenset({Role.UP, Role.DOWN, Role.V, Role.O, Role.EXPERT_UP, Role.SSM, Role.DELTA})


@frozen
class Renamed:
    """The subject under the base's names."""

    model: Model
    ways: int
    """In how many ways the names could have been given out."""
    matched: int
    """Tensors that were given a name of the base's."""
    tensors: int
    """Tensors of the subject."""


def under_names_of(base: Model, subject: Model) -> Renamed | None:
    """Return the subject under the base's names, None where names or values give no reason to.

    Args:
        base: A base whose layers are understood.
        subject: The model under test.

    Raises:
        HubcheckError: a ledger refuses, the network fails, or a value is not finite.
    """
    if not _has_body(base.anatomy) or _has_body(subject.anatomy):
        return None
    checkpoints = (base.anatomy.checkpoint, subject.anatomy.checkpoint)
    if any(c.format == FORMAT for c in checkpoints):
        return None
    groups = candidates_of(*(_shapes(c) for c in checkpoints))
    inside = sum(g.parameters for g in groups if g.is_body)
    if not inside:
        return None
    rows = _rows_that_fit(groups, checkpoints)
    names: dict[str, str] = {}
    near, ways = 0, 1
    for group in groups:
        pairs = _near_pairs(group, *checkpoints, rows)
        ways *= factorial(len(group.base))
        if group.is_body:
            near += group.parameters * len(pairs) // len(group.base)
        for i, j in pairs:
            for layer in range(group.layers) if group.layers else (-1,):
                stored = group.base[i].name(layer)
                names[group.subject[j].name(layer)] = base.anatomy.plain.get(stored, stored)
    if near < MOST_NEAR * inside or ways > MOST_WAYS:
        return None
    anatomy = anatomy_of(
        checkpoints[1],
        base.config,
        names={name: names.get(name, name) for name in checkpoints[1].tensors},
    )
    return Renamed(
        model=_seen_as(subject, anatomy),
        ways=ways,
        matched=len(names),
        tensors=len(checkpoints[1].tensors),
    )


def _has_body(anatomy: Anatomy) -> bool:
    """Say whether any tensor inside a layer is understood."""
    return any(role in BODY for role, layer, *_ in anatomy.matrices if layer >= 0) or any(
        role in BODY for role in anatomy.others.values()
    )


def _shapes(checkpoint: Checkpoint) -> Mapping[str, tuple[int, ...]]:
    return {
        name: record.shape
        for name, record in checkpoint.tensors.items()
        if record.dtype in FLOATS and record.storage is None and record.n_values
    }


def _rows_that_fit(groups: Sequence[Candidates], checkpoints: tuple[Checkpoint, Checkpoint]) -> int:
    """Return how many rows of each tensor are read: fewer where all tensors are candidates."""
    flat = [group for group in groups if not group.layers]
    names = (
        [place.before for group in flat for place in group.base],
        [place.before for group in flat for place in group.subject],
    )
    rows = ROWS
    while rows > 1 and any(
        cost_of(checkpoint, _blocks(checkpoint, some, rows)) > LIMIT
        for checkpoint, some in zip(checkpoints, names, strict=True)
    ):
        rows //= 2
    return rows


def _near_pairs(
    group: Candidates, base: Checkpoint, subject: Checkpoint, rows: int
) -> Sequence[tuple[int, int]]:
    """Return (base, subject) places of a group whose values are near, each once."""
    layers = (0, group.layers - 1) if group.layers else (-1,)
    sums = np.zeros((len(group.base), len(group.subject)))
    for layer in layers:
        ours, theirs = (
            _rows(checkpoint, [place.name(layer) for place in places], rows)
            for checkpoint, places in ((base, group.base), (subject, group.subject))
        )
        sums += ours @ theirs.T
    likeness = sums / len(layers)
    left = {*range(len(group.base))}, {*range(len(group.subject))}
    pairs: list[tuple[int, int]] = []
    for place in np.argsort(-likeness, axis=None, kind="stable"):
        i, j = divmod(int(place), likeness.shape[1])
        if likeness[i, j] >= NEAR and i in left[0] and j in left[1]:
            left[0].remove(i)
            left[1].remove(j)
            pairs.append((i, j))
    return pairs


def _blocks(checkpoint: Checkpoint, names: Sequence[str], rows: int) -> list[RowBlock]:
    """Return some rows in the upper third of each tensor."""
    blocks = []
    for name in names:
        n_rows = checkpoint.tensors[name].n_rows
        first = max(0, n_rows // 3 - rows // 2)
        blocks.append(RowBlock(tensor=name, start=first, stop=min(n_rows, first + rows)))
    return blocks


def _rows(checkpoint: Checkpoint, names: Sequence[str], rows: int) -> NDArray[np.float64]:
    """Return some rows of each tensor, centred and of length one, [tensors, values]."""
    blocks = _blocks(checkpoint, names, rows)
    values = np.stack([some.ravel() for some in read_rows(checkpoint, blocks)]).astype(np.float64)
    values -= values.mean(axis=1, keepdims=True)
    return np.asarray(values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-300))


def _seen_as(model: Model, anatomy: Anatomy) -> Model:
    """Return a model whose tensors play other roles; everything else is the same one's."""
    seen = copy.copy(model)
    seen.__dict__["reader"] = Reader(anatomy)
    return seen
