"""Which bytes of which tensors are read to hold two models against each other, and what are they?

All of them where that fits the budget; else ranges, at the same places in every tensor of one shape
and dtype, so that any two of them can be compared. The seed decides where.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.decode import bits_of, decode
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from hubcheck.errors import UnsupportedFormatError
from hubcheck.evidence.looks.equality.pairs import Key, key_of
from hubcheck.frozen import frozen
from hubcheck.source.interface import Span
from hubcheck.source.ledger import Purpose

RANGE: Final = 4096
"""Bytes of a range in a tensor that is not read whole: a page, a thousand values or two."""
WHOLE_ROW: Final = 16 * 1024
"""Bytes of a row up to which a range holds whole rows: what a table looks like shows there."""
LONG_RANGE: Final = 64 * 1024
"""Bytes of a range in a tensor that is read whole."""
LONGEST_ROW: Final = 1 << 20
"""Bytes of a packed row; a longer one is not read, because it cannot be cut."""
BATCH: Final = 32 << 20
"""Bytes of one model in memory at a time."""
WORDS: Final = {1: "<u1", 2: "<u2", 4: "<u4", 8: "<u8"}


@frozen
class Range:
    """A block of rows, or a piece of one row."""

    row: int
    stop: int
    """Last row, exclusive."""
    column: int
    until: int
    """Last column, exclusive."""

    @property
    def n_values(self) -> int:
        """Number of values."""
        return (self.stop - self.row) * (self.until - self.column)


@frozen
class Cut:
    """How tensors of one key are cut into ranges."""

    rows: int
    """Rows of a range; 1 where rows are cut."""
    columns: int
    """Columns of a range; all of them unless rows are cut."""
    n_rows: int
    n_cols: int
    width: int
    """Bytes of a value, 4 where it is unpacked."""

    @property
    def blocks(self) -> int:
        """Ranges in a tensor."""
        return math.ceil(self.n_rows / self.rows) * math.ceil(self.n_cols / self.columns)

    @property
    def block_bytes(self) -> int:
        """Most bytes of a range."""
        return self.rows * self.columns * self.width

    def at(self, block: int) -> Range:
        """Return one range by its number."""
        pieces = math.ceil(self.n_cols / self.columns)
        row, column = block // pieces * self.rows, block % pieces * self.columns
        return Range(
            row=row,
            stop=min(row + self.rows, self.n_rows),
            column=column,
            until=min(column + self.columns, self.n_cols),
        )


def cut_of(record: TensorRecord, key: Key, *, size: int, packed: bool) -> Cut | None:
    """Return how a tensor is cut; None where it cannot be read in pieces, or holds nothing.

    Args:
        record: Any tensor of the key.
        key: Its dtype, shape and packing.
        size: Bytes of a range, about.
        packed: Whether one tensor of the key can be read by whole rows only.
    """
    width = 4 if key[2] else _width(record.dtype)
    # Unpacked eight-byte numbers would be rounded: equal numbers need not be equal bits.
    if not record.n_values or not width or (packed and width > 4):  # noqa: PLR2004 - float32
        return None
    row = record.n_cols * width
    if packed and row > LONGEST_ROW:
        return None
    rows, columns = max(1, size // row), record.n_cols
    if row > max(WHOLE_ROW, size) and not packed:
        rows, columns = 1, size // width
    return Cut(
        rows=rows,
        columns=columns,
        n_rows=record.n_rows,
        n_cols=record.n_cols,
        width=width,
    )


def ranges_of(cut: Cut, key: Key, *, count: int, seed: int) -> tuple[Range, ...]:
    """Return ``count`` different ranges in order, the same for every tensor of the key."""
    if count >= cut.blocks:
        return tuple(cut.at(block) for block in range(cut.blocks))
    name = zlib.crc32(repr(key).encode("utf-8", "backslashreplace"))
    rng = np.random.default_rng([seed, name])
    blocks = rng.choice(cut.blocks, size=count, replace=False)
    return tuple(cut.at(block) for block in sorted(blocks.tolist()))


@frozen
class Piece:
    """One range of one tensor, as words whose equality is that of the stored bits."""

    words: NDArray[Any]
    """Flat."""
    shape: tuple[int, int]
    dtype: str
    """Empty where the words are those of float32 numbers."""

    def numbers(self) -> NDArray[np.float32]:
        """Return the values, [rows, columns], NaN and infinity among them."""
        if not self.dtype:
            return self.words.view("<f4").reshape(self.shape)
        return decode(self.words.tobytes(), self.dtype).reshape(self.shape)


def _width(dtype: str) -> int:
    """Return the bytes of a stored value; 0 where it is no real number in whole bytes."""
    try:
        decode(b"", dtype)
        return bits_of(dtype) // 8
    except UnsupportedFormatError:
        return 0


def spans_of(record: TensorRecord, one: Range) -> tuple[Span, ...]:
    """Return the bytes of one range."""
    if record.storage is not None:
        return record.storage.spans(one.row, one.stop)
    width = bits_of(record.dtype) // 8
    start = record.start + (one.row * record.n_cols + one.column) * width
    return (Span(path=record.path, start=start, stop=start + one.n_values * width),)


def read_pieces(
    checkpoint: Checkpoint, wanted: Mapping[str, Sequence[Range]], *, as_numbers: frozenset[Key]
) -> Iterator[tuple[str, list[Piece]]]:
    """Yield each tensor with its ranges; memory holds some of them at a time.

    Args:
        checkpoint: The opened model.
        wanted: Ranges of each tensor.
        as_numbers: What is compared as float32 numbers: one of the models stores it in a container
            that gives nothing else.

    Raises:
        BudgetExceededError: the budget ends here.
        UnreachableError: the host does not answer.
        UnreadableError: a file contradicts itself.
    """
    batch: list[tuple[str, Sequence[Range], list[tuple[Span, ...]]]] = []
    size = 0
    for name, ranges in wanted.items():
        spans = [spans_of(checkpoint.tensors[name], one) for one in ranges]
        cost = sum(s.size for some in spans for s in some)
        if batch and size + cost > BATCH:
            yield from _pieces(checkpoint, batch, as_numbers=as_numbers)
            batch, size = [], 0
        batch.append((name, ranges, spans))
        size += cost
    if batch:
        yield from _pieces(checkpoint, batch, as_numbers=as_numbers)


def _pieces(
    checkpoint: Checkpoint,
    batch: Sequence[tuple[str, Sequence[Range], list[tuple[Span, ...]]]],
    *,
    as_numbers: frozenset[Key],
) -> Iterator[tuple[str, list[Piece]]]:
    """Yield the tensors of one batch, read by one call."""
    asked = [span for _, _, spans in batch for some in spans for span in some]
    raws = iter(checkpoint.source.read(asked, Purpose.WEIGHTS))
    for name, ranges, spans in batch:
        record = checkpoint.tensors[name]
        yield (
            name,
            [
                _piece(
                    record, one, [next(raws) for _ in some], as_number=key_of(record) in as_numbers
                )
                for one, some in zip(ranges, spans, strict=True)
            ],
        )


def _piece(record: TensorRecord, one: Range, raws: list[bytes], *, as_number: bool) -> Piece:
    """Return what the bytes of one range hold."""
    shape = (one.stop - one.row, one.until - one.column)
    if not as_number:
        words = np.frombuffer(raws[0], dtype=WORDS[bits_of(record.dtype) // 8])
        return Piece(words=words, shape=shape, dtype=record.dtype)
    with np.errstate(all="ignore"):
        if record.storage is None:
            values = decode(raws[0], record.dtype)
        else:
            values = record.storage.values(one.row, one.stop, raws)
    words = np.ascontiguousarray(values, dtype="<f4").reshape(-1).view("<u4")
    return Piece(words=words, shape=shape, dtype="")
