"""Do chosen units come back right from the fewest rows, whatever the storage order?"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.anatomy.interface import Matrix, Role
from hubcheck.anatomy.read import anatomy_of
from hubcheck.anatomy.units import (
    assemble_inputs,
    assemble_units,
    blocks_for_inputs,
    blocks_for_units,
    matrix_from_rows,
    row_blocks,
)
from hubcheck.checkpoint.interface import RowBlock
from hubcheck.checkpoint.rows import read_rows
from tests.anatomy.families import FAMILIES
from tests.anatomy.tiny import checkpoint_of

INDICES = st.lists(st.integers(0, 10**6), max_size=12)


@given(st.sampled_from(sorted(FAMILIES)), st.integers(0, 10**6), INDICES, INDICES)
def test_any_units_and_inputs_of_any_matrix(
    family: str, which: int, units: list[int], inputs: list[int]
) -> None:
    """Rows and columns of every matrix of every family equal those of the canonical matrix."""
    maker, config = FAMILIES[family]()
    anatomy = anatomy_of(checkpoint_of(maker.tensors), config)
    key = sorted(anatomy.matrices, key=str)[which % len(anatomy.matrices)]
    matrix, expected = anatomy.matrices[key], maker.expected[key]
    rows = np.array(units, dtype=np.int64) % matrix.n_out
    arrays = read_rows(anatomy.checkpoint, blocks_for_units(matrix, rows))
    np.testing.assert_array_equal(assemble_units(matrix, rows, arrays), expected[rows])
    columns = np.array(inputs, dtype=np.int64) % matrix.n_in
    arrays = read_rows(anatomy.checkpoint, blocks_for_inputs(matrix, columns))
    np.testing.assert_array_equal(assemble_inputs(matrix, columns, arrays), expected[:, columns])


@given(st.lists(st.integers(0, 60)))
def test_blocks_hold_exactly_the_rows(rows: list[int]) -> None:
    """Blocks ascend, never touch, and together hold the asked rows and no other."""
    blocks = row_blocks("t", np.array(rows, dtype=np.int64))
    held = [r for b in blocks for r in range(b.start, b.stop)]
    assert held == sorted(set(rows))
    assert all(a.stop < b.start for a, b in pairwise(blocks))


def vector_and_matrix(*, transposed: bool) -> Matrix:
    """Return the up projection [8, 3] of one expert, second of two stacked [2, 8, 3]."""
    return Matrix(
        role=Role.EXPERT_UP,
        layer=0,
        expert=1,
        bias=False,
        tensor="t",
        n_out=8,
        n_in=3,
        transposed=transposed,
        offset=3 if transposed else 8,
        segments=((0, 8, 1),) if transposed else ((8, 16, 1),),
    )


def test_only_the_asked_rows_are_read() -> None:
    """Neighbouring units cost one block; a transposed matrix costs all its rows for any unit."""
    units = np.array([5, 3, 4, 0], dtype=np.int64)
    assert blocks_for_units(vector_and_matrix(transposed=False), units) == (
        RowBlock(tensor="t", start=8, stop=9),
        RowBlock(tensor="t", start=11, stop=14),
    )
    assert blocks_for_units(vector_and_matrix(transposed=True), units) == (
        RowBlock(tensor="t", start=3, stop=6),
    )


@pytest.mark.parametrize("transposed", [False, True])
def test_an_index_outside_the_matrix_is_an_error(*, transposed: bool) -> None:
    """A unit that the matrix does not have never reads a neighbour's values."""
    matrix = vector_and_matrix(transposed=transposed)
    for bad in (-1, 8):
        with pytest.raises(IndexError, match="outside 0 to 7"):
            assemble_units(matrix, np.array([bad]), [np.zeros((3, 8), dtype=np.float32)])
    with pytest.raises(IndexError, match="outside 0 to 2"):
        blocks_for_inputs(vector_and_matrix(transposed=True), np.array([3]))


def test_rows_of_another_size_are_an_error() -> None:
    """Arrays that are not those of the blocks are refused."""
    with pytest.raises(ValueError, match="8 to 16"):
        matrix_from_rows(vector_and_matrix(transposed=False), [np.zeros((7, 3), dtype=np.float32)])
