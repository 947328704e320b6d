"""Which published names and configuration stand behind the names and metadata of a GGUF file?

The converter renames every tensor to one scheme for all families (``blk.3.ffn_up.weight``), splits
or joins fused tensors to plain rows, stacks experts, adds one to norms that are stored minus one,
and for some families re-orders the rows of q and k. The table below undoes the names, so that the
rules of this folder serve GGUF too; ``half_split`` undoes the row order; norms need nothing, their
offset is simply 0. Source: the tensor names of the ``gguf`` package and ggml's converter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

FORMAT: Final = "GGUF"
GGUF_FAMILY: Final = "gguf "
"""Before the architecture, where a GGUF file's model type is asked for: the same word may mean
another family in config.json."""
BLOCK: Final = re.compile(r"blk\.([0-9]{1,6})\.(.+?)\.?(weight|bias)?")
STACK: Final = re.compile(
    r"(?P<stack>enc|dec)\.(?:blk\.(?P<layer>[0-9]{1,6})\.)?(?P<path>.+)\.(?P<end>weight|bias)"
)
"""A tensor of one stack of an encoder-decoder (T5)."""
OLD_EXPERT: Final = re.compile(r"ffn_(gate|up|down)\.([0-9]{1,6})")
"""Experts one by one, as the converter wrote them until 2024."""

OUTSIDE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "token_embd": "model.embed_tokens",
        "token_embd_norm": "model.word_embeddings_layernorm",
        "position_embd": "model.embed_positions",
        "token_types": "embeddings.token_type_embeddings",
        "cls": "classifier",
        "cls.output": "classifier.out_proj",
        "output": "lm_head",
        "output_norm": "model.norm",
        "rope_freqs": "model.rotary_emb.inv_freq",
        "rope_factors_long": "model.rotary_emb.long_factor",
        "rope_factors_short": "model.rotary_emb.short_factor",
        "per_layer_token_embd": "model.embed_tokens_per_layer",
        "per_layer_model_proj": "model.per_layer_model_projection",
        "per_layer_proj_norm": "model.per_layer_projection_norm",
        "altup_proj": "model.altup_projections.0",
        "altup_unembd_proj": "model.altup_unembed_projections.0",
    }
)
INSIDE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "attn_norm": "input_layernorm",
        "attn_post_norm": "post_self_attn_layernorm",
        "post_attention_norm": "post_self_attn_layernorm",
        "attn_output_norm": "post_self_attn_layernorm",
        "ffn_norm": "ffn_norm",
        "ffn_post_norm": "post_feedforward_layernorm",
        "post_ffw_norm": "post_feedforward_layernorm",
        "layer_output_norm": "post_feedforward_layernorm",
        "attn_q": "self_attn.q_proj",
        "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj",
        "attn_qkv": "self_attn.qkv_proj",
        "attn_output": "self_attn.o_proj",
        "attn_q_norm": "self_attn.q_norm",
        "attn_k_norm": "self_attn.k_norm",
        "attn_gate": "self_attn.gate_proj",
        "attn_sinks": "self_attn.sinks",
        "attn_rot_embd": "self_attn.rotary_emb.inv_freq",
        "attn_q_a": "self_attn.q_a_proj",
        "attn_q_a_norm": "self_attn.q_a_layernorm",
        "attn_q_b": "self_attn.q_b_proj",
        "attn_kv_a_mqa": "self_attn.kv_a_proj_with_mqa",
        "attn_kv_a_norm": "self_attn.kv_a_layernorm",
        "attn_kv_b": "self_attn.kv_b_proj",
        "attn_k_b": "self_attn.split_k_b",
        "attn_v_b": "self_attn.split_v_b",
        "ffn_gate": "mlp.gate_proj",
        "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
        "ffn_gate_inp": "mlp.gate",
        "exp_probs_b": "mlp.gate.e_score_correction_bias",
        "ffn_gate_exps": "mlp.experts.gate_proj",
        "ffn_up_exps": "mlp.experts.up_proj",
        "ffn_down_exps": "mlp.experts.down_proj",
        "ffn_gate_up_exps": "mlp.experts.gate_up_proj",
        "ffn_gate_shexp": "mlp.shared_experts.gate_proj",
        "ffn_up_shexp": "mlp.shared_experts.up_proj",
        "ffn_down_shexp": "mlp.shared_experts.down_proj",
        "ffn_gate_inp_shexp": "mlp.shared_expert_gate",
        "inp_gate": "per_layer_input_gate",
        "proj": "per_layer_projection",
        "post_norm": "post_per_layer_input_norm",
        "layer_output_scale": "layer_scalar",
    }
)
T5: Final = frozenset(("t5", "t5encoder"))
"""Architectures of several stacks; their names are given back as T5 publishes them."""
STACKS: Final[Mapping[str, str]] = MappingProxyType({"enc": "encoder", "dec": "decoder"})
IN_STACK: Final[Mapping[str, str]] = MappingProxyType(
    {
        "attn_norm": "layer.0.layer_norm",
        "attn_q": "layer.0.SelfAttention.q",
        "attn_k": "layer.0.SelfAttention.k",
        "attn_v": "layer.0.SelfAttention.v",
        "attn_o": "layer.0.SelfAttention.o",
        "attn_rel_b": "layer.0.SelfAttention.relative_attention_bias",
        "cross_attn_norm": "layer.1.layer_norm",
        "cross_attn_q": "layer.1.EncDecAttention.q",
        "cross_attn_k": "layer.1.EncDecAttention.k",
        "cross_attn_v": "layer.1.EncDecAttention.v",
        "cross_attn_o": "layer.1.EncDecAttention.o",
        "cross_attn_rel_b": "layer.1.EncDecAttention.relative_attention_bias",
        "ffn_norm": "layer.2.layer_norm",
        "ffn_gate": "layer.2.DenseReluDense.wi_0",
        "ffn_up": "layer.2.DenseReluDense.wi_1",
        "ffn_down": "layer.2.DenseReluDense.wo",
    }
)
"""Of a block; ``wi_1`` is ``up`` with a gate and without one."""
INSIDE_PREFIXES: Final = (
    ("ssm_", "mamba."),
    ("time_mix_", "mamba."),
    ("channel_mix_", "mamba."),
    ("shortconv.", "conv."),
    ("nextn.", "nextn_"),
    ("indexer.", "self_attn.indexer."),
    ("altup_", "altup."),
    ("laurel_", "laurel."),
)
"""Tensors that only get a role, by the beginning of their name."""
TOWERS: Final = (
    ("v.blk.", "visual.blocks."),
    ("v.sam.blk.", "sam_model.layers."),
    ("v.", "visual."),
    ("a.blk.", "audio_tower.layers."),
    ("a.", "audio_tower."),
    ("mm.a.", "audio_projector."),
    ("mm.", "multi_modal_projector."),
    ("resampler.", "resampler."),
)
"""Tensors of a tower's own file (``mmproj``), by the beginning of their name."""
IN_TOWER: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ln1": "norm1",
        "ln2": "norm2",
        "attn_q": "self_attn.q_proj",
        "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj",
        "attn_qkv": "attn.qkv",
        "attn_out": "self_attn.o_proj",
        "attn_q_norm": "self_attn.q_norm",
        "attn_k_norm": "self_attn.k_norm",
        "ffn_gate": "mlp.gate_proj",
        "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
    }
)
"""Layers of a tower. Files from before 2025 call the first matrix of a plain MLP ``ffn_down``;
there the shapes do not fit, and the tower's attention answers alone."""
DELTA: Final = frozenset(("qwen3next", "qwen35", "qwen35moe"))
"""Architectures whose linear attention uses the names of attention and state-space tensors."""
FUSED_UP: Final = frozenset(("phi3", "chatglm", "glm4"))
"""Architectures whose ``ffn_up`` holds gate and up, one half each."""

