"""What do the neurons inside experts show, matched or searched?

Null: ``statistics.hits``, one order for each piece of the base. The look at a matched expert and
the search over all pieces concern one order; their weights, fixed beforehand, are 1/2, and a look
that was not taken counts 0. In the search the pieces of the subject are averaged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import log
from typing import Final

from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.looks.expert_map.interface import ExpertPair
from hubcheck.evidence.looks.expert_map.pieces import (
    Piece,
    PieceHits,
    PieceRows,
    ceiling_between,
    common_size,
    hits_of_all,
    is_by_input,
    piece_rows,
    pieces_of,
    signs_between,
    wanted_of,
    whole_piece,
    within,
)
from hubcheck.evidence.looks.expert_map.routers import Place, RouterMatch
from hubcheck.evidence.looks.layer_map.spending import Spending
from hubcheck.evidence.orders.mlps import EXPERT
from hubcheck.statistics.assignment import stands_above
from hubcheck.statistics.evalues import log_e_signs, log_mean, log_sum_exp
from hubcheck.statistics.exchangeability import OrderProblem
from hubcheck.statistics.profiles import FloatArray

MATCHED: Final = 8
"""Matched experts of a layer whose neurons are looked at."""
SEARCHED: Final = 1024
"""Pairs of pieces a search of one layer holds against each other at most."""
HALF: Final = log(0.5)

Views = dict[str, FloatArray]


@dataclass(slots=True, kw_only=True)
class Looks:
    """What was seen so far."""

    log_e: dict[Piece, float] = field(default_factory=dict)
    """By piece of the base: the e-value of its own order."""
    views: dict[Piece, Views] = field(default_factory=dict)
    """Of the base's pieces, for the test whether two of them share an order."""
    pairs: dict[Piece, ExpertPair] = field(default_factory=dict)
    """By piece of the subject: its surest origin, where one was found."""
    sampled: set[Piece] = field(default_factory=set)
    """Pieces of the subject that were looked at."""
    signs: dict[Piece, tuple[int, int]] = field(default_factory=dict)
    """By piece of the base: agreeing signs and coins."""
    unordered: dict[Piece, Piece] = field(default_factory=dict)
    """Piece of the subject -> piece of the base, by signs alone: no order left inside."""
    abstained: dict[Piece, OrderProblem] = field(default_factory=dict)
    """Pieces of the base whose order is not arbitrary, and why."""


def look_at_matched(
    spending: Spending,
    draw: Draw,
    matches: Mapping[Place, RouterMatch],
    looks: Looks,
) -> None:
    """Count hits inside experts that their router rows match; weight 1/2.

    Args:
        spending: Both models and what may be read of them.
        draw: The seeded choices.
        matches: By place.
        looks: Updated in place.
    """
    for place, match in matches.items():
        i, j = place
        partner = match.partner
        size = common_size(spending.base.anatomy, i, spending.subject.anatomy, j)
        base = {p.member: p for p in pieces_of(spending.base.anatomy, i, size) if _whole(p)}
        of_subject = [
            p
            for p in pieces_of(spending.subject.anatomy, j, size)
            if _whole(p) and partner.get(p.member, -1) in base
        ]
        chosen = within(of_subject, MATCHED, draw, j)
        a = [_rows(spending, draw, place, base[partner[p.member]], of_base=True) for p in chosen]
        b = [_rows(spending, draw, place, p, of_base=False) for p in chosen]
        if not chosen or not spending.affords(wanted_of(a), wanted_of(b)):
            continue
        spending.read(wanted_of(a), wanted_of(b))
        raw = _same_channels(spending)
        looks.sampled |= {theirs.piece for theirs in b}
        sound = [
            (ours, theirs, views, theirs.views(raw=raw))
            for ours, theirs in zip(a, b, strict=True)
            if (views := _sound(ours, looks, raw=raw)) is not None
        ]
        counted = hits_of_all([(views, other) for *_, views, other in sound], spending.team)
        for (ours, theirs, views, other), seen in zip(sound, counted, strict=True):
            if seen is not None:
                looks.log_e[ours.piece] = HALF + seen.log_e
                _keep(looks, ours.piece, theirs.piece, seen, (views, other), tried=1)


def search_pieces(spending: Spending, draw: Draw, places: Sequence[Place], looks: Looks) -> None:
    """Hold every piece of the base against every piece of the subject, layer by layer.

    Args:
        spending: Both models and what may be read of them.
        draw: The seeded choices.
        places: Layers in the order in which they are tried; as many as can be afforded.
        looks: Updated in place. Where nothing was matched, the search has all the weight.
    """
    weight = HALF if looks.log_e else 0.0
    for place in places:
        i, j = place
        size = common_size(spending.base.anatomy, i, spending.subject.anatomy, j)
        every = pieces_of(spending.subject.anatomy, j, size)
        ours = pieces_of(spending.base.anatomy, i, size)
        a, b = _affordable(spending, draw, place, ours, every)
        if not a or not b:
            continue
        spending.read(wanted_of(a), wanted_of(b))
        raw = _same_channels(spending)
        views_b = {rows.piece: rows.views(raw=raw) for rows in b}
        looks.sampled |= set(views_b)
        sound = [(rows, views) for rows in a if (views := _sound(rows, looks, raw=raw)) is not None]
        counted = iter(
            hits_of_all(
                [(views, other) for _, views in sound for other in views_b.values()],
                spending.team,
            )
        )
        for rows, views in sound:
            found = {piece: next(counted) for piece in views_b}
            seen = {piece: hits for piece, hits in found.items() if hits is not None}
            if not seen:
                continue
            mean = weight + log_mean([hits.log_e for hits in seen.values()])
            known = looks.log_e.get(rows.piece)
            looks.log_e[rows.piece] = mean if known is None else log_sum_exp([known, mean])
            for piece, hits in seen.items():
                both = (views, views_b[piece])
                _keep(looks, rows.piece, piece, hits, both, tried=len(seen) * len(a))


