"""Which of many sketches agree with one, and by how much more than chance would have it?

The scan is exhaustive: XOR and a count of bits over every sketch, some hundred nanoseconds each. No
index structure is approximated, so what is told of N models is true of all N.

Legend: s slots, n sketches, b bytes of a slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.statistics.sketch import BITS, SLOT_BYTES

CHUNK: Final = 8_192
"""Sketches of a slot at a time, half a megabyte: XOR and count stay in the processor's cache."""
_COUNTS: Final = np.array([i.bit_count() for i in range(256)], dtype=np.uint8)


_PAIRS: Final = np.uint64(0x00FF00FF00FF00FF)
_SUM: Final = np.uint64(0x0001000100010001)


def _ones(words: NDArray[np.uint64]) -> NDArray[np.int32]:
    """Return the one bits of each row of eight words."""
    if not hasattr(np, "bitwise_count"):  # NumPy 1
        return np.asarray(_COUNTS[words.view(np.uint8)].sum(axis=1, dtype=np.int32))
    # Eight counts of at most 64 lie in the bytes of one word: summed in lanes of two bytes.
    counts = np.bitwise_count(words).view(np.uint64)[:, 0]
    lanes = (counts & _PAIRS) + ((counts >> np.uint64(8)) & _PAIRS)
    return ((lanes * _SUM) >> np.uint64(48)).astype(np.int32)


def differing(own_b: NDArray[np.uint8], slot_nb: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Return how many bits of each sketch's slot differ from one's own."""
    own = np.ascontiguousarray(own_b).view(np.uint64)
    table = np.ascontiguousarray(slot_nb).reshape(len(slot_nb), SLOT_BYTES).view(np.uint64)
    found = np.empty(len(table), dtype=np.int32)
    for start in range(0, len(table), CHUNK):
        part = table[start : start + CHUNK]
        found[start : start + CHUNK] = _ones(part ^ own)
    return found


def slot_z(
    own_b: NDArray[np.uint8], slot_nb: NDArray[np.uint8], both_n: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return the z of one slot against every sketch, 0 where not both have it."""
    z_n = differing(own_b, slot_nb).astype(np.float32)
    z_n *= np.float32(-2.0 / BITS**0.5)
    z_n += np.float32(BITS**0.5)
    z_n *= both_n
    return z_n


def frame_z(
    z_sn: Sequence[NDArray[np.float32]], both_sn: Sequence[NDArray[np.bool_]]
) -> NDArray[np.float32]:
    """Return the z of several slots together: their sum over the root of how many both have."""
    if not z_sn:
        return np.zeros(0, dtype=np.float32)
    total_n, count_n = np.zeros_like(z_sn[0]), np.zeros(len(z_sn[0]), dtype=np.int16)
    for z_n, both_n in zip(z_sn, both_sn, strict=True):
        total_n += z_n
        count_n += both_n
    return np.asarray(total_n / np.sqrt(np.maximum(count_n, 1, dtype=np.float32)), np.float32)
