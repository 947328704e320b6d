"""Are the heads on two related bodies the same values, whatever they are stored as?

No order is tested in a head (a pooler, classes, rewards), and one that was stored anew is no longer
equal bit for bit. So some rows of every head that both models have are held against each other:
the same values, rounded to the coarser of the two formats, or another head.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.checkpoint.interface import RowBlock, TensorRecord
from hubcheck.checkpoint.rows import cost_of, read_rows
from hubcheck.errors import UnreadableError
from hubcheck.evidence.looks.change.stored import ON_GRID, SIGNIFICANT_BITS, FloatArray, ulp

LIMIT: Final = 500_000
"""Bytes read of the heads of each model."""
ROWS: Final = 16
"""Rows of a head that are read; another head differs in every one."""
ROUNDED_TWICE: Final = 1.01
"""Steps of the coarser format that storing anew moves a value at most, through another one."""
SMALLEST: Final = 2.0**-24
"""Values below it are lost in float16 and say nothing."""


def heads_that_differ(base: Anatomy, subject: Anatomy, *, limit: int = LIMIT) -> tuple[str, ...]:
    """Return the subject's heads of one name and shape with the base's that hold other values.

    Args:
        base: The base.
        subject: The subject.
        limit: Bytes that may be read of each model; what does not fit is left out.
    """
    found = []
    for there, here, dtype in _pairs(base, subject):
        blocks = [
            RowBlock(tensor=name, start=0, stop=min(ROWS, n_rows_of(one.checkpoint.tensors[name])))
            for one, name in ((base, there), (subject, here))
        ]
        cost = max(
            cost_of(one.checkpoint, [block])
            for one, block in zip((base, subject), blocks, strict=True)
        )
        if cost > limit:
            continue
        limit -= cost
        try:
            a, b = (
                read_rows(one.checkpoint, [block])[0]
                for one, block in zip((base, subject), blocks, strict=True)
            )
        except UnreadableError:
            continue  # what cannot be read is not compared; reading the body tells of it
        if not same_values(a, b, dtype):
            found.append(here)
    return tuple(sorted(found))


def _pairs(base: Anatomy, subject: Anatomy) -> Iterator[tuple[str, str, str]]:
    """Yield heads of one name and shape, and the coarser of their formats."""
    there = {base.plain.get(n, n): n for n, r in base.others.items() if r is Role.HEAD}
    for name, role in sorted(subject.others.items()):
        other = there.get(subject.plain.get(name, name)) if role is Role.HEAD else None
        if other is None:
            continue
        one, two = base.checkpoint.tensors[other], subject.checkpoint.tensors[name]
        known = one.is_plain and two.is_plain and one.shape == two.shape
        if known and {one.dtype, two.dtype} <= SIGNIFICANT_BITS.keys():
            yield other, name, min((one.dtype, two.dtype), key=lambda d: SIGNIFICANT_BITS[d])


def n_rows_of(record: TensorRecord) -> int:
    """Return the rows of the flattened view; a vector is one."""
    return record.shape[0] if len(record.shape) > 1 else 1


def same_values(a: FloatArray, b: FloatArray, dtype: str) -> bool:
    """Return whether (nearly) all values are the other's, rounded."""
    if a.shape != b.shape:
        return True  # another layout of one tensor is not told here
    apart = np.abs(a.astype(np.float64) - b.astype(np.float64))
    step = np.maximum(ulp(a, dtype), ulp(b, dtype))
    near = apart <= np.maximum(ROUNDED_TWICE * step, SMALLEST)
    return bool(near.mean() >= ON_GRID) if near.size else True