PERMUTED: Final = frozenset(
    (
        *("llama", "mistral3", "granite", "granitemoe", "arcee", "smollm3", "minicpm"),
        *("baichuan", "internlm2", "xverse", "deci", "olmo", "deepseek", "bailingmoe"),
        *("chameleon", "cogvlm"),
    )
)
"""Architectures whose q and k rows the converter turns from half-split into interleaved order."""
RELEASED: Final = re.compile(r"layers\.[0-9]{1,6}\.attention\.wq\.weight")
"""The names under which Meta and Mistral release their models themselves (``consolidated``): their
q and k rows lie interleaved, too, before anybody converts them."""
MODEL_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {"command-r": "cohere", "cohere2": "cohere2", "olmo": "olmo", "mpt": "mpt", "dbrx": "dbrx"}
)
"""Architectures whose norms subtract the mean, by the model type that the traits know."""


def published_name(name: str, architecture: str) -> str:
    """Return the published name of a GGUF tensor; one that is not known stays as it is.

    Args:
        name: As the file has it. Hostile.
        architecture: ``general.architecture``. Hostile.
    """
    stacked = STACK.fullmatch(name)
    if stacked is not None:
        return _in_stack(name, stacked)
    if architecture in T5 and name.startswith("token_embd."):
        return name.replace("token_embd", "shared", 1)
    match = BLOCK.fullmatch(name)
    start, to = next((pair for pair in TOWERS if name.startswith(pair[0])), ("", ""))
    if match is None and start:
        rest = name.removeprefix(start)
        layer, dot, path = rest.partition(".")
        stem, _, ending = path.rpartition(".")
        if start.endswith("blk.") and dot and stem in IN_TOWER:
            rest = f"{layer}.{IN_TOWER[stem]}.{ending}"
        return to + rest
    if match is None:
        stem, dot, ending = name.rpartition(".")
        if not dot or stem not in OUTSIDE:
            return name
        return OUTSIDE[stem] if stem.startswith("rope_") else f"{OUTSIDE[stem]}.{ending}"
    layer, path, ending = match[1], match[2], f".{match[3]}" if match[3] else ""
    if old := OLD_EXPERT.fullmatch(path):
        found = f"mlp.experts.{old[2]}.{old[1]}_proj"
    elif architecture in DELTA and (path in ("attn_qkv", "attn_gate") or path.startswith("ssm_")):
        found = f"linear_attn.{path}"
    elif architecture in FUSED_UP and path == "ffn_up":
        found = "mlp.gate_up_proj"
    elif architecture in DELTA and path == "post_attention_norm":
        found = "ffn_norm"
    elif path in ("exp_probs_b", "attn_rot_embd"):
        found, ending = INSIDE[path], ""
    elif path in INSIDE:
        found = INSIDE[path]
    else:
        role = next((to + path for start, to in INSIDE_PREFIXES if path.startswith(start)), "")
        if not role:
            return name
        found = role
    return f"model.layers.{layer}.{found}{ending}"


