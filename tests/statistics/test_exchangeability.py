"""Does the self-test let sound families pass and stop those whose order is not arbitrary?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kurtosis, rankdata

from hubcheck.statistics.exchangeability import (
    FEWEST_UNITS,
    LEVEL,
    Disorder,
    OrderProblem,
    _ranks,
    order_problem,
)
from tests.statistics.nulls import Array, refutes
from tests.tables import taken

pytestmark = pytest.mark.slow
Maker = Callable[[np.random.Generator], Array]
ROWS = (64, 24)


def normal(rng: np.random.Generator) -> Array:
    """Return normal rows."""
    return rng.standard_normal(ROWS)


def heavy(rng: np.random.Generator) -> Array:
    """Return Cauchy rows, whose norms and kurtoses are dominated by single entries."""
    return rng.standard_cauchy(ROWS)


def clustered(rng: np.random.Generator) -> Array:
    """Return rows around five centres of unequal size, in arbitrary order."""
    of_unit = rng.choice(5, ROWS[0], p=(0.5, 0.2, 0.1, 0.1, 0.1))
    return 3 * rng.standard_normal((5, ROWS[1]))[of_unit] + rng.standard_normal(ROWS)


def hubs(rng: np.random.Generator) -> Array:
    """Return rows that lean towards one vector, each by its own amount."""
    return rng.standard_normal(ROWS) + np.outer(rng.exponential(5, ROWS[0]), np.ones(ROWS[1]))


def three_values(rng: np.random.Generator) -> Array:
    """Return rows of -1, 0 and 1, whose norms and kurtoses tie often."""
    return rng.integers(-1, 2, ROWS).astype(np.float64)


FAMILIES: Final = taken(1000, 2000)
SOUND: tuple[Maker, ...] = (normal, heavy, clustered, hubs, three_values)


@pytest.mark.parametrize("maker", SOUND)
def test_sound_families_hardly_ever_abstain(maker: Maker) -> None:
    """Of many exchangeable families no more than the level of 1 in 10,000 allows are stopped."""
    rng = np.random.default_rng(20_260_301)
    stopped = sum(order_problem(maker(rng)) is not None for _ in range(FAMILIES))
    assert not refutes(stopped, FAMILIES, LEVEL)
    assert stopped <= 2


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("units", [32, 64, 400])
def test_sorted_norms_are_stopped(units: int, descending: bool) -> None:
    """Neurons sorted by importance, as pruned and nested models store them, do not pass."""
    rng = np.random.default_rng(units)
    rows = rng.standard_normal((units, 24)) * np.exp(rng.normal(0, 0.3, (units, 1)))
    order = np.argsort(np.linalg.norm(rows, axis=1))
    found = order_problem(rows[order[::-1] if descending else order])
    assert found == OrderProblem(Disorder.NORMS)


def test_a_norm_trend_under_noise_is_stopped() -> None:
    """The trend need not be perfect: norms that rise by half over 400 units are enough."""
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((400, 64)) * np.linspace(1, 1.5, 400)[:, None]
    assert order_problem(rows) == OrderProblem(Disorder.NORMS)


def test_sorted_shapes_are_stopped() -> None:
    """Rows of equal norm whose tails grow with the index do not pass."""
    rng = np.random.default_rng(2)
    power = np.linspace(1, 3, 256)[:, None]
    rows = rng.standard_normal((256, 128))
    rows = np.sign(rows) * np.abs(rows) ** power
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert order_problem(rows) == OrderProblem(Disorder.KURTOSIS)


@pytest.mark.parametrize("stride", [1, 2, 8, 64])
def test_rows_alike_at_a_stride_are_stopped(stride: int) -> None:
    """Rows that resemble the row one stride later, without being equal, do not pass."""
    rng = np.random.default_rng(stride)
    shared = rng.standard_normal((256, 48))
    rows = shared + np.roll(shared, stride, axis=0)
    assert order_problem(rows) == OrderProblem(Disorder.STRIDE, stride)


def test_blocks_of_one_seed_are_stopped() -> None:
    """Parallel ranks that started alike and trained apart do not pass."""
    rng = np.random.default_rng(4)
    start = rng.standard_normal((64, 48))
    rows = np.concatenate([start + rng.standard_normal(start.shape) for _ in range(4)])
    assert order_problem(rows) == OrderProblem(Disorder.STRIDE, 64)


@pytest.mark.parametrize("layout", ["halves", "next", "stride", "block"])
def test_duplicated_rows_are_stopped(layout: str) -> None:
    """Equal rows are found wherever they stand: ranks, neighbours, strides, one repeated block."""
    rng = np.random.default_rng(5)
    half = rng.standard_normal((100, 48)).astype(np.float32)
    rows = {
        "halves": np.concatenate([half, half]),
        "next": np.repeat(half, 2, axis=0),
        "stride": np.tile(half[:25], (8, 1)),
        "block": np.concatenate([half, half[:20], rng.standard_normal((50, 48))]),
    }[layout]
    twins = 40 if layout == "block" else 200
    assert order_problem(rows) == OrderProblem(Disorder.DUPLICATES, twins, len(rows))


def test_duplicates_up_to_a_factor_are_stopped() -> None:
    """A scaled twin is a twin: profiles are blind to the length of a row."""
    rng = np.random.default_rng(6)
    half = rng.standard_normal((64, 48))
    rows = np.concatenate([half, half * rng.uniform(0.5, 2, (64, 1))])[rng.permutation(128)]
    assert order_problem(rows) == OrderProblem(Disorder.DUPLICATES, 128, 128)


@pytest.mark.parametrize("dead", [False, True])
def test_few_duplicates_pass(dead: bool) -> None:
    """Up to 10 % equal or dead rows leave an order to speak of."""
    rng = np.random.default_rng(7)
    rows = rng.standard_normal((300, 48))
    places = rng.permutation(300)
    rows[places[:14]] = 0.0 if dead else rows[places[14:28]]
    assert order_problem(rows) is None


def test_many_dead_rows_are_stopped() -> None:
    """A family of which a fifth is zero has too little order, and is named for that."""
    rng = np.random.default_rng(8)
    rows = rng.standard_normal((300, 48))
    rows[rng.permutation(300)[:60]] = 0.0
    assert order_problem(rows) == OrderProblem(Disorder.DUPLICATES, 60, 300)


def test_constant_norms_pass() -> None:
    """Rows of one length have no trend, whatever their rounding does."""
    rng = np.random.default_rng(9)
    rows = rng.standard_normal((300, 48)).astype(np.float32)
    assert order_problem(rows / np.linalg.norm(rows, axis=1, keepdims=True)) is None


def test_one_loud_row_among_equal_norms_passes() -> None:
    """Ties are no trend: one-bit rows with a single outlier are in arbitrary order."""
    rng = np.random.default_rng(10)
    rows = np.where(rng.random((300, 48)) < 0.5, -1.0, 1.0)
    rows[17] *= 3
    assert order_problem(rows) is None


@pytest.mark.parametrize("units", [0, 1, FEWEST_UNITS - 1])
def test_too_few_units_are_not_judged(units: int) -> None:
    """Below twelve units the checks have no power and the family is used."""
    assert order_problem(np.ones((units, 4))) is None


def test_all_rows_alike() -> None:
    """A family of one repeated row is stopped for its duplicates, without a warning."""
    assert order_problem(np.ones((20, 4), dtype=np.float32)) is None
    rows = np.random.default_rng(11).standard_normal((2, 4))[np.arange(20) % 2]
    assert order_problem(rows) == OrderProblem(Disorder.DUPLICATES, 20, 20)


@pytest.mark.parametrize("exponent", [-100, 100])
def test_the_scale_of_the_rows_does_not_matter(exponent: int) -> None:
    """Sorted rows are stopped and sound rows pass at any scale that float32 can hold."""
    rng = np.random.default_rng(12)
    rows = rng.standard_normal((64, 24)).astype(np.float32) * np.float32(2.0) ** exponent
    order = np.argsort(np.linalg.norm(rows.astype(np.float64), axis=1))
    assert order_problem(rows) is None
    assert order_problem(rows[order]) == OrderProblem(Disorder.NORMS)


def test_a_trend_within_rounding_passes() -> None:
    """Norms that rise by less than a millionth are constant: rounding is no structure."""
    rng = np.random.default_rng(13)
    rows = rng.standard_normal((300, 48))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert order_problem(rows * (1 + 5e-7 * np.linspace(0, 1, 300)[:, None])) is None
    assert order_problem(rows * (1 + 5e-6 * np.linspace(0, 1, 300)[:, None])) is not None


def test_kurtosis_is_judged_without_the_scale() -> None:
    """Rows sorted by kurtosis are stopped although their norms jump about a thousandfold."""
    rng = np.random.default_rng(14)
    rows = rng.standard_t(4, (200, 64)) * np.exp(rng.normal(0, 4, (200, 1)))
    rows = rows[np.argsort(kurtosis(rows, axis=1))]
    assert order_problem(rows) == OrderProblem(Disorder.KURTOSIS)


@given(st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=30))
def test_equal_values_share_a_rank(values: list[float]) -> None:
    """Ranks are those of SciPy, ties at their mean."""
    np.testing.assert_array_equal(_ranks(np.array(values)), rankdata(values) - 1)
