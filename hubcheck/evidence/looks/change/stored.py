"""On which grid of numbers can a stored value lie, and on which does it?

A float with p significant bits lies on a grid whose step (the unit in the last place, ulp) doubles
with every power of two. A copy that went through a coarser format has lost what lay between. All
arithmetic is float64; values come as float32.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Anatomy, Matrix

FloatArray = NDArray[np.float32] | NDArray[np.float64]

SIGNIFICANT_BITS: Final = {"F8_E5M2": 3, "F8_E4M3": 4, "BF16": 8, "F16": 11, "F32": 24}
"""Bits of the significand, the hidden one included; from the coarsest to the finest."""
LEAST_EXPONENT: Final = {"F8_E5M2": -14, "F8_E4M3": -6, "BF16": -126, "F16": -14, "F32": -126}
"""Exponent of the smallest normal number; below it the step no longer shrinks."""
EXPONENT: Final = np.uint64(0x7FF0000000000000)
"""The bits of a float64 that hold its exponent."""
FINEST: Final = "F32"
"""What values are read as; anything finer (F64) is seen through it."""
ON_GRID: Final = 0.999
"""Share of the values that must lie on a grid; what is left are values that a merge or a later edit
of single rows touched."""


def ulp(values: FloatArray, dtype: str) -> NDArray[np.float64]:
    """Return the grid step of ``dtype`` at each value, of the same shape."""
    dtype = dtype if dtype in SIGNIFICANT_BITS else FINEST
    step = powers_below(values)
    np.maximum(step, 2.0 ** LEAST_EXPONENT[dtype], out=step)
    return np.multiply(step, 2.0 ** (1 - SIGNIFICANT_BITS[dtype]), out=step)


def powers_below(values: FloatArray) -> NDArray[np.float64]:
    """Return the largest power of two that is at most each value's magnitude; 0 of a zero.

    The value without sign and fraction: as float64 even the least float32 is a normal number.
    """
    bits = values.astype(np.float64).view(np.uint64)
    return np.bitwise_and(bits, EXPONENT, out=bits).view(np.float64)


def rounded(values: FloatArray, dtype: str) -> NDArray[np.float64]:
    """Return the values rounded to the nearest number of ``dtype``, ties to even."""
    step = ulp(values, dtype)
    return np.asarray(np.rint(values / step) * step, dtype=np.float64)


def surely_on_grid(values: NDArray[np.float32], dtype: str) -> bool:
    """Return whether rounding values to ``dtype`` would leave all of them, as far as bits say it.

    Of a bfloat16, and of it alone, they do: a float32 is one exactly where its lower half is empty,
    however small it is.
    """
    if dtype != "BF16":
        return dtype == FINEST
    return not int(np.bitwise_or.reduce(values.view(np.uint32), axis=None)) & 0xFFFF


def coarsest(*dtypes: str) -> str:
    """Return the first of the formats that holds fewest digits; all of ``SIGNIFICANT_BITS``."""
    return min(dtypes, key=SIGNIFICANT_BITS.__getitem__)


def less_range(a: str, b: str) -> str:
    """Return the format of the two that holds fewer magnitudes although it holds more digits.

    float16 keeps every digit of a bfloat16 and loses what is below 2^-24, and digits below 2^-14:
    the format of the values is still that of the bfloat16, and some values changed. So it is of a
    float32 file that holds what a bfloat16 held. Empty for other formats.
    """
    return "F16" if {a, b} in ({"F16", "BF16"}, {"F16", "F32"}) else ""


def narrowest(values: FloatArray) -> str:
    """Return the coarsest format that holds (nearly) all values exactly.

    A model stored as F32 whose values all lie on the BF16 grid once was BF16. F16 holds what BF16
    holds only while exponents allow; the two are no refinement of each other, so the first of the
    list that fits is returned.
    """
    pattern = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    for dtype, bits in SIGNIFICANT_BITS.items():
        unused = np.uint32((1 << (SIGNIFICANT_BITS[FINEST] - bits)) - 1)
        if np.count_nonzero(pattern & unused) <= (1 - ON_GRID) * pattern.size:
            return dtype
    return FINEST


def stored_as(anatomy: Anatomy, matrix: Matrix) -> str:
    """Return the plain dtype of a matrix, or the name of its packed storage."""
    record = anatomy.checkpoint.tensors[matrix.tensor]
    return record.dtype if record.storage is None else record.storage.name


def rounding_variance(values: FloatArray, dtype: str) -> NDArray[np.float64]:
    """Return the variance that rounding to ``dtype`` adds at each value: a twelfth of step²."""
    return ulp(values, dtype) ** 2 / 12.0
