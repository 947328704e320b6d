"""How far apart are two arrays of stored values?

One pass over both, chunk by chunk. Values and products are float32; products are summed in float32
over blocks of 512 (``arrays.BLOCK``), and from block to block in float64, so that the order of
chunks does not matter. The numbers do not depend on how many threads or processes share the work.

How exact that is. With u = 2^-24 a float32 sum of L products, in whatever order, is off by at most
L u / (1 - L u) of the sum of their magnitudes (Higham, Accuracy and Stability of Numerical
Algorithms, 2002, 3.1 and 4.2): 3.1e-5 for 512, and not more over any number of blocks. That needs
every rounding to go the same way. Roundings that are as often up as down add up to sqrt(L) u a
block (Higham and Mary, SIAM J. Sci. Comput. 41, 2019), and over B blocks that err apart to
sqrt(L / B) u: 4e-8 at 1,000 blocks, half a million values. Measured over 5,000 to 4 million values
of five kinds, in bfloat16 and float32, by NumPy and torch: 1.0e-7 at most
(``tests/devices/test_reduction`` holds twice that). Six digits are told.

A float32 holds no square above 3.4e38 and none below 1e-38 in full: chunks whose sums come near
either are summed again in float64, which holds the squares of all float32.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.devices.arrays import WORDS, Arrays, Place, arrays_of
from hubcheck.devices.choice import NUMPY, Device
from hubcheck.frozen import frozen

LEAST: Final = 2.0**-60
"""2^36 products of less than 2^-126 each, which float32 rounds coarsely or to zero, are 2^-30 of
it."""


@frozen
class PairSums:
    """What two arrays of the same length add up to."""

    values: int
    equal: int
    """Values with equal bits."""
    base_square: float
    subject_square: float
    change_square: float
    product: float
    largest: float
    """Largest |subject - base|."""

    @property
    def finite(self) -> bool:
        """Whether every value was a number: squares of float32 cannot overflow float64."""
        return math.isfinite(self.base_square) and math.isfinite(self.subject_square)

    @property
    def relative(self) -> float:
        """|subject - base| / |base|; 0 where both are zero, infinite where only the base is."""
        if self.change_square == 0:
            return 0.0
        return math.sqrt(self.change_square / self.base_square) if self.base_square else math.inf

    @property
    def cosine(self) -> float:
        """Of the two arrays as vectors; 1 where they are equal, 0 where one is zero."""
        if self.change_square == 0:
            return 1.0
        scale = math.sqrt(self.base_square) * math.sqrt(self.subject_square)
        if scale == 0:
            return 0.0
        return max(-1.0, min(1.0, self.product / scale))


NOTHING = PairSums(
    values=0,
    equal=0,
    base_square=0.0,
    subject_square=0.0,
    change_square=0.0,
    product=0.0,
    largest=0.0,
)


def total(parts: Iterable[PairSums]) -> PairSums:
    """Return the sums over several parts: the same, whatever their order."""
    every = list(parts)

    def add(name: str) -> float:
        terms = [float(getattr(part, name)) for part in every]
        # fsum rounds once, so the order of the terms cannot matter; it has no answer for inf - inf.
        return math.fsum(terms) if all(map(math.isfinite, terms)) else math.nan

    return PairSums(
        values=sum(part.values for part in every),
        equal=sum(part.equal for part in every),
        base_square=add("base_square"),
        subject_square=add("subject_square"),
        change_square=add("change_square"),
        product=add("product"),
        largest=max((part.largest for part in every), default=0.0),
    )


def pair_sums(
    base: NDArray[Any],
    subject: NDArray[Any],
    *,
    dtypes: tuple[str, str],
    bits: tuple[NDArray[Any], NDArray[Any]] | None = None,
    device: Device = NUMPY,
) -> PairSums:
    """Return the sums over two flat arrays of stored words.

    Args:
        base: Words of the base, [n], as ``arrays.WORDS`` has them; contiguous.
        subject: Words of the subject, [n].
        dtypes: What the words of base and subject are: ``BF16``, ``F16`` or ``F32``.
        bits: What to compare for equality instead of the words, [n] each; must be given where the
            dtypes differ.
        device: Where to work.

    Raises:
        ValueError: the lengths differ, or words of two dtypes would be held for equal bits.
    """
    left, right = bits if bits is not None else (base, subject)
    if base.size != subject.size or left.size != right.size or left.size != base.size:
        message = f"{base.size} values cannot be held against {subject.size}"
        raise ValueError(message)
    if bits is None and dtypes[0] != dtypes[1]:
        message = f"bits of {dtypes[0]} cannot equal bits of {dtypes[1]}"
        raise ValueError(message)
    words = (base.view(WORDS[dtypes[0]]), subject.view(WORDS[dtypes[1]]))
    arrays = arrays_of(device, float64=True)
    free = dtypes[0] == dtypes[1]  # in one dtype both models' values change places alike
    parts = []
    with np.errstate(all="ignore"):  # what is not finite is told by name, by the caller
        for start in range(0, base.size, arrays.chunk):
            cut = slice(start, start + arrays.chunk)
            equal = arrays.equal(left[cut], right[cut])
            a = arrays.wide(words[0][cut], dtypes[0], Place.BASE, any_order=free)
            same = bits is None and equal == len(a)
            b = a if same else arrays.wide(words[1][cut], dtypes[1], Place.SUBJECT, any_order=free)
            sums = _of_equal(arrays.square(a)) if same else arrays.sums(a, b)
            if not _in_range(sums, same=same):
                sums = _double_sums(a, b, arrays)
            parts.append(_part(sums, values=len(a), equal=equal))
    return total(parts) if len(parts) != 1 else parts[0]


def _of_equal(square: float) -> list[float]:
    """Return the sums of arrays with equal bits: one says all; a NaN in them shows in it."""
    return [square, square, 0.0, square, 0.0, 0.0]


def _double_sums(a: Any, b: Any, arrays: Arrays) -> list[float]:
    """Return what ``Arrays.sums`` does, of values whose squares a float32 does not hold."""
    a, b, dot = arrays.double(a), arrays.double(b), arrays.xp.dot
    d = b - a
    return arrays.told([dot(a, a), dot(b, b), dot(d, d), dot(a, b), d.max(), -d.min()])


def _in_range(sums: Sequence[float], *, same: bool) -> bool:
    """Say whether float32 held all products that count.

    A sum above ``LEAST`` is 2^30 times what products too small for a float32 add up to in the
    longest chunk.
    """
    squares = sums[:1] if same else sums[:3]
    return all(map(math.isfinite, sums)) and min(squares) > LEAST


def _part(sums: Sequence[float], *, values: int, equal: int) -> PairSums:
    aa, bb, dd, ab, up, down = sums
    return PairSums(
        values=values,
        equal=equal,
        base_square=aa,
        subject_square=bb,
        change_square=dd,
        product=ab,
        largest=max(up, down),
    )
