"""Does every stored byte pattern become the number that torch reads from it?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.checkpoint.decode import DTYPE_BITS, INTEGER_DTYPES, bits_of, bytes_of, decode
from hubcheck.errors import UnreadableError, UnsupportedFormatError

SIXTEEN_BIT = {"F16": torch.float16, "BF16": torch.bfloat16}
EIGHT_BIT = {
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E4M3FN": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "F8_E4M3FNUZ": torch.float8_e4m3fnuz,
    "F8_E5M2FNUZ": torch.float8_e5m2fnuz,
    "F8_E8M0": torch.float8_e8m0fnu,
}
NUMPY = {
    "U8": "u1",
    "I8": "i1",
    "U16": "<u2",
    "I16": "<i2",
    "U32": "<u4",
    "I32": "<i4",
    "U64": "<u8",
    "I64": "<i8",
    "F16": "<f2",
    "F32": "<f4",
    "F64": "<f8",
}


@pytest.mark.parametrize("dtype", [*SIXTEEN_BIT, *EIGHT_BIT])
def test_every_code_of_a_short_float_equals_torch_to_the_bit(dtype: str) -> None:
    """All 65,536 or 256 codes agree with torch: bit for bit, NaN with NaN."""
    if dtype in SIXTEEN_BIT:
        raw, kind = np.arange(65536, dtype="<u2").tobytes(), SIXTEEN_BIT[dtype]
    else:
        raw, kind = bytes(range(256)), EIGHT_BIT[dtype]
    expected = torch.frombuffer(bytearray(raw), dtype=kind).float().numpy()
    decoded = decode(raw, dtype)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.isnan(decoded), ~numbers)
    np.testing.assert_array_equal(
        decoded[numbers].view(np.uint32), expected[numbers].view(np.uint32)
    )


@given(raw=st.binary(max_size=64), dtype=st.sampled_from(sorted(NUMPY)))
def test_whole_values_equal_numpy_casting(raw: bytes, dtype: str) -> None:
    """Any bytes decode to what NumPy's own cast to float32 gives."""
    raw = raw[: len(raw) // bytes_of(dtype) * bytes_of(dtype)]
    with np.errstate(all="ignore"):
        expected = np.frombuffer(raw, dtype=NUMPY[dtype]).astype(np.float32)
    np.testing.assert_array_equal(decode(raw, dtype), expected)


@given(
    first=st.binary(max_size=64),
    second=st.binary(max_size=64),
    dtype=st.sampled_from(sorted(EIGHT_BIT)),
)
def test_decoding_pieces_equals_decoding_the_whole(first: bytes, second: bytes, dtype: str) -> None:
    """A value does not depend on its neighbours."""
    whole = decode(first + second, dtype)
    pieces = np.concatenate([decode(first, dtype), decode(second, dtype)])
    np.testing.assert_array_equal(whole, pieces)


@given(values=st.lists(st.floats(width=32, allow_nan=False), max_size=20))
def test_f32_and_f64_of_the_same_numbers_agree(values: list[float]) -> None:
    """Numbers that fit float32 come back unchanged from both widths."""
    wide = decode(np.array(values, dtype="<f8").tobytes(), "F64")
    narrow = decode(np.array(values, dtype="<f4").tobytes(), "F32")
    np.testing.assert_array_equal(wide, narrow)
    np.testing.assert_array_equal(narrow, np.array(values, dtype=np.float32))


def test_f64_outside_the_range_of_float32_becomes_infinity() -> None:
    """Saturation is silent here; ``require_finite`` reports it."""
    decoded = decode(np.array([1e300, -1e300, 1e-300]).tobytes(), "F64")
    assert decoded.tolist() == [np.inf, -np.inf, 0.0]


def test_any_nonzero_boolean_is_one() -> None:
    """A boolean byte other than 0 and 1 does not leak its value."""
    assert decode(b"\x00\x01\xff", "BOOL").tolist() == [0.0, 1.0, 1.0]


@pytest.mark.parametrize("dtype", sorted(NUMPY) + sorted(SIXTEEN_BIT) + sorted(EIGHT_BIT))
def test_the_result_is_fresh_writable_float32(dtype: str) -> None:
    """Callers may change the array without touching bytes or tables shared with others."""
    raw = bytes(16)
    before = decode(raw, dtype)
    before += 1
    assert before.dtype == np.float32
    np.testing.assert_array_equal(decode(raw, dtype) + 1, before)


@pytest.mark.parametrize("dtype", ["F4", "F6_E2M3", "F6_E3M2", "C64", "Q4_K", "f32", "\x1b[2J"])
def test_a_dtype_without_plain_real_values_is_named_and_refused(dtype: str) -> None:
    """Sub-byte, complex and unknown dtypes end in an error that carries their name."""
    with pytest.raises(UnsupportedFormatError) as caught:
        decode(bytes(24), dtype)
    assert caught.value.format_name == dtype.replace("\x1b", "\\x1b")
    assert caught.value.format_name in str(caught.value)


@pytest.mark.parametrize("dtype", ["F16", "BF16", "F32", "F64", "I64"])
def test_bytes_that_end_inside_a_value_are_refused(dtype: str) -> None:
    """Half a value is never dropped or guessed."""
    with pytest.raises(UnreadableError, match="7 bytes"):
        decode(bytes(7), dtype)


def test_widths_follow_the_names() -> None:
    """The digits of a dtype's name are its bits."""
    for dtype in DTYPE_BITS:
        digits = "".join(c for c in dtype.split("_")[0] if c.isdigit())
        assert bits_of(dtype) == (int(digits) if digits else 8)
    assert DTYPE_BITS.keys() > INTEGER_DTYPES
