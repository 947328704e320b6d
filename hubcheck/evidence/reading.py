"""How does a test get canonical rows and columns of a model, whatever the storage?

A test names what it wants (a matrix, some of its units, some of its inputs); this module knows
which stored rows hold that, what it costs, and fetches everything wanted at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Anatomy, Matrix
from hubcheck.checkpoint.interface import RowBlock
from hubcheck.checkpoint.rows import read_rows

ALL: tuple[int, ...] = ()
"""Every unit, or every input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A block of one canonical matrix [n_out, n_in]."""

    matrix: Matrix
    units: tuple[int, ...] = ALL
    """Canonical out indices; ``ALL`` for every one."""
    inputs: tuple[int, ...] = ALL
    """Canonical in indices; ``ALL`` for every one."""
    why: str = field(compare=False)
    """Which test asks; shown by ``--plan``. Two tests that want the same rows read them once."""

    def stored_rows(self) -> NDArray[np.int64]:
        """Return which stored rows must be read, in the order in which they are used."""
        matrix = self.matrix
        if matrix.n_in == 1 and not matrix.transposed:
            return np.zeros(1, dtype=np.int64)  # a vector is one stored row
        if matrix.transposed:
            inputs = np.asarray(self.inputs or range(matrix.n_in), dtype=np.int64)
            return matrix.offset + inputs
        index = matrix.stored_index()
        return index if not self.units else index[list(self.units)]


def row_bytes(anatomy: Anatomy, matrix: Matrix) -> int:
    """Return the bytes of one stored row of the matrix's tensor."""
    record = anatomy.checkpoint.tensors[matrix.tensor]
    return (record.stop - record.start) // max(1, record.n_rows)


class Reader:
    """Reads canonical blocks of one model and keeps what was read.

    Several comparisons of the same subject share one reader, so that nothing is read twice.
    """

    def __init__(self, anatomy: Anatomy) -> None:
        """Start with nothing read."""
        self.anatomy = anatomy
        self._blocks: dict[Wanted, NDArray[np.float32]] = {}

    def cost(self, wanted: Iterable[Wanted]) -> int:
        """Return the bytes that fetching these would read now."""
        return sum(
            np.unique(one.stored_rows()).size * row_bytes(self.anatomy, one.matrix)
            for one in set(wanted)
            if one not in self._blocks
        )

    def fetch(self, wanted: Iterable[Wanted]) -> None:
        """Read everything wanted that is not there yet, in one call to the source.

        Raises:
            BudgetExceededError: the model's ledger refuses; nothing was read.
            UnreadableError: a value is not finite.
        """
        missing = [one for one in dict.fromkeys(wanted) if one not in self._blocks]
        blocks: list[RowBlock] = []
        pieces: list[list[int]] = []
        for one in missing:
            rows = np.unique(one.stored_rows())
            breaks = np.flatnonzero(np.diff(rows) != 1) + 1
            pieces.append([])
            for run in np.split(rows, breaks):
                pieces[-1].append(len(blocks))
                blocks.append(
                    RowBlock(tensor=one.matrix.tensor, start=int(run[0]), stop=int(run[-1]) + 1)
                )
        arrays = read_rows(self.anatomy.checkpoint, blocks)
        for one, numbers in zip(missing, pieces, strict=True):
            stored = (
                arrays[numbers[0]]
                if len(numbers) == 1
                else np.concatenate([arrays[n] for n in numbers])
            )
            self._blocks[one] = _canonical(one, stored)

    def block(self, wanted: Wanted) -> NDArray[np.float32]:
        """Return a fetched block, [units, inputs] (a vector as [units, 1]).

        Raises:
            KeyError: it was never fetched.
        """
        return self._blocks[wanted]


def _canonical(wanted: Wanted, stored: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the canonical block from the stored rows (sorted, each once)."""
    matrix = wanted.matrix
    if matrix.n_in == 1 and not matrix.transposed:
        values = stored[0][matrix.stored_index()]
        chosen: NDArray[np.float32] = values if not wanted.units else values[list(wanted.units)]
        return chosen[:, None]
    rows = wanted.stored_rows()
    position = np.searchsorted(np.unique(rows), rows)
    in_order = stored[position]
    if matrix.transposed:
        columns = matrix.stored_index()
        columns = columns if not wanted.units else columns[list(wanted.units)]
        return np.ascontiguousarray(in_order[:, columns].T)
    return in_order if not wanted.inputs else np.ascontiguousarray(in_order[:, list(wanted.inputs)])
