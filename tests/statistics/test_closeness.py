"""Is a change that was held told from one that was made again?"""

from __future__ import annotations

import numpy as np
import pytest

from hubcheck.statistics.closeness import NOTHING_HELD, HeldShare, bound, held_share
from hubcheck.statistics.profiles import FloatArray

RNG = np.random.default_rng(0)
SHAPE = (64, 96)


def change(own: float, seed: int) -> FloatArray:
    """Return what the data teach (a few large directions) and an own remainder."""
    shared = np.random.default_rng(0)
    taught = shared.normal(size=(64, 4)) @ shared.normal(size=(4, 96))
    return taught + own * np.random.default_rng(seed).normal(size=SHAPE)


def test_a_child_holds_the_bulk_and_a_sibling_the_large_directions_alone() -> None:
    """Shares of a child are near 1 throughout; a sibling's fall off."""
    suspect, sibling = change(0.5, 1), change(0.5, 2)
    child = suspect + 0.2 * np.random.default_rng(3).normal(size=SHAPE)
    of_child, of_sibling = held_share([(suspect, child)]), held_share([(suspect, sibling)])
    assert of_child.bulk == pytest.approx(1.0, abs=0.1)
    assert of_sibling.bulk < 0.3
    assert of_sibling.whole > 0.8
    assert of_child.score > of_sibling.score + 0.5


@pytest.mark.parametrize("rate", [0.7, 0.9, 1.1, 1.4])
def test_a_higher_rate_makes_no_child_of_a_sibling(rate: float) -> None:
    """The change of a sibling, made larger or smaller, stays below that of a child."""
    suspect, sibling = change(0.5, 1), change(0.5, 2)
    child = suspect + 0.2 * np.random.default_rng(3).normal(size=SHAPE)
    assert held_share([(suspect, rate * sibling)]).score < held_share([(suspect, child)]).score


@pytest.mark.parametrize("rate", [0.9, 1.1])
def test_a_repeat_at_another_rate_lies_on_the_line_of_the_change(rate: float) -> None:
    """One script run twice differs along the change itself, further training across it."""
    suspect = change(0.5, 1)
    repeat = held_share([(suspect, rate * suspect)])
    child = held_share([(suspect, suspect + 0.1 * np.random.default_rng(3).normal(size=SHAPE))])
    assert repeat.line == pytest.approx(1.0)
    assert child.line < 0.2
    assert repeat.score < child.score


@pytest.mark.parametrize("times", [0.5, 1.6, 4.0])
def test_a_change_held_many_times_tells_nothing(times: float) -> None:
    """A long run beside a light one: child and sibling look alike."""
    suspect = change(0.5, 1)
    child = times * suspect + 0.01 * np.random.default_rng(3).normal(size=SHAPE)
    assert held_share([(suspect, child)]).score == NOTHING_HELD


def test_a_change_that_is_mostly_another_tells_nothing() -> None:
    """Where most of what the subject changed is not the suspect's, chance reaches any share."""
    suspect = change(0.5, 1)
    far = suspect + suspect.std() * np.random.default_rng(3).normal(size=SHAPE)
    assert held_share([(suspect, far)]).score == NOTHING_HELD


def test_nothing_held_scores_below_everything() -> None:
    """A change of the other sign, or none, is no share."""
    suspect = change(0.5, 1)
    assert held_share([(suspect, -suspect)]).score == NOTHING_HELD
    assert held_share([(suspect, np.zeros(SHAPE))]).score == NOTHING_HELD
    assert held_share([]) == HeldShare(bulk=0.0, whole=0.0, line=0.0, cosine=0.0)


def test_the_bound_counts_families_and_searches() -> None:
    """198 families give a hundredth for one suspect; it never passes 1."""
    assert bound(198, 1) == pytest.approx(0.01)
    assert bound(198, 3) == pytest.approx(0.03)
    assert bound(198, 0) == bound(198, 1)
    assert bound(0, 5) == 1.0
