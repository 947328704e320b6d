"""Which units of a rearranged copy stand for which of the base?

What the disguise test and the expert map found, told by the numbers the units have in the two
models. Where layers went is told by the layer map.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from hubcheck.evidence.looks.disguise.look import DISGUISE
from hubcheck.evidence.looks.disguise.run import Disguise
from hubcheck.evidence.looks.disguise.undone import FEWEST_MATCHED
from hubcheck.evidence.looks.expert_map.interface import ExpertChange, Experts
from hubcheck.evidence.looks.expert_map.look import EXPERT_MAP
from hubcheck.evidence.observation import Observations, Skip
from hubcheck.report.schema import Alignment
from hubcheck.statistics.disguise import NO_PARTNER, LayerPair

TOLD: Final = 64
"""Pairs of units that the report holds of each family; all are counted."""
MOVED: Final = frozenset({ExpertChange.REORDERED, ExpertChange.DROPPED, ExpertChange.ADDED})


def alignment_of(seen: Observations) -> tuple[Alignment, ...]:
    """Return which units were found again at another place, family by family."""
    disguise = seen.seen(DISGUISE)
    neurons = () if isinstance(disguise, Skip) or not disguise.found else _neurons(disguise)
    experts = seen.seen(EXPERT_MAP)
    return (*neurons, *(_experts(experts) if experts.kind in MOVED else ()))


def _neurons(seen: Disguise) -> Iterable[Alignment]:
    """Return the neurons that gate, up and down each matched to one and the same neuron."""
    pairs = [p for p in seen.score.found if p.agreeing >= FEWEST_MATCHED]
    return [_layer(seen, p) for p in sorted(pairs, key=lambda p: p.base)]


def _layer(seen: Disguise, pair: LayerPair) -> Alignment:
    base, subject = seen.base[pair.base].sample.units, seen.subject[pair.subject].sample.units
    matched = np.flatnonzero(pair.partner != NO_PARTNER).tolist()
    units = [(base[u], subject[int(pair.partner[u])]) for u in matched]
    return _told("neurons", pair.base, pair.subject, units)


def _experts(seen: Experts) -> Iterable[Alignment]:
    """Return the experts as the rows of the routers match, in layers where that was borne out."""
    layer_of = {pair.base_layer: pair.layer for pair in seen.pairs}
    return [
        _told("experts", base, layer_of[base], [(e, f) for f, e in partner.items()])
        for base, partner in sorted(seen.partners.items())
        if base in layer_of
    ]


def _told(axis: str, base: int, subject: int, units: list[tuple[int, int]]) -> Alignment:
    return Alignment(
        axis=axis,
        base_layer=base,
        subject_layer=subject,
        matched=len(units),
        units=tuple(sorted(units)[:TOLD]),
    )
