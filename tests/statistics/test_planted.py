"""Is the power that qualifies a negative the power that a real planting has?"""

from __future__ import annotations

from itertools import pairwise
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.statistics.evalues import log_e_hits
from hubcheck.statistics.hits import count_hits
from hubcheck.statistics.planted import (
    KEPT_GRID,
    NEEDED_HITS,
    NOT_DETECTABLE,
    POWER,
    Order,
    _Planted,
    detectable_in,
    detectable_kept,
    detectable_share,
    least_seen,
)
from hubcheck.statistics.profiles import cosine_matrix, profile, unit_rows
from tests.statistics.nulls import Array, Pair


def pair(seed: int, units: int, features: int, *, rank: int = 0) -> Pair:
    """Return profiles of two unrelated models, of low rank where one is given."""
    rng = np.random.default_rng(seed)

    def rows() -> Array:
        full = rng.standard_normal((units, features))
        if rank:
            full = 0.3 * full + rng.standard_normal((units, rank)) @ rng.standard_normal(
                (rank, features)
            )
        return profile(full)

    return rows(), rows()


def planted_power(a: Array, b: Array, rho: float, rng: np.random.Generator, draws: int) -> float:
    """Return how often rows that really are rho a + s b(shuffled) give 14 hits."""
    rest = np.sqrt(1 - rho * rho)
    seen = 0
    for _ in range(draws):
        copy = unit_rows(rho * a + rest * b[rng.permutation(len(b))])
        seen += count_hits(cosine_matrix(a, copy)).hits >= NEEDED_HITS
    return seen / draws


CASES = ((20, 300, 0), (32, 256, 0), (64, 512, 0), (64, 128, 6), (128, 64, 0))


def test_the_power_is_what_it_says() -> None:
    """Fresh plantings at the level found are seen in about 90 %, one step below clearly less."""
    powers, below = [], []
    for case, (units, features, rank) in enumerate(CASES):
        a, b = pair(case, units, features, rank=rank)
        level = detectable_kept(a, b, np.random.default_rng(case))
        assert level in KEPT_GRID[1:]
        rng = np.random.default_rng(100 + case)
        powers.append(planted_power(a, b, level, rng, 200))
        lower = KEPT_GRID[KEPT_GRID.index(level) - 1]
        below.append(planted_power(a, b, lower, rng, 200))
        assert powers[-1] >= 0.7  # 20 plantings decide; the mean over cases is held tighter
        assert below[-1] < powers[-1]
    assert np.mean(powers) >= POWER - 0.03
    assert np.mean(below) < POWER


@pytest.mark.parametrize(("units", "features", "rank"), CASES)
def test_more_kept_is_seen_more_often(units: int, features: int, rank: int) -> None:
    """Power grows with what is kept, so the first level that is seen bounds all above it."""
    a, b = pair(7, units, features, rank=rank)
    powers = [planted_power(a, b, r, np.random.default_rng(8), 60) for r in (0.02, 0.1, 0.3, 0.9)]
    assert all(x <= y + 0.1 for x, y in pairwise(powers))
    assert powers[-1] == 1.0


def test_more_features_and_more_units_show_less() -> None:
    """Wider rows and larger families detect smaller remains; more needed hits detect less."""

    def level(units: int, features: int, needed: int = NEEDED_HITS) -> float:
        a, b = pair(9, units, features)
        return detectable_kept(a, b, np.random.default_rng(9), needed=needed)

    assert level(64, 64) > level(64, 256) > level(64, 1024)
    assert level(16, 256) > level(32, 256) > level(128, 256)
    assert level(64, 256, 8) < level(64, 256, 32) < level(64, 256, 60)


def test_real_remainders_are_harder_than_noise() -> None:
    """Rows of few effective dimensions hide more: noise as remainder would flatter the power."""
    plain = detectable_kept(*pair(10, 64, 256), np.random.default_rng(10))
    crowded = detectable_kept(*pair(10, 64, 256, rank=4), np.random.default_rng(10))
    assert crowded >= 1.5 * plain


@pytest.mark.parametrize("rho", [0.05, 0.3, 0.7])
def test_inner_products_count_what_planted_rows_would(rho: float) -> None:
    """Planting by inner products gives the very count of rows that are really mixed and rescaled.

    With three features the lengths of the mixed rows differ widely, so none may be forgotten.
    """
    rng = np.random.default_rng(18)
    for _ in range(20):
        a, b = unit_rows(rng.standard_normal((30, 3))), unit_rows(rng.standard_normal((30, 3)))
        order = rng.permutation(30)
        copy = unit_rows(rho * a + np.sqrt(1 - rho**2) * b[order])
        hits = count_hits(cosine_matrix(a, copy)).hits
        for needed, shown in ((hits, True), (hits + 1, False)):
            planted = _Planted(a @ a.T, b @ a.T, [order], needed)
            assert list(planted.shown(rho)) == [shown]


