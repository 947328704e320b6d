"""Is quantised storage recognised, and plain storage left alone?"""

from __future__ import annotations

from types import MappingProxyType

import pytest

from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from hubcheck.checkpoint.packed import packed_storage, packed_tensors
from tests.memory_source import MemorySource

Layout = dict[str, tuple[str, int]]


def checkpoint_of(layout: Layout) -> Checkpoint:
    """Return a checkpoint of tensors given as name: (dtype, bytes)."""
    records = {
        name: TensorRecord(
            name=name, dtype=dtype, shape=(n_bytes, 1), path="m", start=0, stop=n_bytes
        )
        for name, (dtype, n_bytes) in sorted(layout.items())
    }
    return Checkpoint(
        source=MemorySource({}),
        tensors=MappingProxyType(records),
        metadata={},
        format="safetensors",
    )


PLAIN: Layout = {"model.embed_tokens.weight": ("BF16", 100), "model.norm.weight": ("F32", 4)}
QUANTISED: dict[str, tuple[str, Layout]] = {
    "gptq": (
        "GPTQ/AWQ",
        {"q.qweight": ("I32", 50), "q.qzeros": ("I32", 2), "q.scales": ("F16", 2),
         "q.g_idx": ("I32", 2)},
    ),
    "awq": ("GPTQ/AWQ", {"q.qweight": ("I32", 50), "q.qzeros": ("I32", 2), "q.scales": ("F16", 2)}),
    "bnb 4 bit": (
        "bitsandbytes",
        {"q.weight": ("U8", 50), "q.weight.absmax": ("U8", 2), "q.weight.quant_map": ("F32", 2),
         "q.weight.quant_state.bitsandbytes__nf4": ("U8", 2)},
    ),
    "bnb 8 bit": ("bitsandbytes", {"q.weight": ("I8", 50), "q.SCB": ("F32", 2)}),
    "fp8 block": ("fp8 with scales", {"q.weight": ("F8_E4M3", 50),
                                      "q.weight_scale_inv": ("F32", 2)}),
    "fp8 channel": ("fp8 with scales", {"q.weight": ("F8_E4M3", 50),
                                        "q.weight_scale": ("BF16", 2)}),
    "fp8 with plain scale": ("fp8 with scales", {"q.weight": ("F8_E4M3", 50),
                                                 "q.scale": ("F8_E8M0", 2)}),
    "fp8 with a multiplier of no known name": (
        "fp8 with scales", {"q.weight": ("F8_E4M3", 50), "q.weight_multiplier": ("F32", 2)},
    ),
    "fp8 with a number of its module": (
        "fp8 with scales", {"q.weight": ("F8_E5M2", 50), "q.amax": ("F32", 2)},
    ),
    "fp8 experts with numbers behind their name": (
        "fp8 with scales", {"e.gate_up_proj": ("F8_E4M3", 50), "e.gate_up_proj_dequant": ("F32", 2)},
    ),
    "gpt-oss": ("MXFP4", {"e.gate_up_proj_blocks": ("U8", 50), "e.gate_up_proj_scales": ("U8", 2)}),
    "nvfp4 of modelopt": (
        "NVFP4",
        {"q.weight": ("U8", 50), "q.weight_scale": ("F8_E4M3", 4), "q.weight_scale_2": ("F32", 4)},
    ),
    "nvfp4 of compressed-tensors": (
        "NVFP4",
        {"q.weight_packed": ("U8", 50), "q.weight_scale": ("F8_E4M3", 4),
         "q.weight_global_scale": ("F32", 4)},
    ),
    "compressed-tensors 4 bit": (
        "compressed-tensors",
        {"q.weight_packed": ("I32", 50), "q.weight_scale": ("BF16", 2),
         "q.weight_shape": ("I64", 2)},
    ),
    "compressed-tensors 8 bit": ("compressed-tensors", {"q.weight": ("I8", 50),
                                                        "q.weight_scale": ("BF16", 2)}),
    "sub-byte": ("sub-byte floats", {"q.weight": ("F4", 50)}),
    "EETQ": ("EETQ", {"q.weight": ("I8", 50), "q.weight_scales": ("F16", 2)}),
    "Quanto": ("Quanto", {"q.weight._data": ("I8", 50), "q.weight._scale": ("F16", 2)}),
    "torchao, integers": ("torchao", {"q._weight_qdata": ("I8", 50), "q._weight_scale": ("F16", 2)}),
    "torchao, floats": (
        "torchao", {"q._weight_qdata": ("F8_E4M3", 50), "q._weight_scale": ("F16", 2)}
    ),
    "VPTQ": ("VPTQ", {"q.indices": ("I32", 50), "q.centroids.weight": ("F16", 2)}),
    "HIGGS": ("HIGGS", {"q.weight": ("I16", 50), "q.scales": ("F16", 2), "q.tables": ("F16", 2)}),
    "unknown codes with scales in their module": (
        "integer weights", {"q.w_int": ("U8", 50), "q.scales": ("F16", 2)}
    ),
    "unknown codes with scales under their name": (
        "integer weights", {"q.kernel": ("I32", 50), "q.kernel_scale": ("F16", 2)}
    ),
    "bare integers": ("integer weights", {"q.weight": ("I8", 50)}),
}  # fmt: skip


@pytest.mark.parametrize("kind", QUANTISED)
def test_packed_storage_is_named(kind: str) -> None:
    """Each layout is recognised, and only its value tensors are listed, not its scales."""
    name, layout = QUANTISED[kind]
    checkpoint = checkpoint_of(PLAIN | layout)
    assert packed_storage(checkpoint) == name
    assert packed_tensors(checkpoint) == {next(iter(layout)): name}


@pytest.mark.parametrize(
    "layout",
    [
        {},
        PLAIN,
        PLAIN | {"q.weight": ("F8_E4M3", 50)},
        PLAIN | {"q.weight": ("F8_E5M2", 50), "router.scale": ("BF16", 2)},
        PLAIN | {"q.weight": ("BF16", 50), "q.weight_scale": ("BF16", 2)},
        PLAIN | {"q.weight": ("BF16", 50), "attn.scales": ("F32", 2), "per_dim_scale": ("F32", 2)},
        PLAIN | {"embeddings.position_ids": ("I64", 50), "attn.bias": ("BOOL", 50)},
        PLAIN | {"attn.relative_position_index": ("I64", 50)},
    ],
    ids=str,
)
def test_plain_storage_is_left_alone(layout: Layout) -> None:
    """Plain floats, eight-bit floats without scales, scale parameters and buffers are plain."""
    checkpoint = checkpoint_of(layout)
    assert packed_storage(checkpoint) == ""
    assert packed_tensors(checkpoint) == {}


def test_one_decoy_does_not_switch_the_check_off() -> None:
    """A packed tensor of under five percent is listed, but the model does not count as packed."""
    decoy: Layout = {"x.qweight": ("I32", 4)}
    assert packed_storage(checkpoint_of(PLAIN | decoy)) == ""
    assert packed_tensors(checkpoint_of(PLAIN | decoy)) == {"x.qweight": "GPTQ/AWQ"}


def test_the_storage_of_most_bytes_names_the_model() -> None:
    """Mixed storage is named by its larger part."""
    mixed: Layout = {"a.qweight": ("I32", 30), "b.weight": ("F4", 40), "c.qweight": ("I32", 20)}
    assert packed_storage(checkpoint_of(PLAIN | mixed)) == "GPTQ/AWQ"
