"""Do GGUF blocks hold the numbers that the ``gguf`` package reads from them?"""

from __future__ import annotations

import gguf
import numpy as np
import pytest
from gguf import quants

from hubcheck.checkpoint import gguf_code_books
from hubcheck.checkpoint.gguf_blocks import BLOCKS, block_type, blocks_of, is_read
from hubcheck.checkpoint.gguf_code_books import SIZES, code_book_types
from hubcheck.checkpoint.gguf_header import TYPE_NAMES
from hubcheck.source.interface import Span
from tests.material.formats.gguf_file import blocks


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_type_agrees_with_the_package(name: str) -> None:
    """Sizes, numbers and every value of random blocks are those of ggml's own Python package."""
    kind, block = gguf.GGMLQuantizationType[name], BLOCKS[name]
    assert gguf.GGML_QUANT_SIZES[kind] == (block.n_values, block.n_bytes)
    rng = np.random.default_rng(3)
    raw = rng.integers(0, 256, (500, block.n_bytes), dtype=np.uint8)
    if name == "MXFP4":
        raw[:, 0] %= 255  # the last exponent is no number in the format, the package reads on
    with np.errstate(all="ignore"):
        expected = quants.dequantize(raw.reshape(-1), kind).reshape(500, -1)
        ours = block.unpack(raw)
    np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("name", ["Q8_0", "Q4_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K", "MXFP4"])
def test_rows_are_read_alone(name: str) -> None:
    """A row costs its own blocks only, and holds what was stored up to the type's rounding."""
    values = np.random.default_rng(0).normal(size=(6, 512)).astype(np.float32)
    packed, _ = blocks(values, name)
    record = blocks_of(type_name=name, name="w", shape=(6, 512), path="m", start=64)
    assert record is not None
    assert record.storage is not None
    (span,) = record.storage.spans(2, 5)
    row = packed.reshape(6, -1).shape[1]
    assert span == Span(path="m", start=64 + 2 * row, stop=64 + 5 * row)
    raw = packed.tobytes()[span.start - 64 : span.stop - 64]
    read = record.storage.values(2, 5, [raw])
    error = np.linalg.norm(read - values[2:5]) / np.linalg.norm(values[2:5])
    assert error < {"Q8_0": 0.01, "Q6_K": 0.03, "Q5_K": 0.06, "Q5_1": 0.06}.get(name, 0.15)


@pytest.mark.parametrize("name", sorted(SIZES))
def test_a_type_with_code_books_is_read_through_the_package(name: str) -> None:
    """Sizes are those of ggml; any bytes give values of a block each, row by row."""
    kind = gguf.GGMLQuantizationType[name]
    assert gguf.GGML_QUANT_SIZES[kind] == SIZES[name]
    assert is_read(name)
    record = blocks_of(type_name=name, name="w", shape=(5, 512), path="m", start=0)
    assert record is not None
    assert record.storage is not None
    raw = np.random.default_rng(1).integers(0, 256, record.stop, dtype=np.uint8)
    with np.errstate(all="ignore"):
        expected = quants.dequantize(raw, kind).reshape(5, 512)
        (span,) = record.storage.spans(1, 3)
        read = record.storage.values(1, 3, [raw[span.start : span.stop].tobytes()])
    np.testing.assert_array_equal(read, expected[1:3])


def test_without_the_package_such_a_type_is_named_and_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Types with code books are unread where the package is missing; the others do not need it."""
    monkeypatch.setattr(gguf_code_books, "find_spec", lambda _name: None)
    code_book_types.cache_clear()
    try:
        assert not any(is_read(name) for name in SIZES)
        assert is_read("TQ1_0")
        with pytest.raises(KeyError):
            block_type("IQ2_XS")
    finally:
        monkeypatch.undo()
        code_book_types.cache_clear()


@pytest.mark.parametrize("name", [*BLOCKS, *sorted(SIZES)])
def test_rows_without_columns_hold_nothing(name: str) -> None:
    """A tensor of no columns is no error of the reader."""
    record = blocks_of(type_name=name, name="w", shape=(4, 0), path="m", start=0)
    assert record is not None
    assert record.storage is not None
    assert record.storage.values(0, 4, [b""]).shape == (4, 0)


def test_type_numbers_are_those_of_the_package() -> None:
    """Each number names the type that ggml gives it."""
    assert {n: gguf.GGMLQuantizationType(n).name for n in TYPE_NAMES} == TYPE_NAMES


def test_rows_that_split_a_block_are_refused() -> None:
    """A matrix whose rows are no whole blocks cannot exist in the format."""
    assert blocks_of(type_name="Q4_K", name="w", shape=(4, 96), path="m", start=0) is None
    assert blocks_of(type_name="Q8_0", name="w", shape=(), path="m", start=0) is None
