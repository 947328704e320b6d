"""How far is a matrix from a fresh draw, whose entries could stand in any order?

Initialisations draw the entries of a matrix independently from one distribution, whichever that is.
Then every order of the entries is as probable as any other, so a matrix and copies of it whose
entries were shuffled are exchangeable: the rank of any statistic of the matrix among those of K
shuffled copies is uniform, and P(it is the largest) <= 1/(K+1), exactly and for every size (a
permutation test; Lehmann and Romano, Testing Statistical Hypotheses, section 15.2). Training writes
into leading singular directions, so the statistic is the largest singular value. Matrices that are
no independent draws (orthogonal starts, rows of several scales) are not covered by the null: their
rank says nothing of training.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hubcheck.frozen import frozen
from hubcheck.statistics.profiles import FloatArray


@frozen
class FromADraw:
    """How far matrices are from fresh draws."""

    p: float
    """Of the leading singular values together being so large in a fresh draw; exact."""
    leading: float
    """Median of the largest singular value, over the mean of that of shuffled copies: about 1."""
    beyond: float
    """Median share of a matrix's squared length in directions beyond all shuffled copies'; 0."""
    matrices: int


def from_a_draw(blocks: Sequence[FloatArray], *, shuffles: int, seed: int) -> FromADraw | None:
    """Return how far blocks of matrices are from fresh draws; None where there is none to ask.

    Args:
        blocks: [rows, columns] each, finite, of different matrices. A part of a fresh draw is one.
        shuffles: Shuffled copies of each, K above.
        seed: Of the shuffles.
    """
    rng = np.random.default_rng((seed, 0x1217))
    # [block, copy]; copy 0 is the block itself
    leading, beyond = [], []
    for block in blocks:
        values = np.asarray(block, dtype=np.float32)  # the copies are rounded alike
        length = float(np.linalg.norm(values))
        if min(values.shape) < 2 or not length > 0:  # noqa: PLR2004 - a vector has one direction
            continue
        squares = _squares(values / length)
        copies = [
            float(_squares(rng.permutation(values.ravel()).reshape(values.shape) / length)[-1])
            for _ in range(shuffles)
        ]
        leading.append(np.sqrt([float(squares[-1]), *copies]))
        beyond.append(float(squares[squares > max(copies)].sum(dtype=np.float64)))
    if not leading:
        return None
    each_bk = np.asarray(leading)
    # Divided by the mean over all copies, the block among them, which no shuffle changes: the sums
    # of the K+1 columns stay exchangeable.
    sum_k = (each_bk / each_bk.mean(axis=1, keepdims=True)).sum(axis=0)
    rank = int(np.count_nonzero(sum_k[1:] >= sum_k[0]))
    ratios = each_bk[:, 0] / each_bk[:, 1:].mean(axis=1)
    return FromADraw(
        p=(1 + rank) / (1 + shuffles),
        leading=float(np.median(ratios)),
        beyond=float(np.median(beyond)),
        matrices=len(leading),
    )


def _squares(values: FloatArray) -> FloatArray:
    """Return the squared singular values, rising."""
    small = values if values.shape[0] <= values.shape[1] else values.T
    return np.linalg.eigvalsh(small @ small.T)
