"""When are two stored values the same one?

Equal bits where both models store the same dtype. Else the wider is rounded to the narrower first,
to nearest even, as a conversion does: a model that was only stored anew has then not changed. Of a
bfloat16 and a float16 neither is the narrower: the one has less precision, the other less range,
and a value is the same if a conversion either way makes the one of the other. The values of a
packed storage are compared as they unpack.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.decode import decode
from hubcheck.evidence.looks.whole.halves import UNPACKED, Words, values_of

NARROW_FIRST: Final = ("F8_E5M2", "F8_E4M3", "F8_E4M3FN", "BF16", "F16", "F32", "F64")
"""By bits of precision; a float16 has more of them than a bfloat16, though less range."""

CROSSED: Final = {"BF16", "F16"}


def compared_as(base: str, subject: str) -> str:
    """Return the dtype that values of two dtypes are rounded to before their bits are compared.

    Empty for values of one dtype; ``UNPACKED`` where one side is packed.
    """
    if UNPACKED in (base, subject):
        return UNPACKED
    return "" if base == subject else narrower(base, subject) or "F32"


def narrower(base: str, subject: str) -> str:
    """Return the dtype of less precision; empty where one is no float that values round to."""
    if base not in NARROW_FIRST or subject not in NARROW_FIRST:
        return ""
    return min(base, subject, key=NARROW_FIRST.index)


def comparable_bits(
    base: Words, subject: Words, base_dtype: str, subject_dtype: str
) -> tuple[Words, Words]:
    """Return words of one dtype, flat, whose equality is the equality of the values."""
    if base_dtype == subject_dtype != UNPACKED:
        return base.reshape(-1), subject.reshape(-1)
    narrow = "" if UNPACKED in (base_dtype, subject_dtype) else narrower(base_dtype, subject_dtype)
    both = [values_of(base, base_dtype).reshape(-1), values_of(subject, subject_dtype).reshape(-1)]
    words = [rounded(values, narrow) for values in both]
    if {base_dtype, subject_dtype} == CROSSED:
        short = 0 if base_dtype == "F16" else 1
        cast = rounded(both[1 - short], "F16") == rounded(both[short], "F16")
        words[short] = np.where(cast, words[1 - short], words[short])
    return words[0], words[1]


def rounded(values: NDArray[np.float32], dtype: str) -> NDArray[Any]:
    """Return values rounded to nearest even in a dtype, as words; any other dtype: as float32.

    Args:
        values: Finite values, float32 [n], contiguous.
        dtype: One of ``NARROW_FIRST``, or empty.
    """
    if dtype == "BF16":
        bits = values.view(np.uint32)
        halfway = np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
        return ((bits + halfway) >> np.uint32(16)).astype(np.uint16)
    if dtype == "F16":
        with np.errstate(over="ignore"):
            return values.astype("<f2").view("<u2")
    if dtype.startswith("F8_"):
        numbers, codes, middles = _codes(dtype)
        at = np.searchsorted(middles, values)  # on a tie the lower neighbour
        tie = (at < middles.size) & (values == middles[np.minimum(at, middles.size - 1)])
        at = np.where(tie & (codes[at] % 2 == 1), at + 1, at)
        return codes[np.minimum(at, numbers.size - 1)]
    return values.view("<u4")


@cache
def _codes(dtype: str) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
    """Return the finite values of an eight-bit float in order, their codes, the middles between."""
    table = decode(bytes(range(256)), dtype)
    negative_zero = (table == 0) & np.signbit(table)
    kept = np.flatnonzero(np.isfinite(table) & ~negative_zero)
    order = kept[np.argsort(table[kept])]
    numbers = table[order]
    middles = ((numbers[1:] + numbers[:-1]) / 2).astype(np.float32)
    return numbers, order.astype(np.uint8), middles
