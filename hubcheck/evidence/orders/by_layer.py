"""Which subject layers is a family of the base held against, where each layer has one?"""

from __future__ import annotations

from collections.abc import Callable

from hubcheck.anatomy.interface import Anatomy
from hubcheck.evidence.family import Block
from hubcheck.evidence.orders.neurons import corresponding_layers

Fits = Callable[[Block, int], bool]
"""Whether a layer of the subject has as many units as the base's block."""


def direct_layers(block: Block, base: Anatomy, subject: Anatomy, fits: Fits) -> list[Block]:
    """Return the layers that correspond if nothing was rearranged.

    Args:
        block: Of the base.
        base: The base's anatomy.
        subject: The subject's anatomy.
        fits: Which layers can be held against it.
    """
    layers = corresponding_layers(block.layer, base.geometry.layers, subject.geometry.layers)
    return [Block(layer=j) for j in layers if fits(block, j)]


def further_layers(block: Block, base: Anatomy, subject: Anatomy, fits: Fits) -> list[Block]:
    """Return every other layer of the subject, for a search; arguments as of ``direct_layers``."""
    near = {b.layer for b in direct_layers(block, base, subject, fits)}
    layers = range(subject.geometry.layers)
    return [Block(layer=j) for j in layers if j not in near and fits(block, j)]
