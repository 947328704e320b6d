"""Which tensors does a header list, where it is plain to see that nothing is wrong with it?

The header of a large mixture lists 140,000 tensors. Here all of them are held to every rule at
once, in loops that Python runs itself; a header that breaks one, or that is only unusual, is left
to ``header``, which looks at each tensor and says what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from math import prod
from typing import Any

from hubcheck.checkpoint.decode import DTYPE_BITS
from hubcheck.checkpoint.header_limits import MAX_DIMENSION, MAX_NAME_LENGTH, MAX_RANK
from hubcheck.checkpoint.interface import TensorRecord

Shape = tuple[int, ...]


def sound_records(
    document: Mapping[str, object], path: str, data_start: int, file_size: int
) -> tuple[TensorRecord, ...] | None:
    """Return the tensors in the order of their bytes, or None where ``header`` has to look.

    What is returned fills the file from ``data_start`` to its end without a hole or an overlap.

    Args:
        document: The entries of the header, by name.
        path: The file inside the model.
        data_start: Where its data begins.
        file_size: Size of the whole file in bytes.
    """
    if not document or max(map(len, document)) > MAX_NAME_LENGTH:
        return None
    dtypes: list[Any] = []
    shapes: list[Any] = []
    offsets: list[Any] = []
    for entry in document.values():
        if not isinstance(entry, dict):
            return None
        dtypes.append(entry.get("dtype"))
        shapes.append(entry.get("shape"))
        offsets.append(entry.get("data_offsets"))
    # ``type`` and not ``isinstance``: ``true`` is a number to Python.
    if not (_are(dtypes, str) and _are(shapes, list) and _are(offsets, list)):
        return None
    numbers = list(chain.from_iterable(offsets))
    if set(map(len, offsets)) != {2} or not _are(numbers, int):
        return None
    if not _are([*chain.from_iterable(shapes)], int):
        return None
    known: dict[tuple[str, Shape], Shape] = {}
    shared = [known.setdefault((d, s), s) for d, s in zip(dtypes, map(tuple, shapes), strict=True)]
    sizes = {key: _bytes_of(*key) for key in known}
    starts, stops = numbers[::2], numbers[1::2]
    rows = [*zip(starts, stops, document, dtypes, shared, strict=True)]
    rows.sort(key=_start)
    reached = 0
    found = []
    for start, stop, name, dtype, shape in rows:
        # One that is empty has no place among the others: ``header`` orders it by its name.
        if start != reached or stop - start != sizes[dtype, shape] or stop <= start:
            return None
        reached = stop
        found.append(
            TensorRecord(
                name=name,
                dtype=dtype,
                shape=shape,
                path=path,
                start=data_start + start,
                stop=data_start + stop,
            )
        )
    return tuple(found) if data_start + reached == file_size else None


def _are(values: list[Any], kind: type) -> bool:
    """Return whether all values are of one type, and of no class below it."""
    return set(map(type, values)) <= {kind}


def _start(row: tuple[int, int, str, str, Shape]) -> int:
    return row[0]


def _bytes_of(dtype: str, shape: Shape) -> int:
    """Return how many bytes a tensor fills, -1 where that is not known or no tensor can be so."""
    bits = DTYPE_BITS.get(dtype)
    if bits is None or len(shape) > MAX_RANK or not all(0 < n <= MAX_DIMENSION for n in shape):
        return -1
    whole, rest = divmod(prod(shape) * bits, 8)
    return -1 if rest else whole
