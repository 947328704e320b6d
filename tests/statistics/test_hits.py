"""Does the count of hits obey P(N >= k) <= 1/k! for every null, and count what it says?"""

from __future__ import annotations

from math import factorial, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from hubcheck.statistics.hits import TIE_RELATIVE, count_hits, hit_mask, shifted_hits
from hubcheck.statistics.profiles import cosine_matrix, profile
from tests.statistics.nulls import (
    PAIRS,
    Array,
    all_hits,
    chosen_similarities,
    falling,
    null_hits,
    permuted_hits,
    refutes,
)

UNITS = 32
KINDS = st.one_of(
    st.integers(-2, 2).map(float),
    st.floats(-1e300, 1e300),
    st.floats(-1, 1, width=32).map(float),
)


@st.composite
def similarities(draw: st.DrawFn, largest: int = 5) -> Array:
    """Draw any square matrix of 2 to ``largest`` units, ties and enormous values included."""
    n = draw(st.integers(2, largest))
    return np.asarray(draw(arrays(np.float64, (n, n), elements=KINDS)))


def assert_bound_holds(hits: NDArray[np.int64]) -> None:
    """Check every tail and the mean of simulated counts against the bound."""
    for k in range(1, 12):
        assert not refutes(int((hits >= k).sum()), hits.size, 1 / factorial(k)), k
    assert hits.mean() <= 1 + 4 / sqrt(hits.size)  # the variance of N is at most 1 + 1 - mean^2


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_tails_of_every_null_stay_below_the_bound(name: str) -> None:
    """Whatever the contents, 4,000 arbitrary orders hit k times in at most 1/k! of the cases."""
    rng = np.random.default_rng(20_260_101)
    hits = np.concatenate([null_hits(PAIRS[name](rng, UNITS), rng, 400) for _ in range(10)])
    assert_bound_holds(hits)


@pytest.mark.parametrize("name", sorted(chosen_similarities(np.random.default_rng(0), 8)))
def test_tails_of_chosen_similarities_stay_below_the_bound(name: str) -> None:
    """A similarity chosen by an adversary who does not know the order cannot break the bound."""
    rng = np.random.default_rng(20_260_102)
    chosen = chosen_similarities(rng, UNITS)[name]
    assert_bound_holds(permuted_hits(chosen, rng, 3000))


def test_the_bound_is_reached_by_equal_contents() -> None:
    """With equal units the mean is 1 and the tails come near 1/k!, so the tests above can fail."""
    rng = np.random.default_rng(20_260_103)
    hits = null_hits(PAIRS["same_content"](rng, UNITS), rng, 6000)
    assert abs(hits.mean() - 1) < 4 / sqrt(hits.size)
    for k in (2, 3, 4):
        assert (hits >= k).mean() > 0.35 / factorial(k)


@settings(max_examples=60, deadline=None)
@given(similarities())
def test_factorial_moments_over_all_orders(similarity_uv: Array) -> None:
    """E[N (N-1) .. (N-k+1)] <= 1 exactly, over all orders of 2 to 5 units, for every k."""
    counts = all_hits(similarity_uv)
    for k in range(1, similarity_uv.shape[0] + 1):
        assert sum(falling(n, k) for n in counts) <= len(counts)


@settings(max_examples=6, deadline=None)
@given(arrays(np.float64, (6, 6), elements=KINDS))
def test_factorial_moments_over_all_orders_of_six(similarity_uv: Array) -> None:
    """The same over all 720 orders of six units."""
    counts = all_hits(similarity_uv)
    assert all(sum(falling(n, k) for n in counts) <= 720 for k in range(1, 7))


@pytest.mark.parametrize("n", range(2, 7))
def test_the_enumeration_is_tight_for_equal_contents(n: int) -> None:
    """Equal units make every factorial moment exactly 1: the bound cannot be improved."""
    counts = all_hits(np.eye(n))
    assert all(sum(falling(c, k) for c in counts) == factorial(n) for k in range(1, n + 1))


def test_ties_taken_as_hits_would_break_the_bound() -> None:
    """The mistake that the tie rule prevents: with equal rows every unit would be a hit."""
    rng = np.random.default_rng(5)
    a, b = PAIRS["duplicate_rows"](rng, UNITS)
    similarity_uv = cosine_matrix(profile(a), profile(b))
    naive = np.array(
        [
            int((np.diagonal(s) >= s.max(axis=1) - 1e-6).sum())
            for s in (similarity_uv[rng.permutation(UNITS)] for _ in range(500))
        ]
    )
    assert refutes(int((naive >= 4).sum()), naive.size, 1 / factorial(4))
    assert permuted_hits(similarity_uv, rng, 500).mean() <= 1


