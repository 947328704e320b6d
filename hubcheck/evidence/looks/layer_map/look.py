"""Which layer of the base does each layer of the subject come from: as a look of its own."""

from __future__ import annotations

from typing import Final

from hubcheck.evidence.account import Spender, Spent
from hubcheck.evidence.looks.interface import FromDeep, Opened, Planned, Terms
from hubcheck.evidence.looks.layer_map.interface import LayerMap
from hubcheck.evidence.looks.layer_map.run import map_layers, planned_rows
from hubcheck.evidence.looks.layer_map.spending import LIMIT
from hubcheck.evidence.observation import Observation, Observations, Skip
from hubcheck.evidence.refused import Refused
from hubcheck.report.planned import When

LAYERS_NEEDED: Final = 2
"""Layers whose content must stand before a map speaks for a base: as for orders, one that stands by
itself settles nothing (DESIGN 3.3)."""
NO_MAP: Final = LayerMap(
    origins=(),
    base_layers=0,
    log_e=0.0,
    log_e_without_strongest=0.0,
    shared=(),
    tested=(),
    bytes_base=0,
    bytes_subject=0,
)


class LayerMapLook(FromDeep):
    """All layers of both models, sampled by the same rows and held against each other."""

    name = "layer-map"
    nothing = NO_MAP

    def planned(self, opened: Opened, terms: Terms) -> Planned | Skip:
        """Return the rows of its first look; later ones follow what that shows."""
        if not terms.is_deep:
            return Skip.DEPTH
        sides = opened.comparer
        first = planned_rows(sides.base, sides.subject, sides.draw)
        if isinstance(first, Refused):
            return Skip.NOT_RELATED
        return Planned(
            when=When.ALWAYS,
            bytes_base=sides.base.reader.size(first[0]),
            bytes_subject=sides.subject.reader.size(first[1]),
            at_most=LIMIT,
        )

    def take(
        self, opened: Opened, terms: Terms, seen: Observations
    ) -> Observation[LayerMap] | Refused:
        """Map every layer."""
        del seen
        terms.progress("mapping every layer")
        sides = opened.comparer
        found = map_layers(sides.base, sides.subject, sides.draw, resources=terms.resources)
        if isinstance(found, Refused):
            return found
        return Observation(seen=found, spent=(_spent(found),), rows=(found.row(),))


def _spent(found: LayerMap) -> Spent:
    origins = [o for o in found.origins if o.base_layer >= 0]
    standing = len(found.standing)
    return Spent(
        look=Spender.LAYER_MAP,
        orders=found.tested,
        log_e=found.log_e,
        log_e_without_strongest=found.log_e_without_strongest,
        stands=standing >= LAYERS_NEEDED and 2 * standing >= len(origins),
    )


LAYER_MAP: Final = LayerMapLook()
