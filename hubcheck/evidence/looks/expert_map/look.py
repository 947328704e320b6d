"""Which expert is which, and which was made from a dense MLP: as a look of its own.

It spends nothing: the orders it sees are those that the sample and the map speak about.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from hubcheck.evidence.looks.expert_map.interface import ExpertChange, Experts
from hubcheck.evidence.looks.expert_map.run import experts_of
from hubcheck.evidence.looks.interface import FromDeep, Opened, Planned, Terms
from hubcheck.evidence.looks.layer_map.spending import LIMIT
from hubcheck.evidence.looks.width.look import layers_that_correspond
from hubcheck.evidence.observation import Observation, Observations, Skip, nothing_unless_limited
from hubcheck.evidence.refused import Refused
from hubcheck.report.planned import When

NO_EXPERTS: Final = Experts(
    kind=ExpertChange.SAME,
    pairs=(),
    sampled=0,
    base_experts=0,
    subject_experts=0,
    partners=MappingProxyType({}),
    dropped=MappingProxyType({}),
    log_e=0.0,
    rows=(),
    bytes_base=0,
    bytes_subject=0,
)


class ExpertMapLook(FromDeep):
    """Experts of both models, by their routers and by the neurons inside."""

    name = "expert-map"
    nothing = NO_EXPERTS

    def planned(self, opened: Opened, terms: Terms) -> Planned | Skip:
        """Return the bytes it may add where a model has experts."""
        if not terms.is_deep:
            return Skip.DEPTH
        sides = (opened.comparer.base, opened.comparer.subject)
        if not any(side.anatomy.geometry.experts for side in sides):
            return Skip.NOT_RELATED
        return Planned(when=When.ALWAYS, at_most=LIMIT)

    def take(
        self, opened: Opened, terms: Terms, seen: Observations
    ) -> Observation[Experts] | Refused:
        """Find the origin of every expert looked at."""
        sides = opened.comparer
        base_of = layers_that_correspond(opened, seen)
        found = experts_of(
            sides.base, sides.subject, sides.draw, base_of, team=terms.resources.team
        )
        if isinstance(found, Refused):
            return nothing_unless_limited(found, NO_EXPERTS)  # no experts of one size
        return Observation(seen=found, rows=found.rows)


EXPERT_MAP: Final = ExpertMapLook()
