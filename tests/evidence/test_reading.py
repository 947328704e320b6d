"""Are wanted rows and columns the same however they were read?"""

from __future__ import annotations

import numpy as np
import pytest

from hubcheck.anatomy.interface import Role
from hubcheck.evidence import reading
from hubcheck.evidence.reading import Reader, Wanted
from hubcheck.model import open_model
from hubcheck.source.reference import parse_reference
from tests.evidence.laboratory import model, request


def test_columns_read_in_pieces_are_those_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal bits, laid out alike: sums over them are taken in the same order."""
    folder = model("base")
    anatomy = open_model(parse_reference(str(folder)), request(folder).access).anatomy
    down = anatomy.get(Role.DOWN, 0)
    assert down is not None
    columns = Wanted(matrix=down, inputs=(3, 7, 8, 20), why="test")
    rows = Wanted(matrix=down, units=(5, 2, 9), inputs=(1, 0), why="test")
    everything = Wanted(matrix=down, why="test")
    found = []
    for piece in (1 << 20, 1):
        monkeypatch.setattr(reading, "PIECE", piece)
        for wanted in (columns, rows):
            reader = Reader(anatomy)
            reader.fetch([wanted])
            found.append(reader.block(wanted))
    reader = Reader(anatomy)
    reader.fetch([everything])
    whole = reader.block(everything)
    for block in found:
        assert block.flags.f_contiguous
    for block in found[::2]:
        np.testing.assert_array_equal(block, whole[:, [3, 7, 8, 20]])
    for block in found[1::2]:
        np.testing.assert_array_equal(block, whole[[5, 2, 9]][:, [1, 0]])