def test_the_answer_is_reproducible() -> None:
    """Equal seeds give equal levels, and the inputs are left alone."""
    a, b = pair(11, 32, 64)
    before = a.copy(), b.copy()
    levels = {detectable_kept(a, b, np.random.default_rng(12)) for _ in range(3)}
    assert len(levels) == 1
    np.testing.assert_array_equal(a, before[0])
    np.testing.assert_array_equal(b, before[1])


@pytest.mark.parametrize("units", [0, 1, NEEDED_HITS - 1])
def test_too_few_units_detect_nothing(units: int) -> None:
    """Fewer units than hits needed: not even a full copy would settle the family."""
    a, b = pair(13, max(units, 2), 64)
    rng = np.random.default_rng(13)
    assert detectable_kept(a[:units], b[:units], rng) == NOT_DETECTABLE
    assert NOT_DETECTABLE > 1


def test_as_many_units_as_hits_can_be_enough() -> None:
    """14 units with 14 needed hits are detectable, at a price."""
    a, b = pair(14, NEEDED_HITS, 512)
    assert detectable_kept(a, b, np.random.default_rng(14)) < 0.5


def test_units_that_are_all_alike_detect_nothing() -> None:
    """Where all units of both models are one and the same, every planting ties: never detectable."""
    a, b = pair(15, 40, 64)
    same_a, same_b = np.tile(a[:1], (40, 1)), np.tile(b[:1], (40, 1))
    assert detectable_kept(same_a, same_b, np.random.default_rng(15)) == NOT_DETECTABLE


def test_duplicate_units_do_not_count_as_power() -> None:
    """Of 40 units 30 are one unit in both models: ten can hit, so 14 hits are out of reach."""
    a, b = pair(16, 40, 64)
    a[:30], b[:30] = a[0], b[0]
    rng = np.random.default_rng(16)
    assert detectable_kept(a, b, rng, needed=10) < 1
    assert detectable_kept(np.repeat(a[30:], 4, axis=0), np.repeat(b[:1], 40, axis=0), rng) == (
        NOT_DETECTABLE
    )


def orders(count: int, units: int) -> list[Order]:
    """Return orders that were looked at once and by no other view."""
    return [Order(units=units, weight=1.0, rest=-np.inf) for _ in range(count)]


@pytest.mark.parametrize("count", [1, 4, 16])
def test_the_share_is_the_smallest_that_the_account_shows(count: int) -> None:
    """Nine in ten plantings at that share pass the threshold, fewer at two per cent less."""
    needed = log(1e3)

    def power(share: float) -> float:
        rng = np.random.default_rng(5)
        hits = rng.binomial(64, share, size=(2000, count))
        table = np.array([log_e_hits(n) for n in range(65)])
        return float((table[hits].sum(axis=1) >= needed).mean())

    found = detectable_share(orders(count, 64), np.random.default_rng(1), others=0.0, needed=needed)
    assert power(found) >= POWER - 0.03
    assert power(found - 0.02) < POWER


def test_hits_spread_over_orders_are_not_one_count() -> None:
    """As many units in sixteen orders need a larger share than in one: e-values multiply, not hits."""
    rng = np.random.default_rng(2)
    one, many = (
        detectable_share(o, rng, others=0.0, needed=log(1e3))
        for o in (orders(1, 1024), orders(16, 64))
    )
    assert one < many < NOT_DETECTABLE


def test_what_else_was_seen_and_the_views_that_see_nothing_count() -> None:
    """A small weight and other factors below one ask for more copied units."""
    rng = np.random.default_rng(3)
    plain = detectable_share(orders(4, 64), rng, others=0.0, needed=log(1e3))
    poorer = [Order(units=64, weight=0.1, rest=-2.0)] * 4
    assert detectable_share(poorer, rng, others=-5.0, needed=log(1e3)) > plain
    assert detectable_share([], rng, others=0.0, needed=1.0) == NOT_DETECTABLE
    assert detectable_share(orders(1, 4), rng, others=0.0, needed=log(1e3)) == NOT_DETECTABLE


@given(st.integers(0, 9), st.integers(0, 12))
def test_where_to_begin_changes_nothing(first: int, about: int) -> None:
    """From any place of the grid, near or far or past its end, the first value seen is found."""
    grid = [n / 10 for n in range(9)]
    found = least_seen(grid, lambda value: value >= first / 10, about=about)
    assert found == (grid[first] if first < len(grid) else NOT_DETECTABLE)


def test_known_inner_products_give_the_same_answer() -> None:
    """What was multiplied already is not multiplied again, and says the same."""
    a, b = pair(13, 40, 64)
    whole = detectable_kept(a, b, np.random.default_rng(3))
    assert detectable_in(a @ a.T, (a @ b.T).T, np.random.default_rng(3)) == whole
