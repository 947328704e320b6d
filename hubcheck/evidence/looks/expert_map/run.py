"""Which expert of the base does each expert of the subject come from, or which dense MLP?

Experts may be reordered or dropped, made from a dense MLP (up-cycled, whole or in slices), or taken
out to become one. Between two mixtures experts are matched by their router rows; then the neurons
inside matched experts are counted by index. That count is exact, because the match never used the
order of the neurons: relabelling the neurons inside one base expert changes no router row. Where
the match shows nothing (a fresh router), and between a dense model and a mixture, every piece of
the base is held against every piece of the subject and the mean over the subject's pieces is
taken: up-cycled experts share one order, so their evidence is averaged.

Orders of distinct base pieces multiply, unless they share one inside the base.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

from hubcheck.devices.team import ALONE, Team
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.looks.expert_map.hits import (
    Looks,
    look_at_matched,
    look_at_signs,
    search_pieces,
)
from hubcheck.evidence.looks.expert_map.interface import ExpertChange, ExpertPair, Experts
from hubcheck.evidence.looks.expert_map.pieces import Piece, common_size, hits_of_all
from hubcheck.evidence.looks.expert_map.routers import Place, RouterMatch, match_by_router
from hubcheck.evidence.looks.layer_map.spending import LIMIT, Spending
from hubcheck.evidence.looks.neuron_rows import coins_row
from hubcheck.evidence.refused import Refused, Why
from hubcheck.evidence.row import Row
from hubcheck.evidence.side import Side
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.statistics.evalues import log_e_signs, log_mean, log_product
from hubcheck.statistics.hits import LOG10
from hubcheck.statistics.layer_pairs import joined_groups
from hubcheck.statistics.shared_order import SHARED_HITS

LAYERS: Final = 3
"""Layers looked at."""
FEWEST_EXPERTS: Final = 2
MOST_NOTES: Final = 4


def experts_of(
    base: Side,
    subject: Side,
    draw: Draw,
    base_of: Mapping[int, int],
    *,
    limit: int = LIMIT,
    team: Team = ALONE,
) -> Experts | Refused:
    """Find the origin of the subject's experts (or of its dense MLPs in the base's experts).

    Args:
        base: The base.
        subject: The subject.
        draw: The seeded choices.
        base_of: Subject layer to base layer, from the layer map.
        limit: Weight bytes that may be added for each model; the models' budgets hold as well.
        team: Processes that share the pairs of pieces.

    Returns:
        What was found, or a refusal where neither model has experts or no layer can be compared.

    Raises:
        BudgetExceededError: a model's ledger refuses all the same.
        UnreadableError: a value is not finite.
    """
    counts = (base.anatomy.geometry.experts, subject.anatomy.geometry.experts)
    if max(counts) < FEWEST_EXPERTS:
        return Refused(code=Why.NO_EXPERTS)
    spending = Spending(base, subject, limit, team)
    subject_of = {i: j for j, i in sorted(base_of.items(), reverse=True)}
    places = [
        (i, subject_of[i])
        for i in draw.layers(base.anatomy.geometry.layers)
        if i in subject_of and common_size(base.anatomy, i, subject.anatomy, subject_of[i])
    ][:LAYERS]
    if not places:
        return Refused(code=Why.NO_COMMON_PIECE)
    looks = Looks()
    matches = match_by_router(spending, places) if min(counts) >= FEWEST_EXPERTS else {}
    look_at_matched(spending, draw, matches, looks)
    if 2 * len(looks.pairs) < max(1, len(looks.sampled)):
        look_at_signs(spending, draw, matches, looks)
        if 2 * len(looks.unordered) < max(1, len(matches)):
            looks.unordered.clear()
            search_pieces(spending, draw, places, looks)
            matches = {}  # what the routers matched was not borne out
    if not looks.log_e:
        return Refused(code=Why.NO_SOUND_ORDER if looks.abstained else Why.BUDGET)
    return _summed_up(spending, looks, matches, counts)


def _summed_up(
    spending: Spending,
    looks: Looks,
    matches: Mapping[Place, RouterMatch],
    counts: tuple[int, int],
) -> Experts:
    partners = {place: match.partner for place, match in sorted(matches.items())}
    pieces = list(looks.log_e)
    groups = joined_groups(len(pieces), _sharing(looks, pieces, spending.team))
    log_e = log_product(log_mean([looks.log_e[pieces[n]] for n in group]) for group in groups)
    pairs = tuple(
        looks.pairs[p] for p in sorted(looks.pairs, key=lambda p: (p.layer, p.member, p.first))
    )
    dropped = {
        place[0]: tuple(e for e in range(counts[0]) if e not in partner.values())
        for place, partner in partners.items()
    }
    return Experts(
        kind=_kind(looks, partners, counts),
        pairs=pairs,
        sampled=len(looks.sampled),
        base_experts=counts[0],
        subject_experts=counts[1],
        partners={place[0]: dict(partner) for place, partner in partners.items()},
        dropped={i: gone for i, gone in dropped.items() if gone},
        log_e=log_e,
        rows=(
            *(_evidence(looks, pairs, layer) for layer in sorted({p.layer for p in pieces})),
            *(_sign_evidence(piece, *signs) for piece, signs in looks.signs.items()),
            *(_router_evidence(place, match) for place, match in sorted(matches.items())),
        ),
        bytes_base=spending.bytes_base,
        bytes_subject=spending.bytes_subject,
        shuffled_inside=bool(looks.unordered),
    )


def _kind(
    looks: Looks, partners: Mapping[Place, Mapping[int, int]], counts: tuple[int, int]
) -> ExpertChange:
    """Return what was done; half of the experts sampled must have been found again by order.

    Where no order is left inside, signs in one expert of each layer speak for its router's match.
    """
    n_base, n_subject = counts
    pairs = looks.pairs.values()
    if 2 * len(pairs) < max(1, len(looks.sampled)) and not looks.unordered:
        return ExpertChange.NOT_FOUND
    if n_base < FEWEST_EXPERTS:
        return ExpertChange.UPCYCLED
    if n_subject < FEWEST_EXPERTS:
        return ExpertChange.EXTRACTED
    if n_subject != n_base:
        return ExpertChange.DROPPED if n_subject < n_base else ExpertChange.ADDED
    moved = any(p.expert != p.base_expert for p in pairs) or any(
        e != f for partner in partners.values() for f, e in partner.items()
    )
    return ExpertChange.REORDERED if moved else ExpertChange.SAME


def _sharing(looks: Looks, pieces: Sequence[Piece], team: Team) -> list[tuple[int, int]]:
    """Return the pairs of base pieces, by position, that stand in one order."""
    places = list(combinations(range(len(pieces)), 2))
    views = [looks.views[piece] for piece in pieces]
    seen = hits_of_all([(views[m], views[n]) for m, n in places], team)
    return [
        place
        for place, hits in zip(places, seen, strict=True)
        if hits is not None and hits.best.hits >= SHARED_HITS
    ]


def _evidence(looks: Looks, pairs: Sequence[ExpertPair], layer: int) -> Row:
    """Return one row for a base layer: its strongest piece, and how many were found again."""
    own = {p: e for p, e in looks.log_e.items() if p.layer == layer}
    found = [pair for pair in pairs if pair.base_layer == layer]
    best = max(found, key=lambda pair: pair.hits, default=None)
    log10_e = max(own.values()) / LOG10
    return Row(
        test="expert-neurons",
        family=phrase(PhraseCode.FAMILY_IN_EXPERTS, layer=layer),
        kind="exact",
        part="body",
        frame="raw+token",
        layers=(layer,),
        units=best.units if best else 0,
        hits=best.hits if best else 0,
        log10_p=min(0.0, -log10_e),
        log10_e=log10_e,
        kept=best.kept if best else 0.0,
        ceiling=best.ceiling if best else 0.0,
        note=(phrase(PhraseCode.NOTE_EXPERTS, found=len(found), orders=len(own)),),
    )


def _sign_evidence(piece: Piece, agreements: int, pairs: int) -> Row:
    """Return the row of the coins inside one expert."""
    return coins_row(
        piece.label,
        piece.layer,
        "raw+token",
        coins=(agreements, pairs),
        log_e=log_e_signs(agreements, pairs),
        ordered=False,
    )


def _router_evidence(place: Place, match: RouterMatch) -> Row:
    """Return how alike the matched router rows are: content, no bound."""
    return Row(
        test="router-match",
        family=phrase(PhraseCode.FAMILY_ROUTER, layer=place[0]),
        kind="context",
        part="body",
        frame="raw+token",
        layers=(place[0],),
        units=len(match.partner),
        hits=sum(e == f for f, e in match.partner.items()),
        log10_p=0.0,
        log10_e=0.0,
        kept=match.kept,
        ceiling=match.ceiling,
        note=(phrase(PhraseCode.NOTE_ROUTER),),
    )
