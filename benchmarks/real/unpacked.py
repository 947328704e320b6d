"""What does a GGUF of a language model look like as safetensors, under its library's names?

Read by the ``gguf`` package, not by hubcheck, so that an error in either shows. Values are those
that the quantised file stands for, in bfloat16.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from benchmarks.kinds.build import Published
from benchmarks.kinds.folder import tokenizer

LLAMA: Final = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
GEMMA: Final = {
    **LLAMA,
    "ffn_norm": "pre_feedforward_layernorm",
    "post_attention_norm": "post_attention_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
}
NAMES: Final[Mapping[str, Mapping[str, str]]] = {"llama": LLAMA, "gemma3": GEMMA}


def unpacked(path: Path) -> Published:
    """Return a GGUF's model with its library's names and a configuration.

    Args:
        path: The file; its architecture is ``llama`` or ``gemma3``.
    """
    import gguf

    reader = gguf.GGUFReader(path)
    keys = {name: field.contents() for name, field in reader.fields.items()}
    architecture = str(keys["general.architecture"])
    config = _config(keys, architecture)
    tensors = {}
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        name = _name(tensor.name, architecture)
        if architecture == "llama" and name.endswith(("q_proj.weight", "k_proj.weight")):
            heads = "num_attention_heads" if "q_proj" in name else "num_key_value_heads"
            values = _halved(values, int(config[heads]))
        if architecture == "gemma3" and name.endswith("norm.weight"):
            values = values - 1  # the converter adds the one that the layer adds
        tensors[name] = torch.from_numpy(np.array(values, dtype=np.float32)).to(torch.bfloat16)
    words = tokenizer([str(t) for t in keys["tokenizer.ggml.tokens"]])
    return Published(tensors=tensors, config=config, files={"tokenizer.json": words})


def _name(name: str, architecture: str) -> str:
    stem, _, ending = name.rpartition(".")
    names = NAMES[architecture]
    layer = re.match(r"blk\.(\d+)\.(.+)", stem)
    if layer:
        return f"model.layers.{layer[1]}.{names[layer[2]]}.{ending}"
    return f"{names[stem]}.{ending}"


def _halved(values: np.ndarray[Any, Any], heads: int) -> np.ndarray[Any, Any]:
    """Return rows of q or k with rotary pairs in halves, as the library has them."""
    pairs = values.reshape(heads, -1, 2, *values.shape[1:])
    return np.ascontiguousarray(pairs.swapaxes(1, 2).reshape(values.shape))


def _config(keys: Mapping[str, Any], architecture: str) -> dict[str, Any]:
    def value(name: str, missing: Any = None) -> Any:
        return keys.get(f"{architecture}.{name}", missing)

    heads, width = int(value("attention.head_count")), int(value("embedding_length"))
    llama = architecture == "llama"
    made: dict[str, Any] = {
        "architectures": ["LlamaForCausalLM" if llama else "Gemma3ForCausalLM"],
        "model_type": "llama" if llama else "gemma3_text",
        "hidden_size": width,
        "intermediate_size": int(value("feed_forward_length")),
        "num_hidden_layers": int(value("block_count")),
        "num_attention_heads": heads,
        "num_key_value_heads": int(value("attention.head_count_kv")),
        "head_dim": int(value("attention.key_length", width // heads)),
        "vocab_size": len(keys["tokenizer.ggml.tokens"]),
        "max_position_embeddings": int(value("context_length")),
        "rms_norm_eps": float(value("attention.layer_norm_rms_epsilon")),
        "rope_theta": float(value("rope.freq_base")),
        "tie_word_embeddings": True,
        "torch_dtype": "bfloat16",
    }
    return json.loads(json.dumps(made))
