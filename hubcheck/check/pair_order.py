"""In which order do a model's four-bit codes lie, where no program's names say it?

Two codes share a byte, and a file may keep them in an order that nothing in it states. Read in the
wrong one, a copy looks like a stranger. So some rows of every kind of matrix are read in each order
and held against the same rows of the other model: where the values are near, the order is known,
and everything is read in it. What was chosen by looking is paid for: the bound is divided by the
number of orders. Where no order brings values near, codes that nobody states stay unread, and those
that the configuration states are read as it says, which is how loaders read them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.check.tested import Tested
from hubcheck.checkpoint.open_pairs import has_open_pairs, in_pair_order, order_of
from hubcheck.checkpoint.pair_order import PairOrder
from hubcheck.errors import HubcheckError, UnreachableError
from hubcheck.evidence.reading import Reader, Wanted
from hubcheck.model import Model
from hubcheck.report.words import Depth

NEAR: Final = 0.5
"""Correlation of values from which two matrices are taken for one, as in ``check.renamed``: between
strangers it is zero to within 0.05 over the rows read; four bits and a fine-tune keep 0.9."""
ROWS: Final = 8
LAYERS: Final = 3
"""Layers looked at of each kind of matrix: a file whose layers lie differently is left unread."""

Key = tuple[Role, int, int, bool]


def in_settled_order(model: Model, others: Iterable[Model], depth: Depth) -> Model:
    """Return a model whose codes are read in the order that values of another one show.

    Args:
        model: Any; without such codes, and once they are settled, it comes back as it is.
        others: The models that it is held against; whatever cannot be read shows nothing.
        depth: At ``headers`` no weight byte is read.
    """
    if depth is Depth.HEADERS or model.pairs is not None or not _is_open(model):
        return model
    for other in others:
        try:
            order = shown_by(model, other)
        except HubcheckError:  # why is told where the weights are needed
            continue
        if order is not None:
            return with_pairs(model, order)
    return model


def settle_base(one: Tested, base: Model, subject: Model, depth: Depth) -> Model:
    """Return the base with its four-bit codes in the order that the subject shows; kept.

    A base whose headers could not be reached is not asked for them again.
    """
    if isinstance(one.error, UnreachableError):
        return base
    settled = in_settled_order(base, [subject], depth)
    if settled is not base:
        one.model, one.error = settled, None
    return settled


def ways_with(one: Tested, base: Model, subject: Model) -> int:
    """Return ``ways_of`` a pair; a base that could not be reached is read in no way."""
    return 1 if isinstance(one.error, UnreachableError) else ways_of(base, subject)


def ways_of(*models: Model) -> int:
    """Return among how many readings those of some models were chosen, or could have been."""
    ways = 1
    for model in models:
        ways *= len(PairOrder) if _is_open(model) else 1
    return ways


def _is_open(model: Model) -> bool:
    try:
        opened = None if model.components else model.body_checkpoint
    except HubcheckError:
        return False
    return opened is not None and has_open_pairs(opened)


def with_pairs(model: Model, order: PairOrder) -> Model:
    """Return the same model with its four-bit codes in an order; no header is read again.

    Raises:
        HubcheckError: its headers cannot be read.
    """
    opened = model.body_checkpoint
    seen = Model(
        model.source,
        model.files,
        left_out=model.left_out,
        is_subject=model.is_subject,
        pairs=order,
    )
    seen.source = model.source
    if opened is not None:
        seen.__dict__["_opened"] = in_pair_order(opened, model.config, order)
    return seen


def shown_by(model: Model, other: Model) -> PairOrder | None:
    """Return the one order in which a model's values are near another's, None where there is none.

    Raises:
        HubcheckError: a model cannot be read, or a ledger refuses.
    """
    theirs = other.anatomy
    ours = {order: with_pairs(model, order).anatomy for order in PairOrder}
    keys = _chosen(ours[PairOrder.LOW_FIRST], theirs)
    if not keys:
        return None
    base = _rows(theirs, keys)
    read = {order: _rows(anatomy, keys) for order, anatomy in ours.items()}
    near: list[PairOrder] = []
    for place in range(len(keys)):
        likeness = {order: _correlation(rows[place], base[place]) for order, rows in read.items()}
        best = max(PairOrder, key=likeness.__getitem__)
        near += [best] if likeness[best] >= NEAR else []
    settled = len(set(near)) == 1 and 2 * len(near) > len(keys)
    return near[0] if settled else None


def _chosen(ours: Anatomy, theirs: Anatomy) -> Sequence[Key]:
    """Return matrices of such codes that both have: of each role the first, middle, last layer."""
    by_role: dict[Role, list[Key]] = {}
    for key, matrix in sorted(ours.matrices.items()):
        other = theirs.matrices.get(key)
        if (
            other is not None
            and order_of(ours.checkpoint.tensors[matrix.tensor]) is not None
            and (matrix.n_out, matrix.n_in) == (other.n_out, other.n_in)
            and not (matrix.transposed or other.transposed)
        ):
            by_role.setdefault(key[0], []).append(key)
    return [
        keys[place]
        for keys in by_role.values()
        for place in sorted({n * (len(keys) - 1) // (LAYERS - 1) for n in range(LAYERS)})
    ]


def _rows(anatomy: Anatomy, keys: Sequence[Key]) -> list[NDArray[np.float32]]:
    """Return some rows of each matrix, all read in one call."""
    reader = Reader(anatomy)
    wanted = []
    for key in keys:
        matrix = anatomy.matrices[key]
        first = max(0, matrix.n_out // 3 - ROWS // 2)
        units = tuple(range(first, min(matrix.n_out, first + ROWS)))
        wanted.append(Wanted(matrix=matrix, units=units, why="pair-order"))
    reader.fetch(wanted)
    return [reader.block(one) for one in wanted]


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Return how near two blocks are, 0 where one is constant."""
    x, y = (v.astype(np.float64).ravel() - v.mean(dtype=np.float64) for v in (a, b))
    length = float(np.linalg.norm(x) * np.linalg.norm(y))
    return float(x @ y) / length if length else 0.0
