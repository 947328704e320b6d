"""Which planted changes does the table of relations need, beyond ``alterations``?

Adapters of several ranks, directions taken out, sparse and light updates, grids of few levels,
pruning to zeros, and merges of two and three models by the usual rules. Each function takes dicts
of float32 arrays under Hugging Face Llama names and returns new ones; what is stored is rounded
later, by the writer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.material.zoo.alterations import LINEAR, merge_adapter
from tests.material.zoo.folder import round_trip
from tests.material.zoo.symmetries import EMBEDDING, Arrays

ALL_LINEAR: Final = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
WRITERS: Final = ("o_proj", "down_proj")
NF4: Final = np.array([
    -1.0, -0.6961928, -0.5250731, -0.3949175, -0.2844414, -0.1847734, -0.0910500, 0.0,
    0.0795803, 0.1609302, 0.2461123, 0.3379152, 0.4407098, 0.5626170, 0.7229568, 1.0,
])  # fmt: skip
"""Quantiles of the normal distribution, as in the 4-bit NormalFloat format (Dettmers et al. 2023)."""


def change_linear(
    weights: Arrays, change: Callable[[str, NDArray[np.float64]], NDArray[np.float64]]
) -> Arrays:
    """Return the weights with every linear matrix put through ``change(name, matrix)``."""
    return {
        n: change(n, w.astype(np.float64)).astype(w.dtype) if LINEAR.search(n) else w
        for n, w in weights.items()
    }


def abliterate(weights: Arrays, rng: np.random.Generator) -> Arrays:
    """Take one direction of the residual stream out of everything that writes to it."""
    drawn = np.asarray(rng.standard_normal(weights[EMBEDDING].shape[1]))
    line = drawn / np.linalg.norm(drawn)

    def change(name: str, w: NDArray[np.float64]) -> NDArray[np.float64]:
        return w - np.outer(line, line @ w) if any(t in name for t in WRITERS) else w

    return change_linear(weights, change)


def update_sparsely(
    weights: Arrays, rng: np.random.Generator, *, share: float, size: float
) -> Arrays:
    """Move a random share of all values of the linear matrices by ``size`` of their own."""

    def change(_name: str, w: NDArray[np.float64]) -> NDArray[np.float64]:
        moved = rng.random(w.shape) < share
        return np.where(moved, w * (1 + size * rng.standard_normal(w.shape)), w)

    return change_linear(weights, change)


def update_lightly(weights: Arrays, tuned: Arrays, *, size: float) -> Arrays:
    """Add a small multiple of a real fine-tune's change, as reinforcement learning leaves it."""
    return {n: (w + size * (tuned[n] - w)).astype(w.dtype) for n, w in weights.items()}


def prune_to_zero(weights: Arrays, *, share: float) -> Arrays:
    """Set the smallest values of every row to zero."""

    def change(_name: str, w: NDArray[np.float64]) -> NDArray[np.float64]:
        edge = np.quantile(np.abs(w), share, axis=1, keepdims=True)
        return np.where(np.abs(w) < edge, 0.0, w)

    return change_linear(weights, change)


def round_to_int8(weights: Arrays) -> Arrays:
    """Round every row to 255 symmetric levels."""

    def change(_name: str, w: NDArray[np.float64]) -> NDArray[np.float64]:
        step = np.abs(w).max(axis=1, keepdims=True) / 127
        return np.asarray(np.rint(w / step) * step)

    return change_linear(weights, change)


def round_to_int4(weights: Arrays, *, group: int = 32) -> Arrays:
    """Round groups of a row to 16 levels between their extremes."""

    def change(_name: str, w: NDArray[np.float64]) -> NDArray[np.float64]:
        g = w.reshape(-1, group)
        low = g.min(axis=1, keepdims=True)
        step = (g.max(axis=1, keepdims=True) - low) / 15
        return np.asarray(np.rint((g - low) / step) * step + low).reshape(w.shape)

    return change_linear(weights, change)


def round_to_nf4(weights: Arrays, *, group: int = 32) -> Arrays:
    """Round groups of a row to the nearest of 16 normal quantiles times their largest value."""

    def change(_name: str, w: NDArray[np.float64]) -> NDArray[np.float64]:
        g = w.reshape(-1, group)
        top = np.abs(g).max(axis=1, keepdims=True)
        nearest = np.abs(g[:, :, None] / top[:, :, None] - NF4).argmin(axis=2)
        return np.asarray(NF4[nearest] * top).reshape(w.shape)

    return change_linear(weights, change)


