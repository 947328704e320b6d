"""Are exactly the asked-for rows read, at exactly their bytes, and nothing that is no number?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import save

from hubcheck.checkpoint.interface import Checkpoint, RowBlock, TensorRecord
from hubcheck.checkpoint.rows import (
    read_rows,
    require_finite,
    span_of,
)
from hubcheck.checkpoint.safetensors import open_safetensors
from hubcheck.errors import (
    BudgetExceededError,
    NetworkFaultError,
    UnreadableError,
    UnsupportedFormatError,
)
from hubcheck.source.interface import Span
from hubcheck.source.ledger import Purpose
from tests.checkpoint.malformed import entry, tensor_file
from tests.memory_source import MemorySource

ARRAYS: dict[str, NDArray[np.floating]] = {
    "matrix": np.arange(60, dtype=np.float32).reshape(12, 5),
    "half": np.arange(24, dtype=np.float16).reshape(8, 3),
    "experts": np.arange(48, dtype=np.float64).reshape(2, 4, 6),
    "vector": np.arange(7, dtype=np.float32),
    "scalar": np.array(3.0, dtype=np.float32),
    "no_rows": np.zeros((0, 4), dtype=np.float32),
    "no_columns": np.zeros((4, 0), dtype=np.float32),
}
SOURCE_BYTES = save(ARRAYS)
BLOCKS = st.sampled_from(sorted(ARRAYS)).flatmap(
    lambda name: st.tuples(st.just(name), *[st.integers(0, flat(name).shape[0])] * 2)
)


def flat(name: str) -> NDArray[np.float32]:
    """Return an array of ``ARRAYS`` as the matrix of rows that a checkpoint sees."""
    array = ARRAYS[name].astype(np.float32)
    return array.reshape(int(np.prod(array.shape[:-1])), array.shape[-1] if array.ndim else 1)


def model() -> tuple[MemorySource, Checkpoint]:
    """Return a fresh source over ``ARRAYS`` and its checkpoint, headers already read."""
    source = MemorySource({"model.safetensors": SOURCE_BYTES})
    checkpoint = open_safetensors(source)
    source.calls.clear()
    return source, checkpoint


@given(asked=st.lists(BLOCKS, max_size=6))
def test_blocks_come_back_in_the_order_asked(asked: list[tuple[str, int, int]]) -> None:
    """Each block equals the slice of the array, read by one call at exactly its bytes."""
    source, checkpoint = model()
    blocks = [RowBlock(tensor=n, start=min(i, j), stop=max(i, j)) for n, i, j in asked]
    arrays = read_rows(checkpoint, blocks)
    spans = [span_of(checkpoint.tensors[b.tensor], b) for b in blocks]
    for block, array in zip(blocks, arrays, strict=True):
        np.testing.assert_array_equal(array, flat(block.tensor)[block.start : block.stop])
        assert array.dtype == np.float32
    assert len(source.calls) <= 1
    assert source.ledger.by_purpose()[Purpose.WEIGHTS] == sum(span.size for span in spans)


def test_columns_alone_are_kept_and_all_are_looked_through() -> None:
    """The bytes are those of whole rows; a value that is no number counts in any column."""
    source, checkpoint = model()
    blocks = [RowBlock(tensor="matrix", start=2, stop=9), RowBlock(tensor="half", start=0, stop=8)]
    some, whole = read_rows(checkpoint, blocks, columns={0: np.array([3, 1])})
    np.testing.assert_array_equal(some, flat("matrix")[2:9, [3, 1]])
    np.testing.assert_array_equal(whole, flat("half"))
    assert source.ledger.by_purpose()[Purpose.WEIGHTS] == 7 * 5 * 4 + 8 * 3 * 2
    broken = MemorySource({"model.safetensors": save({"a": np.array([[1.0, np.nan]])})})
    with pytest.raises(UnreadableError, match="holds nan in row 0, column 1"):
        read_rows(
            open_safetensors(broken),
            [RowBlock(tensor="a", start=0, stop=1)],
            columns={0: np.array([0])},
        )


@pytest.mark.parametrize(("start", "stop"), [(-1, 2), (0, 13), (12, 13), (3, 2), (13, 13)])
def test_a_block_outside_its_tensor_is_refused_before_reading(start: int, stop: int) -> None:
    """No block reaches into a neighbour's bytes."""
    source, checkpoint = model()
    with pytest.raises(UnreadableError, match="of tensor 'matrix' were asked for, which has 12"):
        read_rows(checkpoint, [RowBlock(tensor="matrix", start=start, stop=stop)])
    assert source.calls == []


def test_an_unknown_tensor_is_named_in_printable_text() -> None:
    """A name that came from a hostile config is shown harmlessly."""
    with pytest.raises(UnreadableError, match=r"'\\x1b\[2J' does not exist"):
        read_rows(model()[1], [RowBlock(tensor="\x1b[2J", start=0, stop=0)])


