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
