"""How is a kernel [out, in, 3, 3] seen as one row for each of its outputs?

Its values lie one behind the other, so that [out, in * 9] are the same bytes with longer rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.interface import TensorRecord
from hubcheck.checkpoint.other_view import OtherView
from hubcheck.frozen import frozen
from hubcheck.source.interface import Span

MATRIX: Final = 2


@frozen
class LongRows(OtherView):
    """A storage of which some rows in a row are one; see ``interface.Storage``."""

    rows: int
    """Rows of the storage that make one here."""

    def spans(self, start: int, stop: int) -> tuple[Span, ...]:
        """Return the bytes that rows ``start`` to ``stop`` cost."""
        return self.inner.spans(start * self.rows, stop * self.rows)

    def values(self, start: int, stop: int, raws: Sequence[bytes]) -> NDArray[np.float32]:
        """Return the rows, float32 [stop - start, n_cols]."""
        return self.inner.values(start * self.rows, stop * self.rows, raws).reshape(
            stop - start, -1
        )


def as_rows(record: TensorRecord) -> TensorRecord:
    """Return a tensor of three axes or more as the matrix of its outputs; any other as it is."""
    if len(record.shape) <= MATRIX or min(record.shape) < 1:
        return record
    shape = (record.shape[0], prod(record.shape[1:]))
    if record.storage is None:
        return replace(record, shape=shape)
    if record.storage.by_input:
        return record
    rows = prod(record.shape[1:-1])
    return replace(record, shape=shape, storage=LongRows(inner=record.storage, rows=rows))
