"""Small random models of the hybrid families, as transformers publishes them."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from safetensors.numpy import save_file

from tests.anatomy.sweep import saved_as_published
from tests.evidence.laboratory import tokenizer

Weights = dict[str, NDArray[np.float32]]
VOCABULARY: Final = 536
"""Of the demo's tokenizer, which is copied beside."""
COMMON: Final[dict[str, Any]] = {
    "vocab_size": VOCABULARY, "hidden_size": 64, "num_attention_heads": 4,
    "num_key_value_heads": 2, "num_hidden_layers": 4, "intermediate_size": 160,
    "max_position_embeddings": 64, "pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 1,
}  # fmt: skip
MAMBA2: Final[dict[str, Any]] = {
    "mamba_n_heads": 4, "mamba_d_head": 32, "mamba_n_groups": 1, "mamba_d_state": 16,
    "mamba_expand": 2,
}  # fmt: skip
EXPERTS: Final[dict[str, Any]] = {
    "num_experts": 16, "num_experts_per_tok": 2, "moe_intermediate_size": 96,
    "shared_expert_intermediate_size": 128, "decoder_sparse_step": 1,
}  # fmt: skip
DELTA: Final[dict[str, Any]] = {
    "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 16,
    "linear_value_head_dim": 32, "head_dim": 32,
}  # fmt: skip
TWO_KINDS: Final = ["linear_attention", "full_attention"] * 2
HYBRIDS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "Qwen3-Next": ("Qwen3Next", {**DELTA, **EXPERTS, "layer_types": TWO_KINDS}),
    "Qwen3.5": ("Qwen3_5Text", {**DELTA, "layer_types": TWO_KINDS}),
    "Jamba": (
        "Jamba",
        {
            "num_experts": 8, "expert_layer_period": 2, "expert_layer_offset": 1,
            "attn_layer_period": 4, "attn_layer_offset": 2, "mamba_d_state": 8,
            "mamba_dt_rank": 8, "use_mamba_kernels": False,
        },
    ),
    "Falcon-H1": ("FalconH1", {**MAMBA2, "mamba_d_ssm": 128}),
    "Nemotron-H": (
        "NemotronH",
        {
            "layer_types": ["linear_attention", "mlp", "full_attention", "mlp"],
            "mamba_num_heads": 4, "mamba_head_dim": 32, "ssm_state_size": 16, "n_groups": 1,
            "head_dim": 16,
        },
    ),
    "Zamba2": (
        "Zamba2",
        {
            "layer_types": ["mamba", "hybrid", "mamba", "mamba"], "num_key_value_heads": 4,
            "attention_head_dim": 32, "mamba_d_state": 16, "mamba_headdim": 32, "n_mamba_heads": 4,
            "mamba_ngroups": 1, "hybrid_layer_ids": [1], "num_mem_blocks": 1, "adapter_rank": 8,
        },
    ),
    "Granite-4-H": (
        "GraniteMoeHybrid",
        {
            **MAMBA2, "layer_types": TWO_KINDS, "num_local_experts": 8, "num_experts_per_tok": 2,
            "shared_intermediate_size": 160,
        },
    ),
    "Bamba": ("Bamba", {**MAMBA2, "attn_layer_indices": [1, 3]}),
    "Kimi-Linear": (
        "KimiLinear",
        {
            "layer_types": TWO_KINDS, "num_experts": 8, "num_experts_per_token": 2,
            "moe_intermediate_size": 96, "linear_num_heads": 4, "linear_head_dim": 32,
            "kv_lora_rank": 32, "qk_nope_head_dim": 16, "qk_rope_head_dim": 8, "v_head_dim": 16,
            "num_key_value_heads": 4, "head_dim": 8, "n_group": 1, "topk_group": 1,
        },
    ),
    "LFM2": ("Lfm2", {"layer_types": ["conv", "full_attention", "conv", "conv"]}),
    "RecurrentGemma": (
        "RecurrentGemma",
        {"block_types": ["recurrent", "attention"], "lru_width": 64, "head_dim": 16},
    ),
    "Mamba": ("Mamba", {"state_size": 8}),
    "Mamba-2": ("Mamba2", {"num_heads": 4, "head_dim": 32, "n_groups": 1, "state_size": 16}),
}  # fmt: skip
"""By name: the class of transformers without its ending, and what its configuration is told."""


@cache
def torch_model(name: str, seed: int) -> torch.nn.Module:
    """Return a random model of a family."""
    logging.getLogger("transformers").setLevel(logging.ERROR)
    stem, given = HYBRIDS[name]
    config = getattr(transformers, f"{stem}Config")(**{**COMMON, **given})
    torch.manual_seed(seed)
    made = getattr(transformers, f"{stem.removesuffix('Text')}ForCausalLM")
    model: torch.nn.Module = made(config).float().eval()
    with torch.no_grad():  # as training would leave them: no value is that of another family member
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    return model


@cache
def _published(name: str, seed: int) -> tuple[Weights, Mapping[str, Any]]:
    return saved_as_published(torch_model(name, seed))


def published(name: str, seed: int, *, noise: float = 0.0) -> tuple[Weights, Mapping[str, Any]]:
    """Return tensors and configuration, with noise of a share of each tensor's own spread."""
    tensors, config = _published(name, seed)
    rng = np.random.default_rng(99)
    noisy = {
        n: (t + noise * t.std() * rng.normal(size=t.shape)).astype(np.float32)
        for n, t in tensors.items()
    }
    return noisy, config


def write(folder: Path, model: tuple[Weights, Mapping[str, Any]]) -> Path:
    """Write a model as a folder with the demo's tokenizer."""
    folder.mkdir()
    save_file(model[0], folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(model[1]))
    for path, text in tokenizer().items():
        (folder / path).write_text(text)
    return folder
