"""How did a related base change: what a few more bytes tell, once weights turned out related.

What does not fit the budget is a refusal, never an end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hubcheck.evidence.looks.change.moved import bytes_for, how_it_moved
from hubcheck.evidence.looks.change.run import CloserLook
from hubcheck.evidence.looks.interface import Opened, Planned, Standing, Terms
from hubcheck.evidence.looks.layer_map.look import LAYER_MAP
from hubcheck.evidence.looks.orders import ORDERS
from hubcheck.evidence.observation import Observation, Observations, Skip
from hubcheck.evidence.refused import Refused, the_look
from hubcheck.report.planned import When


class Change:
    """Rows of every kind of matrix in a few layers, and the rank of one that moved."""

    name = "change"
    nothing: CloserLook | Skip = Skip.NOT_RELATED

    def skipped(self, terms: Terms, seen: Observations, standing: Callable[[], Standing]) -> Skip:
        """It is asked once the orders have settled that two models are related."""
        del terms, standing
        return Skip.NO if seen.seen(ORDERS).settled_related else Skip.NOT_RELATED

    def planned(self, opened: Opened, terms: Terms) -> Planned | Skip:
        """Return the bytes it may add."""
        del opened
        return Planned(when=When.IF_RELATED, at_most=bytes_for(terms.depth))

    def take(
        self, opened: Opened, terms: Terms, seen: Observations
    ) -> Observation[CloserLook | Skip] | Refused:
        """Measure how they differ."""
        comparison, base_of = seen.seen(ORDERS), seen.seen(LAYER_MAP).base_of
        moved = how_it_moved(
            opened.comparer, comparison, terms.depth, base_of, name=the_look(self.name)
        )
        return moved if isinstance(moved, Refused) else Observation(seen=moved)


CHANGE: Final = Change()
