"""Do two families of the BASE stand in one order, and is one a copy of the other or not?

"Independent orders" is an assumption about the base. It fails in two ways. Layers laid out twice
and experts grown from one MLP share an order AND what stands in it: their evidence is averaged as
one order. Where the order is shared and the content is not, the order comes from outside both: an
initialisation that is the same pattern in every layer (an identity, a fixed basis) plus noise.
Another model with that initialisation stands in the same order although nothing was copied, so the
order of such a base says nothing of anyone (statistics note 2, section 3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import log
from statistics import median
from typing import Final

from hubcheck.frozen import frozen
from hubcheck.statistics.assignment import relabelling_ceiling, stands_above
from hubcheck.statistics.evalues import log_e_hits
from hubcheck.statistics.exchangeability import Disorder, OrderProblem
from hubcheck.statistics.hits import count_hits
from hubcheck.statistics.layer_pairs import joined_groups
from hubcheck.statistics.profiles import FloatArray, cosine_matrix

SHARED_HITS: Final = 6
"""Hits inside the base from which two families are averaged as one order (by chance 1/6! = 0.14 %):
calling distinct orders shared costs only power, calling shared orders distinct costs the bound."""
BEYOND_DOUBT: Final = log(1e3)
"""e from which a shared order counts as seen, the pairs looked at paid for."""
COPIES: Final = 0.9
"""Median similarity from which families that ALL stand in one order are one family laid out again
and again. Layers laid out twice and trained apart keep 0.997 (the zoo's up-scaled model); models
started from an identity of three to eight times the noise 0.42 to 0.71 from layer to layer, and a
stranger started alike 0.32 to 0.61 of each layer."""
CEILING_UNITS: Final = 128
"""Units of the optimal matching behind the content (cubic cost)."""
MOST_MATCHED: Final = 8
"""Pairs whose content is looked at, those that keep least: in a structured initialisation one is as
good as another, and an optimal matching takes some milliseconds."""
STRUCTURED: Final = OrderProblem(Disorder.STRUCTURED)
"""Why every family of a kind abstains."""


@frozen
class Sharing:
    """What two families of the base show against each other."""

    hits: int
    kept: float
    a_uf: FloatArray
    b_uf: FloatArray

    @property
    def one_order(self) -> bool:
        """Whether the two are averaged as one order."""
        return self.hits >= SHARED_HITS

    def same_content(self, pool: int) -> bool:
        """Return whether one is a copy of the other: alike beyond what relabelling could reach.

        Args:
            pool: Units the family has in the model.
        """
        few = slice(0, CEILING_UNITS)
        similarity_uv = cosine_matrix(self.a_uf[few], self.b_uf[few])
        return stands_above(self.kept, relabelling_ceiling(similarity_uv, pool=pool))


def sharing_of(a_uf: FloatArray, b_uf: FloatArray) -> Sharing | None:
    """Hold two families of the base against each other; None where they cannot be compared."""
    if a_uf.shape != b_uf.shape or a_uf.shape[0] == 0:
        return None
    counted = count_hits(cosine_matrix(a_uf, b_uf))
    return Sharing(hits=counted.hits, kept=counted.kept, a_uf=a_uf, b_uf=b_uf)


def is_structured(seen: Mapping[tuple[int, int], Sharing], pool: int) -> bool:
    """Return whether the order of a base's families comes from outside them.

    Either some two share an order and not its content, or all stand in one order and hold too
    little of each other to be copies: a strong pattern makes strangers alike as well.

    Args:
        seen: Every pair of families of one kind that was compared, by their positions; their
            number is paid for.
        pool: Units such a family has in the model.
    """
    needed = BEYOND_DOUBT + log(max(1, len(seen)))
    sure = {pair: one for pair, one in seen.items() if log_e_hits(one.hits) >= needed}
    least = sorted(sure.values(), key=lambda one: one.kept)
    if any(not one.same_content(pool) for one in least[:MOST_MATCHED]):
        return True
    places = sorted({n for pair in seen for n in pair})
    joined = joined_groups(len(places), [(places.index(a), places.index(b)) for a, b in sure])
    return bool(sure) and len(joined) == 1 and median(one.kept for one in least) < COPIES


def orders_of(families: Sequence[FloatArray], pool: int) -> tuple[tuple[int, ...], ...] | None:
    """Return families of one kind, by position, grouped by the order they stand in.

    Args:
        families: Profiles of the base, rows of length one.
        pool: Units such a family has in the model.

    Returns:
        The groups, each of which is one order; None where their order is structured.
    """
    seen = {
        (m, n): pair
        for m, n in combinations(range(len(families)), 2)
        if (pair := sharing_of(families[m], families[n])) is not None
    }
    if is_structured(seen, pool):
        return None
    return joined_groups(len(families), [pair for pair, one in seen.items() if one.one_order])
