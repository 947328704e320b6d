"""What was done to a copy whose disguise was undone, with what was read of both models?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hubcheck.errors import BudgetExceededError
from hubcheck.evidence.looks.disguise.mlp_views import effective_gate
from hubcheck.evidence.looks.disguise.run import Disguise
from hubcheck.evidence.looks.disguise.undone import Gains, Gates, what_was_done
from hubcheck.report.phrases import Clauses


def said_of(seen: Disguise) -> Clauses:
    """Return what was done to the copy."""
    gains = [
        Gains(base_d=_gain(seen, 0, pair.base), subject_d=_gain(seen, 1, pair.subject))
        for pair in seen.score.found
        if pair.agreeing
    ]
    best, roles = seen.score.found[0], seen.mlps.roles
    try:
        gates = Gates(
            base_ud=effective_gate(seen.sides[0], roles, seen.base[best.base].sample),
            subject_vd=effective_gate(seen.sides[1], roles, seen.subject[best.subject].sample),
        )
    except BudgetExceededError:
        return what_was_done(seen, gains, None)
    return what_was_done(seen, gains, gates)


def _gain(seen: Disguise, which: int, layer: int) -> NDArray[np.float32]:
    side = seen.sides[which]
    return side.gain_values(side.mlp_gain_role(layer), layer)