def test_a_budget_refuses_before_a_byte_of_weights_is_read() -> None:
    """The ledger sees all blocks of a call together."""
    source = MemorySource(
        {"model.safetensors": SOURCE_BYTES}, max_read=len(SOURCE_BYTES) + 12 * 5 * 4 - 1
    )
    checkpoint = open_safetensors(source)
    with pytest.raises(BudgetExceededError):
        read_rows(checkpoint, [RowBlock(tensor="matrix", start=i, stop=i + 1) for i in range(12)])
    assert source.ledger.by_purpose()[Purpose.WEIGHTS] == 0


@pytest.mark.parametrize("dtype", ["F4", "Q3_X"])
def test_values_that_fill_no_whole_bytes_are_refused(dtype: str) -> None:
    """A sub-byte or unknown dtype is named, and nothing is read."""
    content = tensor_file({"a": entry(dtype, [4], [0, 2])}, bytes(2))
    checkpoint = open_safetensors(MemorySource({"model.safetensors": content}))
    with pytest.raises(UnsupportedFormatError) as caught:
        read_rows(checkpoint, [RowBlock(tensor="a", start=0, stop=1)])
    assert caught.value.format_name == dtype


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_no_number_is_refused_with_its_place(value: float) -> None:
    """The message names the tensor, the value, the row in the tensor and the column."""
    array = np.zeros((6, 4), dtype=np.float32)
    array[4, 2] = array[5, 0] = value
    checkpoint = open_safetensors(MemorySource({"model.safetensors": save({"w": array})}))
    place = f"Tensor 'w' holds {value} in row 4, column 2."
    with pytest.raises(UnreadableError) as by_block:
        read_rows(checkpoint, [RowBlock(tensor="w", start=3, stop=6)])
    assert by_block.value.what == place
    clean = read_rows(checkpoint, [RowBlock(tensor="w", start=0, stop=4)])
    np.testing.assert_array_equal(clean[0], 0)


def test_finite_values_pass() -> None:
    """The largest float32 and an empty array are fine."""
    require_finite(np.full((1, 2), np.finfo(np.float32).max, dtype=np.float32), "t")
    require_finite(np.zeros((0, 3), dtype=np.float32), "t")


@given(n_rows=st.integers(0, 2**40), n_cols=st.integers(1, 2**40), data=st.data())
def test_spans_of_huge_tensors_do_not_overflow(
    n_rows: int, n_cols: int, data: st.DataObject
) -> None:
    """Offsets are exact for tensors of any size."""
    record = TensorRecord(
        name="t", dtype="BF16", shape=(n_rows, n_cols), path="p", start=7, stop=n_rows * n_cols * 2
    )
    start = data.draw(st.integers(0, n_rows))
    stop = data.draw(st.integers(start, n_rows))
    span = span_of(record, RowBlock(tensor="t", start=start, stop=stop))
    assert (span.start, span.size) == (7 + start * n_cols * 2, (stop - start) * n_cols * 2)


class ShuffledSource(MemorySource):
    """Hands on spans one by one in an order of its own, and can end in a fault."""

    random = Random(0)
    fails_after = -1

    def read_each(self, spans: Sequence[Span], purpose: Purpose) -> Iterator[tuple[int, bytes]]:
        """Yield every span once."""
        read = self.read(spans, purpose)
        places = list(range(len(spans)))
        self.random.shuffle(places)
        for done, place in enumerate(places):
            if done == self.fails_after:
                raise NetworkFaultError("gone", cause="a fault.", next_step="again.")
            yield place, read[place]


def shuffled(content: bytes) -> tuple[ShuffledSource, Checkpoint]:
    """Return a checkpoint whose bytes arrive in any order."""
    source = ShuffledSource({"model.safetensors": content})
    return source, open_safetensors(source)


@given(asked=st.lists(BLOCKS, max_size=6), random=st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(
    asked: list[tuple[str, int, int]], random: Random
) -> None:
    """Values are those of a source that hands everything on at once, whatever comes first."""
    source, checkpoint = shuffled(SOURCE_BYTES)
    source.random = random
    blocks = [RowBlock(tensor=n, start=min(i, j), stop=max(i, j)) for n, i, j in asked]
    for block, array in zip(blocks, read_rows(checkpoint, blocks), strict=True):
        np.testing.assert_array_equal(array, flat(block.tensor)[block.start : block.stop])


def test_the_value_that_is_named_does_not_depend_on_what_arrives_first() -> None:
    """Two tensors hold NaN: the one that was asked for first is named, whichever came first."""
    bad = np.full((4, 2), np.nan, dtype=np.float32)
    source, checkpoint = shuffled(save({"a": bad, "b": bad}))
    for seed in range(8):
        source.random = Random(seed)
        with pytest.raises(UnreadableError, match="'b'"):
            read_rows(checkpoint, [RowBlock(tensor=t, start=0, stop=1) for t in ("b", "a")])


def test_a_fault_half_way_gives_no_rows_at_all() -> None:
    """Rows that had arrived before a fault are not handed out; what was booked stays booked."""
    source, checkpoint = shuffled(save({"a": np.ones((4, 2), dtype=np.float32)}))
    source.fails_after = 1
    blocks = [RowBlock(tensor="a", start=n, stop=n + 1) for n in (0, 2)]
    with pytest.raises(NetworkFaultError):
        read_rows(checkpoint, blocks)
    assert source.ledger.by_purpose()[Purpose.WEIGHTS] == 16
