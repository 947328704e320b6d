"""How are the four-bit tensors of bitsandbytes turned into weights?

Layout. ``weight`` uint8 [n / 2, 1] holds the flattened matrix, two codes a byte, the HIGHER nibble
first. ``weight.quant_map`` has the 16 values of the codes (nf4 or fp4); ``weight.absmax`` one
number per block of consecutive values: ``value = map[code] * absmax``. With double quantisation
absmax is itself one byte a block, ``nested_quant_map[byte] * nested_absmax + nested_offset``, with
one nested absmax per nested block. ``weight.quant_state.bitsandbytes__nf4`` is JSON text: shape,
block sizes, offset. Source: ``QuantState.from_dict`` of bitsandbytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.interface import TensorRecord
from hubcheck.checkpoint.pair_order import PairOrder, codes_in_order
from hubcheck.checkpoint.plain_values import numbers, values_span, whole
from hubcheck.checkpoint.strict_json import load_object
from hubcheck.errors import HostileCheckpointError, printable
from hubcheck.frozen import frozen
from hubcheck.source.interface import Span

MAX_STATE_BYTES: Final = 4096
"""Largest quantisation state; a real one has about 200 bytes."""
PER_BYTE: Final = 2
MAX_AXIS: Final = 1 << 32
"""Longest believable axis of a matrix."""


@frozen
class State:
    """What the JSON text beside a weight says."""

    shape: tuple[int, ...]
    block: int
    nested_block: int
    """0 where absmax is stored as floats."""
    nested_offset: float


@frozen
class FourBit:
    """Codes of one matrix with their block maxima."""

    name: str
    codes: TensorRecord
    absmax: TensorRecord
    code_map: TensorRecord
    state_text: TensorRecord
    state: State
    """As read from this or, where many tensors share shape and name, a sibling's text; the own
    text is read with the values and held against it."""
    nested_absmax: TensorRecord | None
    nested_map: TensorRecord | None
    by_input: bool = False

    def _blocks(self, start: int, stop: int) -> tuple[int, int]:
        n_in = self.state.shape[1]
        return start * n_in // self.state.block, -(-stop * n_in // self.state.block)

    def spans(self, start: int, stop: int) -> tuple[Span, ...]:
        """Return the codes of the rows, their block maxima, both code books and the state."""
        n_in = self.state.shape[1]
        first, last = self._blocks(start, stop)
        found = [
            values_span(self.codes, start * n_in // 2, -(-stop * n_in // 2)),
            values_span(self.absmax, first, last),
            whole(self.code_map),
            whole(self.state_text),
        ]
        if self.nested_absmax is not None and self.nested_map is not None:
            step = self.state.nested_block
            found.append(values_span(self.nested_absmax, first // step, -(-last // step)))
            found.append(whole(self.nested_map))
        return tuple(found)

    def values(self, start: int, stop: int, raws: Sequence[bytes]) -> NDArray[np.float32]:
        """Return the weights of some rows."""
        state = parse_state(raws[3], self.state_text.name)
        if replace(state, nested_offset=self.state.nested_offset) != self.state:
            raise HostileCheckpointError(
                f"'{printable(self.state_text.name)}' states another shape or block size than its"
                " siblings of the same size.",
                cause="tensors of two models were mixed, or the file was built to mislead.",
                next_step="quantise or upload the model again.",
            )
        n_in = state.shape[1]
        first, last = self._blocks(start, stop)
        codes = codes_in_order(raws[0], 1, PER_BYTE, PairOrder.HIGH_FIRST)[0]
        values = np.asarray(numbers(raws[2], self.code_map)[codes], dtype=np.float32)
        skip = start * n_in % 2
        values = values[skip : skip + (stop - start) * n_in]
        absmax = self._absmax(raws, state.nested_offset, first, last)
        position = np.arange(start * n_in, stop * n_in, dtype=np.int64) // state.block - first
        values *= absmax[position]
        return values.reshape(stop - start, n_in)

    def _absmax(
        self, raws: Sequence[bytes], offset: float, first: int, last: int
    ) -> NDArray[np.float32]:
        """Return the maxima of blocks ``first`` to ``last``."""
        if self.nested_absmax is None or self.nested_map is None:
            return numbers(raws[1], self.absmax)
        step = self.state.nested_block
        codes = np.frombuffer(raws[1], dtype=np.uint8)
        nested = numbers(raws[4], self.nested_absmax)
        which = np.arange(first, last, dtype=np.int64) // step - first // step
        absmax = numbers(raws[5], self.nested_map)[codes] * nested[which]
        return np.asarray(absmax + np.float32(offset), dtype=np.float32)


def parse_state(raw: bytes, name: str) -> State:
    """Return the quantisation state that a text tensor holds.

    Raises:
        HostileCheckpointError: it is no such text, or its numbers are impossible.
    """
    what = f"The quantisation state '{printable(name)}'"
    found = load_object(raw, what)
    shape = found.get("shape")
    numbers_ok = (
        isinstance(shape, list)
        and len(shape) == 2  # noqa: PLR2004 - a matrix
        and all(type(n) is int and 0 < n < MAX_AXIS for n in shape)
    )
    block, nested = found.get("blocksize"), found.get("nested_blocksize", 0)
    offset = found.get("nested_offset", 0.0)
    if (
        not numbers_ok
        or not isinstance(shape, list)
        or type(block) is not int
        or type(nested) is not int
        or not 0 < block < MAX_AXIS
        or not 0 <= nested < MAX_AXIS
        or not isinstance(offset, int | float)
        or not isfinite(offset)
    ):
        raise HostileCheckpointError(
            f"{what} states an impossible shape or block size.",
            cause="the file was damaged or built to mislead.",
            next_step="quantise or upload the model again.",
        )
    return State(
        shape=(shape[0], shape[1]), block=block, nested_block=nested, nested_offset=float(offset)
    )


def four_bit_of(
    codes: TensorRecord,
    companions: dict[str, TensorRecord],
    state_text: TensorRecord,
    state: State,
) -> FourBit | None:
    """Return the storage of one weight whose companions fit together, else None.

    Args:
        codes: ``weight``, one byte a pair of codes.
        companions: By what follows ``weight.`` in their names.
        state_text: The JSON text.
        state: Its content, or that of a sibling of equal size.
    """
    absmax, code_map = companions.get("absmax"), companions.get("quant_map")
    if absmax is None or code_map is None or code_map.n_values != 16:  # noqa: PLR2004 - four bits
        return None
    n_values = state.shape[0] * state.shape[1]
    n_blocks = -(-n_values // state.block)
    if codes.n_values != -(-n_values // 2) or absmax.n_values != n_blocks:
        return None
    nested, nested_map = companions.get("nested_absmax"), companions.get("nested_quant_map")
    if absmax.dtype == "U8":
        complete = nested is not None and nested_map is not None and state.nested_block
        if not complete or nested is None or nested_map is None:
            return None
        if nested_map.n_values != 256 or nested.n_values < -(-n_blocks // state.nested_block):  # noqa: PLR2004 - a byte
            return None
    else:
        nested = nested_map = None
    return FourBit(
        name="bitsandbytes 4 bit",
        codes=codes,
        absmax=absmax,
        code_map=code_map,
        state_text=state_text,
        state=state,
        nested_absmax=nested,
        nested_map=nested_map,
    )
