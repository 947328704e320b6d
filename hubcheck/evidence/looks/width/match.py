"""Which units of the wider model do the units of the narrower one come from, and in what order?

Pure arithmetic. Legend: t units of the narrower model, w units of the wider, f features. Matching
uses profiles only, never an index: ties, which a matrix product breaks by position, are left out,
so relabelling the base relabels the matches and nothing else (``statistics.increasing``).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.frozen import frozen
from hubcheck.statistics.assignment import relabelling_ceiling
from hubcheck.statistics.hits import TIE_RELATIVE
from hubcheck.statistics.increasing import log_e_increasing, longest_increasing
from hubcheck.statistics.profiles import FloatArray
from hubcheck.statistics.signs import MOST_PAIRS

SUREST: Final = 128
"""Matches counted at most; 64 in order give 1e89."""
CEILING_UNITS: Final = 64
"""Units of the optimal matching behind the content check (cubic cost)."""


@frozen
class Matches:
    """The surest matches of one view, in the order of the narrower model's index."""

    unit_m: NDArray[np.int64]
    """Positions among the narrower model's units, ascending."""
    partner_m: NDArray[np.int64]
    """Positions among the wider model's units."""
    cosine_m: FloatArray

    @property
    def units(self) -> int:
        """How many matches are counted."""
        return int(self.unit_m.size)

    @property
    def in_order(self) -> int:
        """The longest strictly increasing run of partners."""
        return longest_increasing(self.partner_m.tolist())

    @property
    def log_e(self) -> float:
        """Natural log of the e-value of that run."""
        return log_e_increasing(self.in_order, self.units)

    @property
    def cosine(self) -> float:
        """Median cosine of the matches; 0 for none."""
        return float(np.median(self.cosine_m)) if self.units else 0.0


def surest_matches(narrow_tf: FloatArray, wide_wf: FloatArray, most: int = SUREST) -> Matches:
    """Match every unit of the narrower model to its nearest; keep those least in doubt.

    Args:
        narrow_tf: Profiles, rows of length one (or zero).
        wide_wf: Profiles in the same features.
        most: Matches kept at most, at least half the units if there are fewer: by the distance
            from the best to the second best, which no index enters.
    """
    similarity_tw = narrow_tf @ wide_wf.T
    if min(similarity_tw.shape) < 2:  # noqa: PLR2004 - nearest of one says nothing
        none = np.zeros(0, dtype=np.int64)
        return Matches(unit_m=none, partner_m=none, cosine_m=np.zeros(0))
    best_t = similarity_tw.argmax(axis=1)
    top_t = similarity_tw[np.arange(best_t.size), best_t]
    second_t = np.partition(similarity_tw, -2, axis=1)[:, -2]
    margin_t = top_t - second_t
    clear = np.flatnonzero(margin_t > TIE_RELATIVE * np.maximum(np.abs(top_t), 1e-30))
    size = min(most, max(1, best_t.size // 2))
    chosen = np.sort(clear[np.argsort(-margin_t[clear], kind="stable")[:size]])
    return Matches(unit_m=chosen, partner_m=best_t[chosen], cosine_m=top_t[chosen])


def matching_ceiling(
    narrow_tf: FloatArray, wide_wf: FloatArray, matches: Matches, *, pool: int
) -> float:
    """Return what matching could have reached without the true partners (1.0: cannot be told).

    The matched units alone, partners taken out, are matched again one to one; scaled to a choice
    among all ``pool`` units of the wider model (``statistics.assignment``).
    """
    _, first = np.unique(matches.partner_m, return_index=True)
    few = np.sort(first)[:CEILING_UNITS]
    a_uf = narrow_tf[matches.unit_m[few]]
    b_uf = wide_wf[matches.partner_m[few]]
    return relabelling_ceiling(a_uf @ b_uf.T, pool=pool)


def coins(matches: Matches, *, base_is_wide: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (units, partners) for the sign test: the closest matches, each base unit once.

    The coin is the base's: flipping one of its up rows with the down column is free for every unit
    on its own, so a base unit may be counted once, whatever the other side does.
    """
    order = np.argsort(-matches.cosine_m, kind="stable")
    of_base = matches.partner_m if base_is_wide else matches.unit_m
    _, first = np.unique(of_base[order], return_index=True)
    chosen = order[np.sort(first)][:MOST_PAIRS]
    return matches.unit_m[chosen], matches.partner_m[chosen]


def left_out(partner_m: NDArray[np.int64], unit_m: NDArray[np.int64]) -> tuple[int, ...]:
    """Return wide units that were passed over between neighbours of the narrower model.

    Only where two units that follow each other are matched in order is it known that what lies
    between their partners was dropped.
    """
    passed: list[int] = []
    for n in range(1, unit_m.size):
        if unit_m[n] == unit_m[n - 1] + 1 and partner_m[n] > partner_m[n - 1]:
            passed += range(int(partner_m[n - 1]) + 1, int(partner_m[n]))
    return tuple(passed)
