"""Is the best match of every row found, on any device, in blocks of any size?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hubcheck.devices.choice import NUMPY, TORCH_CPU, Device, Kind
from hubcheck.devices.matching import best_matches

THREADED = Device(kind=Kind.NUMPY, threads=2)


def rows(seed: int, n: int, f: int) -> NDArray[np.float32]:
    """Return rows of unit length."""
    drawn = np.random.default_rng(seed).standard_normal((n, f)).astype(np.float32)
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), dtype=np.float32)


def plainly(
    a: NDArray[np.float32], b: NDArray[np.float32], *, signed: bool
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
    """Return index, value and second best from the whole matrix of products."""
    product = a @ b.T
    size = product if signed else np.abs(product)
    order = np.argsort(-size, axis=1, kind="stable")
    at = np.arange(len(a))
    second = size[at, order[:, 1]] if b.shape[0] > 1 else np.full(len(a), -np.inf, np.float32)
    return order[:, 0], product[at, order[:, 0]], second


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**31),
    st.integers(0, 40),
    st.integers(1, 40),
    st.integers(1, 9),
    st.booleans(),
    st.integers(12, 4000),
)
def test_blocks_do_not_matter(
    seed: int, n: int, m: int, f: int, signed: bool, block_bytes: int
) -> None:
    """Whatever the memory for a block, the match is that of the whole matrix."""
    a, b = rows(seed, n, f), rows(seed + 1, m, f)
    found = best_matches(a, b, signed=signed, block_bytes=block_bytes)
    _, value, second = plainly(a, b, signed=signed)
    np.testing.assert_allclose(np.abs(found.value), np.abs(value), atol=1e-6)
    np.testing.assert_allclose(found.second, second, atol=1e-6)
    np.testing.assert_allclose((a * b[found.index]).sum(axis=1), found.value, atol=1e-6)


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("device", [NUMPY, THREADED, TORCH_CPU], ids=["numpy", "threads", "torch"])
def test_every_device_gives_the_same_match(device: Device, signed: bool) -> None:
    """NumPy, NumPy on threads and torch name the same rows, and agree in the products."""
    a, b = rows(1, 300, 24), rows(2, 500, 24)
    found = best_matches(a, b, signed=signed, device=device, block_bytes=50_000)
    index, value, second = plainly(a, b, signed=signed)
    assert np.array_equal(found.index, index)
    np.testing.assert_allclose(found.value, value, atol=1e-6)
    np.testing.assert_allclose(found.second, second, atol=1e-6)
    assert found.index.dtype == np.int64
    assert found.value.dtype == found.second.dtype == np.float32


def test_the_sign_of_the_best_match_is_told() -> None:
    """A row that is there with its sign turned matches by magnitude, and says so."""
    b = rows(3, 50, 16)
    found = best_matches(-b[[7]], b, signed=False)
    assert found.index.tolist() == [7]
    assert found.value[0] == pytest.approx(-1, abs=1e-6)
    assert best_matches(-b[[7]], b, signed=True).index.tolist() != [7]


@pytest.mark.parametrize("device", [NUMPY, TORCH_CPU], ids=["numpy", "torch"])
def test_the_first_of_equal_rows_wins(device: Device) -> None:
    """Copies of one row tie; the first counts, also where a block ends between them."""
    b = np.tile(rows(4, 1, 8), (30, 1))
    found = best_matches(b[:2], b, signed=True, device=device, block_bytes=120)
    assert found.index.tolist() == [0, 0]
    np.testing.assert_allclose(found.second, found.value)


def test_rows_that_cannot_be_matched_are_refused() -> None:
    """Nothing to match with, or rows of another width, are errors."""
    with pytest.raises(ValueError, match="cannot be matched"):
        best_matches(rows(0, 2, 3), rows(0, 0, 3), signed=True)
    with pytest.raises(ValueError, match="cannot be matched"):
        best_matches(rows(0, 2, 3), rows(0, 2, 4), signed=True)
