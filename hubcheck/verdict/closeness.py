"""Is a match with a suspect more than its kinship with the declared base explains?

A suspect that is itself related to a declared base is explained by it (DESIGN 13.1), unless the
subject holds what the suspect made of that base: rows that the suspect changed are held bit for
bit, or more of its change is held than any family of siblings held of each other's. Everything
else, and everything that could not be looked at, is explained.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from hubcheck.evidence.looks.closeness.calibration import FLOOR, shipped
from hubcheck.evidence.looks.closeness.run import HeldChange
from hubcheck.evidence.refused import Refused
from hubcheck.frozen import frozen
from hubcheck.statistics.closeness import bound

CLOSER: Final = 0.8
"""The subject is closer to S than to D when what it lost, 1 - kept, is below this share of what it
lost of D. A sentence on the card, nothing more: siblings on one data set pass it, too."""
FEWEST_EQUAL: Final = 2
"""Matrices whose changed rows are held bit for bit from which it is settled; all of a layer are
looked at, and one alone may be put on anew by code (a scale folded in, a table)."""


class NotNamed(StrEnum):
    """Why a suspect to which the subject is closer is not named as what it was made from."""

    SIBLINGS = "siblings"
    """Siblings and repeats of one run in the table hold as much."""
    ANYONES = "anyones"
    """What the suspect changed anyone could have made: rounding, zeros, a low rank."""
    UNSEEN = "unseen"
    """Its change could not be looked at, or it is not known whether this base explains it."""
    SEARCHES = "searches"
    """So many suspects were tried that the bound passes the floor."""


@frozen
class Closeness:
    """How a suspect and the declared base beside it stand to the subject."""

    closer: bool = False
    """The subject lost clearly less of the suspect."""
    held: bool = False
    """The subject holds the suspect's own change."""
    equal: int = 0
    """Matrices of which the rows that the suspect changed are held bit for bit."""
    matrices: int = 0
    anyones: bool = False
    """The rows were looked at, and nothing that only training makes was changed in any."""
    share: float = 0.0
    """Of the bulk of the suspect's change."""
    families: int = 0
    """Of siblings, in the table that was asked; 0 where bits settled it."""
    bound: float = 1.0
    not_named: NotNamed = NotNamed.UNSEEN
    """Why, where it is not held."""


APART: Final = Closeness()


def closeness_of(
    suspect_kept: float,
    declared_kept: float,
    seen: HeldChange | Refused | None,
    *,
    searches: int,
) -> Closeness:
    """Return how the two stand.

    Args:
        suspect_kept: Similarity of the suspect, at full precision.
        declared_kept: Of the declared base.
        seen: What rows of all three models say; refused or ``None`` where they say nothing.
        searches: Suspects that were tried, over which the bound is divided.
    """
    closer = 1.0 - suspect_kept < CLOSER * (1.0 - declared_kept)
    if not isinstance(seen, HeldChange):
        return Closeness(closer=closer)
    if not seen.matrices:
        return Closeness(closer=closer, anyones=True, not_named=NotNamed.ANYONES)
    table = shipped()
    chance = bound(table.families, searches)
    bits = seen.equal >= FEWEST_EQUAL
    above = seen.share.score > table.greatest[seen.rows] and chance <= FLOOR
    return Closeness(
        closer=closer or bits or above,
        held=bits or above,
        equal=seen.equal,
        matrices=seen.matrices,
        share=seen.share.bulk,
        families=0 if bits else table.families,
        bound=chance,
        not_named=NotNamed.SIBLINGS if chance <= FLOOR else NotNamed.SEARCHES,
    )
