"""Numbers are written one way everywhere, and never claim more than they know."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.card import numbers


@pytest.mark.parametrize(
    ("n_bytes", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (12_400_000, "12.4 MB"),
        (999_600, "1.0 MB"),
        (15_200_000_000, "15.2 GB"),
        (214_000_000_000, "214 GB"),
        (5 * 10**18, "5000 PB"),
    ],
)
def test_byte_count(n_bytes: int, shown: str) -> None:
    """Bytes carry a decimal unit and three digits."""
    assert numbers.byte_count(n_bytes) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.04, "0.0 s"), (0.8, "0.8 s"), (9.2, "9 s"), (59.6, "1 min"), (125, "2 min 5 s"),
     (math.nan, "-"), (-1, "-")],
)  # fmt: skip
def test_duration(seconds: float, shown: str) -> None:
    """Seconds turn into minutes; what is no duration is a dash."""
    assert numbers.duration(seconds) == shown


@pytest.mark.parametrize(
    ("log10_p", "shown"),
    [
        (0.0, "nothing beyond chance"),
        (-0.30103, "at most 1 in 2"),
        (-3.0, "at most 1 in 1,000"),
        (-3.1, "at most 1 in 1,200"),
        (-6.5, "at most 1 in 3.1 million"),
        (-9.99, "at most 1 in 9.7 billion"),
        (-10.0, "below 1 in 10 billion"),
        (-4000.0, "below 1 in 10 billion"),
        (-math.inf, "below 1 in 10 billion"),
        (math.nan, "-"),
    ],
)
def test_chance(log10_p: float, shown: str) -> None:
    """A bound is rounded towards caution and stops at 10 billion."""
    assert numbers.chance(log10_p) == shown


@given(log10_p=st.floats(min_value=-9.999, max_value=-0.4))
def test_chance_is_never_overstated(log10_p: float) -> None:
    """The odds in words are never rarer than the bound."""
    found = re.fullmatch(r"at most 1 in ([\d.,]+)(?: (million|billion))?", numbers.chance(log10_p))
    assert found
    scale = {"million": 1e6, "billion": 1e9, None: 1.0}[found[2]]
    assert float(found[1].replace(",", "")) * scale <= 10**-log10_p * 1.000_001


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.997, "0.997"),
        (0.05, "0.05"),
        (0.0512, "0.051"),
        (1.0, "1"),
        (0.754, "0.75"),
        (0.99999, "over 0.999"),
        (-0.0001, "0.00"),
        (math.inf, "-"),
    ],
)
def test_kept(value: float, shown: str) -> None:
    """Kept has two or three digits, and only equality prints as 1."""
    assert numbers.kept(value) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [(1.0, "100 %"), (0.9996, "over 99.9 %"), (0.306, "30.6 %"), (0.0, "0 %"), (math.nan, "-")],
)
def test_percent(share: float, shown: str) -> None:
    """What is not all never prints as 100 %."""
    assert numbers.percent(share) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(106_900_000_000, "106.9 B"), (7_000_000_000, "7 B"), (350_000_000, "350 M"), (12, "12")],
)
def test_parameters(value: int, shown: str) -> None:
    """Parameters are counted in the units people use for models."""
    assert numbers.parameters(value) == shown


def test_cosine() -> None:
    """A cosine has three digits; one that is not finite is a dash."""
    assert numbers.cosine(0.9497) == "0.950"
    assert numbers.cosine(math.nan) == "-"
