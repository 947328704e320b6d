"""Is the assignment optimal, and does content tell a copy from a relabelled stranger?"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment

from hubcheck.statistics.assignment import (
    CONTENT_RATIO,
    RESIDUAL_RATIO,
    best_assignment,
    relabelling_ceiling,
    stands_above,
)
from hubcheck.statistics.hits import count_hits
from hubcheck.statistics.profiles import cosine_matrix, profile
from tests.statistics.nulls import Array

VALUES = st.one_of(
    st.integers(-2, 2).map(float), st.floats(-1, 1), st.floats(-1e6, 1e6), st.just(0.0)
)


def optimum(similarity_uv: Array) -> float:
    """Return the best sum by SciPy."""
    rows, columns = linear_sum_assignment(similarity_uv, maximize=True)
    return float(similarity_uv[rows, columns].sum())


def assert_optimal(similarity_uv: Array) -> None:
    """Check that the assignment is one to one and as good as SciPy's."""
    n = similarity_uv.shape[0]
    column_of_u = best_assignment(similarity_uv)
    assert sorted(column_of_u) == list(range(n))
    reached = float(similarity_uv[np.arange(n), column_of_u].sum())
    scale = 1 + float(np.abs(similarity_uv).max(initial=0))
    assert reached == pytest.approx(optimum(similarity_uv), abs=1e-9 * scale * max(1, n))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 7).flatmap(lambda n: arrays(np.float64, (n, n), elements=VALUES)))
def test_the_assignment_is_optimal(similarity_uv: Array) -> None:
    """The sum equals SciPy's on any matrix: ties, constants, negative values, large values."""
    assert_optimal(similarity_uv)


@pytest.mark.parametrize("kind", ["normal", "ties", "constant", "negative", "low rank", "float32"])
@pytest.mark.parametrize("n", [1, 2, 17, 80])
def test_larger_assignments_are_optimal(kind: str, n: int) -> None:
    """The same on 1 to 80 units of every kind."""
    rng = np.random.default_rng(n)
    normal = rng.standard_normal((n, n))
    assert_optimal(
        {
            "normal": normal,
            "ties": rng.integers(0, 3, (n, n)).astype(float),
            "constant": np.full((n, n), -0.25),
            "negative": -np.exp(normal),
            "low rank": np.outer(normal[0], normal[:, 0]),
            "float32": normal.astype(np.float32),
        }[kind]
    )


def test_the_input_is_left_alone() -> None:
    """Neither the assignment nor the ceiling writes into the similarity."""
    similarity_uv = np.random.default_rng(0).uniform(-1, 1, (9, 9))
    before = similarity_uv.copy()
    best_assignment(similarity_uv)
    relabelling_ceiling(similarity_uv, pool=100)
    np.testing.assert_array_equal(similarity_uv, before)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_too_few_units_leave_no_way_to_tell(n: int) -> None:
    """With fewer than four units everything could be relabelling: the ceiling is 1."""
    assert relabelling_ceiling(np.zeros((n, n)), pool=10) == 1.0


@settings(max_examples=60, deadline=None)
@given(st.integers(4, 9).flatmap(lambda n: arrays(np.float64, (n, n), elements=st.floats(-1, 1))))
def test_true_partners_never_raise_the_ceiling(similarity_uv: Array) -> None:
    """Whatever stands on the diagonal, the ceiling is the best that wrong partners reach."""
    n = similarity_uv.shape[0]
    found = relabelling_ceiling(similarity_uv, pool=n)
    assert 0.0 <= found <= 1.0
    for diagonal in (-1.0, 1.0):
        other = similarity_uv.copy()
        np.fill_diagonal(other, diagonal)
        assert relabelling_ceiling(other, pool=n) == pytest.approx(found)
    barred = similarity_uv.copy()
    np.fill_diagonal(barred, -1e3)
    assert found == pytest.approx(max(0.0, optimum(barred) / n), abs=1e-9)


def test_even_an_unlovable_unit_is_matched_to_a_wrong_partner() -> None:
    """A unit that is opposite to all others still may not take its true partner as a way out."""
    similarity_uv = np.ones((6, 6))
    similarity_uv[0, :] = similarity_uv[:, 0] = -1.0
    assert relabelling_ceiling(similarity_uv, pool=6) == pytest.approx((4 - 2) / 6)


