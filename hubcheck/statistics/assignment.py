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

RESIDUAL_RATIO: Final = 3.0
"""Where the ceiling is so high that 1.5 times it passes 1 (profiles of a few norm gains), a copy
must come this much closer to 1 instead: 1 - kept <= (1 - ceiling) / 3."""


def best_assignment(similarity_uv: FloatArray) -> NDArray[np.int64]:
    """Return the one-to-one assignment of rows to columns with the largest sum of similarities.

    Shortest augmenting paths (Jonker and Volgenant 1987, in the form with row and column
    potentials), O(n^3) with the inner loop in NumPy.

    Args:
        similarity_uv: [n, n], finite.

    Returns:
        [n] column of each row.
    """
    n = similarity_uv.shape[0]
    cost_uv = -np.asarray(similarity_uv, dtype=np.float64)
    potential_u = np.zeros(n + 1)
    potential_v = np.zeros(n + 1)
    row_of_v = np.zeros(n + 1, dtype=np.int64)  # 0 = free; rows and columns count from 1
    for row in range(1, n + 1):
        row_of_v[0] = row
        column = 0
        least_v = np.full(n + 1, np.inf)
        previous_v = np.zeros(n + 1, dtype=np.int64)
        used_v = np.zeros(n + 1, dtype=bool)
        while True:
            used_v[column] = True
            current = row_of_v[column]
            reduced_v = cost_uv[current - 1] - potential_u[current] - potential_v[1:]
            better_v = ~used_v[1:] & (reduced_v < least_v[1:])
            least_v[1:][better_v] = reduced_v[better_v]
            previous_v[1:][better_v] = column
            open_v = np.where(used_v[1:], np.inf, least_v[1:])
            nearest = int(np.argmin(open_v)) + 1
            delta = open_v[nearest - 1]
            potential_u[row_of_v[used_v]] += delta
            potential_v[used_v] -= delta
            least_v[~used_v] -= delta
            column = nearest
            if row_of_v[column] == 0:
                break
        while column:
            row_of_v[column] = row_of_v[previous_v[column]]
            column = int(previous_v[column])
    column_of_u = np.empty(n, dtype=np.int64)
    column_of_u[row_of_v[1:] - 1] = np.arange(n)
    return column_of_u


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
