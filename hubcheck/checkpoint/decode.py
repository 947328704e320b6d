"""Which number does each stored byte pattern stand for?

Everything becomes float32: exact for F32, F16, BF16 and the eight-bit floats, rounded to nearest
for F64 and wide integers. F64 outside the range of float32 becomes infinity. NaN and infinity are
kept; ``rows.require_finite`` refuses them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hubcheck.errors import UnreadableError, UnsupportedFormatError, printable

DTYPE_BITS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "F4": 4,
        "F6_E2M3": 6,
        "F6_E3M2": 6,
        "BOOL": 8,
        "U8": 8,
        "I8": 8,
        "F8_E4M3": 8,
        "F8_E4M3FN": 8,
        "F8_E5M2": 8,
        "F8_E8M0": 8,
        "F8_E4M3FNUZ": 8,
        "F8_E5M2FNUZ": 8,
        "U16": 16,
        "I16": 16,
        "F16": 16,
        "BF16": 16,
        "U32": 32,
        "I32": 32,
        "F32": 32,
        "C64": 64,
        "U64": 64,
        "I64": 64,
        "F64": 64,
    }
)
"""Bits of one stored value, by the names that the safetensors format defines."""

INTEGER_DTYPES: Final = frozenset({"BOOL", "U8", "I8", "U16", "I16", "U32", "I32", "U64", "I64"})

_STORED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "U8": "<u1",
        "I8": "<i1",
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
)


class _EightBitFloat(NamedTuple):
    """Layout of a float of one sign bit, ``7 - mantissa_bits`` exponent bits and a mantissa."""

    mantissa_bits: int
    bias: int
    infinities: bool
    """True: the top exponent means infinity or NaN, as in IEEE 754."""
    negative_zero_is_nan: bool
    """True (the FNUZ kinds): 0x80 is the only NaN. False: an all-ones magnitude is NaN."""


_EIGHT_BIT: Final[Mapping[str, _EightBitFloat]] = MappingProxyType(
    {
        "F8_E4M3": _EightBitFloat(3, 7, infinities=False, negative_zero_is_nan=False),
        "F8_E4M3FN": _EightBitFloat(3, 7, infinities=False, negative_zero_is_nan=False),
        "F8_E5M2": _EightBitFloat(2, 15, infinities=True, negative_zero_is_nan=False),
        "F8_E4M3FNUZ": _EightBitFloat(3, 8, infinities=False, negative_zero_is_nan=True),
        "F8_E5M2FNUZ": _EightBitFloat(2, 16, infinities=False, negative_zero_is_nan=True),
    }
)


def bits_of(dtype: str) -> int:
    """Return the bits of one value of ``dtype``.

    Raises:
        UnsupportedFormatError: the dtype is not one of ``DTYPE_BITS``.
    """
    bits = DTYPE_BITS.get(dtype)
    if bits is None:
        raise _unsupported(dtype, "hubcheck does not know this dtype.")
    return bits


def bytes_of(dtype: str) -> int:
    """Return the whole bytes of one value of ``dtype``.

    Raises:
        UnsupportedFormatError: the dtype is unknown, or values do not fill whole bytes.
    """
    bits = bits_of(dtype)
    if bits % 8:
        raise _unsupported(dtype, "values narrower than a byte need scales that lie elsewhere.")
    return bits // 8


def decode(raw: bytes, dtype: str) -> NDArray[np.float32]:
    """Return the values that ``raw`` stores.

    Args:
        raw: Little-endian values, packed without gaps.
        dtype: The dtype as written in the header.

    Returns:
        A fresh writable float32 array, shape [len(raw) / bytes per value].

    Raises:
        UnsupportedFormatError: the dtype is unknown, complex, or narrower than a byte.
        UnreadableError: ``raw`` ends inside a value.
    """
    width = bytes_of(dtype)
    if len(raw) % width:
        raise UnreadableError(
            f"{len(raw)} bytes do not hold whole {dtype} values of {width} bytes.",
            cause="the file is truncated.",
            next_step="download the file again.",
        )
    if dtype == "BF16":
        # The upper half of a float32 is a bfloat16: no arithmetic, one strided copy.
        halves = np.zeros(len(raw), dtype=np.uint16)
        halves[1::2] = np.frombuffer(raw, dtype="<u2")
        return halves.view(np.float32)
    if dtype == "BOOL":
        return np.frombuffer(raw, dtype=np.uint8).astype(np.bool_).astype(np.float32)
    if dtype in _STORED:
        stored = np.frombuffer(raw, dtype=_STORED[dtype])
        with np.errstate(over="ignore", invalid="ignore"):
            return stored.astype(np.float32)
    if dtype == "F8_E8M0" or dtype in _EIGHT_BIT:
        return np.take(_table(dtype), np.frombuffer(raw, dtype=np.uint8))
    raise _unsupported(dtype, "weights of this kind are not real numbers.")


@cache
def _table(dtype: str) -> NDArray[np.float32]:
    """Return the value of each of the 256 codes of an eight-bit float."""
    codes = np.arange(256)
    if dtype == "F8_E8M0":
        return np.append(np.ldexp(1.0, codes[:255] - 127), np.nan).astype(np.float32)
    kind = _EIGHT_BIT[dtype]
    exponents = (codes & 0x7F) >> kind.mantissa_bits
    fractions = (codes & 0x7F) & ((1 << kind.mantissa_bits) - 1)
    normal = exponents > 0
    significands = fractions + np.where(normal, 1 << kind.mantissa_bits, 0)
    scales = np.where(normal, exponents, 1) - kind.bias - kind.mantissa_bits
    values = np.empty(256, dtype=np.float32)
    values[:] = np.copysign(np.ldexp(significands.astype(np.float64), scales), 0.5 - (codes >> 7))
    if kind.negative_zero_is_nan:
        values[0x80] = np.nan
    elif kind.infinities:
        top = exponents == exponents.max()
        values[top & (fractions > 0)] = np.nan
        values[top & (fractions == 0)] = [np.inf, -np.inf]
    else:
        values[[0x7F, 0xFF]] = np.nan
    return values


def _unsupported(dtype: str, cause: str) -> UnsupportedFormatError:
    """Return the refusal of a dtype."""
    return UnsupportedFormatError(
        f"Weights are stored as {printable(dtype, limit=40)}, which hubcheck does not read.",
        cause=cause,
        next_step="check the unquantised release of this model.",
        format_name=printable(dtype, limit=40),
    )
