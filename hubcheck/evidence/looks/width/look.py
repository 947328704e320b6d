"""Was the model made narrower or wider: as a look of its own.

It says what became of units where their number changed, and spends nothing: the neuron orders it
sees are those that the sample and the map speak about.
"""

from __future__ import annotations

from typing import Final

from hubcheck.anatomy.interface import Role
from hubcheck.evidence.looks.interface import FromDeep, Opened, Planned, Terms
from hubcheck.evidence.looks.layer_map.look import LAYER_MAP
from hubcheck.evidence.looks.layer_map.spending import LIMIT
from hubcheck.evidence.looks.width.interface import UnitOrder, Width
from hubcheck.evidence.looks.width.run import width_of
from hubcheck.evidence.observation import Observation, Observations, Skip, nothing_unless_limited
from hubcheck.evidence.refused import Refused
from hubcheck.report.planned import When

ONE_WIDTH: Final = Width(neurons=None, channels=None, log_e=0.0, bytes_base=0, bytes_subject=0)
MLP: Final = frozenset({Role.GATE, Role.UP, Role.DOWN})


class WidthLook(FromDeep):
    """Neurons and channels of models whose numbers of them differ."""

    name = "width"
    nothing = ONE_WIDTH

    def planned(self, opened: Opened, terms: Terms) -> Planned | Skip:
        """Return the bytes it may add where the sizes differ."""
        if not terms.is_deep:
            return Skip.DEPTH
        a, b = (s.anatomy.geometry for s in (opened.comparer.base, opened.comparer.subject))
        if (a.hidden, a.neurons) == (b.hidden, b.neurons):
            return Skip.NOT_RELATED
        return Planned(when=When.ALWAYS, at_most=LIMIT)

    def take(
        self, opened: Opened, terms: Terms, seen: Observations
    ) -> Observation[Width] | Refused:
        """Match the units of the narrower model among those of the wider one."""
        sides = opened.comparer
        base_of = layers_that_correspond(opened, seen)
        found = width_of(sides.base, sides.subject, sides.draw, base_of, team=terms.resources.team)
        if isinstance(found, Refused):
            return nothing_unless_limited(found, ONE_WIDTH)  # nothing of two sizes to be matched
        neurons = found.neurons
        known = neurons is not None and neurons.order is not UnitOrder.UNKNOWN
        return Observation(seen=found, rows=found.rows, undone=MLP if known else frozenset())


def layers_that_correspond(opened: Opened, seen: Observations) -> dict[int, int]:
    """Return subject layer to base layer: as mapped, or layer by layer where depths agree."""
    base_of = dict(seen.seen(LAYER_MAP).base_of)
    depths = [
        side.anatomy.geometry.layers for side in (opened.comparer.base, opened.comparer.subject)
    ]
    if not base_of and depths[0] == depths[1]:
        return {i: i for i in range(depths[0])}
    return base_of


WIDTH: Final = WidthLook()
