"""Is an adapter described by what it changes, and never taken for evidence?"""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from hubcheck.anatomy.adapter_fit import adapter_fit
from hubcheck.checkpoint.adapter import ADAPTER_FILE, TORCH_FILE, read_adapter
from hubcheck.checkpoint.opening import open_checkpoint
from hubcheck.errors import UnsupportedFormatError
from tests.anatomy.tiny import shapes_of
from tests.memory_source import MemorySource

WRAPPER = "base_model.model."
Q = "model.layers.0.self_attn.q_proj"
SHAPES: dict[str, tuple[int, ...]] = {
    f"{WRAPPER}{Q}.lora_A.weight": (4, 32),
    f"{WRAPPER}{Q}.lora_B.weight": (48, 4),
    f"{WRAPPER}model.layers.0.mlp.down_proj.lora_A.weight": (8, 64),
    f"{WRAPPER}model.layers.0.mlp.down_proj.lora_B.weight": (32, 8),
    f"{WRAPPER}model.embed_tokens.lora_embedding_A": (4, 100),
    f"{WRAPPER}model.embed_tokens.lora_embedding_B": (32, 4),
    f"{WRAPPER}lm_head.weight": (100, 32),
    f"{WRAPPER}{Q}.lora_magnitude_vector": (48,),
    f"{WRAPPER}model.layers.1.mlp.up_proj.lora_A.weight": (4, 32),
    f"{WRAPPER}model.layers.2.self_attn.v_proj.hada_w1_a": (8, 4),
}


def source_of(shapes: Mapping[str, tuple[int, ...]]) -> MemorySource:
    """Return a repository that holds an adapter."""
    return MemorySource(
        {ADAPTER_FILE: save({n: np.zeros(s, np.float32) for n, s in shapes.items()})}
    )


def test_modules_ranks_and_copies_are_told_apart() -> None:
    """Updates have the shape of their module, copies theirs; the rest is listed, not understood."""
    adapter = read_adapter(source_of(SHAPES))
    assert adapter.modules == {
        Q: (48, 32),
        "model.embed_tokens": (100, 32),
        "model.layers.0.mlp.down_proj": (32, 64),
    }
    assert adapter.ranks == (4, 8)
    assert adapter.copies == {"lm_head.weight": (100, 32)}
    assert len(adapter.others) == 3


def test_a_pytorch_adapter_says_the_same() -> None:
    """``adapter_model.bin`` is walked without being run, and described like the other file."""
    buffer = io.BytesIO()
    torch.save({name: torch.zeros(shape) for name, shape in SHAPES.items()}, buffer)
    source = MemorySource({TORCH_FILE: buffer.getvalue()})
    assert read_adapter(source) == read_adapter(source_of(SHAPES))
    with pytest.raises(UnsupportedFormatError) as caught:
        open_checkpoint(source, {})
    assert caught.value.format_name.startswith("PEFT adapter")


def test_factors_that_do_not_fit_are_no_module() -> None:
    """A and B of different rank make no update."""
    shapes = {f"{WRAPPER}{Q}.lora_A.weight": (4, 32), f"{WRAPPER}{Q}.lora_B.weight": (48, 5)}
    adapter = read_adapter(source_of(shapes))
    assert adapter.modules == {}
    assert len(adapter.others) == 2


def test_the_fit_counts_names_and_shapes() -> None:
    """A base of other shapes fits less, a Conv1D base fits turned, and the words claim nothing."""
    adapter = read_adapter(source_of(SHAPES))
    base = {
        f"{Q}.weight": (32, 48),
        "model.embed_tokens.weight": (101, 32),
    }
    fit = adapter_fit(adapter, shapes_of(base))
    assert (fit.modules, fit.fitting) == (3, 1)
    assert fit.other_shape == ("model.embed_tokens",)
    assert fit.missing == ("model.layers.0.mlp.down_proj",)
    expected = (
        "1 of its 3 modules fit the base by name and shape, as they would fit any model of this"
        " family"
    )
    assert fit.sentence == expected


def test_an_adapter_is_not_tested() -> None:
    """The reason of the refusal says why no verdict can follow."""
    with pytest.raises(UnsupportedFormatError) as caught:
        open_checkpoint(source_of(SHAPES), {})
    assert caught.value.format_name == "PEFT adapter: an adapter alone cannot prove its base"
