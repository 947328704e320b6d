"""How would someone hide, or forge, where a model's weights come from?

``relabel`` and the two ``disguise`` functions hide a copy and ``match_to`` forges one; all keep the
function. Each random choice comes from the generator passed in.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from tests.material.zoo.model import Shape
from tests.material.zoo.symmetries import (
    EMBEDDING,
    HEAD,
    NORMS,
    Arrays,
    Index,
    Real,
    flip_channels,
    mlps,
    permute_channels,
    permute_experts,
    permute_heads,
    permute_neurons,
    random_rotation,
    rescale_neurons,
    rotate_channels,
    turn_rotary_pairs,
    turn_values,
)

SCALE_SPREAD: Final = 0.3
"""Standard deviation of the log of random scales: factors of about 0.75 to 1.35."""


def relabel(weights: Arrays, shape: Shape, rng: np.random.Generator) -> Arrays:
    """Shuffle channels, neurons, experts and kv groups."""
    layers = range(shape.layers)
    out = permute_channels(weights, rng.permutation(shape.hidden))
    out = permute_neurons(out, {g: rng.permutation(out[g].shape[0]) for g, _, _ in mlps(out)})
    if shape.experts:
        out = permute_experts(out, shape, {i: rng.permutation(shape.experts) for i in layers})
    return permute_heads(out, shape, {i: _random_heads(shape, rng) for i in layers})


def rescale(weights: Arrays, rng: np.random.Generator, *, flip: bool) -> Arrays:
    """Scale every neuron's ``up`` against its ``down``, with random signs if ``flip``."""
    scales: dict[str, Real] = {}
    for gate, _, _ in mlps(weights):
        n = weights[gate].shape[0]
        signs = rng.choice([-1.0, 1.0], n) if flip else np.ones(n)
        scales[gate] = signs * np.exp(SCALE_SPREAD * rng.standard_normal(n))
    return rescale_neurons(weights, scales)


def disguise(weights: Arrays, shape: Shape, rng: np.random.Generator) -> Arrays:
    """Relabel everything, rescale neurons, fold the norms and turn the residual stream.

    V/O dimensions, reserved tokens and the signs of ``up`` rows keep their order: this is the
    disguise of DESIGN 3.5 that exact tests survive.
    """
    out = rescale(relabel(weights, shape, rng), rng, flip=False)
    return rotate_channels(out, random_rotation(shape.hidden, rng))


