"""What does one family show, given the profiles of the base block and of subject blocks?

Pure arithmetic over profiles: nothing is read here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import Final

import numpy as np

from hubcheck.evidence.content import CEILING_UNITS, content_of
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.family import (
    PART_VIEWS,
    Block,
    FamilyOutcome,
    FamilyTest,
    Look,
    Profiles,
    Test,
    View,
)
from hubcheck.statistics.assignment import least_standing, relabelling_ceiling, stands_above
from hubcheck.statistics.blocks import hits_needed
from hubcheck.statistics.evalues import log_e_hits, log_mean, log_sum_exp
from hubcheck.statistics.hits import count_hits, hit_mask, shifted_hits
from hubcheck.statistics.planted import NEEDED_HITS, NOT_DETECTABLE, detectable_in, detectable_kept
from hubcheck.statistics.profiles import FloatArray, cosine_matrix

DIRECT_WEIGHT: Final = 0.5
"""Weight of the look at corresponding blocks, fixed before anything is seen."""
MAP_WEIGHT: Final = 0.5
"""Weight of the search over all other blocks; counts 0 until that search is made."""
NOTICEABLE_HITS: Final = 8
"""From here on (1/8! = 2.5e-5) the content of a family is looked at."""
NOTABLE_HITS: Final = 9
"""e(9) = 7.2e3: a family that hits so often was found."""

TWIN: Final = 0.5
"""Cosine from which two units are one: of strangers the nearest of 256 reach 0.45 at width 64 and
less at any other, relabelled copies keep 0.7 after twice the training."""
LEAST_FEATURES: Final = 64
"""Features a unit is seen by, from which no two strangers reach ``TWIN``: in 16 dimensions the
nearest of 256 lies at 0.65 (the narrow convolutions of an EfficientNet)."""
FEWEST_TWINS: Final = 4.0
"""Twins that must be expected before their absence says something (256 of 11,008 rows: 6)."""


class Facing:
    """Profiles of a base block and of a subject block; cosines are worked out once a view."""

    def __init__(self, base: Profiles, subject: Profiles) -> None:
        """Take the profiles."""
        self.base, self.subject = base, subject
        self._cosines: dict[str, FloatArray] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The views that both have in the same size."""
        return tuple(
            name
            for name, a_uf in self.base.views.items()
            if (b_uf := self.subject.views.get(name)) is not None and b_uf.shape == a_uf.shape
        )

    def similarity(self, name: str) -> FloatArray:
        """Return the cosines [u, v] of one of these views; nobody may change them."""
        if name not in self._cosines:
            self._cosines[name] = cosine_matrix(self.base.views[name], self.subject.views[name])
        return self._cosines[name]


def compare_views(
    facing: Facing, base_block: Block, subject_block: Block, draw: Draw
) -> tuple[View, ...]:
    """Count hits in every view that both sides have in the same size."""
    base, subject = facing.base, facing.subject
    views = []
    for name in facing.names:
        if base.views[name].shape[0] == 0:
            continue
        similarity_uv = facing.similarity(name)
        counted = count_hits(similarity_uv)
        views.append(
            View(
                name=name,
                base=base_block,
                subject=subject_block,
                hits=counted.hits,
                units=counted.units,
                kept=counted.kept,
                shifted=shifted_hits(similarity_uv, draw.shift(counted.units)),
                in_blocks=base.in_blocks or subject.in_blocks,
            )
        )
    return tuple(views)


def log_e_of(looks: Sequence[Look]) -> float:
    """Return log e of one order: the mean over the views of a look, weighted over looks."""
    return log_sum_exp(
        log(look.weight) + log_mean([view.log_e for view in look.views])
        for look in looks
        if look.views
    )


