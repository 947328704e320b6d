"""Are merge shares right, and do their intervals hold what they promise?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hubcheck.evidence.looks.merge.shares import (
    Block,
    LayerFit,
    fit_layers,
    pool_layers,
    student_95,
)
from hubcheck.evidence.refused import Refused


def blocks(rng: np.random.Generator, shares: tuple[float, ...], noise: float) -> list[Block]:
    """Return rows of a merge whose remainder is larger in some rows than in others."""
    found = []
    for layer in range(2):
        root = rng.standard_normal((24, 64))
        bases = np.stack([root + 0.1 * rng.standard_normal(root.shape) for _ in shares])
        uneven = noise * np.exp(rng.standard_normal((24, 1)))
        subject = np.einsum("k,kui->ui", shares, bases) + uneven * rng.standard_normal(root.shape)
        found.append(Block(layer=layer, weight=2.0, subject_ui=subject, bases_kui=bases))
    return found


def fitted(some: list[Block]) -> list[LayerFit]:
    """Return the fit of some blocks."""
    fits = fit_layers(some)
    assert not isinstance(fits, Refused)
    return fits


def test_exact_sums_are_found_exactly() -> None:
    """Without noise the shares are the planted ones, negative ones included, and sum to one."""
    for fit in fitted(blocks(np.random.default_rng(0), (0.7, 0.5, -0.2, 0.0), 0.0)):
        assert [s.share for s in fit.shares] == pytest.approx([0.7, 0.5, -0.2, 0.0], abs=1e-9)
        assert sum(s.share for s in fit.shares) == pytest.approx(1.0)


def test_intervals_cover_what_they_promise() -> None:
    """Of 400 intervals with uneven rows 92 to 98 in a hundred hold the planted share."""
    held = []
    for seed in range(100):
        fits = fitted(blocks(np.random.default_rng(seed), (0.6, 0.4, 0.0), 0.05))
        for fit in (*fits, pool_layers(fits)):
            held += [s.low <= t <= s.high for s, t in zip(fit.shares, (0.6, 0.4, 0.0), strict=True)]
    assert 0.92 <= np.mean(held) <= 0.98


def test_equal_bases_are_refused() -> None:
    """Two bases of the same weights, or one that is a sum of others, have no shares of their own."""
    (block, _) = blocks(np.random.default_rng(1), (0.5, 0.5, 0.0), 0.0)
    twice = block.bases_kui.copy()
    twice[2] = twice[1]
    between = block.bases_kui.copy()
    between[2] = (between[0] + between[1]) / 2
    for bases in (twice, between):
        again = Block(layer=0, weight=1.0, subject_ui=block.subject_ui, bases_kui=bases)
        assert isinstance(fit_layers([again]), Refused)


@pytest.mark.parametrize("freedom", [3, 10, 50, 1000])
def test_the_quantile_is_students(freedom: int) -> None:
    """The expansion agrees with the exact quantile to one in a hundred."""
    assert student_95(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-2)
