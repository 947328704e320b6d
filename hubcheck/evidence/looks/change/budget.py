"""What may a closer look still read of two models, and what is read together?"""

from __future__ import annotations

from collections.abc import Sequence

from hubcheck.evidence.reading import Reader, Wanted, fetch_together


class Budget:
    """Reads for both models within one limit each."""

    def __init__(self, readers: tuple[Reader, Reader], limit: int) -> None:
        """Bind the readers of base and subject to a limit of bytes for each."""
        self.readers, self.limit = readers, limit
        self.spent = [0, 0]
        self._planned: tuple[list[Wanted], list[Wanted]] = ([], [])
        self.short = False  # something was left out that would have passed the limit

    def affords(self, wanted: Sequence[tuple[Wanted, Wanted]], share: float = 1.0) -> bool:
        """Return whether these fit ``share`` of the limit."""
        fits = all(
            self.readers[n].cost([w[n] for w in wanted])
            <= min(
                share * self.limit - self.spent[n],
                self.readers[n].anatomy.checkpoint.source.ledger.remaining,
            )
            - self.readers[n].cost(self._planned[n])
            for n in (0, 1)
        )
        self.short |= not fits
        return fits

    def plan(self, wanted: Sequence[tuple[Wanted, Wanted]]) -> None:
        """Keep room for these, which are read with what comes after them."""
        for n in (0, 1):
            self._planned[n].extend(w[n] for w in wanted)

    def read(self, wanted: Sequence[tuple[Wanted, Wanted]] = ()) -> None:
        """Fetch these of both models, and what was planned."""
        self.plan(wanted)
        parts, self._planned = self._planned, ([], [])
        for n, part in enumerate(parts):
            self.spent[n] += self.readers[n].cost(part)
        fetch_together([*zip(self.readers, parts, strict=True)])
