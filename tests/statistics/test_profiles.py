"""Do profiles ignore what a model may change without changing what it computes?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubcheck.statistics.hits import count_hits
from hubcheck.statistics.profiles import (
    cosine_matrix,
    profile,
    standardise,
    uncentred,
    unit_rows,
)
from tests.statistics.nulls import Array

SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed: int, units: int = 20, features: int = 12, dtype: type = np.float64) -> Array:
    """Return heavy-tailed rows."""
    rng = np.random.default_rng(seed)
    return rng.standard_t(3, (units, features)).astype(dtype)


def lengths(rows_uf: Array) -> Array:
    """Return the length of every row."""
    return np.asarray(np.sqrt((rows_uf.astype(np.float64) ** 2).sum(axis=1)))


@given(SEEDS, st.integers(-60, 60))
def test_units_may_be_rescaled_one_by_one(seed: int, exponent: int) -> None:
    """A positive factor per unit, each its own, changes no profile."""
    rows = drawn(seed)
    factors = np.exp(np.random.default_rng(seed).normal(0, 3, (20, 1))) * 2.0**exponent
    np.testing.assert_allclose(profile(rows * factors), profile(rows), atol=1e-9)
    np.testing.assert_allclose(uncentred(rows * factors), uncentred(rows), atol=1e-9)


@pytest.mark.parametrize("exponent", [-110, -80, -60, 0, 60, 80, 110])
def test_no_rescaling_that_bf16_can_store_hides_a_copy(exponent: int) -> None:
    """Up rows times 2^e with down columns divided by it is the same function, and the same hits."""
    rows = drawn(1, 64, 256, np.float32)
    scaled = (rows * np.float32(2.0) ** exponent).astype(np.float32)
    assert count_hits(cosine_matrix(profile(rows), profile(scaled))).hits == 64
    np.testing.assert_array_equal(unit_rows(scaled), unit_rows(rows))
    np.testing.assert_array_equal(uncentred(scaled), uncentred(rows))


@pytest.mark.parametrize("exponent", [-110, -80, 80, 110])
def test_no_rescaling_of_a_norm_hides_it(exponent: int) -> None:
    """Gains times 2^e with the next matrix divided by it leave the standardised gains alone."""
    gains = 1 + 0.1 * drawn(2, 256, 8, np.float32)
    scaled = (gains * np.float32(2.0) ** exponent).astype(np.float32)
    np.testing.assert_array_equal(standardise(scaled), standardise(gains))


@given(SEEDS)
def test_features_may_be_shifted_and_rescaled(seed: int) -> None:
    """An affine map of each feature, the same for all units, changes no standardised row."""
    rng = np.random.default_rng(seed)
    rows = drawn(seed)
    mapped = rows * np.exp(rng.normal(0, 2, 12)) + rng.normal(0, 10, 12)
    np.testing.assert_allclose(standardise(mapped), standardise(rows), atol=1e-8)


@given(SEEDS)
def test_a_feature_may_change_its_sign_in_both_models(seed: int) -> None:
    """Flipping features in both models leaves every cosine."""
    signs = np.where(np.random.default_rng(seed).random(12) < 0.5, -1.0, 1.0)
    a, b = drawn(seed), drawn(seed + 1)
    before = cosine_matrix(profile(a), profile(b))
    np.testing.assert_allclose(cosine_matrix(profile(a * signs), profile(b * signs)), before)


@given(SEEDS)
def test_reordering_units_reorders_profiles(seed: int) -> None:
    """Every step treats units alike, as the null distribution of the hit count needs."""
    rows = drawn(seed)
    order = np.random.default_rng(seed).permutation(20)
    for step in (unit_rows, standardise, uncentred, profile):
        np.testing.assert_allclose(step(rows[order]), step(rows)[order], atol=1e-12)


@given(SEEDS)
def test_rows_have_length_one(seed: int) -> None:
    """Every row that says anything has length one."""
    rows = drawn(seed)
    for step in (unit_rows, standardise, uncentred, profile):
        np.testing.assert_allclose(lengths(step(rows)), 1.0)


def test_standardised_features_weigh_alike() -> None:
    """A feature a million times louder than the rest has no more say than the rest."""
    rows = drawn(3, 40, 6)
    loud = rows * np.array([1e6, 1, 1, 1, 1, 1])
    np.testing.assert_allclose(standardise(loud), standardise(rows), atol=1e-9)
    assert np.abs(unit_rows(loud)[:, 1:]).max() < 1e-2  # what would have happened


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("units", [3, 128, 1024, 5000])
@pytest.mark.parametrize("value", [0.0, 1.0, 0.1, -1 / 3, 7e20, 1e-20])
def test_constant_features_are_dropped(value: float, units: int, dtype: type) -> None:
    """Gains that are all alike carry no order, however many units there are to sum over."""
    rows = drawn(4, units, 4, dtype)
    rows[:, 2] = value
    standardised = standardise(rows)
    assert not standardised[:, 2].any()
    np.testing.assert_allclose(
        np.delete(standardised, 2, axis=1), standardise(np.delete(rows, 2, axis=1)), atol=1e-6
    )


def test_a_spread_just_above_rounding_is_kept() -> None:
    """Gains that differ by 1e-5 of their size still carry order, by 1e-7 none."""
    step = np.random.default_rng(5).standard_normal((50, 1))
    kept = standardise(1.0 + 1e-5 * step)
    np.testing.assert_array_equal(np.sign(kept), np.sign(step - step.mean()))
    assert not standardise(1.0 + 1e-7 * step).any()


def test_zero_rows_stay_zero() -> None:
    """A unit of zeros has no direction: no row, no division by zero."""
    rows = drawn(6)
    rows[7] = 0
    assert not unit_rows(rows)[7].any()
    assert not uncentred(rows)[7].any()
    assert np.isfinite(profile(rows)).all()
    for step in (unit_rows, standardise, uncentred, profile):
        assert not step(np.zeros((5, 3), dtype=np.float32)).any()


def test_an_average_unit_has_no_profile() -> None:
    """A unit equal to the mean of all has nothing of its own and becomes zero."""
    rows = np.array([[1.0, 2.0], [3.0, 6.0], [2.0, 4.0]])
    assert not standardise(rows)[2].any()


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0)])
def test_empty_arrays_pass(shape: tuple[int, int]) -> None:
    """No units or no features: the same empty array comes back, without a warning."""
    for step in (unit_rows, standardise, profile):
        assert step(np.zeros(shape, dtype=np.float32)).shape == shape


@settings(max_examples=30)
@given(SEEDS)
def test_single_and_double_precision_agree(seed: int) -> None:
    """float32 keeps its type, agrees with float64 to rounding, and gives the same hits."""
    a, b = drawn(seed, 64, 96), drawn(seed + 1, 64, 96) + 0.5 * drawn(seed, 64, 96)
    double = cosine_matrix(profile(a), profile(b))
    single = cosine_matrix(profile(a.astype(np.float32)), profile(b.astype(np.float32)))
    assert single.dtype == np.float32
    assert double.dtype == np.float64
    np.testing.assert_allclose(single, double, atol=3e-5)
    assert abs(count_hits(single).hits - count_hits(double).hits) <= 1


def test_views_weigh_the_same() -> None:
    """A joined profile has the mean of the views' cosines, whatever their widths and scales."""
    a = [drawn(7, 30, 10), 1e3 * drawn(8, 30, 200)]
    b = [drawn(9, 30, 10), 1e-3 * drawn(10, 30, 200)]
    joined = cosine_matrix(profile(*a), profile(*b))
    apart = [cosine_matrix(profile(x), profile(y)) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(joined, (apart[0] + apart[1]) / 2, atol=1e-12)


@given(SEEDS, st.integers(0, 19))
def test_uncentred_rows_flip_one_by_one(seed: int, unit: int) -> None:
    """Flipping a unit's sign flips its own row and no other, as fair coins need."""
    rows = drawn(seed)
    flipped = rows.copy()
    flipped[unit] *= -1
    expected = uncentred(rows)
    expected[unit] *= -1
    np.testing.assert_array_equal(uncentred(flipped), expected)
