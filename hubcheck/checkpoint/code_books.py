"""How are sums of entries of learned code books turned into weights?

Layout (AQLM). ``codes`` int8 or int16 [out / a, in / b, books], read modulo the size of a book;
``codebooks`` [books, entries, a, b]; ``scales`` [out / a, 1, 1, 1]. A block of a outputs and b
inputs is the sum of one entry of each book, times the scale of its outputs. Source:
``dequantize_weight`` of AQLM and of vLLM.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.interface import TensorRecord
from hubcheck.checkpoint.plain_values import numbers, values_span, whole
from hubcheck.frozen import frozen
from hubcheck.source.interface import Span

AXES: Final = {"codes": 3, "books": 4, "scales": 4}
CODES: Final = {"I8": "<i1", "I16": "<i2", "I32": "<i4"}


@frozen
class CodeBooks:
    """Codes of a matrix into code books that all its blocks share."""

    name: str
    codes: TensorRecord
    books: TensorRecord
    scales: TensorRecord
    by_input: bool = False

    def _blocks(self, start: int, stop: int) -> tuple[int, int]:
        """Return the rows of blocks that hold some outputs."""
        height = self.books.shape[2]
        return start // height, -(-stop // height)

    def spans(self, start: int, stop: int) -> tuple[Span, ...]:
        """Return the codes and scales of the rows of blocks, and all books."""
        first, last = self._blocks(start, stop)
        each = self.codes.shape[1] * self.codes.shape[2]
        return (
            values_span(self.codes, first * each, last * each),
            values_span(self.scales, first, last),
            whole(self.books),
        )

    def values(self, start: int, stop: int, raws: Sequence[bytes]) -> NDArray[np.float32]:
        """Return the weights of some rows."""
        first, last = self._blocks(start, stop)
        n_books, entries, height, width = self.books.shape
        stored = np.frombuffer(raws[0], dtype=CODES[self.codes.dtype]).astype(np.int64)
        codes = stored.reshape(last - first, self.codes.shape[1], n_books) % entries
        books = numbers(raws[2], self.books).reshape(self.books.shape)
        blocks = sum(books[b][codes[:, :, b]] for b in range(n_books))
        values = np.asarray(blocks, dtype=np.float32).transpose(0, 2, 1, 3)
        values = values.reshape(last - first, height, self.codes.shape[1] * width)
        values = values * numbers(raws[1], self.scales).reshape(-1, 1, 1)
        rows = values.reshape((last - first) * height, -1)
        return np.asarray(rows[start - first * height : stop - first * height], dtype=np.float32)


def code_books_of(
    codes: TensorRecord, books: TensorRecord, scales: TensorRecord
) -> CodeBooks | None:
    """Return the storage of tensors whose shapes fit together, else None."""
    axes = {"codes": codes, "books": books, "scales": scales}
    if any(len(axes[name].shape) != n or not all(axes[name].shape) for name, n in AXES.items()):
        return None
    entries = books.shape[1]
    if codes.dtype not in CODES or codes.shape[2] != books.shape[0] or entries & (entries - 1):
        return None
    if scales.shape != (codes.shape[0], 1, 1, 1):
        return None
    return CodeBooks(name="AQLM 2 bit", codes=codes, books=books, scales=scales)
