"""What are the singular values of a sample of a change?

From the products of its rows, in float64: half the time of a decomposition, and exact enough for
values down to 1e-7 of the largest, far below what rounding leaves of a change.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hubcheck.devices.arrays import arrays_of
from hubcheck.devices.choice import NUMPY, Device


class Spectrum:
    """The singular values of one sample, and what can be said of them in less time."""

    def __init__(self, sample: NDArray[Any], device: Device = NUMPY) -> None:
        """Multiply its rows.

        Args:
            sample: Finite values, [m, n], neither of them 0.
            device: Where to work.
        """
        self._arrays = arrays_of(device, float64=True)
        wide = sample.T if sample.shape[0] > sample.shape[1] else sample
        rows = self._arrays.hold(np.ascontiguousarray(wide, dtype=np.float64))
        self._products = rows @ rows.T
        xp = self._arrays.xp
        sums = [xp.trace(self._products), xp.linalg.norm(self._products)]
        self.energy, self._fourth = self._arrays.told(sums)
        """``energy``: the sum of their squares."""

    def least_beyond(self, most: int) -> float:
        """Return what the squares beyond the ``most`` largest add up to at least.

        By Cauchy and Schwarz k squares add up to at most sqrt(k) times the root of the sum of all
        fourth powers, which is the Frobenius norm of the products of the rows.
        """
        return self.energy - math.sqrt(most) * self._fourth

    def values(self) -> NDArray[np.float64]:
        """Return the singular values, float64 [min(m, n)], largest first."""
        squares: NDArray[np.float64]
        squares = self._arrays.fetch(self._arrays.xp.linalg.eigvalsh(self._products))
        return np.asarray(np.sqrt(np.maximum(squares[::-1], 0.0)), dtype=np.float64)
