"""Does a process of the command line set what it promises?"""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from hubcheck.cli import main
from hubcheck.cli.process import SELDOM


@pytest.fixture
def thresholds() -> Iterator[None]:
    """Put Python's own thresholds back."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("thresholds")
def test_circles_are_looked_for_seldom() -> None:
    """A command sets the thresholds, and never turns the search off."""
    gc.set_threshold(700, 10, 10)
    assert main(["explain", "unrelated"]) == 0
    assert gc.get_threshold() == SELDOM
    assert gc.isenabled()
