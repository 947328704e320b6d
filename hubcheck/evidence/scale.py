"""What is left of a block of rows when the scales that mean nothing are taken out?

Multiplying an up row and dividing its down column, or a norm gain and the columns that read it,
leaves the function of a model as it is. What is compared value by value must not depend on such
scales: chosen by someone who knows the test, they would shrink exactly the directions it looks at.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.statistics.profiles import FloatArray

ROUNDS: Final = 8
"""Alternating row and column scaling converges geometrically; after 8 rounds the measured shares
of the zoo no longer move in the third digit."""
LEAST: Final = 1e-30
"""Keeps rows and columns of zeros what they are."""


def free_of_scale(rows_uf: FloatArray, parts: int) -> NDArray[np.float64]:
    """Return the rows with every unit's part and every feature brought to length one.

    Two blocks that differ by positive scales of units (in each part on its own) and of features
    give the same result, up to convergence.

    Args:
        rows_uf: [units, parts * inputs], the parts (gate, up) side by side.
        parts: How many of them.
    """
    scaled_uf = rows_uf.astype(np.float64)
    for _ in range(ROUNDS):
        by_part_upi = scaled_uf.reshape(scaled_uf.shape[0], parts, -1)
        by_part_upi = by_part_upi / (np.linalg.norm(by_part_upi, axis=2, keepdims=True) + LEAST)
        scaled_uf = by_part_upi.reshape(scaled_uf.shape)
        scaled_uf = scaled_uf / (np.linalg.norm(scaled_uf, axis=0, keepdims=True) + LEAST)
    return scaled_uf
