"""How are ternary weights, four to a byte, turned into weights?

Layout (BitNet in transformers). ``weight`` uint8 [out / 4, in]: the two bits i of the byte in row r
hold output ``i * out / 4 + r``, stored plus one, so that 0, 1, 2 stand for -1, 0, 1;
``weight_scale`` is one number for the matrix, which the layer's output is multiplied by where the
configuration says ``autobitlinear`` and divided by where it does not. Source: ``pack_weights``,
``BitLinear`` and ``AutoBitLinear`` of transformers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.interface import TensorRecord
from hubcheck.checkpoint.plain_values import numbers, rows_span, whole
from hubcheck.frozen import frozen
from hubcheck.source.interface import Span

PER_BYTE: Final = 4


@frozen
class Ternary:
    """Codes of a matrix, the quarters of its outputs side by side in each byte."""

    name: str
    codes: TensorRecord
    scale: TensorRecord
    divides: bool
    """True: the scale divides."""
    by_input: bool = False

    def _quarters(self, start: int, stop: int) -> list[tuple[int, int, int]]:
        """Return (quarter, first, last) of the stored rows that some outputs need."""
        step = self.codes.n_rows
        found = []
        for quarter in range(PER_BYTE):
            first, last = max(start - quarter * step, 0), min(stop - quarter * step, step)
            if first < last:
                found.append((quarter, first, last))
        return found

    def spans(self, start: int, stop: int) -> tuple[Span, ...]:
        """Return the scale, and the stored rows of each quarter."""
        rows = (rows_span(self.codes, a, b) for _, a, b in self._quarters(start, stop))
        return (whole(self.scale), *rows)

    def values(self, start: int, stop: int, raws: Sequence[bytes]) -> NDArray[np.float32]:
        """Return the weights of some rows."""
        parts = []
        for (quarter, first, last), raw in zip(self._quarters(start, stop), raws[1:], strict=True):
            packed = np.frombuffer(raw, dtype=np.uint8).reshape(last - first, self.codes.n_cols)
            parts.append(((packed >> (2 * quarter)) & 3).astype(np.float32) - 1)
        scale = numbers(raws[0], self.scale)[0]
        values = np.concatenate(parts)
        return np.asarray(values / scale if self.divides else values * scale, dtype=np.float32)


def ternary_of(codes: TensorRecord, scale: TensorRecord, *, divides: bool) -> Ternary | None:
    """Return the storage of codes with one scale, None where the shapes are others."""
    if codes.dtype != "U8" or len(codes.shape) != 2 or not all(codes.shape):  # noqa: PLR2004
        return None
    if scale.n_values != 1:
        return None
    return Ternary(name="BitNet 2 bit", codes=codes, scale=scale, divides=divides)
