"""How many units have themselves as nearest, and how unlikely is that by chance?

Null hypothesis. The base was initialised with exchangeable indices and trained by an
index-equivariant optimiser, independently of the subject. Then (base, subject) has the same
distribution as (base relabelled by any permutation pi of the units, subject). Take the same unit
indices S from both models, any similarity, f(i) = argmax_j sim(a_i, b_j) and
N = #{i in S : f(i) = i}. For k distinct units i with k distinct targets f(i), the chance under a
uniform pi that all are hits is 1 / (|S| (|S|-1) .. (|S|-k+1)); for targets that collide it is 0.
There are at most |S| (|S|-1) .. (|S|-k+1) ordered choices of k units, hence for every k

    E[N (N-1) .. (N-k+1)] <= 1,     and by Markov     P(N >= k) <= 1/k!

exactly, in finite samples, for any similarity whatever: heavy tails, outlier channels, universal
neurons and duplicates included. Source: derived from the exchangeability argument of Zhu, Ahmed,
Kuditipudi and Liang, "Independence Tests for Language Models" (ICML 2025), theorem 1.

S may be chosen by any rule that does not look at the order inside S.
"""

from __future__ import annotations

from math import lgamma, log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.frozen import frozen
from hubcheck.statistics.profiles import FloatArray

LOG10: Final = log(10.0)
TIE_RELATIVE: Final = 1e-6
"""A second best this close to the best is a tie. Matrix products break exact ties by position,
which would favour the same index; a tie therefore counts as a miss (statistics note, section 1)."""


@frozen
class HitCount:
    """How many of ``units`` units are nearest to themselves."""

    hits: int
    units: int
    kept: float
    """Median similarity of same-index units (0.0 for no units)."""

    @property
    def log10_p(self) -> float:
        """log10 of the bound P(N >= hits) <= 1/hits!, at most 0."""
        return -lgamma(self.hits + 1) / LOG10


def hit_mask(similarity_uv: FloatArray, *, scratch: bool = False) -> NDArray[np.bool_]:
    """Return which units are strictly nearest to the unit of the same index.

    Args:
        similarity_uv: [n, n] similarities, row i of the base against column j of the subject.
        scratch: Nobody needs the array afterwards: it is not copied first.

    Returns:
        [n] booleans. Units with an all-zero row or column (constant profiles) and units whose
        second best is within ``TIE_RELATIVE`` of the best are False.
    """
    n = similarity_uv.shape[0]
    if n == 0 or similarity_uv.shape[1] != n:
        return np.zeros(n, dtype=bool)
    own_u = np.diagonal(similarity_uv).copy()
    others_uv = similarity_uv if scratch else similarity_uv.copy(order="K")
    np.fill_diagonal(others_uv, -np.inf)
    second_u = others_uv.max(axis=1) if n > 1 else np.full(n, -np.inf)
    margin_u = TIE_RELATIVE * np.maximum(np.abs(own_u), 1e-30)
    hit_u = np.asarray(own_u > second_u + margin_u, dtype=bool)
    # A row or column of zeros has a zero on the diagonal: nothing else needs the look.
    # (Its other places are the same in either array, and are looked at alone.)
    for unit in np.flatnonzero(hit_u & (own_u == 0)):
        others_uv[unit, unit] = 0.0
        hit_u[unit] = others_uv[unit].any() and others_uv[:, unit].any()
    return hit_u


def count_hits(similarity_uv: FloatArray) -> HitCount:
    """Count the hits of a square similarity matrix [n, n]."""
    mask_u = hit_mask(similarity_uv)
    n = similarity_uv.shape[0]
    kept = float(np.median(np.diagonal(similarity_uv))) if n else 0.0
    return HitCount(hits=int(mask_u.sum()), units=n, kept=kept)


def shifted_hits(similarity_uv: FloatArray, shift: int) -> int:
    """Count hits with the base's index shifted by ``shift``: a control, about 1 by chance."""
    return int(hit_mask(np.roll(similarity_uv, shift, axis=0)).sum())
