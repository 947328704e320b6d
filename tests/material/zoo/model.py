"""What do the zoo's models compute?

A Llama-type causal language model (RMSNorm, rotary positions, grouped-query attention, SwiGLU,
untied head), with Mixtral-type experts as an option, as a pure function of a dict of tensors under
the names of the Hugging Face layout. There is no module class: a transformed dict of weights is a
model as it stands, which is what the derivatives and the equivariance test need.
Matrices are [out, in]; B batch, T positions, D hidden size, H head size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

ROPE_THETA: Final = 10_000.0
NORM_EPSILON: Final = 1e-5
INIT_SCALE: Final = 0.05
"""Standard deviation of initial weights: half of 1/sqrt(96), so that learning moves them far."""
EXPERTS_PER_TOKEN: Final = 2
BALANCE_WEIGHT: Final = 0.02
"""Weight of the load-balancing loss of Switch Transformers; without it one expert takes all."""

Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The sizes of one model; the names follow DESIGN section 2."""

    vocab: int = 536
    hidden: int = 96
    neurons: int = 256
    """Per MLP, or per expert."""
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 24
    experts: int = 0
    """0 for a dense model."""

    def config(self) -> dict[str, object]:
        """Return config.json as ``transformers`` reads it."""
        dense = self.experts == 0
        family: dict[str, object] = (
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
            if dense
            else {
                "architectures": ["MixtralForCausalLM"],
                "model_type": "mixtral",
                "num_local_experts": self.experts,
                "num_experts_per_tok": EXPERTS_PER_TOKEN,
            }
        )
        return {
            **family,
            "vocab_size": self.vocab,
            "hidden_size": self.hidden,
            "intermediate_size": self.neurons,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.head_dim,
            "hidden_act": "silu",
            "rms_norm_eps": NORM_EPSILON,
            "rope_theta": ROPE_THETA,
            "max_position_embeddings": 256,
            "initializer_range": INIT_SCALE,
            "attention_bias": False,
            "mlp_bias": False,
            "tie_word_embeddings": False,
            "bos_token_id": 0,
            "eos_token_id": 1,
        }


def names_and_shapes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Return every tensor's name and shape in the order in which initial weights are drawn."""
    d, f = shape.hidden, shape.neurons
    named: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (shape.vocab, d)}
    for i in range(shape.layers):
        p = f"model.layers.{i}."
        named[p + "input_layernorm.weight"] = (d,)
        named[p + "self_attn.q_proj.weight"] = (shape.heads * shape.head_dim, d)
        named[p + "self_attn.k_proj.weight"] = (shape.kv_heads * shape.head_dim, d)
        named[p + "self_attn.v_proj.weight"] = (shape.kv_heads * shape.head_dim, d)
        named[p + "self_attn.o_proj.weight"] = (d, shape.heads * shape.head_dim)
        named[p + "post_attention_layernorm.weight"] = (d,)
        if shape.experts:
            named[p + "block_sparse_moe.gate.weight"] = (shape.experts, d)
            for e in range(shape.experts):
                x = f"{p}block_sparse_moe.experts.{e}."
                named |= {x + "w1.weight": (f, d), x + "w3.weight": (f, d), x + "w2.weight": (d, f)}
        else:
            named[p + "mlp.gate_proj.weight"] = (f, d)
            named[p + "mlp.up_proj.weight"] = (f, d)
            named[p + "mlp.down_proj.weight"] = (d, f)
    named["model.norm.weight"] = (d,)
    named["lm_head.weight"] = (shape.vocab, d)
    return named


def initial_weights(shape: Shape, seed: int) -> Weights:
    """Return freshly drawn weights: normal matrices, unit gains; writers to the stream are smaller.

    Args:
        shape: Sizes of the model.
        seed: Seed of the generator; the only source of randomness.
    """
    rng = np.random.default_rng(seed)
    weights: Weights = {}
    for name, size in names_and_shapes(shape).items():
        if len(size) == 1:
            weights[name] = np.ones(size, dtype=np.float32)
            continue
        writes = name.endswith(("o_proj.weight", "down_proj.weight", "w2.weight"))
        scale = INIT_SCALE / np.sqrt(2.0 * shape.layers) if writes else INIT_SCALE
        weights[name] = (scale * rng.standard_normal(size)).astype(np.float32)
    return weights