def round_with_feedback(weights: Arrays, rng: np.random.Generator, *, group: int = 32) -> Arrays:
    """Round to 16 levels column by column, passing each error on, as GPTQ does."""

    def change(_name: str, w: NDArray[np.float64]) -> NDArray[np.float64]:
        left = w.copy()
        out = np.empty_like(w)
        n = w.shape[1]
        mixing = rng.standard_normal((4 * n, n)) @ (np.eye(n) + 0.3 * rng.standard_normal((n, n)))
        inverse = np.linalg.inv(mixing.T @ mixing / (4 * n) + 0.01 * np.eye(n))
        upper = np.linalg.cholesky(inverse).T
        low, step = np.empty((w.shape[0], 1)), np.empty((w.shape[0], 1))
        for i in range(n):
            if i % group == 0:
                part = left[:, i : i + group]
                low = part.min(axis=1, keepdims=True)
                step = (part.max(axis=1, keepdims=True) - low) / 15
            column = left[:, i : i + 1]
            out[:, i : i + 1] = np.clip(np.rint((column - low) / step), 0, 15) * step + low
            error = (column - out[:, i : i + 1]) / upper[i, i]
            left[:, i + 1 :] -= error * upper[i, i + 1 :]
        return out

    return change_linear(weights, change)


# -- merges: the first model is the one whose embedding, head and norms are blended like the rest ----


def slerp(a: Arrays, b: Arrays, *, t: float) -> Arrays:
    """Merge two models along the great circle, tensor by tensor; the line where they nearly agree."""
    out: Arrays = {}
    for n, w in a.items():
        x, y = w.astype(np.float64), b[n].astype(np.float64)
        cosine = float((x * y).sum() / (np.linalg.norm(x) * np.linalg.norm(y)))
        if abs(cosine) > 0.9995:
            out[n] = ((1 - t) * x + t * y).astype(w.dtype)
            continue
        angle = np.arccos(cosine)
        out[n] = ((np.sin((1 - t) * angle) * x + np.sin(t * angle) * y) / np.sin(angle)).astype(
            w.dtype
        )
    return out


def ties(
    ancestor: Arrays, models: Sequence[Arrays], shares: Sequence[float], *, density: float
) -> Arrays:
    """Merge task vectors: keep the largest of each, elect a sign value by value, average those."""
    out: Arrays = {}
    for n, w in ancestor.items():
        p = w.astype(np.float64)
        vectors = np.stack([m[n].astype(np.float64) - p for m in models])
        edges = np.quantile(np.abs(vectors).reshape(len(models), -1), 1 - density, axis=1)
        kept = np.where(np.abs(vectors) >= edges.reshape(-1, *[1] * p.ndim), vectors, 0.0)
        weight = np.asarray(shares).reshape(-1, *[1] * p.ndim)
        sign = np.sign((weight * kept).sum(axis=0))
        agreed = (np.sign(kept) == sign) & (kept != 0)
        total = (weight * agreed).sum(axis=0)
        merged = (weight * kept * agreed).sum(axis=0) / np.where(total > 0, total, 1.0)
        out[n] = (p + merged).astype(w.dtype)
    return out


def dare(
    ancestor: Arrays,
    models: Sequence[Arrays],
    shares: Sequence[float],
    rng: np.random.Generator,
    *,
    drop: float,
) -> Arrays:
    """Merge task vectors of which a random share is dropped and the rest made larger for it."""
    out: Arrays = {}
    for n, w in ancestor.items():
        p = w.astype(np.float64)
        merged = p.copy()
        for model, share in zip(models, shares, strict=True):
            kept = rng.random(p.shape) >= drop
            merged += share * kept * (model[n].astype(np.float64) - p) / (1 - drop)
        out[n] = merged.astype(w.dtype)
    return out


def layers_from(models: Sequence[Arrays], owner: Sequence[int]) -> Arrays:
    """Take layer i whole from model ``owner[i]``, all else from the first."""
    out = dict(models[0])
    for i, k in enumerate(owner):
        stem = f"model.layers.{i}."
        out |= {n: w for n, w in models[k].items() if n.startswith(stem)}
    return out


def stored(weights: Mapping[str, NDArray[np.float32]], dtype: str) -> Arrays:
    """Return the values that survive storage: what a published file holds."""
    return dict(round_trip(dict(weights), dtype))  # type: ignore[arg-type]


def adapter(weights: Arrays, rng: np.random.Generator, *, rank: int, size: float) -> Arrays:
    """Add a random adapter to all linear matrices."""
    return merge_adapter(weights, rng, rank=rank, size=size, targets=ALL_LINEAR)
