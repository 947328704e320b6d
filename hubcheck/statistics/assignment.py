"""How alike could the best relabelling make two sets of unrelated units look?

A count of hits speaks about order only, and whoever holds both models can copy an order by
relabelling one of them. What relabelling cannot do is make unrelated units alike. The ceiling is
what it can reach at best; a genuine copy lies above it (DESIGN 3.1, statistics note section 8).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.statistics.profiles import FloatArray

CONTENT_RATIO: Final = 1.5
"""A copy keeps at least this multiple of the ceiling. Measured in the statistics note, section 8:
relabelled independents reach 0.9-1.1 of it, copies after long further training 2.1-2.3."""

Costs = NDArray[np.float64]
Indices = NDArray[np.int64]
FREE: Final = -1
"""No partner yet."""
FEW: Final = 8
"""Rows left that are no longer bid for together: what an array operation costs for itself is then
more than what it does, and shortest paths settle them (measured at 24 to 1,408 units)."""
TURNS: Final = 16
"""Bids a column, on average, until row reduction is left to shortest paths: a long price war
between two rows is settled there at once."""

RESIDUAL_RATIO: Final = 3.0
"""Where the ceiling is so high that 1.5 times it passes 1 (profiles of a few norm gains), a copy
must come this much closer to 1 instead: 1 - kept <= (1 - ceiling) / 3."""


def best_assignment(similarity_uv: FloatArray) -> NDArray[np.int64]:
    """Return the one-to-one assignment of rows to columns with the largest sum of similarities.

    Jonker and Volgenant, "A shortest augmenting path algorithm for dense and sparse linear
    assignment problems" (Computing 38, 1987): column reduction and augmenting row reduction assign
    nearly all rows, shortest augmenting paths the rest. Rows are reduced together, as in Bertsekas,
    "The auction algorithm" (Annals of Operations Research 14, 1988). O(n^3) at worst, with the
    inner loops in NumPy.

    Args:
        similarity_uv: [n, n], finite.

    Returns:
        [n] column of each row.
    """
    cost_uv = -np.asarray(similarity_uv, dtype=np.float64)
    n = cost_uv.shape[0]
    if n == 0:
        return np.empty(0, dtype=np.int64)
    price_v = cost_uv.min(axis=0)
    column_of_u = np.full(n, FREE, dtype=np.int64)
    row_of_v = np.full(n, FREE, dtype=np.int64)
    for column, row in enumerate(cost_uv.argmin(axis=0)):
        if column_of_u[row] == FREE:
            column_of_u[row], row_of_v[column] = column, row
    left = _reduce_rows(cost_uv, price_v, column_of_u, row_of_v)
    potential_u = (cost_uv - price_v).min(axis=1)
    for row in left.tolist():
        _augment(cost_uv, potential_u, price_v, column_of_u, row_of_v, row)
    return column_of_u


def _reduce_rows(
    cost_uv: Costs, price_v: Costs, column_of_u: Indices, row_of_v: Indices
) -> Indices:
    """Give rows their best column, raising what it costs others; return the rows left without one.

    All rows that wait bid at once: each what its best column is worth to it above its second best.
    The highest bid has the column. Every assigned row keeps a column of least reduced cost: prices
    only fall on columns that are taken, which makes them dearer to all others.
    """
    n = len(price_v)
    waiting = np.flatnonzero(column_of_u == FREE)
    bids = 0
    while len(waiting) > FEW and bids < TURNS * n:
        bids += len(waiting)
        places = np.arange(len(waiting))
        reduced_wv = cost_uv[waiting] - price_v
        best_w = reduced_wv.argmin(axis=1)
        least_w = reduced_wv[places, best_w]
        reduced_wv[places, best_w] = np.inf
        gap_w = reduced_wv.min(axis=1) - least_w
        rising = np.argsort(gap_w, kind="stable")
        winner_v = np.full(n, FREE, dtype=np.int64)
        winner_v[best_w[rising]] = rising  # of several for one column the last stays: the highest
        taken = np.flatnonzero(winner_v != FREE)
        won = winner_v[taken]
        price_v[taken] -= gap_w[won]
        owners = row_of_v[taken]
        displaced = owners[owners != FREE]
        column_of_u[displaced] = FREE
        column_of_u[waiting[won]], row_of_v[taken] = taken, waiting[won]
        waiting = np.concatenate([np.delete(waiting, won), displaced])
    return waiting


def _augment(
    cost_uv: Costs,
    potential_u: Costs,
    price_v: Costs,
    column_of_u: Indices,
    row_of_v: Indices,
    start: int,
) -> None:
    """Assign one more row along the shortest path of reduced costs (Dijkstra)."""
    open_v = cost_uv[start] - potential_u[start] - price_v
    previous_v = np.full(len(price_v), start, dtype=np.int64)
    seen: list[int] = []
    lengths: list[float] = []
    while True:
        column = int(open_v.argmin())
        length = float(open_v[column])
        open_v[column] = np.inf
        row = int(row_of_v[column])
        if row == FREE:
            break
        seen.append(column)
        lengths.append(length)
        through_v = cost_uv[row] - potential_u[row] - price_v + length
        through_v[seen] = np.inf
        better_v = through_v < open_v
        open_v[better_v] = through_v[better_v]
        previous_v[better_v] = row
    if seen:
        shorter = length - np.array(lengths)
        potential_u[row_of_v[seen]] += shorter
        price_v[seen] -= shorter
    potential_u[start] += length
    while True:
        row = int(previous_v[column])
        row_of_v[column] = row
        column, column_of_u[row] = int(column_of_u[row]), column
        if row == start:
            return


def relabelling_ceiling(similarity_uv: FloatArray, *, pool: int) -> float:
    """Return the mean cosine that the best relabelling of unrelated units reaches.

    The same-index pairs are taken out first (a true partner must not raise the ceiling), then the
    rest is matched one to one. An attacker chooses among all ``pool`` units of the family, not
    only among the n sampled: the largest of m draws of a light-tailed similarity grows like
    sqrt(2 ln m), so the ceiling is scaled by sqrt(ln pool / ln n).

    Args:
        similarity_uv: [n, n] cosines of profiles, same family of both models.
        pool: Units the family has in the model, at least n.

    Returns:
        The ceiling, at least 0, at most 1; 1.0 when fewer than four units leave no way to tell.
    """
    n = similarity_uv.shape[0]
    if n < 4:  # noqa: PLR2004 - three units have two derangements: no ceiling to speak of
        return 1.0
    barred_uv = np.asarray(similarity_uv, dtype=np.float64).copy()
    np.fill_diagonal(barred_uv, -4.0)  # below any sum a cosine could make up for
    column_of_u = best_assignment(barred_uv)
    reached = float(barred_uv[np.arange(n), column_of_u].mean())
    scale = float(np.sqrt(np.log(max(pool, n)) / np.log(n)))
    return min(1.0, max(0.0, reached * scale))


def stands_above(kept: float, ceiling: float) -> bool:
    """Return whether ``kept`` is more than relabelling could have reached."""
    return kept >= least_standing(ceiling) and kept > 0.0


def least_standing(ceiling: float) -> float:
    """Return the least ``kept`` that is more than relabelling could have reached."""
    by_ratio = CONTENT_RATIO * ceiling
    by_residual = 1.0 - (1.0 - ceiling) / RESIDUAL_RATIO
    return min(by_ratio, by_residual)
