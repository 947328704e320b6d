"""Which rearranged copies does a closer look have to find, beside those in the zoo?

Like ``alterations``: functions from a dict of [out, in] arrays to a new one, with the new ``Shape``
where sizes change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tests.material.zoo.alterations import LAYER
from tests.material.zoo.model import Shape
from tests.material.zoo.symmetries import Arrays, mlps, permute_experts


def prune_sorted(weights: Arrays, shape: Shape, *, keep: int) -> tuple[Arrays, Shape]:
    """Keep the ``keep`` most important neurons of each MLP, most important first: no order left."""
    out = dict(weights)
    for gate, up, down in mlps(weights):
        norms = [np.linalg.norm(weights[n], axis=a) for n, a in ((gate, 1), (up, 1), (down, 0))]
        kept = np.argsort(-norms[0] * norms[1] * norms[2], kind="stable")[:keep]
        out[gate], out[up] = weights[gate][kept], weights[up][kept]
        out[down] = weights[down][:, kept]
    return out, replace(shape, neurons=keep)


def interleave(
    parents: Sequence[Arrays], shape: Shape, sources: Sequence[tuple[int, int]]
) -> tuple[Arrays, Shape]:
    """Build a model layer by layer from several parents; all else is the first parent's.

    Args:
        parents: Models of one width.
        shape: Their shape.
        sources: (parent, layer) of every layer.
    """
    out = {n: w for n, w in parents[0].items() if not LAYER.match(n)}
    for new, (parent, old) in enumerate(sources):
        stem = f"model.layers.{old}."
        for name, w in parents[parent].items():
            if name.startswith(stem):
                out[f"model.layers.{new}.{name.removeprefix(stem)}"] = w.copy()
    return out, replace(shape, layers=len(sources))


def keep_experts(weights: Arrays, shape: Shape, kept: Sequence[int]) -> tuple[Arrays, Shape]:
    """Keep some experts of every layer, in the order given, router rows along."""
    rest = [e for e in range(shape.experts) if e not in kept]
    order = np.array([*kept, *rest], dtype=np.int64)
    moved = permute_experts(weights, shape, dict.fromkeys(range(shape.layers), order))
    gone = tuple(f".experts.{e}." for e in range(len(kept), shape.experts))
    out = {n: w for n, w in moved.items() if not any(part in n for part in gone)}
    for layer in range(shape.layers):
        name = f"model.layers.{layer}.block_sparse_moe.gate.weight"
        out[name] = out[name][: len(kept)]
    return out, replace(shape, experts=len(kept))


def extract_expert(weights: Arrays, shape: Shape, expert: int) -> tuple[Arrays, Shape]:
    """Make one expert of every layer the dense MLP of a model without experts."""
    dense = {"w1": "gate_proj", "w3": "up_proj", "w2": "down_proj"}
    out = {n: w for n, w in weights.items() if ".block_sparse_moe." not in n}
    for layer in range(shape.layers):
        stem = f"model.layers.{layer}."
        for short, long in dense.items():
            old = f"{stem}block_sparse_moe.experts.{expert}.{short}.weight"
            out[f"{stem}mlp.{long}.weight"] = weights[old]
    return out, replace(shape, experts=0)


def slice_into_experts(weights: Arrays, shape: Shape, experts: int) -> tuple[Arrays, Shape]:
    """Cut every dense MLP into experts of neighbouring neurons, with a router of zeros."""
    size = shape.neurons // experts
    out = {n: w for n, w in weights.items() if ".mlp." not in n}
    for layer in range(shape.layers):
        stem = f"model.layers.{layer}."
        for e in range(experts):
            part = slice(e * size, (e + 1) * size)
            to = f"{stem}block_sparse_moe.experts.{e}."
            out[to + "w1.weight"] = weights[stem + "mlp.gate_proj.weight"][part]
            out[to + "w3.weight"] = weights[stem + "mlp.up_proj.weight"][part]
            out[to + "w2.weight"] = weights[stem + "mlp.down_proj.weight"][:, part]
        router = np.zeros((experts, shape.hidden), dtype=np.float32)
        out[stem + "block_sparse_moe.gate.weight"] = router
    return out, replace(shape, experts=experts, neurons=size)
