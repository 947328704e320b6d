"""A tiny random model of each causal language model that transformers knows, saved as published.

``tests.anatomy.sweep_table`` measures it.
"""

from __future__ import annotations

import inspect
import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
import transformers
from safetensors.torch import load_file
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from tests.anatomy.tiny import Array

TABLE: Final = Path(__file__).with_name("sweep_table.json")
MAX_PARAMETERS: Final = 15_000_000
"""A model that stays larger than this costs the sweep more than it tells."""

SMALL: Final[dict[str, object]] = {
    **dict.fromkeys(("hidden_size", "n_embd", "d_model", "dim", "embedding_size"), 32),
    **dict.fromkeys(("word_embed_proj_dim", "lru_width"), 32),
    **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers", "num_layers"), 2),
    **dict.fromkeys(("encoder_layers", "decoder_layers", "num_decoder_layers"), 2),
    **dict.fromkeys(("num_encoder_layers", "num_blocks"), 2),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "num_heads"), 4),
    **dict.fromkeys(("encoder_attention_heads", "decoder_attention_heads"), 4),
    **dict.fromkeys(("num_encoder_attention_heads", "num_decoder_attention_heads"), 4),
    **dict.fromkeys(("num_key_value_heads", "num_kv_heads"), 2),
    **dict.fromkeys(("head_dim", "kv_channels", "global_head_dim", "swa_head_dim"), 8),
    **dict.fromkeys(("intermediate_size", "ffn_dim", "n_inner", "d_ff", "ffn_hidden_size"), 48),
    **dict.fromkeys(("encoder_ffn_dim", "decoder_ffn_dim", "dim_ff", "intermediate_size_mlp"), 48),
    **dict.fromkeys(("moe_intermediate_size", "expert_ffn_hidden_size"), 24),
    **dict.fromkeys(("shared_expert_intermediate_size", "shared_intermediate_size"), 40),
    **dict.fromkeys(("vocab_size", "vocab_size_per_layer_input"), 67),
    **dict.fromkeys(("num_experts", "num_local_experts", "n_routed_experts"), 4),
    **dict.fromkeys(("moe_num_experts",), 4),
    **dict.fromkeys(("num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_k"), 2),
    **dict.fromkeys(("max_position_embeddings", "n_positions"), 64),
    **dict.fromkeys(("n_group", "topk_group", "num_expert_group", "num_nextn_predict_layers"), 1),
    **dict.fromkeys(("hidden_size_per_layer_input", "mamba_d_state", "state_size"), 8),
    **dict.fromkeys(("ssm_state_size", "image_size", "patch_size"), 8),
    "kv_lora_rank": 12,
    "q_lora_rank": 20,
    "qk_rope_head_dim": 4,
    "qk_nope_head_dim": 8,
    "qk_head_dim": 12,
    "v_head_dim": 10,
    "first_k_dense_replace": 1,
    "rotary_dim": 4,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
"""Sizes that fit each other, set where a configuration knows the name."""

