"""Does a model of other sizes hold the base's orders: as a look of its own, from ``sample`` on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hubcheck.anatomy.interface import Role
from hubcheck.evidence.account import STREAM, Spender, Spent
from hubcheck.evidence.looks.interface import Opened, Planned, Standing, Terms
from hubcheck.evidence.looks.shapes.interface import NOT_SHAPES, OtherShapes
from hubcheck.evidence.looks.shapes.plan import other_sizes
from hubcheck.evidence.looks.shapes.run import look_across
from hubcheck.evidence.observation import Observation, Observations, Skip, nothing_unless_limited
from hubcheck.evidence.orders.mlps import BY_KIND
from hubcheck.evidence.refused import Refused
from hubcheck.report.planned import When
from hubcheck.report.thresholds import ENOUGH
from hubcheck.report.words import ReasonCode, Verdict

AT_SAMPLE: Final = 24_000_000
"""Bytes it may add for each model at ``sample``: every layer of a model of 300 M."""
WINDOWS_AT_SAMPLE: Final = 16_000_000
"""Bytes of a model of any size that ``sample`` may have read with it (DESIGN 7), where its layers
are so large that windows are read of them: they settle a copy whose order was kept, and no
stranger, so they have what is left."""
AT_DEEP: Final = 300_000_000
"""As for the layer map."""
ORDERS_NEEDED: Final = 2
"""Orders whose content must stand before it speaks for a base (DESIGN 3.3)."""


class ShapesLook:
    """Order, signs and channels where the sizes of two models differ."""

    name = "other-shapes"
    nothing = NOT_SHAPES

    def skipped(self, terms: Terms, seen: Observations, standing: Callable[[], Standing]) -> Skip:
        """It is asked wherever the orders of equal sizes did not settle all of it."""
        del terms, seen
        stands = standing()
        if stands.code is ReasonCode.HEAD_ALONE:
            return Skip.SETTLED
        settled = stands.verdict is Verdict.RELATED and stands.compared >= ENOUGH
        return Skip.SETTLED if settled else Skip.NO

    def planned(self, opened: Opened, terms: Terms) -> Planned | Skip:
        """Return what it may add where MLPs are of two sizes."""
        sides = opened.comparer
        if not other_sizes(sides.base.anatomy, sides.subject.anatomy, sides.draw):
            return Skip.NOT_RELATED
        return Planned(when=When.IF_OPEN, at_most=_limit(terms))

    def take(
        self, opened: Opened, terms: Terms, seen: Observations
    ) -> Observation[OtherShapes] | Refused:
        """Match the neurons of MLPs of two sizes, and the channels of streams of two widths."""
        del seen
        sides = opened.comparer
        found = look_across(
            sides.base,
            sides.subject,
            sides.draw,
            limit=_limit(terms),
            windows_in_all=None if terms.is_deep else WINDOWS_AT_SAMPLE,
        )
        if isinstance(found, Refused):
            return nothing_unless_limited(found, NOT_SHAPES)
        return Observation(seen=found, spent=_spent(found), rows=found.rows, undone=_undone(found))


def _limit(terms: Terms) -> int:
    return AT_DEEP if terms.is_deep else AT_SAMPLE


def _spent(found: OtherShapes) -> tuple[Spent, ...]:
    if not found.orders and found.channels is None:
        return ()
    hitting = sum(one.hits for one in found.orders)
    standing = len(found.standing)
    stream = (STREAM,) if found.channels is not None else ()
    return (
        Spent(
            look=Spender.SHAPES,
            orders=tuple(dict.fromkeys([*stream, *(one.base.layer for one in found.orders)])),
            log_e=found.log_e,
            log_e_without_strongest=found.log_e_without_strongest,
            stands=standing >= ORDERS_NEEDED and 2 * standing >= hitting,
        ),
    )


def _undone(found: OtherShapes) -> frozenset[Role]:
    """Return the roles that were found to be the base's, cut to another size."""
    if len(found.standing) < ORDERS_NEEDED:
        return frozenset()
    kinds = {BY_KIND[one.base.kind] for one in found.standing}
    return frozenset(role for kind in kinds for role in (kind.gate, kind.up, kind.down))


OTHER_SHAPES: Final = ShapesLook()
