"""Which planted derivatives does the zoo hold, and from which parents?

The changes themselves are in ``symmetries``, ``disguises``, ``alterations`` and ``tokens``; here
each one gets a name, its parents and its sizes. ``derive`` writes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from tests.material.zoo import alterations, disguises, symmetries, tokens
from tests.material.zoo.corpus import LEARNED_TOKENS
from tests.material.zoo.folder import Dtype
from tests.material.zoo.model import Shape
from tests.material.zoo.symmetries import Arrays


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A derivative, ready to be written."""

    weights: Arrays
    shape: Shape
    files: Mapping[str, str]
    """Tokenizer files by name."""
    extra: Mapping[str, object] = field(default_factory=dict)
    """Entries of config.json that differ."""
    dtype: Dtype = "BF16"
    shards: int = 1
    order: tuple[str, ...] | None = None
    shard_name: str = "model-{index:05d}-of-{count:05d}.safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a derivation may use."""

    parents: tuple[Arrays, ...]
    """Weights of the derivation's parents, in its order."""
    shape: Shape
    """Of the first parent."""
    files: Mapping[str, str]
    rng: np.random.Generator


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """A named way from parents to a derivative."""

    name: str
    meaning: str
    parents: tuple[str, ...]
    make: Callable[[Material], Product]
    preserves: bool
    """True when the function is kept, apart from the rounding of storage."""


def _whole(change: Callable[[Material], Arrays]) -> Callable[[Material], Product]:
    def make(m: Material) -> Product:
        return Product(weights=change(m), shape=m.shape, files=m.files)

    return make


def _resized(change: Callable[[Material], tuple[Arrays, Shape]]) -> Callable[[Material], Product]:
    def make(m: Material) -> Product:
        weights, shape = change(m)
        return Product(weights=weights, shape=shape, files=m.files)

    return make


def _stored(dtype: Dtype) -> Callable[[Material], Product]:
    def make(m: Material) -> Product:
        return Product(weights=m.parents[0], shape=m.shape, files=m.files, dtype=dtype)

    return make


def _resharded(m: Material) -> Product:
    names = list(m.parents[0])
    order = tuple(names[i] for i in m.rng.permutation(len(names)))
    return Product(
        weights=m.parents[0],
        shape=m.shape,
        files=m.files,
        shards=5,
        order=order,
        shard_name="weights_{index}_{count}.safetensors",
    )


def _extended(m: Material) -> Product:
    weights, shape = alterations.extend_vocabulary(m.parents[0], m.shape, m.rng, new=40)
    files = tokens.extended(m.files, tuple(f"<|added_{i}|>" for i in range(40)))
    return Product(weights=weights, shape=shape, files=files)


def _reordered(m: Material) -> Product:
    order = m.rng.permutation(m.shape.vocab)
    files = tokens.reordered(m.files, order)
    weights = alterations.reorder_tokens(m.parents[0], order)
    return Product(weights=weights, shape=m.shape, files=files, extra=tokens.special_ids(files))


def _split(m: Material) -> Product:
    shape = replace(m.shape, neurons=3 * m.shape.neurons)
    weights = disguises.split_neurons(m.parents[0], m.rng)
    return Product(weights=weights, shape=shape, files=m.files)


def _fully(m: Material) -> Arrays:
    unused = np.arange(LEARNED_TOKENS, m.shape.vocab)
    return disguises.disguise_fully(m.parents[0], m.shape, m.rng, unused=unused)


def _d(
    name: str,
    meaning: str,
    make: Callable[[Material], Product],
    *parents: str,
    preserves: bool = False,
) -> Derivation:
    return Derivation(
        name=name,
        meaning=meaning,
        parents=parents or ("base",),
        make=make,
        preserves=preserves,
    )


def _merged(m: Material) -> Arrays:
    return alterations.blend(((m.parents[0], 0.6), (m.parents[1], 0.4)))


def _disguised(m: Material) -> Arrays:
    return disguises.disguise(m.parents[0], m.shape, m.rng)


def _shuffled(place: alterations.Place) -> Callable[[Material], Product]:
    return _whole(lambda m: alterations.shuffle_rows(m.parents[0], m.rng, share=0.01, place=place))


_LOW_RANK: Final = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")

