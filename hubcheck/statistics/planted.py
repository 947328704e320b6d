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
    return detectable_in(np.asarray(a_uf @ a_uf.T), np.asarray(b_uf @ a_uf.T), rng, needed=needed)


def detectable_in(
    gram_uu: Square, cross_vu: Square, rng: np.random.Generator, *, needed: int = NEEDED_HITS
) -> float:
    """Return what ``detectable_kept`` does, of inner products that are known already.

    Args:
        gram_uu: Of the base's rows with each other.
        cross_vu: Of the subject's rows with the base's.
        rng: Source of the shuffles.
        needed: Hits that would have settled the family.
    """
    n = gram_uu.shape[0]
    if n < needed:
        return NOT_DETECTABLE
    gram_uu, cross_vu = (np.asarray(one, dtype=np.float32) for one in (gram_uu, cross_vu))
    planted = _Planted(gram_uu, cross_vu, [rng.permutation(n) for _ in range(SHUFFLES)], needed)
    # One planting shows about where all do; two values of the grid are then asked of all.
    about = bisect_left(KEPT_GRID, x=True, key=lambda rho: next(planted.shown(rho)))
    return least_seen(KEPT_GRID, lambda rho: often(planted.shown(rho), SHUFFLES), about=about)


def least_seen(
    grid: Sequence[float], seen: Callable[[float], bool], *, about: int | None = None
) -> float:
    """Return the first value of an ascending grid that is seen, or ``NOT_DETECTABLE``.

    Args:
        grid: Values; where one is seen, so are all larger ones.
        seen: Asked of as few of them as it takes.
        about: Where in the grid it likely lies, if that is known.
    """
    if about is None:
        place = bisect_left(grid, x=True, key=seen)
    else:
        place = min(about, len(grid) - 1)
        if seen(grid[place]):
            while place > 0 and seen(grid[place - 1]):
                place -= 1
        else:
            place += 1
            while place < len(grid) and not seen(grid[place]):
                place += 1
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


class _Planted:
    """Copies planted into one pair, at any share of the base."""

    def __init__(
        self,
        gram_uu: Square,
        cross_vu: Square,
        orders: Sequence[NDArray[np.int64]],
        needed: int,
    ) -> None:
        """Take the inner products.

        Args:
            gram_uu: Of the base's rows.
            cross_vu: Of the subject's rows with the base's.
            orders: For each planting, in which order the subject's rows make the remainder.
            needed: Hits.
        """
        self._gram_uu, self._cross_vu = gram_uu, cross_vu
        self._orders, self._needed = orders, needed
        self._mixed: dict[int, Square] = {}
        # Room for one planting: at some hundred units, taking it anew costs as much as filling it.
        self._base_uu, self._similarity_vu = np.empty_like(gram_uu), np.empty_like(gram_uu)

    def shown(self, rho: float) -> Iterator[bool]:
        """Yield, for each planting, whether a copy keeping ``rho`` gives the hits needed."""
        rest = float(np.sqrt(max(0.0, 1.0 - rho * rho)))
        base_uu, similarity_vu = self._base_uu, self._similarity_vu
        np.multiply(self._gram_uu, np.float32(rho), out=base_uu)  # symmetric
        for n, order in enumerate(self._orders):
            if n not in self._mixed:
                self._mixed[n] = self._cross_vu[order]
            cross_vu = self._mixed[n]
            np.multiply(cross_vu, np.float32(rest), out=similarity_vu)
            similarity_vu += base_uu
            own_v = np.diagonal(cross_vu)
            length_v = np.sqrt(np.maximum(1e-12, rho * rho + rest * rest + 2 * rho * rest * own_v))
            similarity_vu *= (1.0 / length_v)[:, None]
            yield int(hit_mask(similarity_vu.T, scratch=True).sum()) >= self._needed


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
