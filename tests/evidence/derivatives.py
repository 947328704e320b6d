"""Which derivatives of a trained base must be recognised, at least?

The list of the first issue. Each is made from shipped models by the transforms of
``tests.material.zoo``; what is kept of the base's orders is said beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from tests.evidence.laboratory import SHAPE, Weights, derived, material, plain, shipped
from tests.material.zoo import alterations, symmetries
from tests.material.zoo.planted import Material, Product

SHAPE_OF_UPSCALED: Final = replace(SHAPE, layers=6)
SEED: Final = 7
"""Of every transform; the draws of the check have seeds of their own."""


def _changed(change: Callable[[Material], Weights]) -> Callable[[], Product]:
    return lambda: plain(change(material("base", seed=SEED)))


def permuted_channels(m: Material) -> Weights:
    """Return the base with its residual channels shuffled and nothing else."""
    return symmetries.permute_channels(m.parents[0], m.rng.permutation(m.shape.hidden))


def permuted_neurons(m: Material) -> Weights:
    """Return the base with the neurons of every layer shuffled and nothing else."""
    orders = {g: m.rng.permutation(m.shape.neurons) for g, _, _ in symmetries.mlps(m.parents[0])}
    return symmetries.permute_neurons(m.parents[0], orders)


def permuted_heads(m: Material) -> Weights:
    """Return the base with the kv groups of every layer swapped, query heads along."""
    shared = m.shape.heads // m.shape.kv_heads
    order = np.arange(m.shape.heads).reshape(-1, shared)[::-1].ravel()
    return symmetries.permute_heads(
        m.parents[0], m.shape, dict.fromkeys(range(m.shape.layers), order)
    )


def rescaled_norms(m: Material) -> Weights:
    """Return the base with every gain rescaled and the readers of the norm scaled back."""
    factors = {
        norm: np.exp(0.3 * m.rng.standard_normal(m.shape.hidden))
        for norm in symmetries.norm_readers(m.parents[0])
    }
    return symmetries.rescale_norms(m.parents[0], factors)


def duplicated_layers(m: Material) -> Product:
    """Return the base with every layer twice in a row."""
    weights, shape = alterations.choose_layers(m.parents[0], m.shape, (0, 0, 1, 1, 2, 2, 3, 3))
    return plain(weights, shape)


DERIVATIVES: Final[Mapping[str, Callable[[], Product]]] = {
    "fine-tune": lambda: plain(shipped("finetune")),
    "long further training": lambda: plain(shipped("continued")),
    "LoRA merge": lambda: derived("adapter-random", seed=SEED),
    "learned LoRA merge": lambda: derived("adapter-learned", seed=SEED),
    "int4 round trip": lambda: derived("int4"),
    "stored as f32": lambda: derived("copy-f32"),
    "stored as f16": lambda: derived("copy-f16"),
    "stored as f8": lambda: derived("copy-f8"),
    "fine-tune stored as f8": lambda: derived("copy-f8", "finetune"),
    "resharded, tensors in random order": lambda: derived("resharded", seed=SEED),
    "vocabulary extended": lambda: derived("extended", seed=SEED),
    "vocabulary reordered": lambda: derived("reordered", seed=SEED),
    "embeddings rebuilt": lambda: derived("rebuilt-embeddings", seed=SEED),
    "channels permuted": _changed(permuted_channels),
    "neurons permuted": _changed(permuted_neurons),
    "heads permuted": _changed(permuted_heads),
    "channels, neurons and heads permuted": lambda: derived("relabelled", seed=SEED),
    "residual stream rotated": lambda: derived("rotated", seed=SEED),
    "neurons rescaled": lambda: derived("rescaled", seed=SEED),
    "norms rescaled": _changed(rescaled_norms),
    "norms folded": lambda: derived("folded"),
    "layer dropped": lambda: derived("dropped-layer"),
    "layers repeated and interleaved": lambda: derived("repeated-layers"),
    "layers duplicated": lambda: duplicated_layers(material("base")),
    "layers laid out again and trained on": lambda: plain(shipped("upscaled"), SHAPE_OF_UPSCALED),
    "neurons pruned": lambda: derived("pruned-neurons"),
    "neurons split": lambda: derived("split-neurons", seed=SEED),
    "channels pruned": lambda: derived("pruned-channels"),
    "noise of one standard deviation": lambda: derived("noise-one", seed=SEED),
    "first 1 % of rows shuffled": lambda: derived("shuffled-first", seed=SEED),
    "last 1 % of rows shuffled": lambda: derived("shuffled-last", seed=SEED),
    "1 % of rows shuffled, spread": lambda: derived("shuffled-spread", seed=SEED),
    "relabelled, rescaled, folded, rotated": lambda: derived("disguised-base", seed=SEED),
    "the same after long training": lambda: derived("disguised-continued", seed=SEED),
}
