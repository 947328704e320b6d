"""Which stored bytes hold some lines of one tensor of a pair, and what do they say?

The lines of a pair are canonical outputs, or canonical inputs where both models store the matrix
that way round, so that nothing has to be turned. Values stay as stored: widening them is the
device's work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Matrix
from hubcheck.anatomy.units import row_blocks
from hubcheck.checkpoint.decode import bytes_of, decode
from hubcheck.checkpoint.interface import RowBlock, TensorRecord
from hubcheck.checkpoint.rows import spans_of
from hubcheck.frozen import frozen
from hubcheck.source.interface import Span
from hubcheck.source.reusing import Bytes

UNPACKED: Final = "unpacked"
"""Dtype of values that a packed storage gave; they are float32."""
_WORDS: Final = {1: "<u1", 2: "<u2", 4: "<u4", 8: "<u8"}

Words = NDArray[Any]


@frozen
class Half:
    """One model's part of a pair."""

    record: TensorRecord
    matrix: Matrix | None
    """None: the stored rows are the lines, all columns in order."""
    by_input: bool
    """Lines are canonical inputs."""
    ids: tuple[int, ...] = ()
    """Canonical outputs to compare, in this order; empty for all."""

    @property
    def turned(self) -> bool:
        """Whether the matrix is stored across the lines: it is read whole and turned."""
        return self.matrix is not None and self.matrix.transposed and not self.by_input

    @property
    def lines(self) -> int:
        """Number of lines."""
        if self.matrix is None:
            return self.record.n_rows
        return self.matrix.n_in if self.by_input else self._n_outputs

    @property
    def width(self) -> int:
        """Values of a line."""
        if self.matrix is None:
            return self.record.n_cols
        return self._n_outputs if self.by_input else self.matrix.n_in

    @property
    def dtype(self) -> str:
        """Dtype of what ``words`` returns: the header's, or ``UNPACKED``."""
        return self.record.dtype if self.record.storage is None else UNPACKED

    @property
    def _n_outputs(self) -> int:
        """Number of canonical outputs that are compared."""
        assert self.matrix is not None
        return len(self.ids) or self.matrix.n_out

    def _outputs(self, start: int = 0, stop: int | None = None) -> NDArray[np.int64]:
        """Return the stored index of canonical outputs that are compared, all or some of them."""
        assert self.matrix is not None
        if not self.ids and len(self.matrix.segments) == 1:
            some = range(*self.matrix.segments[0])[start:stop]
            return np.arange(some.start, some.stop, some.step, dtype=np.int64)
        stored = self.matrix.stored_index()
        return (stored[np.asarray(self.ids, dtype=np.int64)] if self.ids else stored)[start:stop]

    def _rows(self, start: int, stop: int) -> NDArray[np.int64]:
        """Return the stored rows that hold lines ``start`` to ``stop``, in the lines' order."""
        if self.matrix is None:
            return np.arange(start, stop, dtype=np.int64)
        if self.turned:
            start, stop = 0, self.matrix.n_in
        if self.matrix.transposed:
            return self.matrix.offset + np.arange(start, stop, dtype=np.int64)
        return self._outputs(start, stop)

    def blocks(self, start: int, stop: int) -> tuple[RowBlock, ...]:
        """Return the stored rows to read for some lines."""
        return row_blocks(self.record.name, self._rows(start, stop))

    def spans(self, start: int, stop: int) -> list[Span]:
        """Return the bytes to read for some lines; of a turned matrix always all of them."""
        return [s for block in self.blocks(start, stop) for s in spans_of(self.record, block)]

    def words(self, start: int, stop: int, raws: Sequence[Bytes]) -> Words:
        """Return some lines as stored.

        Args:
            start: First line.
            stop: Line after the last one.
            raws: The bytes of ``spans(start, stop)``, in that order.

        Returns:
            [stop - start, width], contiguous: unsigned words of the stored dtype, or float32 of a
            packed storage.
        """
        blocks, rest = self.blocks(start, stop), iter(raws)
        arrays = []
        for block in blocks:
            own = [next(rest) for _ in spans_of(self.record, block)]
            arrays.append(_array(self.record, block, own))
        rows = self._rows(start, stop)
        held = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
        if len(rows) != len(held) or not _ascending(rows):
            there = np.concatenate([np.arange(b.start, b.stop, dtype=np.int64) for b in blocks])
            held = held[np.searchsorted(there, rows)]
        if self.matrix is not None and self.matrix.transposed:
            columns = self._outputs()
            if columns.size != self.record.n_cols or not _ascending(columns):
                held = held[:, columns]
        if self.turned:
            held = held.T[start:stop]
        return np.ascontiguousarray(held)


def _array(record: TensorRecord, block: RowBlock, raws: Sequence[Bytes]) -> Words:
    """Return the rows of a block as stored."""
    shape = (block.stop - block.start, record.n_cols)
    if record.storage is None:
        return np.frombuffer(raws[0], dtype=_WORDS[bytes_of(record.dtype)]).reshape(shape)
    if not raws:
        return np.zeros(shape, dtype=np.float32)
    with np.errstate(all="ignore"):  # a value that is no number is refused later, by name
        return record.storage.values(block.start, block.stop, [*map(bytes, raws)]).reshape(shape)


def _ascending(rows: NDArray[np.int64]) -> bool:
    """Return whether every index is one more than the one before."""
    return bool(
        rows.size == 0 or (rows[-1] - rows[0] == rows.size - 1 and (np.diff(rows) == 1).all())
    )


def values_of(words: Words, dtype: str) -> NDArray[np.float32]:
    """Return stored words as float32, same shape."""
    if dtype == UNPACKED:
        return np.asarray(words, dtype=np.float32)
    return decode(words.tobytes(), dtype).reshape(words.shape)
