"""Which changes of weights are the honest cases and the attacks made of?

Pure functions of dicts of arrays; what was trained comes from ``benchmarks.closeness.judge``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Weights = dict[str, NDArray[np.float32]]
Trained = Callable[[str], Weights]
"""Trained weights by name: parent, maker0.., child0.., heir0.., repeat, far, stranger, twin, and two
each of student, extended and upscaled."""
Change = Callable[[str, NDArray[np.float32]], NDArray[np.float64]]


def each_matrix(weights: Mapping[str, NDArray[np.float32]], change: Change) -> Weights:
    """Return weights with every matrix inside the layers changed, the rest as it was."""
    return {
        name: change(name, w).astype(np.float32) if "_proj" in name else w.copy()
        for name, w in weights.items()
    }


def mixed(shares: Mapping[float, Mapping[str, NDArray[np.float32]]]) -> Weights:
    """Return the sum of models by their shares."""
    names = next(iter(shares.values()))
    return {
        n: np.sum([s * w[n].astype(np.float64) for s, w in shares.items()], axis=0).astype(
            np.float32
        )
        for n in names
    }


def moved(base: Weights, start: Weights, end: Weights, factor: float = 1.0) -> Weights:
    """Return a base plus the change from one model to another: a task vector put on it."""
    return {
        n: (w + factor * (end[n].astype(np.float64) - start[n])).astype(np.float32)
        for n, w in base.items()
    }


def of_rank(base: Weights, model: Weights, rank: int, *roles: str) -> Weights:
    """Return a base plus the change of a model cut to a rank; of some roles alone, if named."""

    def cut(name: str, w: NDArray[np.float32]) -> NDArray[np.float64]:
        if roles and not any(role in name for role in roles):
            return w.astype(np.float64)
        u, s, v = np.linalg.svd(model[name].astype(np.float64) - w, full_matrices=False)
        return w + (u[:, :rank] * s[:rank]) @ v[:rank]

    return each_matrix(base, cut)


def rounded_to_levels(weights: Weights, bits: int = 8) -> Weights:
    """Return every row of every matrix rounded to nearest, absmax, as integer formats do."""

    def levels(_name: str, w: NDArray[np.float32]) -> NDArray[np.float64]:
        step = np.abs(w).max(axis=1, keepdims=True).astype(np.float64) / (2 ** (bits - 1) - 1)
        return np.asarray(np.rint(w / step) * step)

    return each_matrix(weights, levels)


def pruned(weights: Weights, share: float = 0.4) -> Weights:
    """Return every matrix with its smallest values set to zero."""

    def cut(_name: str, w: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.where(np.abs(w) < np.quantile(np.abs(w), share), 0.0, w).astype(np.float64)

    return each_matrix(weights, cut)


def without_direction(weights: Weights, line: NDArray[np.float64]) -> Weights:
    """Return weights of which no writer to the stream has a direction left (abliteration)."""
    r = line / np.linalg.norm(line)

    def cut(name: str, w: NDArray[np.float32]) -> NDArray[np.float64]:
        writes = name.endswith(("o_proj.weight", "down_proj.weight"))
        return w - np.outer(r, r @ w) if writes else w.astype(np.float64)

    return each_matrix(weights, cut)


def dropped(base: Weights, model: Weights, share: float, seed: int) -> Weights:
    """Return a base plus a change of which a share was dropped and the rest made larger (DARE)."""
    rng = np.random.default_rng(seed)
    return each_matrix(
        base,
        lambda n, w: (
            w + (rng.random(w.shape) > share) * (model[n].astype(np.float64) - w) / (1 - share)
        ),
    )


def noisy(base: Weights, model: Weights, size: float, seed: int) -> Weights:
    """Return a model with noise of a share of its change to the base."""
    rng = np.random.default_rng(seed)

    def add(name: str, w: NDArray[np.float32]) -> NDArray[np.float64]:
        scale = size * float(np.std(w.astype(np.float64) - base[name]))
        return w + scale * rng.standard_normal(w.shape)

    return each_matrix(model, add)


def scaled_by_matrix(base: Weights, model: Weights, seed: int) -> Weights:
    """Return a base plus a change, made larger or smaller in every matrix on its own."""
    rng = np.random.default_rng(seed)
    return each_matrix(
        base, lambda n, w: w + rng.uniform(0.7, 1.3) * (model[n].astype(np.float64) - w)
    )


def layers_of(body: Weights, other: Weights, layers: tuple[int, ...]) -> Weights:
    """Return a model of which some layers are another's."""
    prefixes = tuple(f"model.layers.{i}." for i in layers)
    return {n: (other[n] if n.startswith(prefixes) else w).copy() for n, w in body.items()}


def with_roles_of(body: Weights, other: Weights, *roles: str) -> Weights:
    """Return a model of which the matrices of some roles are another's."""
    return {
        n: (other[n] if any(role in n for role in roles) else w).copy() for n, w in body.items()
    }


def neurons_shuffled(weights: Weights, seed: int) -> Weights:
    """Return the same function, the neurons of every layer in another order."""
    rng = np.random.default_rng(seed)
    out = {n: w.copy() for n, w in weights.items()}
    for name in weights:
        if name.endswith("mlp.gate_proj.weight"):
            order = rng.permutation(weights[name].shape[0])
            stem = name.removesuffix("gate_proj.weight")
            for role in ("gate", "up"):
                out[f"{stem}{role}_proj.weight"] = weights[f"{stem}{role}_proj.weight"][order]
            out[f"{stem}down_proj.weight"] = weights[f"{stem}down_proj.weight"][:, order]
    return out
