"""Does equality prove nothing where any model would hold the same, and enough where not?"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from hubcheck.statistics.worth import Content, Worth, worth_of

Table = NDArray[np.floating]
RNG = np.random.default_rng(0)


def worth(values: NDArray[np.floating]) -> Worth:
    """Return the worth of values stored as float32."""
    rows = np.atleast_2d(values).astype("<f4")
    return worth_of(rows.reshape(-1).view("<u4"), rows)


def sinusoid(rows: int, columns: int, *, interleaved: bool) -> Table:
    """Return position embeddings as code computes them."""
    frequencies = 10_000.0 ** (-np.arange(0, columns, 2) / columns)
    angles = np.arange(rows)[:, None] * frequencies
    if interleaved:
        return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(rows, columns)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def stft() -> Table:
    """Return the kernels of a short-time Fourier transform: waves under a window."""
    n = np.arange(400)
    waves = np.cos(2 * np.pi * np.arange(8)[:, None] * n / 400)
    return waves * (0.5 - 0.5 * np.cos(2 * np.pi * n / 400))


COMPUTED: dict[str, Callable[[], Table]] = {
    "ones": lambda: np.ones((8, 64)),
    "zeros": lambda: np.zeros((1, 256)),
    "a mask": lambda: np.tril(np.ones((64, 64))),
    "a mask of infinities": lambda: np.triu(np.full((64, 64), -np.inf), 1),
    "a gain that barely moved": lambda: np.where(np.arange(512) % 9 == 0, RNG.random(512), 1.0),
    "ternary weights": lambda: RNG.integers(-1, 2, (32, 64)) * 0.37,
    "a ramp": lambda: np.arange(512.0),
    "a ramp down columns": lambda: np.arange(64.0)[:, None] + np.zeros((64, 4)),
    "frequencies": lambda: 10_000.0 ** (-np.arange(0, 64, 2) / 64),
    "a schedule": lambda: np.cumprod(1 - np.linspace(1e-4, 0.02, 1000)),
    "a sinusoid in halves": lambda: sinusoid(8, 128, interleaved=False),
    "a sinusoid interleaved": lambda: sinusoid(8, 128, interleaved=True),
    "a piece of a sinusoid's row": lambda: sinusoid(40, 2048, interleaved=True)[37:, :512],
    "a sinusoid in bfloat16": lambda: rounded(sinusoid(16, 64, interleaved=True)),
    "a rotary cache": lambda: np.tile(np.cos(np.arange(9)[:, None] * RNG.random(64)), 2),
    "sines alone": lambda: np.sin(np.arange(32)[:, None] * RNG.random(64)),
    "a window": lambda: 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(400) / 399),
    "a periodic window": lambda: 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400),
    "kernels of a transform": stft,
    "one row again and again": lambda: np.tile(RNG.standard_normal(64), (8, 1)),
}


def rounded(values: Table) -> Table:
    """Return values as bfloat16 keeps them, cut."""
    return (values.astype("<f4").view("<u4") & np.uint32(0xFFFF0000)).view("<f4")


@pytest.mark.parametrize("name", sorted(COMPUTED))
def test_what_any_model_holds_proves_nothing(name: str) -> None:
    """Constants, masks, ramps, waves, windows: equal by construction, so not counted."""
    found = worth(COMPUTED[name]())
    assert found.content is not Content.LEARNED
    assert found.log10_p == 0


@pytest.mark.parametrize(
    "values",
    [
        RNG.standard_normal((4, 256)),
        RNG.standard_normal((1, 64)),
        RNG.standard_normal((300, 3)),
        rounded(RNG.standard_normal((16, 256)) * 0.02),
        1 + 0.01 * RNG.standard_normal((1, 512)),
        np.abs(RNG.standard_normal((1, 512))),
        RNG.standard_normal((64, 1)),
        np.where(RNG.random((8, 128)) < 0.1, np.nan, RNG.standard_normal((8, 128))),
    ],
    ids=["matrix", "bias", "kernels", "bfloat16", "gain", "positive", "column", "with NaN"],
)
def test_what_was_learned_counts(values: Table) -> None:
    """Ordinary weights of any shape are evidence far beyond one in ten billion."""
    found = worth(values)
    assert found.content is Content.LEARNED
    assert found.log10_p < -10


@pytest.mark.parametrize("levels", [24, 64, 256])
def test_the_bound_on_one_value_holds(levels: int) -> None:
    """The share of the most frequent value, as taken, is not below the true one.

    Values of ``levels`` equal chances agree with probability 1 / levels. The bound per different
    value must not be lower in more than 5 % of samples, or it would claim too much.
    """
    rng = np.random.default_rng(levels)
    too_low = 0
    for _ in range(200):
        words = rng.integers(0, levels, 1024).astype("<u4")
        values = rng.standard_normal((8, 128)).astype("<f4")  # the shape test sees no shape
        found = worth_of(words, values)
        each = found.log10_p / found.distinct
        too_low += each < math.log10(1 / levels)
    assert too_low <= 10


def test_a_smooth_table_that_was_trained_is_left_out_and_not_overrated() -> None:
    """Trained positions that vary slowly look computed: they lose their vote, they gain none."""
    slow = np.cumsum(np.cumsum(RNG.standard_normal((64, 128)), axis=0), axis=0)
    assert worth(slow).log10_p == 0
