"""Does rounding tell which side of a low-rank difference was computed?"""

from __future__ import annotations

import numpy as np
import pytest

from hubcheck.evidence.looks.change.crossings import computed_last, crossings
from tests.evidence.looks.change.planted import adapter, stored, weight

SIZES = (192, 512)


@pytest.mark.parametrize("dtype", ["BF16", "F16", "F32"])
@pytest.mark.parametrize("rank", [1, 8])
def test_the_computed_side_is_the_later_one(rank: int, dtype: str) -> None:
    """A + L rounded is told from A, whichever of the two is asked about first."""
    rng = np.random.default_rng(rank)
    a = weight(rng, *SIZES, dtype=dtype)
    b = stored(a + adapter(rng, a, rank, size=0.04), dtype)
    assert computed_last([crossings(a, b, rank, dtype)]) == "subject"
    assert computed_last([crossings(b, a, rank, dtype)]) == "base"


def test_a_common_finer_history_tells_nothing() -> None:
    """Two models rounded from float32 ones show no difference: twenty of twenty are left open."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        exact = rng.standard_normal(SIZES) * 0.05
        other = exact + adapter(rng, exact.astype(np.float32), 4, size=0.04)
        pair = (stored(exact), stored(other))
        assert computed_last([crossings(*pair, 4, "BF16")]) == ""


def test_too_few_crossings_tell_nothing() -> None:
    """A handful of values gives no answer."""
    rng = np.random.default_rng(0)
    a = weight(rng, 8, 16)
    assert computed_last([crossings(a, stored(a + adapter(rng, a, 1)), 1, "BF16")]) == ""
    assert computed_last([]) == ""
