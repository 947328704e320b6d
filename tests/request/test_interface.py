"""Does each depth have its budget, and give what the lighter ones give?"""

from __future__ import annotations

import itertools
import json

import pytest

from hubcheck.report.words import Depth
from hubcheck.request.interface import BUDGETS, EVERY_BYTE, ORDER, at_least, budget_of


def test_every_depth_has_a_place_and_a_budget() -> None:
    """Four depths, from the lightest to the heaviest, budgets growing with them."""
    assert set(ORDER) == set(BUDGETS) == set(Depth)
    budgets = [BUDGETS[depth] for depth in ORDER]
    assert budgets == sorted(budgets)
    assert (BUDGETS[Depth.SAMPLE], BUDGETS[Depth.DEEP]) == (64_000_000, 2_000_000_000)


@pytest.mark.parametrize("depth", Depth)
def test_a_limit_that_was_named_holds_at_every_depth(depth: Depth) -> None:
    """What the user says is never raised."""
    assert budget_of(depth, 12_345) == 12_345
    assert budget_of(depth, None) == BUDGETS[depth]


def test_no_limit_is_a_number_that_json_keeps() -> None:
    """The report stores the budget; a reader in another language gets the same number."""
    assert int(float(json.dumps(EVERY_BYTE))) == EVERY_BYTE


def test_depths_are_ordered() -> None:
    """A depth is at least itself and all lighter ones, and none of the heavier."""
    for lighter, heavier in itertools.combinations(ORDER, 2):
        assert at_least(heavier, lighter)
        assert not at_least(lighter, heavier)
        assert at_least(lighter, lighter)