def disguise_fully(
    weights: Arrays, shape: Shape, rng: np.random.Generator, *, unused: Index
) -> Arrays:
    """Randomise every symmetry and reset the rows of tokens that training never saw.

    Args:
        weights: The model.
        shape: Its sizes.
        rng: Source of every choice.
        unused: Ids of tokens no text contains; only their rows change the function.
    """
    size = (shape.kv_heads, shape.head_dim // 2)
    layers = range(shape.layers)
    out = flip_channels(weights, rng.choice([-1.0, 1.0], shape.hidden))
    out = rescale(relabel(out, shape, rng), rng, flip=True)
    turns = {
        i: np.stack([random_rotation(shape.head_dim, rng) for _ in range(shape.kv_heads)])
        for i in layers
    }
    out = turn_values(out, shape, turns)
    out = turn_rotary_pairs(
        out,
        shape,
        {i: rng.uniform(0.0, 2.0 * np.pi, size) for i in layers},
        {i: np.exp(SCALE_SPREAD * rng.standard_normal(size)) for i in layers},
    )
    out = reset_rows(out, rng, unused)
    return rotate_channels(out, random_rotation(shape.hidden, rng))


def reset_rows(weights: Arrays, rng: np.random.Generator, ids: Index) -> Arrays:
    """Draw the embedding and head rows of some tokens afresh, at the spread of all rows."""
    out = dict(weights)
    for name in (EMBEDDING, HEAD):
        w = weights[name].copy()
        w[ids] = w.mean(0) + w.std(0) * rng.standard_normal((len(ids), w.shape[1]))
        out[name] = w
    return out


def split_neurons(weights: Arrays, rng: np.random.Generator) -> Arrays:
    """Replace every neuron by three that share its gate and whose ``up`` and ``down`` are mixed.

    Two of the three cancel: down up^T + r s^T - r s^T, then a random invertible 3 x 3 mix. The
    function stays; the neuron count trebles.
    """
    out = dict(weights)
    for gate, up, down in mlps(weights):
        n, d = weights[gate].shape
        u, v = weights[up].astype(np.float64), weights[down].T.astype(np.float64)
        r = v.std() * rng.standard_normal((n, d))
        s = u.std() * rng.standard_normal((n, d))
        mix = np.stack([random_rotation(3, rng) for _ in range(n)])
        ups = np.einsum("nij,njd->nid", mix, np.stack((u, s, -s), axis=1))
        downs = np.einsum("nij,njd->nid", mix, np.stack((v, r, r), axis=1))
        out[gate] = np.repeat(weights[gate], 3, axis=0)
        out[up] = ups.reshape(3 * n, d).astype(weights[up].dtype)
        out[down] = downs.reshape(3 * n, d).T.astype(weights[down].dtype)
    return out


def match_to(weights: Arrays, target: Arrays, shape: Shape) -> Arrays:
    """Relabel a dense model so that it resembles another: the framing attack.

    Channels are matched on gains, embeddings and head, then kv groups and the query heads in them
    on attention, then neurons on gate and up together, each by the Hungarian method. The function
    stays.

    Args:
        weights: The model to relabel.
        target: A model of the same sizes and vocabulary.
        shape: The sizes of both.
    """
    ours, theirs = _channel_profiles(weights), _channel_profiles(target)
    out = permute_channels(weights, best_order(theirs, ours))
    heads, shared = {}, shape.heads // shape.kv_heads
    for i in range(shape.layers):
        stem = f"model.layers.{i}.self_attn."
        groups = best_order(_groups(target, stem, shape), _groups(out, stem, shape))
        wanted, offered = _query_heads(target, stem, shape), _query_heads(out, stem, shape)
        heads[i] = np.concatenate(
            [
                groups[new] * shared + best_order(wanted[new], offered[groups[new]])
                for new in range(shape.kv_heads)
            ]
        )
    out = permute_heads(out, shape, heads)
    neurons = {
        gate: best_order(
            np.hstack((_units(target[gate]), _units(target[up]))),
            np.hstack((_units(out[gate]), _units(out[up]))),
        )
        for gate, up, _ in mlps(out)
    }
    return permute_neurons(out, neurons)


def best_order(wanted: Real, offered: Real) -> Index:
    """Return the order of ``offered`` rows that agrees best with ``wanted`` rows, both [n, f]."""
    _, columns = linear_sum_assignment(-(wanted @ offered.T))
    order: Index = columns.astype(np.int64)
    return order


def _random_heads(shape: Shape, rng: np.random.Generator) -> Index:
    shared = shape.heads // shape.kv_heads
    groups = rng.permutation(shape.kv_heads)
    return np.concatenate([g * shared + rng.permutation(shared) for g in groups])


def _query_heads(weights: Arrays, stem: str, shape: Shape) -> Real:
    heads = (shape.kv_heads, shape.heads // shape.kv_heads, -1)
    q = weights[stem + "q_proj.weight"].reshape(heads)
    o = weights[stem + "o_proj.weight"].T.reshape(heads)
    both: Real = np.concatenate((q, o), axis=2).astype(np.float64)
    return both


def _units(rows: NDArray[np.floating]) -> Real:
    wide = rows.astype(np.float64)
    wide = (wide - wide.mean(0)) / (wide.std(0) + 1e-12)
    scaled: Real = wide / (np.linalg.norm(wide, axis=1, keepdims=True) + 1e-12)
    return scaled


def _channel_profiles(weights: Arrays) -> Real:
    gains = np.stack([w for n, w in weights.items() if NORMS.search(n)], axis=1)
    return _units(np.hstack((gains, weights[EMBEDDING].T, weights[HEAD].T)))


def _groups(weights: Arrays, stem: str, shape: Shape) -> Real:
    parts = [weights[f"{stem}{p}_proj.weight"].reshape(shape.kv_heads, -1) for p in "qkv"]
    parts.append(weights[stem + "o_proj.weight"].T.reshape(shape.kv_heads, -1))
    return np.hstack([_units(p) for p in parts])
