"""What lies beside the towers of a model that is towers and nothing else, and is it the other's?

A vision or sound encoder has patches, positions, projections and heads beside its layers; no order
is tested there. Where the layers turned out related, tensors of one name are held against each
other, so that what is said of the tower is not said of a head that was put on anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.anatomy.towers import Tower
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.looks.change.by_name import NOTHING_BY_NAME, ByName, held_by_name
from hubcheck.frozen import frozen

NO_PARAMETERS: Final = frozenset({Role.BUFFER, Role.QUANT_COMPANION})
FLOATS: Final = frozenset(("F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"))
LIMIT: Final = 8_000_000
"""Bytes read of each model: necks and heads of kernels differ in size and kind from place to place,
as in a model without layers (``change.run``)."""
Both = tuple[frozenset[str], frozenset[str]]
"""Names of tensors, of base and of subject."""


@frozen
class BesideTowers:
    """Tensors beside the towers, and which of them were held against their namesakes."""

    names: Both = (frozenset(), frozenset())
    """All of them: numbers that are no buffers."""
    by_name: ByName = NOTHING_BY_NAME


NOTHING_BESIDE: Final = BesideTowers()


def names_beside(whole: Anatomy, towers: Sequence[Tower]) -> frozenset[str]:
    """Return the tensors of a model that are in none of its towers.

    Args:
        whole: The model.
        towers: All of its towers.
    """
    inside = frozenset[str]().union(*(tower.names for tower in towers))
    return frozenset(
        name
        for name, record in whole.checkpoint.tensors.items()
        if name not in inside
        and whole.others.get(name) not in NO_PARAMETERS
        and (record.dtype in FLOATS or not record.is_plain)
    )


def is_towers_alone(whole: Anatomy, towers: Sequence[Tower]) -> bool:
    """Return whether a model is towers and what lies beside them: no embeddings, no body."""
    return bool(towers) and whole.get(Role.EMBED) is None


def beside_towers(base: Anatomy, subject: Anatomy, names: Both, draw: Draw) -> BesideTowers:
    """Hold what lies beside the towers of two related models against its namesakes.

    Args:
        base: The whole base.
        subject: The whole subject.
        names: What lies beside the towers of each.
        draw: Says which tensors and rows are read.
    """
    told = held_by_name(base, subject, draw, of=names, limit=LIMIT)
    return BesideTowers(names=names, by_name=told)
