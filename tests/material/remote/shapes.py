"""Which tensors do published models of 1 B to 1 T parameters have, by name and shape?

Sizes are those of the models' published configurations; the weights are made up elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Final

Entry = tuple[str, tuple[int, ...]]
SCALE: Final = "_scale_inv"
"""What a published eight-bit model adds to a weight's name for the scales of its blocks."""
BLOCK: Final = 128
"""Rows and columns that share a scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The architecture of one published model."""

    label: str
    config: Mapping[str, object]
    """What stands in its ``config.json``."""
    tensors: Callable[[], Iterator[Entry]]
    """Name and shape of every tensor, in the order in which a model saves them."""
    shards: int = 0
    """Files it was published in; 0: as many as files of 5 GB make."""
    fp8: bool = False
    """Whether the weights of linear layers are eight-bit floats, with a scale for each block."""

    def dtype_of(self, name: str) -> str:
        """Return how a tensor is stored."""
        if name.endswith(SCALE):
            return "F32"
        return "F8_E4M3" if self.fp8 and name.endswith("_proj.weight") else "BF16"

    def stored(self) -> Iterator[Entry]:
        """Return the tensors with the scales that their storage adds."""
        for name, shape in self.tensors():
            yield name, shape
            if self.dtype_of(name) == "F8_E4M3":
                yield name + SCALE, tuple(-(-size // BLOCK) for size in shape)

    @property
    def parameters(self) -> int:
        """Stored values in all tensors."""
        return sum(prod(shape) for _, shape in self.tensors())


def dense(label: str, *, hidden: int, layers: int, neurons: int, heads: int, kv: int, vocab: int,
          tied: bool = False, shards: int = 0) -> Published:  # fmt: skip
    """Return a model of the Llama family; heads of ``hidden / heads`` values."""
    size = hidden // heads
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": hidden,
        "num_hidden_layers": layers, "intermediate_size": neurons, "num_attention_heads": heads,
        "num_key_value_heads": kv, "head_dim": size, "vocab_size": vocab, "hidden_act": "silu",
        "rms_norm_eps": 1e-5, "tie_word_embeddings": tied, "torch_dtype": "bfloat16",
    }  # fmt: skip

    def tensors() -> Iterator[Entry]:
        yield "model.embed_tokens.weight", (vocab, hidden)
        for n in range(layers):
            at = f"model.layers.{n}"
            yield from _attention(at, hidden, heads * size, kv * size)
            yield from _mlp(f"{at}.mlp", hidden, neurons)
            yield from _norms(at, hidden)
        yield "model.norm.weight", (hidden,)
        if not tied:
            yield "lm_head.weight", (vocab, hidden)

    return Published(label=label, config=config, tensors=tensors, shards=shards)


def mixture(label: str, model_type: str, *, hidden: int, layers: int, heads: int, kv: int,
            experts: int, neurons: int, vocab: int, dense_first: int = 0, dense_neurons: int = 0,
            extra: int = 0, bias: bool = False) -> Published:  # fmt: skip
    """Return a mixture of experts with one shared expert and heads of 128 values.

    ``extra`` layers for multi-token prediction follow the last one, as published.
    """
    config = {
        "architectures": [{"glm4_moe": "Glm4MoeForCausalLM"}.get(model_type, "SolarOpenForCausalLM")],
        "model_type": model_type, "hidden_size": hidden, "num_hidden_layers": layers,
        "intermediate_size": dense_neurons or neurons, "moe_intermediate_size": neurons,
        "num_attention_heads": heads, "num_key_value_heads": kv, "head_dim": 128,
        "n_routed_experts": experts, "n_shared_experts": 1, "num_experts_per_tok": 8, "n_group": 1,
        "topk_group": 1, "first_k_dense_replace": dense_first, "vocab_size": vocab,
        "attention_bias": bias, "num_nextn_predict_layers": extra, "hidden_act": "silu",
        "rms_norm_eps": 1e-5, "tie_word_embeddings": False, "torch_dtype": "bfloat16",
    }  # fmt: skip

    def tensors() -> Iterator[Entry]:
        yield "model.embed_tokens.weight", (vocab, hidden)
        for n in range(layers + extra):
            at = f"model.layers.{n}"
            yield from _attention(at, hidden, heads * 128, kv * 128, bias=bias)
            if n < dense_first:
                yield from _mlp(f"{at}.mlp", hidden, dense_neurons)
            else:
                yield from _experts(f"{at}.mlp", hidden, neurons, experts)
            yield from _norms(at, hidden)
            if n >= layers:
                yield f"{at}.eh_proj.weight", (hidden, 2 * hidden)
                yield f"{at}.embed_tokens.weight", (vocab, hidden)
                for name in ("enorm", "hnorm", "shared_head.norm"):
                    yield f"{at}.{name}.weight", (hidden,)
                yield f"{at}.shared_head.head.weight", (vocab, hidden)
        yield "model.norm.weight", (hidden,)
        yield "lm_head.weight", (vocab, hidden)

    return Published(label=label, config=config, tensors=tensors)


def latent(label: str, *, experts: int, heads: int, dense_first: int, vocab: int, shards: int,
           fp8: bool) -> Published:  # fmt: skip
    """Return a DeepSeek-V3-like model: hidden 7,168, 61 layers, latent attention."""
    hidden, layers, q_rank, kv_rank = 7168, 61, 1536, 512
    config = {
        "architectures": ["DeepseekV3ForCausalLM"], "model_type": "deepseek_v3",
        "hidden_size": hidden, "num_hidden_layers": layers, "intermediate_size": 18432,
        "moe_intermediate_size": 2048, "num_attention_heads": heads, "num_key_value_heads": heads,
        "q_lora_rank": q_rank, "kv_lora_rank": kv_rank, "qk_nope_head_dim": 128,
        "qk_rope_head_dim": 64, "v_head_dim": 128, "n_routed_experts": experts,
        "n_shared_experts": 1, "num_experts_per_tok": 8, "n_group": 1, "topk_group": 1,
        "first_k_dense_replace": dense_first, "vocab_size": vocab, "hidden_act": "silu",
        "rms_norm_eps": 1e-6, "tie_word_embeddings": False, "torch_dtype": "bfloat16",
    }  # fmt: skip
    if fp8:
        config["quantization_config"] = {
            "quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic",
            "weight_block_size": [BLOCK, BLOCK],
        }  # fmt: skip

    def tensors() -> Iterator[Entry]:
        yield "model.embed_tokens.weight", (vocab, hidden)
        for n in range(layers):
            at = f"model.layers.{n}"
            yield f"{at}.self_attn.q_a_proj.weight", (q_rank, hidden)
            yield f"{at}.self_attn.q_a_layernorm.weight", (q_rank,)
            yield f"{at}.self_attn.q_b_proj.weight", (heads * 192, q_rank)
            yield f"{at}.self_attn.kv_a_proj_with_mqa.weight", (kv_rank + 64, hidden)
            yield f"{at}.self_attn.kv_a_layernorm.weight", (kv_rank,)
            yield f"{at}.self_attn.kv_b_proj.weight", (heads * 256, kv_rank)
            yield f"{at}.self_attn.o_proj.weight", (hidden, heads * 128)
            if n < dense_first:
                yield from _mlp(f"{at}.mlp", hidden, 18432)
            else:
                yield from _experts(f"{at}.mlp", hidden, 2048, experts)
            yield from _norms(at, hidden)
        yield "model.norm.weight", (hidden,)
        yield "lm_head.weight", (vocab, hidden)

    return Published(label=label, config=config, tensors=tensors, shards=shards, fp8=fp8)


def _attention(at: str, hidden: int, q: int, kv: int, *, bias: bool = False) -> Iterator[Entry]:
    for name, size in (("q", q), ("k", kv), ("v", kv)):
        yield f"{at}.self_attn.{name}_proj.weight", (size, hidden)
        if bias:
            yield f"{at}.self_attn.{name}_proj.bias", (size,)
    yield f"{at}.self_attn.o_proj.weight", (hidden, q)


def _mlp(at: str, hidden: int, neurons: int) -> Iterator[Entry]:
    yield f"{at}.gate_proj.weight", (neurons, hidden)
    yield f"{at}.up_proj.weight", (neurons, hidden)
    yield f"{at}.down_proj.weight", (hidden, neurons)


def _experts(at: str, hidden: int, neurons: int, experts: int) -> Iterator[Entry]:
    yield f"{at}.gate.weight", (experts, hidden)
    yield f"{at}.gate.e_score_correction_bias", (experts,)
    for e in range(experts):
        yield from _mlp(f"{at}.experts.{e}", hidden, neurons)
    yield from _mlp(f"{at}.shared_experts", hidden, neurons)


def _norms(at: str, hidden: int) -> Iterator[Entry]:
    yield f"{at}.input_layernorm.weight", (hidden,)
    yield f"{at}.post_attention_layernorm.weight", (hidden,)


GLM_AIR: Final = mixture(
    "GLM-4.5-Air", "glm4_moe", hidden=4096, layers=46, heads=96, kv=8, experts=128, neurons=1408,
    vocab=151552, dense_first=1, dense_neurons=10944, extra=1, bias=True,
)  # fmt: skip
SOLAR_OPEN: Final = mixture(
    "Solar-Open-100B", "solar_open", hidden=4096, layers=48, heads=64, kv=8, experts=128,
    neurons=1280, vocab=196608,
)  # fmt: skip

LADDER: Final = (
    dense("Llama-3.2-1B", hidden=2048, layers=16, neurons=8192, heads=32, kv=8, vocab=128256,
          tied=True),
    dense("Llama-3.1-8B", hidden=4096, layers=32, neurons=14336, heads=32, kv=8, vocab=128256,
          shards=4),
    mixture("a mixture", "glm4_moe", hidden=2048, layers=48, heads=32, kv=4, experts=128,
            neurons=768, vocab=151936),
    GLM_AIR,
    dense("Llama-3.1-405B", hidden=16384, layers=126, neurons=53248, heads=128, kv=8, vocab=128256,
          shards=191),
    latent("DeepSeek-V3, FP8", experts=256, heads=128, dense_first=3, vocab=129280, shards=163,
           fp8=True),
    latent("Kimi-K2, FP8", experts=384, heads=64, dense_first=1, vocab=163840, shards=61, fp8=True),
    latent("Kimi-K2, BF16 in files of 5 GB", experts=384, heads=64, dense_first=1, vocab=163840,
           shards=0, fp8=False),
)  # fmt: skip
"""From 1 B to 1 T parameters."""
