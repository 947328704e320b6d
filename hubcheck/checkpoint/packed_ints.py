"""How are the packed integers of compressed-tensors turned into weights?

Layout (``pack-quantized``). ``weight_packed`` int32 [out, ceil(in * bits / 32)] holds the codes of
a row as one run of bits, the first input lowest, each stored plus 2^(bits - 1). ``weight_scale``
[out, groups]; ``weight_zero_point``, where quantisation is asymmetric, is packed the same way along
the outputs, [ceil(out * bits / 32), groups]; ``weight_g_idx`` [in] names the group of each input.
Stacked experts carry a leading axis in all of them. ``weight = (code - zero) * scale``. Source:
``pack_to_int32`` of compressed-tensors.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.gptq_awq import WORD_BITS
from hubcheck.checkpoint.interface import TensorRecord
from hubcheck.checkpoint.plain_values import numbers, rows_span, whole
from hubcheck.errors import HostileCheckpointError, printable
from hubcheck.frozen import frozen
from hubcheck.source.interface import Span


@frozen
class PackedInts:
    """Codes packed along the inputs."""

    name: str
    codes: TensorRecord
    scales: TensorRecord
    bits: int
    n_cols: int
    """Inputs; the last word of a row may be padded."""
    zeros: TensorRecord | None
    order: TensorRecord | None
    by_input: bool = False

    def spans(self, start: int, stop: int) -> tuple[Span, ...]:
        """Return the rows of words and of scales, and the zeros and order that they need."""
        found = [rows_span(self.codes, start, stop), rows_span(self.scales, start, stop)]
        if self.zeros is not None:
            first, last = self._zero_rows(start, stop)
            found.append(rows_span(self.zeros, first, last))
        if self.order is not None:
            found.append(whole(self.order))
        return tuple(found)

    def values(self, start: int, stop: int, raws: Sequence[bytes]) -> NDArray[np.float32]:
        """Return the weights of some rows."""
        rest = iter(raws[2:])
        words = np.frombuffer(raws[0], dtype="<u4").reshape(stop - start, self.codes.n_cols)
        values = self._unpack(words)[:, : self.n_cols]
        scales = numbers(raws[1], self.scales).reshape(stop - start, -1)
        zeros = None
        if self.zeros is not None:
            zeros = self._zeros(next(rest), start, stop)
        groups = self._groups(next(rest) if self.order is not None else b"", scales.shape[1])
        if zeros is not None:
            values -= zeros[:, groups]
        return np.asarray(values * scales[:, groups], dtype=np.float32)

    def _unpack(self, words_rw: NDArray[np.uint32]) -> NDArray[np.float32]:
        """Return signed codes, float32 [rows, words * 32 // bits]."""
        bits, n_rows = self.bits, len(words_rw)
        if WORD_BITS % bits == 0:
            shifts = np.arange(WORD_BITS // bits, dtype=np.uint32) * np.uint32(bits)
            codes = (words_rw[:, :, None] >> shifts) & np.uint32((1 << bits) - 1)
            values = codes.astype(np.float32).reshape(n_rows, -1)
        else:
            raw = np.ascontiguousarray(words_rw).view(np.uint8)
            single = np.unpackbits(raw, axis=1, bitorder="little")
            whole_codes = single.shape[1] // bits * bits
            grouped = single[:, :whole_codes].reshape(n_rows, -1, bits).astype(np.float32)
            values = grouped @ np.exp2(np.arange(bits, dtype=np.float32))
        return np.asarray(values - np.float32(1 << (bits - 1)), dtype=np.float32)

    def _zero_rows(self, start: int, stop: int) -> tuple[int, int]:
        """Return the stored rows of zero points that some rows need."""
        assert self.zeros is not None
        if self.zeros.dtype != "I32":
            return start, stop
        if WORD_BITS % self.bits:  # codes straddle words
            return 0, self.zeros.n_rows
        step = WORD_BITS // self.bits
        return start // step, -(-stop // step)

    def _zeros(self, raw: bytes, start: int, stop: int) -> NDArray[np.float32]:
        """Return the zero point of each row and group, float32 [rows, groups]."""
        assert self.zeros is not None
        if self.zeros.dtype != "I32":
            plain: NDArray[np.float32] = numbers(raw, self.zeros).reshape(stop - start, -1)
            return plain
        words = np.frombuffer(raw, dtype="<u4").reshape(-1, self.zeros.n_cols)
        along_rows = self._unpack(np.ascontiguousarray(words.T)).T
        first = start - self._zero_rows(start, stop)[0] * WORD_BITS // self.bits
        return along_rows[first : first + stop - start]

    def _groups(self, order: bytes, n_groups: int) -> NDArray[np.int64]:
        """Return the group of each input, int64 [n_cols]."""
        if self.order is None:
            return np.arange(self.n_cols, dtype=np.int64) // -(-self.n_cols // n_groups)
        groups = np.frombuffer(order, dtype="<i4").astype(np.int64)
        if groups.min() < 0 or groups.max() >= n_groups:
            raise HostileCheckpointError(
                f"'{printable(self.order.name)}' puts inputs into groups that do not exist.",
                cause="the file was damaged or built to mislead.",
                next_step="quantise or upload the model again.",
            )
        return groups


def packed_ints_of(
    codes: TensorRecord,
    scales: TensorRecord,
    shape: tuple[int, int],
    zeros: TensorRecord | None,
    order: TensorRecord | None,
) -> PackedInts | None:
    """Return the storage of tensors whose shapes fit together, else None.

    Args:
        codes: ``weight_packed``, int32 [out, words], or [experts, out, words].
        scales: ``weight_scale``, [out, groups], with the same leading axes.
        shape: (out, in) as ``weight_shape`` states.
        zeros: ``weight_zero_point``.
        order: ``weight_g_idx``.
    """
    n_out, n_in = shape
    leading = codes.shape[:-2]
    if len(codes.shape) not in (2, 3) or codes.shape[-2] != n_out or n_in < 1 or 0 in leading:
        return None
    n_words = codes.shape[-1]
    widths = (4, 8, 2, 3, 5, 6, 7, 1)  # where a short row leaves several, the usual ones first
    bits = next((b for b in widths if -(-n_in * b // WORD_BITS) == n_words), 0)
    if not bits or len(scales.shape) != len(codes.shape) or scales.shape[:-1] != codes.shape[:-1]:
        return None
    n_groups = scales.shape[-1]
    if n_groups < 1 or (n_groups - 1) * -(-n_in // n_groups) >= n_in:
        return None
    if zeros is not None:
        packed = zeros.dtype == "I32"
        rows = -(-n_out * bits // WORD_BITS) if packed else n_out
        if zeros.shape != (*leading, rows, n_groups) or (leading and packed):
            return (
                None  # packed zeros of stacked experts would straddle experts: nobody writes them
            )
    if order is not None and (order.shape != (n_in,) or order.dtype != "I32"):
        return None
    return PackedInts(
        name=f"compressed-tensors {bits} bit",
        codes=codes,
        scales=scales,
        bits=bits,
        n_cols=n_in,
        zeros=zeros,
        order=order,
    )
