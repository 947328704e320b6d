"""How do columns of numbers and texts lie in one file, so that a few rows cost a few bytes?

A table is a safetensors file: one tensor a column, its first axis the rows. Any reader of that
format reads it, and this one reads it by range from a folder or from the Hub, with the header
checked as that of any stranger's weights is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.header import LENGTH_BYTES, header_length, parse_header
from hubcheck.errors import UnreadableError, printable
from hubcheck.source.arriving import read_each
from hubcheck.source.interface import Source, Span
from hubcheck.source.ledger import Purpose

NUMBERS: Final[Mapping[str, str]] = {"U8": "<u1", "U32": "<u4", "U64": "<u8"}
"""Names of the format and of NumPy, little-endian."""
FIRST_READ: Final = 4096
"""Bytes: the header of any table written here."""
PIECE: Final = 32_768
"""Rows that are read of a long column at a time: 2 MB of a slot stay in the processor's cache, and
their memory serves the next piece."""
MAX_TEXT_ROW: Final = 16_384
"""Bytes of one row of text; a longer one is refused."""


def table_parts(columns: Mapping[str, NDArray[Any]]) -> Iterator[bytes]:
    """Yield the bytes of a table, column after column.

    Args:
        columns: Arrays of the kinds in ``NUMBERS``, by name.
    """
    header: dict[str, object] = {}
    at = 0
    kinds = {np.dtype(kind): name for name, kind in NUMBERS.items()}
    for name, array in columns.items():
        kind = kinds[array.dtype.newbyteorder("<") if array.itemsize > 1 else array.dtype]
        header[name] = {
            "dtype": kind,
            "shape": list(array.shape),
            "data_offsets": [at, at + array.nbytes],
        }
        at += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 8)  # values then lie at multiples of eight
    yield len(text).to_bytes(LENGTH_BYTES, "little") + text
    for array in columns.values():
        yield (
            np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        )


def texts_as_columns(name: str, texts: Sequence[bytes]) -> dict[str, NDArray[Any]]:
    """Return a column of texts as two: where each begins and ends, and all of them joined."""
    ends = np.cumsum([0, *map(len, texts)], dtype=np.uint64)
    return {f"{name}.at": ends, name: np.frombuffer(b"".join(texts), dtype=np.uint8)}


class Table:
    """One file of columns, read by range."""

    def __init__(self, source: Source, path: str) -> None:
        """Read the header.

        Raises:
            MissingModelError: there is no such file.
            UnreadableError: it is no table.
        """
        self._source = source
        self.path = path
        self._size = next((f.size for f in source.files() if f.path == path), 0)
        first = min(FIRST_READ, self._size)
        head = source.read([Span(path=path, start=0, stop=first)], Purpose.HEADER)[0]
        stop = LENGTH_BYTES + header_length(head, path=path, file_size=self._size)
        if stop > first:
            rest = Span(path=path, start=first, stop=stop)
            head += source.read([rest], Purpose.HEADER)[0]
        header = parse_header(head[LENGTH_BYTES:stop], path=path, file_size=self._size)
        self._columns = {record.name: record for record in header.tensors}

    def count(self, name: str) -> int:
        """Return how many rows a column has."""
        return self._shape(name)[0]

    def rows(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Return rows of a column, as numbers of its own kind."""
        return self.several(name, [(start, stop)])[0]

    def several(self, name: str, ranges: Sequence[tuple[int, int]]) -> list[NDArray[Any]]:
        """Return several ranges of rows of one column, by one call of the source."""
        spans, kind, row = self._spans(name, ranges)
        raws = self._source.read(spans, Purpose.WEIGHTS)
        return [np.frombuffer(raw, dtype=kind).reshape(-1, *row) for raw in raws]

    def pieces(self, name: str, count: int) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield the first rows of a column as (first row, rows) in any order, piece by piece."""
        ranges = [(start, min(start + PIECE, count)) for start in range(0, count, PIECE)]
        spans, kind, row = self._spans(name, ranges)
        for i, raw in read_each(self._source, spans, Purpose.WEIGHTS):
            yield ranges[i][0], np.frombuffer(raw, dtype=kind).reshape(-1, *row)

    def _spans(
        self, name: str, ranges: Sequence[tuple[int, int]]
    ) -> tuple[list[Span], np.dtype[Any], tuple[int, ...]]:
        """Return where ranges of rows lie, their numbers' kind, and the shape of one row."""
        shape = self._shape(name)
        record = self._columns[name]
        kind = np.dtype(NUMBERS[record.dtype])
        width = prod(shape[1:]) * kind.itemsize
        spans = []
        for start, stop in ranges:
            if not 0 <= start <= stop <= shape[0]:
                raise self._broken(f"rows {start} to {stop} of '{printable(name)}' are not there")
            span = (record.start + start * width, record.start + stop * width)
            spans.append(Span(path=self.path, start=span[0], stop=span[1]))
        return spans, kind, shape[1:]

    def texts(self, name: str, ranges: Sequence[tuple[int, int]]) -> list[list[bytes]]:
        """Return several ranges of rows of a column of texts."""
        # One offset more than rows: where the last one ends.
        offsets = self.several(f"{name}.at", [(start, stop + 1) for start, stop in ranges])
        bounds = [o.astype(np.int64) for o in offsets]
        for one in bounds:
            sizes = np.diff(one)
            if (sizes < 0).any() or (sizes > MAX_TEXT_ROW).any():
                raise self._broken(f"the texts of '{printable(name)}' have no order")
        blobs = self.several(name, [(int(b[0]), int(b[-1])) for b in bounds])
        return [
            [blob[a - b[0] : z - b[0]].tobytes() for a, z in pairwise(b)]
            for b, blob in zip(bounds, blobs, strict=True)
        ]

    def _shape(self, name: str) -> tuple[int, ...]:
        record = self._columns.get(name)
        if record is None or record.dtype not in NUMBERS or not record.shape:
            raise self._broken(f"it has no column '{printable(name)}'")
        return record.shape

    def _broken(self, why: str) -> UnreadableError:
        return UnreadableError(
            f"'{printable(self.path)}' is no table of a catalogue: {why}.",
            cause="the file was damaged, or written by something else.",
            next_step="build the catalogue again, or take another copy of it.",
        )