def test_a_larger_pool_raises_the_ceiling() -> None:
    """Whoever may choose among more units can match better: the ceiling grows with the pool."""
    rng = np.random.default_rng(1)
    similarity_uv = cosine_matrix(
        profile(rng.standard_normal((32, 256))), profile(rng.standard_normal((32, 256)))
    )
    ceilings = [relabelling_ceiling(similarity_uv, pool=p) for p in (1, 32, 64, 1024, 14336)]
    assert ceilings[0] == ceilings[1]
    assert ceilings[1] < ceilings[2] < ceilings[3] < ceilings[4] <= 1.0
    assert ceilings[4] / ceilings[1] == pytest.approx(np.sqrt(np.log(14336) / np.log(32)))


@pytest.mark.parametrize(
    ("n", "pool", "features"),
    [
        *product((32, 64), (64, 512), (64, 256, 1024)),
        (128, 128, 256),
        (128, 512, 1024),
    ],
)
def test_a_relabelled_stranger_stays_below(n: int, pool: int, features: int) -> None:
    """A stranger relabelled optimally over the whole pool keeps less than 1.5 ceilings.

    It does copy the order: without this check most of its units would count as evidence.
    """
    rng = np.random.default_rng(n + pool + features)
    a = rng.standard_normal((pool, features)) * np.exp(rng.standard_normal(features))
    b = rng.standard_normal((pool, features)) * np.exp(rng.standard_normal(features))
    _, match = linear_sum_assignment(cosine_matrix(profile(a), profile(b)), maximize=True)
    similarity_uv = cosine_matrix(profile(a[:n]), profile(b[match][:n]))
    counted = count_hits(similarity_uv)
    ceiling = relabelling_ceiling(similarity_uv, pool=pool)
    assert counted.hits >= 14
    assert not stands_above(counted.kept, ceiling)
    assert counted.kept == pytest.approx(ceiling, rel=0.3)


@pytest.mark.parametrize(
    ("n", "pool", "features"), list(product((32, 64, 128), (128, 14336), (256, 1024, 4096)))
)
def test_a_planted_copy_stands_above(n: int, pool: int, features: int) -> None:
    """A copy that keeps half of the base is more than any relabelling could be."""
    rng = np.random.default_rng(n + pool + features)
    a = rng.standard_normal((n, features))
    b = 0.5 * a + np.sqrt(0.75) * rng.standard_normal((n, features))
    similarity_uv = cosine_matrix(profile(a), profile(b))
    kept = count_hits(similarity_uv).kept
    assert kept == pytest.approx(0.5, abs=0.08)
    assert stands_above(kept, relabelling_ceiling(similarity_uv, pool=pool))


def test_profiles_of_few_features_need_a_closer_copy() -> None:
    """With six features relabelling reaches far; only a near copy counts, and it does count."""
    rng = np.random.default_rng(3)
    a, b = rng.standard_normal((64, 6)), rng.standard_normal((64, 6))
    ceiling = relabelling_ceiling(cosine_matrix(profile(a), profile(b)), pool=64)
    assert CONTENT_RATIO * ceiling > 1
    for noise, above in ((0.1, True), (1.0, False)):
        copy = a + noise * rng.standard_normal(a.shape)
        similarity_uv = cosine_matrix(profile(a), profile(copy))
        kept = count_hits(similarity_uv).kept
        assert stands_above(kept, relabelling_ceiling(similarity_uv, pool=64)) is above


@pytest.mark.parametrize(
    ("kept", "ceiling", "above"),
    [
        (0.375, 0.25, True),
        (0.3749, 0.25, False),
        (0.0, 0.0, False),
        (-0.1, 0.0, False),
        (1e-9, 0.0, True),
        (1.0, 1.0, True),
        (0.9999, 1.0, False),
        (0.97, 0.9, True),
        (0.96, 0.9, False),
        (0.18, 0.17, False),
        (0.61, 0.29, True),
        (0.22, 0.18, False),
    ],
)
def test_the_boundary(kept: float, ceiling: float, above: bool) -> None:
    """1.5 ceilings, or a third of the distance to 1 where that is less; the notes' own figures."""
    assert stands_above(kept, ceiling) is above


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_the_boundary_is_monotone(kept: float, ceiling: float, other: float) -> None:
    """Keeping more never loses, a higher ceiling never helps, and a full copy always stands."""
    low, high = sorted((ceiling, other))
    assert stands_above(kept, low) or not stands_above(kept, high)
    assert stands_above(1.0, ceiling)
    least = min(CONTENT_RATIO * ceiling, 1 - (1 - ceiling) / RESIDUAL_RATIO)
    assert stands_above(kept, ceiling) == (kept >= least and kept > 0)
