"""Which honest models and attacks need more than three models of one shape?

Students of one teacher, merges that share a parent, a vocabulary that two makers extended alike, two
tools of quantisation, two up-scaled models; transplants, blends with a stranger, matrices cut to a low
rank, layers moved, symmetries mixed: of those that declare nothing, the suspect is the parent itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from benchmarks.attacks import pieces
from benchmarks.attacks.pieces import Trained, Weights
from tests.evidence.laboratory import plain, tokenizer
from tests.material.zoo import relations, symmetries, tokens
from tests.material.zoo.alterations import choose_layers
from tests.material.zoo.learn import TINY
from tests.material.zoo.model import Shape
from tests.material.zoo.planted import Product

NEW_TOKENS: Final = tuple(f"<|new_{i}|>" for i in range(16))
EXTENDED: Final = replace(TINY, vocab=TINY.vocab + len(NEW_TOKENS))
PLAN: Final = (0, 1, 2, 1, 2)
"""Layers of the parent in an up-scaled model."""
UPSCALED: Final = replace(TINY, layers=len(PLAN))
MOST: Final = 0.75
"""Share of the rank that is left of a matrix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posed:
    """One question as it is put: what is checked, what it declares, whom it is held against."""

    subject: Product
    declared: tuple[Product, ...]
    suspect: Product


def _whole(weights: Weights) -> Product:
    return plain(weights, TINY)


def _posed(subject: Weights, declared: tuple[Weights, ...], suspect: Weights) -> Posed:
    return Posed(
        subject=_whole(subject),
        declared=tuple(map(_whole, declared)),
        suspect=_whole(suspect),
    )


def with_new_tokens(weights: Weights) -> Weights:
    """Append the mean row for every new token, as one public script does for everybody."""
    return {
        n: np.vstack([w, np.repeat(w.mean(0, keepdims=True), len(NEW_TOKENS), axis=0)])
        if n in (symmetries.EMBEDDING, symmetries.HEAD)
        else w
        for n, w in weights.items()
    }


def stacked(weights: Weights) -> Weights:
    """Return a model of five layers made of three (depth up-scaling)."""
    return choose_layers(weights, TINY, PLAN)[0]


def _extended(weights: Weights) -> Product:
    files = tokens.extended(tokenizer(), NEW_TOKENS)
    return Product(weights=weights, shape=EXTENDED, files=files)


# -- honest ----------------------------------------------------------------------------------------


def students(t: Trained) -> Posed:
    """Two makers let the parent learn one public teacher's outputs on one text."""
    return _posed(t("student1"), (t("parent"),), t("student0"))


def merges_of_one_parent(t: Trained) -> Posed:
    """Two merges, each declared with both its parents, have one of them in common."""
    parents = t("maker1"), t("maker2")
    own = pieces.mixed({0.5: parents[0], 0.4999: parents[1]})
    return _posed(own, parents, pieces.mixed({0.5: t("maker1"), 0.4999: t("maker3")}))


def extended_alike(t: Trained) -> Posed:
    """Two makers add one public list of tokens to the parent and train on."""
    return Posed(
        subject=_extended(t("extended1")),
        declared=(_whole(t("parent")),),
        suspect=_extended(t("extended0")),
    )


def two_tools(t: Trained) -> Posed:
    """One rounds the parent to nearest, the other with feedback (GPTQ), both to 4 bits."""
    parent = t("parent")
    feedback = relations.round_with_feedback(parent, np.random.default_rng(8))
    return _posed(feedback, (parent,), relations.round_to_int4(parent))


def upscaled_alike(t: Trained) -> Posed:
    """Two makers stack the parent's layers by one plan and train on, one data set."""
    one, other = (Product(weights=t(f"upscaled{n}"), shape=UPSCALED, files=tokenizer()) for n in (0, 1))  # fmt: skip
    return Posed(subject=other, declared=(_whole(t("parent")),), suspect=one)


# -- attacks ---------------------------------------------------------------------------------------


def transplanted(t: Trained) -> Posed:
    """The MLPs of two of three layers are those of S, the rest another fine-tune of the parent."""
    stems = tuple(f"model.layers.{i}.mlp." for i in (0, 2))
    suspect = t("maker0")
    made = {n: suspect[n] if n.startswith(stems) else w for n, w in t("maker1").items()}
    return _posed(made, (t("parent"),), suspect)


def blended(t: Trained) -> Posed:
    """Six parts of the parent and four of a stranger, and nothing is declared."""
    return _posed(pieces.mixed({0.6: t("parent"), 0.4: t("stranger")}), (), t("parent"))


def refactored(t: Trained) -> Posed:
    """Every matrix cut to three quarters of its rank and multiplied out; nothing is declared."""

    def cut(
        _name: str, w: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        left, size, right = np.linalg.svd(w.astype(np.float64), full_matrices=False)
        rank = int(MOST * size.size)
        return np.asarray((left[:, :rank] * size[:rank]) @ right[:rank])

    return _posed(pieces.each_matrix(t("heir0"), cut), (), t("parent"))


def reordered(t: Trained) -> Posed:
    """Layers in another order, with noise of a fifth of every matrix; nothing is declared."""
    rng = np.random.default_rng(12)
    moved = choose_layers(t("heir0"), TINY, (1, 0, 2))[0]
    noisy = pieces.each_matrix(
        moved, lambda _n, w: w + 0.2 * w.std() * rng.standard_normal(w.shape)
    )
    return _posed(noisy, (), t("parent"))


def mixed_symmetries(t: Trained) -> Posed:
    """Channels flipped, neurons of one layer shuffled, of one rescaled, heads of one turned."""
    rng = np.random.default_rng(13)
    out = symmetries.flip_channels(t("heir0"), rng.choice([-1.0, 1.0], TINY.hidden))
    gates = [gate for gate, _, _ in symmetries.mlps(out)]
    out = symmetries.permute_neurons(out, {gates[0]: rng.permutation(TINY.neurons)})
    signs = rng.choice([-1.0, 1.0], TINY.neurons)
    out = symmetries.rescale_neurons(
        out, {gates[1]: signs * np.exp(rng.normal(0, 0.5, TINY.neurons))}
    )
    turns = np.stack([symmetries.random_rotation(TINY.head_dim, rng) for _ in range(TINY.kv_heads)])
    out = symmetries.turn_values(out, TINY, {2: turns})
    return _posed({n: np.asarray(w, dtype=np.float32) for n, w in out.items()}, (), t("parent"))


def shape_of(name: str) -> Shape:
    """Return the shape of a trained model."""
    if name.startswith("extended"):
        return EXTENDED
    return UPSCALED if name.startswith("upscaled") else TINY
