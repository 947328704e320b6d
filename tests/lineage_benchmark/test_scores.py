"""Are the intervals and the area under the curve what they are called?"""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from benchmarks.lineage.scores import area, area_interval, interval

SCORES = st.lists(st.integers(-3, 3).map(float) | st.just(-math.inf), min_size=1, max_size=12)


def test_no_false_positive_among_45_leaves_up_to_eight_percent() -> None:
    """The interval of 0 of 45 ends at 1 - 0.025^(1/45), as Clopper and Pearson have it."""
    low, high = interval(0, 45)
    assert low == 0.0
    assert high == pytest.approx(1 - 0.025 ** (1 / 45))


@given(st.integers(0, 60), st.integers(1, 60))
def test_the_interval_holds_the_share_and_mirrors(k: int, n: int) -> None:
    """The interval holds k / n, and that of the misses is its mirror image."""
    k = min(k, n)
    low, high = interval(k, n)
    assert 0 <= low <= k / n <= high <= 1
    other = interval(n - k, n)
    assert (1 - other[1], 1 - other[0]) == pytest.approx((low, high))


@given(st.floats(0.01, 0.99), st.integers(1, 40))
def test_the_interval_covers_at_least_its_level(truth: float, n: int) -> None:
    """Whatever the true share, the interval holds it in at least 95 % of all runs."""
    covered = sum(
        float(binom.pmf(k, n, truth))
        for k in range(n + 1)
        if interval(k, n)[0] <= truth <= interval(k, n)[1]
    )
    assert covered >= 0.95 - 1e-9


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3), (1, 0)])
def test_what_is_no_share_is_refused(k: int, n: int) -> None:
    """A count outside 0..n is an error, not a number."""
    with pytest.raises(ValueError, match="is not a share"):
        interval(k, n)


@given(SCORES, SCORES)
def test_the_area_is_the_chance_that_a_positive_outranks_a_negative(
    positives: list[float], negatives: list[float]
) -> None:
    """The area equals the count over all couples, ties half, infinite scores included."""
    couples = [
        1.0 if p > n else 0.5 if p == n else 0.0 for p, n in itertools.product(positives, negatives)
    ]
    assert area(positives, negatives) == pytest.approx(sum(couples) / len(couples))


def test_an_area_needs_both_sides() -> None:
    """Without positives or negatives there is no area."""
    with pytest.raises(ValueError, match="positives and negatives"):
        area([], [1.0])


def test_the_interval_of_the_area_is_drawn_by_subject() -> None:
    """One subject in many pairs widens the interval: its pairs are no independent trials."""
    positives, negatives = [3.0, 0.5] * 10, [1.0] * 10
    each = [str(i) for i in range(20)]
    two = ["a", "b"] * 10
    strangers = [str(i) for i in range(10)]
    narrow = area_interval(positives, negatives, (each, strangers))
    wide = area_interval(positives, negatives, (two, strangers))
    assert narrow[0] < area(positives, negatives) < narrow[1]
    assert wide == (0.0, 1.0)
    assert area_interval(positives, negatives, (each, strangers)) == narrow
