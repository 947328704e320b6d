"""How do a BERT and a T5 lie in a GGUF file?

Names come from the ``gguf`` package's own map, keys are those that llama.cpp reads for the
architecture. Vectors are stored as F32, matrices as asked, as its converter does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.kinds.build import Published

ARCHITECTURES: Final = ("bert", "t5")
BLOCK: Final = 32
"""Values of a Q8_0 block; rows of another length stay F16."""
BERT_BASE: Final = "bert."
"""The converter drops the prefix of a model that was saved with a head."""


def write_gguf_of(
    path: Path, model: Published, architecture: str, stored_as: str, tokens: Sequence[str]
) -> None:
    """Write a model as GGUF.

    Args:
        path: The file.
        model: As its library publishes it.
        architecture: One of ``ARCHITECTURES``.
        stored_as: Type of matrices: F32, F16 or Q8_0.
        tokens: Words by id.
    """
    import gguf

    config = model.config
    writer = gguf.GGUFWriter(path, architecture)
    layers = _keys(writer, config, architecture)
    writer.add_tokenizer_model("bert" if architecture == "bert" else "t5")
    writer.add_token_list(list(tokens))
    kind = {"bert": gguf.MODEL_ARCH.BERT, "t5": gguf.MODEL_ARCH.T5}[architecture]
    names = gguf.get_tensor_name_map(kind, layers)
    for name, values in model.tensors.items():
        called = names.get_name(name.removeprefix(BERT_BASE), try_suffixes=(".weight", ".bias"))
        if called is None or not values.is_floating_point():
            continue  # what the converter leaves out: position ids, the pooler, heads
        array = values.float().numpy()
        blocks = array.ndim > 1 and array.shape[-1] % BLOCK == 0
        if array.ndim < 2 or stored_as == "F32":
            writer.add_tensor(called, np.ascontiguousarray(array))
        elif stored_as == "F16" or not blocks:
            writer.add_tensor(called, array.astype(np.float16))
        else:
            code = gguf.GGMLQuantizationType[stored_as]
            writer.add_tensor(called, gguf.quants.quantize(array, code), raw_dtype=code)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _keys(writer: Any, config: Mapping[str, Any], architecture: str) -> int:
    """Write the sizes; return the number of layers."""
    if architecture == "bert":
        layers, width = int(config["num_hidden_layers"]), config["hidden_size"]
        writer.add_context_length(config["max_position_embeddings"])
        writer.add_feed_forward_length(config["intermediate_size"])
        writer.add_head_count(config["num_attention_heads"])
        writer.add_layer_norm_eps(config["layer_norm_eps"])
        writer.add_causal_attention(False)
    else:
        layers, width = int(config["num_layers"]), config["d_model"]
        writer.add_context_length(512)
        writer.add_feed_forward_length(config["d_ff"])
        writer.add_head_count(config["num_heads"])
        writer.add_key_length(config["d_kv"])
        writer.add_value_length(config["d_kv"])
        writer.add_layer_norm_rms_eps(config["layer_norm_epsilon"])
        writer.add_relative_attn_buckets_count(config["relative_attention_num_buckets"])
        writer.add_decoder_start_token_id(0)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    return layers
