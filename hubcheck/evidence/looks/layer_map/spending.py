"""What may one look read of both models, and what has it read?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hubcheck.devices.team import ALONE, Team
from hubcheck.evidence.reading import Wanted, fetch_together
from hubcheck.evidence.side import Side

LIMIT: Final = 300_000_000
"""Weight bytes a look may add for each model, of the 1 GB of depth ``deep``: a 7 B shape needs
about 75 MB for its layer map, and 180 MB for two whole gates."""


class Spending:
    """What one look reads of both models, within its own limit and the models' budgets."""

    def __init__(self, base: Side, subject: Side, limit: int, team: Team = ALONE) -> None:
        """Start with nothing read.

        Args:
            base: The base.
            subject: The subject.
            limit: Bytes that may be added for each.
            team: Processes that read a part each.
        """
        self.base, self.subject, self.team, self._limit = base, subject, team, limit
        self.bytes_base = self.bytes_subject = 0

    def affords(self, base: Sequence[Wanted], subject: Sequence[Wanted]) -> bool:
        """Return whether these fit what is left."""
        return self._fits(self.base, base, self.bytes_base) and self._fits(
            self.subject, subject, self.bytes_subject
        )

    def _fits(self, side: Side, wanted: Sequence[Wanted], spent: int) -> bool:
        left = min(self._limit - spent, side.anatomy.checkpoint.source.ledger.remaining)
        return side.reader.cost(wanted) <= left

    def read(self, base: Sequence[Wanted], subject: Sequence[Wanted]) -> None:
        """Read these, one request list a model."""
        self.bytes_base += self.base.reader.cost(base)
        self.bytes_subject += self.subject.reader.cost(subject)
        both = (self.base.reader, base), (self.subject.reader, subject)
        fetch_together(both, self.team)
