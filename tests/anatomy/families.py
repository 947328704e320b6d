"""One tiny model per packing that published families use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.anatomy.blocks import Model, g, h
from tests.anatomy.dense_families import (
    chatglm,
    codegen,
    deepseek,
    gemma3,
    gpt2,
    internlm2,
    llama,
    molmo,
    neox_like,
    olmo2,
    phi3,
    qwen3_next,
    thirds,
)
from tests.anatomy.sparse_families import dbrx, granitemoe, longcat, mixtral, qwen2_moe, stacked

FAMILIES: Final[dict[str, Callable[[], Model]]] = {
    "llama": llama,
    "llama tied": lambda: llama(tied=True),
    "llama below a wrapper": lambda: llama("model.language_model."),
    "llama of an old multimodal save": lambda: llama("model.language_model.model."),
    "gemma3": gemma3,
    "olmo2": olmo2,
    "phi3": phi3,
    "chatglm": chatglm,
    "gpt_neox": neox_like("gpt_neox", "attention", h),
    "bloom": neox_like("transformer", "self_attention", h),
    "falcon 7b": neox_like("transformer", "self_attention", 1),
    "falcon 40b": neox_like("transformer", "self_attention", g),
    "internlm2": internlm2,
    "baichuan": thirds("self_attn.W_pack", "up_proj", "gate_proj"),
    "qwen 1": thirds("attn.c_attn", "w1", "w2"),
    "gpt2": gpt2,
    "codegen": codegen,
    "mixtral": mixtral,
    "qwen2_moe": qwen2_moe,
    "qwen3_moe": lambda: qwen2_moe(""),
    "glm4_moe": lambda: qwen2_moe("shared_experts", dense_first=True),
    "solar_open": lambda: qwen2_moe("shared_experts"),
    "stacked as at run time": lambda: stacked(transposed=False),
    "llama4": lambda: stacked(transposed=True),
    "gpt_oss": lambda: stacked(transposed=True, interleaved=True),
    "granitemoe": granitemoe,
    "dbrx": dbrx,
    "deepseek_v3": deepseek,
    "deepseek_v2 lite": lambda: deepseek(q_lora=False),
    "longcat_flash": longcat,
    "qwen3_next": qwen3_next,
    "molmo": molmo,
}
"""By a name that a failing test can show."""
