"""What values do some rows of some tensors hold, and which bytes does that cost?

Rows are those of the flattened view of ``checkpoint.interface``. Values are float32 and finite: a
NaN or infinity in weights under test is an error that names its place. Packed tensors read their
companions (scales, zero points) in the same call of the source. Bytes become values while others
are still on their way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.decode import bytes_of, decode
from hubcheck.checkpoint.interface import Checkpoint, RowBlock, TensorRecord
from hubcheck.errors import UnreadableError, printable
from hubcheck.source.arriving import read_each
from hubcheck.source.interface import Span
from hubcheck.source.ledger import Purpose
from hubcheck.source.ranges import plan_runs


def cost_of(checkpoint: Checkpoint, blocks: Iterable[RowBlock]) -> int:
    """Return the bytes that reading these blocks costs, scales and other companions included.

    Every byte counts once, however many blocks share it (a scale serves many rows).

    Raises:
        UnreadableError: as ``read_rows``.
        UnsupportedFormatError: as ``read_rows``.
    """
    spans = [s for b in blocks for s in spans_of(_record(checkpoint, b.tensor), b)]
    return sum(run.size for run in plan_runs(spans, gap=0))


def spans_of(record: TensorRecord, block: RowBlock) -> tuple[Span, ...]:
    """Return the bytes that ``block`` costs: one span, or those its packed storage needs.

    Raises:
        UnreadableError: the block leaves the tensor.
        UnsupportedFormatError: the dtype is unknown or its values do not fill whole bytes.
    """
    if record.storage is None:
        return (span_of(record, block),)
    _require_inside(record, block)
    return record.storage.spans(block.start, block.stop) if block.stop > block.start else ()


def span_of(record: TensorRecord, block: RowBlock) -> Span:
    """Return exactly the bytes that ``block`` of a plain tensor costs.

    Raises:
        UnreadableError: the block leaves the tensor.
        UnsupportedFormatError: the dtype is unknown or its values do not fill whole bytes.
    """
    _require_inside(record, block)
    row_bytes = record.n_cols * bytes_of(record.dtype)
    return Span(
        path=record.path,
        start=record.start + block.start * row_bytes,
        stop=record.start + block.stop * row_bytes,
    )


def _require_inside(record: TensorRecord, block: RowBlock) -> None:
    """Refuse rows that a tensor does not have."""
    if not 0 <= block.start <= block.stop <= record.n_rows:
        raise UnreadableError(
            f"Rows {block.start} to {block.stop} of tensor '{printable(record.name)}' were asked"
            f" for, which has {record.n_rows}.",
            cause="config.json and the weights state different sizes.",
            next_step="check that config.json belongs to these weights.",
        )


def read_rows(
    checkpoint: Checkpoint,
    blocks: Sequence[RowBlock],
    *,
    columns: Mapping[int, NDArray[np.int64]] = MappingProxyType({}),
) -> list[NDArray[np.float32]]:
    """Return the values of each block, all fetched by one call of the source, or none at all.

    Args:
        checkpoint: The opened model.
        blocks: Rows to read, in any order; they may overlap and be empty.
        columns: By place in ``blocks``: the columns that are kept, int64. The others are read and
            looked through for values that are no numbers, as ever, and do not stay in memory.

    Returns:
        For each block, in the order asked, a float32 array [stop - start, n_cols], or with the
        columns kept alone.

    Raises:
        UnreadableError: a tensor does not exist, a block leaves its tensor, or a value is NaN or
            infinite.
        UnsupportedFormatError: a dtype cannot be decoded.
        BudgetExceededError: the bytes pass the budget; nothing was read.
    """
    records = [_record(checkpoint, block.tensor) for block in blocks]
    asked = [spans_of(r, b) for r, b in zip(records, blocks, strict=True)]
    arrays: dict[int, NDArray[np.float32]] = {}
    faults: dict[int, UnreadableError] = {}
    for place, raws in _read(checkpoint, asked):
        array = _values(records[place], blocks[place], raws)
        try:
            require_finite(array, records[place].name, first_row=blocks[place].start)
        except UnreadableError as error:
            faults[place] = error
        kept = columns.get(place)
        arrays[place] = array if kept is None else array[:, kept]
    if faults:  # in the order asked: which value is named must not depend on what arrived first
        raise faults[min(faults)]
    return [arrays[place] for place in range(len(blocks))]


def require_finite(
    array: NDArray[np.float32],
    tensor: str,
    *,
    first_row: int = 0,
    row_numbers: NDArray[np.int64] | None = None,
) -> None:
    """Refuse NaN and infinity.

    Args:
        array: Values, float32 [n_rows, n_cols].
        tensor: Where they come from, for the message.
        first_row: Number of the array's first row in the tensor.
        row_numbers: Numbers of all rows, int64 [n_rows], where they do not follow each other.

    Raises:
        UnreadableError: a value is not finite; names the tensor, the first value and its place.
    """
    finite = np.isfinite(array)
    if finite.all():
        return
    row, column = (int(i) for i in np.argwhere(~finite)[0])
    place = first_row + row if row_numbers is None else int(row_numbers[row])
    raise UnreadableError(
        f"Tensor '{printable(tensor)}' holds {array[row, column]} in row {place}, column {column}.",
        cause="training diverged, the values do not fit float32, or the file was damaged.",
        next_step="repair or re-export the weights; values that are not numbers prove nothing.",
    )


def _values(record: TensorRecord, block: RowBlock, raws: Sequence[bytes]) -> NDArray[np.float32]:
    """Return the values of one block from the bytes of its spans."""
    shape = (block.stop - block.start, record.n_cols)
    if record.storage is None:
        return decode(raws[0], record.dtype).reshape(shape)
    if not raws:
        return np.zeros(shape, dtype=np.float32)
    with np.errstate(all="ignore"):  # a value that is no number is refused by the caller, by name
        return record.storage.values(block.start, block.stop, raws).reshape(shape)


def _record(checkpoint: Checkpoint, tensor: str) -> TensorRecord:
    """Return the record of a tensor that must exist."""
    record = checkpoint.tensors.get(tensor)
    if record is None:
        raise UnreadableError(
            f"Tensor '{printable(tensor)}' does not exist in this model.",
            cause="the name comes from another model or from config.json.",
            next_step="check that config.json belongs to these weights.",
        )
    return record


def _read(
    checkpoint: Checkpoint, asked: Sequence[Sequence[Span]]
) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the place and the bytes of every block as soon as they are there, by one call.

    Empty spans are not asked for. What is handed on is let go of here.
    """
    owners = [
        (place, n) for place, spans in enumerate(asked) for n, s in enumerate(spans) if s.size
    ]
    raws = {place: [b""] * len(spans) for place, spans in enumerate(asked)}
    missing = Counter(place for place, _ in owners)
    for place in range(len(asked)):
        if not missing[place]:
            yield place, raws.pop(place)
    if not owners:
        return
    filled = [asked[place][n] for place, n in owners]
    with closing(read_each(checkpoint.source, filled, Purpose.WEIGHTS)) as arriving:
        for i, data in arriving:
            place, n = owners[i]
            raws[place][n] = data
            missing[place] -= 1
            if not missing[place]:
                yield place, raws.pop(place)
