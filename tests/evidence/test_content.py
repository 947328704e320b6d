"""Does a relabelled stranger fail the content check where only two matrices are read?"""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from hubcheck.evidence.content import (
    ALL_VIEWS_SHARE,
    SEPARATE_HITS,
    WIDE_POOL,
    _separate,
    content_of,
)
from hubcheck.evidence.family import Profiles
from hubcheck.evidence.orders.neurons import joined_views
from hubcheck.statistics.profiles import FloatArray, unit_rows

POOL: Final = 1408
"""Neurons of a layer: at the zoo's 256 a matching cannot serve two matrices at once."""
INPUTS: Final = 512
READ: Final = 112
SEPARATE: Final = (("raw gate", "raw up", "raw down"),)


def profiles(rows: dict[str, FloatArray], units: NDArray[np.int64]) -> Profiles:
    """Return the views of some units; what is not in ``rows`` was not read."""
    raw = {name: np.asarray(values[units], dtype=np.float32) for name, values in rows.items()}
    return Profiles(views=joined_views(raw, {}), parts=tuple(raw.values()))


def drawn(seed: int, *, names: tuple[str, ...] = ("gate", "up")) -> dict[str, FloatArray]:
    """Return rows of a layer, gate and up unless told otherwise."""
    rng = np.random.default_rng(seed)
    return {n: rng.standard_normal((POOL, INPUTS)).astype(np.float32) for n in names}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_framed_stranger_fails_though_it_passes_the_limit_of_three_views(seed: int) -> None:
    """Relabelled for the best sum of both matrices, some units are nearest in gate and in up."""
    base, stranger = drawn(seed), drawn(seed + 100)
    alike = sum(unit_rows(base[n]) @ unit_rows(stranger[n]).T for n in base)
    _, order = linear_sum_assignment(-alike)
    framed = {n: values[order] for n, values in stranger.items()}
    first = np.arange(READ, dtype=np.int64)
    a, b = profiles(base, first), profiles(framed, first)
    hits, needed = _separate(a, b, SEPARATE, POOL)
    assert hits < needed
    assert needed > 2 * SEPARATE_HITS
    assert not content_of(a, b, "raw all", SEPARATE, pool=POOL).stands


@pytest.mark.parametrize("kept", [0.35, 0.6, 0.95])
def test_a_copy_stands_by_two_matrices(kept: float) -> None:
    """A third of a model is enough at this width, and a matrix not read is not asked for."""
    base, own = drawn(5), drawn(6)
    rest = np.sqrt(1 - kept**2)
    copy = {n: kept * base[n] + rest * own[n] for n in base}
    first = np.arange(READ, dtype=np.int64)
    found = content_of(profiles(base, first), profiles(copy, first), "raw all", SEPARATE, pool=POOL)
    assert found.stands
    assert found.separate_hits > 0.9 * READ


def test_what_the_base_itself_shares_raises_the_ceiling() -> None:
    """A copy must hold more of a family than the base's other families do."""
    base = drawn(7)
    first = np.arange(READ, dtype=np.int64)
    a = profiles(base, first)
    b = profiles({n: 0.7 * base[n] + 0.7 * drawn(8)[n] for n in base}, first)
    assert content_of(a, b, "raw all", SEPARATE, pool=POOL).stands
    assert not content_of(a, b, "raw all", SEPARATE, pool=POOL, shared=0.7).stands


def test_of_many_units_three_matrices_must_each_hit_in_a_share_too() -> None:
    """Of few units eight are enough; of many as few are what a relabelling reaches by itself."""
    names = ("gate", "up", "down")
    first = np.arange(64, dtype=np.int64)
    a = profiles(drawn(9, names=names), first)
    needed = _separate(a, a, SEPARATE, POOL)[1]
    assert needed == int(np.ceil(ALL_VIEWS_SHARE * 64))
    assert _separate(a, a, SEPARATE, WIDE_POOL - 1)[1] == SEPARATE_HITS
