"""How good is a set of answers: shares with exact intervals, and the area under the curve?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, rankdata

LEVEL: Final = 0.95
"""Of every interval."""
DRAWS: Final = 2000
"""Bootstrap draws: the ends of an interval move by less than their last printed digit."""
SEED: Final = 20


def interval(k: int, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the Clopper-Pearson interval of a share: k of n.

    It never covers less than its level, however small n is. Without trials nothing is known.

    Raises:
        ValueError: k is not in 0..n.
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is not a share")
    tail = (1 - level) / 2
    low = 0.0 if k == 0 else float(beta.ppf(tail, k, n - k + 1))
    high = 1.0 if k == n else float(beta.ppf(1 - tail, k + 1, n - k))
    return low, high


def area(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """Return the area under the ROC curve: the chance that a positive outranks a negative.

    Ties count half. Infinite scores are ranks like any other.

    Raises:
        ValueError: one of the sides is empty.
    """
    if not positives or not negatives:
        raise ValueError("an area needs positives and negatives")
    m = len(positives)
    ranks = rankdata(np.array([*positives, *negatives], dtype=np.float64))
    return float((ranks[:m].sum() - m * (m + 1) / 2) / (m * len(negatives)))


def area_interval(
    positives: Sequence[float],
    negatives: Sequence[float],
    subjects: tuple[Sequence[str], Sequence[str]],
    level: float = LEVEL,
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the area, drawn by subject.

    Pairs of one subject resemble each other, so that subjects are drawn, not pairs.

    Args:
        positives: Scores.
        negatives: Scores.
        subjects: The subject of each positive and of each negative.
        level: Of the interval.
    """
    rng = np.random.default_rng(SEED)
    p, n = (np.array(side, dtype=np.float64)[:, None] for side in (positives, negatives))
    outranks = (p > n.T) + 0.5 * (p == n.T)  # [positives, negatives]
    members = [_members(names) for names in subjects]
    wins = members[0] @ outranks @ members[1].T  # [subjects, subjects]
    times = [rng.multinomial(len(m), np.full(len(m), 1 / len(m)), size=DRAWS) for m in members]
    sizes = [drawn @ m.sum(1) for drawn, m in zip(times, members, strict=True)]  # [draws]
    areas = np.einsum("di,ij,dj->d", times[0], wins, times[1], optimize=True) / (
        sizes[0] * sizes[1]
    )
    tail = (1 - level) / 2
    low, high = np.quantile(areas, [tail, 1 - tail])
    return float(low), float(high)


def _members(names: Sequence[str]) -> NDArray[np.float64]:
    """Return which pair belongs to which subject, [subjects, pairs]."""
    labels = np.array(names)
    return np.array([labels == name for name in dict.fromkeys(names)], dtype=np.float64)
