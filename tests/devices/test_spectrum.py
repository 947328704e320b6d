"""Are the singular values right?"""

from __future__ import annotations

import numpy as np
import pytest

from hubcheck.devices.choice import NUMPY, TORCH_CPU, Device
from hubcheck.devices.spectrum import singular_values


@pytest.mark.parametrize("device", [NUMPY, TORCH_CPU], ids=["numpy", "torch"])
@pytest.mark.parametrize("shape", [(30, 80), (80, 30), (1, 7), (7, 1), (20, 20)])
def test_they_are_those_of_a_decomposition(device: Device, shape: tuple[int, int]) -> None:
    """Wide, tall and square samples have the singular values that LAPACK finds, in order."""
    sample = np.random.default_rng(0).standard_normal(shape)
    found = singular_values(sample, device)
    np.testing.assert_allclose(found, np.linalg.svd(sample, compute_uv=False), rtol=1e-9)


def test_an_empty_sample_has_none() -> None:
    """No rows, no singular values."""
    assert singular_values(np.empty((0, 5))).size == 0
