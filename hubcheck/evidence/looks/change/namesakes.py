"""Which tensors have one name in two models, and what do some rows of both hold?

For what no order is tested in and no role places: heads, side paths, what no rule understands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

import numpy as np

from hubcheck.anatomy.interface import Anatomy
from hubcheck.checkpoint.interface import RowBlock
from hubcheck.checkpoint.rows import cost_of, read_rows
from hubcheck.errors import UnreadableError
from hubcheck.evidence.looks.change.stored import (
    ON_GRID,
    SIGNIFICANT_BITS,
    FloatArray,
    coarsest,
    ulp,
)
from hubcheck.source.side_by_side import side_by_side, waits

ROWS: Final = 16
"""Rows of a tensor that are read; another tensor differs in every one."""
VALUES: Final = 512
"""Values that are read where rows are short."""
ROUNDED_TWICE: Final = 1.01
"""Steps of the coarser format that storing anew moves a value at most, through another one."""
SMALLEST: Final = 2.0**-24
"""Values below it are lost in float16 and say nothing."""


def namesakes(
    base: Anatomy, subject: Anatomy, of_base: Iterable[str], of_subject: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """Yield names in base and subject of tensors of one name and shape, in plain floats.

    Args:
        base: The base.
        subject: The subject.
        of_base: Names of the base's tensors that are asked about.
        of_subject: Of the subject's.
    """
    there = {base.plain.get(name, name): name for name in of_base}
    for here in sorted(of_subject):
        other = there.get(subject.plain.get(here, here))
        if other is None:
            continue
        one, two = base.checkpoint.tensors[other], subject.checkpoint.tensors[here]
        known = one.is_plain and two.is_plain and one.shape == two.shape and one.n_values
        if known and {one.dtype, two.dtype} <= SIGNIFICANT_BITS.keys():
            yield other, here


class RowsOfBoth:
    """Reads rows of namesakes, as far as a limit of bytes allows."""

    def __init__(self, base: Anatomy, subject: Anatomy, limit: int) -> None:
        """Bind two models.

        Args:
            base: The base.
            subject: The subject.
            limit: Bytes that may be read of each model; what does not fit is left out.
        """
        self._sides, self._limit = (base.checkpoint, subject.checkpoint), limit

    def n_rows(self, there: str) -> int:
        """Return the rows of a tensor, along its last axis; a vector is one row."""
        record = self._sides[0].tensors[there]
        return record.n_rows if len(record.shape) > 1 else 1

    def n_read(self, there: str) -> int:
        """Return how many rows are read: more of a kernel, whose rows are three values long."""
        columns = max(1, self._sides[0].tensors[there].n_cols)
        return min(self.n_rows(there), max(ROWS, -(-VALUES // columns)))

    def read(self, names: tuple[str, str], start: int) -> tuple[FloatArray, FloatArray] | None:
        """Return some rows of base and subject; None where they do not fit or cannot be read.

        Args:
            names: Of the tensor in base and subject.
            start: The first row.
        """
        stop = start + self.n_read(names[0])
        pairs = [
            (checkpoint, [RowBlock(tensor=name, start=start, stop=stop)])
            for checkpoint, name in zip(self._sides, names, strict=True)
        ]
        cost = max(cost_of(checkpoint, blocks) for checkpoint, blocks in pairs)
        if cost > self._limit:
            return None
        self._limit -= cost
        try:
            calls = [partial(read_rows, checkpoint, blocks) for checkpoint, blocks in pairs]
            at_once = all(waits(checkpoint.source) for checkpoint in self._sides)
            (a,), (b,) = side_by_side(calls, at_once=at_once)
        except UnreadableError:
            return None  # what cannot be read is not compared; reading the body tells of it
        return a, b

    def are_same(self, names: tuple[str, str], rows: tuple[FloatArray, FloatArray]) -> bool:
        """Return whether (nearly) all values are the other's, rounded to the coarser format."""
        a, b = rows
        if a.shape != b.shape:
            return True  # another layout of one tensor is not told here
        formats = (c.tensors[name].dtype for c, name in zip(self._sides, names, strict=True))
        dtype = coarsest(*formats)
        apart = np.abs(a.astype(np.float64) - b.astype(np.float64))
        step = np.maximum(ulp(a, dtype), ulp(b, dtype))
        near = apart <= np.maximum(ROUNDED_TWICE * step, SMALLEST)
        return bool(near.mean() >= ON_GRID) if near.size else True
