"""Do two families share more than an order? The one content check behind every ``related``.

Whoever holds both models can copy an order by relabelling one of them. What cannot be had that way:
units more alike than the best relabelling makes strangers (the ceiling), and units that are nearest
in each matrix alone, for a relabelling has one choice for all of them. Pure arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Final

import numpy as np

from hubcheck.evidence.family import Profiles
from hubcheck.frozen import frozen
from hubcheck.statistics.assignment import relabelling_ceiling, stands_above
from hubcheck.statistics.hits import hit_mask
from hubcheck.statistics.profiles import cosine_matrix, profile

SEPARATE_HITS: Final = 8
"""Units that must be nearest in gate, up and down each on their own: relabelled independents
reach 0 of 64, the same initialisation 0-8, genuine copies 59-64 (statistics note, section 8)."""
ALL_VIEWS: Final = 3
"""A matching of strangers can serve two matrices at once, hardly three."""
WIDE_POOL: Final = 512
"""Units from which on a relabelling has enough to choose from to serve two matrices ..."""
SEPARATE_SHARE: Final = 2 / 3
"""... so that of the units that hit jointly this share must hit in both: the best relabelling of
random rows reaches 0-3 of 64 to 256 units from a pool of 256, 4-12 from 1,408, 13-19 from 4,096
and 17-25 of 64 (two in five of those that hit jointly) from 8,192; copies nearly all."""
ALL_VIEWS_SHARE: Final = 0.4
"""The same where all three are read: layers of published models, relabelled to look like others,
reach 9 of 64, a seventh of those that hit jointly (``benchmarks.width``); copies nearly all."""
CEILING_UNITS: Final = 128
"""The ceiling is found by optimal matching on at most this many units (cubic cost)."""


@frozen
class Content:
    """What two families share beside an order."""

    ceiling: float
    """What relabelling could have reached, or what the base's own families share, if that is
    more."""
    separate_hits: int
    """Units that hit in every separate view of the better frame; -1 with fewer than two views."""
    stands: bool


def content_of(
    base: Profiles,
    subject: Profiles,
    view: str,
    separate: Sequence[tuple[str, ...]],
    *,
    pool: int,
    units: int = CEILING_UNITS,
    shared: float = 0.0,
) -> Content:
    """Return whether a family of the subject holds what stands in the base's.

    Args:
        base: Profiles of the base.
        subject: Profiles of the subject, the same units.
        view: The view that shows the pair best; both have it in one shape.
        separate: Groups of views, a frame each, that must hit on their own. A view that was not
            read counts for nothing.
        pool: Units the family has in the model.
        units: Units of the optimal matching, at most.
        shared: What all families of the base have in common (``evidence.structure``): a copy of
            one of them holds more.
    """
    similarity_uv = cosine_matrix(base.views[view], subject.views[view])
    kept = float(np.median(np.diagonal(similarity_uv)))
    few = slice(0, units)
    ceiling = max(relabelling_ceiling(similarity_uv[few, few], pool=pool), shared)
    hits, needed = _separate(base, subject, separate, pool)
    stands = stands_above(kept, ceiling) and (hits < 0 or hits >= needed)
    return Content(ceiling=ceiling, separate_hits=hits, stands=stands)


def _separate(
    base: Profiles, subject: Profiles, separate: Sequence[tuple[str, ...]], pool: int
) -> tuple[int, int]:
    """Return how many units hit in every single view of the better frame, and how many must."""
    best = (-1, 0)
    for names in separate:
        usable = [n for n in names if n in base.views and n in subject.views]
        usable = [n for n in usable if base.views[n].shape == subject.views[n].shape]
        if len(usable) < 2:  # noqa: PLR2004 - one view alone cannot disagree with itself
            continue
        masks = [hit_mask(cosine_matrix(base.views[n], subject.views[n])) for n in usable]
        hits = int(np.logical_and.reduce(masks).sum())
        needed = hits_needed(base, subject, usable, pool)
        best = max(best, (hits, needed), key=lambda pair: (pair[0] >= pair[1], pair[0]))
    return best


def hits_needed(base: Profiles, subject: Profiles, names: Sequence[str], pool: int) -> int:
    """Return how many units must hit in every one of some views, of those that both have."""
    if pool < WIDE_POOL:
        return SEPARATE_HITS
    share = ALL_VIEWS_SHARE if len(names) >= ALL_VIEWS else SEPARATE_SHARE
    jointly = [profile(*(side.views[n] for n in names)) for side in (base, subject)]
    joint = int(hit_mask(cosine_matrix(*jointly)).sum())
    return max(SEPARATE_HITS, ceil(share * joint))
