"""How did a related base change: what a few more bytes tell, once weights turned out related.

What does not fit the budget is a refusal, never an end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from hubcheck.evidence.looks.change.run import DEEP_BYTES, SAMPLE_BYTES, CloserLook, look_closer
from hubcheck.evidence.looks.interface import DEEP, Opened, Planned, Standing, Terms
from hubcheck.evidence.looks.layer_map.look import LAYER_MAP
from hubcheck.evidence.looks.orders import ORDERS
from hubcheck.evidence.looks.sample.compare import Comparer
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.evidence.observation import Observation, Observations, Skip
from hubcheck.evidence.refused import Refused, attempt, the_look
from hubcheck.report.phrases import Phrase
from hubcheck.report.planned import When
from hubcheck.report.words import Depth


def bytes_for(depth: Depth) -> int:
    """Return the bytes a closer look may add for each model."""
    return DEEP_BYTES if depth in DEEP else SAMPLE_BYTES


def how_it_moved(
    comparer: Comparer,
    comparison: Comparison,
    depth: Depth,
    base_of: Mapping[int, int],
    *,
    name: Phrase,
) -> CloserLook | Refused | Skip:
    """Return how two related models, or parts, differ; not their turn where they are not related.

    Args:
        comparer: Holds both sides and the draw.
        comparison: What the tests saw.
        depth: Says how much may be read.
        base_of: Subject layer to base layer, empty where no map was made.
        name: Of the look, for a refusal.
    """
    if not comparison.settled_related:
        return Skip.NOT_RELATED
    return attempt(
        lambda: look_closer(
            comparer.base,
            comparer.subject,
            comparison,
            comparer.draw,
            limit=bytes_for(depth),
            layers=base_of or None,
        ),
        name,
    )


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
