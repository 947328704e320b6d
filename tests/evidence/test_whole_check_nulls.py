"""Is the mean of the final E at most 1 through the whole check, every look of the depth included?

``benchmarks/zoo/whole_nulls.py`` makes the null (a base relabelled anew for every draw against a
model trained apart) and prints the figures of many draws; a few of them are held here.
"""

from __future__ import annotations

from dataclasses import replace
from math import log10, sqrt
from statistics import fmean, stdev

import pytest

from benchmarks.zoo.whole_nulls import QUIET, Draw, draws_of
from hubcheck.report.words import Depth
from tests.tables import taken

DRAWS = taken(4, 60)


@pytest.fixture(scope="module", params=[Depth.SAMPLE, Depth.DEEP, Depth.FULL])
def draws(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Draw]:
    """Some draws of every depth."""
    return draws_of(request.param, DRAWS, tmp_path_factory.mktemp("null"))


def test_the_mean_of_all_statements_is_at_most_one(draws: list[Draw]) -> None:
    """Whole and parts together, as they are paid for: mean at most 1 within three errors."""
    values = [draw.statements for draw in draws]
    assert fmean(values) <= 1 + 3 * stdev(values) / sqrt(len(values))


def test_the_whole_never_says_more_than_all_statements(draws: list[Draw]) -> None:
    """The account of the whole is one of the statements that are paid for."""
    assert all(0 < draw.whole <= draw.statements for draw in draws)


def test_no_bound_is_better_than_what_was_spent(draws: list[Draw]) -> None:
    """What a card prints is at least one over the sum of all statements that were tried."""
    assert all(draw.is_paid_for for draw in draws)
    assert not replace(draws[0], log10_bound=-log10(draws[0].statements) - 1).is_paid_for


def test_nobody_is_related_under_the_null(draws: list[Draw]) -> None:
    """No draw comes out as anything but unrelated or open."""
    assert {draw.verdict for draw in draws} <= QUIET
