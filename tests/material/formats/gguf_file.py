"""How is a Llama-like model written as GGUF?

The file is written by the ``gguf`` package itself; so are the plain and simple block types. The
package cannot write the K types, so those blocks are built here from ggml's layout. Rows of q and k
are turned into the interleaved order for the architectures whose converter does that.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import gguf
import numpy as np
from numpy.typing import NDArray

WEIGHT: Final = np.random.default_rng(0).normal(size=(32, 64)).astype(np.float32)
"""Of the smallest file: one matrix, used throughout."""

Matrix = NDArray[np.float32]
Bytes = NDArray[np.uint8]

TURNING: Final = frozenset(("llama", "granite", "smollm3", "internlm2"))
"""Some architectures whose converter turns the rows of q and k; ``qwen2`` and ``qwen3`` keep them."""

NAMES: Final = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
FALLBACK: Final = {"Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}
"""What llama.cpp takes where the rows of a tensor are no multiple of 256."""


def _half(values: Matrix) -> Bytes:
    return np.ascontiguousarray(values.astype("<f2")).view(np.uint8).reshape(len(values), -1)


def _affine_blocks(x_b256: Matrix, levels: int) -> tuple[Bytes, NDArray[np.uint8]]:
    """Return the 16 bytes in front of Q4_K and Q5_K blocks, and codes [b, 8, 32]."""
    parts = x_b256.reshape(-1, 8, 32)
    low, high = parts.min(axis=2).clip(max=0), parts.max(axis=2).clip(min=0)
    steps, mins = (high - low) / levels, -low
    d = (
        np.maximum(steps.max(axis=1, keepdims=True) / 63, 1e-7)
        .astype(np.float16)
        .astype(np.float32)
    )
    m = np.maximum(mins.max(axis=1, keepdims=True) / 63, 1e-7).astype(np.float16).astype(np.float32)
    ls = np.rint(steps / d).clip(0, 63).astype(np.uint8)
    lm = np.rint(mins / m).clip(0, 63).astype(np.uint8)
    step, low = (d * ls)[:, :, None], (m * lm)[:, :, None]
    codes = np.rint((parts + low) / np.maximum(step, 1e-12)).clip(0, levels).astype(np.uint8)
    packed = np.zeros((len(parts), 12), dtype=np.uint8)
    packed[:, :4] = ls[:, :4] | ((ls[:, 4:] >> 4) << 6)
    packed[:, 4:8] = lm[:, :4] | ((lm[:, 4:] >> 4) << 6)
    packed[:, 8:] = (ls[:, 4:] & 15) | ((lm[:, 4:] & 15) << 4)
    return np.concatenate([_half(d), _half(m), packed], axis=1), codes


def _pairs(codes_b8x32: NDArray[np.uint8]) -> Bytes:
    """Return nibbles: even sub-blocks low, odd ones high."""
    low, high = codes_b8x32[:, ::2] & 15, codes_b8x32[:, 1::2] & 15
    nibbles: Bytes = (low | (high << 4)).astype(np.uint8)
    return nibbles.reshape(len(codes_b8x32), 128)


def q4_k(x_b256: Matrix) -> Bytes:
    """Return Q4_K blocks [b, 144]."""
    head, codes = _affine_blocks(x_b256, 15)
    return np.concatenate([head, _pairs(codes)], axis=1)


def q5_k(x_b256: Matrix) -> Bytes:
    """Return Q5_K blocks [b, 176]."""
    head, codes = _affine_blocks(x_b256, 31)
    bits = np.zeros((len(codes), 32), dtype=np.uint8)
    for i in range(8):
        bits |= (codes[:, i] >> 4) << i
    return np.concatenate([head, bits, _pairs(codes)], axis=1)


def q6_k(x_b256: Matrix) -> Bytes:
    """Return Q6_K blocks [b, 210]."""
    parts = x_b256.reshape(-1, 16, 16)
    steps = np.abs(parts).max(axis=2) / 31
    d = (
        np.maximum(steps.max(axis=1, keepdims=True) / 127, 1e-7)
        .astype(np.float16)
        .astype(np.float32)
    )
    ls = np.rint(steps / d).clip(1, 127).astype(np.int8)
    codes = np.rint(parts / (d * ls)[:, :, None]).clip(-32, 31).astype(np.int16) + 32
    halves = codes.astype(np.uint8).reshape(-1, 2, 4, 32)
    low = (halves[:, :, :2] & 15) | ((halves[:, :, 2:] & 15) << 4)
    high = np.zeros((len(parts), 2, 32), dtype=np.uint8)
    for i in range(4):
        high |= (halves[:, :, i] >> 4) << (2 * i)
    n = len(parts)
    return np.concatenate(
        [low.reshape(n, 128), high.reshape(n, 64), ls.view(np.uint8), _half(d)], axis=1
    )


K_TYPES: Final[Mapping[str, Callable[[Matrix], Bytes]]] = {"Q4_K": q4_k, "Q5_K": q5_k, "Q6_K": q6_k}


def mxfp4(x_b32: Matrix) -> Bytes:
    """Return MXFP4 blocks [b, 17]: an exponent, then low nibbles of the first 16 values."""
    table = np.asarray([0, 0.5, 1, 1.5, 2, 3, 4, 6], dtype=np.float32)
    top = np.maximum(np.abs(x_b32).max(axis=1, keepdims=True), 1e-12)
    exponent = np.ceil(np.log2(top / 6) + 127).clip(0, 254)
    scaled = x_b32 / np.exp2(exponent - 127)
    codes = np.abs(np.abs(scaled)[..., None] - table).argmin(-1).astype(np.uint8)
    codes |= (scaled < 0).astype(np.uint8) << 3
    return np.concatenate([exponent.astype(np.uint8), codes[:, :16] | (codes[:, 16:] << 4)], axis=1)


def blocks(values: Matrix, type_name: str) -> tuple[NDArray[Any], gguf.GGMLQuantizationType]:
    """Return the bytes of a matrix as a block type, rows kept."""
    if type_name in K_TYPES and values.shape[-1] % 256:
        type_name = FALLBACK[type_name]
    kind = gguf.GGMLQuantizationType[type_name]
    if type_name in K_TYPES or type_name == "MXFP4":
        size = 256 if type_name in K_TYPES else 32
        encode = K_TYPES.get(type_name, mxfp4)
        packed = encode(values.reshape(-1, size))
        return packed.reshape(*values.shape[:-1], -1), kind
    return gguf.quants.quantize(values, kind), kind


def interleaved(values: Matrix, heads: int) -> Matrix:
    """Return rows in pairs, as the converter writes q and k of this family."""
    halves = values.reshape(heads, 2, -1, *values.shape[1:])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(values.shape))


def gguf_name(name: str) -> str:
    """Return the GGUF name of a published one."""
    stem, ending = name.rsplit(".", 1)
    if stem.startswith("model.layers."):
        _, _, layer, path = stem.split(".", 3)
        return f"blk.{layer}.{NAMES[path]}.{ending}"
    return f"{NAMES[stem]}.{ending}"


def write_gguf(
    path: Path,
    tensors: Mapping[str, Matrix],
    config: Mapping[str, Any],
    type_name: str,
    tokens: Sequence[str] = (),
    special: Collection[int] = (),
    *,
    merges: Sequence[str] = (),
    architecture: str = "llama",
) -> None:
    """Write a Llama-like model as one GGUF file.

    Args:
        path: The file.
        tensors: Float tensors by published name.
        config: The model's ``config.json``.
        type_name: Type of the matrices; vectors are F32.
        tokens: Token strings by id.
        special: Ids of control tokens.
        merges: Of the tokenizer, by pairs; with them all is written that a program needs to run it.
        architecture: ``general.architecture``; decides whether rows of q and k are turned.
    """
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_base_model_count(1)
    writer.add_base_model_name(0, "base")
    writer.add_base_model_repo_url(0, "https://huggingface.co/org/base")
    if tokens:
        writer.add_token_list([*tokens])
        control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
        writer.add_token_types([control if i in special else normal for i in range(len(tokens))])
    if merges:
        writer.add_tokenizer_model("gpt2")
        writer.add_token_merges([*merges])
        writer.add_bos_token_id(config["bos_token_id"])
        writer.add_eos_token_id(config["eos_token_id"])
        writer.add_feed_forward_length(config["intermediate_size"])
        writer.add_context_length(config["max_position_embeddings"])
        writer.add_rope_dimension_count(config["head_dim"])
        writer.add_rope_freq_base(config["rope_theta"])
        writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    for name, given in sorted(tensors.items()):
        values = given
        if "q_proj" in name and architecture in TURNING:
            values = interleaved(values, config["num_attention_heads"])
        elif "k_proj" in name and architecture in TURNING:
            values = interleaved(values, config["num_key_value_heads"])
        plain = values.ndim == 1
        data, kind = blocks(values, "F32" if plain else type_name)
        writer.add_tensor(gguf_name(name), data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def gguf_seed() -> bytes:
    """Return a small GGUF file."""
    config = {
        "num_hidden_layers": 1, "hidden_size": 64, "num_attention_heads": 4,
        "num_key_value_heads": 2, "head_dim": 16,
    }  # fmt: skip
    tensors = {
        "model.embed_tokens.weight": WEIGHT,
        "model.norm.weight": WEIGHT[0],
        "model.layers.0.mlp.up_proj.weight": WEIGHT,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.gguf"
        write_gguf(path, tensors, config, "Q8_0", [f"t{i}" for i in range(32)], {0})
        return path.read_bytes()
