"""Is the rank of a merged adapter found above the rounding, and no rank where there is none?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.evidence.looks.change.low_rank import ChangeRank, rank_of_change
from hubcheck.evidence.looks.change.stored import rounding_variance
from tests.evidence.looks.change.planted import adapter, stored, weight


def seen(a: np.ndarray, b: np.ndarray, dtype: str = "BF16") -> ChangeRank:
    """Return the rank of the change from a to b."""
    rank = rank_of_change(b - a, rounding_variance(b, dtype))
    assert rank is not None
    return rank


@given(st.integers(1, 32), st.integers(0, 1000))
def test_an_adapter_has_its_rank(rank: int, seed: int) -> None:
    """Ranks 1 to 32 are found exactly in a bfloat16 model."""
    rng = np.random.default_rng(seed)
    a = weight(rng)
    found = seen(a, stored(a + adapter(rng, a, rank, size=0.05)))
    assert (found.rank, found.is_low) == (rank, True)


@pytest.mark.parametrize("size", [0.3, 0.05, 0.01, 0.003, 0.001])
def test_a_full_change_is_never_called_low(size: float) -> None:
    """A change in all directions, sinking into the rounding step by step, is no adapter."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        a = weight(rng)
        tapering = adapter(rng, a, 96) @ np.diag(np.exp(-np.arange(128) / 20))
        change = tapering * size * np.linalg.norm(a) / np.linalg.norm(tapering)
        rank = rank_of_change(stored(a + change) - a, rounding_variance(a, "BF16"))
        assert rank is None or not rank.is_low


def test_nothing_changed_has_no_rank() -> None:
    """Equal matrices and vectors have no rank to speak of."""
    a = weight(np.random.default_rng(0))
    assert rank_of_change(a - a, rounding_variance(a, "BF16")) is None
    assert rank_of_change(a[:1], rounding_variance(a[:1], "BF16")) is None
