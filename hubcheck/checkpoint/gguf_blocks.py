"""How is each block type of a GGUF tensor turned into weights?

A row is a run of blocks of 32 or 256 values; every block has its own scales, so rows can be read
alone. Layouts as in ggml (``ggml-common.h``); names in brackets are the fields, in order.

Q8_0 [d f16, 32 int8]; Q4_0 [d, 16 bytes], Q4_1 [d, m, 16 bytes]: the low nibbles are values 0 to
15, the high ones 16 to 31. Q5_0, Q5_1: with 32 fifth bits between. IQ4_NL: as Q4_0 through a table
of 16 values. MXFP4 [exponent, 16 bytes]: four-bit floats. The K types divide 256 values into
sub-blocks, whose scales are quantised themselves: Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_XS. TQ2_0 holds
2-bit codes of -1, 0, 1; TQ1_0 five such digits of base three in a byte. IQ1 to IQ3 look their
values up in code books, which ``gguf_code_books`` takes from the ``gguf`` package where it is
installed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.four_bit_floats import CODES
from hubcheck.checkpoint.gguf_code_books import SIZES, code_book_types, unpacker
from hubcheck.checkpoint.interface import TensorRecord
from hubcheck.frozen import frozen
from hubcheck.source.interface import Span

Bytes: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float32]

IQ4_VALUES: Final = np.asarray(
    [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], dtype=np.float32
)
"""Values of the IQ4 codes (``kvalues_iq4nl``)."""


def _half(field_bw: Bytes) -> Floats:
    """Return little-endian half floats, [b, w / 2]."""
    return np.ascontiguousarray(field_bw).view("<f2").astype(np.float32)


def _nibbles(packed: Bytes) -> Bytes:
    """Return low nibbles, then high nibbles, along the last axis."""
    return np.concatenate([packed & 0xF, packed >> 4], axis=-1)


def _fifth_bits(field_b4: Bytes) -> Bytes:
    """Return 32 single bits, the first in the lowest place, times 16."""
    return np.unpackbits(field_b4, axis=1, bitorder="little") << np.uint8(4)


def _q8_0(b: Bytes) -> Floats:
    return np.ascontiguousarray(b[:, 2:]).view(np.int8).astype(np.float32) * _half(b[:, :2])


def _q4_0(b: Bytes) -> Floats:
    return (_nibbles(b[:, 2:]).astype(np.float32) - np.float32(8)) * _half(b[:, :2])


def _q4_1(b: Bytes) -> Floats:
    return _nibbles(b[:, 4:]).astype(np.float32) * _half(b[:, :2]) + _half(b[:, 2:4])


def _q5_0(b: Bytes) -> Floats:
    codes = _nibbles(b[:, 6:]) | _fifth_bits(b[:, 2:6])
    return (codes.astype(np.float32) - np.float32(16)) * _half(b[:, :2])


def _q5_1(b: Bytes) -> Floats:
    codes = _nibbles(b[:, 8:]) | _fifth_bits(b[:, 4:8])
    return codes.astype(np.float32) * _half(b[:, :2]) + _half(b[:, 2:4])


def _iq4_nl(b: Bytes) -> Floats:
    return np.asarray(IQ4_VALUES[_nibbles(b[:, 2:])] * _half(b[:, :2]), dtype=np.float32)


def _mxfp4(b: Bytes) -> Floats:
    scale = np.ldexp(np.float32(1), b[:, :1].astype(np.int32) - 127)
    return np.asarray(CODES[_nibbles(b[:, 1:])] * scale, dtype=np.float32)


def _scales_and_mins(packed_b12: Bytes) -> tuple[Bytes, Bytes]:
    """Return the eight 6-bit scales and mins of Q4_K and Q5_K, each [b, 8].

    Bytes 0-3 and 4-7 hold the low six bits of the first four of each, their two top bits belong to
    the last four, whose low bits are the nibbles of bytes 8-11.
    """
    first, second, third = packed_b12[:, :4], packed_b12[:, 4:8], packed_b12[:, 8:]
    scales = [first & 0x3F, (third & 0xF) | ((first >> 6) << 4)]
    mins = [second & 0x3F, (third >> 4) | ((second >> 6) << 4)]
    return np.concatenate(scales, axis=1), np.concatenate(mins, axis=1)


def _k_affine(b: Bytes, codes_b8x32: Bytes) -> Floats:
    """Return d * scale * code - dmin * min for eight sub-blocks of 32."""
    scales, mins = _scales_and_mins(b[:, 4:16])
    step = _half(b[:, :2]) * scales.astype(np.float32)
    low = _half(b[:, 2:4]) * mins.astype(np.float32)
    values = codes_b8x32.astype(np.float32) * step[:, :, None] - low[:, :, None]
    return values.reshape(len(b), 256)


def _q4_k(b: Bytes) -> Floats:
    return _k_affine(b, _nibbles(b[:, 16:].reshape(-1, 4, 32)).reshape(-1, 8, 32))


def _q5_k(b: Bytes) -> Floats:
    codes = _nibbles(b[:, 48:].reshape(-1, 4, 32)).reshape(-1, 8, 32)
    bits = (b[:, 16:48].reshape(-1, 1, 32) >> np.arange(8, dtype=np.uint8)[:, None]) & np.uint8(1)
    return _k_affine(b, codes | (bits << np.uint8(4)))


def _q6_k(b: Bytes) -> Floats:
    low = b[:, :128].reshape(-1, 2, 1, 64)
    codes = np.concatenate([low & 0xF, low >> 4], axis=2).reshape(-1, 2, 4, 32)
    shifts = np.asarray([0, 2, 4, 6], dtype=np.uint8)[:, None]
    codes |= ((b[:, 128:192].reshape(-1, 2, 1, 32) >> shifts) & 3) << 4
    scales = np.ascontiguousarray(b[:, 192:208]).view(np.int8).astype(np.float32)
    steps = (scales * _half(b[:, 208:])).reshape(-1, 16, 1)
    values = (codes.reshape(-1, 16, 16).astype(np.float32) - np.float32(32)) * steps
    return values.reshape(len(b), 256)


def _two_bits(packed_b64: Bytes) -> Bytes:
    """Return the 2-bit codes of Q2_K and Q3_K as sub-blocks of 16, [b, 16, 16]."""
    shifts = np.asarray([0, 2, 4, 6], dtype=np.uint8)[:, None]
    codes = (packed_b64.reshape(-1, 2, 1, 32) >> shifts) & np.uint8(3)
    return codes.reshape(-1, 16, 16)


def _q2_k(b: Bytes) -> Floats:
    scales = b[:, :16].astype(np.uint8)
    step = _half(b[:, 80:82]) * (scales & 0xF).astype(np.float32)
    low = _half(b[:, 82:84]) * (scales >> 4).astype(np.float32)
    values = _two_bits(b[:, 16:80]).astype(np.float32) * step[:, :, None] - low[:, :, None]
    return values.reshape(len(b), 256)


def _q3_k(b: Bytes) -> Floats:
    high = (b[:, :32].reshape(-1, 1, 32) >> np.arange(8, dtype=np.uint8)[:, None]) & 1
    codes = _two_bits(b[:, 32:96]).astype(np.float32)
    codes -= (np.float32(4) * (1 - high.astype(np.float32))).reshape(-1, 16, 16)
    low = _nibbles(b[:, 96:104])
    shifts = np.asarray([0, 2, 4, 6], dtype=np.uint8)[:, None]
    top = ((b[:, 104:108].reshape(-1, 1, 4) >> shifts) & 3).reshape(-1, 16)
    scales = (low | (top << 4)).astype(np.float32) - np.float32(32)
    values = codes * (scales * _half(b[:, 108:]))[:, :, None]
    return values.reshape(len(b), 256)


def _iq4_xs(b: Bytes) -> Floats:
    top = np.ascontiguousarray(b[:, 2:4]).view("<u2")
    shifts = np.arange(8, dtype=np.uint16)
    low = np.stack([b[:, 4:8] & 0xF, b[:, 4:8] >> 4], axis=2).reshape(-1, 8)
    scales = (low | (((top >> (2 * shifts)) & 3) << 4).astype(np.uint8)).astype(np.float32)
    steps = _half(b[:, :2]) * (scales - np.float32(32))
    values = IQ4_VALUES[_nibbles(b[:, 8:].reshape(-1, 8, 16))] * steps[:, :, None]
    return np.asarray(values, dtype=np.float32).reshape(len(b), 256)


def _tq2_0(b: Bytes) -> Floats:
    shifts = np.asarray([0, 2, 4, 6], dtype=np.uint8)[:, None]
    codes = ((b[:, :64].reshape(-1, 2, 1, 32) >> shifts) & 3).reshape(len(b), 256)
    return (codes.astype(np.float32) - np.float32(1)) * _half(b[:, 64:])


def _base_three(packed: Bytes, width: int, digits: int) -> Bytes:
    """Return digits of base three from fixed-point fractions, digit after digit of ``width``."""
    powers = np.asarray([1, 3, 9, 27, 81], dtype=np.uint8)[:digits, None]
    shifted = packed.reshape(len(packed), -1, 1, width) * powers  # wraps: digits above drop out
    return ((shifted.astype(np.uint16) * 3) >> 8).astype(np.uint8).reshape(len(packed), -1)


def _tq1_0(b: Bytes) -> Floats:
    parts = (b[:, :32], 32, 5), (b[:, 32:48], 16, 5), (b[:, 48:52], 4, 4)
    codes = np.concatenate([_base_three(*part) for part in parts], axis=1)
    return (codes.astype(np.float32) - np.float32(1)) * _half(b[:, 52:])


class BlockType(NamedTuple):
    """One way to store a block."""

    n_values: int
    n_bytes: int
    unpack: Callable[[Bytes], Floats]
    """uint8 [blocks, n_bytes] to float32 [blocks, n_values]."""


BLOCKS: Final[Mapping[str, BlockType]] = MappingProxyType(
    {
        "Q8_0": BlockType(32, 34, _q8_0),
        "Q4_0": BlockType(32, 18, _q4_0),
        "Q4_1": BlockType(32, 20, _q4_1),
        "Q5_0": BlockType(32, 22, _q5_0),
        "Q5_1": BlockType(32, 24, _q5_1),
        "IQ4_NL": BlockType(32, 18, _iq4_nl),
        "MXFP4": BlockType(32, 17, _mxfp4),
        "Q2_K": BlockType(256, 84, _q2_k),
        "Q3_K": BlockType(256, 110, _q3_k),
        "Q4_K": BlockType(256, 144, _q4_k),
        "Q5_K": BlockType(256, 176, _q5_k),
        "Q6_K": BlockType(256, 210, _q6_k),
        "IQ4_XS": BlockType(256, 136, _iq4_xs),
        "TQ1_0": BlockType(256, 54, _tq1_0),
        "TQ2_0": BlockType(256, 66, _tq2_0),
    }
)
"""The block types that are read, by the name ggml gives them."""


def block_type(type_name: str) -> BlockType:
    """Return how a type stores a block, from here or from ``gguf_code_books``.

    Raises:
        KeyError: it is not read here.
    """
    found = BLOCKS.get(type_name)
    if found is None and type_name in code_book_types():
        n_values, n_bytes = SIZES[type_name]
        found = BlockType(n_values, n_bytes, unpacker(type_name))
    if found is None:
        raise KeyError(type_name)
    return found


def is_read(type_name: str) -> bool:
    """Say whether a type can be read on this machine."""
    return type_name in BLOCKS or type_name in code_book_types()


@frozen
class Blocks:
    """A tensor of blocks."""

    name: str
    """``GGUF Q4_K``."""
    type_name: str
    path: str
    offset: int
    """First byte of the tensor in the file."""
    n_cols: int
    """A multiple of the block's values."""
    by_input: bool = False

    @property
    def _row_bytes(self) -> int:
        kind = block_type(self.type_name)
        return self.n_cols // kind.n_values * kind.n_bytes

    def spans(self, start: int, stop: int) -> tuple[Span, ...]:
        """Return the one run of bytes of the rows."""
        step = self._row_bytes
        return (
            Span(path=self.path, start=self.offset + start * step, stop=self.offset + stop * step),
        )

    def values(self, start: int, stop: int, raws: Sequence[bytes]) -> NDArray[np.float32]:
        """Return the weights of some rows."""
        kind = block_type(self.type_name)
        blocks = np.frombuffer(raws[0], dtype=np.uint8).reshape(-1, kind.n_bytes)
        if not len(blocks):  # rows of no columns
            return np.empty((stop - start, self.n_cols), dtype=np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            return kind.unpack(blocks).reshape(stop - start, self.n_cols)


def blocks_of(
    *, type_name: str, name: str, shape: tuple[int, ...], path: str, start: int
) -> TensorRecord | None:
    """Return the record of a tensor of blocks, or None where its rows are no whole blocks."""
    kind = block_type(type_name)
    if not shape or shape[-1] % kind.n_values:
        return None
    storage = Blocks(
        name=f"GGUF {type_name}", type_name=type_name, path=path, offset=start, n_cols=shape[-1]
    )
    n_values = 1
    for size in shape:
        n_values *= size
    return TensorRecord(
        name=name,
        dtype=type_name,
        shape=shape,
        path=path,
        start=start,
        stop=start + n_values // kind.n_values * kind.n_bytes,
        storage=storage,
    )
