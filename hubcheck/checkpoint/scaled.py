"""How are eight-bit codes with a grid of scales turned into weights?

Layout. Codes [.., out, in] of one byte; scales [.., rows, columns], each over a block of codes:
``weight = (code - zero) * scale * factor``. Blocks of 128 x 128 are DeepSeek's fp8
(``weight_scale_inv``, a multiplier in spite of its name); one row high, a channel scale
(compressed-tensors fp8 and int8, bitsandbytes int8 with SCB / 127); the whole matrix, a tensor
scale; one row by a group of columns, a group scale (MXFP8). Scales stored as U8 or F8_E8M0 are
powers of two. Sources: the DeepSeek-V3 release's ``fp8_cast_bf16``, compressed-tensors' quantized
compressors, the LLM.int8() paper's vector-wise scaling.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.interface import TensorRecord
from hubcheck.checkpoint.plain_values import numbers, rows_span, values_span
from hubcheck.frozen import frozen
from hubcheck.source.interface import Span

COMMON_BLOCKS: Final = (128, 64, 32, 16, 256, 512, 1024)
"""Edges of scale blocks, tried in this order where the grid alone leaves several."""


@frozen
class Scaled:
    """Codes with one scale per block."""

    name: str
    codes: TensorRecord
    scales: TensorRecord
    block_rows: int
    block_cols: int
    zeros: TensorRecord | None = None
    """Zero points, laid out as the scales."""
    factor: float = 1.0
    by_input: bool = False

    @property
    def _grid_cols(self) -> int:
        return -(-self.codes.n_cols // self.block_cols)

    def _grid_row(self, row: int) -> int:
        """Return the row of the grid that scales a row of codes."""
        n_out = self.codes.shape[-2]
        stacked, inside = divmod(row, n_out)
        return stacked * -(-n_out // self.block_rows) + inside // self.block_rows

    def _grid_span(self, grid: TensorRecord, start: int, stop: int) -> Span:
        first, last = self._grid_row(start), self._grid_row(stop - 1) + 1
        return values_span(grid, first * self._grid_cols, last * self._grid_cols)

    def spans(self, start: int, stop: int) -> tuple[Span, ...]:
        """Return the rows of codes and the scales (and zero points) that cover them."""
        grids = (self.scales, self.zeros) if self.zeros is not None else (self.scales,)
        return (
            rows_span(self.codes, start, stop),
            *(self._grid_span(grid, start, stop) for grid in grids),
        )

    def values(self, start: int, stop: int, raws: Sequence[bytes]) -> NDArray[np.float32]:
        """Return the weights of some rows."""
        codes = numbers(raws[0], self.codes).reshape(stop - start, self.codes.n_cols)
        rows = np.asarray([self._grid_row(r) for r in range(start, stop)], dtype=np.int64)
        rows -= self._grid_row(start)
        if self.zeros is not None:
            codes -= self._spread(numbers(raws[2], self.zeros), rows)
        powers = "F8_E8M0" if self.scales.dtype == "U8" else ""
        codes *= self._spread(numbers(raws[1], self.scales, powers), rows)
        if self.factor != 1.0:
            codes *= np.float32(self.factor)
        return codes

    def _spread(self, grid: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the grid's value of every code, float32 [rows, n_cols or 1]."""
        by_row = grid.reshape(-1, self._grid_cols)[rows]
        if self._grid_cols == 1:
            return by_row
        return np.repeat(by_row, self.block_cols, axis=1)[:, : self.codes.n_cols]


@lru_cache(maxsize=1024)
def block_of(
    codes: tuple[int, ...], scales: tuple[int, ...], stated: tuple[int, ...] = ()
) -> tuple[int, int] | None:
    """Return the (rows, columns) of codes that one scale covers, or None where the grid misfits.

    Args:
        codes: Shape of the codes, at least two axes.
        scales: Shape of the scales: a grid with the same leading axes, one value per row, or one.
        stated: Block size that the configuration states; used only where it fits the grid.
    """
    if len(codes) < 2 or not all(codes):  # noqa: PLR2004 - a matrix
        return None
    n_out, n_in = codes[-2:]
    if scales == codes[:-1]:
        scales = (*scales, 1)
    elif scales in ((), (1,)) and len(codes) == 2:  # noqa: PLR2004 - a matrix
        scales = (1, 1)
    if len(scales) != len(codes) or scales[:-2] != codes[:-2] or not all(scales):
        return None
    rows = _edge(n_out, scales[-2], stated[0] if len(stated) == 2 else 0)  # noqa: PLR2004
    cols = _edge(n_in, scales[-1], stated[1] if len(stated) == 2 else 0)  # noqa: PLR2004
    return (rows, cols) if rows and cols else None


def _edge(size: int, count: int, stated: int) -> int:
    """Return the length of the blocks that cover ``size`` with ``count``; 0 where none does."""
    if count == 1:
        return size
    if count == size:
        return 1
    even = size // count if size % count == 0 else 0
    fits = [b for b in (stated, *COMMON_BLOCKS, even) if b > 0 and -(-size // b) == count]
    return fits[0] if fits else 0
