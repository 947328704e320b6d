"""Is a fresh draw called one as often as the null says, whatever it is drawn from?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from hubcheck.statistics.initialisation import from_a_draw
from hubcheck.statistics.profiles import FloatArray

Draw = Callable[[np.random.Generator, tuple[int, int]], FloatArray]
DRAWS: dict[str, Draw] = {
    "normal": lambda rng, size: rng.normal(0, 0.02, size),
    "uniform": lambda rng, size: rng.uniform(-0.05, 0.05, size),
    "few values": lambda rng, size: rng.choice((-1.0, 1.0, 3.0), size),
    "heavy tails": lambda rng, size: rng.standard_t(3, size),
}


@pytest.mark.parametrize("name", DRAWS)
def test_ranks_of_fresh_draws_are_uniform(name: str) -> None:
    """P(p <= 1/10) is a tenth in 200 repeats: at most 35 of them (binomial, P below 1e-3)."""
    found = []
    for seed in range(200):
        rng = np.random.default_rng((7, seed))
        blocks = [DRAWS[name](rng, size) for size in ((12, 20), (16, 10))]
        told = from_a_draw(blocks, shuffles=9, seed=seed)
        assert told is not None
        found.append(told.p)
    assert sum(p <= 0.1 for p in found) <= 35
    assert 0.45 < float(np.mean(found)) < 0.65  # (K + 2) / (2 (K + 1)) is 0.55


def test_a_written_direction_is_seen_and_measured() -> None:
    """A direction of nine tenths of the length is the share beyond a draw."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((40, 60))
    noise /= np.linalg.norm(noise)
    spike = np.outer(rng.standard_normal(40), rng.standard_normal(60))
    spike /= np.linalg.norm(spike)
    block = np.sqrt(0.1) * noise + np.sqrt(0.9) * spike
    told = from_a_draw([block] * 2, shuffles=99, seed=1)
    assert told is not None
    assert told.p == 0.01
    assert told.leading > 2
    assert 0.85 < told.beyond < 0.95


def test_vectors_and_empty_matrices_say_nothing() -> None:
    """There is no order of directions in them."""
    assert from_a_draw([np.ones((1, 9)), np.zeros((4, 4))], shuffles=3, seed=0) is None
