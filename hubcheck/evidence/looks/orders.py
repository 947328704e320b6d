"""Do the orders of the layers drawn say that one model comes from the other?

The look at every depth, and the only one whose silence speaks (``sample.compare``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from hubcheck.evidence.account import Spender, Spent
from hubcheck.evidence.looks.interface import Opened, Planned, Standing, Terms
from hubcheck.evidence.looks.sample.comparison import NOTHING_COMPARED, Comparison
from hubcheck.evidence.looks.towers import pairs_in, part_comparers
from hubcheck.evidence.observation import Observation, Observations, Skip
from hubcheck.evidence.reading import Reader, Wanted
from hubcheck.evidence.refused import Refused
from hubcheck.report.planned import When


class Orders:
    """The exact tests over sampled families."""

    name = "orders"
    nothing = NOTHING_COMPARED

    def skipped(self, terms: Terms, seen: Observations, standing: Callable[[], Standing]) -> Skip:
        """It is always the first."""
        del terms, seen, standing
        return Skip.NO

    def planned(self, opened: Opened, terms: Terms) -> Planned | Skip:
        """Return what the first step reads; further steps follow what it shows."""
        del terms
        base, subject = opened.comparer.plan()
        sides = (opened.comparer.base.reader, opened.comparer.subject.reader)
        return Planned(
            when=When.ALWAYS,
            bytes_base=sides[0].size(base),
            bytes_subject=sides[1].size(subject),
        )

    def take(
        self, opened: Opened, terms: Terms, seen: Observations
    ) -> Observation[Comparison] | Refused:
        """Step after step until the matter is settled.

        An apparently unrelated base is searched in all layers where it is declared, or where the
        models differ in depth.
        """
        del seen
        comparer = opened.comparer
        depths = [s.anatomy.geometry.layers for s in (comparer.base, comparer.subject)]
        comparison = comparer.run(
            search=terms.declared or depths[0] != depths[1], beside=rows_beside(opened, terms)
        )
        return Observation(seen=comparison, spent=spent_on(comparison), refused=comparison.refused)


def rows_beside(opened: Opened, terms: Terms) -> tuple[tuple[Reader, Sequence[Wanted]], ...]:
    """Return what every part of both models reads first: it can come with the body's.

    Parts are looked at whatever the body shows, and of models on a host each read by itself waits.
    """
    found: list[tuple[Reader, Sequence[Wanted]]] = []
    for _, comparer in part_comparers(pairs_in(opened), opened, terms):
        readers = comparer.base.reader, comparer.subject.reader
        found += zip(readers, comparer.plan(), strict=True)
    return tuple(found)


def spent_on(comparison: Comparison) -> tuple[Spent, ...]:
    """Return what a comparison spends; nothing where no order could be compared."""
    if not comparison.outcomes:
        return ()
    return (
        Spent(
            look=Spender.ORDERS,
            orders=tuple(dict.fromkeys(o.base.layer for o in comparison.outcomes)),
            log_e=comparison.combined.log_e,
            log_e_without_strongest=comparison.combined.log_e_without_strongest,
            stands=comparison.content_stands and comparison.has_strong_body,
        ),
    )


ORDERS: Final = Orders()
