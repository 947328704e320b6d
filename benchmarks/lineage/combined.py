"""Which derivatives combine several changes, as somebody with something to hide would?

They are put together from the changes of ``benchmarks.zoo``; ``make`` writes them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from benchmarks.lineage.relations import PREFIX
from tests.material.zoo import alterations, deep_copies, disguises, symmetries, tokens
from tests.material.zoo.model import Shape
from tests.material.zoo.planted import Derivation, Material, Product
from tests.material.zoo.symmetries import Arrays


def _product(m: Material, weights: Arrays, shape: Shape | None = None) -> Product:
    return Product(weights=weights, shape=shape or m.shape, files=m.files)


def _tuned_rounded_relabelled(m: Material) -> Product:
    rounded = alterations.round_to_int4(m.parents[0])
    return _product(m, disguises.relabel(rounded, m.shape, m.rng))


def _pruned_disguised(m: Material) -> Product:
    weights, shape = alterations.prune_neurons(m.parents[0], m.shape, keep=192)
    return _product(m, disguises.disguise(weights, shape, m.rng), shape)


def _narrowed_relabelled(m: Material) -> Product:
    weights, shape = alterations.prune_channels(m.parents[0], m.shape, keep=80)
    return _product(m, disguises.relabel(weights, shape, m.rng), shape)


def _disguised(m: Material) -> Product:
    return _product(m, disguises.disguise(m.parents[0], m.shape, m.rng))


def _relabelled(m: Material) -> Product:
    return _product(m, disguises.relabel(m.parents[0], m.shape, m.rng))


def _merged_disguised(m: Material) -> Product:
    merged = alterations.blend(((m.parents[0], 0.6), (m.parents[1], 0.4)))
    return _product(m, disguises.disguise(merged, m.shape, m.rng))


def _extended_relabelled(m: Material) -> Product:
    weights, shape = alterations.extend_vocabulary(m.parents[0], m.shape, m.rng, new=40)
    files = tokens.extended(m.files, tuple(f"<|added_{i}|>" for i in range(40)))
    return Product(weights=disguises.relabel(weights, shape, m.rng), shape=shape, files=files)


def _dropped_noisy_relabelled(m: Material) -> Product:
    weights, shape = alterations.choose_layers(m.parents[0], m.shape, (0, 1, 3))
    noisy = alterations.add_noise(weights, m.rng, size=0.1)
    return _product(m, disguises.relabel(noisy, shape, m.rng), shape)


def _reordered_cast_sharded(m: Material) -> Product:
    order = m.rng.permutation(m.shape.vocab)
    files = tokens.reordered(m.files, order)
    return Product(
        weights=alterations.reorder_tokens(m.parents[0], order),
        shape=m.shape,
        files=files,
        extra=tokens.special_ids(files),
        dtype="F16",
        shards=5,
    )


def _adapted_rotated(m: Material) -> Product:
    adapted = alterations.merge_adapter(m.parents[0], m.rng, rank=8, size=0.05)
    rotation = symmetries.random_rotation(m.shape.hidden, m.rng)
    return _product(m, symmetries.rotate_channels(adapted, rotation))


def _sorted_turned(m: Material) -> Product:
    weights, shape = deep_copies.prune_sorted(m.parents[0], m.shape, keep=192)
    rotation = symmetries.random_rotation(m.shape.hidden, m.rng)
    return _product(m, symmetries.rotate_channels(weights, rotation), shape)


def _interleaved(m: Material) -> Product:
    sources = ((0, 0), (1, 1), (0, 1), (1, 2), (0, 2), (1, 3))
    weights, shape = deep_copies.interleave(m.parents, m.shape, sources)
    return _product(m, weights, shape)


def _fewer_experts_relabelled(m: Material) -> Product:
    weights, shape = deep_copies.keep_experts(m.parents[0], m.shape, (0, 1, 3, 4, 6, 7))
    return _product(m, disguises.relabel(weights, shape, m.rng), shape)


def _d(name: str, meaning: str, make: Callable[[Material], Product], *parents: str) -> Derivation:
    return Derivation(
        name=PREFIX + name, meaning=meaning, parents=parents, make=make, preserves=False
    )


COMBINED: Final = (
    _d(
        "tuned-int4-relabelled",
        "fine-tuned, rounded to 4 bits, relabelled",
        _tuned_rounded_relabelled,
        "finetune",
    ),
    _d(
        "continued-pruned-disguised",
        "trained again as long, a quarter of the neurons cut, relabelled, rescaled, rotated",
        _pruned_disguised,
        "continued",
    ),
    _d(
        "narrowed-relabelled",
        "80 of 96 channels kept, relabelled",
        _narrowed_relabelled,
        "base",
    ),
    _d(
        "upscaled-disguised",
        "four layers laid out as six, trained on, relabelled, rescaled, rotated",
        _disguised,
        "upscaled",
    ),
    _d(
        "merge-disguised",
        "60 % base, 40 % continued, relabelled, rescaled, rotated",
        _merged_disguised,
        "base",
        "continued",
    ),
    _d(
        "merge-stranger-disguised",
        "60 % base, 40 % twin, relabelled, rescaled, rotated",
        _merged_disguised,
        "base",
        "twin",
    ),
    _d("extended-relabelled", "40 tokens added, relabelled", _extended_relabelled, "base"),
    _d(
        "dropped-noisy-relabelled",
        "layers 0, 1, 3, noise of a tenth of a standard deviation, relabelled",
        _dropped_noisy_relabelled,
        "base",
    ),
    _d(
        "tuned-reordered-f16",
        "fine-tuned, vocabulary reordered, float16, five shards",
        _reordered_cast_sharded,
        "finetune",
    ),
    _d(
        "adapted-rotated",
        "random adapter of rank 8 merged at 5 %, residual stream rotated",
        _adapted_rotated,
        "base",
    ),
    _d("moe-tuned-relabelled", "moe fine-tuned, relabelled", _relabelled, "moe-finetune"),
    _d(
        "upcycled-relabelled",
        "up-cycled into four experts, trained on, relabelled",
        _relabelled,
        "upcycled",
    ),
    _d(
        "pruned-sorted-rotated",
        "192 of 256 neurons, sorted by size, residual stream rotated",
        _sorted_turned,
        "base",
    ),
    _d(
        "merge-interleaved",
        "six layers, by turns of base and of continued",
        _interleaved,
        "base",
        "continued",
    ),
    _d(
        "fewer-experts-relabelled",
        "six of eight experts of moe, relabelled",
        _fewer_experts_relabelled,
        "moe",
    ),
)
