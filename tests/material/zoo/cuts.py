"""How is a model of another shape cut from its parent, axis by axis?

Each function takes a dict of [out, in] arrays under Hugging Face Llama names and a shape, and
returns both anew; ``in_turn`` makes one cut of several.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.material.zoo.alterations import choose_layers, prune_channels, prune_neurons
from tests.material.zoo.deep_copies import prune_sorted
from tests.material.zoo.model import INIT_SCALE, Shape
from tests.material.zoo.symmetries import Arrays, mlps

Made = tuple[Arrays, Shape]
Cut = Callable[[Arrays, Shape], Made]


def _part(n: int, share: float) -> int:
    return max(1, round(n * share))


def fewer_layers(weights: Arrays, shape: Shape) -> Made:
    """Leave out the last layer but one."""
    kept = [n for n in range(shape.layers) if n != shape.layers - 2]
    return choose_layers(weights, shape, kept)


def fewer_neurons(weights: Arrays, shape: Shape) -> Made:
    """Keep three neurons of four, in their order."""
    return prune_neurons(weights, shape, keep=_part(shape.neurons, 0.75))


def sorted_neurons(weights: Arrays, shape: Shape) -> Made:
    """Keep three neurons of four, the largest first."""
    return prune_sorted(weights, shape, keep=_part(shape.neurons, 0.75))


def narrower(weights: Arrays, shape: Shape) -> Made:
    """Keep five channels of six."""
    return prune_channels(weights, shape, keep=_part(shape.hidden, 5 / 6))


def smaller_heads(weights: Arrays, shape: Shape) -> Made:
    """Keep two dimensions of three of each head, in pairs that one rotation turns."""
    half = shape.head_dim // 2
    kept = np.arange(_part(half, 2 / 3))
    inside = np.concatenate([kept, half + kept])
    return _heads(weights, shape, range(shape.heads), range(shape.kv_heads), inside)


def fewer_heads(weights: Arrays, shape: Shape) -> Made:
    """Keep the first kv head and the heads that read it."""
    group = shape.heads // shape.kv_heads
    return _heads(weights, shape, range(group), range(1), np.arange(shape.head_dim))


def merged_kv(weights: Arrays, shape: Shape) -> Made:
    """Let all heads read one kv head, the mean of all: grouped-query conversion."""
    out = dict(weights)
    for name, w in weights.items():
        if ".k_proj." in name or ".v_proj." in name:
            rows = w.reshape(shape.kv_heads, shape.head_dim, -1).mean(axis=0)
            out[name] = rows.astype(w.dtype)
    return out, replace(shape, kv_heads=1)


def merged_heads(weights: Arrays, shape: Shape) -> Made:
    """Let every two neighbouring heads become one, their means, queries and kv heads alike."""
    out = dict(weights)
    for name, w in weights.items():
        if any(f".{part}_proj." in name for part in "qkv"):
            pairs = w.reshape(-1, 2, shape.head_dim, w.shape[1])
            out[name] = pairs.mean(axis=1).reshape(-1, w.shape[1]).astype(w.dtype)
        elif ".o_proj." in name:
            pairs = w.reshape(w.shape[0], -1, 2, shape.head_dim)
            out[name] = pairs.mean(axis=2).reshape(w.shape[0], -1).astype(w.dtype)
    return out, replace(shape, heads=shape.heads // 2, kv_heads=shape.kv_heads // 2)


def latent(
    weights: Arrays, shape: Shape, *, rank: int, rope: int
) -> tuple[Arrays, dict[str, object]]:
    """Factor keys and values of all heads into one latent (DeepSeek's names): MLA conversion.

    Args:
        weights: A dense Llama.
        shape: Its sizes.
        rank: Of the latent.
        rope: Fresh dimensions that carry the positions.

    Returns:
        The weights, and what the configuration says of them.
    """
    rng = np.random.default_rng(11)
    out: Arrays = {}
    for name, w in weights.items():
        stem, _, part = name.rpartition("self_attn.")
        stem += "self_attn."
        if part == "k_proj.weight":
            both = np.concatenate(
                [weights[stem + p].reshape(shape.kv_heads, shape.head_dim, -1)
                 for p in (part, "v_proj.weight")], axis=1,
            )  # fmt: skip
            every = np.repeat(both, shape.heads // shape.kv_heads, axis=0).reshape(-1, w.shape[1])
            left, size, right = np.linalg.svd(every.astype(np.float64), full_matrices=False)
            fresh = INIT_SCALE * rng.standard_normal((rope, w.shape[1]))
            down = np.concatenate([right[:rank], fresh])
            out[stem + "kv_a_proj_with_mqa.weight"] = down.astype(w.dtype)
            out[stem + "kv_a_layernorm.weight"] = np.ones(rank, dtype=w.dtype)
            out[stem + "kv_b_proj.weight"] = (left[:, :rank] * size[:rank]).astype(w.dtype)
        elif part == "q_proj.weight":
            heads = w.reshape(shape.heads, shape.head_dim, -1)
            fresh = INIT_SCALE * rng.standard_normal((shape.heads, rope, w.shape[1]))
            both = np.concatenate([heads, fresh], axis=1)
            out[name] = both.reshape(-1, w.shape[1]).astype(w.dtype)
        elif part != "v_proj.weight":
            out[name] = w
    said: dict[str, object] = {
        "architectures": ["DeepseekV3ForCausalLM"], "model_type": "deepseek_v3",
        "kv_lora_rank": rank, "q_lora_rank": None, "qk_rope_head_dim": rope,
        "qk_nope_head_dim": shape.head_dim, "v_head_dim": shape.head_dim,
        "first_k_dense_replace": shape.layers, "num_key_value_heads": shape.heads,
    }  # fmt: skip
    return out, said


def more_neurons(weights: Arrays, shape: Shape) -> Made:
    """Add a quarter of fresh neurons between those that are there."""
    rng = np.random.default_rng(7)
    total = shape.neurons + shape.neurons // 4
    place = np.sort(rng.choice(total, shape.neurons, replace=False))
    out = dict(weights)
    for gate, up, down in mlps(weights):
        for name, axis in ((gate, 0), (up, 0), (down, 1)):
            old = np.moveaxis(weights[name], axis, 0)
            new = (INIT_SCALE * rng.standard_normal((total, old.shape[1]))).astype(old.dtype)
            new[place] = old
            out[name] = np.ascontiguousarray(np.moveaxis(new, 0, axis))
    return out, replace(shape, neurons=total)


def _heads(
    weights: Arrays,
    shape: Shape,
    heads: Sequence[int],
    kv_heads: Sequence[int],
    inside: NDArray[np.int64],
) -> Made:
    """Keep some heads, and some dimensions of each."""
    rows = {
        side: np.concatenate([h * shape.head_dim + inside for h in of])
        for side, of in (("q", heads), ("kv", kv_heads))
    }
    out = dict(weights)
    for name, w in weights.items():
        if ".q_proj." in name:
            out[name] = w[rows["q"]]
        elif ".k_proj." in name or ".v_proj." in name:
            out[name] = w[rows["kv"]]
        elif ".o_proj." in name:
            out[name] = w[:, rows["q"]]
    sizes = {"heads": len(heads), "kv_heads": len(kv_heads), "head_dim": len(inside)}
    return out, replace(shape, **sizes)


def in_turn(*steps: Cut) -> Cut:
    """Return the cuts made one after the other."""

    def cut(weights: Arrays, shape: Shape) -> Made:
        for step in steps:
            weights, shape = step(weights, shape)
        return weights, shape

    return cut


CUTS: Final[Mapping[str, Cut]] = {
    "depth and neurons": in_turn(fewer_layers, fewer_neurons, smaller_heads),
    "width and neurons": in_turn(narrower, fewer_neurons, smaller_heads),
    "sorted": in_turn(narrower, sorted_neurons, smaller_heads),
    "every axis": in_turn(fewer_layers, narrower, sorted_neurons, fewer_heads, smaller_heads),
    "grouped queries": in_turn(merged_kv, fewer_neurons, smaller_heads),
    "grown": in_turn(more_neurons, narrower, smaller_heads),
}
"""The ways in which children of another shape are made here, by name."""
