"""How far did one matrix move, and in what manner?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from hubcheck.relate.low_rank import ChangeRank, rank_of_change
from hubcheck.relate.stored import FINEST, SIGNIFICANT_BITS, narrowest, rounded, rounding_variance
from hubcheck.relate.values import Pair, Place

TOUCHED: Final = 0.999
"""A matrix of which less than one value in a thousand moved counts as left alone: packing tools
rewrite single values (negative zero, padding rows)."""
ROUNDED: Final = (0.75, 1.3)
"""Of the predicted mean square; matrices of the zoo .97 to 1.03, vectors of 96 values .8 to 1.2."""
FORMAT_VALUES: Final = 100_000
"""Values from which the format of a whole model is read; more cost only time."""


@dataclass(frozen=True, slots=True, kw_only=True)
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
    rank: ChangeRank | None
    """None for vectors, where nothing moved, and where it was not measured."""
    whole: bool

    @property
    def rounded(self) -> bool:
        """Whether the change is the rounding to the coarser format, neither less nor more.

        Training too small for that format leaves less: its values are not spread over the cells.
        """
        return not self.touched and ROUNDED[0] <= self.fill <= ROUNDED[1]

    @property
    def touched(self) -> bool:
        """Whether the change is more than single values."""
        return self.equal < TOUCHED


@dataclass(frozen=True, slots=True, kw_only=True)
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


def change_of(pair: Pair, formats: Formats) -> Moved:
    """Return how a pair differs; its rank is left open."""
    a_ui, b_ui = pair.base_ui.astype(np.float64), pair.subject_ui.astype(np.float64)
    grid = formats.coarser
    same = a_ui == b_ui
    if grid != FINEST:
        same |= rounded(a_ui, grid) == rounded(b_ui, grid)
    change_ui = b_ui - a_ui
    size_a, size_b = float(np.linalg.norm(a_ui)), float(np.linalg.norm(b_ui))
    nonzero = b_ui != 0
    dot = float((a_ui * b_ui).sum())
    equal = float(same.mean())
    return Moved(
        place=pair.place,
        values=int(a_ui.size),
        equal=equal,
        relative=float(np.linalg.norm(change_ui)) / size_a if size_a > 0 else 0.0,
        cosine=dot / (size_a * size_b) if size_a * size_b > 0 else 0.0,
        zeroed=float((~nonzero & (a_ui != 0)).mean()),
        unzeroed=float((nonzero & (a_ui == 0)).mean()),
        kept_equal=float(same[nonzero].mean()) if nonzero.any() else 1.0,
        fill=float((change_ui**2).mean() / rounding_variance(b_ui, grid).mean()),
        rows_moved=float((~same).any(axis=1).mean()),
        rank=None,
        whole=pair.whole,
    )


def with_rank(moved: Moved, pair: Pair, formats: Formats) -> Moved:
    """Return a change with its rank above the rounding of the coarser format."""
    change_ui = pair.subject_ui.astype(np.float64) - pair.base_ui
    # what merges in half precision blur is a part of the change, not of the weight
    blur_ui = rounding_variance(change_ui, "BF16")
    variance_ui = rounding_variance(pair.subject_ui, formats.coarser) + blur_ui
    return replace(moved, rank=rank_of_change(change_ui, variance_ui))
