"""Is the bound on runs of increasing matches what it claims to be?"""

from __future__ import annotations

from itertools import combinations, pairwise, permutations
from math import comb, exp, factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.statistics.increasing import (
    log10_p_increasing,
    log_e_increasing,
    longest_increasing,
)


@given(st.lists(st.integers(0, 9), max_size=9))
def test_the_longest_run_is_the_longest(values: list[int]) -> None:
    """Patience sorting agrees with trying every subsequence; equal values never increase."""
    longest = max(
        n
        for n in range(len(values) + 1)
        for chosen in combinations(values, n)
        if all(a < b for a, b in pairwise(chosen))
    )
    assert longest_increasing(values) == longest


@pytest.mark.parametrize("units", [2, 5, 7])
def test_the_mean_over_all_orders_is_at_most_one(units: int) -> None:
    """Over every permutation the e-value has mean at most 1 and the bound holds for every k."""
    lengths = [longest_increasing(order) for order in permutations(range(units))]
    assert np.mean([exp(log_e_increasing(n, units)) for n in lengths]) <= 1.0
    for k in range(1, units + 1):
        share = np.mean([n >= k for n in lengths])
        assert share <= comb(units, k) / factorial(k) + 1e-12
        assert share <= 10 ** log10_p_increasing(k, units) + 1e-12


@given(seed=st.integers(0, 2**32 - 1), pool=st.integers(20, 400))
def test_random_matches_with_collisions_are_no_evidence(seed: int, pool: int) -> None:
    """A fixed many-to-one match under a random relabelling stays below one in a thousand."""
    rng = np.random.default_rng(seed)
    match = rng.integers(0, pool, size=64)
    relabelled = rng.permutation(pool)[match]
    assert exp(log_e_increasing(longest_increasing(relabelled.tolist()), 64)) < 1000


def test_a_full_run_is_beyond_doubt() -> None:
    """Sixteen matches in a row settle a family, sixty-four by far."""
    assert log10_p_increasing(16, 16) == pytest.approx(-13.32, abs=0.01)
    assert log_e_increasing(64, 64) > 190
    assert log10_p_increasing(0, 64) == 0.0
