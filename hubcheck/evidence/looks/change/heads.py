"""Are the heads on two related bodies the same values, whatever they are stored as?

No order is tested in a head (a pooler, classes, rewards), and one that was stored anew is no longer
equal bit for bit. So some rows of every head that both models have are held against each other:
the same values, rounded to the coarser of the two formats, or another head.
"""

from __future__ import annotations

from typing import Final

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.evidence.looks.change.namesakes import RowsOfBoth, namesakes

LIMIT: Final = 500_000
"""Bytes read of the heads of each model."""


def heads_that_differ(base: Anatomy, subject: Anatomy, *, limit: int = LIMIT) -> tuple[str, ...]:
    """Return the subject's heads of one name and shape with the base's that hold other values.

    Args:
        base: The base.
        subject: The subject.
        limit: Bytes that may be read of each model; what does not fit is left out.
    """
    both = RowsOfBoth(base, subject, limit)
    found = []
    for names in namesakes(base, subject, _heads(base), _heads(subject)):
        rows = both.read(names, 0)
        if rows is not None and not both.are_same(names, rows):
            found.append(names[1])
    return tuple(found)


def _heads(anatomy: Anatomy) -> list[str]:
    return [name for name, role in anatomy.others.items() if role is Role.HEAD]
