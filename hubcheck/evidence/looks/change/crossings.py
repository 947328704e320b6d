"""Which of two models that differ by a matrix of low rank was computed, and which was given?

A low-rank difference alone is symmetric: A + L = B says as much as B - L = A. The rounding is not.
The sum is rounded on the grid of the model that was computed, and where a value crosses a power of
two the grids of A and B differ by a factor of two. Among values that grew across such a border the
remainder fills B's coarser cell if B was computed, and only A's finer cell if A was; among values
that shrank it is the other way round. Two models that were both rounded from finer ones (a common
history in F32) show no difference, so that nothing is said of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from hubcheck.evidence.looks.change.stored import FloatArray, ulp
from hubcheck.frozen import frozen

Later = Literal["base", "subject", ""]
LEAST_Z: Final = 5.0
"""Standard errors between growing and shrinking values: below 1 in 1,000,000 by chance."""
LEAST_CROSSINGS: Final = 30
CLEAR: Final = 3.0
"""Grid steps a value must have, in units of the error with which the low-rank part is known."""
TINY: Final = 1e-12


@frozen
class Crossings:
    """Squared remainders, in finer grid steps, where a value crosses a power of two."""

    up: NDArray[np.float64]
    """Of values larger in the subject."""
    down: NDArray[np.float64]


def crossings(base_ui: FloatArray, subject_ui: FloatArray, rank: int, dtype: str) -> Crossings:
    """Return the remainders of one pair of matrices at the values that cross.

    Args:
        base_ui: A, [units, inputs].
        subject_ui: B, the same values.
        rank: Rank of the difference.
        dtype: The format that both lie on.
    """
    a_ui, b_ui = base_ui.astype(np.float64), subject_ui.astype(np.float64)
    change_ui = b_ui - a_ui
    u, s, v = np.linalg.svd(change_ui, full_matrices=False)
    rest_ui = change_ui - (u[:, :rank] * s[:rank]) @ v[:rank]
    step_a, step_b = ulp(a_ui, dtype), ulp(b_ui, dtype)
    finer = np.minimum(step_a, step_b)
    energy_ui = (rest_ui / finer) ** 2
    # The low-rank part is known up to its share of the noise: small values drown in that.
    blur = float(np.sqrt((rest_ui**2).mean() * rank * (1 / a_ui.shape[0] + 1 / a_ui.shape[1])))
    clear = finer >= CLEAR * blur
    return Crossings(
        up=energy_ui[clear & (step_b == 2 * step_a)],
        down=energy_ui[clear & (step_a == 2 * step_b)],
    )


def computed_last(seen: Sequence[Crossings]) -> Later:
    """Return the side that was computed, empty where the figures do not tell."""
    up = np.concatenate([np.zeros(0), *(c.up for c in seen)])
    down = np.concatenate([np.zeros(0), *(c.down for c in seen)])
    if min(up.size, down.size) < LEAST_CROSSINGS:
        return ""
    error = float(np.sqrt(up.var() / up.size + down.var() / down.size))
    z = float(up.mean() - down.mean()) / max(error, TINY)
    return "subject" if z >= LEAST_Z else "base" if z <= -LEAST_Z else ""
