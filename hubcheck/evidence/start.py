"""How far is a model from an initialisation: the spectrum of its matrices, its gains, its tokens?

A small planned read: one block of each kind of matrix in two layers, the gains of the norms, some
rows of the embeddings. Context, never a verdict.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from hubcheck.anatomy.interface import Matrix, Role
from hubcheck.evidence.reading import Reader, Wanted
from hubcheck.frozen import frozen
from hubcheck.statistics.initialisation import FromADraw, from_a_draw

ROLES: Final = (
    Role.Q, Role.K, Role.V, Role.O, Role.GATE, Role.UP, Role.DOWN, Role.EXPERT_GATE,
    Role.EXPERT_UP, Role.EXPERT_DOWN,
)  # fmt: skip
ROWS: Final = 96
COLUMNS: Final = 192
"""Of a block, at most: a shuffled copy of one costs a millisecond."""
FEWEST: Final = 4
"""Matrices below which nothing is said."""
TOKENS: Final = 512
"""Rows of the embeddings that are read."""
NORMS: Final = frozenset(
    {Role.NORM_ATTN_IN, Role.NORM_ATTN_POST, Role.NORM_MLP_IN, Role.NORM_MLP_POST, Role.NORM_FINAL}
)
STILL: Final = 0.9999
"""Cosine from which a row did not turn: weight decay shortens a row that nothing trains."""


@frozen
class Start:
    """What a state shows of its distance to an initialisation."""

    drawn: FromADraw | None
    """None: too few matrices that are understood."""
    gains: int
    """Norms whose gains were read."""
    constant: int
    """Of them, those whose gains are all one number, as they are before training."""


@frozen
class Tokens:
    """Rows of the embeddings, from the first state of a chain to its last."""

    rows: int
    still: int
    """Rows that did not turn: nothing trained them."""
    ratio: float
    """Median length of the rows that turned over that of those that did not, in the first state:
    about 1 where both are fresh draws; 0 where there are none of one kind."""


def start_of(reader: Reader, *, shuffles: int, seed: int) -> Start:
    """Return how far a model is from an initialisation.

    Raises:
        HubcheckError: its weights cannot be read, or not within the budget.
    """
    blocks = list(_blocks(reader))
    norms = [
        Wanted(matrix=m, why="gains")
        for (role, _, _, bias), m in reader.anatomy.matrices.items()
        if role in NORMS and not bias
    ]
    reader.fetch([*blocks, *norms])
    gains = [reader.block(one) for one in norms]
    found = from_a_draw([reader.block(one) for one in blocks], shuffles=shuffles, seed=seed)
    return Start(
        drawn=found if found is not None and found.matrices >= FEWEST else None,
        gains=len(gains),
        constant=sum(float(np.ptp(one)) == 0 for one in gains),
    )


def tokens_between(first: Reader, last: Reader, *, seed: int) -> Tokens | None:
    """Return which tokens nothing trained between two states; None where they share no rows.

    Raises:
        HubcheckError: weights cannot be read, or not within the budget.
    """
    pair = [reader.anatomy.get(Role.EMBED) for reader in (first, last)]
    a, b = pair
    if a is None or b is None or (a.n_out, a.n_in) != (b.n_out, b.n_in):
        return None
    rng = np.random.default_rng((seed, 0x70C))
    chosen = tuple(sorted(rng.permutation(a.n_out)[:TOKENS].tolist()))
    rows = []
    for reader, matrix in ((first, a), (last, b)):
        wanted = Wanted(matrix=matrix, units=chosen, why="tokens")
        reader.fetch([wanted])
        rows.append(reader.block(wanted).astype(np.float64))
    length_r, after_r = (np.linalg.norm(r, axis=1) for r in rows)
    alive_r = (length_r > 0) & (after_r > 0)
    product_r = np.where(alive_r, length_r * after_r, 1.0)
    cosine_r = np.einsum("rf,rf->r", *rows) / product_r
    still_r = alive_r & (cosine_r >= STILL)
    moved_r = alive_r & ~still_r
    both = bool(still_r.any() and moved_r.any())
    ratio = float(np.median(length_r[moved_r]) / np.median(length_r[still_r])) if both else 0.0
    return Tokens(rows=int(alive_r.sum()), still=int(still_r.sum()), ratio=ratio)


def _blocks(reader: Reader) -> Iterator[Wanted]:
    """Yield a block of each kind of matrix in the first layer that has one and in the last."""
    chosen: dict[Role, dict[int, Matrix]] = {role: {} for role in ROLES}
    for (role, layer, _, bias), matrix in reader.anatomy.matrices.items():
        if role in chosen and not bias and layer >= 0:
            chosen[role].setdefault(layer, matrix)
    for by_layer in chosen.values():
        layers = sorted(by_layer)
        for n in sorted({0, len(layers) - 1}) if layers else ():
            matrix = by_layer[layers[n]]
            yield Wanted(
                matrix=matrix,
                units=tuple(range(min(ROWS, matrix.n_out))),
                inputs=tuple(range(0, matrix.n_in, -(-matrix.n_in // COLUMNS))),
                why="start",
            )
