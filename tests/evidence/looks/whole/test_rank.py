"""Is the rank of a change seen through the rounding of what it was added to?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from hubcheck.evidence.looks.whole import rank as ranks
from hubcheck.evidence.looks.whole.rank import (
    HIGH,
    NO_CHANGE,
    Untold,
    chosen,
    estimate,
    unit_in_last_place,
)
from tests.evidence.looks.whole.laboratory import bf16


def base(seed: int, m: int = ranks.LINES, n: int = ranks.COLUMNS) -> NDArray[np.float32]:
    """Return weights with rows and columns of unequal size, in bfloat16."""
    rng = np.random.default_rng(seed)
    scales = np.exp(0.3 * rng.standard_normal(m))[:, None] * np.exp(0.2 * rng.standard_normal(n))
    return bf16(np.asarray(0.02 * scales * rng.standard_normal((m, n)), dtype=np.float32))


def low(seed: int, rank: int, size: float, like: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return a change of some rank, ``size`` of the length of the weights."""
    rng = np.random.default_rng(seed + 1000)
    change = rng.standard_normal((like.shape[0], rank)) @ rng.standard_normal((rank, like.shape[1]))
    return np.asarray(size * np.linalg.norm(like) / np.linalg.norm(change) * change)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("rank", "size"), [(1, 0.01), (8, 0.03), (32, 0.1), (64, 0.2), (128, 0.3)])
def test_a_merged_adapter_shows_its_rank(seed: int, rank: int, size: float) -> None:
    """Added to bfloat16 weights and rounded, changes of 1 to 30 % show their rank exactly."""
    a = base(seed)
    b = bf16(np.asarray(a + low(seed, rank, size, a), dtype=np.float32))
    assert estimate(a, b).rank == rank


@pytest.mark.parametrize("size", [0.001, 0.01, 0.1, 1.0])
def test_a_dense_change_is_never_low(size: float) -> None:
    """Noise of any size on every value is no adapter."""
    a = base(5)
    noise = np.random.default_rng(6).standard_normal(a.shape)
    b = bf16(np.asarray(a * (1 + size * noise), dtype=np.float32))
    found = estimate(a, b)
    assert found == HIGH or found.rank == -1


@pytest.mark.parametrize("size", [0.0, 0.002, 0.01, 0.03, 0.3])
@pytest.mark.parametrize("rank", [0, 1, 40, 140])
def test_the_short_way_answers_as_the_long_one(
    rank: int, size: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the spectrum is not asked for, asking for it would have said the same."""
    a = base(7)
    noise = np.random.default_rng(8).standard_normal(a.shape)
    change = low(7, rank, 0.1, a) if rank else 0.0
    b = bf16(np.asarray(a * (1 + size * noise) + change, dtype=np.float32))
    short = estimate(a, b)
    monkeypatch.setattr(ranks, "SURELY", math.inf)
    assert estimate(a, b) == short


def test_loud_rows_do_not_make_a_dense_change_low() -> None:
    """A few rows with large rounding errors hide the small singular values of a dense change."""
    a = base(11)
    a[::40] *= 32
    noise = np.random.default_rng(12).standard_normal(a.shape)
    assert estimate(a, bf16(np.asarray(a + 1e-3 * noise, dtype=np.float32))) == HIGH


def test_rounding_alone_is_told_as_such() -> None:
    """Weights that were only rounded have changed, and no rank is made of it."""
    wide = np.asarray(base(7) * 1.2345, dtype=np.float32)
    assert estimate(wide, bf16(wide)).reason in (Untold.ROUNDING, HIGH.reason)
    assert estimate(wide, wide) == NO_CHANGE


def test_float32_is_seen_far_below_bfloat16() -> None:
    """Where nothing is rounded away, a change of 1e-4 shows its rank; also one stored widened."""
    a = base(8)
    rough = np.asarray(a * 1.0001, dtype=np.float32)
    b = np.asarray(rough + low(8, 5, 1e-4, a), dtype=np.float32)
    assert estimate(rough, b).rank == 5
    widened = bf16(np.asarray(a + low(8, 5, 0.05, a), dtype=np.float32))
    assert estimate(a, widened).rank == 5


def test_a_small_matrix_has_a_rank_up_to_half_its_size() -> None:
    """What more than half of the singular values hold is not called low."""
    a = base(9, 20, 30)
    assert estimate(a, bf16(np.asarray(a + low(9, 10, 0.3, a), dtype=np.float32))).rank == 10
    assert estimate(a, bf16(np.asarray(a + low(9, 11, 0.3, a), dtype=np.float32))) == HIGH


def test_units_in_the_last_place_follow_the_precision_in_use() -> None:
    """A bfloat16 in a float32 has the neighbours of a bfloat16; zero has none."""
    values = np.array([1.0, 1.5, 0.0, 2 + 2**-6], dtype=np.float32)
    assert unit_in_last_place(values).tolist() == [2**-7, 2**-7, 0.0, 2**-6]
    exact = np.array([1 + 2**-23, 4.0], dtype=np.float32)
    assert unit_in_last_place(exact).tolist() == [2**-23, 2**-21]


def test_a_sample_is_spread_evenly() -> None:
    """All of a small axis, and of a large one as many as asked, ascending without repetition."""
    assert chosen(5, 10).tolist() == [0, 1, 2, 3, 4]
    picked = chosen(1000, 7)
    assert len(set(picked.tolist())) == 7
    assert np.all(np.diff(picked) > 0)
    assert picked[-1] < 1000
