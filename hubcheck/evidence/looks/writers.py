"""Can two models be compared whose vocabularies share nothing and whose residual stream was turned?

Tokens are one way to name directions of the stream; the neurons of a layer that writes to it are
another. Layer k's down columns, neuron by neuron, make the frame of both models: a rotation R of
the stream turns the columns and the readers of later and earlier layers alike, so it cancels.

Null. The frame uses the neuron order of layer k and no other. Given everything else about the base,
the order of any other layer is uniform (statistics.hits), so every other layer's hit count keeps
its bound, and their e-values multiply: a statistic uses only orders before its own, here that of
layer k, which is drawn beforehand and not tested itself. Layers that share an order inside the
base are averaged. If the order of layer k itself was shuffled the frames do not correspond and
nothing is seen: the finding then says no more than before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from hubcheck.evidence.account import Spender, Spent
from hubcheck.evidence.content import content_of
from hubcheck.evidence.draw import MOST_ROWS, Draw
from hubcheck.evidence.family import Block, Profiles
from hubcheck.evidence.looks.disguise.look import skipped_while_hidden
from hubcheck.evidence.looks.disguise.mlp_views import gated_layers
from hubcheck.evidence.looks.interface import Opened, Planned, Standing, Terms
from hubcheck.evidence.observation import Observation, Observations, Skip
from hubcheck.evidence.orders.mlps import DENSE, MlpRoles
from hubcheck.evidence.orders.neurons import corresponding_layers
from hubcheck.evidence.reading import Reader, Wanted, fetch_together
from hubcheck.evidence.refused import Refused, Why
from hubcheck.evidence.side import Side
from hubcheck.frozen import frozen
from hubcheck.report.planned import When
from hubcheck.statistics.evalues import log_e_hits, log_mean, log_product, without_strongest
from hubcheck.statistics.exchangeability import order_problem
from hubcheck.statistics.hits import count_hits
from hubcheck.statistics.profiles import FloatArray, cosine_matrix, profile, standardise, unit_rows
from hubcheck.statistics.shared_order import SHARED_HITS, orders_of
from hubcheck.statistics.whitening import whitened_frame

FRAMES: Final = 2
"""Layers tried as frame; the mean of their evidence is taken, so the choice is paid for."""
FRAME_UNITS: Final = 1024
"""Writers that make the frame, at most."""
TESTED: Final = 6
"""Other layers held against each other."""
HITTING: Final = SHARED_HITS
"""Hits from which the content of a layer is asked for."""
ALL: Final = "writers all"
SEPARATE: Final = (("writers gate", "writers up"),)


@frozen
class WriterHits:
    """One layer seen through the writers of another."""

    frame: int
    base: int
    subject: int
    hits: int
    units: int
    kept: float
    stands: bool
    """The content check (``evidence.content``)."""


@frozen
class WriterEvidence:
    """What all layers show, through every frame tried."""

    layers: tuple[WriterHits, ...]
    log_e: float
    log_e_without_strongest: float

    @property
    def content_stands(self) -> bool:
        """At least half of the layers that hit keep more than relabelling could have reached."""
        hitting = [h for h in self.layers if h.hits >= HITTING]
        return bool(hitting) and 2 * sum(h.stands for h in hitting) >= len(hitting)


def through_writers(
    base: Side, subject: Side, draw: Draw, *, budget: int
) -> WriterEvidence | Refused:
    """Count hits of some layers through the writers of another.

    Args:
        base: The base.
        subject: The subject; widths may differ, neuron counts must not.
        draw: The seeded choices.
        budget: Bytes that may be read of each model.

    Raises:
        UnreadableError: a value read is not finite.
    """
    sides, roles = (base, subject), DENSE
    depths = (base.anatomy.geometry.layers, subject.anatomy.geometry.layers)
    there = set(gated_layers(subject.anatomy, roles))
    pairs = [
        (layer, other)
        for layer in draw.layers(depths[0])
        if layer in gated_layers(base.anatomy, roles)
        for other in corresponding_layers(layer, *depths)[:1]
        if other in there and _units(base, roles, layer) == _units(subject, roles, other)
    ]
    if len(pairs) < FRAMES + 1:
        return Refused(code=Why.FEW_LAYERS)
    frames, tested = pairs[:FRAMES], pairs[FRAMES : FRAMES + TESTED]
    wanted = [
        [w for p in frames for w in _writers(side, roles, p[which], draw)]
        + [w for p in tested for w in _readers(side, roles, p[which], draw)]
        for which, side in enumerate(sides)
    ]
    readers = [Reader(side.anatomy) for side in sides]
    if max(r.size(w) for r, w in zip(readers, wanted, strict=True)) > budget:
        return Refused(code=Why.BUDGET)
    gains = _gains(sides, tested)
    fetch_together([*zip(readers, wanted, strict=True)])
    fetch_together([(side.reader, some) for side, some in zip(sides, gains, strict=True)])
    seen, factors = [], []
    for frame in frames:
        hits, log_es = _one_frame(sides, readers, roles, frame, tested, draw)
        seen += hits
        factors.append(log_es)
    return WriterEvidence(
        layers=tuple(seen),
        log_e=log_mean([log_product(f) for f in factors]),
        log_e_without_strongest=log_mean([without_strongest(f) for f in factors]),
    )


def _one_frame(
    sides: Sequence[Side],
    readers: Sequence[Reader],
    roles: MlpRoles,
    frame: tuple[int, int],
    tested: Sequence[tuple[int, int]],
    draw: Draw,
) -> tuple[list[WriterHits], list[float]]:
    """Return the hits through one frame, and one log e for every distinct order of the base."""
    frames = [
        whitened_frame(reader.block(_writers(side, roles, layer, draw)[0]).T)
        for side, reader, layer in zip(sides, readers, frame, strict=True)
    ]
    seen: list[WriterHits] = []
    log_es: list[float] = []
    bases: list[Profiles] = []
    for pair in tested:
        a, b = (
            _profiles(side, reader, roles, layer, frame_td, draw)
            for side, reader, layer, frame_td in zip(sides, readers, pair, frames, strict=True)
        )
        if order_problem(a.rows):
            continue
        counted = count_hits(cosine_matrix(a.rows, b.rows))
        pool = _units(sides[0], roles, pair[0])
        seen.append(
            WriterHits(
                frame=frame[0],
                base=pair[0],
                subject=pair[1],
                hits=counted.hits,
                units=counted.units,
                kept=counted.kept,
                stands=content_of(a, b, ALL, SEPARATE, pool=pool).stands,
            )
        )
        bases.append(a)
        log_es.append(log_e_hits(counted.hits))
    groups = orders_of([a.rows for a in bases], _units(sides[0], roles, frame[0]))
    if groups is None:  # a structured initialisation: no layer's order speaks
        return [], []
    return seen, [log_mean([log_es[n] for n in group]) for group in groups]


def _units(side: Side, roles: MlpRoles, layer: int) -> int:
    return roles.at(side.anatomy, Block(layer=layer))["up"].n_out


def _run(side: Side, roles: MlpRoles, layer: int, size: int, draw: Draw) -> tuple[int, ...]:
    pool = _units(side, roles, layer)
    start = draw.start(pool, min(pool, size))
    return tuple(range(start, start + min(pool, size)))


def _writers(side: Side, roles: MlpRoles, layer: int, draw: Draw) -> tuple[Wanted, ...]:
    units = _run(side, roles, layer, FRAME_UNITS, draw)
    down = roles.at(side.anatomy, Block(layer=layer))["down"]
    return (Wanted(matrix=down, inputs=units, why="writers"),)


def _readers(side: Side, roles: MlpRoles, layer: int, draw: Draw) -> tuple[Wanted, ...]:
    units = _run(side, roles, layer, MOST_ROWS, draw)
    of = roles.at(side.anatomy, Block(layer=layer))
    why = "writers"
    return tuple(Wanted(matrix=of[name], units=units, why=why) for name in ("gate", "up"))


def _gains(sides: Sequence[Side], tested: Sequence[tuple[int, int]]) -> list[list[Wanted]]:
    return [
        [w for p in tested for w in side.gain(side.mlp_gain_role(p[which]), p[which])]
        for which, side in enumerate(sides)
    ]


def _profiles(
    side: Side,
    reader: Reader,
    roles: MlpRoles,
    layer: int,
    frame_td: FloatArray,
    draw: Draw,
) -> Profiles:
    """Return gate and up rows of a layer through the writers, and both, [units, 2 x writers]."""
    gain_d = side.gain_values(side.mlp_gain_role(layer), layer)
    rows = [reader.block(one) for one in _readers(side, roles, layer, draw)]
    views = [np.asarray(unit_rows(r * gain_d) @ frame_td.T) for r in rows]
    joint = profile(*views)
    single = {f"writers {n}": standardise(v) for n, v in zip(("gate", "up"), views, strict=True)}
    return Profiles(views={ALL: joint, **single}, parts=(joint,))


class WritersLook:
    """The orders seen through another layer's writers, where no token is shared."""

    name = "writers"
    nothing = WriterEvidence(layers=(), log_e=0.0, log_e_without_strongest=0.0)

    def skipped(self, terms: Terms, seen: Observations, standing: Callable[[], Standing]) -> Skip:
        """It is asked where a disguise would explain what was seen, from ``deep`` on."""
        del seen
        return skipped_while_hidden(terms, standing()) if terms.is_deep else Skip.DEPTH

    def planned(self, opened: Opened, terms: Terms) -> Planned | Skip:
        """Return the bytes it may read, where no token is shared."""
        if not terms.is_deep:
            return Skip.DEPTH
        if _shares_tokens(opened):
            return Skip.OTHER_FRAME
        return Planned(when=When.IF_OPEN, at_most=opened.remaining)

    def take(
        self, opened: Opened, terms: Terms, seen: Observations
    ) -> Observation[WriterEvidence] | Refused:
        """Count hits of some layers through the writers of another."""
        del terms, seen
        if _shares_tokens(opened):
            return Observation(seen=self.nothing)
        sides = opened.comparer
        found = through_writers(sides.base, sides.subject, sides.draw, budget=opened.remaining)
        if isinstance(found, Refused):
            return found
        spent = Spent(
            look=Spender.WRITERS,
            orders=tuple(dict.fromkeys(one.base for one in found.layers)),
            log_e=found.log_e,
            log_e_without_strongest=found.log_e_without_strongest,
            stands=found.content_stands,
        )
        return Observation(seen=found, spent=(spent,) if found.layers else ())


def _shares_tokens(opened: Opened) -> bool:
    sides = (opened.comparer.base, opened.comparer.subject)
    return any(side.token_ids for side in sides)


WRITERS: Final = WritersLook()
