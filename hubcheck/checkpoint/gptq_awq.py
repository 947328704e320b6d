"""How are GPTQ and AWQ tensors turned into weights?

Both lie by input: rows are inputs, columns outputs, ``weight = (code - zero) * scale`` with one
zero and one scale per group of inputs and output. ``scales`` [groups, out] are floats,
``qzeros`` [groups, out / p] hold p codes in each int32.

GPTQ: ``qweight`` [in / p, out] packs p inputs, the first in the lowest bits; zeros are packed along
the outputs, and the old format stores them minus one. At 3 bits, 32 codes lie in three words as one
run of bits. ``g_idx`` [in] names the group of each input
(act-order shuffles them). AWQ (gemm): ``qweight`` [in, out / 8] packs eight outputs, nibble i
holding output (0, 2, 4, 6, 1, 3, 5, 7)[i]; zeros alike, stored as they are. Sources: the packing
code of AutoGPTQ (``QuantLinear.pack``) and AutoAWQ (``WQLinear_GEMM``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.interface import TensorRecord
from hubcheck.checkpoint.plain_values import numbers, rows_span, values_span
from hubcheck.errors import HostileCheckpointError, printable
from hubcheck.frozen import frozen
from hubcheck.source.interface import Span

WORD_BITS: Final = 32
PACKS: Final = {2: (16, 1), 3: (32, 3), 4: (8, 1), 8: (4, 1)}
"""By bits: how many codes lie in how many words."""
AWQ_ORDER: Final = (0, 2, 4, 6, 1, 3, 5, 7)
"""Which of eight neighbouring outputs lies in nibble i of an AWQ word."""


@frozen
class Gptq:
    """GPTQ codes; a row is an input."""

    name: str
    codes: TensorRecord
    zeros: TensorRecord
    scales: TensorRecord
    bits: int
    n_groups: int
    group: int
    """Inputs of a group."""
    order: TensorRecord | None
    """``g_idx``, or None where the model has none."""
    shuffled: bool
    """True: ``order`` decides, and all scales are read because it is not known beforehand which
    are needed. False: the configuration denies act-order; ``order`` is held against it."""
    zero_offset: int
    """1 in the old format, 0 in ``gptq_v2``."""
    by_input: bool = True

    def _groups(self, start: int, stop: int) -> tuple[int, int]:
        """Return the range of groups to read for some inputs."""
        if self.shuffled:
            return 0, self.n_groups
        return start // self.group, min((stop - 1) // self.group + 1, self.n_groups)

    def spans(self, start: int, stop: int) -> tuple[Span, ...]:
        """Return the words of the rows, the groups' zeros and scales, and their order."""
        n_codes, n_words = PACKS[self.bits]
        first, last = self._groups(start, stop)
        order = (values_span(self.order, start, stop),) if self.order is not None else ()
        return (
            rows_span(self.codes, start // n_codes * n_words, -(-stop // n_codes) * n_words),
            rows_span(self.zeros, first, last),
            rows_span(self.scales, first, last),
            *order,
        )

    def values(self, start: int, stop: int, raws: Sequence[bytes]) -> NDArray[np.float32]:
        """Return the weights of some inputs."""
        mask = (1 << self.bits) - 1
        n_out = self.scales.n_cols
        skip = start % PACKS[self.bits][0]
        codes = unpack_gptq(np.frombuffer(raws[0], dtype="<u4").reshape(-1, n_out), self.bits)
        codes = codes[skip : skip + stop - start]
        first, last = self._groups(start, stop)
        packed = np.frombuffer(raws[1], dtype="<u4").reshape(last - first, self.zeros.n_cols)
        packed = np.pad(packed, ((0, 0), (0, -self.zeros.n_cols % PACKS[self.bits][1])))
        zeros = unpack_gptq(packed.T, self.bits).T[:, :n_out]
        zeros = (zeros + np.uint32(self.zero_offset)) & np.uint32(mask)
        scales = numbers(raws[2], self.scales).reshape(last - first, n_out)
        groups = self._group_of(start, stop, raws[3] if self.order is not None else b"") - first
        values = codes.astype(np.float32) - zeros.astype(np.float32)[groups]
        return np.asarray(values * scales[groups], dtype=np.float32)

    def _group_of(self, start: int, stop: int, order: bytes) -> NDArray[np.int64]:
        """Return the group of each input, as stored where it is stored."""
        plain = np.arange(start, stop, dtype=np.int64) // self.group
        if self.order is None:
            return plain
        stored = np.frombuffer(order, dtype="<i4").astype(np.int64)
        outside = stored.size and (stored.min() < 0 or stored.max() >= self.n_groups)
        if outside or not (self.shuffled or np.array_equal(stored, plain)):
            raise HostileCheckpointError(
                f"'{printable(self.order.name)}' puts inputs into groups that"
                f" {'do not exist' if outside else 'the quantisation config denies'}.",
                cause="the config belongs to other weights, or was written by hand.",
                next_step="quantise or upload the model again.",
            )
        return stored


@frozen
class Awq:
    """AWQ codes (gemm layout); a row is an input."""

    name: str
    codes: TensorRecord
    zeros: TensorRecord | None
    scales: TensorRecord
    group: int
    by_input: bool = True

    def spans(self, start: int, stop: int) -> tuple[Span, ...]:
        """Return the words of the rows and the zeros and scales of their groups."""
        first, last = start // self.group, (stop - 1) // self.group + 1
        zeros = (rows_span(self.zeros, first, last),) if self.zeros is not None else ()
        return (
            rows_span(self.codes, start, stop),
            rows_span(self.scales, first, last),
            *zeros,
        )

    def values(self, start: int, stop: int, raws: Sequence[bytes]) -> NDArray[np.float32]:
        """Return the weights of some inputs."""
        n_out = self.scales.n_cols
        groups = np.arange(start, stop, dtype=np.int64) // self.group - start // self.group
        values = unpack_awq(raws[0], n_out)
        scales = numbers(raws[1], self.scales).reshape(-1, n_out)
        if self.zeros is not None:
            values -= unpack_awq(raws[2], n_out)[groups]
        else:
            values -= np.float32(8)  # symmetric codes are centred
        values *= scales[groups]
        return values


def unpack_gptq(words_wn: NDArray[np.uint32], bits: int) -> NDArray[np.uint32]:
    """Return the codes along the first axis, uint32 [words * 32 // bits, n], lowest first."""
    n_codes, n_words = PACKS[bits]
    packs = words_wn.reshape(-1, n_words, words_wn.shape[1])
    codes = np.empty((len(packs), n_codes, words_wn.shape[1]), dtype=np.uint32)
    for i in range(n_codes):
        word, shift = divmod(i * bits, WORD_BITS)
        codes[:, i] = packs[:, word] >> np.uint32(shift)
        if shift + bits > WORD_BITS:  # the code goes on in the next word
            codes[:, i] |= packs[:, word + 1] << np.uint32(WORD_BITS - shift)
    codes &= np.uint32((1 << bits) - 1)
    return codes.reshape(-1, words_wn.shape[1])


def unpack_awq(raw: bytes, n_out: int) -> NDArray[np.float32]:
    """Return the codes of AWQ words, float32 [rows, n_out]."""
    words = np.frombuffer(raw, dtype="<u4").reshape(-1, 1)
    codes = np.empty((words.shape[0], 8), dtype=np.float32)
    codes[:, AWQ_ORDER] = (words >> (np.arange(8, dtype=np.uint32) * np.uint32(4))) & np.uint32(15)
    return codes.reshape(-1, n_out)


def gptq_of(
    codes: TensorRecord,
    zeros: TensorRecord,
    scales: TensorRecord,
    order: TensorRecord | None,
    config: tuple[int, bool | None, bool],
) -> Gptq | None:
    """Return the storage of GPTQ tensors whose shapes fit together, else None.

    Args:
        codes: ``qweight``, int32.
        zeros: ``qzeros``, int32.
        scales: Floats.
        order: ``g_idx``, int32.
        config: (bits, act-order or None where nothing is stated, zeros stored as they are).
    """
    bits, act_order, plain_zeros = config
    if len(codes.shape) != 2 or len(scales.shape) != 2:  # noqa: PLR2004 - matrices
        return None
    n_out, n_groups = scales.shape[1], scales.shape[0]
    n_rows = codes.shape[0]
    if order is not None:  # it has a value for every input, so that the rows of words tell the bits
        bits = next((b for b, (c, w) in PACKS.items() if n_rows * c == order.n_values * w), 0)
    if bits not in PACKS or codes.shape[1] != n_out or not n_groups or not n_out or not n_rows:
        return None
    n_codes, n_words = PACKS[bits]
    n_in, rest = n_rows // n_words * n_codes, n_rows % n_words
    zeros_fit = zeros.shape == (n_groups, -(-n_out * bits // WORD_BITS)) and not rest
    order_fits = order is None or (order.shape == (n_in,) and order.dtype == "I32")
    if not zeros_fit or not order_fits or n_groups > n_in:
        return None
    return Gptq(
        name=f"GPTQ {bits} bit",
        codes=codes,
        zeros=zeros,
        scales=scales,
        bits=bits,
        n_groups=n_groups,
        group=-(-n_in // n_groups),
        order=order,
        shuffled=order is not None and act_order is not False,
        zero_offset=0 if plain_zeros else 1,
    )


def awq_of(codes: TensorRecord, zeros: TensorRecord | None, scales: TensorRecord) -> Awq | None:
    """Return the storage of AWQ tensors whose shapes fit together, else None."""
    if len(codes.shape) != 2 or len(scales.shape) != 2:  # noqa: PLR2004 - matrices
        return None
    n_in, n_groups = codes.shape[0], scales.shape[0]
    if not n_groups or not n_in or n_in % n_groups or scales.shape[1] != 8 * codes.shape[1]:
        return None
    if zeros is not None and zeros.shape != (n_groups, codes.shape[1]):
        return None
    return Awq(name="AWQ 4 bit", codes=codes, zeros=zeros, scales=scales, group=n_in // n_groups)
