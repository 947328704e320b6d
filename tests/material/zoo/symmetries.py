"""Which changes leave a model's function as it is?

Each function takes a dict of [out, in] arrays under Hugging Face Llama or Mixtral names and returns
a new one; nothing is changed in place. Arithmetic is float64, the result keeps the input's dtype.
An ``order`` lists, for each new position, the old index; signs and scales go by old index.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tests.material.zoo.model import Shape

Arrays = dict[str, NDArray[Any]]
Index = NDArray[np.int64]
Real = NDArray[np.float64]

READERS: Final = re.compile(
    r"(q_proj|k_proj|v_proj|gate_proj|up_proj|w1|w3|block_sparse_moe\.gate|lm_head)\.weight$"
)
"""Matrices whose columns are residual channels, after a norm."""
WRITERS: Final = re.compile(r"(o_proj|down_proj|w2)\.weight$")
"""Matrices whose rows are residual channels."""
NORMS: Final = re.compile(r"norm\.weight$")
EMBEDDING: Final = "model.embed_tokens.weight"
HEAD: Final = "lm_head.weight"
FINAL_NORM: Final = "model.norm.weight"


def channel_axis(name: str) -> int:
    """Return the axis of a tensor that residual channels index.

    Raises:
        KeyError: The name fits no tensor of the zoo.
    """
    if READERS.search(name) or name == EMBEDDING:
        return 1
    if WRITERS.search(name) or NORMS.search(name):
        return 0
    raise KeyError(name)


def mlps(names: Mapping[str, object]) -> tuple[tuple[str, str, str], ...]:
    """Return the (gate, up, down) names of every dense MLP and every expert, in layer order."""
    found = []
    for name in names:
        if name.endswith("mlp.gate_proj.weight"):
            stem = name.removesuffix("gate_proj.weight")
            found.append(tuple(f"{stem}{p}_proj.weight" for p in ("gate", "up", "down")))
        elif name.endswith(".w1.weight"):
            stem = name.removesuffix("w1.weight")
            found.append(tuple(f"{stem}{p}.weight" for p in ("w1", "w3", "w2")))
    return tuple((g, u, d) for g, u, d in found)


def norm_readers(names: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """Return, for every norm, the matrices that read its output."""
    readers: dict[str, tuple[str, ...]] = {}
    for name in names:
        if name == FINAL_NORM:
            readers[name] = (HEAD,)
        elif name.endswith("input_layernorm.weight"):
            stem = name.removesuffix("input_layernorm.weight") + "self_attn."
            readers[name] = tuple(f"{stem}{p}_proj.weight" for p in "qkv")
        elif name.endswith("post_attention_layernorm.weight"):
            stem = name.removesuffix("post_attention_layernorm.weight")
            inside = (n for n in names if n.startswith((stem + "mlp.", stem + "block_sparse_moe.")))
            readers[name] = tuple(n for n in inside if READERS.search(n))
    return readers


def permute_channels(weights: Arrays, order: Index) -> Arrays:
    """Relabel the residual channels."""
    return {n: np.take(w, order, axis=channel_axis(n)) for n, w in weights.items()}


def flip_channels(weights: Arrays, signs: Real) -> Arrays:
    """Flip the sign of residual channels; gains stay, for RMSNorm has no mean to subtract."""
    return {
        n: w if NORMS.search(n) else _scaled(w, signs, channel_axis(n)) for n, w in weights.items()
    }


def permute_neurons(weights: Arrays, orders: Mapping[str, Index]) -> Arrays:
    """Relabel MLP neurons.

    Args:
        weights: The model.
        orders: Name of a gate matrix to the new order of its neurons; others stay.
    """
    out = dict(weights)
    for gate, up, down in mlps(weights):
        if gate in orders:
            out[gate] = weights[gate][orders[gate]]
            out[up] = weights[up][orders[gate]]
            out[down] = weights[down][:, orders[gate]]
    return out


def rescale_neurons(weights: Arrays, scales: Mapping[str, Real]) -> Arrays:
    """Multiply ``up`` rows and divide ``down`` columns, by gate name; a scale may be negative."""
    out = dict(weights)
    for gate, up, down in mlps(weights):
        if gate in scales:
            out[up] = _scaled(weights[up], scales[gate], 0)
            out[down] = _scaled(weights[down], 1.0 / scales[gate], 1)
    return out


def permute_experts(weights: Arrays, shape: Shape, orders: Mapping[int, Index]) -> Arrays:
    """Relabel the experts of layers given by number, router rows included."""
    out = dict(weights)
    for layer, order in orders.items():
        stem = f"model.layers.{layer}.block_sparse_moe."
        out[stem + "gate.weight"] = weights[stem + "gate.weight"][order]
        for new in range(shape.experts):
            for part in ("w1", "w2", "w3"):
                old = f"{stem}experts.{order[new]}.{part}.weight"
                out[f"{stem}experts.{new}.{part}.weight"] = weights[old]
    return out


def permute_heads(weights: Arrays, shape: Shape, orders: Mapping[int, Index]) -> Arrays:
    """Relabel query heads, and kv groups with them, of layers given by number.

    Args:
        weights: The model.
        shape: Its sizes.
        orders: Layer to the new order of its query heads, shape [heads].

    Raises:
        ValueError: An order parts query heads that share a kv group.
    """
    out = dict(weights)
    shared = shape.heads // shape.kv_heads
    for layer, order in orders.items():
        groups = order.reshape(shape.kv_heads, shared) // shared
        if (groups != groups[:, :1]).any():
            message = f"query heads that share a kv group must stay together: {order.tolist()}"
            raise ValueError(message)
        wide = _rows(order, shape.head_dim)
        narrow = _rows(groups[:, 0], shape.head_dim)
        stem = f"model.layers.{layer}.self_attn."
        out[stem + "q_proj.weight"] = weights[stem + "q_proj.weight"][wide]
        out[stem + "k_proj.weight"] = weights[stem + "k_proj.weight"][narrow]
        out[stem + "v_proj.weight"] = weights[stem + "v_proj.weight"][narrow]
        out[stem + "o_proj.weight"] = weights[stem + "o_proj.weight"][:, wide]
    return out


def turn_values(weights: Arrays, shape: Shape, turns: Mapping[int, Real]) -> Arrays:
    """Mix the V/O dimensions inside every kv group of layers given by number.

    Args:
        weights: The model.
        shape: Its sizes.
        turns: Layer to invertible matrices, shape [kv_heads, head_dim, head_dim].
    """
    out = dict(weights)
    size, shared = shape.head_dim, shape.heads // shape.kv_heads
    for layer, turn in turns.items():
        stem = f"model.layers.{layer}.self_attn."
        v = weights[stem + "v_proj.weight"].astype(np.float64)
        o = weights[stem + "o_proj.weight"].astype(np.float64)
        for group in range(shape.kv_heads):
            rows = slice(group * size, (group + 1) * size)
            v[rows] = turn[group] @ v[rows]
            back = np.linalg.inv(turn[group])
            for head in range(group * shared, (group + 1) * shared):
                columns = slice(head * size, (head + 1) * size)
                o[:, columns] = o[:, columns] @ back
        out[stem + "v_proj.weight"] = v.astype(weights[stem + "v_proj.weight"].dtype)
        out[stem + "o_proj.weight"] = o.astype(weights[stem + "o_proj.weight"].dtype)
    return out


def turn_rotary_pairs(
    weights: Arrays, shape: Shape, angles: Mapping[int, Real], scales: Mapping[int, Real]
) -> Arrays:
    """Turn and scale query and key pairs; the only freedom that rotary positions leave there.

    Args:
        weights: The model.
        shape: Its sizes.
        angles: Layer to radians, shape [kv_heads, head_dim // 2].
        scales: Layer to positive factors of the key (the query is divided), same shape.
    """
    out = dict(weights)
    half = shape.head_dim // 2
    for layer, angle in angles.items():
        stem = f"model.layers.{layer}.self_attn."
        for part, heads in (("q", shape.heads), ("k", shape.kv_heads)):
            name = f"{stem}{part}_proj.weight"
            rows = weights[name].astype(np.float64).reshape(heads, 2, half, -1)
            shared = heads // shape.kv_heads
            turn = np.repeat(angle, shared, axis=0)[..., None]
            factor = np.repeat(scales[layer], shared, axis=0)[..., None]
            factor = factor if part == "k" else 1.0 / factor
            low = rows[:, 0] * np.cos(turn) - rows[:, 1] * np.sin(turn)
            high = rows[:, 0] * np.sin(turn) + rows[:, 1] * np.cos(turn)
            both = np.stack((low * factor, high * factor), axis=1)
            out[name] = both.reshape(weights[name].shape).astype(weights[name].dtype)
    return out


def rescale_norms(weights: Arrays, factors: Mapping[str, Real]) -> Arrays:
    """Multiply gains by per-channel factors and divide the columns that read them."""
    out = dict(weights)
    for norm, names in norm_readers(weights).items():
        if norm in factors:
            out[norm] = _scaled(weights[norm], factors[norm], 0)
            for name in names:
                out[name] = _scaled(weights[name], 1.0 / factors[norm], 1)
    return out


def fold_norms(weights: Arrays) -> Arrays:
    """Move every gain into the matrices that read it; all gains become 1."""
    out = dict(weights)
    for norm, names in norm_readers(weights).items():
        for name in names:
            out[name] = _scaled(weights[name], weights[norm].astype(np.float64), 1)
        out[norm] = np.ones_like(weights[norm])
    return out


def rotate_channels(weights: Arrays, rotation: Real) -> Arrays:
    """Turn the residual stream, x -> rotation @ x; gains are folded first."""
    out = {}
    for name, w in fold_norms(weights).items():
        if NORMS.search(name):
            out[name] = w
            continue
        wide = w.astype(np.float64)
        turned = wide @ rotation.T if channel_axis(name) == 1 else rotation @ wide
        out[name] = turned.astype(w.dtype)
    return out


def random_rotation(size: int, rng: np.random.Generator) -> Real:
    """Return a uniformly drawn orthogonal matrix [size, size]."""
    q, r = np.linalg.qr(rng.standard_normal((size, size)))
    turned: Real = q * np.sign(np.diag(r))
    return turned


def _rows(order: Index, size: int) -> Index:
    rows: Index = (order[:, None] * size + np.arange(size)).ravel()
    return rows


def _scaled(w: NDArray[Any], factor: Real, axis: int) -> NDArray[Any]:
    wide = w.astype(np.float64)
    scaled = wide * factor if axis == wide.ndim - 1 else wide * factor[:, None]
    out: NDArray[Any] = scaled.astype(w.dtype)
    return out
