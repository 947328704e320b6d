"""How are rows of codes in 32-bit words, with a scale and an offset per group, turned into weights?

Layout (MLX's affine mode). ``weight`` uint32 [.., out, in * bits / 32] holds the codes of a row as
one run of bits, the first input lowest; ``scales`` and ``biases`` [.., out, in / group], one of
each per group of consecutive inputs: ``weight = code * scale + bias``. Bits are 2 to 6 or 8, groups
32, 64 or 128. Words and groups leave bits open (12 words and 3 groups are 4 bits in groups of 32 or
2 bits in groups of 64): the configuration says it. Source: the documentation of
``mlx.core.quantize``; held against what that library writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.gptq_awq import WORD_BITS
from hubcheck.checkpoint.interface import TensorRecord
from hubcheck.checkpoint.plain_values import numbers, rows_span
from hubcheck.frozen import frozen
from hubcheck.source.interface import Span

BITS: Final = (2, 3, 4, 5, 6, 8)
GROUPS: Final = (16, 32, 64, 128)
"""Inputs that share a scale, in any of MLX's modes."""


@frozen
class BitWords:
    """Codes of a matrix in words, with a scale and an offset per group of inputs."""

    name: str
    codes: TensorRecord
    scales: TensorRecord
    offsets: TensorRecord
    bits: int
    n_cols: int
    group: int
    by_input: bool = False

    def spans(self, start: int, stop: int) -> tuple[Span, ...]:
        """Return the words of the rows, their scales and their offsets."""
        return tuple(rows_span(r, start, stop) for r in (self.codes, self.scales, self.offsets))

    def values(self, start: int, stop: int, raws: Sequence[bytes]) -> NDArray[np.float32]:
        """Return the weights of some rows."""
        rows = stop - start
        codes = bit_codes(raws[0], rows, self.bits).reshape(rows, -1, self.group)
        scales = numbers(raws[1], self.scales).reshape(rows, -1, 1)
        codes *= scales
        codes += numbers(raws[2], self.offsets).reshape(rows, -1, 1)
        return codes.reshape(rows, self.n_cols)


def bit_codes(raw: bytes, rows: int, bits: int) -> NDArray[np.float32]:
    """Return the codes of rows of bits, lowest first, float32 [rows, codes of a row]."""
    stored = np.frombuffer(raw, dtype=np.uint8).reshape(rows, -1)
    if bits == 8:  # noqa: PLR2004 - a byte
        return stored.astype(np.float32)
    single = np.unpackbits(stored, axis=1, bitorder="little").reshape(rows, -1, bits)
    weights = np.exp2(np.arange(bits, dtype=np.float32))
    return np.asarray(single.astype(np.float32) @ weights, dtype=np.float32)


def bit_words_of(
    codes: TensorRecord, scales: TensorRecord, offsets: TensorRecord, stated: tuple[int, int]
) -> BitWords | None:
    """Return the storage of tensors whose shapes fit together, else None.

    Args:
        codes: ``weight``, 32-bit words.
        scales: ``scales``.
        offsets: ``biases``.
        stated: (bits, group) that the configuration states; zeros where it states none.
    """
    bits, group = stated
    shapes = (codes.shape, scales.shape, offsets.shape)
    if any(len(s) < 2 or not all(s) for s in shapes) or shapes[1] != shapes[2]:  # noqa: PLR2004
        return None
    if codes.shape[:-1] != scales.shape[:-1] or bits not in BITS or group not in GROUPS:
        return None
    if codes.shape[-1] * WORD_BITS != scales.shape[-1] * group * bits:
        return None
    return BitWords(
        name=f"MLX {bits} bit",
        codes=codes,
        scales=scales,
        offsets=offsets,
        bits=bits,
        n_cols=scales.shape[-1] * group,
        group=group,
    )
