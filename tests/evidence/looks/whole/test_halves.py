"""Do lines of a tensor come out as the canonical matrix has them, however it is stored?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Matrix, Role
from hubcheck.checkpoint.interface import TensorRecord
from hubcheck.evidence.looks.whole.halves import UNPACKED, Half, values_of
from hubcheck.source.interface import Span

START = 32
"""Bytes of the file before the tensor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A canonical matrix and how a file holds it."""

    canonical: NDArray[np.float32]
    file: bytes
    record: TensorRecord
    matrix: Matrix

    def words(self, half: Half, start: int, stop: int) -> NDArray[np.float32]:
        """Read some lines as the stream does."""
        raws = [self.file[s.start : s.stop] for s in half.spans(start, stop)]
        return values_of(half.words(start, stop, raws), half.dtype)


def stored(n_out: int, n_in: int, *, transposed: bool, offset: int, seed: int, step: int) -> Stored:
    """Return a float32 matrix inside a larger tensor, its outputs in segments."""
    rng = np.random.default_rng(seed)
    canonical = rng.standard_normal((n_out, n_in)).astype(np.float32)
    half = n_out // 2
    segments: tuple[tuple[int, int, int], ...]
    if step == 1:  # two runs that changed places
        segments = ((half + 1, n_out + 1, 1), (1, half + 1, 1))
    else:  # every second one, and what lies between
        segments = ((1, n_out * 2 + 1, 2),)
    segments = tuple(s for s in segments if s[1] > s[0])
    places = np.concatenate([np.arange(*s) for s in segments])
    across = int(places.max(initial=0)) + 2
    shape = (offset + n_in + 1, across) if transposed else (across, n_in)
    held = rng.standard_normal(shape).astype(np.float32)
    if transposed:
        held[offset : offset + n_in][:, places] = canonical.T
    else:
        held[places] = canonical
    record = TensorRecord(
        name="t", dtype="F32", shape=shape, path="f", start=START, stop=START + held.nbytes
    )
    matrix = Matrix(
        role=Role.UP,
        layer=0,
        expert=-1,
        bias=False,
        tensor="t",
        n_out=n_out,
        n_in=n_in,
        transposed=transposed,
        offset=offset if transposed else 0,
        segments=segments,
    )
    return Stored(
        canonical=canonical, file=b"\0" * START + held.tobytes(), record=record, matrix=matrix
    )


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 12),
    st.integers(1, 9),
    st.booleans(),
    st.booleans(),
    st.integers(0, 3),
    st.integers(0, 2**31),
    st.integers(1, 2),
    st.data(),
)
def test_lines_are_those_of_the_canonical_matrix(
    n_out: int,
    n_in: int,
    transposed: bool,
    by_input: bool,
    offset: int,
    seed: int,
    step: int,
    data: st.DataObject,
) -> None:
    """Fused, interleaved, transposed or both; by outputs or by inputs: lines are canonical."""
    by_input = by_input and transposed
    one = stored(n_out, n_in, transposed=transposed, offset=offset, seed=seed, step=step)
    ids = data.draw(st.lists(st.integers(0, n_out - 1), max_size=8).map(tuple))
    half = Half(record=one.record, matrix=one.matrix, by_input=by_input, ids=ids)
    wanted = one.canonical[list(ids)] if ids else one.canonical
    wanted = wanted.T if by_input else wanted
    assert (half.lines, half.width) == wanted.shape
    start = data.draw(st.integers(0, half.lines - 1))
    stop = data.draw(st.integers(start + 1, half.lines))
    assert np.array_equal(one.words(half, start, stop), wanted[start:stop])
    assert half.turned == (transposed and not by_input)


def test_lines_without_a_matrix_are_the_stored_rows() -> None:
    """A tensor of no known role is compared as it lies: only its rows are read."""
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    record = TensorRecord(
        name="t", dtype="F32", shape=(2, 3, 4), path="f", start=8, stop=8 + values.nbytes
    )
    half = Half(record=record, matrix=None, by_input=False)
    assert (half.lines, half.width) == (6, 4)
    assert half.spans(1, 3) == [Span(path="f", start=8 + 16, stop=8 + 48)]
    words = half.words(1, 3, [values.tobytes()[16:48]])
    assert np.array_equal(values_of(words, "F32"), values.reshape(6, 4)[1:3])


@dataclass(frozen=True, slots=True)
class Halved:
    """A packed storage: bytes that stand for halves."""

    name: str = "one byte"
    by_input: bool = False

    def spans(self, start: int, stop: int) -> tuple[Span, ...]:
        """Return one byte for each of four columns."""
        return (Span(path="f", start=start * 4, stop=stop * 4),)

    def values(self, start: int, stop: int, raws: Sequence[bytes]) -> NDArray[np.float32]:
        """Return the rows."""
        found = np.frombuffer(raws[0], np.uint8).astype(np.float32) / 2
        return np.asarray(found.reshape(stop - start, 4), dtype=np.float32)


def test_packed_values_come_unpacked() -> None:
    """A packed storage gives float32, under a dtype of its own."""
    record = TensorRecord(
        name="t", dtype="U8", shape=(3, 4), path="f", start=0, stop=12, storage=Halved()
    )
    half = Half(record=record, matrix=None, by_input=False)
    words = half.words(1, 2, [bytes([1, 2, 3, 4])])
    assert half.dtype == UNPACKED
    assert values_of(words, half.dtype).tolist() == [[0.5, 1, 1.5, 2]]


@pytest.mark.parametrize("dtype", ["BF16", "F16", "F64", "F8_E4M3", "I8", "U32"])
def test_words_keep_the_shape_of_every_dtype(dtype: str) -> None:
    """Whatever the width of a stored value, lines and columns are counted in values."""
    width = {"F64": 8, "U32": 4, "BF16": 2, "F16": 2}.get(dtype, 1)
    record = TensorRecord(name="t", dtype=dtype, shape=(4, 3), path="f", start=0, stop=12 * width)
    half = Half(record=record, matrix=None, by_input=False)
    words = half.words(0, 4, [bytes(12 * width)])
    assert words.shape == (4, 3)
    assert values_of(words, dtype).tolist() == np.zeros((4, 3)).tolist()