def judge_family(
    test: FamilyTest,
    block: Block,
    base: Profiles,
    subjects: Mapping[Block, Profiles],
    looks: Sequence[Look],
    draw: Draw,
    known: FamilyOutcome | None = None,
    facing: Facing | None = None,
) -> FamilyOutcome:
    """Sum up one order of the base.

    Args:
        test: The test.
        block: The base block.
        base: Its profiles.
        subjects: Profiles of every subject block looked at.
        looks: What was counted; at least one view.
        draw: The seeded choices.
        known: What an earlier look made of the family; its power, a matter of the first look
            alone, is taken over.
        facing: The base's profiles with those of the first subject block, where cosines of theirs
            are known.
    """
    every = [view for look in looks for view in look.views]
    best = max(every, key=lambda view: view.hits)
    kept, ceiling, separate, stands = best.kept, 0.0, -1, False
    if best.hits >= NOTICEABLE_HITS:
        content = content_of(
            base, subjects[best.subject], best.name, test.separate, pool=test.pool()
        )
        ceiling, separate, stands = content.ceiling, content.separate_hits, content.stands
    first = next(look for look in looks if look.views).views[0].subject
    if facing is None or facing.subject is not subjects[first]:
        facing = Facing(base, subjects[first])
    log_e = log_e_of(looks)
    # Power qualifies a negative; a family that was found needs none, and it is the costly part.
    found = log_e >= log_e_hits(NOTABLE_HITS)
    stands_from = NOT_DETECTABLE
    if found:
        power = (NOT_DETECTABLE, NOT_DETECTABLE)
    elif known is not None:
        power = (known.detectable_raw, known.detectable_token)
        stands_from = known.stands_from
    else:
        stands_from = _stands_from(facing, test.pool())
        power = (
            _detectable("raw", facing, draw, block),
            _detectable("token", facing, draw, block),
        )
    parts = [v for v in looks[0].views if test.test is Test.CHANNELS and v.name in PART_VIEWS]
    return FamilyOutcome(
        test=test.test,
        part=test.part,
        label=test.label(block),
        base=block,
        looks=tuple(looks),
        separate_hits=separate,
        kept=kept,
        ceiling=ceiling,
        stands=stands,
        detectable_raw=power[0],
        detectable_token=power[1],
        self_hits=_self_hits(base.views[best.name]),
        log_e=log_e,
        view_stands=_view_stands(parts, base, subjects[first], test.pool()),
        view_detectable=_view_detectable(parts, base, subjects[first], draw),
        change=_change(base, subjects[best.subject]) if best.name.startswith("raw") else -1.0,
        stands_from=stands_from,
        displaced=-1.0 if found else _displaced(facing, test.pool()),
    )


def _stands_from(facing: Facing, pool: int) -> float:
    """Return the kept from which a copy would have stood, in the view that asks least of it."""
    few = slice(0, CEILING_UNITS)
    ceilings = [
        relabelling_ceiling(facing.similarity(name)[few, few], pool=pool)
        for name in facing.names
        if name.endswith(" all") or len(facing.base.views) == 1
    ]
    return least_standing(min(ceilings)) if ceilings else NOT_DETECTABLE


def _displaced(facing: Facing, pool: int) -> float:
    """Return the share of expected twins that stand at another index (``FamilyOutcome``)."""
    shares = []
    for name in facing.names:
        units, features = facing.base.views[name].shape
        expected = units * units / max(1, pool, units)
        if expected < FEWEST_TWINS or features < LEAST_FEATURES:
            continue
        similarity_uv = facing.similarity(name)
        to_v, to_u = similarity_uv.argmax(axis=1), similarity_uv.argmax(axis=0)
        own = np.arange(units)
        twin_u = (to_u[to_v] == own) & (to_v != own) & (similarity_uv[own, to_v] >= TWIN)
        shares.append(float(twin_u.sum()) / expected)
    return max(shares, default=-1.0)


def _view_stands(
    parts: Sequence[View], base: Profiles, subject: Profiles, pool: int
) -> dict[str, bool]:
    """Return the content check of each view that a part is judged by."""
    few = slice(0, CEILING_UNITS)
    found = {}
    for view in parts:
        if view.hits < NOTICEABLE_HITS:
            found[view.name] = False
            continue
        similarity_uv = cosine_matrix(base.views[view.name], subject.views[view.name])
        ceiling = relabelling_ceiling(similarity_uv[few, few], pool=pool)
        found[view.name] = stands_above(view.kept, ceiling)
    return found


def _view_detectable(
    parts: Sequence[View], base: Profiles, subject: Profiles, draw: Draw
) -> dict[str, float]:
    """Return what each view that a part is judged by would have shown, of those that are quiet.

    A view of one or two norms describes a channel by one or two numbers: the nearest channel is
    then another one after the least training, and no hit tells nothing.
    """
    return {
        view.name: detectable_kept(
            base.views[view.name], subject.views[view.name], draw.shuffles(-1)
        )
        for view in parts
        if view.hits < NOTABLE_HITS
    }


def _change(base: Profiles, subject: Profiles) -> float:
    """Return |subject - base| / |base| over the sampled rows, -1 where shapes differ."""
    if base.shape != subject.shape:
        return -1.0
    a_uf, b_uf = base.rows.astype(np.float64), subject.rows.astype(np.float64)
    length = float(np.linalg.norm(a_uf))
    return float(np.linalg.norm(b_uf - a_uf)) / length if length > 0 else -1.0


def _detectable(frame: str, facing: Facing, draw: Draw, block: Block) -> float:
    """Return the smallest kept this family would have shown in a frame."""
    name = next(
        (n for n in facing.base.views if n.startswith(frame) and n in facing.subject.views), ""
    )
    if name not in facing.names:
        return NOT_DETECTABLE
    a_uf = facing.base.views[name]
    needed = hits_needed(NEEDED_HITS) if facing.base.in_blocks else NEEDED_HITS
    return detectable_in(
        a_uf @ a_uf.T, facing.similarity(name).T, draw.shuffles(block.layer), needed=needed
    )


def _self_hits(profile_uf: FloatArray) -> float:
    """Return the share of units that hit with the base against itself (1 but for duplicates)."""
    return float(hit_mask(cosine_matrix(profile_uf, profile_uf)).mean())
