"""What would this family have shown, had the subject kept a given share of the base?

A negative is worth what it would have seen. Two kinds of copy are planted into the pair at hand
and the hit count is repeated: (1) every unit keeps rho of the base, the rest being the subject's
own rows in shuffled order; (2) a share q of the units is copied exactly. The remainder is made of
the subject's real rows because i.i.d. noise flatters: it finds 0.06 where real rows need 0.22
(statistics note, section 6).
"""

from __future__ import annotations

from math import comb
from typing import Final

import numpy as np

from hubcheck.statistics.hits import hit_mask
from hubcheck.statistics.profiles import FloatArray

NEEDED_HITS: Final = 14
"""Hits that settle a family on its own: 1/14! = 1.1e-11."""
POWER: Final = 0.9
KEPT_GRID: Final = (
    0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.12, 0.14, 0.16, 0.18, 0.2,
    0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0,
)  # fmt: skip
"""Values of rho that are tried, ascending."""
SHUFFLES: Final = 20
"""Plantings a value of rho must survive in at least ``POWER`` of the cases."""
NOT_DETECTABLE: Final = 2.0
"""Returned when even a full copy would not be seen; larger than any cosine."""


def detectable_kept(
    a_uf: FloatArray, b_uf: FloatArray, rng: np.random.Generator, *, needed: int = NEEDED_HITS
) -> float:
    """Return the smallest planted ``kept`` that gives ``needed`` hits with power 0.9.

    Works on inner products only: for a planted row p = rho a_i + s b_pi(i), s^2 = 1 - rho^2, the
    cosine with a_j is (rho <a_j,a_i> + s <a_j,b_pi(i)>) / |p|.

    Args:
        a_uf: Base profiles, rows of length one.
        b_uf: Subject profiles of the same units, rows of length one.
        rng: Source of the shuffles.
        needed: Hits that would have settled the family.

    Returns:
        A value of ``KEPT_GRID``, or ``NOT_DETECTABLE``.
    """
    n = a_uf.shape[0]
    if n < needed:
        return NOT_DETECTABLE
    gram_uu = np.asarray(a_uf @ a_uf.T, dtype=np.float64)
    cross_uv = np.asarray(a_uf @ b_uf.T, dtype=np.float64)
    orders = [rng.permutation(n) for _ in range(SHUFFLES)]
    low, high = 0, len(KEPT_GRID)  # the answer is the first grid index that is seen
    while low < high:
        middle = (low + high) // 2
        if _seen(gram_uu, cross_uv, orders, KEPT_GRID[middle], needed):
            high = middle
        else:
            low = middle + 1
    return KEPT_GRID[low] if low < len(KEPT_GRID) else NOT_DETECTABLE


def _seen(
    gram_uu: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    cross_uv: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    orders: list[np.ndarray[tuple[int, ...], np.dtype[np.int64]]],
    rho: float,
    needed: int,
) -> bool:
    """Return whether a copy keeping ``rho`` gives ``needed`` hits in POWER of the plantings."""
    rest = float(np.sqrt(max(0.0, 1.0 - rho * rho)))
    good = 0
    for left, order in zip(range(len(orders), 0, -1), orders, strict=True):
        similarity_uv = rho * gram_uu + rest * cross_uv[:, order]
        own_v = np.diagonal(cross_uv[:, order])
        length_v = np.sqrt(np.maximum(1e-12, rho * rho + rest * rest + 2 * rho * rest * own_v))
        good += int(hit_mask(similarity_uv / length_v).sum()) >= needed
        if good + left - 1 < POWER * len(orders):
            return False
    return good >= POWER * len(orders)


def detectable_share(units: int, *, needed: int = NEEDED_HITS) -> float:
    """Return the smallest share of exactly copied units that is seen with power 0.9.

    An exactly copied unit is its own nearest (its cosine is 1), so the count of hits is at least
    binomial(units, q).

    Args:
        units: Units compared, over all families that are multiplied.
        needed: Hits that settle the matter.

    Returns:
        q in steps of 0.01, or ``NOT_DETECTABLE``.
    """
    for percent in range(1, 101):
        q = percent / 100
        below = sum(
            comb(units, k) * q**k * (1 - q) ** (units - k) for k in range(min(needed, units + 1))
        )
        if 1 - below >= POWER and units >= needed:
            return q
    return NOT_DETECTABLE