DERIVATIONS: Final = (
    _d("copy-f32", "stored as float32", _stored("F32"), preserves=True),
    _d("copy-f16", "stored as float16", _stored("F16"), preserves=True),
    _d("copy-bf16", "stored as bfloat16", _stored("BF16"), preserves=True),
    _d("copy-f8", "stored as float8 e4m3, no scales", _stored("F8_E4M3")),
    _d(
        "resharded", "five shards, other names, tensors in random order", _resharded, preserves=True
    ),
    _d(
        "relabelled",
        "channels, neurons and kv groups shuffled",
        _whole(lambda m: disguises.relabel(m.parents[0], m.shape, m.rng)),
        preserves=True,
    ),
    _d(
        "folded",
        "gains folded into the matrices that read them",
        _whole(lambda m: symmetries.fold_norms(m.parents[0])),
        preserves=True,
    ),
    _d(
        "rescaled",
        "neurons rescaled, no sign flipped",
        _whole(lambda m: disguises.rescale(m.parents[0], m.rng, flip=False)),
        preserves=True,
    ),
    _d(
        "rotated",
        "residual stream rotated, nothing relabelled",
        _whole(
            lambda m: symmetries.rotate_channels(
                m.parents[0], symmetries.random_rotation(m.shape.hidden, m.rng)
            )
        ),
        preserves=True,
    ),
    _d(
        "disguised-base",
        "relabelled, rescaled, folded, rotated",
        _whole(_disguised),
        preserves=True,
    ),
    _d(
        "disguised-continued",
        "continued, then the same disguise",
        _whole(_disguised),
        "continued",
        preserves=True,
    ),
    _d(
        "disguised-continued2",
        "continued2, then the same disguise",
        _whole(_disguised),
        "continued2",
        preserves=True,
    ),
    _d(
        "disguised-fully",
        "every symmetry randomised, reserved rows reset",
        _whole(_fully),
        preserves=True,
    ),
    _d(
        "disguised-fully-continued",
        "continued, then every symmetry randomised, reserved rows reset",
        _whole(_fully),
        "continued",
        preserves=True,
    ),
    _d("split-neurons", "every neuron split into three that cancel", _split, preserves=True),
    _d(
        "framed",
        "ind2, unrelated, relabelled to resemble base",
        _whole(lambda m: disguises.match_to(m.parents[0], m.parents[1], m.shape)),
        "ind2",
        "base",
        preserves=True,
    ),
    _d(
        "adapter-random",
        "random adapter of rank 8 merged at 5 %",
        _whole(lambda m: alterations.merge_adapter(m.parents[0], m.rng, rank=8, size=0.05)),
    ),
    _d(
        "adapter-learned",
        "rank-8 part of a real fine-tune merged",
        _whole(
            lambda m: alterations.merge_learned_adapter(
                m.parents[0], m.parents[1], rank=8, targets=_LOW_RANK
            )
        ),
        "base",
        "finetune",
    ),
    _d("int4", "4 bits and back", _whole(lambda m: alterations.round_to_int4(m.parents[0]))),
    _d(
        "noise-tenth",
        "noise of a tenth of a standard deviation",
        _whole(lambda m: alterations.add_noise(m.parents[0], m.rng, size=0.1)),
    ),
    _d(
        "noise-one",
        "noise of one standard deviation",
        _whole(lambda m: alterations.add_noise(m.parents[0], m.rng, size=1.0)),
    ),
    _d("extended", "40 tokens added", _extended),
    _d("reordered", "vocabulary and tokenizer reordered alike", _reordered, preserves=True),
    _d(
        "rebuilt-embeddings",
        "fresh embedding and head, body kept",
        _whole(lambda m: alterations.rebuild_embeddings(m.parents[0], m.rng)),
    ),
    _d(
        "dropped-layer",
        "layers 0, 1, 3",
        _resized(lambda m: alterations.choose_layers(m.parents[0], m.shape, (0, 1, 3))),
    ),
    _d(
        "repeated-layers",
        "layers 0, 1, 2, 1, 2, 3, untrained",
        _resized(lambda m: alterations.choose_layers(m.parents[0], m.shape, (0, 1, 2, 1, 2, 3))),
    ),
    _d(
        "pruned-neurons",
        "192 of 256 neurons, order kept",
        _resized(lambda m: alterations.prune_neurons(m.parents[0], m.shape, keep=192)),
    ),
    _d(
        "pruned-channels",
        "80 of 96 channels, order kept",
        _resized(lambda m: alterations.prune_channels(m.parents[0], m.shape, keep=80)),
    ),
    _d(
        "shuffled-first",
        "first 1 % of all rows shuffled",
        _shuffled("first"),
    ),
    _d(
        "shuffled-last",
        "last 1 % of all rows shuffled",
        _shuffled("last"),
    ),
    _d(
        "shuffled-spread",
        "1 % of all rows shuffled, spread evenly",
        _shuffled("spread"),
    ),
    _d(
        "merge-related",
        "60 % base, 40 % continued",
        _whole(_merged),
        "base",
        "continued",
    ),
    _d(
        "merge-sibling",
        "60 % base, 40 % of the model with the same initial weights",
        _whole(_merged),
        "base",
        "sib",
    ),
    _d(
        "merge-independent",
        "60 % base, 40 % twin",
        _whole(_merged),
        "base",
        "twin",
    ),
    _d(
        "wears-norms",
        "twin with base's gains",
        _whole(lambda m: alterations.wear(m.parents[0], m.parents[1], part="norms")),
        "twin",
        "base",
    ),
    _d(
        "wears-embeddings",
        "twin with base's embedding and head",
        _whole(lambda m: alterations.wear(m.parents[0], m.parents[1], part="embeddings")),
        "twin",
        "base",
    ),
    _d(
        "moe-relabelled",
        "moe with channels, neurons, experts and kv groups shuffled",
        _whole(lambda m: disguises.relabel(m.parents[0], m.shape, m.rng)),
        "moe",
        preserves=True,
    ),
)
