"""How far did one matrix move, and in what manner?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.evidence.looks.change.low_rank import ChangeRank, rank_of_change
from hubcheck.evidence.looks.change.stored import (
    ON_GRID,
    SIGNIFICANT_BITS,
    less_range,
    narrowest,
    rounded,
    rounding_variance,
    surely_on_grid,
)
from hubcheck.evidence.looks.change.values import Pair, Place
from hubcheck.frozen import frozen

TOUCHED: Final = 0.999
"""A matrix of which less than one value in a thousand moved counts as left alone: packing tools
rewrite single values (negative zero, padding rows)."""
ROUNDED: Final = (0.75, 1.3)
"""Of the predicted mean square; matrices of the zoo .97 to 1.03, vectors of 96 values .8 to 1.2."""
SQUARE_SPREAD: Final = 0.8
"""Variance of e² / E e² for an e that is even over a cell: E e⁴ / (E e²)² - 1 = 9/5 - 1."""
DEVIATIONS: Final = 5.0
"""Standard deviations that the fill of few values may lie off by chance alone."""
FORMAT_VALUES: Final = 100_000
"""Values from which the format of a whole model is read; more cost only time."""
BLOCK_VALUES: Final = 1 << 15
"""Values of a pair worked on at once: 256 KB in float64, the few that are in flight stay in a
processor's second cache."""


@frozen
class Moved:
    """The change of one matrix, or of the rows of it that were read."""

    place: Place
    values: int
    equal: float
    """Share of values equal in the coarser of the two formats."""
    relative: float
    """|subject - base| / |base|."""
    cosine: float
    zeroed: float
    """Share of values that are zero in the subject and not in the base."""
    unzeroed: float
    """Share of values that are zero in the base and not in the subject."""
    kept_equal: float
    """Share of equal values among those that are not zero in the subject."""
    fill: float
    """Mean square of the change over that of rounding to the coarser format: 1 where the values
    were rounded, and nothing else; 0 where nothing changed."""
    rows_moved: float
    """Share of rows in which anything moved."""
    cast: bool
    """One side is the other stored in a format of less range: what that holds is the same number,
    what it does not hold is what it makes of it."""
    rank: ChangeRank | None
    """None for vectors, where nothing moved, and where it was not measured."""
    whole: bool
    spread: float = 0.0
    """Standard deviation of ``fill`` where the change is rounding alone: large for few values."""

    @property
    def tells_rounding(self) -> bool:
        """Whether so many values were read that ``fill`` tells rounding from anything else."""
        return DEVIATIONS * self.spread <= 1 - ROUNDED[0]

    @property
    def rounded(self) -> bool:
        """Whether the change is the rounding to the coarser format, neither less nor more.

        Training too small for that format leaves less: its values are not spread over the cells.
        """
        return not self.touched and (self.cast or ROUNDED[0] <= self.fill <= ROUNDED[1])

    @property
    def touched(self) -> bool:
        """Whether the change is more than single values."""
        return self.equal < TOUCHED


@frozen
class Formats:
    """What the values of both models lie on, whatever they are stored as."""

    base: str
    subject: str
    base_stored: str
    subject_stored: str

    @property
    def coarser(self) -> str:
        """The format of the two with fewer significant bits."""
        return min((self.base, self.subject), key=lambda d: SIGNIFICANT_BITS.get(d, 99))


