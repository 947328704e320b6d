"""Does the order of the base's units look arbitrary, as the null hypothesis needs?

The bound of ``statistics.hits`` rests on the base alone: its indices must be exchangeable. Sorted
neurons (pruned or nested models), ranks initialised with equal seeds, or a structured
initialisation break that, and both models sharing such a structure could hit without any
derivation. Each check is a permutation test of "the order carries nothing" on the base's own rows;
any failure at 1e-4 (Bonferroni over the checks) makes the family abstain. Source: notes on
methods, sections 4.6 and 4.8.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import erfc, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.statistics.profiles import FloatArray, profile

LEVEL: Final = 1e-4
"""Chance that a sound family abstains. Conditioning on a passed test inflates a p-value by at most
1/(1 - 1e-4)."""
STRIDES: Final = (1, 2, 4, 8, 16, 32, 64, 128)
"""Distances at which duplicated blocks of parallel training ranks would show."""
DUPLICATE_COSINE: Final = 1 - 1e-5
MOST_DUPLICATES: Final = 0.1
"""A family with more than this share of duplicate rows has no order to speak of."""
FEWEST_UNITS: Final = 12
"""Below this many units the checks have no power; the family is used and the note says so."""


class Disorder(StrEnum):
    """Why the order of units is not arbitrary."""

    DUPLICATES = "duplicates"
    NORMS = "norms-follow-index"
    KURTOSIS = "kurtosis-follows-index"
    STRIDE = "stride"
    """Rows some distance apart are alike: blocks or ranks share an initialisation."""
    STRUCTURED = "structured"
    """Several orders are one, and their content is not: a structured initialisation."""
    IN_LINE = "in-line"
    """Matches between orders run upwards: neighbours in index are alike."""


SORTED: Final = frozenset({Disorder.NORMS, Disorder.KURTOSIS})
"""The units were put in an order by what they hold. The order says nothing then; what a unit's
place does not enter, the sign of its up row, is as free as before."""


@dataclass(frozen=True, slots=True, order=True)
class OrderProblem:
    """Why an order may not be used."""

    code: Disorder
    count: int = 0
    """Rows that have a duplicate; the distance of rows that are alike."""
    of: int = 0
    """Rows there are."""


def order_problem(rows_uf: FloatArray) -> OrderProblem | None:
    """Return why the order of these rows is not arbitrary, None when it looks arbitrary.

    Args:
        rows_uf: [units, features] raw rows of the base in index order.
    """
    return next(order_problems(rows_uf), None)


def order_problems(rows_uf: FloatArray) -> Iterator[OrderProblem]:
    """Yield every reason why the order of these rows is not arbitrary, one a kind of check.

    Args:
        rows_uf: [units, features] raw rows of the base in index order.
    """
    n = rows_uf.shape[0]
    if n < FEWEST_UNITS:
        return
    similarity_uu = np.asarray(profile(rows_uf), dtype=np.float64)
    similarity_uu = similarity_uu @ similarity_uu.T
    off = ~np.eye(n, dtype=bool)
    twins_u = (np.where(off, similarity_uu, -1.0) > DUPLICATE_COSINE).any(axis=1)
    if twins_u.mean() > MOST_DUPLICATES:
        yield OrderProblem(Disorder.DUPLICATES, count=int(twins_u.sum()), of=n)
    strides = [s for s in STRIDES if s <= n // 2]
    level = LEVEL / (2 + len(strides))
    norms_u = np.sqrt(np.einsum("uf,uf->u", rows_uf, rows_uf, dtype=np.float64))
    if _trend_p(norms_u) < level:
        yield OrderProblem(Disorder.NORMS)
    excess_u = _excess_kurtosis(rows_uf)
    if _trend_p(excess_u) < level:
        yield OrderProblem(Disorder.KURTOSIS)
    for stride in strides:
        if _stride_p(similarity_uu, stride) < level:
            yield OrderProblem(Disorder.STRIDE, count=stride)
            return


def _ranks(values_u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ranks 0..n-1; equal values share the mean of their ranks, or ties would be a trend."""
    _, place_u, count_v = np.unique(values_u, return_inverse=True, return_counts=True)
    last_v = np.cumsum(count_v) - 1
    return np.asarray((last_v - (count_v - 1) / 2)[place_u], dtype=np.float64)


def _trend_p(values_u: NDArray[np.float64]) -> float:
    """Return the two-sided p of Spearman's rank correlation with the index.

    Normal approximation with variance 1/(n-1), exact under exchangeability; conservative enough
    at 1e-5 for n >= 12 because rank correlations have lighter tails than the normal.
    """
    n = values_u.shape[0]
    if np.ptp(values_u) <= 1e-6 * max(1e-30, float(np.abs(values_u).max())):
        return 1.0
    rho = float(np.corrcoef(_ranks(values_u), np.arange(n))[0, 1])
    return erfc(abs(rho) * sqrt(n - 1) / sqrt(2))


def _excess_kurtosis(rows_uf: FloatArray) -> NDArray[np.float64]:
    centred_uf = rows_uf.astype(np.float64) - rows_uf.mean(axis=1, dtype=np.float64)[:, None]
    square_uf = centred_uf * centred_uf
    second_u = square_uf.mean(axis=1)
    fourth_u = (square_uf * square_uf).mean(axis=1)
    return np.asarray(fourth_u / np.where(second_u > 0, second_u**2, 1.0) - 3.0, dtype=np.float64)


def _stride_p(similarity_uu: NDArray[np.float64], stride: int) -> float:
    """Return the chance that rows ``stride`` apart are this alike, by ranks.

    Each of the n - stride pairs gets the rank of its similarity among all pairs of its row; the
    mean rank of exchangeable rows is 1/2 with variance at most 1/(12 m) times a small covariance
    factor (neighbouring pairs share a row), which is doubled here to be safe.
    """
    n = similarity_uu.shape[0]
    pairs = np.arange(n - stride)
    own = similarity_uu[pairs, pairs + stride]
    rows = similarity_uu[pairs].copy()
    rows[np.arange(pairs.size), pairs] = np.nan  # a row's similarity with itself says nothing
    below = np.nanmean(rows < own[:, None], axis=1) * n / (n - 1)
    z = (float(below.mean()) - 0.5) / sqrt(2.0 / (12.0 * pairs.size))
    return 0.5 * erfc(z / sqrt(2))
