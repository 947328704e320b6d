"""What would this family have shown, had the subject kept a given share of the base?

A negative is worth what it would have seen. Two kinds of copy are planted into the pair at hand
and the hit count is repeated: (1) every unit keeps rho of the base, the rest being the subject's
own rows in shuffled order; (2) a share q of the units is copied exactly. The remainder is made of
the subject's real rows because i.i.d. noise flatters: it finds 0.06 where real rows need 0.22
(statistics note, section 6).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import log
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.frozen import frozen
from hubcheck.statistics.blocks import log_e_blocks
from hubcheck.statistics.evalues import log_e_hits
from hubcheck.statistics.hits import hit_mask
from hubcheck.statistics.profiles import FloatArray

Square = NDArray[Any]
"""[units, units], float32 in a check: the counts are those of float64 but for ties."""

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
SHARES: Final = tuple(percent / 100 for percent in range(1, 101))
"""Shares of exactly copied units that are tried, ascending."""
PLANTINGS: Final = 400
"""Plantings of a share of copied units: the power is known to 0.015."""
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
    gram_uu = np.asarray(a_uf @ a_uf.T, dtype=np.float32)
    cross_vu = np.asarray(b_uf @ a_uf.T, dtype=np.float32)
    mixed = [cross_vu[rng.permutation(n)] for _ in range(SHUFFLES)]
    return least_seen(KEPT_GRID, lambda rho: often(_shown(gram_uu, mixed, rho, needed), len(mixed)))


def least_seen(grid: Sequence[float], seen: Callable[[float], bool]) -> float:
    """Return the first value of an ascending grid that is seen, or ``NOT_DETECTABLE``.

    Args:
        grid: Values; where one is seen, so are all larger ones.
        seen: Asked of as few of them as it takes.
    """
    place = bisect_left(grid, x=True, key=seen)
    return grid[place] if place < len(grid) else NOT_DETECTABLE


def often(shown: Iterable[bool], n: int) -> bool:
    """Return whether ``POWER`` of n plantings show it; no more of them are made than it takes."""
    good, enough = 0, POWER * n
    for left, one in zip(range(n - 1, -1, -1), shown, strict=True):
        good += one
        if good >= enough:
            return True
        if good + left < enough:
            return False
    return False


def _shown(gram_uu: Square, mixed: Iterable[Square], rho: float, needed: int) -> Iterator[bool]:
    """Yield, for each planting, whether a copy keeping ``rho`` gives ``needed`` hits.

    Args:
        gram_uu: Inner products of the base's rows.
        mixed: For each planting, those of the subject's rows, shuffled, with the base's.
        rho: Share of the base in each planted row.
        needed: Hits.
    """
    rest = float(np.sqrt(max(0.0, 1.0 - rho * rho)))
    base_uu = rho * gram_uu  # symmetric: rows and columns are one
    for cross_vu in mixed:
        similarity_vu = rest * cross_vu
        similarity_vu += base_uu
        own_v = np.diagonal(cross_vu)
        length_v = np.sqrt(np.maximum(1e-12, rho * rho + rest * rest + 2 * rho * rest * own_v))
        similarity_vu *= (1.0 / length_v)[:, None]
        yield int(hit_mask(similarity_vu.T).sum()) >= needed


@frozen
class Order:
    """One order of the account of evidence, as far as a planted share of its units moves it."""

    units: int
    weight: float
    """Of the views that see an exactly copied unit, over all looks and views of the order."""
    rest: float
    """Natural log of what its other views and looks add, as they were seen."""
    in_blocks: bool = False
    """Its units change places in blocks only."""


def detectable_share(
    orders: Sequence[Order], rng: np.random.Generator, *, others: float, needed: float
) -> float:
    """Return the smallest share of exactly copied units that the account shows with power 0.9.

    An exactly copied unit is its own nearest (its cosine is 1), so an order counts at least
    binomial(units, q) hits. Hits that are spread over orders are not one count: each order has an
    e-value of its own, and many small ones can multiply to nothing.

    Args:
        orders: What is multiplied and would hold copied units.
        rng: Source of the plantings.
        others: Natural log of all other factors as they were seen, bases paid for.
        needed: Natural log of the e-value from which the matter no longer counts as unrelated.

    Returns:
        A value of ``SHARES``, or ``NOT_DETECTABLE``.
    """
    most = max((o.units for o in orders), default=0)
    tables = {
        blocks: np.array([(log_e_blocks if blocks else log_e_hits)(n) for n in range(most + 1)])
        for blocks in {o.in_blocks for o in orders}
    }

    def seen(share: float) -> bool:
        total = np.full(PLANTINGS, others)
        for order in orders:
            hits = rng.binomial(order.units, share, size=PLANTINGS)
            total += np.logaddexp(log(order.weight) + tables[order.in_blocks][hits], order.rest)
        return float((total >= needed).mean()) >= POWER

    return least_seen(SHARES, seen)
