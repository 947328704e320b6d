"""Are two arrays of stored values summed up as exactly as promised, on any device, in any order?"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn
from numpy.typing import NDArray

from hubcheck.checkpoint.decode import decode
from hubcheck.devices.arrays import BLOCK, CHUNK, LONGEST, chunk_on
from hubcheck.devices.choice import NUMPY, TORCH_CPU, Device, Kind
from hubcheck.devices.reduction import NOTHING, PairSums, pair_sums, total

MEASURED = 2e-7
"""Relative error of sums over thousands of values; the largest seen is 1.0e-7."""
WORST = BLOCK * 2.0**-24 / (1 - BLOCK * 2.0**-24)
"""Relative error that no values whatever pass, by the bound on sums of ``BLOCK`` terms."""
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
    """Hold two results against each other: counts exact, sums to more digits than are told."""
    assert (found.values, found.equal) == (wanted.values, wanted.equal)
    for name in ("base_square", "subject_square", "change_square", "product", "largest"):
        scale = math.sqrt(wanted.base_square * wanted.subject_square) if name == "product" else 0
        assert getattr(found, name) == pytest.approx(
            getattr(wanted, name), rel=MEASURED, abs=MEASURED * scale
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


@pytest.mark.parametrize("dtype", ["BF16", "F16", "F32"])
@pytest.mark.parametrize("device", [NUMPY, TORCH_CPU], ids=["numpy", "torch"])
def test_every_length_is_summed_whole(device: Device, dtype: str) -> None:
    """Odd and even, shorter and longer than a block and a chunk: no value is lost or counted twice."""
    a, b = finite_words(dtype, CHUNK + 515, 1), finite_words(dtype, CHUNK + 515, 2)
    for n in (1, 2, 3, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, CHUNK - 1, CHUNK, CHUNK + 515):
        found = pair_sums(a[:n], b[:n], dtypes=(dtype, dtype), device=device)
        assert_close(found, plainly(a[:n], b[:n], dtype))


def test_values_of_two_dtypes_meet_at_their_place() -> None:
    """Values widened two at once, out of order, are never held against values that are in order."""
    values = np.random.default_rng(3).standard_normal(3000).astype(np.float32)
    upper = (values.view("<u4") >> 16).astype(np.uint16)
    again = (upper.astype("<u4") << 16).view("<u4")
    for pair, dtypes in (((upper, again), ("BF16", "F32")), ((again, upper), ("F32", "BF16"))):
        sums = pair_sums(*pair, dtypes=dtypes, bits=(upper, upper))
        assert (sums.change_square, sums.largest, sums.cosine) == (0.0, 0.0, 1.0)


def test_threads_do_not_use_each_others_memory() -> None:
    """Eight threads that sum side by side find what one finds after the other."""
    pairs = [
        (finite_words("BF16", 150_000, n), finite_words("BF16", 150_000, 50 + n))
        for n in range(1, 9)
    ]

    def summed(pair: tuple[NDArray[Any], NDArray[Any]]) -> PairSums:
        return pair_sums(*pair, dtypes=("BF16", "BF16"))

    alone = [summed(pair) for pair in pairs]
    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(summed, pairs * 4)] == alone * 4


@pytest.mark.parametrize("device", [NUMPY, TORCH_CPU], ids=["numpy", "torch"])
@pytest.mark.parametrize("spread", [0.0, 2.0], ids=["of one size", "of many sizes"])
def test_a_small_change_is_measured_to_seven_digits(device: Device, spread: float) -> None:
    """Sums over float32 blocks do not drift: the change and the angle of a fine-tune are right."""
    rng = np.random.default_rng(7)
    a = rng.lognormal(0, spread, 300_000) * rng.choice([-1, 1], 300_000)
    b = a * (1 + 1e-3 * rng.standard_normal(a.size))
    words = [x.astype(np.float32).view("<u4") for x in (a, b)]
    found, wanted = (
        pair_sums(words[0], words[1], dtypes=("F32", "F32"), device=device),
        plainly(words[0], words[1], "F32"),
    )
    assert_close(found, wanted)
    assert found.relative == pytest.approx(wanted.relative, rel=MEASURED)
    assert found.cosine == pytest.approx(wanted.cosine, abs=MEASURED)


@settings(max_examples=40, deadline=None)
@given(
    hn.arrays(
        np.float32, st.integers(1, 1500), elements=st.floats(-(2.0**126), 2.0**126, width=32)
    ),
    st.integers(0, 9),
)
def test_no_values_whatever_pass_the_bound(values: NDArray[np.float32], seed: int) -> None:
    """Squares that overflow a float32, or vanish in it, are summed all the same."""
    other = np.random.default_rng(seed).permutation(values)
    words = values.view("<u4"), other.view("<u4")
    found = pair_sums(*words, dtypes=("F32", "F32"))
    wanted = plainly(*words, "F32")
    for name in ("base_square", "subject_square", "change_square"):
        assert getattr(found, name) == pytest.approx(getattr(wanted, name), rel=WORST), name
    scale = math.sqrt(wanted.base_square * wanted.subject_square)
    assert abs(found.product - wanted.product) <= WORST * scale


@pytest.mark.parametrize("size", [1e-30, 1e-18, 1e25])
def test_values_beyond_the_squares_of_a_float32(size: float) -> None:
    """A model that was scaled far up or down has the change that it had."""
    values = np.random.default_rng(1).standard_normal((2, 3000)).astype(np.float32)
    first, second = (np.asarray(v * np.float32(size), dtype=np.float32) for v in values)
    found = pair_sums(first.view("<u4"), second.view("<u4"), dtypes=("F32", "F32"))
    assert found.relative == pytest.approx(
        np.linalg.norm(values[1] - values[0]) / np.linalg.norm(values[0]), rel=1e-5
    )


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


def test_accelerators_cut_sums_alike_whatever_is_free() -> None:
    """Two with room for a chunk have the same; a small one a power of two, never under a CPU's."""
    assert chunk_on(20 << 30) == chunk_on((1 << 30) + 12345) == LONGEST
    assert chunk_on(100_000_001) == 1 << 20
    assert chunk_on(0) == CHUNK
    assert LONGEST % BLOCK == CHUNK % BLOCK == 0
