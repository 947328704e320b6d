"""Which bytes hold some values of a tensor that is stored plainly, a scale or a zero point?

Packed storage is made of such tensors. Positions count values of the flattened tensor.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.decode import bytes_of, decode
from hubcheck.checkpoint.interface import TensorRecord
from hubcheck.errors import HostileCheckpointError, printable
from hubcheck.source.interface import Span


def values_span(record: TensorRecord, start: int, stop: int) -> Span:
    """Return the bytes of values ``start`` to ``stop`` (exclusive).

    Raises:
        HostileCheckpointError: the tensor has fewer values.
        UnsupportedFormatError: the dtype does not fill whole bytes.
    """
    if not 0 <= start <= stop <= record.n_values:
        raise HostileCheckpointError(
            f"Values {start} to {stop} of '{printable(record.name)}' were needed, which has"
            f" {record.n_values}.",
            cause="the scales of quantised weights do not cover them.",
            next_step="quantise or upload the model again.",
        )
    width = bytes_of(record.dtype)
    return Span(
        path=record.path, start=record.start + start * width, stop=record.start + stop * width
    )


def rows_span(record: TensorRecord, start: int, stop: int) -> Span:
    """Return the bytes of rows ``start`` to ``stop`` (exclusive) of the flattened view."""
    return values_span(record, start * record.n_cols, stop * record.n_cols)


def whole(record: TensorRecord) -> Span:
    """Return the bytes of the whole tensor."""
    return values_span(record, 0, record.n_values)


def numbers(raw: bytes, record: TensorRecord, dtype: str = "") -> NDArray[np.float32]:
    """Return stored values as float32, read as ``dtype`` where the header names a container."""
    return decode(raw, dtype or record.dtype)
