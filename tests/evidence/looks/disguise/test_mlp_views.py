"""Neurons that were split are counted exactly, whatever is looked at first."""

from __future__ import annotations

import numpy as np
import pytest

from hubcheck.evidence.looks.disguise.mlp_views import FIRST, TWIN, near_twins
from hubcheck.statistics.profiles import unit_rows


@pytest.mark.parametrize("width", [FIRST, 8 * FIRST])
def test_rows_that_point_the_same_way_to_within_rounding_are_twins(width: int) -> None:
    """Of pairs on both sides of the limit those within it are counted, and no stranger."""
    rng = np.random.default_rng(5)
    rows_ud = rng.standard_normal((120, width)).astype(np.float32)
    apart_ud = unit_rows(rng.standard_normal((120, width)).astype(np.float32))
    length_u = np.linspace(0.0, 0.02, 120, dtype=np.float32)  # the limit is at 0.0141
    copies_ud = 3 * (unit_rows(rows_ud) + length_u[:, None] * apart_ud)
    both_ud = np.concatenate([rows_ud, copies_ud])
    cosine_u = np.einsum("ud,ud->u", unit_rows(rows_ud), unit_rows(copies_ud))
    expected = 2 * int((cosine_u >= TWIN).sum())
    assert 0 < expected < 240
    assert near_twins(both_ud[rng.permutation(240)]) == expected


def test_rows_alike_in_what_is_looked_at_first_are_no_twins() -> None:
    """Rows that differ only beyond it are compared whole."""
    rows_ud = np.ones((64, 4 * FIRST), dtype=np.float32)
    rows_ud[:, FIRST:] = np.random.default_rng(6).standard_normal((64, 3 * FIRST))
    assert near_twins(rows_ud) == 0