def _norm(x: Tensor, gain: Tensor) -> Tensor:
    return gain * x * torch.rsqrt(x.square().mean(-1, keepdim=True) + NORM_EPSILON)


def _rotary(n: int, head_dim: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    frequency = ROPE_THETA ** -(torch.arange(0, head_dim, 2, dtype=torch.float64) / head_dim)
    angle = torch.outer(torch.arange(n, dtype=torch.float64), frequency).repeat(1, 2)  # [T, H]
    return angle.cos().to(dtype), angle.sin().to(dtype)


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    low, high = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-high, low), dim=-1) * sin


def _experts(
    weights: Mapping[str, Tensor], p: str, shape: Shape, x: Tensor
) -> tuple[Tensor, Tensor]:
    probability = functional.linear(x, weights[p + "gate.weight"]).softmax(-1)  # [B, T, experts]
    top, index = probability.topk(EXPERTS_PER_TOKEN, dim=-1)
    share = torch.zeros_like(probability).scatter(-1, index, top / top.sum(-1, keepdim=True))
    used = (share > 0).to(x.dtype).mean((0, 1))
    balance = shape.experts * (used * probability.mean((0, 1))).sum()
    out = torch.zeros_like(x)
    for e in range(shape.experts):
        w = [weights[f"{p}experts.{e}.w{i}.weight"] for i in (1, 3, 2)]
        inner = functional.silu(functional.linear(x, w[0])) * functional.linear(x, w[1])
        out = out + functional.linear(inner, w[2]) * share[..., e : e + 1]
    return out, balance


def forward(weights: Mapping[str, Tensor], shape: Shape, ids: Tensor) -> tuple[Tensor, Tensor]:
    """Return logits and the load-balancing loss.

    Args:
        weights: Tensors under their Hugging Face names, all of one float dtype.
        shape: Sizes of the model.
        ids: Token ids, int64, shape [B, T].

    Returns:
        Logits of shape [B, T, vocab], and a scalar that is 0 for a dense model.
    """
    x = functional.embedding(ids, weights["model.embed_tokens.weight"])
    b, t = ids.shape
    cos, sin = _rotary(t, shape.head_dim, x.dtype)
    balance = x.new_zeros(())
    for i in range(shape.layers):
        p = f"model.layers.{i}."
        h = _norm(x, weights[p + "input_layernorm.weight"])
        q, k, v = (
            functional.linear(h, weights[f"{p}self_attn.{part}_proj.weight"])
            .view(b, t, -1, shape.head_dim)
            .transpose(1, 2)
            for part in "qkv"
        )
        mixed = functional.scaled_dot_product_attention(
            _rotate(q, cos, sin), _rotate(k, cos, sin), v, is_causal=True, enable_gqa=True
        )
        joined = mixed.transpose(1, 2).reshape(b, t, -1)
        x = x + functional.linear(joined, weights[p + "self_attn.o_proj.weight"])
        h = _norm(x, weights[p + "post_attention_layernorm.weight"])
        if shape.experts:
            out, extra = _experts(weights, p + "block_sparse_moe.", shape, h)
            x, balance = x + out, balance + extra
        else:
            gate = functional.silu(functional.linear(h, weights[p + "mlp.gate_proj.weight"]))
            up = functional.linear(h, weights[p + "mlp.up_proj.weight"])
            x = x + functional.linear(gate * up, weights[p + "mlp.down_proj.weight"])
    x = _norm(x, weights["model.norm.weight"])
    return functional.linear(x, weights["lm_head.weight"]), balance


def logits(
    weights: Mapping[str, NDArray[np.floating]], shape: Shape, ids: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return float64 logits of weights given as arrays, shape [B, T, vocab]."""
    with torch.no_grad():
        tensors = {n: torch.from_numpy(np.asarray(w, dtype=np.float64)) for n, w in weights.items()}
        out: NDArray[np.float64] = forward(tensors, shape, torch.from_numpy(ids))[0].numpy()
    return out
