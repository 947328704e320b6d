"""Which row of one matrix is most like each row of another?

Every row of ``a`` against every row of ``b`` by dot product, in blocks that fit the device. float32
in and out; torch multiplies in full float32 as well (TF32 is off unless a program turns it on). The
first of several equal values wins, whatever the blocks.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import isqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.devices.arrays import Arrays, arrays_of
from hubcheck.devices.choice import NUMPY, Device, Kind
from hubcheck.frozen import frozen

HELD: Final = 12
"""Bytes held for each pair of rows: the product, its magnitude, one temporary."""
HOST_BLOCK: Final = 24 << 20
"""Bytes of a block on a CPU: measured, larger ones leave the cache and are slower."""


@frozen
class Matches:
    """The best match of each row; all arrays [n]."""

    index: NDArray[np.int64]
    """Row of ``b``."""
    value: NDArray[np.float32]
    """Dot product with that row, with its sign."""
    second: NDArray[np.float32]
    """Best product (magnitude, where signs do not count) with any other row; -inf for no other."""


def best_matches(
    a: Any,
    b: Any,
    *,
    signed: bool,
    device: Device = NUMPY,
    block_bytes: int = 0,
) -> Matches:
    """Return for each row of ``a`` the row of ``b`` with the largest product.

    Args:
        a: float32 [n, f], of NumPy or of the device.
        b: float32 [m, f], at least one row, likewise. Rows of unit length make products
            correlations.
        signed: True: the largest product. False: the largest magnitude.
        device: Where to work.
        block_bytes: Memory for one block of products; 0 for what suits the device.

    Raises:
        ValueError: ``b`` has no row, or the widths differ.
    """
    if b.shape[0] == 0 or a.shape[1:] != b.shape[1:]:
        message = f"rows of shape {a.shape} cannot be matched with {b.shape}"
        raise ValueError(message)
    arrays = arrays_of(device)
    n_rows, n_columns = _block(a.shape[0], b.shape[0], block_bytes or _suitable(device))
    there = arrays.hold(_whole(b))
    starts = range(0, a.shape[0], n_rows)

    def one(start: int) -> tuple[NDArray[Any], ...]:
        rows = arrays.hold(_whole(a[start : start + n_rows]))
        return _rows(arrays, rows, there, n_columns, signed=signed)

    if device.kind is Kind.NUMPY and device.threads > 1 and len(starts) > 1:
        with ThreadPoolExecutor(device.threads, thread_name_prefix="hubcheck-match") as pool:
            found = list(pool.map(one, starts))
    else:
        found = [one(start) for start in starts]
    empty = (np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.float32))
    index, value, second = (np.concatenate(part) for part in zip(empty, *found, strict=True))
    return Matches(index=index, value=value, second=second)


def _whole(rows: Any) -> Any:
    """Return rows that lie in one piece; what lies on a device does."""
    return np.ascontiguousarray(rows) if isinstance(rows, np.ndarray) else rows


def _suitable(device: Device) -> int:
    """Return the bytes of a block that suit a device."""
    if device.kind in (Kind.NUMPY, Kind.CPU):
        return min(HOST_BLOCK, device.memory)
    return device.memory


def _block(n: int, m: int, n_bytes: int) -> tuple[int, int]:
    """Return the rows and columns of a block of products that takes ``n_bytes`` at most."""
    cells = max(1, n_bytes // HELD)
    n_columns = max(1, min(m, isqrt(cells) * 2))
    return max(1, min(n, cells // n_columns)), n_columns


def _rows(arrays: Arrays, a: Any, b: Any, n_columns: int, *, signed: bool) -> tuple[Any, ...]:
    """Return index, value and second best for a block of rows, over all columns."""
    xp = arrays.xp
    best = index = value = second = None
    for start in range(0, b.shape[0], n_columns):
        product = a @ b[start : start + n_columns].T
        size = product if signed else xp.abs(product)
        at = xp.argmax(size, axis=1)
        # [n, 1] selections work the same way in both libraries where fancy indices would not.
        here = at[:, None] == _count(arrays, size.shape[1])[None, :]
        top = xp.amax(size, axis=1)
        signs = xp.sum(xp.where(here, product, _zero(arrays)), axis=1)
        others = xp.amax(xp.where(here, _zero(arrays) - np.inf, size), axis=1)
        if best is None or second is None:
            best, index, value, second = top, at, signs, others
            continue
        better = top > best
        second = xp.where(better, xp.maximum(best, others), xp.maximum(second, top))
        index = xp.where(better, at + start, index)
        value = xp.where(better, signs, value)
        best = xp.where(better, top, best)
    index, value, second = (arrays.fetch(part) for part in (index, value, second))
    return (
        index.astype(np.int64, copy=False),
        value.astype(np.float32, copy=False),
        second.astype(np.float32, copy=False),
    )


def _count(arrays: Arrays, n: int) -> Any:
    return arrays.hold(np.arange(n, dtype=np.int64))


def _zero(arrays: Arrays) -> Any:
    return arrays.hold(np.zeros((), dtype=np.float32))
