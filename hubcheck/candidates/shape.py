"""Do two models have the same sizes, as far as their configurations say?

Sizes are a choice that anyone can make, and a config can lie: equal sizes only say that a test is
worth its bytes, and different ones that it comes later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Final

from hubcheck.anatomy.config import MAX_SIZE, first_size, nested_configs, read_config
from hubcheck.anatomy.interface import Geometry
from hubcheck.frozen import frozen

ADJUSTABLE: Final = frozenset({"layers", "vocab"})
"""What depth up-scaling, pruning and vocabulary extension change while the rest stays."""
NEEDED: Final = 3
"""Sizes that must be known on both sides before 'same' means anything."""


@frozen
class Shape:
    """The sizes of a model; 0 where not known."""

    hidden: int = 0
    layers: int = 0
    heads: int = 0
    kv_heads: int = 0
    neurons: int = 0
    experts: int = 0
    vocab: int = 0


@frozen
class ShapeMatch:
    """How two shapes compare."""

    known: int
    """Sizes known on both sides."""
    differing: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether all that is known agrees, and enough is known."""
        return self.known >= NEEDED and not self.differing

    @property
    def near(self) -> bool:
        """Whether only depth or vocabulary differ."""
        return self.known >= NEEDED and bool(self.differing) and {*self.differing} <= ADJUSTABLE


def shape_of_config(config: Mapping[str, object]) -> Shape:
    """Return the sizes that a parsed ``config.json`` states; hostile values count as unknown."""
    facts = read_config(config)
    inner = nested_configs(config)
    neurons = (
        "moe_intermediate_size",
        "intermediate_size",
        "n_inner",
        "ffn_dim",
        "ffn_hidden_size",
    )
    return Shape(
        hidden=facts.hidden,
        layers=facts.layers,
        heads=facts.heads,
        kv_heads=facts.kv_heads or facts.heads,
        neurons=first_size(inner, neurons if facts.experts else neurons[1:], MAX_SIZE),
        experts=facts.experts,
        vocab=first_size(inner, ("vocab_size", "n_vocab", "padded_vocab_size"), MAX_SIZE),
    )


def shape_of_weights(geometry: Geometry, config: Mapping[str, object]) -> Shape:
    """Return the sizes of the weights; the config only fills what weights do not tell."""
    said = shape_of_config(config)
    return Shape(
        hidden=geometry.hidden or said.hidden,
        layers=geometry.layers or said.layers,
        heads=geometry.heads or said.heads,
        kv_heads=geometry.kv_heads or said.kv_heads,
        neurons=(geometry.expert_neurons if geometry.experts else geometry.neurons) or said.neurons,
        experts=geometry.experts,
        vocab=geometry.vocab or said.vocab,
    )


def compare_shapes(a: Shape, b: Shape) -> ShapeMatch:
    """Return which of the sizes known on both sides differ."""
    pairs = {f.name: (getattr(a, f.name), getattr(b, f.name)) for f in fields(Shape)}
    known = {name: pair for name, pair in pairs.items() if all(pair)}
    # An expert count of 0 is known when everything else is: a dense model has none.
    if known and pairs["experts"] != (0, 0):
        known["experts"] = pairs["experts"]
    return ShapeMatch(known=len(known), differing=tuple(n for n, (x, y) in known.items() if x != y))
