"""How does a test hold two model folders side by side, nothing read but headers?"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hubcheck.check.observe import comparer_of
from hubcheck.evidence.looks.layer_map.interface import LayerMap
from hubcheck.evidence.looks.layer_map.run import map_layers
from hubcheck.evidence.looks.sample.compare import Comparer
from hubcheck.model import open_model
from hubcheck.source.reference import parse_reference
from tests.evidence.laboratory import Weights, request
from tests.material.zoo.model import Shape, initial_weights

MIXTURE: Final = Shape(neurons=96, experts=8, layers=3)
"""Of the mixtures made here: drawn and not trained, which is what the null hypothesis allows."""


def side_by_side(base: Path, subject: Path, *, seed: int = 1) -> Comparer:
    """Return both sides and the draw, as the check makes them."""
    ours, theirs = (open_model(parse_reference(str(p)), request(p).access) for p in (subject, base))
    return comparer_of(theirs, ours, seed=seed, tried=1)


def mapped(base: Path, subject: Path, *, seed: int = 1) -> LayerMap:
    """Return the layer map of a pair that has one."""
    pair = side_by_side(base, subject, seed=seed)
    found = map_layers(pair.base, pair.subject, pair.draw)
    assert isinstance(found, LayerMap), found.code
    return found


def mixture(seed: int) -> Weights:
    """Return the weights of a fresh mixture of experts."""
    return initial_weights(MIXTURE, seed)
