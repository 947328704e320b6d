"""How do people, honestly or not, change a model so that its function changes too?

Each function takes a dict of [out, in] arrays under Hugging Face Llama names and returns a new one
in the same dtype; where sizes change, the new ``Shape`` comes along.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

import numpy as np

from tests.material.zoo.model import INIT_SCALE, Shape
from tests.material.zoo.symmetries import EMBEDDING, HEAD, NORMS, Arrays, Index, channel_axis, mlps

LINEAR: Final = re.compile(r"(proj|w[123])\.weight$")
LAYER: Final = re.compile(r"^model\.layers\.(\d+)\.")
INT4_GROUP: Final = 32
"""Values that share one scale and offset, as in common 4-bit formats (32 to 128)."""
INT4_LEVELS: Final = 15

Place = Literal["first", "last", "spread"]


def merge_adapter(
    weights: Arrays,
    rng: np.random.Generator,
    *,
    rank: int,
    size: float,
    targets: Sequence[str] = ("q_proj", "v_proj"),
) -> Arrays:
    """Add a random low-rank delta to the target matrices.

    Args:
        weights: The model.
        rng: Draws both factors.
        rank: Rank of each delta, at least 1.
        size: Frobenius norm of the delta over that of the matrix; fine-tunes reach 0.01 to 0.1.
        targets: Projections that are changed; all others stay bit-equal.
    """
    out = dict(weights)
    for name, w in weights.items():
        if any(f".{t}." in name for t in targets):
            rows, columns = w.shape
            delta = rng.standard_normal((rows, rank)) @ rng.standard_normal((rank, columns))
            delta *= size * np.linalg.norm(w) / np.linalg.norm(delta)
            out[name] = (w + delta).astype(w.dtype)
    return out


def merge_learned_adapter(
    weights: Arrays, tuned: Arrays, *, rank: int, targets: Sequence[str]
) -> Arrays:
    """Add the best low-rank part of what a real fine-tune changed in the target matrices."""
    out = dict(weights)
    for name, w in weights.items():
        if any(f".{t}." in name for t in targets):
            u, s, v = np.linalg.svd((tuned[name] - w).astype(np.float64), full_matrices=False)
            out[name] = (w + (u[:, :rank] * s[:rank]) @ v[:rank]).astype(w.dtype)
    return out


def round_to_int4(weights: Arrays) -> Arrays:
    """Round every linear matrix to 4 bits, nearest, and back; embeddings, head and norms stay.

    Scale and offset are shared by ``INT4_GROUP`` consecutive values of a row.
    """
    out = dict(weights)
    for name, w in weights.items():
        if LINEAR.search(name):
            groups = w.reshape(-1, INT4_GROUP)
            low, high = groups.min(1, keepdims=True), groups.max(1, keepdims=True)
            step = np.maximum((high - low) / INT4_LEVELS, 1e-12)
            rounded = np.round((groups - low) / step) * step + low
            out[name] = rounded.reshape(w.shape).astype(w.dtype)
    return out


def add_noise(weights: Arrays, rng: np.random.Generator, *, size: float) -> Arrays:
    """Add normal noise to every tensor; ``size`` is in standard deviations of the tensor."""
    return {
        n: (w + size * w.std() * rng.standard_normal(w.shape)).astype(w.dtype)
        for n, w in weights.items()
    }


def extend_vocabulary(
    weights: Arrays, shape: Shape, rng: np.random.Generator, *, new: int
) -> tuple[Arrays, Shape]:
    """Append rows for ``new`` tokens: the mean row plus a little noise, as is usual."""
    out = dict(weights)
    for name in (EMBEDDING, HEAD):
        w = weights[name]
        rows = w.mean(0) + 0.02 * w.std() * rng.standard_normal((new, w.shape[1]))
        out[name] = np.vstack((w, rows)).astype(w.dtype)
    return out, replace(shape, vocab=shape.vocab + new)


def rebuild_embeddings(weights: Arrays, rng: np.random.Generator) -> Arrays:
    """Draw embedding and head afresh; the body and all norms are kept."""
    fresh = {
        n: (INIT_SCALE * rng.standard_normal(weights[n].shape)).astype(weights[n].dtype)
        for n in (EMBEDDING, HEAD)
    }
    return {**weights, **fresh}


def choose_layers(weights: Arrays, shape: Shape, sources: Sequence[int]) -> tuple[Arrays, Shape]:
    """Build a model whose layer i is layer ``sources[i]``: drops, repeats or reorders layers."""
    out: Arrays = {}
    for new, old in enumerate(sources):
        stem = f"model.layers.{old}."
        for name, w in weights.items():
            if name.startswith(stem):
                out[f"model.layers.{new}.{name.removeprefix(stem)}"] = w.copy()
    out |= {n: w for n, w in weights.items() if not LAYER.match(n)}
    return out, replace(shape, layers=len(sources))


def prune_neurons(weights: Arrays, shape: Shape, *, keep: int) -> tuple[Arrays, Shape]:
    """Keep the ``keep`` neurons of each MLP with the largest norm product, in their old order."""
    out = dict(weights)
    for gate, up, down in mlps(weights):
        norms = [np.linalg.norm(weights[n], axis=a) for n, a in ((gate, 1), (up, 1), (down, 0))]
        kept = np.sort(np.argsort(-norms[0] * norms[1] * norms[2], kind="stable")[:keep])
        out[gate], out[up] = weights[gate][kept], weights[up][kept]
        out[down] = weights[down][:, kept]
    return out, replace(shape, neurons=keep)


def prune_channels(weights: Arrays, shape: Shape, *, keep: int) -> tuple[Arrays, Shape]:
    """Keep the ``keep`` channels with the largest embedding and head columns, in old order."""
    size = np.linalg.norm(weights[EMBEDDING], axis=0) * np.linalg.norm(weights[HEAD], axis=0)
    kept = np.sort(np.argsort(-size, kind="stable")[:keep])
    out = {n: np.take(w, kept, axis=channel_axis(n)) for n, w in weights.items()}
    return out, replace(shape, hidden=keep)


def shuffle_rows(
    weights: Arrays, rng: np.random.Generator, *, share: float, place: Place
) -> Arrays:
    """Shuffle a fixed share of the rows of every matrix among themselves.

    Args:
        weights: The model.
        rng: Draws the new order of the chosen rows.
        share: Share of the rows, 0 to 1; at least two rows of each matrix are taken.
        place: The first rows, the last, or rows spread evenly.
    """
    out = dict(weights)
    for name, w in weights.items():
        if w.ndim == 1:
            continue
        n = w.shape[0]
        count = max(2, round(share * n))
        rows = {
            "first": np.arange(count),
            "last": np.arange(n - count, n),
            "spread": np.linspace(0, n - 1, count).astype(np.int64),
        }[place]
        shuffled = w.copy()
        shuffled[rows] = w[np.roll(rows, 1) if count == 2 else rng.permutation(rows)]
        out[name] = shuffled
    return out


def blend(parents: Sequence[tuple[Arrays, float]]) -> Arrays:
    """Return the weighted sum of models of one shape: a linear merge."""
    first = parents[0][0]
    return {
        n: sum(share * p[n].astype(np.float64) for p, share in parents).astype(w.dtype)  # type: ignore[union-attr]
        for n, w in first.items()
    }


def wear(weights: Arrays, donor: Arrays, *, part: Literal["norms", "embeddings"]) -> Arrays:
    """Take the donor's norm gains, or its embedding and head, and nothing else."""
    worn = {n for n in weights if (NORMS.search(n) if part == "norms" else n in (EMBEDDING, HEAD))}
    return {n: (donor[n] if n in worn else w).copy() for n, w in weights.items()}


def reorder_tokens(weights: Arrays, order: Index) -> Arrays:
    """Relabel the vocabulary rows; ``tokens.reordered`` rebuilds the tokenizer alike."""
    return {n: w[order] if n in (EMBEDDING, HEAD) else w for n, w in weights.items()}


def share_changed(before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray]) -> float:
    """Return the share of weights whose value differs, over tensors of equal name and shape."""
    same = [
        (before[n], after[n]) for n in before if n in after and before[n].shape == after[n].shape
    ]
    return sum(int((a != b).sum()) for a, b in same) / max(1, sum(a.size for a, _ in same))
