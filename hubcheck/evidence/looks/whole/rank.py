"""Of what rank is a change, as far as rounding lets it be seen?

A change of low rank that was added to stored weights and rounded is that change plus one rounding
error for each value. The rank is the number of singular values of a sample of the change above
anything such errors can reach (``notes/methods.md`` 5.1). The size of a rounding error is read off
the values themselves: how many bits of precision they use, whatever dtype they are stored in.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.devices.choice import NUMPY, Device
from hubcheck.devices.spectrum import Spectrum
from hubcheck.evidence.looks.change.stored import powers_below
from hubcheck.frozen import frozen

MOST: Final = 128
"""Largest rank that is told: adapters have 8 to 64, seldom more."""
LINES: Final = 2 * MOST + 32
"""Lines of a sample. Half of its singular values, at least, must lie in the noise for the others to
count as the rank; the smallest ones of a change of full rank lie there, too."""
COLUMNS: Final = 2 * LINES
"""Columns of a sample: the noise edge of a wide sample is relatively lower."""
SLACK: Final = 1.2
"""Over the sum of the largest row and column deviation, which bounds the norm of a matrix of
independent errors up to lower order (Bandeira and van Handel, Annals of Probability 2016)."""
EXCESS: Final = 3.0
"""Over the variance of rounding, a twelfth of the square of a unit: no error is larger than half a
unit, whose square is three times that."""
SURELY: Final = 1.001
"""Over what rounding leaves: sums of squares are exact to twelve digits."""
RESOLUTION: Final = 1e-6
"""Of the largest singular value: below it lies the arithmetic's own noise."""
FRACTION_BITS: Final = 23
"""Of a float32."""


class Untold(StrEnum):
    """Why a rank is not told; the words are the card's."""

    VECTOR = "vector"
    HIGH = "high"
    """Above ``MOST``, or above half of the largest possible."""
    ROUNDING = "rounding"
    PACKED = "packed"
    ELSEWHERE = "elsewhere"
    """It changed outside the sample."""


@frozen
class Rank:
    """An estimated rank, or -1 and why there is none."""

    rank: int
    reason: str = ""


VECTOR: Final = Rank(rank=-1, reason=Untold.VECTOR)
NO_CHANGE: Final = Rank(rank=0)
HIGH: Final = Rank(rank=-1, reason=Untold.HIGH)
IN_ROUNDING: Final = Rank(rank=-1, reason=Untold.ROUNDING)
QUANTISED: Final = Rank(rank=-1, reason=Untold.PACKED)
ELSEWHERE: Final = Rank(rank=-1, reason=Untold.ELSEWHERE)


def chosen(size: int, most: int) -> NDArray[np.int64]:
    """Return at most ``most`` indices spread evenly over ``size``, int64 ascending."""
    if size <= most:
        return np.arange(size, dtype=np.int64)
    return np.arange(most, dtype=np.int64) * size // most


def estimate(
    base: NDArray[np.float32], subject: NDArray[np.float32], device: Device = NUMPY
) -> Rank:
    """Return the rank of ``subject - base``.

    Args:
        base: A sample of the base, finite, [m, n].
        subject: The same values of the subject, [m, n].
        device: Where the spectrum is computed.
    """
    change = subject.astype(np.float64) - base
    if not change.any():
        return NO_CHANGE
    spectrum, most = Spectrum(change, device), min(MOST, min(change.shape) // 2)
    # Also where nothing moved: there rounding took the whole of a small change away.
    noise = unit_in_last_place(subject) ** 2 / 12
    # Whatever stands above the edge, more is left than rounding leaves: no need to count it.
    blur = EXCESS * float(noise.sum()) + min(change.shape) * RESOLUTION**2 * spectrum.energy
    if spectrum.least_beyond(most) > SURELY * blur:
        return HIGH
    values = spectrum.values()
    rows, columns = noise.sum(axis=1).max(), noise.sum(axis=0).max()
    edge = max(SLACK * (math.sqrt(rows) + math.sqrt(columns)), RESOLUTION * float(values[0]))
    above = int(np.count_nonzero(values > edge))
    left = float((values[above:] ** 2).sum())
    # What is left beside a change of low rank is rounding; a dense change has no such end.
    dense = left > EXCESS * float(noise.sum()) + values.size * (RESOLUTION * float(values[0])) ** 2
    if dense or above > most:
        return HIGH
    return Rank(rank=above) if above else IN_ROUNDING


def unit_in_last_place(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the distance of each value to its neighbours in the precision that all of them use.

    A bfloat16 that was stored as float32 uses seven bits behind its leading one; its neighbours are
    those of a bfloat16.
    """
    used = int(np.bitwise_or.reduce(values.view(np.uint32), axis=None)) & ((1 << FRACTION_BITS) - 1)
    zeros = (used & -used).bit_length() - 1 if used else FRACTION_BITS
    powers = powers_below(values)
    return np.multiply(powers, 2.0 ** (zeros - FRACTION_BITS), out=powers)