def _in_stack(name: str, stacked: re.Match[str]) -> str:
    """Return the name that T5 publishes for a tensor of one of its stacks."""
    stack, path = STACKS[stacked["stack"]], stacked["path"]
    if stacked["layer"] is None:
        inner = "final_layer_norm" if path == "output_norm" else path
        return f"{stack}.{inner}.{stacked['end']}"
    if path not in IN_STACK:
        return name
    inside = IN_STACK[path]
    if stack == "encoder" and inside.startswith("layer.2."):
        inside = inside.replace("layer.2.", "layer.1.", 1)
    return f"{stack}.block.{stacked['layer']}.{inside}.{stacked['end']}"


def published_config(metadata: Mapping[str, str]) -> dict[str, object]:
    """Return the facts of the metadata under the names that ``config.json`` gives them.

    Args:
        metadata: As the header states it, numbers as text. Hostile; what is no plain number is
            left out.
    """
    architecture = metadata.get("general.architecture", "")
    keys = {
        "hidden_size": "embedding_length",
        "num_attention_heads": "attention.head_count",
        "num_key_value_heads": "attention.head_count_kv",
        "head_dim": "attention.key_length",
        "v_head_dim": "attention.value_length",
        "num_experts": "expert_count",
    }
    config: dict[str, object] = {
        "model_type": MODEL_TYPES.get(architecture, f"{GGUF_FAMILY}{architecture}"),
        "architectures": [architecture],
    }
    for name, key in keys.items():
        config[name] = _number(metadata.get(f"{architecture}.{key}", ""))
    layers = _number(metadata.get(f"{architecture}.block_count", ""))
    predicting = _number(metadata.get(f"{architecture}.nextn_predict_layers", ""))
    config["num_hidden_layers"] = max(0, layers - predicting)
    return config


def _number(text: str) -> int:
    """Return a number, or the commonest positive one of a list (one per layer); 0 without."""
    numbers = [int(t) for t in text.split(",") if t.isdecimal() and len(t) <= 12]  # noqa: PLR2004 - digits
    positive = sorted(n for n in numbers if n > 0)
    return max(positive, key=positive.count, default=0)


def half_split(
    pieces: tuple[tuple[int, int, int], ...], n: int, heads: int
) -> tuple[tuple[int, int, int], ...]:
    """Return the rows of q or k in published order, where the file interleaves each head.

    Args:
        pieces: The rows as one run of step 1.
        n: Number of rows.
        heads: Heads on this axis.

    Returns:
        Per head its even rows, then its odd rows; ``pieces`` where the arithmetic does not fit.
    """
    if len(pieces) != 1 or heads <= 0 or n % (2 * heads):
        return pieces
    first, step = pieces[0][0], n // heads
    return tuple(
        (first + h * step + half, first + (h + 1) * step, 2)
        for h in range(heads)
        for half in (0, 1)
    )
