"""Which stored rows must be read for some units of a canonical matrix, and how are they put back?

Index arithmetic only: blocks go to the row reader of the checkpoint folder, its arrays come back
here. ``units`` are canonical out indices, ``inputs`` canonical in indices, int64 [n], any order,
repeats allowed. Every function works for both storage orders; what differs is the cost.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Matrix
from hubcheck.checkpoint.interface import RowBlock


def row_blocks(tensor: str, rows: NDArray[np.int64]) -> tuple[RowBlock, ...]:
    """Return the fewest blocks of neighbouring rows that hold exactly ``rows``, ascending."""
    if rows.size == 0:
        return ()
    steps = np.diff(rows)
    wanted = rows
    if not (steps > 0).all():  # asked first: they ascend nearly always, and this sorts them
        wanted = np.unique(rows)
        steps = np.diff(wanted)
    breaks = np.flatnonzero(steps > 1) + 1
    starts = wanted[np.concatenate(([0], breaks))]
    stops = wanted[np.concatenate((breaks - 1, [wanted.size - 1]))] + 1
    return tuple(
        RowBlock(tensor=tensor, start=start, stop=stop)
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)
    )


def rows_of_inputs(matrix: Matrix, inputs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the stored row of each canonical input of a transposed matrix, int64 [n]."""
    return matrix.offset + checked(inputs, matrix.n_in)


def checked(indices: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return ``indices`` if all lie in 0 .. ``size`` - 1.

    Raises:
        IndexError: Otherwise; a negative index would silently read another role's values.
    """
    if indices.size and not (indices.min() >= 0 and indices.max() < size):
        message = f"an index outside 0 to {size - 1} was asked for"
        raise IndexError(message)
    return indices


def blocks_for_units(matrix: Matrix, units: NDArray[np.int64]) -> tuple[RowBlock, ...]:
    """Return the blocks to read for some units (canonical out indices).

    For a transposed matrix or a vector these are all its stored rows, since every stored row holds
    one value of each unit.
    """
    if matrix.transposed:
        return blocks_of_matrix(matrix)
    return row_blocks(matrix.tensor, matrix.stored_index()[checked(units, matrix.n_out)])


def blocks_for_inputs(matrix: Matrix, inputs: NDArray[np.int64]) -> tuple[RowBlock, ...]:
    """Return the blocks to read for some canonical columns.

    For a matrix that is not transposed these are all its stored rows.
    """
    if not matrix.transposed:
        return blocks_of_matrix(matrix)
    return row_blocks(matrix.tensor, rows_of_inputs(matrix, inputs))


def blocks_of_matrix(matrix: Matrix) -> tuple[RowBlock, ...]:
    """Return the blocks that hold the whole matrix."""
    if matrix.transposed:
        stop = matrix.offset + matrix.n_in
        return (RowBlock(tensor=matrix.tensor, start=matrix.offset, stop=stop),)
    return row_blocks(matrix.tensor, matrix.stored_index())


def pick_rows(
    blocks: Sequence[RowBlock], arrays: Sequence[NDArray[np.float32]], rows: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return the wanted stored rows, float32 [len(rows), n_cols], from the blocks that were read.

    Args:
        blocks: Ascending, as returned here.
        arrays: What the reader gave for each block, float32 [stop - start, n_cols].
        rows: Stored rows, each inside one of the blocks.

    Raises:
        ValueError: The arrays are not those of the blocks.
    """
    for block, array in zip(blocks, arrays, strict=True):
        if array.shape[0] != block.stop - block.start:
            message = (
                f"rows {block.start} to {block.stop} were asked for, {array.shape[0]} rows came"
            )
            raise ValueError(message)
    held = np.concatenate([np.arange(b.start, b.stop, dtype=np.int64) for b in blocks])
    stacked = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
    return stacked[np.searchsorted(held, rows)]


def assemble_units(
    matrix: Matrix, units: NDArray[np.int64], arrays: Sequence[NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Return the canonical rows of some units.

    Args:
        matrix: The matrix.
        units: Canonical out indices, int64 [n].
        arrays: The rows of ``blocks_for_units(matrix, units)``, in that order.

    Returns:
        float32 [n, n_in], row i being unit ``units[i]``.
    """
    if units.size == 0:
        return np.empty((0, matrix.n_in), dtype=np.float32)
    stored = matrix.stored_index()[checked(units, matrix.n_out)]
    blocks = blocks_for_units(matrix, units)
    if not matrix.transposed:
        return pick_rows(blocks, arrays, stored)
    every = np.arange(matrix.offset, matrix.offset + matrix.n_in, dtype=np.int64)
    return np.ascontiguousarray(pick_rows(blocks, arrays, every)[:, stored].T)


def assemble_inputs(
    matrix: Matrix, inputs: NDArray[np.int64], arrays: Sequence[NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Return canonical columns.

    Args:
        matrix: The matrix.
        inputs: Canonical in indices, int64 [n].
        arrays: The rows of ``blocks_for_inputs(matrix, inputs)``, in that order.

    Returns:
        float32 [n_out, n], column i being input ``inputs[i]``.
    """
    if inputs.size == 0:
        return np.empty((matrix.n_out, 0), dtype=np.float32)
    stored = matrix.stored_index()
    blocks = blocks_for_inputs(matrix, inputs)
    if not matrix.transposed:
        return pick_rows(blocks, arrays, stored)[:, checked(inputs, matrix.n_in)]
    rows = pick_rows(blocks, arrays, rows_of_inputs(matrix, inputs))
    return np.ascontiguousarray(rows[:, stored].T)


def matrix_from_rows(matrix: Matrix, arrays: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the whole canonical matrix, float32 [n_out, n_in].

    Args:
        matrix: The matrix.
        arrays: The rows of ``blocks_of_matrix(matrix)``, in that order.
    """
    return assemble_units(matrix, np.arange(matrix.n_out, dtype=np.int64), arrays)
