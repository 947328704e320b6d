"""Are two arrays of stored values summed up exactly, on any device, in any order?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn
from numpy.typing import NDArray

from hubcheck.checkpoint.decode import decode
from hubcheck.devices.choice import NUMPY, TORCH_CPU, Device, Kind
from hubcheck.devices.reduction import NOTHING, PairSums, pair_sums, total

WORD = {"BF16": np.uint16, "F16": np.uint16, "F32": np.uint32}


def finite_words(dtype: str, n: int, seed: int) -> NDArray[Any]:
    """Return words of ordinary values."""
    values = np.random.default_rng(seed).standard_normal(n).astype(np.float32)
    if dtype == "BF16":
        return (values.view(np.uint32) >> 16).astype(np.uint16)
    return values.astype("<f2").view("<u2") if dtype == "F16" else values.view("<u4")


def plainly(a: NDArray[Any], b: NDArray[Any], dtype: str) -> PairSums:
    """Return the sums by the textbook, in float64."""
    x, y = (decode(w.tobytes(), dtype).astype(np.float64) for w in (a, b))
    return PairSums(
        values=x.size,
        equal=int((a == b).sum()),
        base_square=math.fsum(x * x),
        subject_square=math.fsum(y * y),
        change_square=math.fsum((y - x) ** 2),
        product=math.fsum(x * y),
        largest=float(np.abs(y - x).max(initial=0.0)),
    )


def assert_close(found: PairSums, wanted: PairSums) -> None:
    """Hold two results against each other: counts exact, sums to eleven digits."""
    assert (found.values, found.equal) == (wanted.values, wanted.equal)
    for name in ("base_square", "subject_square", "change_square", "product", "largest"):
        scale = math.sqrt(wanted.base_square * wanted.subject_square) if name == "product" else 0
        assert getattr(found, name) == pytest.approx(
            getattr(wanted, name), rel=1e-11, abs=1e-13 * scale
        ), name


@pytest.mark.parametrize("dtype", ["BF16", "F16", "F32"])
@pytest.mark.parametrize("device", [NUMPY, TORCH_CPU], ids=["numpy", "torch"])
def test_the_sums_are_those_of_the_values(device: Device, dtype: str) -> None:
    """Over several chunks, with equal and changed values, each device gives the textbook's sums."""
    a = finite_words(dtype, 200_000, 1)
    b = a.copy()
    b[70_000:] = finite_words(dtype, 130_000, 2)
    found = pair_sums(a, b, dtypes=(dtype, dtype), device=device)
    assert_close(found, plainly(a, b, dtype))
    assert found.equal >= 70_000


def test_a_device_without_float64_leaves_the_sums_to_numpy() -> None:
    """MPS has no float64: the numbers are NumPy's, bit for bit, and torch is not asked."""
    a, b = finite_words("BF16", 1000, 1), finite_words("BF16", 1000, 2)
    dtypes = ("BF16", "BF16")
    mps = Device(kind=Kind.MPS)
    assert pair_sums(a, b, dtypes=dtypes, device=mps) == pair_sums(a, b, dtypes=dtypes)


@settings(max_examples=60, deadline=None)
@given(hn.arrays(np.uint16, st.integers(1, 50)), st.sampled_from(["BF16", "F16"]))
def test_any_bits_are_summed_or_told_not_finite(words: NDArray[Any], dtype: str) -> None:
    """Whatever 16 bits hold, sums are finite exactly where every value is."""
    values = decode(words.tobytes(), dtype)
    with np.errstate(all="ignore"):
        for other in (words, words[::-1].copy()):
            sums = pair_sums(words, other, dtypes=(dtype, dtype))
            assert sums.finite == bool(np.isfinite(values).all())


@given(st.lists(st.floats(-1e30, 1e30), min_size=1, max_size=20), st.randoms())
def test_the_order_of_parts_does_not_matter(numbers: list[float], random: Any) -> None:
    """Parts add up to the same bits in any order: processes may finish as they like."""
    parts = [
        PairSums(
            values=1,
            equal=n % 2,
            base_square=abs(x),
            subject_square=abs(x) / 3,
            change_square=abs(x) / 7,
            product=x,
            largest=abs(x),
        )
        for n, x in enumerate(numbers)
    ]
    shuffled = parts.copy()
    random.shuffle(shuffled)
    assert total(parts) == total(shuffled)


def test_nothing_adds_up_to_nothing() -> None:
    """The sum of no parts has no values and no change, and its ratios are those of equality."""
    assert total([]) == NOTHING
    assert (NOTHING.relative, NOTHING.cosine) == (0.0, 1.0)


def test_ratios_of_a_zero_array() -> None:
    """A base of zeros that was filled has changed without bound and points nowhere."""
    zeros, ones = np.zeros(8, np.uint16), np.full(8, 0x3F80, np.uint16)
    sums = pair_sums(zeros, ones, dtypes=("BF16", "BF16"))
    assert sums.relative == math.inf
    assert sums.cosine == 0.0
    assert pair_sums(ones, ones, dtypes=("BF16", "BF16")).cosine == 1.0


def test_equality_can_be_that_of_other_bits() -> None:
    """Where dtypes differ the caller says what is compared; the sums are of the values all the same."""
    a = finite_words("F32", 100, 5)
    b = (a >> 16).astype(np.uint16)
    sums = pair_sums(a, b, dtypes=("F32", "BF16"), bits=(b, b))
    assert sums.equal == 100
    assert 0 < sums.relative < 2**-7


def test_arrays_that_do_not_fit_are_refused() -> None:
    """Different lengths, and bits of two dtypes, are errors."""
    a = finite_words("F32", 10, 1)
    with pytest.raises(ValueError, match="held against"):
        pair_sums(a, a[:5], dtypes=("F32", "F32"))
    with pytest.raises(ValueError, match="cannot equal"):
        pair_sums(a, finite_words("BF16", 10, 1), dtypes=("F32", "BF16"))
