"""Which layers of a related model are another's?

Where two models are equally deep, a layer of the one is held against the same layer of the other,
in several orders of its body. Where a test with power saw none of them there, and others elsewhere
did hit, that layer is no copy that was trained further: a stranger's layers were put in, or layers
changed places. Either way a fine-tune is not what the values show (DESIGN 3.3: a two-layer graft is
no fine-tune). A copy that was trained far keeps more than a test needs to see (kept 0.2).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from hubcheck.anatomy.interface import Anatomy
from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.looks.layer_map.interface import LayerMap
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.frozen import frozen
from hubcheck.verdict.relation import RELABELLED

FEWEST: Final = 2
"""Families of a layer with power, all silent, before the layer is called another's: as for a whole
model, one order alone settles nothing. Where a body has one kind of order alone (the neurons of an
RWKV), a layer has no second one: then as many of all layers."""


@frozen
class OtherLayers:
    """Layers of the base, by what was found of their orders in the subject."""

    found: tuple[int, ...] = ()
    other: tuple[int, ...] = ()
    """Tested with power in several orders, and none was found."""

    @property
    def share(self) -> float:
        """Of the layers that were told, the share that is another's."""
        told = len(self.found) + len(self.other)
        return len(self.other) / told if told else 0.0


NONE_OTHER: Final = OtherLayers()


def other_layers(
    comparison: Comparison, base: Anatomy, subject: Anatomy, mapped: LayerMap
) -> OtherLayers:
    """Return which layers hold the base's orders, and which hold none of them.

    Args:
        comparison: What the exact tests saw.
        base: The base.
        subject: The subject; of another depth nothing is told, since layers are then missing.
        mapped: A map of every layer, where one was made: a layer found elsewhere is no other's.
    """
    if base.geometry.layers != subject.geometry.layers:
        return NONE_OTHER
    silent: dict[int, int] = defaultdict(int)
    kinds = {outcome.test for outcome in comparison.seeing if outcome.base.layer >= 0}
    found = set(mapped.base_of.values())
    for outcome in comparison.seeing:
        layer = outcome.base.layer
        if layer < 0:
            continue
        if outcome.log_e >= NOTABLE or outcome.displaced >= RELABELLED:
            found.add(layer)
        else:
            silent[layer] += 1
    least = FEWEST if len(kinds) > 1 else 1
    other = {i for i, n in silent.items() if n >= least and i not in found}
    if sum(silent[i] for i in other) < FEWEST:
        other = set()
    return OtherLayers(found=tuple(sorted(found)), other=tuple(sorted(other)))
