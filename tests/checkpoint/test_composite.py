"""Tests of several components as one checkpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pytest

from hubcheck.checkpoint.composite import SEVERAL, Piece, joined
from hubcheck.checkpoint.interface import Checkpoint, RowBlock
from hubcheck.checkpoint.opening import open_checkpoint
from hubcheck.checkpoint.rows import read_rows
from hubcheck.errors import HostileCheckpointError
from hubcheck.source.selected import SelectedSource
from tests.material.formats.encode import as_bf16
from tests.material.formats.folder import safetensors_file
from tests.memory_source import MemorySource

VALUES = np.arange(64, dtype=np.float32).reshape(8, 8)


def packed_file() -> bytes:
    """Return a safetensors file of a matrix stored as fp8 with a scale for the tensor."""
    codes = bytes(range(64))  # every one of them is a finite number
    scale = np.array([[16.0]], np.float32).tobytes()
    header = {
        "w.weight": {"dtype": "F8_E4M3", "shape": [8, 8], "data_offsets": [0, 64]},
        "w.weight_scale": {"dtype": "F32", "shape": [1, 1], "data_offsets": [64, 68]},
    }
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + codes + scale


def opened(
    source: MemorySource, folder: str, config: Mapping[str, object]
) -> tuple[Checkpoint, dict[str, str]]:
    """Return a folder's checkpoint, and where its files lie."""
    real = {"model.safetensors": f"{folder}/model.safetensors"}
    return open_checkpoint(SelectedSource(source, real, ref="x"), config), real


def test_names_and_places_are_those_of_the_repository() -> None:
    """A component's tensors carry its name, the body's keep theirs; rows are read where they lie."""
    raw = safetensors_file({"a.weight": as_bf16(VALUES)})
    other = safetensors_file({"a.weight": as_bf16(VALUES + 1)})
    source = MemorySource({"0_T/model.safetensors": raw, "2_Dense/model.safetensors": other})
    pieces = []
    for folder, name in (("0_T", ""), ("2_Dense", "2_Dense")):
        checkpoint, real = opened(source, folder, {})
        pieces.append(Piece(name=name, checkpoint=checkpoint, real_paths=real))
    whole = joined(source, pieces)
    assert list(whole.tensors) == ["2_Dense.a.weight", "a.weight"]
    assert whole.paths == ("0_T/model.safetensors", "2_Dense/model.safetensors")
    assert whole.format == "safetensors"
    blocks = [RowBlock(tensor=n, start=2, stop=3) for n in ("a.weight", "2_Dense.a.weight")]
    first, second = read_rows(whole, blocks)
    assert (second - first).tolist() == [[1.0] * 8]


def test_packed_storage_is_read_where_it_lies() -> None:
    """A storage that knows its own files and scales gives the same values inside a whole."""
    source = MemorySource({"te/model.safetensors": packed_file()})
    config = {"quantization_config": {"quant_method": "fp8"}}
    alone, real = opened(source, "te", config)
    assert alone.tensors["w.weight"].storage is not None
    whole = joined(source, [Piece(name="te", checkpoint=alone, real_paths=real)])
    there = whole.tensors["te.w.weight"].storage
    assert there is not None
    assert {span.path for span in there.spans(0, 8)} == {"te/model.safetensors"}
    block = RowBlock(tensor="te.w.weight", start=1, stop=3)
    own = RowBlock(tensor="w.weight", start=1, stop=3)
    (inside,) = read_rows(whole, [block])
    (outside,) = read_rows(alone, [own])
    assert inside.tolist() == outside.tolist()
    assert len(np.unique(inside)) == inside.size


def test_two_tensors_of_one_name_are_refused() -> None:
    """A body's tensor that is named as a component's cannot stand for it."""
    raw = safetensors_file({"a.weight": as_bf16(VALUES)})
    posing = safetensors_file({"2_Dense.a.weight": as_bf16(VALUES)})
    source = MemorySource({"0_T/model.safetensors": posing, "2_Dense/model.safetensors": raw})
    pieces = []
    for folder, name in (("0_T", ""), ("2_Dense", "2_Dense")):
        checkpoint, real = opened(source, folder, {})
        pieces.append(Piece(name=name, checkpoint=checkpoint, real_paths=real))
    with pytest.raises(HostileCheckpointError, match=r"2_Dense\.a\.weight"):
        joined(source, pieces)


def test_components_that_are_not_stored_alike() -> None:
    """The format says so; which it is of one component is that component's."""
    raw = safetensors_file({"a.weight": as_bf16(VALUES)})
    source = MemorySource({"x/model.safetensors": raw})
    checkpoint, real = opened(source, "x", {})
    other = Checkpoint(
        source=source, tensors=checkpoint.tensors, metadata={}, format="PyTorch zip", paths=()
    )
    whole = joined(
        source,
        [
            Piece(name="x", checkpoint=checkpoint, real_paths=real),
            Piece(name="y", checkpoint=other, real_paths={}),
        ],
    )
    assert whole.format == SEVERAL