def formats_of(pairs: Sequence[Pair]) -> Formats:
    """Return the formats of two models, from the matrices among some pairs."""
    matrices = [p for p in pairs if p.subject_ui.shape[1] > 1] or [*pairs]
    each = max(1, FORMAT_VALUES // len(matrices))
    base = np.concatenate([p.base_ui.ravel()[:each] for p in matrices])
    subject = np.concatenate([p.subject_ui.ravel()[:each] for p in matrices])
    return Formats(
        base=narrowest(base),
        subject=narrowest(subject),
        base_stored=_most(p.base_dtype for p in matrices),
        subject_stored=_most(p.subject_dtype for p in matrices),
    )


def _most(names: Iterable[str]) -> str:
    found = list(names)
    return max(sorted(set(found)), key=found.count)


@dataclass(slots=True)
class _Sums:
    """What is summed over the rows of a pair, block by block."""

    values: int = 0
    rows: int = 0
    same: int = 0
    cast: int = 0
    identical: int = 0
    moved_rows: int = 0
    nonzero: int = 0
    same_nonzero: int = 0
    zeroed: int = 0
    unzeroed: int = 0
    base: float = 0.0
    subject: float = 0.0
    product: float = 0.0
    change: float = 0.0
    variance: float = 0.0
    squares: float = 0.0

    def add(
        self, base_ui: NDArray[np.float32], own_ui: NDArray[np.float32], grid: str, narrow: str
    ) -> None:
        """Add some rows of base and subject."""
        a_ui, b_ui = base_ui.astype(np.float64), own_ui.astype(np.float64)
        same = base_ui == own_ui
        self.identical += int(same.sum())
        if narrow:
            cast = (rounded(a_ui, narrow) == b_ui) | (rounded(b_ui, narrow) == a_ui)
            self.cast += int(cast.sum())
            same |= cast
        if not (surely_on_grid(base_ui, grid) and surely_on_grid(own_ui, grid)):
            same |= rounded(a_ui, grid) == rounded(b_ui, grid)
        nonzero = b_ui != 0
        self.values += a_ui.size
        self.rows += a_ui.shape[0]
        self.same += int(same.sum())
        self.moved_rows += int((~same).any(axis=1).sum())
        self.nonzero += int(nonzero.sum())
        self.same_nonzero += int((same & nonzero).sum())
        self.zeroed += int((~nonzero & (a_ui != 0)).sum())
        self.unzeroed += int((nonzero & (a_ui == 0)).sum())
        self.base += float(np.vdot(a_ui, a_ui))
        self.subject += float(np.vdot(b_ui, b_ui))
        self.product += float(np.vdot(a_ui, b_ui))
        self.change += float(np.square(b_ui - a_ui).sum())
        variance_ui = rounding_variance(b_ui, grid)
        self.variance += float(variance_ui.sum())
        self.squares += float(np.square(variance_ui).sum())


def change_of(pair: Pair, formats: Formats) -> Moved:
    """Return how a pair differs; its rank is left open.

    Rows are taken in blocks: in float64, with its grid steps, a pair of some hundred token rows
    would take ten times the memory of what was read.
    """
    sums = _Sums()
    step = max(1, BLOCK_VALUES // max(1, pair.base_ui.shape[1]))
    for start in range(0, pair.base_ui.shape[0], step):
        block = slice(start, start + step)
        sums.add(
            pair.base_ui[block],
            pair.subject_ui[block],
            formats.coarser,
            less_range(pair.base_dtype, pair.subject_dtype),
        )
    size_a, size_b = float(np.sqrt(sums.base)), float(np.sqrt(sums.subject))
    lengths = size_a * size_b
    return Moved(
        place=pair.place,
        values=sums.values,
        equal=sums.same / sums.values,
        relative=float(np.sqrt(sums.change)) / size_a if size_a > 0 else 0.0,
        cosine=sums.product / lengths if lengths > 0 else 0.0,
        zeroed=sums.zeroed / sums.values,
        unzeroed=sums.unzeroed / sums.values,
        kept_equal=sums.same_nonzero / sums.nonzero if sums.nonzero else 1.0,
        fill=sums.change / sums.variance,
        rows_moved=sums.moved_rows / sums.rows,
        cast=sums.cast >= ON_GRID * sums.values and 2 * sums.identical >= sums.values,
        rank=None,
        whole=pair.whole,
        spread=float(np.sqrt(SQUARE_SPREAD * sums.squares)) / sums.variance,
    )


def with_rank(moved: Moved, pair: Pair, formats: Formats) -> Moved:
    """Return a change with its rank above the rounding of the coarser format."""
    change_ui = pair.subject_ui.astype(np.float64) - pair.base_ui
    # what merges in half precision blur is a part of the change, not of the weight
    blur_ui = rounding_variance(change_ui, "BF16")
    variance_ui = rounding_variance(pair.subject_ui, formats.coarser) + blur_ui
    return replace(moved, rank=rank_of_change(change_ui, variance_ui))
