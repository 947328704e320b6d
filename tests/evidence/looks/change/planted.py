"""How does a test of changes make matrices that were changed in a known way?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hubcheck.evidence.looks.change.stored import rounded

Array = NDArray[np.float32]


def weight(
    rng: np.random.Generator, units: int = 96, inputs: int = 128, dtype: str = "BF16"
) -> Array:
    """Return a matrix of normal values on the grid of a dtype."""
    return rounded(rng.standard_normal((units, inputs)) * 0.05, dtype).astype(np.float32)


def adapter(
    rng: np.random.Generator, a_ui: Array, rank: int, size: float = 0.03
) -> NDArray[np.float64]:
    """Return a change of some rank, ``size`` of the matrix long, not rounded."""
    u, i = a_ui.shape
    change = rng.standard_normal((u, rank)) @ rng.standard_normal((rank, i))
    return np.asarray(change * size * np.linalg.norm(a_ui) / np.linalg.norm(change))


def stored(values: NDArray[np.float64], dtype: str = "BF16") -> Array:
    """Return values as a file of a dtype would hold them."""
    return rounded(values, dtype).astype(np.float32)
