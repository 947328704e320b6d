"""Tests of the made-up models that the measurements of reading are taken on."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load

from hubcheck.checkpoint.interface import RowBlock
from hubcheck.checkpoint.opening import open_checkpoint
from hubcheck.checkpoint.rows import read_rows
from tests.material.remote import repository as remote
from tests.material.remote.repository import MadeShard, repository
from tests.material.remote.shapes import GLM_AIR, LADDER, SOLAR_OPEN, dense
from tests.material.remote.values import Recipe, bytes_of
from tests.memory_source import MemorySource

ENTRIES = [("model.embed_tokens.weight", (700, 96)), ("b.weight", (33, 1500)), ("norm", (64,))]
SMALL = dense("small", hidden=64, layers=2, neurons=96, heads=4, kv=2, vocab=700)
SHARD = MadeShard(SMALL, Recipe(seed=1), ENTRIES, "x")
WHOLE = SHARD.read(0, SHARD.size)
EIGHT = replace(SMALL, fp8=True)
EIGHT_BIT = MadeShard(EIGHT, Recipe(seed=1), list(EIGHT.stored()), "x")


@given(st.lists(st.integers(0, SHARD.size), min_size=2, max_size=4).map(sorted))
def test_a_range_is_a_cut_of_the_whole(offsets: list[int]) -> None:
    """Whatever ranges are asked for, the bytes are those of one file."""
    for start, stop in pairwise(offsets):
        assert SHARD.read(start, stop) == WHOLE[start:stop]


def test_the_file_is_one_that_the_library_reads() -> None:
    """Header and values together are a safetensors file."""
    as_integers = WHOLE.replace(b'"BF16"', b'"U16" ')  # NumPy has no bfloat16
    loaded = load(as_integers)
    assert {name: array.shape for name, array in loaded.items()} == dict(ENTRIES)


def test_an_eight_bit_model_holds_the_same_values() -> None:
    """Codes times the scale of their block are the values, to the precision of eight bits."""
    source = MemorySource({"model.safetensors": EIGHT_BIT.read(0, EIGHT_BIT.size)})
    config = {"quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}}
    checkpoint = open_checkpoint(source, config)
    name = "model.layers.0.mlp.down_proj.weight"
    (rows,) = read_rows(checkpoint, [RowBlock(tensor=name, start=5, stop=60)])
    exact = floats(bytes_of(Recipe(seed=1), name, "BF16", (64, 96), 5 * 192, 60 * 192))
    apart = np.abs(rows.ravel() - exact)
    assert np.all(apart <= np.abs(exact) / 16 + 2.0**-19)


def test_an_eight_bit_range_is_a_cut_of_the_whole() -> None:
    """Scales and codes can be asked for from any byte on."""
    whole = EIGHT_BIT.read(0, EIGHT_BIT.size)
    for start, stop in pairwise(range(0, EIGHT_BIT.size, 7919)):
        assert EIGHT_BIT.read(start, stop) == whole[start:stop]


def test_a_published_number_of_files_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that was published in 163 files lies in 163; a tokenizer of that size is not asked."""
    monkeypatch.setattr(remote, "tokenizer", lambda _vocab: {})
    for published in LADDER:
        if published.shards:
            files = repository(published, Recipe(seed=1), "x")
            assert sum(isinstance(c, MadeShard) for c in files.values()) == published.shards


def floats(raw: bytes) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return bf16 as float32."""
    bits = np.frombuffer(raw, dtype="<u2").astype(np.uint32) << np.uint32(16)
    return bits.view(np.float32)


def test_a_tuned_model_keeps_what_it_says() -> None:
    """The change leaves a cosine of 0.99; another seed leaves none."""
    recipes = [Recipe(seed=1), Recipe(seed=1, change=0.14, change_seed=2), Recipe(seed=3)]
    rows = [floats(bytes_of(r, "w", "BF16", (64, 1024), 0, 64 * 2048)) for r in recipes]
    same, other = (
        float(rows[0] @ r / np.linalg.norm(rows[0]) / np.linalg.norm(r)) for r in rows[1:]
    )
    assert 0.985 < same < 0.995
    assert abs(other) < 0.02


def test_the_shapes_have_the_published_sizes() -> None:
    """Parameters are those that the models are known for, 1 B to 1 T."""
    billions = [round(p.parameters / 1e9) for p in (*LADDER, SOLAR_OPEN)]
    assert billions == [1, 8, 31, 110, 406, 671, 1026, 1026, 103]
    assert sum(1 for _ in GLM_AIR.tensors()) == 18_329


def test_a_repository_is_complete() -> None:
    """A model of one shard has no index, and every model a config, a card and a tokenizer."""
    files = repository(SMALL, Recipe(seed=1), "small")
    assert sorted(files) == [
        "README.md", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    ]  # fmt: skip
    assert files["model.safetensors"].size > 2 * SMALL.parameters
