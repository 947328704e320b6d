"""Does a written model folder read back as what was written?"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.material.zoo.folder import read_weights, round_trip, write_model
from tests.material.zoo.symmetries import Arrays
from tests.zoo.conftest import SMALL


def test_shards_hold_every_tensor_once(dense: Arrays, tmp_path: Path) -> None:
    """A folder in five oddly named shards holds each tensor once and its index agrees."""
    names = sorted(dense, reverse=True)
    write_model(
        tmp_path,
        dense,
        SMALL.config(),
        tokenizer_files={"tokenizer.json": "{}"},
        card="# x\n",
        dtype="F32",
        shards=5,
        shard_name="part_{index}_{count}.safetensors",
        order=names,
    )
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert set(index["weight_map"]) == set(dense)
    assert len({*index["weight_map"].values()}) == len(list(tmp_path.glob("part_*_5.*"))) == 5
    assert index["metadata"]["total_size"] == 4 * sum(w.size for w in dense.values())
    back = read_weights(tmp_path)
    assert all(np.array_equal(back[n], w.astype(np.float32)) for n, w in dense.items())


def test_rewriting_leaves_no_old_shard(dense: Arrays, tmp_path: Path) -> None:
    """A folder written twice holds the files of the second writing only."""
    for shards in (3, 1):
        write_model(
            tmp_path,
            dense,
            SMALL.config(),
            tokenizer_files={},
            card="",
            dtype="BF16",
            shards=shards,
        )
    assert [p.name for p in tmp_path.glob("*.safetensors*")] == ["model.safetensors"]
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["torch_dtype"] == "bfloat16"


def test_storage_rounds_as_its_dtype(dense: Arrays) -> None:
    """Coarser storage errs more, and float32 not at all."""
    weights = {n: w.astype(np.float32) for n, w in dense.items()}
    errors = [
        max(float(np.abs(v - weights[n]).max()) for n, v in round_trip(weights, d).items())
        for d in ("F32", "F16", "BF16", "F8_E4M3")
    ]
    assert errors[0] == 0.0
    assert errors == sorted(errors)
    assert errors[3] > errors[1]


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    """A folder without weights says what to do."""
    with pytest.raises(FileNotFoundError, match="train it first"):
        read_weights(tmp_path)