def look_at_signs(
    spending: Spending, draw: Draw, matches: Mapping[Place, RouterMatch], looks: Looks
) -> None:
    """Count the signs of up rows inside one matched expert of each layer.

    For experts whose neurons were shuffled: the neurons are matched by their gate rows alone, and
    one fair coin a neuron remains (``statistics.signs``). Only where the router rows are truly
    alike is an expert worth reading whole. The coins do not depend on the order of the neurons:
    their e-value multiplies that of the order.
    """
    for place, match in matches.items():
        i, j = place
        sound = [p for p in looks.views if p.layer == i and _whole(p)]
        chosen = within(sound, 1, draw, i)
        of_base = {e: f for f, e in match.partner.items()}
        if not match.stands or not chosen:
            continue
        ours = chosen[0]
        theirs = replace(ours, layer=j, member=of_base[ours.member])
        a = whole_piece(spending.base, ours, draw)
        b = whole_piece(spending.subject, theirs, draw)
        if is_by_input(spending.base.anatomy, i) or is_by_input(spending.subject.anatomy, j):
            continue
        if not spending.affords(a.rows.wanted, b.rows.wanted):
            continue
        spending.read(a.rows.wanted, b.rows.wanted)
        looks.sampled.add(theirs)
        counted = [pair for pair in signs_between(a, b, raw=_same_channels(spending)) if pair[1]]
        if not counted:
            continue
        log_e = log_mean([log_e_signs(*pair) for pair in counted])
        looks.signs[ours] = max(counted, key=lambda pair: log_e_signs(*pair))
        looks.log_e[ours] = looks.log_e.get(ours, 0.0) + log_e
        if log_e >= NOTABLE:
            looks.unordered[theirs] = ours


def _affordable(
    spending: Spending,
    draw: Draw,
    place: Place,
    ours: Sequence[Piece],
    others: Sequence[Piece],
) -> tuple[list[PieceRows], list[PieceRows]]:
    """Return the rows of as many pieces as the search and the limit allow."""
    i, j = place
    most = len(others)
    while most:
        b = [_rows(spending, draw, place, p, of_base=False) for p in within(others, most, draw, j)]
        most_base = max(1, SEARCHED // most)
        a = [
            _rows(spending, draw, place, p, of_base=True) for p in within(ours, most_base, draw, i)
        ]
        if spending.affords(wanted_of(a), wanted_of(b)):
            return a, b
        most //= 2
    return [], []


def _whole(piece: Piece) -> bool:
    return piece.roles is EXPERT and piece.first == 0


def _same_channels(spending: Spending) -> bool:
    widths = (spending.base.anatomy.geometry.hidden, spending.subject.anatomy.geometry.hidden)
    return widths[0] == widths[1] > 0


def _rows(
    spending: Spending, draw: Draw, place: Place, piece: Piece, *, of_base: bool
) -> PieceRows:
    i, j = place
    by_input = is_by_input(spending.base.anatomy, i) or is_by_input(spending.subject.anatomy, j)
    side = spending.base if of_base else spending.subject
    return piece_rows(side, piece, draw, by_input=by_input)


def _sound(rows: PieceRows, looks: Looks, *, raw: bool) -> Views | None:
    """Return the views of a piece of the base, or None where its order is not arbitrary."""
    if rows.piece in looks.abstained:
        return None
    if rows.piece not in looks.views:
        problem = rows.problem()
        if problem:
            looks.abstained[rows.piece] = problem
            return None
        looks.views[rows.piece] = rows.views(raw=raw)
    return looks.views[rows.piece]


def _keep(
    looks: Looks,
    ours: Piece,
    theirs: Piece,
    seen: PieceHits,
    views: tuple[Views, Views],
    *,
    tried: int,
) -> None:
    """Keep a pair if it is beyond doubt, all pairs tried paid for, and the surest so far."""
    known = looks.pairs.get(theirs)
    if seen.log_e - log(tried) < NOTABLE or (known is not None and known.kept >= seen.best.kept):
        return
    a_uf, b_uf = views[0][seen.frame], views[1][seen.frame]
    ceiling = ceiling_between(a_uf, b_uf, pool=ours.size)
    looks.pairs[theirs] = ExpertPair(
        layer=theirs.layer,
        expert=theirs.member,
        base_layer=ours.layer,
        base_expert=ours.member,
        first=ours.first,
        hits=seen.best.hits,
        units=seen.best.units,
        kept=seen.best.kept,
        ceiling=ceiling,
        stands=stands_above(seen.best.kept, ceiling),
    )
