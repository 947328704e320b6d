"""Are the singular values right, and is what is said of them without asking for them?"""

from __future__ import annotations

import numpy as np
import pytest

from hubcheck.devices.choice import NUMPY, TORCH_CPU, Device
from hubcheck.devices.spectrum import Spectrum


@pytest.mark.parametrize("device", [NUMPY, TORCH_CPU], ids=["numpy", "torch"])
@pytest.mark.parametrize("shape", [(30, 80), (80, 30), (1, 7), (7, 1), (20, 20)])
def test_they_are_those_of_a_decomposition(device: Device, shape: tuple[int, int]) -> None:
    """Wide, tall and square samples have the singular values that LAPACK finds, in order."""
    sample = np.random.default_rng(0).standard_normal(shape)
    spectrum, wanted = Spectrum(sample, device), np.linalg.svd(sample, compute_uv=False)
    np.testing.assert_allclose(spectrum.values(), wanted, rtol=1e-9)
    assert spectrum.energy == pytest.approx(float((wanted**2).sum()))


@pytest.mark.parametrize("device", [NUMPY, TORCH_CPU], ids=["numpy", "torch"])
@pytest.mark.parametrize("rank", [1, 5, 40])
def test_no_less_is_beyond_than_is_promised(device: Device, rank: int) -> None:
    """Of flat and of steep spectra, of every number of values: and of a flat one most is seen."""
    rng = np.random.default_rng(rank)
    sample = rng.standard_normal((40, rank)) @ rng.standard_normal((rank, 90))
    spectrum = Spectrum(sample, device)
    squares = np.linalg.svd(sample, compute_uv=False) ** 2
    for most in range(41):
        left = float(squares[most:].sum())
        assert spectrum.least_beyond(most) <= left + 1e-9 * spectrum.energy
    flat = Spectrum(np.eye(40), device)
    assert flat.least_beyond(10) == pytest.approx(20)
