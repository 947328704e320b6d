"""Are values equal exactly where storing one as the other makes them so?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn
from numpy.typing import NDArray

from hubcheck.checkpoint.decode import decode
from hubcheck.evidence.looks.whole.equality import comparable_bits, compared_as, narrower, rounded
from hubcheck.evidence.looks.whole.halves import UNPACKED

TORCH = {
    "BF16": torch.bfloat16,
    "F16": torch.float16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
}
LARGEST = {"BF16": 1e30, "F16": 60000.0, "F8_E4M3": 448.0, "F8_E5M2": 57344.0}


@pytest.mark.parametrize("dtype", TORCH)
@settings(max_examples=60, deadline=None)
@given(values=hn.arrays(np.float32, st.integers(1, 40), elements=st.floats(-1, 1, width=32)))
def test_rounding_is_that_of_torch(dtype: str, values: NDArray[np.float32]) -> None:
    """To nearest, ties to even, over the whole range: bit for bit what a conversion stores."""
    values = values * np.float32(LARGEST[dtype])
    stored = torch.tensor(values).to(TORCH[dtype])
    words = rounded(values, dtype)
    found = decode(words.tobytes(), dtype)
    assert np.array_equal(found, stored.float().numpy())


@pytest.mark.parametrize("dtype", ["F8_E4M3", "F8_E5M2"])
def test_ties_go_to_even(dtype: str) -> None:
    """Every value half way between two neighbours goes where torch puts it."""
    table = np.sort(decode(bytes(range(256)), dtype))
    table = np.unique(table[np.isfinite(table)])
    middles = ((table[1:] + table[:-1]) / 2).astype(np.float32)
    found = decode(rounded(middles, dtype).tobytes(), dtype)
    assert np.array_equal(found, torch.tensor(middles).to(TORCH[dtype]).float().numpy())


def test_words_of_one_dtype_are_compared_as_they_are() -> None:
    """Equal dtypes: bits, so that zero and minus zero differ."""
    a, b = np.array([[0x0000]], np.uint16), np.array([[0x8000]], np.uint16)
    left, right = comparable_bits(a, b, "BF16", "BF16")
    assert left[0] != right[0]


@pytest.mark.parametrize(
    ("base", "subject", "dtype"),
    [
        ("BF16", "BF16", ""),
        ("BF16", "F32", "BF16"),
        ("F32", "F16", "F16"),
        ("F16", "BF16", "BF16"),
        ("F64", "F32", "F32"),
        ("F8_E4M3", "BF16", "F8_E4M3"),
        ("I8", "BF16", "F32"),
        (UNPACKED, "BF16", UNPACKED),
        (UNPACKED, UNPACKED, UNPACKED),
    ],
)
def test_values_are_compared_in_the_narrower_dtype(base: str, subject: str, dtype: str) -> None:
    """The narrower dtype decides, from either side."""
    assert compared_as(base, subject) == compared_as(subject, base) == dtype
    assert narrower(base, subject) == narrower(subject, base)
