"""Does the spectrum tell a copied training from a copied initialisation?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from hubcheck.statistics.spectrum import (
    COMMON_INITIALISATION_RATIO,
    LEAST_BULK,
    SpectrumShare,
    spectrum_share,
)
from tests.statistics.nulls import Array

UNITS, FEATURES, LEARNED_RANK = 192, 128, 6


def initial(rng: np.random.Generator) -> Array:
    """Return initial noise with singular values up to about 2."""
    return np.asarray(rng.standard_normal((UNITS, FEATURES)) / np.sqrt(FEATURES))


def learned(rng: np.random.Generator) -> Array:
    """Return what training wrote: few directions, far above the noise."""
    left = np.linalg.qr(rng.standard_normal((UNITS, LEARNED_RANK)))[0]
    right = np.linalg.qr(rng.standard_normal((FEATURES, LEARNED_RANK)))[0]
    return np.asarray(8 * left @ right.T)


def base(seed: int) -> tuple[Array, np.random.Generator]:
    """Return a trained matrix with the generator that follows it."""
    rng = np.random.default_rng(seed)
    return initial(rng) + learned(rng), rng


@pytest.mark.parametrize("decay", [1.0, 0.7, 0.5])
@pytest.mark.parametrize("seed", range(4))
def test_equal_noise_with_other_learning_is_a_common_initialisation(
    seed: int, decay: float
) -> None:
    """The same initial weights, faded or not, trained on other data: bulk kept, top not."""
    rng = np.random.default_rng(seed)
    noise = initial(rng)
    a = noise + learned(rng)
    b = decay * noise + learned(rng) + 0.3 * initial(rng)
    share = spectrum_share(a, b)
    assert share.says_common_initialisation
    assert share.bulk == pytest.approx(decay, abs=0.15)
    assert abs(share.top) < 0.3


Change = Callable[[Array, np.random.Generator], Array]


def fine_tuned(a: Array, rng: np.random.Generator) -> Array:
    """Return a small dense change."""
    return a + 0.1 * initial(rng)


def noisy(a: Array, rng: np.random.Generator) -> Array:
    """Return noise of one standard deviation added."""
    return np.asarray(a + a.std() * rng.standard_normal(a.shape))


def merged(a: Array, rng: np.random.Generator) -> Array:
    """Return a 60/40 merge with a stranger."""
    return 0.6 * a + 0.4 * (initial(rng) + learned(rng))


def quantised(a: Array, _: np.random.Generator) -> Array:
    """Return 15 levels per row."""
    step = np.abs(a).max(axis=1, keepdims=True) / 7
    return np.asarray(np.round(a / step) * step)


def long_trained(a: Array, rng: np.random.Generator) -> Array:
    """Return what faded by a third while the same and new directions were learned."""
    return 0.65 * a + learned(rng) + 0.5 * initial(rng)


@pytest.mark.parametrize("change", [fine_tuned, noisy, merged, quantised, long_trained])
@pytest.mark.parametrize("seed", range(4))
def test_derived_matrices_are_no_common_initialisation(seed: int, change: Change) -> None:
    """What was trained is kept as well as what was initial: derivation, not a shared seed."""
    a, rng = base(seed)
    share = spectrum_share(a, change(a, rng))
    assert not share.says_common_initialisation
    assert share.bulk >= LEAST_BULK
    assert share.top / share.bulk == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize("seed", range(4))
def test_strangers_share_neither_part(seed: int) -> None:
    """Unrelated matrices keep nothing, and their ratio is never read as a verdict."""
    a, rng = base(seed)
    share = spectrum_share(a, initial(rng) + learned(rng))
    assert abs(share.top) < 0.3
    assert abs(share.bulk) < 0.1
    assert not share.says_common_initialisation


def test_a_copy_keeps_all_and_a_factor_is_seen() -> None:
    """A matrix against itself gives 1 and 1; against half of itself one half; signs count."""
    a, _ = base(9)
    for factor in (1.0, 0.5, -1.0):
        share = spectrum_share(a, factor * a)
        assert share.top == pytest.approx(factor)
        assert share.bulk == pytest.approx(factor)


def test_parts_do_not_depend_on_the_frame() -> None:
    """Turning units and channels of both matrices alike changes nothing."""
    a, rng = base(10)
    b = 0.7 * a + initial(rng)
    left = np.linalg.qr(rng.standard_normal((UNITS, UNITS)))[0]
    right = np.linalg.qr(rng.standard_normal((FEATURES, FEATURES)))[0]
    before, after = spectrum_share(a, b), spectrum_share(left @ a @ right, left @ b @ right)
    assert after.top == pytest.approx(before.top)
    assert after.bulk == pytest.approx(before.bulk)


@pytest.mark.parametrize(
    ("ratio", "bulk", "says"),
    [
        (0.06, 0.71, True),
        (0.14, 0.51, True),
        (0.66, 0.4, True),
        (0.83, 0.28, True),
        (-0.2, 0.5, True),
        (0.93, 0.5, False),
        (0.99, 0.6, False),
        (1.22, 1.0, False),
        (0.0, 0.22, False),
        (0.0, 0.0, False),
    ],
)
def test_measured_figures_decide_as_measured(ratio: float, bulk: float, says: bool) -> None:
    """Ratios of top to bulk measured on small trained models fall on their own side of the rule."""
    assert SpectrumShare(top=ratio * bulk, bulk=bulk).says_common_initialisation is says


def test_the_boundary() -> None:
    """The least bulk belongs to a common initialisation, the limiting ratio does not."""
    below = COMMON_INITIALISATION_RATIO - 1e-9
    assert SpectrumShare(top=0.0, bulk=LEAST_BULK).says_common_initialisation
    assert not SpectrumShare(top=0.0, bulk=LEAST_BULK - 1e-9).says_common_initialisation
    assert SpectrumShare(top=below, bulk=1.0).says_common_initialisation
    assert not SpectrumShare(top=COMMON_INITIALISATION_RATIO, bulk=1.0).says_common_initialisation


def test_parts_are_the_top_sixteenth_and_the_bottom_half() -> None:
    """Of 32 directions the first two are the top and the last 16 the bulk, weighed by their energy."""
    values = np.linspace(4, 1, 32)
    held = np.linspace(0.1, 0.9, 32)
    share = spectrum_share(np.diag(values), np.diag(values * held))
    energy = values**2
    assert share.top == pytest.approx(np.average(held[:2], weights=energy[:2]))
    assert share.bulk == pytest.approx(np.average(held[16:], weights=energy[16:]))


def test_nothing_to_hold() -> None:
    """A base of zeros has no parts: both shares are 0 and nothing is said."""
    share = spectrum_share(np.zeros((8, 4)), np.ones((8, 4)))
    assert (share.top, share.bulk, share.says_common_initialisation) == (0.0, 0.0, False)


@pytest.mark.parametrize("shape", [(2, 2), (3, 40), (40, 3)])
def test_small_and_oblong_blocks(shape: tuple[int, int]) -> None:
    """The least block of 2 x 2 and blocks far from square are measured too."""
    a = np.random.default_rng(11).standard_normal(shape).astype(np.float32)
    share = spectrum_share(a, a)
    assert share.top == pytest.approx(1)
    assert share.bulk == pytest.approx(1)
