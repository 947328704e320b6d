"""Is the grid of a format the one that a cast to it rounds to?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from hubcheck.evidence.looks.change.stored import (
    narrowest,
    powers_below,
    rounded,
    rounding_variance,
    surely_on_grid,
    ulp,
)

Words = NDArray[np.uint32]
TORCH = {"BF16": torch.bfloat16, "F16": torch.float16, "F8_E4M3": torch.float8_e4m3fn}


@pytest.mark.parametrize("dtype", sorted(TORCH))
@given(st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=20))
def test_rounding_is_that_of_a_cast(dtype: str, values: list[float]) -> None:
    """Values rounded here are bit-equal to those a cast leaves, subnormal ones included."""
    array = np.array(values, dtype=np.float32)
    cast = torch.from_numpy(array.copy()).to(TORCH[dtype]).to(torch.float32).numpy()
    np.testing.assert_array_equal(rounded(array, dtype), cast)


@pytest.mark.parametrize("dtype", ["BF16", "F16", "F32"])
def test_the_format_of_values_is_told_whatever_file_they_lie_in(dtype: str) -> None:
    """A float32 file of bfloat16 values is known as such; a few strays change nothing."""
    values = np.random.default_rng(0).standard_normal(5000).astype(np.float32)
    held = rounded(values, dtype).astype(np.float32)
    assert narrowest(held) == dtype
    held[:3] = np.float32(1) + np.float32(2.0**-23)
    assert narrowest(held) == dtype


def test_the_variance_of_rounding_is_what_rounding_does() -> None:
    """The predicted variance is the mean square of real rounding errors, to a few per cent."""
    values = np.random.default_rng(1).standard_normal(200_000).astype(np.float32)
    error = rounded(values, "BF16") - values
    assert np.mean(error**2) == pytest.approx(rounding_variance(values, "BF16").mean(), rel=0.03)
    assert ulp(np.array([1.0]), "BF16")[0] == 2.0**-7


@given(hnp.arrays(np.uint32, st.integers(1, 20)), st.sampled_from(["BF16", "F16", "F32"]))
def test_what_surely_lies_on_a_grid_is_left_by_rounding(bits: Words, dtype: str) -> None:
    """The short way never says so of values that rounding would move, whatever their bits."""
    for pattern in (bits, bits & np.uint32(0xFFFF0000)):
        values = np.where(np.isfinite(pattern.view(np.float32)), pattern, 0).astype(np.uint32)
        floats = values.view(np.float32)
        if surely_on_grid(floats, dtype):
            np.testing.assert_array_equal(rounded(floats, dtype), floats)
        elif dtype == "BF16":
            assert (values & 0xFFFF).any()


@given(hnp.arrays(np.uint32, st.integers(1, 20)))
def test_powers_below_values(bits: Words) -> None:
    """Of every float32, the least ones and zero included, what frexp says in more time."""
    values = np.where(np.isfinite(bits.view(np.float32)), bits, 0).astype(np.uint32)
    floats = values.view(np.float32)
    mantissa, exponent = np.frexp(floats.astype(np.float64))
    wanted = np.where(mantissa == 0, 0.0, np.ldexp(1.0, exponent - 1))
    np.testing.assert_array_equal(powers_below(floats), wanted)
