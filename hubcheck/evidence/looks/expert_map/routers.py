"""Which experts of two mixtures have the same router row?

A match, no evidence: it says where to look. Router rows know nothing of the order of the neurons
inside an expert, so what is then counted inside matched experts is exact. How alike the matched
rows are, against what matching could reach, is content and context.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hubcheck.anatomy.interface import Role
from hubcheck.evidence.looks.layer_map.spending import Spending
from hubcheck.evidence.reading import Wanted
from hubcheck.frozen import frozen
from hubcheck.statistics.assignment import best_assignment, relabelling_ceiling, stands_above
from hubcheck.statistics.profiles import FloatArray, standardise, unit_rows

Place = tuple[int, int]
"""(base layer, subject layer)."""


@frozen
class RouterMatch:
    """The experts of one layer, matched one to one."""

    partner: Mapping[int, int]
    """Subject expert -> base expert."""
    kept: float
    """Median cosine of matched router rows, in the frame that shows most."""
    ceiling: float

    @property
    def stands(self) -> bool:
        """Whether matched rows are more alike than matching strangers could make them."""
        return stands_above(self.kept, self.ceiling)


def match_by_router(spending: Spending, places: Sequence[Place]) -> dict[Place, RouterMatch]:
    """Match the experts of every place where both models have a router.

    Args:
        spending: Both models and what may be read of them.
        places: Layers of base and subject that correspond.
    """
    sides = (spending.base, spending.subject)
    usable: list[tuple[Place, list[Wanted]]] = []
    wanted: tuple[list[Wanted], list[Wanted]] = ([], [])
    for place in places:
        routers = [s.anatomy.get(Role.ROUTER, n) for s, n in zip(sides, place, strict=True)]
        rows = [Wanted(matrix=m, why="experts") for m in routers if m is not None]
        if len(rows) < len(sides):
            continue
        usable.append((place, rows))
        for n, (side, layer) in enumerate(zip(sides, place, strict=True)):
            gain = side.gain(side.mlp_gain_role(layer), layer)
            wanted[n].extend([rows[n], *gain, *side.token_rows(Role.EMBED)])
    if not usable or not spending.affords(*wanted):
        return {}
    spending.read(*wanted)
    return {place: _matched(spending, place, rows) for place, rows in usable}


def _matched(spending: Spending, place: Place, rows: Sequence[Wanted]) -> RouterMatch:
    views: list[dict[str, FloatArray]] = []
    for side, layer, wanted in zip((spending.base, spending.subject), place, rows, strict=True):
        values = side.reader.block(wanted)
        found = {"raw": standardise(unit_rows(values))}
        seen = side.through_tokens(values, side.gain_values(side.mlp_gain_role(layer), layer))
        if seen is not None:
            found["token"] = standardise(unit_rows(seen))
        views.append(found)
    a, b = views
    frames = [f for f in a if f in b and a[f].shape[1] == b[f].shape[1]]
    matches = [_in_frame(a[f], b[f]) for f in frames]
    if not matches:
        return RouterMatch(partner={}, kept=0.0, ceiling=1.0)
    return max(matches, key=lambda match: match.kept - match.ceiling)


def _in_frame(a_ef: FloatArray, b_gf: FloatArray) -> RouterMatch:
    """Match base experts e to subject experts g by one view."""
    cosine_eg = np.asarray(a_ef @ b_gf.T, dtype=np.float64)
    n_base, n_subject = cosine_eg.shape
    padded = np.zeros((max(n_base, n_subject),) * 2)
    padded[:n_base, :n_subject] = cosine_eg
    column = best_assignment(padded)[:n_base]
    base = [e for e in range(n_base) if column[e] < n_subject]
    of_subject = [int(column[e]) for e in base]
    square = cosine_eg[np.ix_(base, of_subject)]
    return RouterMatch(
        partner=dict(zip(of_subject, base, strict=True)),
        kept=float(np.median(np.diagonal(square))),
        ceiling=relabelling_ceiling(square, pool=max(n_base, n_subject)),
    )