MAMBA: Final[dict[str, object]] = {
    "hidden_size": 32,
    "mamba_n_heads": 8,
    "mamba_d_head": 8,
    "mamba_n_groups": 1,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
FIRST: Final[dict[str, dict[str, object]]] = {
    "gpt_neo": {"num_layers": 2, "attention_types": [[["global", "local"], 1]]},
    "nemotron": {
        "hidden_size": 32,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
    },
    "bamba": {**MAMBA, "attn_layer_indices": [1]},
    "granitemoehybrid": {**MAMBA, "layer_types": ["linear_attention", "full_attention"]},
    "mamba2": {"hidden_size": 32, "num_heads": 8, "head_dim": 8, "expand": 2, "n_groups": 1},
    "xlstm": {"hidden_size": 32, "embedding_dim": 32, "num_heads": 4, "num_blocks": 2},
    "xlnet": {"d_model": 32, "n_head": 4, "d_head": 8, "n_layer": 2},
    "nemotron_h": {"layer_types": ["linear_attention", "moe", "full_attention", "mlp"]},
    "qwen3_next": {"num_hidden_layers": 2, "layer_types": ["linear_attention", "full_attention"]},
    "qwen3_5": {"num_hidden_layers": 2, "layer_types": ["linear_attention", "full_attention"]},
    "qwen3_5_text": {"num_hidden_layers": 2, "layer_types": ["linear_attention", "full_attention"]},
    "qwen3_5_moe": {"num_hidden_layers": 2, "layer_types": ["linear_attention", "full_attention"]},
    "qwen3_5_moe_text": {
        "num_hidden_layers": 2,
        "layer_types": ["linear_attention", "full_attention"],
    },
    "olmo_hybrid": {"num_hidden_layers": 2, "layer_types": ["linear_attention", "full_attention"]},
    "dots1": {"n_routed_experts": 4, "n_shared_experts": 1, "num_experts_per_tok": 2},
    "deepseek_v2": {"num_experts_per_tok": 2},
    "kimi_linear": {
        "num_hidden_layers": 2,
        "layer_types": ["linear_attention", "full_attention"],
        "num_experts": 4,
    },
    "lfm2_moe": {"num_hidden_layers": 2, "layer_types": ["conv", "full_attention"]},
    "recurrent_gemma": {"num_hidden_layers": 2, "block_types": ["recurrent", "attention"]},
    "longcat_flash": {"num_layers": 2, "zero_expert_num": 2},
    "bailing_hybrid": {"n_group": 1, "num_expert_group": 1, "topk_group": 1},
    "zaya": {"num_experts_per_tok": 1},
    "reformer": {"is_decoder": True},
    "gemma4_text": {
        "num_hidden_layers": 2,
        "hidden_size": 32,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "global_head_dim": 8,
        "intermediate_size": 48,
        "vocab_size": 67,
        "vocab_size_per_layer_input": 67,
        "hidden_size_per_layer_input": 8,
        "num_kv_shared_layers": 0,
        "layer_types": ["sliding_attention", "full_attention"],
    },
    "gemma3n_text": {
        "num_hidden_layers": 2,
        "num_kv_shared_layers": 0,
        "layer_types": ["sliding_attention", "full_attention"],
        "intermediate_size": [48, 48],
        "activation_sparsity_pattern": [0.0, 0.0],
    },
}
"""What some configurations must be told at construction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A tiny model and what ``save_pretrained`` wrote."""

    model: torch.nn.Module
    tensors: Mapping[str, Array]
    config: Mapping[str, Any]


def shrink(config: Any) -> None:
    """Set every size that the configuration knows, nested configurations included."""
    known = {**vars(config)}
    for name, value in SMALL.items():
        if known.get(name) is not None or (name == "head_dim" and name in known):
            try:
                setattr(config, name, value)
            except (AttributeError, TypeError, ValueError):
                continue
    for name in ("layer_types", "mlp_layer_types"):
        kinds = known.get(name)
        if isinstance(kinds, (list, tuple)) and len(kinds) > 2:
            setattr(config, name, [kinds[0], kinds[-1]])
    if known.get("kv_lora_rank") is not None:
        # Latent attention: one key per head, and the rotary part is what is called a head.
        config.num_key_value_heads = 4
        config.head_dim = 4
    for value in known.values():
        if isinstance(value, transformers.PreTrainedConfig):
            shrink(value)


def tiny_model(architecture: str) -> torch.nn.Module:
    """Return a random model of an architecture, small enough to run on one core in no time."""
    names = MODEL_FOR_CAUSAL_LM_MAPPING_NAMES[architecture]
    model_class = getattr(transformers, names if isinstance(names, str) else names[0])
    config_class = model_class.config_class
    config = config_class(**FIRST.get(architecture, {}))
    if architecture not in FIRST or "vocab_size" in inspect.signature(config_class).parameters:
        shrink(config)
    for name, value in FIRST.get(architecture, {}).items():
        setattr(config, name, value)
    with torch.device("meta"):
        size = sum(p.numel() for p in model_class(config).parameters())
    if size > MAX_PARAMETERS:
        message = f"stays at {size / 1e6:.0f} M parameters"
        raise ValueError(message)
    torch.manual_seed(0)
    model: torch.nn.Module = model_class(config).float().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def saved_model(architecture: str) -> Saved:
    """Return a tiny model with the tensors that transformers publishes for it."""
    model = tiny_model(architecture)
    tensors, config = saved_as_published(model)
    return Saved(model=model, tensors=tensors, config=config)


def saved_as_published(model: torch.nn.Module) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return the tensors and the configuration that ``save_pretrained`` writes."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)  # type: ignore[operator]
        tensors: dict[str, Array] = {}
        for path in sorted(Path(folder).glob("*.safetensors")):
            tensors |= {k: v.float().numpy() for k, v in load_file(path).items()}
        config = json.loads((Path(folder) / "config.json").read_text())
    return tensors, config


def layer_of(name: str) -> int:
    """Return the first index in a module's name, or -1."""
    found = re.search(r"\.(\d+)(?:\.|$)", name)
    return int(found[1]) if found else -1
