"""Is training real, repeatable, resumable, and blind to the order of units?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.material.zoo.learn import TINY, Learner, draw, learning_rate, train_tiny
from tests.material.zoo.model import initial_weights
from tests.material.zoo.symmetries import (
    Arrays,
    flip_channels,
    mlps,
    permute_channels,
    permute_heads,
    permute_neurons,
)

UNIGRAM_LOSS = 5.2
"""Nats per token of a model that knows only frequencies, on this text."""


def _relabelled(weights: Arrays, rng: np.random.Generator) -> dict[str, Arrays]:
    first, second = (rng.permutation(TINY.hidden), rng.choice([-1.0, 1.0], TINY.hidden))
    neurons = {g: rng.permutation(TINY.neurons) for g, _, _ in mlps(weights)}
    return {
        "channels": permute_channels(weights, first),
        "signs": flip_channels(weights, second),
        "neurons": permute_neurons(weights, neurons),
        "heads": permute_heads(weights, TINY, {0: np.array([3, 2, 0, 1])}),
    }


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize("axis", ["channels", "signs", "neurons", "heads"])
def test_training_commutes_with_relabelling(
    axis: str, tokens: NDArray[np.int64], rng: np.random.Generator
) -> None:
    """Training relabelled initial weights gives the relabelled result."""
    start = {n: w.astype(np.float64) for n, w in initial_weights(TINY, 3).items()}
    steps = 8

    def run(weights: Arrays) -> Arrays:
        return dict(train_tiny(tokens, steps=steps, start=weights, dtype=torch.float64)[0])

    plain = run(start)
    choices = rng.bit_generator.state
    begun = _relabelled(start, rng)[axis]
    rng.bit_generator.state = choices
    expected = _relabelled(plain, rng)[axis]
    found = run(begun)
    assert max(np.abs(found[n] - expected[n]).max() for n in found) < 1e-9
    assert max(np.abs(found[n] - plain[n]).max() for n in found) > 1e-3


def test_tiny_model_learns(tokens: NDArray[np.int64]) -> None:
    """Sixty steps bring a tiny model below the loss of token frequencies."""
    _, loss = train_tiny(tokens, steps=60)
    assert loss < UNIGRAM_LOSS - 0.3


def test_training_repeats(tokens: NDArray[np.int64]) -> None:
    """The same seeds give the same weights; another seed gives others."""
    one, again, other = (train_tiny(tokens, seed=s, steps=3)[0] for s in (0, 0, 1))
    assert all(np.array_equal(one[n], again[n]) for n in one)
    assert not np.array_equal(one["lm_head.weight"], other["lm_head.weight"])


def test_interrupted_training_goes_on_the_same(tokens: NDArray[np.int64]) -> None:
    """A learner restored in the middle ends with the weights of an uninterrupted one."""
    whole, half = (Learner(initial_weights(TINY, 0), TINY) for _ in range(2))
    resumed = Learner(initial_weights(TINY, 9), TINY)
    for step in range(6):
        windows = draw(tokens, 0, step, window=32)
        whole.learn(windows, 1e-3)
        if step == 3:
            resumed.restore(half.state())
        (half if step < 3 else resumed).learn(windows, 1e-3)
    ends = whole.arrays(), resumed.arrays()
    assert resumed.step == 6
    assert all(np.array_equal(ends[0][n], ends[1][n]) for n in ends[0])


def test_rate_warms_up_and_falls() -> None:
    """The rate rises to the peak and ends near a tenth of it."""
    rates = [learning_rate(i, 1000, 1.0) for i in range(1000)]
    assert max(rates) == pytest.approx(1.0)
    assert rates[0] < 0.02
    assert rates[-1] == pytest.approx(0.1, abs=1e-3)