def test_units_chosen_by_their_own_similarity_would_break_the_bound() -> None:
    """The mistake that the rule for S prevents: the most alike same-index units of strangers."""
    rng = np.random.default_rng(6)
    found = []
    for _ in range(200):
        a, b = profile(rng.standard_normal((400, 16))), profile(rng.standard_normal((400, 16)))
        chosen = np.argsort(-(a * b).sum(axis=1))[:14]
        found.append(count_hits(cosine_matrix(a[chosen], b[chosen])).hits)
    assert refutes(sum(h >= 6 for h in found), len(found), 1 / factorial(6))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_exact_duplicates_are_misses_through_a_matrix_product(dtype: type) -> None:
    """Two equal subject rows tie after any matrix product, so a copied base unit is no hit."""
    rng = np.random.default_rng(7)
    half: Array = rng.standard_normal((61, 333)).astype(dtype)
    rows = profile(np.concatenate([half, half]))
    assert count_hits(cosine_matrix(rows, rows)).hits == 0
    assert count_hits(cosine_matrix(rows[:61], rows[:61])).hits == 61


@given(st.floats(1e-20, 1e20), st.floats(0, 3), st.booleans())
def test_the_tie_margin_is_relative(own: float, steps: float, negative: bool) -> None:
    """A second best within one millionth of the best is a miss, at any scale and sign."""
    own = -own if negative else own
    second = own - steps * TIE_RELATIVE * abs(own)
    similarity_uv = np.array([[own, second], [0.0, -own if own else 1.0]])
    if steps < 0.999 or steps > 1.001:  # at the margin itself rounding decides
        assert bool(hit_mask(similarity_uv)[0]) == (steps > 1)


@pytest.mark.parametrize("axis", [0, 1])
def test_constant_profiles_are_misses(axis: int) -> None:
    """A unit without a profile in either model is no hit, even where all others are negative."""
    similarity_uv = -np.ones((3, 3))
    np.fill_diagonal(similarity_uv, 1.0)
    similarity_uv[(1, slice(None)) if axis == 0 else (slice(None), 1)] = 0.0
    assert hit_mask(similarity_uv).tolist() == [True, False, True]


def test_what_is_not_a_number_is_a_miss() -> None:
    """A similarity that is not a number makes its row a miss and leaves the others alone."""
    similarity_uv = np.eye(4)
    similarity_uv[2, 1] = np.nan
    assert hit_mask(similarity_uv).tolist() == [True, True, False, True]


def test_few_units() -> None:
    """No units give nothing; one unit is its own nearest and proves nothing (1/1! = 1)."""
    nothing = count_hits(np.zeros((0, 0)))
    assert (nothing.hits, nothing.units, nothing.kept, nothing.log10_p) == (0, 0, 0.0, 0.0)
    one = count_hits(np.array([[0.3]]))
    assert (one.hits, one.units, one.kept, one.log10_p) == (1, 1, 0.3, 0.0)


@given(similarities(), st.integers(0, 2**32 - 1))
def test_relabelling_both_models_changes_nothing(similarity_uv: Array, seed: int) -> None:
    """Hits and kept depend on which units belong together, not on what they are called."""
    n = similarity_uv.shape[0]
    order = np.random.default_rng(seed).permutation(n)
    before, after = count_hits(similarity_uv), count_hits(similarity_uv[np.ix_(order, order)])
    assert (before.hits, before.kept) == (after.hits, after.kept)


def test_counts_of_a_copy() -> None:
    """A noisy copy hits with every unit; kept is the median cosine; 14 hits mean 1.1e-11."""
    rng = np.random.default_rng(8)
    a = rng.standard_normal((14, 512))
    b = 0.6 * a + 0.8 * rng.standard_normal((14, 512))
    counted = count_hits(cosine_matrix(profile(a), profile(b)))
    assert counted.hits == counted.units == 14
    assert counted.kept == pytest.approx(0.6, abs=0.03)
    assert 10**counted.log10_p == pytest.approx(1 / factorial(14))


def test_the_input_is_left_alone() -> None:
    """Counting writes nothing into the similarity it was given."""
    similarity_uv = np.random.default_rng(9).standard_normal((6, 6))
    before = similarity_uv.copy()
    count_hits(similarity_uv)
    shifted_hits(similarity_uv, 2)
    np.testing.assert_array_equal(similarity_uv, before)


@pytest.mark.parametrize("related", [False, True])
def test_the_shifted_control_is_about_one(related: bool) -> None:
    """Over all shifts, 0 included, every unit hits once: the control's mean is 1, copy or not."""
    rng = np.random.default_rng(10)
    a = rng.standard_normal((40, 64))
    b = a + 0.1 * rng.standard_normal(a.shape) if related else rng.standard_normal(a.shape)
    similarity_uv = cosine_matrix(profile(a), profile(b))
    hits = count_hits(similarity_uv).hits
    shifted = [shifted_hits(similarity_uv, shift) for shift in range(1, 40)]
    assert sum(shifted) + hits == 40
    assert hits == 40 if related else hits < 6
    assert shifted_hits(similarity_uv, 40) == hits
