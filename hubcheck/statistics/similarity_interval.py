"""Within what bounds does the similarity of two families lie of which only some units were read?

Similarity is a median of cosines, one for each unit. The units read are a draw of all units of a
family, blind to their values. Each of them lies below the median of all with probability 1/2, so
with the values read in order x_(1) <= .. <= x_(n)

    P(x_(k) > median) = P(Binomial(n, 1/2) < k)     and the same from above,

whatever the values are distributed like: the interval from x_(k) to x_(n-k+1) covers the median of
all with probability at least 1 - alpha, for the largest k with P(Binomial(n, 1/2) < k) <= alpha/2.
Drawn without putting back, counts are spread less than these. This is what resampling the units
(the bootstrap of a median) tends to, without its draws: two runs give one interval. Source: David
and Nagaraja, "Order Statistics", section 7.1.

That is not all, for a cosine depends on what else was read: profiles are centred and scaled over
the n units. With r a unit's own correlation and m the mean of all, centring moves its cosine by
(m - r) / n to first order, for the two sides' means hold every unit once; scaling by two sample
deviations, whose ratio has a variance of (1 - m^2) / n, takes off up to (1 - m^2) / (2n). Between
n units and all of them the median moves by no more than the sum, for normal features. The interval
is widened by four times that to both sides, with the m and r that were seen. Without it a copy of
which 40 % was replaced would hardly ever be covered (``tests/statistics/test_similarity_interval``
simulates that, near copies with heavy tails, and strangers). What no unit read shows, it cannot
know: a few replaced units of which none was read move the others by less than a thousandth.

A median of several families' medians is monotone in each: where every family's interval covers,
the medians of the lower and of the upper ends enclose it. With alpha / F for each of F families
that happens with probability at least 1 - alpha. It speaks of the families that were looked at, not
of others.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from statistics import fmean, median
from typing import Final

CONFIDENCE: Final = 0.95
MARGINS: Final = 4.0
"""Times the first order of what standardising over some units moves: sample deviations of features
with tails heavier than normal scatter more."""

Interval = tuple[float, float]


def similarity_interval(
    cosines: Sequence[float], confidence: float = CONFIDENCE
) -> Interval | None:
    """Return the interval for the similarity of all units of a family; None for too few read.

    Args:
        cosines: Of the units read; five cannot say 95 %, for all lie on one side 1 time in 16.
        confidence: Probability with which it covers, at least.
    """
    inner = median_interval(cosines, confidence)
    if inner is None:
        return None
    mean = fmean(cosines)
    moved = abs(mean - median(cosines)) + max(0.0, 1 - mean * mean) / 2
    margin = MARGINS * moved / len(cosines)
    return max(-1.0, inner[0] - margin), min(1.0, inner[1] + margin)


def interval_of_similarities(
    families: Sequence[Sequence[float]], confidence: float = CONFIDENCE
) -> Interval | None:
    """Return the interval for the median of several families'; None where one has none.

    Args:
        families: The cosines of the units read of each.
        confidence: Probability with which it covers, at least.
    """
    alpha = (1 - confidence) / max(1, len(families))
    found = [similarity_interval(cosines, 1 - alpha) for cosines in families]
    whole = [one for one in found if one is not None]
    if not whole or len(whole) < len(found):
        return None
    return median(low for low, _ in whole), median(high for _, high in whole)


def median_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval | None:
    """Return the interval for the median of all of which some were read, by their order alone.

    Args:
        values: Those that were read.
        confidence: Probability with which it covers, at least.
    """
    n = len(values)
    below = _tail(n, (1 - confidence) / 2)
    if below == 0:
        return None
    ordered = sorted(values)
    return float(ordered[below - 1]), float(ordered[n - below])


def _tail(n: int, most: float) -> int:
    """Return the largest k with P(Binomial(n, 1/2) < k) <= ``most``."""
    total, k = 0.0, 0
    while k < n:
        total += comb(n, k) / 2**n
        if total > most:
            break
        k += 1
    return k
