"""How are four-bit floats with group scales (MXFP4, NVFP4) turned into weights?

Layout. Two E2M1 codes a byte, the lower nibble first (``pair_order`` has the others); one scale per
group of consecutive inputs.
MXFP4 (OCP Microscaling Formats 1.0): 32 per group, scale 2^(s - 127). In gpt-oss the codes are
``X_blocks`` [E, out, groups, 16] and ``X_scales`` [E, out, groups]. NVFP4: 16 per group, scale in
E4M3, and one more float for the tensor: ModelOpt multiplies by ``weight_scale_2``,
compressed-tensors divides by ``weight_global_scale``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.interface import TensorRecord
from hubcheck.checkpoint.pair_order import (
    OrderKnown,
    PairOrder,
    codes_in_order,
    inputs_in_order,
)
from hubcheck.checkpoint.plain_values import numbers, values_span, whole
from hubcheck.frozen import frozen
from hubcheck.source.interface import Span

E2M1: Final = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
"""The eight magnitudes; the fourth bit is the sign."""
CODES: Final = np.asarray([*E2M1, *(-v for v in E2M1)], dtype=np.float32)


@frozen
class FourBitFloats:
    """E2M1 codes with group scales."""

    name: str
    codes: TensorRecord
    """Bytes; rows follow each other without gaps, whatever the stored shape."""
    scales: TensorRecord
    n_cols: int
    """Inputs of a row."""
    group: int
    """Inputs of a group; divides ``n_cols``."""
    tensor_scale: TensorRecord | None = None
    divides: bool = False
    """True: the tensor's own scale divides."""
    order: PairOrder = PairOrder.LOW_FIRST
    known: OrderKnown = OrderKnown.PROGRAM
    by_input: bool = False

    def spans(self, start: int, stop: int) -> tuple[Span, ...]:
        """Return the rows of codes, their scales and the tensor's scale."""
        half, groups = self.n_cols // 2, self.n_cols // self.group
        own = (whole(self.tensor_scale),) if self.tensor_scale is not None else ()
        return (
            values_span(self.codes, start * half, stop * half),
            values_span(self.scales, start * groups, stop * groups),
            *own,
        )

    def values(self, start: int, stop: int, raws: Sequence[bytes]) -> NDArray[np.float32]:
        """Return the weights of some rows."""
        codes = codes_in_order(raws[0], stop - start, self.group, self.order)
        values = CODES[codes].reshape(stop - start, -1, self.group)
        powers = "F8_E8M0" if self.scales.dtype == "U8" else ""
        scales = numbers(raws[1], self.scales, powers).reshape(stop - start, -1, 1)
        if self.tensor_scale is not None:
            own = numbers(raws[2], self.tensor_scale)[0]
            with np.errstate(divide="ignore", invalid="ignore"):
                scales = scales / own if self.divides else scales * own
        values *= scales
        return inputs_in_order(values.reshape(stop - start, self.n_cols), self.order)


def in_order(weight: TensorRecord, storage: FourBitFloats, order: PairOrder | None) -> TensorRecord:
    """Return four-bit codes in another order, unless the names of their program say theirs."""
    if order is None or storage.known is OrderKnown.PROGRAM:
        return weight
    return replace(weight, storage=replace(storage, order=order, known=OrderKnown.VALUES))
